package kernels_test

import (
	"context"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/enginetest"
	"cavity/kernels"
	"cavity/kernels/kerneltest"
)

func TestShapesAreChecked(t *testing.T) {
	g := gorgonia.NewGraph()
	count := 0
	in := func(dt tensor.Dtype, shape ...int) *gorgonia.Node {
		count++
		return gorgonia.NewTensor(g, dt, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(strings.Repeat("x", count)))
	}
	f32, f64, i32, u64 := tensor.Float32, tensor.Float64, tensor.Int32, tensor.Uint64
	graph, err := kernels.NewGraph(4, []kernels.Edge{{I: 0, J: 1}})
	if err != nil {
		t.Fatal(err)
	}
	state, couplings, external := in(f32, 1, 2, 3, 16), in(f32, 1, 5, 16), in(f32, 1, 16)
	beta, index := in(f64, 4), in(i32, 1, 3)
	ladder := in(i32, kernels.LadderRows, 1, 1, 3)
	for want, build := range map[string]func() (*gorgonia.Node, error){
		"dense sweep: 5 spins need rows of 16 floats, not 15": func() (*gorgonia.Node, error) {
			return kernels.DenseSweep(kernels.Metropolis, 1, state, in(f32, 1, 5, 15), external, beta, index)
		},
		"dense sweep: state of shape (1, 2, 3, 16), not (2, 2, any, 16)": func() (*gorgonia.Node, error) {
			return kernels.DenseSweep(kernels.Metropolis, 1, state, in(f32, 2, 5, 16), external, beta, index)
		},
		"dense sweep: index of shape (1, 4), not (1, 3)": func() (*gorgonia.Node, error) {
			return kernels.DenseSweep(kernels.Metropolis, 1, state, couplings, external, beta, in(i32, 1, 4))
		},
		"dense sweep: beta of float32, not float64": func() (*gorgonia.Node, error) {
			return kernels.DenseSweep(kernels.Metropolis, 1, state, couplings, external, in(f32, 4), index)
		},
		"dense overlaps: 1 copies of 3 temperatures over 3 replicas": func() (*gorgonia.Node, error) {
			return kernels.DenseOverlaps(5, state, ladder)
		},
		"exchange: energies of shape (1, 4), not (1, 3)": func() (*gorgonia.Node, error) {
			return kernels.Exchange(1, ladder, in(f64, 1, 4), in(f64, 3))
		},
		"hopfield: 0 patterns": func() (*gorgonia.Node, error) {
			return kernels.HopfieldSweep(0, kernels.Metropolis, 1, in(f32, 1, 5, 16), in(f32, 1, 5, 4), in(f32, 1, 5), beta, index)
		},
		"hopfield: 20000 sites and 900 patterns: their product must be below 2^24": func() (*gorgonia.Node, error) {
			return kernels.HopfieldSweep(900, kernels.Metropolis, 1, in(f32, 1, 20900, 16), in(f32, 1, 20000, 900), in(f32, 1, 20000), beta, index)
		},
		"bit sweep: couplings of shape (1, 70, 1), not (1, 70, 2)": func() (*gorgonia.Node, error) {
			return kernels.BitSweep(1, kernels.Metropolis, 1, in(u64, 1, 3, 16), in(u64, 1, 70, 1), in(f32, 1, 70), beta, index)
		},
		"sparse sweep: state of shape (1, 5, 16), not (1, 4, 16)": func() (*gorgonia.Node, error) {
			return kernels.SparseSweep(graph, kernels.Metropolis, 1, in(f32, 1, 5, 16), in(f32, 1, 2), in(f32, 1, 4), beta, index)
		},
		"overlaps: 9 sites in a state of 4 rows": func() (*gorgonia.Node, error) {
			return kernels.LaneOverlaps(9, in(f32, 1, 4, 16), ladder)
		},
	} {
		if _, err := build(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// TestValuesAreChecked holds what only a step can see, on the definitions and on the fast versions.
func TestValuesAreChecked(t *testing.T) {
	for want, change := range map[string]func(p *kerneltest.DenseProblem, index []int32){
		"replica 1 has temperature 2 of a ladder of 2":     func(_ *kerneltest.DenseProblem, index []int32) { index[1] = 2 },
		"replica 0 has temperature -1 of a ladder of 2":    func(_ *kerneltest.DenseProblem, index []int32) { index[0] = -1 },
		"inverse temperature 1 is -1: it must be a number": func(p *kerneltest.DenseProblem, _ []int32) { p.Beta[1] = -1 },
	} {
		p := kerneltest.NewDenseProblem(1, 6, 1, 2, 1, 2)
		index := []int32{0, 1}
		change(&p, index)
		b, g := &inputs{t, map[string]any{}}, gorgonia.NewGraph()
		swept := b.ok(kernels.DenseSweep(kernels.Metropolis, 1, b.in(g, "state", tensor.Float32, p.State, 1, 2, 2, 16),
			b.in(g, "couplings", tensor.Float32, p.Couplings, 1, 6, 16), b.in(g, "external", tensor.Float32, p.External, 1, 16),
			b.in(g, "beta", tensor.Float64, p.Beta, 2), b.in(g, "index", tensor.Int32, index, 1, 2)))
		err := run(t, b, g, swept)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	state, patterns, external := kerneltest.HopfieldProblem(1, 6, 3, 2)
	patterns[5] = .5
	b, g := &inputs{t, map[string]any{}}, gorgonia.NewGraph()
	swept := b.ok(kernels.HopfieldSweep(3, kernels.Metropolis, 1, b.in(g, "state", tensor.Float32, state, 1, 10, 16),
		b.in(g, "patterns", tensor.Float32, patterns, 1, 6, 4), b.in(g, "external", tensor.Float32, external, 1, 6),
		b.in(g, "beta", tensor.Float64, []float64{1}, 1), b.in(g, "index", tensor.Int32, []int32{0, 0}, 1, 2)))
	if err := run(t, b, g, swept); err == nil || !strings.Contains(err.Error(), "pattern 1 of site 1 is 0.5, not 1 or -1") {
		t.Errorf("error %v", err)
	}
}

// run steps a graph once that advances the state.
func run(t *testing.T, b *inputs, g *gorgonia.ExprGraph, swept *gorgonia.Node) error {
	t.Helper()
	stage := engine.Stage{Name: "sweep", Graph: g, Repeat: 1, Next: map[string]*gorgonia.Node{"state": swept}}
	p, err := engine.Compile(engine.Plan{Stages: []engine.Stage{stage}}, kerneltest.Bound{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range b.data {
		if err := p.Write(name, x); err != nil {
			t.Fatal(err)
		}
	}
	return p.Step(context.Background(), 1)
}

// TestWalkersAreChecked gives every kernel that follows a ladder a walker beyond it.
func TestWalkersAreChecked(t *testing.T) {
	graph, err := kernels.NewGraph(6, []kernels.Edge{{I: 0, J: 1}})
	if err != nil {
		t.Fatal(err)
	}
	for name, build := range map[string]func(b *inputs, g *gorgonia.ExprGraph, ladder *gorgonia.Node) *gorgonia.Node{
		"exchange": func(b *inputs, g *gorgonia.ExprGraph, ladder *gorgonia.Node) *gorgonia.Node {
			return b.ok(kernels.Exchange(1, ladder, b.in(g, "e", tensor.Float64, nil, 1, 4), b.in(g, "beta", tensor.Float64, nil, 2)))
		},
		"by temperature": func(b *inputs, g *gorgonia.ExprGraph, ladder *gorgonia.Node) *gorgonia.Node {
			return b.ok(kernels.ByTemperature(ladder, b.in(g, "e", tensor.Float64, nil, 1, 4)))
		},
		"dense overlaps": func(b *inputs, g *gorgonia.ExprGraph, ladder *gorgonia.Node) *gorgonia.Node {
			return b.ok(kernels.DenseOverlaps(6, b.in(g, "x", tensor.Float32, nil, 1, 2, 4, 16), ladder))
		},
		"overlaps": func(b *inputs, g *gorgonia.ExprGraph, ladder *gorgonia.Node) *gorgonia.Node {
			return b.ok(kernels.LaneOverlaps(6, b.in(g, "x", tensor.Float32, nil, 1, 6, 16), ladder))
		},
		"bit overlaps": func(b *inputs, g *gorgonia.ExprGraph, ladder *gorgonia.Node) *gorgonia.Node {
			return b.ok(kernels.BitOverlaps(6, b.in(g, "x", tensor.Uint64, nil, 1, 2, 16), ladder))
		},
		"link overlaps": func(b *inputs, g *gorgonia.ExprGraph, ladder *gorgonia.Node) *gorgonia.Node {
			return b.ok(kernels.LinkOverlaps(graph, b.in(g, "x", tensor.Float32, nil, 1, 6, 16), ladder))
		},
		"houdayer": func(b *inputs, g *gorgonia.ExprGraph, ladder *gorgonia.Node) *gorgonia.Node {
			return b.ok(kernels.Houdayer(graph, 1, b.in(g, "x", tensor.Float32, nil, 1, 6, 16), ladder))
		},
	} {
		for _, backend := range []engine.Backend{kerneltest.Bound{Workers: 1}, enginetest.Plain{}} {
			l := kernels.NewLadder(1, 2, 2)
			l[kernels.LadderWalker*4+3] = 2
			b, g := &inputs{t, map[string]any{}}, gorgonia.NewGraph()
			out := build(b, g, b.in(g, "ladder", tensor.Int32, l, kernels.LadderRows, 1, 2, 2))
			stage := engine.Stage{Name: "s", Graph: g, Repeat: 1, Next: map[string]*gorgonia.Node{"out": out}}
			p, err := engine.Compile(engine.Plan{Stages: []engine.Stage{stage}}, backend)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Write("ladder", l); err != nil {
				t.Fatal(err)
			}
			want := name + ": walker 2 at temperature 1 of a ladder of 2"
			if err := p.Step(context.Background(), 1); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %v, want %q", backend.Name(), err, want)
			}
		}
	}
}
