package bench

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/expr"
	"cavity/engine/rng"
)

// everywhere are the backends on which a float graph runs.
var everywhere = []string{"cpu", "openblas", "tape", "cuda"}

// processorAndCUDA are the backends on which work without large products makes sense.
var processorAndCUDA = []string{"cpu", "cuda"}

func init() {
	for _, p := range []struct {
		name    string
		m, n, k int
		ta, tb  bool
	}{{"product 128×500×784", 128, 500, 784, false, false}, {"product 128×784×500 ABᵀ", 128, 784, 500, false, true}, {"product 784×500×128 AᵀB", 784, 500, 128, true, false}, {"product 1024³", 1024, 1024, 1024, false, false}} {
		register(Case{Suite: "engine", Name: p.name, Unit: "GFLOP/s", Only: everywhere, Start: func(b engine.Backend) (*Work, error) {
			return product(b, p.m, p.n, p.k, p.ta, p.tb)
		}})
	}
	for _, n := range []int{64, 128, 256, 512} {
		register(Case{Suite: "engine", Name: fmt.Sprintf("square product %d", n), Family: "square products", Size: float64(n), Unit: "ms", Only: everywhere, Start: func(b engine.Backend) (*Work, error) {
			return product(b, n, n, n, false, false)
		}})
	}
	register(
		Case{Suite: "engine", Name: "copy of 64 MB", Unit: "GB/s", Only: []string{"cpu", "openblas", "cuda"}, Start: copying},
		Case{Suite: "engine", Name: "step of a chain of 2×2 products", Unit: "ns", Target: 55, Only: []string{"cpu", "tape"}, Start: chain},
		Case{Suite: "engine", Name: "tanh and exp of 1M numbers", Unit: "ms", Only: everywhere, Start: elementwise},
	)
}

type node = expr.Node

// graph builds a small graph of float32.
type graph struct{ *expr.Graph }

func newGraph() *graph { return &graph{expr.New(tensor.Float32)} }

