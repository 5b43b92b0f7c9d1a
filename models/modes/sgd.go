package modes

import (
	"fmt"
	"math"

	"cavity/engine/rng"
)

// A Valley is the smallest model in which the noise of stochastic gradients prefers flat minima: the loss of a batch B is
// λ(y)/2 (x² - 2x x_B) with curvature λ(y) = 1 + y² across the valley and x_B normal of variance Variance, so that every point of
// its floor x = 0 is a minimum of the mean loss. One update is
//
//	x ← x - η λ (x - x_B),   y ← y - η λ′/2 (x² - 2x x_B).
//
// Across the valley x fluctuates with <x²> = η s² λ/(2 - ηλ), and along it the noise drives y towards low curvature,
// dy = -η λ′/2 <x²> an update, since x and the next x_B are independent.
type Valley struct {
	Rate     float64 // η
	Variance float64 // s² of x_B
	Start    float64 // y at the beginning; x is 0
	Seed     uint64
}

func (v Valley) check() error {
	if !(v.Rate > 0) || !(v.Variance >= 0) || !(v.Rate*(1+v.Start*v.Start) < 2) {
		return fmt.Errorf("modes: valley of rate %v, variance %v, start %v: positive numbers with η(1 + y²) < 2, above which descent is unstable", v.Rate, v.Variance, v.Start)
	}
	return nil
}

// Theory is y after each of n updates by the drift.
func (v Valley) Theory(n int) ([]float64, error) {
	if err := v.check(); err != nil {
		return nil, err
	}
	out, y := make([]float64, n), v.Start
	for t := range out {
		lambda := 1 + y*y
		y -= v.Rate * y * v.Rate * v.Variance * lambda / (2 - v.Rate*lambda)
		out[t] = y
	}
	return out, nil
}

const valleyStream = 98

// Simulate is y after each of n updates, averaged over `runs` independent ones, and its standard error.
func (v Valley) Simulate(n, runs int) (mean, err []float64, e error) {
	if e := v.check(); e != nil {
		return nil, nil, e
	}
	if runs < 2 {
		return nil, nil, fmt.Errorf("modes: %d runs of a valley: at least two for an error", runs)
	}
	mean, err = make([]float64, n), make([]float64, n)
	noise, s := make([]float64, n), math.Sqrt(v.Variance)
	for r := range runs {
		rng.At(v.Seed, uint64(r), rng.SetupStage, valleyStream).FillNormal64(noise, 0)
		x, y := 0.0, v.Start
		for t, z := range noise {
			xb, lambda := s*z, 1+y*y
			x, y = x-v.Rate*lambda*(x-xb), y-v.Rate*y*(x*x-2*x*xb)
			mean[t] += y
			err[t] += y * y
		}
	}
	for t := range mean {
		m := mean[t] / float64(runs)
		mean[t], err[t] = m, math.Sqrt(max(0, err[t]/float64(runs)-m*m)/float64(runs-1))
	}
	return mean, err, nil
}
