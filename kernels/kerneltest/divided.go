package kerneltest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/expr"
	"cavity/kernels"
)

// drawn builds stages of n systems that draws numbers in every way: tensors of three laws and two dtypes, samples of logits, kernels with
// numbers of their own, and numbers that all systems share.
func drawn(n int) ([]engine.Stage, error) {
	g := expr.New(tensor.Float32)
	x, w, wide, common := g.Slot("x", n, 5), g.Slot("w", 5, 6), g.Typed("wide", tensor.Float64, n, 3), g.Slot("common", 6)
	table, ladder := g.Typed("beta", tensor.Float64, 2), g.Typed("ladder", tensor.Int32, kernels.LadderRows, n, 1, 2)
	logits := g.AddRow(g.Mul(x, w), g.Do(func() (expr.Node, error) { return kernels.NormalLike(common, 7) }))
	samples := g.Do(func() (expr.Node, error) { return kernels.Bernoulli(logits, 1) })
	states := g.Do(func() (expr.Node, error) { return kernels.Categorical(logits, 3, 2) })
	real := g.Do(func() (expr.Node, error) { return kernels.Rectified(logits, 3) })
	marked := g.Do(func() (expr.Node, error) { return kernels.OneHot(logits, 4) })
	energies := g.Apply(kernels.Widen, g.Columns(real, 0, 2))
	couplings := g.Reshape(g.Slot("j", n, 16), n, 4, 4)
	next := map[string]expr.Node{
		"x":       g.Add(g.Columns(g.Sub(samples, states), 1, 6), g.Columns(g.Add(real, marked), 0, 5)),
		"wide":    g.Do(func() (expr.Node, error) { return kernels.NormalLike(wide, 5) }),
		"uniform": g.Do(func() (expr.Node, error) { return kernels.UniformLike(wide, 6) }),
		"tall":    g.Do(func() (expr.Node, error) { return kernels.NormalLike(g.Reshape(logits, n*2, 3), 8) }),
		"flat":    g.Do(func() (expr.Node, error) { return kernels.UniformLike(g.Reshape(logits, n*6), 9) }),
		"ladder":  g.Do(func() (expr.Node, error) { return kernels.Exchange(10, ladder, energies, table) }),
		"j":       g.Reshape(g.Do(func() (expr.Node, error) { return kernels.Elliptic(1, .5, 11, couplings) }), n, 16),
	}
	draw, err := g.Stage("draw", 1, next)
	if err != nil {
		return nil, err
	}
	// A layer alone takes its uniform numbers along with the product.
	g = expr.New(tensor.Float32)
	field := g.AddRow(g.Mul(g.Slot("x", n, 5), g.Slot("w", 5, 6)), g.Slot("common", 6))
	sample := g.Do(func() (expr.Node, error) { return kernels.Bernoulli(field, 1) })
	layer, err := g.Stage("layer", 1, map[string]expr.Node{"sample": sample})
	return []engine.Stage{draw, layer}, err
}

var drawnAxes = map[string]int{"x": 0, "sample": 0, "wide": 0, "uniform": 0, "tall": 0, "flat": 0, "ladder": 1, "j": 0}

// DividedPlan is a plan of so many independent systems that draw numbers in every way.
func DividedPlan(systems int) (engine.Plan, error) {
	stages, err := drawn(systems)
	part := func(_, n int) ([]engine.Stage, error) { return drawn(n) }
	return engine.Plan{Seed: 3, Stages: stages, Split: &engine.Split{Systems: systems, Axes: drawnAxes, Part: part}}, err
}

// Divided runs such a plan on one backend and on several that divide it: all slots must be the same bits. The parts begin inside of
// groups of counters.
func Divided(t *testing.T, one engine.Backend, several ...engine.Backend) {
	const systems = 11
	run := func(b engine.Backend) (*engine.Program, []byte) {
		plan, err := DividedPlan(systems)
		if err != nil {
			t.Fatal(err)
		}
		p, err := engine.Compile(plan, b)
		if err != nil {
			t.Fatal(err)
		}
		w := make([]float32, 30)
		for i := range w {
			w[i] = float32(i%7-3) / 4
		}
		err = errors.Join(p.Write("w", w), p.Write("ladder", kernels.NewLadder(systems, 1, 2)), p.Write("beta", []float64{2, 1}), p.Step(context.Background(), 4))
		if err != nil {
			t.Fatal(err)
		}
		state, err := p.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		return p, state
	}
	whole, want := run(one)
	different(t, whole, systems)
	for _, b := range several {
		if _, got := run(b); !bytes.Equal(got, want) {
			t.Errorf("%s in %d parts gives other bits", b.Name(), len(b.(engine.Several).Devices()))
		}
	}
}

// different makes sure that the systems of every slot differ: else numbers of another system would not show.
func different(t *testing.T, p *engine.Program, systems int) {
	for name := range drawnAxes {
		var rows [][]float64
		switch name {
		case "ladder":
			l := make([]int32, kernels.LadderRows*2*systems)
			if err := p.Read(name, l); err != nil {
				t.Fatal(err)
			}
			l = l[kernels.LadderAccepts*2*systems:][:2*systems]
			if slices.Max(l) == 0 || slices.Max(l) == slices.Min(everySecond(l)) {
				t.Error("the exchanges of all systems are alike")
			}
			continue
		case "wide", "uniform":
			rows = rowsOf[float64](t, p, name, systems)
		default:
			rows = rowsOf[float32](t, p, name, systems)
		}
		alike := 0
		for q := range rows {
			for r := range q {
				if slices.Equal(rows[q], rows[r]) {
					alike++
				}
			}
		}
		if alike > systems/2 { // of 55 pairs; a few bits may agree
			t.Errorf("%d pairs of systems of %s are alike", alike, name)
		}
	}
}

func everySecond(l []int32) (s []int32) {
	for i := 0; i < len(l); i += 2 {
		s = append(s, l[i])
	}
	return s
}

func rowsOf[T float32 | float64](t *testing.T, p *engine.Program, name string, systems int) (rows [][]float64) {
	x := make([]T, engine.Volume(p.Slots()[name].Shape))
	if err := p.Read(name, x); err != nil {
		t.Fatal(err)
	}
	for row := range slices.Chunk(x, len(x)/systems) {
		var r []float64
		for _, v := range row {
			r = append(r, float64(v))
		}
		rows = append(rows, r)
	}
	return rows
}
