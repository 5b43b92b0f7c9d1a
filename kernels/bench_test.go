package kernels_test

import (
	"context"
	"fmt"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	_ "cavity/engine/cpu"
	"cavity/kernels"
	"cavity/kernels/kerneltest"
)

// BenchmarkTempering reports attempted flips per ns of whole tempering steps on the CPU backend: a sweep, the energies and an
// exchange of 32 temperatures, after 64 steps from random spins.
func BenchmarkTempering(b *testing.B) {
	const temperatures = 32
	for _, c := range []struct {
		name   string
		n      int
		stages func(in *benchInputs) map[string]*gorgonia.Node
	}{
		{"SK/n=512", 512, denseTempering(512, .4, 1.6)},
		{"SK/n=1024", 1024, denseTempering(1024, .4, 1.6)},
		{"SK/n=4096", 4096, denseTempering(4096, .4, 1.6)},
		{"Hopfield/n=2000/p=100", 2000, hopfieldTempering(2000, 100, .1, .8)},
		{"SK/bits/n=1024", 1024, bitTempering(1024, .4, 1.6)},
		{"regular/n=4096", 4096, sparseTempering(4096, 3*4096, .5, 2)},
	} {
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/workers=%d", c.name, workers), func(b *testing.B) {
				in := &benchInputs{b, gorgonia.NewGraph(), map[string]any{}, temperatures}
				next := c.stages(in)
				backend, err := engine.Open("cpu", engine.Options{Workers: workers})
				in.check(err)
				p, err := engine.Compile(engine.Plan{Seed: 1, Stages: []engine.Stage{{Name: "temper", Graph: in.g, Next: next, Repeat: 1}}}, backend)
				in.check(err)
				for name, x := range in.data {
					in.check(p.Write(name, x))
				}
				in.check(p.Step(context.Background(), 64))
				b.ReportAllocs()
				for b.Loop() {
					in.check(p.Step(context.Background(), 1))
				}
				b.ReportMetric(float64(c.n*temperatures)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "flips/ns")
				in.check(backend.Close())
			})
		}
	}
}

type benchInputs struct {
	b            *testing.B
	g            *gorgonia.ExprGraph
	data         map[string]any
	temperatures int
}

func (in *benchInputs) check(err error) {
	in.b.Helper()
	if err != nil {
		in.b.Fatal(err)
	}
}

func (in *benchInputs) slot(name string, dt tensor.Dtype, data any, shape ...int) *gorgonia.Node {
	in.data[name] = data
	return gorgonia.NewTensor(in.g, dt, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name))
}

func (in *benchInputs) node(n *gorgonia.Node, err error) *gorgonia.Node {
	in.check(err)
	return n
}

// temper adds the ladder around a sweep and its energy.
func (in *benchInputs) temper(lo, hi float64, sweep, energy func(args ...*gorgonia.Node) (*gorgonia.Node, error)) map[string]*gorgonia.Node {
	t := in.temperatures
	beta := in.slot("beta", tensor.Float64, kerneltest.NewDenseProblem(1, 1, 1, t, lo, hi).Beta, t)
	ladder := in.slot("ladder", tensor.Int32, kernels.NewLadder(1, 1, t), kernels.LadderRows, 1, 1, t)
	at := in.node(gorgonia.Slice(ladder, gorgonia.S(kernels.LadderAt)))
	state := in.node(sweep(beta, in.node(gorgonia.Reshape(at, tensor.Shape{1, t}))))
	moved := in.node(kernels.Exchange(2, ladder, in.node(energy(state)), beta))
	return map[string]*gorgonia.Node{"state": state, "ladder": moved}
}

func denseTempering(n int, lo, hi float64) func(in *benchInputs) map[string]*gorgonia.Node {
	return func(in *benchInputs) map[string]*gorgonia.Node {
		p, ld := kerneltest.NewDenseProblem(1, n, 1, in.temperatures, lo, hi), kernels.DenseStride(n)
		clear(p.External)
		state := in.slot("state", tensor.Float32, p.State, 1, 2, in.temperatures, ld)
		couplings := in.slot("couplings", tensor.Float32, p.Couplings, 1, n, ld)
		external := in.slot("external", tensor.Float32, p.External, 1, ld)
		return in.temper(lo, hi, func(a ...*gorgonia.Node) (*gorgonia.Node, error) {
			return kernels.DenseSweep(kernels.Metropolis, 1, state, couplings, external, a[0], a[1])
		}, func(a ...*gorgonia.Node) (*gorgonia.Node, error) { return kernels.DenseEnergy(a[0], external) })
	}
}

func hopfieldTempering(n, p int, lo, hi float64) func(in *benchInputs) map[string]*gorgonia.Node {
	return func(in *benchInputs) map[string]*gorgonia.Node {
		x, xi, field := kerneltest.HopfieldProblem(1, n, p, in.temperatures)
		clear(field)
		state := in.slot("state", tensor.Float32, x, 1, n+kernels.PatternStride(p), kernels.LaneStride(in.temperatures))
		patterns := in.slot("patterns", tensor.Float32, xi, 1, n, kernels.PatternStride(p))
		external := in.slot("external", tensor.Float32, field, 1, n)
		return in.temper(lo, hi, func(a ...*gorgonia.Node) (*gorgonia.Node, error) {
			return kernels.HopfieldSweep(p, kernels.Metropolis, 1, state, patterns, external, a[0], a[1])
		}, func(a ...*gorgonia.Node) (*gorgonia.Node, error) {
			return kernels.HopfieldEnergy(p, in.temperatures, a[0], external)
		})
	}
}

func bitTempering(n int, lo, hi float64) func(in *benchInputs) map[string]*gorgonia.Node {
	return func(in *benchInputs) map[string]*gorgonia.Node {
		x, j, field := kerneltest.BitProblem(1, n, in.temperatures)
		clear(field)
		const strength = 1. / 32 // 1/√n
		state := in.slot("state", tensor.Uint64, x, 1, kernels.BitWords(n)+1, kernels.LaneStride(in.temperatures))
		couplings := in.slot("couplings", tensor.Uint64, j, 1, n, kernels.BitWords(n))
		external := in.slot("external", tensor.Float32, field, 1, n)
		return in.temper(lo, hi, func(a ...*gorgonia.Node) (*gorgonia.Node, error) {
			return kernels.BitSweep(strength, kernels.Metropolis, 1, state, couplings, external, a[0], a[1])
		}, func(a ...*gorgonia.Node) (*gorgonia.Node, error) {
			return kernels.BitEnergy(strength, in.temperatures, a[0], external)
		})
	}
}

func sparseTempering(n, edges int, lo, hi float64) func(in *benchInputs) map[string]*gorgonia.Node {
	return func(in *benchInputs) map[string]*gorgonia.Node {
		graph, err := kerneltest.RandomGraph(1, n, edges)
		in.check(err)
		x, j, field, err := kerneltest.SparseProblem(graph, 1, edges, in.temperatures)
		in.check(err)
		state := in.slot("state", tensor.Float32, x, 1, n, kernels.LaneStride(in.temperatures))
		weights := in.slot("weights", tensor.Float32, j, 1, graph.Entries())
		external := in.slot("external", tensor.Float32, field, 1, n)
		return in.temper(lo, hi, func(a ...*gorgonia.Node) (*gorgonia.Node, error) {
			return kernels.SparseSweep(graph, kernels.Metropolis, 1, state, weights, external, a[0], a[1])
		}, func(a ...*gorgonia.Node) (*gorgonia.Node, error) {
			return kernels.SparseEnergy(graph, in.temperatures, a[0], weights, external)
		})
	}
}
