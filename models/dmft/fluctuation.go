package dmft

import (
	"fmt"
	"math"
)

// FDTCurve is a parametric plot of the integrated response at one time against the correlation with earlier ones, from the
// latest to the earliest: in equilibrium at temperature T a line of slope -1/T.
type FDTCurve struct {
	Lag, C, Chi []float64
}

// FluctuationDissipation is the curve of row i: C(t_i, t_k) and χ(t_i, t_k) = Step Σ_{k≤l<i} R(t_i, t_l), the response of φ to an
// input switched on at t_k.
func (s *Solution) FluctuationDissipation(i int) (FDTCurve, error) {
	n := len(s.T)
	if i < 1 || i >= n {
		return FDTCurve{}, fmt.Errorf("dmft: fluctuation-dissipation curve at step %d, want 1 to %d", i, n-1)
	}
	f, chi, dt := FDTCurve{}, 0., s.T[1]-s.T[0]
	for k := i; k >= 0; k-- {
		if k < i {
			chi += dt * s.RAt(i, k)
		}
		f.Lag, f.C, f.Chi = append(f.Lag, s.T[i]-s.T[k]), append(f.C, s.CAt(i, k)), append(f.Chi, chi)
	}
	return f, nil
}

// FluctuationDissipation is the curve of the uniform grid's row i.
func (s *TwoTime) FluctuationDissipation(i int) (FDTCurve, error) {
	if i < 1 || i > s.N {
		return FDTCurve{}, fmt.Errorf("dmft: fluctuation-dissipation curve at step %d, want 1 to %d", i, s.N)
	}
	f, chi := FDTCurve{}, 0.
	for k := i; k >= 0; k-- {
		if k < i {
			chi += (s.R(i, k) + s.R(i, k+1)) * s.Step / 2
		}
		f.Lag, f.C, f.Chi = append(f.Lag, s.Step*float64(i-k)), append(f.C, s.C(i, k)), append(f.Chi, chi)
	}
	return f, nil
}

// Temperature is the effective temperature -dC/dχ over the part of the curve with low ≤ C ≤ high, by least squares.
func (f FDTCurve) Temperature(low, high float64) (float64, error) {
	var n, sc, sx, scc, scx float64
	for k, c := range f.C {
		if c >= low && c <= high {
			n, sc, sx, scc, scx = n+1, sc+c, sx+f.Chi[k], scc+c*c, scx+c*f.Chi[k]
		}
	}
	slope := (n*scx - sc*sx) / (n*scc - sc*sc)
	if n < 3 || math.IsNaN(slope) || slope == 0 {
		return 0, fmt.Errorf("dmft: effective temperature: %v points with C between %v and %v, want at least 3 that differ", n, low, high)
	}
	return -1 / slope, nil
}

// EffectiveTemperature is -C'(τ)/R(τ) of the stationary linear network: σ²/2 at all lags in equilibrium (η = 1), and not constant elsewhere.
func (l LinearStationary) EffectiveTemperature(tau float64) float64 {
	const h = .01
	lo := math.Max(tau-h, 0)
	return -(l.C(tau+h) - l.C(lo)) / (tau + h - lo) / l.R((tau+h+lo)/2)
}
