package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/enginetest"
)

func step(tb testing.TB, pr *engine.Program, n int) {
	tb.Helper()
	if err := pr.Step(context.Background(), n); err != nil {
		tb.Fatal(err)
	}
}

func snapshot(tb testing.TB, pr *engine.Program) []byte {
	tb.Helper()
	s, err := pr.Snapshot()
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// A run that is saved, loaded into a new program with other workers and continued ends in the same bytes.
func TestResumeIsExactAtAnyNumberOfWorkers(t *testing.T) {
	plan := func() engine.Plan { return contrastiveDivergence(t, 60, 40, 32, 3) }
	whole := compile(t, plan(), "cpu", 1)
	spread(t, whole)
	first := snapshot(t, whole)
	step(t, whole, 7)
	for _, workers := range []int{1, 2, 3} {
		a := compile(t, plan(), "cpu", workers)
		if err := a.Load(bytes.NewReader(first)); err != nil {
			t.Fatal(err)
		}
		step(t, a, 3)
		b := compile(t, plan(), "cpu", 4-workers)
		if err := b.Load(bytes.NewReader(snapshot(t, a))); err != nil {
			t.Fatal(err)
		}
		step(t, b, 4)
		if !bytes.Equal(snapshot(t, b), snapshot(t, whole)) {
			t.Fatalf("%d workers: the resumed run differs from the uninterrupted one", workers)
		}
	}
}

// Changing a stage's repeat between steps must not use a random number twice, nor lose the place on resume.
func TestSetRepeat(t *testing.T) {
	pr := compile(t, contrastiveDivergence(t, 20, 10, 8, 1), "cpu", 1)
	spread(t, pr)
	step(t, pr, 2)
	if err := pr.SetRepeat("gibbs", 5); err != nil {
		t.Fatal(err)
	}
	step(t, pr, 1)
	again := compile(t, contrastiveDivergence(t, 20, 10, 8, 1), "cpu", 1)
	if err := again.Load(bytes.NewReader(snapshot(t, pr))); err != nil {
		t.Fatal(err)
	}
	step(t, pr, 2)
	step(t, again, 2)
	if !bytes.Equal(snapshot(t, pr), snapshot(t, again)) {
		t.Fatal("the repeat count was lost on resume")
	}
	if pr.SetRepeat("gibbs", -1) == nil || pr.SetRepeat("none", 1) == nil {
		t.Fatal("a negative repeat and an unknown stage must be errors")
	}
}

func TestLoadRefusesWhatIsNotSound(t *testing.T) {
	pr := compile(t, chain(t, 3), "cpu", 1)
	spread(t, pr)
	step(t, pr, 1)
	good := snapshot(t, pr)
	other := snapshot(t, compile(t, classifier(t, 5, 3), "cpu", 1))
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 0x10
		if err := pr.Load(bytes.NewReader(bad)); err == nil {
			t.Fatalf("a state with byte %d changed was accepted", i)
		}
		if err := pr.Load(bytes.NewReader(good[:i])); err == nil {
			t.Fatalf("a state cut to %d bytes was accepted", i)
		}
	}
	if err := pr.Load(bytes.NewReader(other)); err == nil || !strings.Contains(err.Error(), "another program") {
		t.Fatalf("a foreign state: %v", err)
	}
	if !bytes.Equal(snapshot(t, pr), good) {
		t.Fatal("a refused state changed the program")
	}
}

func FuzzLoad(f *testing.F) {
	pr := compile(f, chain(f, 2), "cpu", 1)
	good := snapshot(f, pr)
	f.Add(good)
	f.Add(good[:20])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		err := pr.Load(bytes.NewReader(data))
		if err == nil && !bytes.HasPrefix(data, snapshot(t, pr)) {
			t.Fatal("accepted a state that does not save to the same bytes")
		}
		if err := pr.Load(bytes.NewReader(good)); err != nil {
			t.Fatal(err)
		}
	})
}

