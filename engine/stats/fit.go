package stats

import (
	"fmt"
	"math"
)

// Fit is a weighted least-squares fit of y = Intercept + Slope·x.
type Fit struct {
	Intercept, Slope Estimate
	Cov              float64 // covariance of the two
	Chi2             float64 // Σ((y-fit)/σ)²
	DoF              int     // points less parameters
	P                float64 // probability of a larger Chi2; NaN without degrees of freedom
}

// Line fits a straight line to y with independent errors sigma (Bevington, Data Reduction, chapter 6), with x measured from its weighted mean,
// where the parameters are uncorrelated. It needs at least two points, two different x and positive errors.
func Line(x, y, sigma []float64) (Fit, error) {
	if err := checkPoints(2, x, y, sigma); err != nil {
		return Fit{}, err
	}
	var w, wx, wy float64
	for i, s := range sigma {
		v := 1 / (s * s)
		w, wx, wy = w+v, wx+v*x[i], wy+v*y[i]
	}
	cx, cy := wx/w, wy/w
	var sxx, sxy float64
	for i, s := range sigma {
		d := (x[i] - cx) / (s * s)
		sxx += d * (x[i] - cx)
		sxy += d * (y[i] - cy)
	}
	if !(sxx > 0) {
		return Fit{}, fmt.Errorf("stats: line through %d points of equal x", len(x))
	}
	slope := sxy / sxx
	fit := Fit{
		Slope:     Estimate{slope, 1 / math.Sqrt(sxx)},
		Intercept: Estimate{cy - slope*cx, math.Sqrt(1/w + cx*cx/sxx)},
		Cov:       -cx / sxx,
		DoF:       len(x) - 2,
	}
	for i, s := range sigma {
		r := (y[i] - cy - slope*(x[i]-cx)) / s
		fit.Chi2 += r * r
	}
	fit.P = pValue(fit.Chi2, fit.DoF)
	return fit, nil
}

// At is the line at x with its error.
func (f Fit) At(x float64) Estimate {
	v := f.Intercept.Err*f.Intercept.Err + 2*x*f.Cov + x*x*f.Slope.Err*f.Slope.Err
	return Estimate{f.Intercept.Value + f.Slope.Value*x, math.Sqrt(math.Max(v, 0))}
}

// Constant is the weighted mean Σy/σ² / Σ1/σ² of independent estimates, whether they agree (Chi2, P), and its error 1/√Σ1/σ².
func Constant(y, sigma []float64) (e Estimate, chi2, p float64, err error) {
	if err := checkPoints(1, y, y, sigma); err != nil {
		return Estimate{}, 0, 0, err
	}
	var w, wy float64
	for i, s := range sigma {
		w, wy = w+1/(s*s), wy+y[i]/(s*s)
	}
	e = Estimate{wy / w, 1 / math.Sqrt(w)}
	for i, s := range sigma {
		chi2 += (y[i] - e.Value) * (y[i] - e.Value) / (s * s)
	}
	return e, chi2, pValue(chi2, len(y)-1), nil
}

func pValue(chi2 float64, dof int) float64 {
	p, err := ChiSquareP(chi2, float64(dof))
	if err != nil {
		return math.NaN()
	}
	return p
}

func checkPoints(least int, x, y, sigma []float64) error {
	if len(x) != len(y) || len(y) != len(sigma) {
		return fmt.Errorf("stats: %d abscissas, %d values and %d errors", len(x), len(y), len(sigma))
	}
	if len(x) < least {
		return fmt.Errorf("stats: fit of %d points, at least %d", len(x), least)
	}
	for i, s := range sigma {
		if !(s > 0) || math.IsInf(s, 0) {
			return fmt.Errorf("stats: error %d is %v, it must be positive", i, s)
		}
	}
	if err := finite("abscissa", x); err != nil {
		return err
	}
	return finite("value", y)
}
