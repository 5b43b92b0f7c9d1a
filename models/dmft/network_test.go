package dmft

import (
	"bytes"
	"context"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cavity/engine/cpu/gemm"
)

// The same transient from the equations and from networks of 500 units. Networks deviate from the limit by O(1/N): 5 joint standard
// errors and .01; the seeds are fixed.
func TestNetworkAgainstCausal(t *testing.T) {
	w := Network{N: 400, Gain: Tanh, G: 1.5, Eta: .5, Sigma: .5, Step: .1, Time: 4, Realisations: 6, Replicas: 2, Seed: 1}
	s, err := w.Simulate(context.Background(), open(t, "cpu", 1))
	if err != nil {
		t.Fatal(err)
	}
	p := w.problem()
	p.Trajectories, p.Gap = 3000, .4
	d := causal(t, p)
	for _, i := range []int{0, 1, 2, 5, 10, 20, 39} {
		near(t, "C(i,i)", s.Diagonal[i].Mean, d.Diagonal[i].Mean, 5*math.Hypot(s.Diagonal[i].Err, d.Diagonal[i].Err)+.01)
		near(t, "mean", s.Mean[i].Mean, d.Mean[i].Mean, 5*math.Hypot(s.Mean[i].Err, d.Mean[i].Err)+.01)
	}
	kicks := []int{0, 10}
	r, err := w.Response(context.Background(), open(t, "cpu", 1), kicks)
	if err != nil {
		t.Fatal(err)
	}
	// The noise of the random signs is about √<u²>/√(6·400) = .03; R is 0 until the kick has acted.
	for k, s := range kicks {
		for _, i := range []int{s, s + 1, s + 2, s + 5, s + 15} {
			near(t, "R", r[k*40+i], d.RAt(i, s), .1)
		}
	}
}

// A simulation that is saved half-way and gone on with ends with the same bits.
func TestNetworkResume(t *testing.T) {
	w := Network{N: 100, Gain: Tanh, G: 2, Sigma: .1, Step: .1, Time: 2, Realisations: 2, Seed: 8}
	want, err := w.Simulate(context.Background(), open(t, "cpu", 1))
	if err != nil {
		t.Fatal(err)
	}
	begin := func() *NetworkRun {
		r, err := w.Start(open(t, "cpu", 2))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	steps := func(r *NetworkRun, n int) {
		for range n {
			if err := r.Step(); err != nil {
				t.Fatal(err)
			}
		}
	}
	r := begin()
	steps(r, 7)
	var saved bytes.Buffer
	if err := r.Save(&saved); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Simulation(); err == nil {
		t.Error("a simulation before its end did not fail")
	}
	r = begin()
	if err := r.Load(&saved); err != nil {
		t.Fatal(err)
	}
	steps(r, 13)
	got, err := r.Simulation()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the resumed simulation differs: %s", diff)
	}
}

// A linear network in its stationary state has the exact C(t,t) of the discretised equations.
func TestNetworkLinear(t *testing.T) {
	w := Network{N: 300, Gain: Linear, G: .5, Eta: -.5, Sigma: 1, Step: .1, Time: 5, Realisations: 8, Seed: 3}
	s, err := w.Simulate(context.Background(), open(t, "cpu", 2))
	if err != nil {
		t.Fatal(err)
	}
	exact, err := LinearDiscrete(w.problem())
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{0, 1, 5, 20, 49} {
		near(t, "C(i,i)", s.Diagonal[i].Mean, exact.C[i*exact.N+i], 5*s.Diagonal[i].Err+.003)
	}
}

// The largest Lyapunov exponent at g = 2 is .062(7) for N = 250 and .1125 for N = ∞.
func TestNetworkLyapunov(t *testing.T) {
	w := Network{N: 250, Gain: Tanh, G: 2, Step: .1, Time: 30, Realisations: 6, Seed: 2}
	l, err := w.Lyapunov(context.Background(), open(t, "cpu", 1), 60)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "lambda at g = 2", l.Mean, .062, 5*math.Hypot(l.Err, .007))
	w.G = .5
	if l, err = w.Lyapunov(context.Background(), open(t, "cpu", 1), 20); err != nil {
		t.Fatal(err)
	}
	// Without activity the tangent is linear: λ = g - 1 to O(N^-1/2).
	near(t, "lambda at g = .5", l.Mean, -.5, .05)
}

