package kernels_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	_ "cavity/engine/cpu"
	"cavity/engine/rng"
	"cavity/kernels"
)

// glass is a tempering of one ±J sample: a sweep, the energies and an exchange every step.
func glass(b *testing.B, side, copies, temperatures, workers int) *engine.Program {
	l := kernels.Lattice{Size: []int{side, side, side}, Words: copies * temperatures / 64, CouplingWords: 1}
	g := gorgonia.NewGraph()
	in := func(name string, dt tensor.Dtype, shape ...int) *gorgonia.Node {
		return gorgonia.NewTensor(g, dt, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name))
	}
	ok := func(n *gorgonia.Node, err error) *gorgonia.Node {
		if err != nil {
			b.Fatal(err)
		}
		return n
	}
	spins := in("spins", tensor.Uint64, l.Sites(), l.Words)
	couplings := in("couplings", tensor.Uint64, 3, l.Sites(), 1)
	ladder := in("ladder", tensor.Int32, kernels.LadderRows, 1, copies, temperatures)
	table := in("table", tensor.Uint64, temperatures, 3)
	beta := in("beta", tensor.Float64, temperatures)
	index := ok(gorgonia.Reshape(ok(gorgonia.Slice(ladder, gorgonia.S(kernels.LadderAt))), []int{1, copies * temperatures}))
	planes := ok(kernels.LatticeThresholds(l, kernels.Metropolis, table, index))
	swept := ok(kernels.LatticeSweep(l, kernels.Metropolis, 1, spins, couplings, planes))
	energy := ok(kernels.LatticeEnergy(l, 1, copies*temperatures, swept, couplings))
	moved := ok(kernels.Exchange(2, ladder, energy, beta))
	backend, err := engine.Open("cpu", engine.Options{Workers: workers})
	if err != nil {
		b.Fatal(err)
	}
	p, err := engine.Compile(engine.Plan{Seed: 5, Stages: []engine.Stage{{
		Name: "temper", Graph: g, Next: map[string]*gorgonia.Node{"spins": swept, "ladder": moved, "energy": energy}, Repeat: 1,
	}}}, backend)
	if err != nil {
		b.Fatal(err)
	}
	s := rng.At(5, 0, rng.SetupStage, 1)
	words := func(n, first int, whole bool) []uint64 {
		w := make([]uint64, n)
		for i := range w {
			w[i] = uint64(s.Uint32(uint64(first+2*i)))<<32 | uint64(s.Uint32(uint64(first+2*i+1)))
			if whole {
				w[i] = -(w[i] & 1)
			}
		}
		return w
	}
	betas := make([]float64, temperatures)
	for k := range betas {
		betas[k] = 1 / (.9 * math.Pow(2/.9, float64(k)/float64(temperatures-1)))
	}
	thresholds, err := kernels.LatticeTable(kernels.Metropolis, 3, betas)
	if err != nil {
		b.Fatal(err)
	}
	for slot, data := range map[string]any{
		"spins": words(l.Sites()*l.Words, 0, false), "couplings": words(3*l.Sites(), 1<<30, true),
		"ladder": kernels.NewLadder(1, copies, temperatures), "table": thresholds, "beta": betas,
	} {
		if err := p.Write(slot, data); err != nil {
			b.Fatal(err)
		}
	}
	return p
}

// BenchmarkLatticeTempering runs one sample with 32 temperatures in 2 copies, a word of 64 bits, and in 4, 8 and 16 copies, 512
// bits, on one worker and on two.
func BenchmarkLatticeTempering(b *testing.B) {
	for _, workers := range []int{1, 2} {
		for _, side := range []int{16, 32} {
			for _, copies := range []int{2, 4, 8, 16} {
				b.Run(fmt.Sprintf("L=%d/%dx32/workers=%d", side, copies, workers), func(b *testing.B) {
					p := glass(b, side, copies, 32, workers)
					ctx := context.Background()
					if err := p.Step(ctx, 50); err != nil {
						b.Fatal(err)
					}
					for b.Loop() {
						if err := p.Step(ctx, 1); err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric(float64(b.N)*float64(side*side*side*copies*32)/float64(b.Elapsed().Nanoseconds()), "flips/ns")
				})
			}
		}
	}
}
