package dmft

import (
	"testing"
)

// A linear network with symmetric couplings equilibrates at T = σ²/2: the curve of the solver's C and R is a line; with η = 0 and
// with antisymmetric couplings it is not.
func TestEffectiveTemperature(t *testing.T) {
	const sigma = .8
	measure := func(eta, g float64) (near, far float64) {
		s := causal(t, Problem{Gain: Linear, G: g, Eta: eta, Sigma: sigma, Step: .05, Time: 8, Trajectories: 6000, Populations: 2, Seed: 3})
		f, err := s.FluctuationDissipation(len(s.T) - 1)
		if err != nil {
			t.Fatal(err)
		}
		c0 := f.C[0]
		near, err = f.Temperature(.5*c0, .97*c0)
		if err != nil {
			t.Fatal(err)
		}
		far, err = f.Temperature(.02*c0, .35*c0)
		if err != nil {
			t.Fatal(err)
		}
		return near, far
	}
	// Sampling and Euler's O(dt) leave about 3 per cent.
	a, b := measure(1, .4)
	near(t, "T of short lags, eta = 1", a, sigma*sigma/2, .06*sigma*sigma/2)
	near(t, "T of long lags, eta = 1", b, sigma*sigma/2, .12*sigma*sigma/2)
	a, b = measure(0, .7)
	if b < 1.3*a {
		t.Errorf("eta = 0: temperatures %v at short and %v at long lags, want the second to be much higher", a, b)
	}
}

func TestLinearEffectiveTemperature(t *testing.T) {
	for _, tau := range []float64{0, .5, 2} {
		near(t, "T at eta = 1", LinearStationary{.4, 1, 1}.EffectiveTemperature(tau), .5, 1e-5)
	}
	l := LinearStationary{.7, 0, 1}
	if a, b := l.EffectiveTemperature(.01), l.EffectiveTemperature(3); b < 1.5*a {
		t.Errorf("eta = 0: %v at short and %v at long lags, want growth", a, b)
	}
}

// Equilibrium of the p-spin at T = 1: χ = (1 - C)/T.
func TestPSpinFluctuationDissipation(t *testing.T) {
	s := quench(t, PurePSpin(3, 1), 12, .02)
	f, err := s.FluctuationDissipation(s.N)
	if err != nil {
		t.Fatal(err)
	}
	temperature, err := f.Temperature(.1, .98)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "T", temperature, 1, 2e-3)
	if _, err := s.FluctuationDissipation(0); err == nil {
		t.Error("row 0 did not fail")
	}
}