func TestCompileErrors(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(2, 3), gorgonia.WithName("x"))
	y := gorgonia.Must(gorgonia.Neg(x))
	twice := gorgonia.NewGraph()
	a := gorgonia.NewMatrix(twice, tensor.Float32, gorgonia.WithShape(2, 3), gorgonia.WithName("a"))
	b := gorgonia.NewVector(twice, tensor.Float32, gorgonia.WithShape(3), gorgonia.WithName("a"))
	sum := gorgonia.Must(gorgonia.BroadcastAdd(a, b, nil, []byte{0}))
	pool := gorgonia.NewGraph()
	img := gorgonia.NewTensor(pool, tensor.Float32, 4, gorgonia.WithShape(1, 1, 4, 4), gorgonia.WithName("img"))
	pooled := gorgonia.Must(gorgonia.MaxPool2D(img, tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2}))
	next := func(n node) map[string]node { return map[string]node{"out": n} }
	for want, p := range map[string]engine.Plan{
		"0 stages":             {},
		"needs a name":         {Stages: []engine.Stage{{Graph: g, Next: next(y), Repeat: 1}}},
		"a graph and at least": {Stages: []engine.Stage{{Name: "s", Graph: g, Repeat: 1}}},
		"is negative":          {Stages: []engine.Stage{{Name: "s", Graph: g, Next: next(y), Repeat: -1}}},
		"is nil":               {Stages: []engine.Stage{{Name: "s", Graph: g, Next: next(nil), Repeat: 1}}},
		`inputs are named "a"`: {Stages: []engine.Stage{{Name: "s", Graph: twice, Next: next(sum), Repeat: 1}}},
		"no lowering":          {Stages: []engine.Stage{{Name: "s", Graph: pool, Next: next(pooled), Repeat: 1}}},
		"elsewhere":            {Stages: []engine.Stage{{Name: "s", Graph: g, Next: next(y), Repeat: 1}, {Name: "t", Graph: pool, Next: map[string]node{"x": gorgonia.Must(gorgonia.Neg(img))}, Repeat: 1}}},
	} {
		_, err := engine.Compile(p, enginetest.Plain{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

// collide is an operation whose hash leaves out its parameter, the mistake that gorgonia punishes silently.
type collide struct {
	gorgonia.Op
	p int
}

func (c collide) String() string { return fmt.Sprintf("collide{%d}", c.p) }

func TestHashCollisionIsNamed(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(2, 3), gorgonia.WithName("x"))
	elsewhere := gorgonia.NewMatrix(gorgonia.NewGraph(), tensor.Float32, gorgonia.WithShape(2, 3), gorgonia.WithName("x"))
	inner := gorgonia.Must(gorgonia.Neg(elsewhere)).Op()
	a, err := gorgonia.ApplyOp(collide{inner, 1}, x)
	if err != nil {
		t.Fatal(err)
	}
	b, err := gorgonia.ApplyOp(collide{inner, 2}, gorgonia.Must(gorgonia.Tanh(a)))
	if err != nil {
		t.Fatal(err)
	}
	_, err = engine.Compile(engine.Plan{Stages: []engine.Stage{{Name: "s", Graph: g, Next: map[string]node{"x": b}, Repeat: 1}}}, enginetest.Plain{})
	if err == nil || !strings.Contains(err.Error(), "collide{1}") || !strings.Contains(err.Error(), "collide{2}") {
		t.Fatalf("two operations with one hash: %v", err)
	}
}

func TestStepDoesNotAllocate(t *testing.T) {
	for _, workers := range []int{1, 2} {
		for name, p := range map[string]engine.Plan{"cd": contrastiveDivergence(t, 784, 100, 32, 2), "classifier": classifier(t, 32, 20)} {
			pr := compile(t, p, "cpu", workers)
			spread(t, pr)
			ctx := context.Background()
			step(t, pr, 2)
			if n := testing.AllocsPerRun(5, func() { _ = pr.Step(ctx, 1) }); n != 0 {
				t.Errorf("%s with %d workers: %v allocations a step", name, workers, n)
			}
		}
	}
}

func TestRunMeasuresAndStops(t *testing.T) {
	pr := compile(t, chain(t, 2), "cpu", 1)
	var at []uint64
	saves := 0
	ctx, cancel := context.WithCancel(context.Background())
	run := engine.Run{Program: pr, Until: 100, Every: 7, Save: func() error { saves++; return nil }, Measure: func(s uint64) error {
		at = append(at, s)
		if s == 35 {
			cancel()
		}
		return nil
	}}
	if err := run.Do(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled run: %v", err)
	}
	if pr.Steps() != 35 || saves != 1 {
		t.Fatalf("stopped at step %d after %d checkpoints, want 35 and 1", pr.Steps(), saves)
	}
	run.Period = time.Nanosecond
	if err := run.Do(context.Background()); err != nil {
		t.Fatal(err)
	}
	if want := "[7 14 21 28 35 42 49 56 63 70 77 84 91 98]"; fmt.Sprint(at) != want {
		t.Fatalf("measured at %v, want %s", at, want)
	}
	if pr.Steps() != 100 || saves < 5 {
		t.Fatalf("ended at step %d after %d checkpoints", pr.Steps(), saves)
	}
}
