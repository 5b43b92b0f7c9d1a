package dmft

import (
	"math"
	"testing"
)

type linearReference struct {
	Stationary []struct {
		G, Eta, Sigma float64
		Tau, C, R     []float64
	}
	Discrete []struct {
		G, Eta, Sigma, Dt float64
		N                 int
		Idx               []int
		M, Cdiag          []float64
		CI100             []float64 `json:"C_i_100"`
		ChiI0             []float64 `json:"chi_i_0"`
		Chi150_100        float64   `json:"chi_150_100"`
	}
}

func TestLinearDiscrete(t *testing.T) {
	var ref linearReference
	readJSON(t, "linear.json", &ref)
	for _, r := range ref.Discrete {
		s, err := LinearDiscrete(Problem{G: r.G, Eta: r.Eta, Sigma: r.Sigma, Step: r.Dt, Time: r.Dt * float64(r.N)})
		if err != nil {
			t.Fatal(err)
		}
		for k, i := range r.Idx {
			near(t, "mean", s.Mean[i], r.M[k], 1e-12)
			near(t, "C(i,i)", s.C[i*s.N+i], r.Cdiag[k], 1e-10)
			near(t, "C(i,100)", s.C[i*s.N+100], r.CI100[k], 1e-10)
			near(t, "R(i,0)", s.Response[i], r.ChiI0[k], 1e-12)
		}
		near(t, "R(150,100)", s.Response[50], r.Chi150_100, 1e-12)
	}
}

func TestLinearStationary(t *testing.T) {
	var ref linearReference
	readJSON(t, "linear.json", &ref)
	for _, r := range ref.Stationary {
		l, err := NewLinearStationary(r.G, r.Eta, r.Sigma)
		if err != nil {
			t.Fatal(err)
		}
		for k, tau := range r.Tau {
			near(t, "R(tau)", l.R(tau), r.R[k], 1e-12)
			near(t, "C(tau)", l.C(tau), r.C[k], 2e-8)
		}
	}
	for _, x := range []struct{ g, eta, c0 float64 }{{.5, 0, .57735027}, {.5, .5, .65085186}, {.4, 1, .625}, {.5, -.5, .53236974}, {.9, 0, 1.14707867}} {
		near(t, "C(0)", LinearStationary{x.g, x.eta, 1}.C(0), x.c0, 1e-8)
	}
}

// η = 1 is equilibrium: C(0) - C(τ) = (σ²/2) ∫_0^τ R; η = 0 is not.
func TestLinearFluctuationDissipation(t *testing.T) {
	violation := func(l LinearStationary) float64 {
		worst, chi, h := 0., 0., .01
		for i := 0; i < 400; i++ {
			tau := float64(i) * h
			chi += h / 6 * (l.R(tau) + 4*l.R(tau+h/2) + l.R(tau+h))
			if i%100 == 99 {
				worst = math.Max(worst, math.Abs(l.C(0)-l.C(tau+h)-l.Sigma*l.Sigma/2*chi))
			}
		}
		return worst
	}
	if v := violation(LinearStationary{.4, 1, 1}); v > 1e-8 {
		t.Errorf("eta = 1 violates the theorem by %v", v)
	}
	if v := violation(LinearStationary{.4, 0, 1}); v < .01 {
		t.Errorf("eta = 0 obeys the theorem to %v, which it should not", v)
	}
}

// The discrete solution approaches the stationary one; midpoint values make the error second order in the step.
func TestLinearContinuousLimit(t *testing.T) {
	l := LinearStationary{.5, .5, 1}
	at := func(dt float64) float64 {
		s, err := LinearDiscrete(Problem{G: l.G, Eta: l.Eta, Sigma: l.Sigma, Step: dt, Time: 8, Initial: Zero})
		if err != nil {
			t.Fatal(err)
		}
		return s.Response[int(math.Round(1/dt))]
	}
	a, b, c := at(.04), at(.02), at(.01)
	if r := (a - b) / (b - c); math.Abs(r-2) > .1 {
		t.Errorf("Euler's error of R(1) falls by %v, want 2", r)
	}
	// Two extrapolations leave the third order; the kick acts at the end of its step.
	ab, bc := 2*b-a, 2*c-b
	near(t, "R(1) extrapolated", bc+(bc-ab)/3, l.R(1), 2e-5)
}
