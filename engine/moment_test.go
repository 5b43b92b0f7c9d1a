package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/enginetest"
)

// A moment stays what it was while the program goes on, on one backend that keeps it and on several; elsewhere it is the present.
func TestMoment(t *testing.T) {
	aside := enginetest.PlainParts(3)
	for i, b := range aside {
		aside[i] = enginetest.Aside{Backend: b}
	}
	for _, c := range []struct {
		name  string
		b     engine.Backend
		apart bool
	}{
		{"present", enginetest.Plain{}, false},
		{"several that keep nothing", enginetest.PlainParts(2), false},
		{"kept", enginetest.Aside{Backend: enginetest.Plain{}}, true},
		{"kept by several", aside, true},
	} {
		plan := systemsPlan(t, 1)
		plan.Moment = []string{"y", "x"}
		p, err := engine.Compile(plan, c.b)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		y := make([]float32, 8*splitSystems)
		for i := range y {
			y[i] = float32(i)
		}
		m := p.Moment()
		if m.Apart() != c.apart {
			t.Errorf("%s: apart %v", c.name, m.Apart())
		}
		then, now, part := make([]float32, len(y)), make([]float32, len(y)), make([]float32, 5)
		for _, err := range []error{p.Write("y", y), p.Step(context.Background(), 1), m.Take(), p.Step(context.Background(), 1), m.Read("y", then), p.Read("y", now), m.ReadAt("y", 11, part)} {
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
		}
		for i := range y {
			squared := y[i] * y[i]
			want := squared * squared
			if now[i] != want {
				t.Fatalf("%s: now y[%d] = %v, want %v", c.name, i, now[i], want)
			}
			if c.apart {
				want = squared
			}
			if then[i] != want {
				t.Fatalf("%s: then y[%d] = %v, want %v", c.name, i, then[i], want)
			}
		}
		if !slices.Equal(part, then[11:16]) {
			t.Errorf("%s: a part is %v, want %v", c.name, part, then[11:16])
		}
		for _, err := range []error{m.Read("w", part), m.Read("y", part), m.ReadAt("y", len(y)-4, part), m.Read("y", make([]float64, len(y)))} {
			if err == nil {
				t.Errorf("%s: a read of what there is not passed", c.name)
			}
		}
	}
}

func TestMomentOfNothing(t *testing.T) {
	g := gorgonia.NewGraph()
	x := engine.Input(g, "x", tensor.Float32, 3)
	plan := engine.Plan{Stages: []engine.Stage{{Name: "s", Graph: g, Next: map[string]*gorgonia.Node{"x": gorgonia.Must(gorgonia.Square(x))}, Repeat: 1}}, Moment: []string{"z"}}
	if _, err := engine.Compile(plan, enginetest.Plain{}); err == nil || !strings.Contains(err.Error(), `slot "z", which no stage has`) {
		t.Errorf("a moment of an unknown slot: %v", err)
	}
}
