package dmft

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"
)

func readJSON(t testing.TB, name string, into any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatal(err)
	}
}

func near(t testing.TB, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s = %.12g, want %.12g within %g", what, got, want, tolerance)
	}
}

func TestStationaryTanh(t *testing.T) {
	var ref struct {
		Tanh []struct {
			G, Delta0, Cphi0 float64
			Tau, Delta       []float64
			LyapMax          float64 `json:"lyap_max"`
			E0               float64
		}
	}
	readJSON(t, "scs_tanh.json", &ref)
	for _, r := range ref.Tanh {
		s, err := SolveStationary(Tanh, r.G, 0)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "Delta0", s.Delta0, r.Delta0, 1e-9)
		near(t, "CPhi0", s.CPhi0, r.Cphi0, 1e-9)
		near(t, "E0", s.GroundEnergy, r.E0, 1e-6)
		near(t, "Lyapunov", s.Lyapunov, r.LyapMax, 1e-6)
		for i, tau := range r.Tau {
			near(t, "Delta(tau)", s.At(tau), r.Delta[i], 2e-7)
		}
	}
}

// Williams' closed form of <erf erf> and its derivative.
func TestStationaryErfClosedForm(t *testing.T) {
	s, err := SolveStationary(Erf, 1.5, .3)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []float64{0, .1, .5, .9, 1} {
		d := f * s.Delta0
		near(t, "C_phi", s.CPhi(d), 2/math.Pi*math.Asin(2*d/(1+2*s.Delta0)), 1e-12)
		r := 1 + 2*s.Delta0
		near(t, "slopes", s.slopes.at(d), 4/math.Pi/math.Sqrt(r*r-4*d*d), 1e-11)
	}
}

// For φ(x) = x the state is Gaussian: Δ(τ) = σ² e^{-√(1-g²) τ}/(2√(1-g²)), and λ = g - 1.
func TestStationaryLinear(t *testing.T) {
	const g, sigma = .5, 1.
	s, err := SolveStationary(Linear, g, sigma)
	if err != nil {
		t.Fatal(err)
	}
	rate := math.Sqrt(1 - g*g)
	near(t, "Delta0", s.Delta0, 1/(2*rate), 1e-12)
	for _, tau := range []float64{.5, 1, 2, 5, 10} {
		near(t, "Delta", s.At(tau), math.Exp(-rate*tau)/(2*rate), 1e-9)
	}
	near(t, "Lyapunov", s.Lyapunov, g-1, 1e-3) // the continuum of plane waves begins at E = 1-g²; a finite box lifts it a little
}

func TestTransitionLine(t *testing.T) {
	previous := 0.
	for _, sigma := range []float64{0, .1, .3, .5, 1} {
		c, err := CriticalCoupling(Tanh, sigma)
		if err != nil {
			t.Fatal(err)
		}
		if c.G <= previous {
			t.Errorf("noise must delay chaos: g_c(%v) = %v after %v", sigma, c.G, previous)
		}
		previous = c.G
		if sigma == 0 {
			near(t, "g_c(0)", c.G, 1, 1e-15)
			continue
		}
		s, err := SolveStationary(Tanh, c.G, sigma)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "Delta0 on the line", s.Delta0, c.Delta0, 1e-9)
		near(t, "Lyapunov on the line", s.Lyapunov, 0, 2e-5)
	}
}

func TestStationaryRefuses(t *testing.T) {
	for _, c := range []struct {
		gain     Gain
		g, sigma float64
	}{{ReLU, 2, 0}, {Tanh, .9, 0}, {Tanh, -1, 0}, {Tanh, math.NaN(), 0}, {Tanh, 2, -1}, {Linear, 1.5, 1}} {
		if s, err := SolveStationary(c.gain, c.g, c.sigma); err == nil {
			t.Errorf("%s g=%v sigma=%v: got Delta0 = %v, want an error", c.gain.Name, c.g, c.sigma, s.Delta0)
		}
	}
	if _, err := ParseGain("sin"); err == nil {
		t.Error("ParseGain(sin) did not fail")
	}
}
