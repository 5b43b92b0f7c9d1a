//go:build gpu

package cuda_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"cavity/engine"
	"cavity/engine/rng"
	"cavity/kernels/kerneltest"
	"cavity/models/dmft"
	"cavity/models/modes"
	"cavity/models/rbm"
)

// emulatedDevices gives the emulator three devices; the test is left out on a machine with a driver of its own.
func emulatedDevices(t *testing.T) {
	t.Helper()
	if !strings.Contains(os.Getenv("CAVITY_LIBCUDA"), "ptxsim") {
		t.Skip("only under the emulator, which has as many devices as one asks for")
	}
	t.Setenv("PTXSIM_DEVICES", "3")
}

func opened(t *testing.T, name string) engine.Backend {
	t.Helper()
	b, err := engine.Open(name, engine.Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// Random numbers do not depend on how many devices share the systems: tensors, the samples of fused layers, kernels that draw their own.
func TestDividedRandom(t *testing.T) {
	emulatedDevices(t)
	kerneltest.Divided(t, opened(t, "cuda:own"), opened(t, "cuda:0,1,own"), opened(t, "cuda:2,0,1,own"))
}

// compared runs f on one device, on two and on three: the numbers must be the same bits. Products are our own.
func compared(t *testing.T, f func(b engine.Backend) ([]float64, error)) {
	emulatedDevices(t)
	var want []float64
	for _, name := range []string{"cuda:own", "cuda:0,1,own", "cuda:2,1,0,own"} {
		got, err := f(opened(t, name))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if want == nil {
			want = got
		}
		if slices.Min(got) == slices.Max(got) || !slices.Equal(got, want) {
			t.Errorf("%s gives other numbers than one device: %v …, want %v …", name, got[:3], want[:3])
		}
	}
}

// machine has parameters that no sum of products represents exactly.
func machine(hidden rbm.Units) *rbm.Machine {
	m, err := rbm.New(rbm.Layer{Units: rbm.Bernoulli, Count: 21, Labels: 3}, rbm.Layer{Units: hidden, Count: 10}, .3, 7)
	if err != nil {
		panic(err)
	}
	m.Base = make([]float32, 21)
	rng.At(5, 0, rng.SetupStage, 1).FillNormal32(m.Base, 0)
	return m
}

// Devices share the chains of annealed importance sampling: ln Z, its error and the effective sample size in either direction, and the weight
// and the units of every chain after one more step.
func TestDividedAnnealing(t *testing.T) {
	const chains = 13
	for _, hidden := range []rbm.Units{rbm.Bernoulli, rbm.ReLU} {
		compared(t, func(b engine.Backend) ([]float64, error) {
			ctx := context.Background()
			an, err := rbm.AIS{Chains: chains, Temperatures: 9, Seed: 5}.Start(machine(hidden), b)
			if err != nil {
				return nil, err
			}
			up, err := an.Reverse(ctx, nil, 3)
			if err != nil {
				return nil, err
			}
			low, err := an.Forward(ctx)
			if err != nil {
				return nil, err
			}
			w, v := make([]float32, chains), make([]float32, chains*21)
			p := an.Program
			err = errors.Join(p.Write("beta0", []float32{.25}), p.Write("beta1", []float32{.5}), p.Once("anneal"), p.Read("log weight", w), p.Read("v", v))
			return append(float64s(append(w, v...)), up.LogZ, up.Deviation, up.ESS, low.LogZ, low.Deviation, low.ESS), err
		})
	}
}

func float64s(x []float32) (y []float64) {
	for _, v := range x {
		y = append(y, float64(v))
	}
	return y
}

// Devices share ladders of parallel tempering, realisations of networks, and the pictures that a network looks at.
func TestDividedModels(t *testing.T) {
	ctx := context.Background()
	compared(t, func(b engine.Backend) ([]float64, error) {
		s, err := rbm.Sampling{Machine: machine(rbm.Ising), Chains: 7, Temperatures: 3, Seed: 2}.Start(b)
		if err != nil {
			return nil, err
		}
		if err := s.Step(ctx, 4); err != nil {
			return nil, err
		}
		x, err := s.States()
		if err != nil {
			return nil, err
		}
		swaps, err := s.Swaps()
		return append(float64s(x), swaps...), err
	})
	compared(t, func(b engine.Backend) ([]float64, error) {
		w := dmft.Network{N: 19, Gain: dmft.Tanh, G: 1.5, Eta: .2, Sigma: .3, Initial: dmft.Normal, Time: .4, Step: .1, Realisations: 4, Replicas: 3, Seed: 8}
		s, err := w.Simulate(ctx, b)
		if err != nil {
			return nil, err
		}
		l, err := w.Lyapunov(ctx, b, 1)
		return append(s.C, l.Mean, l.Err), err
	})
	compared(t, func(b engine.Backend) ([]float64, error) {
		n := modes.Network{Space: modes.Modes, Layers: []int{30, 9, 10}, P: 3}
		w := modes.Weights{}
		for i, p := range n.Parameters() {
			w[p.Name] = p.Initial(9, i)
		}
		c, err := n.Open(b, w)
		if err != nil {
			return nil, err
		}
		x, z := make([]float32, 1000*30), make([]float32, 1000*10)
		rng.At(5, 0, rng.SetupStage, 1).FillNormal32(x, 0)
		err = errors.Join(c.Program.Write("test_x", x), c.Program.Once("evaluate"), c.Program.Read("test_logits", z))
		return float64s(z), err
	})
}
