//go:build gpu

package cuda_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"cavity/engine"
	_ "cavity/engine/cpu"
	"cavity/engine/rng"
	"cavity/models/rbm"
)

// TestAnnealing runs annealed importance sampling on the device and on the CPU, from weights and inverse temperatures that are
// multiples of 1/8: fields are then exact in any order of summation, and both draw the same units bit for bit. The weights of the chains
// are sums of logarithms, in another order: ln Z agrees to rounding. Both directions agree with the sum over all states within four of
// their own standard errors (false alarm 6e-5 each; fixed seed).
func TestAnnealing(t *testing.T) {
	const visible, hidden, chains = 20, 9, 128
	m := &rbm.Machine{Visible: rbm.Layer{Units: rbm.Bernoulli, Count: visible}, Hidden: rbm.Layer{Units: rbm.Bernoulli, Count: hidden}}
	s := rng.At(17, 0, rng.SetupStage, 1)
	eighths := func(n int, at uint64) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = (float32(s.Uint32(at<<32+uint64(i))%9) - 4) / 8
		}
		return x
	}
	m.W, m.B, m.C = eighths(visible*hidden, 0), eighths(visible, 1), eighths(hidden, 2)
	exact, err := m.LogZ()
	if err != nil {
		t.Fatal(err)
	}
	betas := make([]float64, 9)
	for k := range betas {
		betas[k] = float64(k) / 8
	}
	type outcome struct {
		forward, reverse rbm.Estimate
		v                []float32
	}
	run := func(name string) (o outcome) {
		b, err := engine.Open(name, engine.Options{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		an, err := rbm.AIS{Chains: chains, Betas: betas, Seed: 5}.Start(m, b)
		if err != nil {
			t.Fatal(err)
		}
		ctx := context.Background()
		o.v = make([]float32, 2*chains*visible)
		var errs [4]error
		o.forward, errs[0] = an.Forward(ctx)
		errs[1] = an.Program.Read("v", o.v[:chains*visible])
		o.reverse, errs[2] = an.Reverse(ctx, nil, 40)
		errs[3] = an.Program.Read("v", o.v[chains*visible:])
		if err := errors.Join(errs[:]...); err != nil {
			t.Fatal(err)
		}
		return o
	}
	want, got := run("cpu"), run("cuda:own")
	for i := range want.v {
		if got.v[i] != want.v[i] {
			t.Fatalf("unit %d of chain %d is %v, on the CPU %v", i%visible, i/visible%chains, got.v[i], want.v[i])
		}
	}
	for name, e := range map[string][2]rbm.Estimate{"forward": {got.forward, want.forward}, "reverse": {got.reverse, want.reverse}} {
		if math.Abs(e[0].LogZ-e[1].LogZ) > 1e-5 || math.Abs(e[0].Deviation-e[1].Deviation) > 1e-5 {
			t.Errorf("%s: %+v, on the CPU %+v", name, e[0], e[1])
		}
		if math.Abs(e[0].LogZ-exact) > 4*e[0].Deviation {
			t.Errorf("%s: ln Z is %.4f ± %.4f, exactly %.4f", name, e[0].LogZ, e[0].Deviation, exact)
		}
		t.Logf("%s: ln Z %.4f ± %.4f, exactly %.4f", name, e[0].LogZ, e[0].Deviation, exact)
	}
}
