package dmft

import (
	"context"
	"math"
	"testing"
)

// Both solvers find the same functions, within 5 joint standard errors of 3 degrees of freedom each; the seed is fixed.
func TestIterationAgreesWithCausal(t *testing.T) {
	p := Problem{Gain: Tanh, G: 1.2, Eta: .5, Sigma: .3, Step: .1, Time: 5, Trajectories: 4000, Seed: 5}
	a := causal(t, p)
	b, err := p.Iterate(context.Background(), open(t, "cpu", 1), Iteration{Damping: .3})
	if err != nil {
		t.Fatal(err)
	}
	last := b.Changes[len(b.Changes)-1]
	t.Logf("%d iterations, last change %+v", len(b.Changes), last)
	if !b.Converged || last.C > 2/math.Sqrt(4000) || last.R > 1/math.Sqrt(4000) || len(b.Changes) < 3 {
		t.Errorf("converged %v after %d iterations with the change %+v", b.Converged, len(b.Changes), last)
	}
	n := p.Steps()
	for _, i := range []int{0, 1, 5, 10, 20, 49} {
		near(t, "C(i,i)", b.Diagonal[i].Mean, a.Diagonal[i].Mean, 5*math.Hypot(a.Diagonal[i].Err, b.Diagonal[i].Err)+1e-6)
		near(t, "mean", b.Mean[i].Mean, a.Mean[i].Mean, 5*math.Hypot(a.Mean[i].Err, b.Mean[i].Err)+1e-6)
		for k := range i {
			near(t, "R", b.R[i*n+k], a.R[i*n+k], .01)
		}
	}
	if s, err := p.Iterate(context.Background(), open(t, "cpu", 1), Iteration{Damping: .9, Limit: 2}); err != nil || s.Converged {
		t.Errorf("two iterations with damping .9: converged, error %v", err)
	}
}

// Few trajectories ask for a change of C that is small beside C, not beside 1: the first iteration, which starts from C = 0, was
// once taken for the solution here, with a third of the true C. Five joint standard errors of 3 degrees of freedom; the seed is fixed.
func TestIterationWithFewTrajectories(t *testing.T) {
	p := Problem{Gain: Tanh, G: 2, Step: .1, Time: 3, Trajectories: 4096, Seed: 1}
	want := causal(t, p)
	p.Trajectories = 128
	got, err := p.Iterate(context.Background(), open(t, "cpu", 1), Iteration{Damping: .5})
	if err != nil {
		t.Fatal(err)
	}
	if !got.Converged || len(got.Changes) < 4 {
		t.Errorf("converged %v after %d iterations", got.Converged, len(got.Changes))
	}
	for _, i := range []int{0, 12, 24, 29} {
		near(t, "C(i,i)", got.Diagonal[i].Mean, want.Diagonal[i].Mean, 5*math.Hypot(got.Diagonal[i].Err, want.Diagonal[i].Err))
	}
}

// R from the tangents and R from the noise are the same function. The second has errors of about
// √<φ²>/(σ √(dt M)) = .03 with M = 16,000 trajectories in all; 5 of them at 435 numbers are exceeded in 3e-4 of seeds.
func TestNovikov(t *testing.T) {
	p := Problem{Gain: Tanh, G: 1.5, Eta: .5, Sigma: .8, Step: .1, Time: 3, Trajectories: 4000, Seed: 7, Novikov: true}
	s := causal(t, p)
	n, sum := p.Steps(), 0.
	for i := range n {
		for k := range n {
			want := 0.
			if k < i {
				want = s.RAt(i, k)
			}
			d := s.Novikov[i*n+k] - want
			sum += d * d
			near(t, "R by Novikov's theorem", s.Novikov[i*n+k], want, .15)
		}
	}
	if rms := math.Sqrt(sum) / float64(n); rms > .04 {
		t.Errorf("root mean square difference %v, want about .02", rms)
	}
	p.Sigma = 0
	if _, err := p.Causal(context.Background(), open(t, "cpu", 1)); err == nil {
		t.Error("Novikov's theorem without noise did not fail")
	}
}
