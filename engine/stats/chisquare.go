package stats

import (
	"fmt"

	"gonum.org/v1/gonum/mathext"
)

// ChiSquareP is the probability that a chi-square variable with dof degrees of freedom exceeds chi2: Q(dof/2, chi2/2).
// A small value says that a fit or a histogram does not agree. It needs chi2 ≥ 0 and dof > 0.
func ChiSquareP(chi2, dof float64) (float64, error) {
	if !(chi2 >= 0) || !(dof > 0) {
		return 0, fmt.Errorf("stats: chi-square %v with %v degrees of freedom", chi2, dof)
	}
	if chi2-chi2 != 0 { // infinite
		return 0, nil
	}
	return mathext.GammaIncRegComp(dof/2, chi2/2), nil
}

// ChiSquareTest compares counts with expected ones that have the same sum, Σ(O-E)²/E (Pearson 1900), and returns the statistic and its
// p-value for len-1 degrees of freedom. Bins expected below 5 are joined with the next, because the statistic's law needs that many.
// The counts must be of independent events.
func ChiSquareTest(observed, expected []float64) (chi2, p float64, err error) {
	if len(observed) != len(expected) || len(observed) < 2 {
		return 0, 0, fmt.Errorf("stats: chi-square of %d counts against %d expected", len(observed), len(expected))
	}
	if err := finite("count", observed); err != nil {
		return 0, 0, err
	}
	if err := finite("expected count", expected); err != nil {
		return 0, 0, err
	}
	var o, e, sumO, sumE float64
	bins := 0
	var lastO, lastE float64 // the last full bin, which takes what is left over
	for i := range observed {
		if observed[i] < 0 || expected[i] < 0 {
			return 0, 0, fmt.Errorf("stats: count %d is negative", i)
		}
		o, e = o+observed[i], e+expected[i]
		sumO, sumE = sumO+observed[i], sumE+expected[i]
		if e >= 5 {
			if bins > 0 {
				chi2 += (lastO - lastE) * (lastO - lastE) / lastE
			}
			lastO, lastE, o, e = o, e, 0, 0
			bins++
		}
	}
	if d := sumO - sumE; d > 1e-6*sumE || -d > 1e-6*sumE {
		return 0, 0, fmt.Errorf("stats: counts sum to %v, expected ones to %v", sumO, sumE)
	}
	if bins < 2 {
		return 0, 0, fmt.Errorf("stats: fewer than 2 bins with 5 expected counts")
	}
	lastO, lastE = lastO+o, lastE+e
	chi2 += (lastO - lastE) * (lastO - lastE) / lastE
	p, err = ChiSquareP(chi2, float64(bins-1))
	return chi2, p, err
}
