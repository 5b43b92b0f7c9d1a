package engine_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/enginetest"
)

const splitSystems = 7

// systemsPlan advances 7 systems that lie along the first axis of x and the last of y, by a table that all have in common.
func systemsPlan(t *testing.T, unit int) engine.Plan {
	stages := func(_, n int) ([]engine.Stage, error) {
		g := gorgonia.NewGraph()
		x, y, w := engine.Input(g, "x", tensor.Float32, n, 3), engine.Input(g, "y", tensor.Float32, 2, 4, n), engine.Input(g, "w", tensor.Float32, 3, 3)
		next := map[string]*gorgonia.Node{"x": gorgonia.Must(gorgonia.Mul(x, w)), "y": gorgonia.Must(gorgonia.Square(y))}
		return []engine.Stage{{Name: "s", Graph: g, Next: next, Repeat: 1}}, nil
	}
	all, err := stages(0, splitSystems)
	if err != nil {
		t.Fatal(err)
	}
	return engine.Plan{Stages: all, Split: &engine.Split{Systems: splitSystems, Unit: unit, Axes: map[string]int{"x": 0, "y": 2}, Part: stages}}
}

// A divided plan reads, writes, steps, saves and loads as a whole one does, at any number of devices.
func TestSplit(t *testing.T) {
	ctx := context.Background()
	fill := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(i%11) / 8
		}
		return x
	}
	run := func(b engine.Backend) (x, y []float32, saved []byte) {
		p, err := engine.Compile(systemsPlan(t, 1), b)
		if err != nil {
			t.Fatal(err)
		}
		x, y = make([]float32, 3*splitSystems), make([]float32, 8*splitSystems)
		middle := []float32{5, 6, 7, 8, 9}
		for _, err := range []error{p.Write("x", fill(len(x))), p.Write("y", fill(len(y))), p.Write("w", fill(9)), p.WriteAt("x", 4, middle), p.WriteAt("y", 5, middle),
			p.Step(ctx, 2), p.Read("x", x), p.Read("y", y), p.ReadAt("y", 9, middle)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(middle, y[9:14]) {
			t.Errorf("%d devices: a part of y is %v, want %v", len(b.(enginetest.Parts)), middle, y[9:14])
		}
		var s bytes.Buffer
		if err := p.Save(&s); err != nil {
			t.Fatal(err)
		}
		return x, y, s.Bytes()
	}
	x1, y1, saved := run(enginetest.PlainParts(1))
	if x1[5] == 0 || y1[20] == 0 {
		t.Fatal("the test sees nothing")
	}
	whole, err := engine.Compile(systemsPlan(t, 1), enginetest.Plain{})
	if err != nil {
		t.Fatal(err)
	}
	if err := whole.Load(bytes.NewReader(saved)); err != nil {
		t.Fatalf("a whole program does not take a divided one's state: %v", err)
	}
	for n := 2; n <= splitSystems; n++ {
		x, y, s := run(enginetest.PlainParts(n))
		if !slices.Equal(x, x1) || !slices.Equal(y, y1) || !bytes.Equal(s, saved) {
			t.Errorf("%d devices give other results", n)
		}
	}
	for want, f := range map[string]func() engine.Plan{
		"divide among at most 4 devices":                 func() engine.Plan { return systemsPlan(t, 2) },
		"does not divide into independent systems: name": func() engine.Plan { p := systemsPlan(t, 1); p.Split = nil; return p },
		"no stages": func() engine.Plan {
			p := systemsPlan(t, 1)
			p.Split.Part = func(int, int) ([]engine.Stage, error) { return nil, fmt.Errorf("no stages") }
			return p
		},
	} {
		if _, err := engine.Compile(f(), enginetest.PlainParts(5)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
