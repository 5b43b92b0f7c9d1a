package bench

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/rng"
	_ "cavity/engine/tape" // the definition
	"cavity/kernels"
)

func init() {
	for _, l := range []int{16, 32} {
		target := map[int]float64{16: 40, 32: 24}[l]
		register(
			Case{Suite: "spin", Name: fmt.Sprintf("ea3d L=%d, sweeps of 1 sample × 32 temperatures × 16 copies", l), Unit: "flips/ns", Only: processorAndCUDA, Target: 8.5, Slow: l == 32,
				Start: sweeps(kernels.Lattice{Size: []int{l, l, l}, Words: 8, CouplingWords: 1}, .9, 2)},
			Case{Suite: "spin", Name: fmt.Sprintf("ea3d L=%d, sweeps of 512 samples at one temperature, numbers shared in a word", l), Unit: "flips/ns", Only: processorAndCUDA, Target: target, Slow: l == 32,
				Start: sweeps(kernels.Lattice{Size: []int{l, l, l}, Words: 8, CouplingWords: 8, Shared: true}, 1.1, 1.1)},
		)
	}
}

// sweeps times bare sweeps of ±1 couplings, 32 temperatures from lo to hi in every word, or one with shared numbers. The
// verification takes one more sweep, here and by the kernel's definition, and compares all spins.
func sweeps(l kernels.Lattice, lo, hi float64) func(b engine.Backend) (*Work, error) {
	return func(b engine.Backend) (*Work, error) {
		p, err := sweepProgram(l, lo, hi, b)
		if err != nil {
			return nil, err
		}
		ctx := context.Background()
		return &Work{Step: func(n int) error { return p.Step(ctx, n) }, Amount: float64(l.Spins() * l.Systems()), Verify: func() error {
			plain, err := engine.Open("tape", engine.Options{})
			if err != nil {
				return err
			}
			q, err := sweepProgram(l, lo, hi, plain)
			if err != nil {
				return err
			}
			var state bytes.Buffer
			if err := p.Save(&state); err != nil {
				return err
			}
			if err := q.Load(&state); err != nil {
				return err
			}
			got, want := make([]uint64, l.Sites()*l.Words), make([]uint64, l.Sites()*l.Words)
			for _, err := range []error{p.Step(ctx, 1), q.Step(ctx, 1), p.Read("spins", got), q.Read("spins", want)} {
				if err != nil {
					return err
				}
			}
			if !slices.Equal(got, want) {
				return fmt.Errorf("a sweep differs from its definition")
			}
			return plain.Close()
		}}, nil
	}
}

// sweepProgram has random spins and couplings.
func sweepProgram(l kernels.Lattice, lo, hi float64, b engine.Backend) (*engine.Program, error) {
	betas := make([]float64, 32)
	for k := range betas {
		betas[k] = 1 / (lo * math.Pow(hi/lo, float64(k)/float64(len(betas)-1)))
	}
	table, err := kernels.LatticeTable(kernels.Metropolis, l.Dims(), betas)
	if err != nil {
		return nil, err
	}
	labels := make([]int32, l.Systems())
	if l.Shared {
		labels = labels[:l.Words]
	}
	for i := range labels {
		labels[i] = int32(i % len(betas))
	}
	bits := func(n int, stream uint16) []uint64 {
		s, w := rng.At(1, 0, rng.SetupStage, stream), make([]uint64, n)
		for i := range w {
			x := s.Block(uint32(i), 0)
			w[i] = uint64(x[0])<<32 | uint64(x[1])
			if l.CouplingWords == 1 && stream == 2 { // one sample
				w[i] = -(w[i] & 1)
			}
		}
		return w
	}
	g := gorgonia.NewGraph()
	in := func(name string, dt tensor.Dtype, shape ...int) *gorgonia.Node {
		return engine.Input(g, name, dt, shape...)
	}
	classes := kernels.LatticeClasses(kernels.Metropolis, l.Dims())
	planes, err := kernels.LatticeThresholds(l, kernels.Metropolis, in("table", tensor.Uint64, len(betas), classes), in("index", tensor.Int32, len(labels), 1))
	if err != nil {
		return nil, err
	}
	swept, err := kernels.LatticeSweep(l, kernels.Metropolis, 1, in("spins", tensor.Uint64, l.Sites(), l.Words),
		in("couplings", tensor.Uint64, l.Dims(), l.Sites(), l.CouplingWords), planes)
	if err != nil {
		return nil, err
	}
	p, err := engine.Compile(engine.Plan{Seed: 1, Stages: []engine.Stage{{Name: "sweep", Graph: g, Next: map[string]*gorgonia.Node{"spins": swept}, Repeat: 1}}}, b)
	if err != nil {
		return nil, err
	}
	for slot, data := range map[string]any{
		"table": table, "index": labels, "spins": bits(l.Sites()*l.Words, 1), "couplings": bits(l.Dims()*l.Sites()*l.CouplingWords, 2),
	} {
		if err := p.Write(slot, data); err != nil {
			return nil, err
		}
	}
	return p, nil
}
