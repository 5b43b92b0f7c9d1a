package dmft

import (
	"context"
	"math"
	"testing"

	"cavity/engine"
	_ "cavity/engine/cpu"
)

func cpu(t testing.TB) engine.Backend {
	t.Helper()
	b, err := engine.Open("cpu", engine.Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func causal(t testing.TB, p Problem) *Solution {
	t.Helper()
	s, err := p.Causal(context.Background(), cpu(t))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A linear network: R has no sampling error but that of float32, C deviates by its standard errors. With 4 populations
// the errors have 3 degrees of freedom; 5 of them at 8 times each have a false-alarm rate of 4e-3 a comparison, fixed by the seed.
func TestCausalLinear(t *testing.T) {
	p := Problem{Gain: Linear, G: .5, Eta: .5, Sigma: .5, Step: .1, Time: 20, Trajectories: 4000, Seed: 1}
	exact, err := LinearDiscrete(p)
	if err != nil {
		t.Fatal(err)
	}
	s := causal(t, p)
	n := p.Steps()
	t.Log("residual", s.Residual, "pivots", s.Pivots)
	for i := range n {
		for k := range i {
			if math.Abs(s.RAt(i, k)-exact.Response[i-k]) > 2e-6 {
				t.Fatalf("R(%d,%d) = %v, want %v", i, k, s.RAt(i, k), exact.Response[i-k])
			}
		}
	}
	for _, i := range []int{0, 1, 2, 10, 50, 100, 150, 199} {
		e := s.Diagonal[i]
		t.Log(i, e, exact.C[i*n+i], s.Mean[i], exact.Mean[i])
		near(t, "C(i,i)", e.Mean, exact.C[i*n+i], 5*e.Err)
		near(t, "mean", s.Mean[i].Mean, exact.Mean[i], 5*s.Mean[i].Err+1e-6)
	}
}
func BenchmarkCausal(b *testing.B) {
	for _, c := range []struct {
		name string
		p    Problem
	}{
		{"eta=0.5,n=200,M=2000", Problem{Gain: Tanh, G: 2, Eta: .5, Step: .1, Time: 20, Trajectories: 2000, Populations: 1}},
		{"eta=0,n=200,M=20000", Problem{Gain: Tanh, G: 2, Step: .1, Time: 20, Trajectories: 20000, Populations: 1}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for range b.N {
				s := causal(b, c.p)
				b.ReportMetric(float64(s.Pivots), "pivots")
			}
		})
	}
}