// Eigenvalues of J fill the ellipse; at N = 200 its edge is soft by a few per cent.
func TestEllipticLaw(t *testing.T) {
	for _, eta := range []float64{-.5, 0, .6} {
		w := Network{N: 200, Gain: Tanh, G: 1.3, Eta: eta, Step: .1, Time: 1, Seed: 4}
		j, err := w.Couplings(context.Background(), open(t, "cpu", 1))
		if err != nil {
			t.Fatal(err)
		}
		square, cross := 0., 0.
		for i := range w.N {
			for k := range w.N {
				square += float64(j[i*w.N+k]) * float64(j[i*w.N+k])
				cross += float64(j[i*w.N+k]) * float64(j[k*w.N+i])
			}
		}
		near(t, "N <J_ij²>/g²", square/float64(w.N)/(w.G*w.G), 1, .04)
		near(t, "eta", cross/square, eta, .04)
		values, err := w.Spectrum(context.Background(), open(t, "cpu", 1))
		if err != nil {
			t.Fatal(err)
		}
		edge, outside := 0., 0
		for _, z := range values {
			edge = math.Max(edge, real(z))
			if !InEllipse(z, w.G, eta, .1) {
				outside++
			}
		}
		if outside > 4 {
			t.Errorf("eta = %v: %d of %d eigenvalues lie outside of the ellipse", eta, outside, w.N)
		}
		near(t, "edge", edge, EllipseEdge(w.G, eta), .12*EllipseEdge(w.G, eta))
	}
}

func TestNetworkRefuses(t *testing.T) {
	w := Network{N: 200_000, Gain: Tanh, G: 1, Step: .1, Time: 2}
	if _, err := w.Simulate(context.Background(), open(t, "cpu", 1)); err == nil || !strings.Contains(err.Error(), "GB of memory") {
		t.Errorf("error %v, want one about memory", err)
	}
	w.N = 10
	if _, err := w.Response(context.Background(), open(t, "cpu", 1), []int{30}); err == nil || !strings.Contains(err.Error(), "kick") {
		t.Errorf("error %v, want one about the kick", err)
	}
	w.G = -1
	if _, err := w.Lyapunov(context.Background(), open(t, "cpu", 1), 1); err == nil {
		t.Error("g = -1 did not fail")
	}
}

// BenchmarkNetwork4000 compares a step of 4,000 units with 64 replicas to the matrix product in it: the step should cost at most 1.2 times as much.
func BenchmarkNetwork4000(b *testing.B) {
	const n, replicas = 4000, 64
	w := Network{N: n, Gain: Tanh, G: 2, Step: .1, Time: 1, Replicas: replicas}
	if err := w.fill(); err != nil {
		b.Fatal(err)
	}
	b.Run("step", func(b *testing.B) {
		prog, err := w.compile(open(b, "cpu", 1), true, false)
		if err != nil {
			b.Fatal(err)
		}
		for i := range 2 {
			if err := w.advance(context.Background(), prog, i); err != nil {
				b.Fatal(err)
			}
		}
		b.ResetTimer()
		if err := prog.Step(context.Background(), b.N); err != nil {
			b.Fatal(err)
		}
	})
	b.Run("product", func(b *testing.B) {
		p, err := gemm.New32(gemm.Spec{M: n, N: replicas, K: n, Alpha: 1})
		if err != nil {
			b.Fatal(err)
		}
		j, x, y := make([]float32, n*n), make([]float32, n*replicas), make([]float32, n*replicas)
		for i := range b.N + 1 {
			if i == 1 {
				b.ResetTimer()
			}
			p.Run(j, x, y)
		}
	})
}