// program compiles one stage and fills its float32 slots with normal numbers.
func (g *graph) program(b engine.Backend, next map[string]node) (*engine.Program, error) {
	stage, err := g.Stage("work", 1, next)
	if err != nil {
		return nil, err
	}
	p, err := engine.Compile(engine.Plan{Seed: 1, Stages: []engine.Stage{stage}}, b)
	if err != nil {
		return nil, err
	}
	for i, name := range Sorted(p.Slots()) {
		x := make([]float32, p.Slots()[name].Len())
		rng.At(11, 0, rng.SetupStage, uint16(i)).FillNormal32(x, 0)
		if err := p.Write(name, x); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// stepper runs a Program; reading a slot at the end waits for a device.
func stepper(p *engine.Program, slot string) func(n int) error {
	out := make([]float32, p.Slots()[slot].Len())
	ctx := context.Background()
	return func(n int) error {
		if err := p.Step(ctx, n); err != nil {
			return err
		}
		return p.Read(slot, out)
	}
}

// product times C = op(A) op(B) and verifies some elements in float64.
func product(b engine.Backend, m, n, k int, ta, tb bool) (*Work, error) {
	g := newGraph()
	x, y := g.Slot("A", m, k), g.Slot("B", k, n)
	if ta {
		x = g.Slot("At", k, m)
	}
	if tb {
		y = g.Slot("Bt", n, k)
	}
	opx, opy := x, y
	if ta {
		opx = g.T(x)
	}
	if tb {
		opy = g.T(y)
	}
	p, err := g.program(b, map[string]node{"C": g.Mul(opx, opy)})
	if err != nil {
		return nil, err
	}
	verify := func() error {
		a, bb, c := make([]float32, m*k), make([]float32, k*n), make([]float32, m*n)
		for name, dst := range map[string][]float32{x.Name(): a, y.Name(): bb, "C": c} {
			if err := p.Read(name, dst); err != nil {
				return err
			}
		}
		for q := 0; q < 50; q++ {
			i, j := q*37%m, q*53%n
			s := 0.0
			for l := range k {
				ai, bi := i*k+l, l*n+j
				if ta {
					ai = l*m + i
				}
				if tb {
					bi = j*k + l
				}
				s += float64(a[ai]) * float64(bb[bi])
			}
			if d := math.Abs(s - float64(c[i*n+j])); !(d < 1e-5*float64(k)) {
				return fmt.Errorf("element %d, %d of the product is %v, not %v", i, j, c[i*n+j], s)
			}
		}
		return nil
	}
	return &Work{Step: stepper(p, "C"), Amount: 2 * float64(m) * float64(n) * float64(k),
		Flops: 2 * float64(m) * float64(n) * float64(k), Bytes: 4 * float64(m*k+k*n+m*n), Verify: verify}, nil
}

func copying(b engine.Backend) (*Work, error) {
	const n = 8 << 20
	g := newGraph()
	x := g.Slot("x", n)
	p, err := g.program(b, map[string]node{"y": g.Apply(gorgonia.Neg, x)})
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	probe := make([]float32, n)
	return &Work{Amount: 2 * 4 * n, Bytes: 2 * 4 * n, Step: func(k int) error { return p.Step(ctx, k) }, Verify: func() error {
		first := make([]float32, n)
		if err := p.Read("x", first); err != nil {
			return err
		}
		if err := p.Read("y", probe); err != nil {
			return err
		}
		for i := range probe {
			if probe[i] != -first[i] {
				return fmt.Errorf("y[%d] = %v, not %v", i, probe[i], -first[i])
			}
		}
		return nil
	}}, nil
}

// chain is a hundred and one products by a quarter turn, which is exact: nothing but the overhead of a step.
func chain(b engine.Backend) (*Work, error) {
	const links = 101 // one more than a multiple of four: a step is a quarter turn
	g := newGraph()
	w := g.Slot("w", 2, 2)
	a := g.Slot("x", 2, 2)
	for range links {
		a = g.Mul(a, w)
	}
	p, err := g.program(b, map[string]node{"x": a})
	if err != nil {
		return nil, err
	}
	want := []float32{1.25, -.5, .75, 2}
	if err := p.Write("x", want); err != nil {
		return nil, err
	}
	if err := p.Write("w", []float32{0, 1, -1, 0}); err != nil {
		return nil, err
	}
	return &Work{Step: stepper(p, "x"), Amount: links, Verify: func() error {
		for range p.Steps() % 4 {
			want = []float32{-want[1], want[0], -want[3], want[2]}
		}
		x := make([]float32, 4)
		if err := p.Read("x", x); err != nil {
			return err
		}
		if !slices.Equal(x, want) {
			return fmt.Errorf("%v after %d quarter turns, not %v", x, p.Steps(), want)
		}
		return nil
	}}, nil
}

func elementwise(b engine.Backend) (*Work, error) {
	const n = 1 << 20
	g := newGraph()
	x := g.Slot("x", n)
	y := g.Apply(gorgonia.Exp, g.Apply(gorgonia.Neg, g.Apply(gorgonia.Tanh, x)))
	p, err := g.program(b, map[string]node{"y": y})
	if err != nil {
		return nil, err
	}
	return &Work{Step: stepper(p, "y"), Amount: 1, Bytes: 2 * 4 * n, Verify: func() error {
		in, out := make([]float32, n), make([]float32, n)
		if err := p.Read("x", in); err != nil {
			return err
		}
		if err := p.Read("y", out); err != nil {
			return err
		}
		for i := 0; i < n; i += 997 {
			want := math.Exp(-math.Tanh(float64(in[i])))
			if d := math.Abs(want - float64(out[i])); !(d < 1e-5) {
				return fmt.Errorf("exp(-tanh %v) = %v, not %v", in[i], out[i], want)
			}
		}
		return nil
	}}, nil
}
