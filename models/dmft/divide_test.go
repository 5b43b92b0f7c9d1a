package dmft

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"cavity/engine"
	"cavity/engine/enginetest"
)

// Realisations shared by several backends give the bits of one: correlations, Lyapunov exponents, responses and couplings, with noise,
// input and every initial condition. Realisations of 17 units fill no group of random numbers.
func TestDividedNetwork(t *testing.T) {
	ctx := context.Background()
	for _, w := range []Network{
		{N: 17, Gain: Tanh, G: 1.5, Eta: .3, Sigma: .4, Initial: Normal, Time: 1, Step: .1, Realisations: 5, Replicas: 3, Seed: 4},
		{N: 17, Gain: Erf, G: 1.5, Input: math.Cos, Initial: Uniform, Time: 1, Step: .1, Realisations: 3, Seed: 4},
		{N: 17, Gain: Linear, G: .5, Sigma: .1, Initial: Zero, Time: 1, Step: .1, Realisations: 4, Replicas: 2, Seed: 4},
	} {
		run := func(b engine.Backend) (x []float64) {
			s, err := w.Simulate(ctx, b)
			if err != nil {
				t.Fatal(err)
			}
			x = append(x, s.C...)
			for i := range s.T {
				x = append(x, s.Diagonal[i].Mean, s.Diagonal[i].Err, s.Mean[i].Mean, s.Mean[i].Err)
			}
			l, err := w.Lyapunov(ctx, b, 2)
			if err != nil {
				t.Fatal(err)
			}
			r, err := w.Response(ctx, b, []int{0, 3})
			if err != nil {
				t.Fatal(err)
			}
			j, err := w.Couplings(ctx, b)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range j {
				x = append(x, float64(v))
			}
			return append(append(x, r...), l.Mean, l.Err)
		}
		want := run(enginetest.PlainParts(1))
		if slices.Min(want) == slices.Max(want) {
			t.Fatal("the test sees nothing")
		}
		for _, n := range []int{2, 3} {
			if got := run(enginetest.PlainParts(n)); !slices.Equal(got, want) {
				t.Errorf("%s in %d parts gives other bits", w.Initial, n)
			}
		}
	}
}

// Trajectories of one population meet in its averages, and few realisations do not divide among many.
func TestUndivided(t *testing.T) {
	_, few := Network{N: 5, Gain: Tanh, G: 1, Time: .2, Step: .1, Realisations: 2}.Start(enginetest.PlainParts(3))
	_, population := Problem{Gain: Tanh, G: 1, Time: .2, Step: .1, Trajectories: 64}.Start(enginetest.PlainParts(2))
	for want, err := range map[string]error{
		"2 systems in parts of at least 1: they divide among at most 2 devices":      few,
		"this computation does not divide into independent systems: name one device": population,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
