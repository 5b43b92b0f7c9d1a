package dmft

import (
	"context"
	"math"
)

// LongQuench solves the two-time equations of a [PSpin] to long times with a compressed history.
//
// Time advances by the fixed Step, which resolves the fast relaxation; of the past only a set of times is kept that thins
// out away from both ends, with the spacing Thinning · min(t-s, s). The integrals are linear functionals of the row
// at the present time, for every kept t',
//
//	∫_0^{t'} f'(C(t,s)) R(t',s) ds = Σ_k P(t',s_k) f'(C(t,s_k)),   and likewise Q and V on f''(C(t,s)) R(t,s),
//
// and what is stored are the weights P, Q and V. When a time s is dropped, its weight goes to its four neighbours
// by the adjoint of cubic interpolation: kernels that vary fast, such as R(s,t') near s = t', thereby keep
// their exact moments, and only the row at the present time, which is smooth there, has to be interpolated.
// Integrals and steps are of fourth order. The cost of a step grows like log² t.
type LongQuench struct {
	// Step is the time step, at most .1 or so; Thinning is the relative spacing of the kept times, 0 means .08.
	Step, Thinning float64
	// Snapshots are the times at which the whole row is kept, in increasing order; they are rounded to steps.
	Snapshots []float64
}

// Aging is the outcome of a long quench.
type Aging struct {
	Time, Energy []float64  // e(t), spaced by a percent from the hundredth step on
	Rows         []AgingRow // one for each requested snapshot
	Kept         int        // the number of times kept at the end
	Steps        int
}

// AgingRow is the state at time T against the earlier times S, in increasing order, the last of them T itself.
type AgingRow struct {
	T    float64
	S    []float64
	C, R []float64 // C(T, S), R(T, S)
	Chi  []float64 // ∫_S^T R(T, s) ds
}

// Run solves the model's equations from t = 0 to time.
func (l LongQuench) Run(ctx context.Context, m PSpin, time float64) (*Aging, error) {
	r, err := l.Start(m, time)
	if err != nil {
		return nil, err
	}
	for !r.Done() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		r.Advance(256)
	}
	return r.Result(), nil
}

// EnergyAt interpolates e(t) linearly between the recorded times.
func (a *Aging) EnergyAt(t float64) float64 {
	for i := 1; i < len(a.Time); i++ {
		if a.Time[i] >= t {
			f := (t - a.Time[i-1]) / (a.Time[i] - a.Time[i-1])
			return a.Energy[i-1] + f*(a.Energy[i]-a.Energy[i-1])
		}
	}
	return math.NaN()
}

// CAt is C(T, s) by cubic interpolation between the kept times.
func (r AgingRow) CAt(s float64) float64 { return interpolate(r.S, r.C, s) }

// ChiAt is the integrated response at T to a field switched on at s.
func (r AgingRow) ChiAt(s float64) float64 { return interpolate(r.S, r.Chi, s) }

// Ratio is X = -T dχ/dC over the part of the row with low ≤ C ≤ high, by least squares; temperature is T.
func (r AgingRow) Ratio(temperature, low, high float64) (float64, error) {
	effective, err := r.FluctuationDissipation().Temperature(low, high)
	return temperature / effective, err
}

// FluctuationDissipation is the curve of the row.
func (r AgingRow) FluctuationDissipation() FDTCurve {
	f := FDTCurve{}
	for k := len(r.S) - 1; k >= 0; k-- {
		f.Lag, f.C, f.Chi = append(f.Lag, r.T-r.S[k]), append(f.C, r.C[k]), append(f.Chi, r.Chi[k])
	}
	return f
}

// interpolate evaluates the cubic through the four points around x.
func interpolate(xs, ys []float64, x float64) float64 {
	lo, hi := 0, len(xs)
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; xs[mid] <= x {
			lo = mid
		} else {
			hi = mid
		}
	}
	first := max(0, min(lo-1, len(xs)-4))
	last := min(first+4, len(xs))
	sum := 0.
	for k := first; k < last; k++ {
		w := 1.
		for i := first; i < last; i++ {
			if i != k {
				w *= (x - xs[i]) / (xs[k] - xs[i])
			}
		}
		sum += w * ys[k]
	}
	return sum
}
