package modes

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// A Component is a principal direction of a trajectory of weights, of length 1, and the variance σ² along it.
type Component struct {
	Variance  float64
	Direction []float64
}

// Principal are the components of a trajectory, T snapshots of n weights each, in descending order of variance: eigenvectors of
// the covariance about the mean, Σ (w - <w>)(w - <w>)ᵀ/T. At most T-1 are returned, those of variance 0 left out. They are
// found by the singular values of the centred snapshots.
func Principal(trajectory [][]float64) ([]Component, error) {
	steps := len(trajectory)
	if steps < 2 || len(trajectory[0]) == 0 {
		return nil, fmt.Errorf("modes: principal components of %d snapshots: at least 2, of 1 weight or more", steps)
	}
	n := len(trajectory[0])
	x := mat.NewDense(steps, n, nil)
	for t, w := range trajectory {
		if len(w) != n {
			return nil, fmt.Errorf("modes: snapshot %d has %d weights, the first %d", t, len(w), n)
		}
		x.SetRow(t, w)
	}
	for i := range n {
		mean := mat.Sum(x.ColView(i)) / float64(steps)
		for t := range steps {
			x.Set(t, i, x.At(t, i)-mean)
		}
	}
	var svd mat.SVD
	if !svd.Factorize(x, mat.SVDThin) {
		return nil, fmt.Errorf("modes: the principal components did not converge")
	}
	var v mat.Dense
	svd.VTo(&v)
	var out []Component
	values := svd.Values(nil)
	for k, s := range values {
		if s <= 1e-12*values[0] || k >= steps-1 {
			break
		}
		out = append(out, Component{s * s / float64(steps), mat.Col(nil, k, &v)})
	}
	return out, nil
}

// Flatness is the width F of the interval around a minimum within which a loss along a direction stays under e times its value
// there (Feng, Tu 2021): the distance between the nearest such points on both sides, to one part in 10⁹. The points are
// bracketed by doubling from `first` on and then bisected; a loss that stays below out to `most` on one side gives +Inf.
func Flatness(loss func(distance float64) (float64, error), first, most float64) (float64, error) {
	floor, err := loss(0)
	if err != nil {
		return 0, err
	}
	if !(floor > 0) || !(first > 0) || !(most >= first) {
		return 0, fmt.Errorf("modes: flatness of a loss of %v from %v to %v: a positive loss and 0 < first ≤ most", floor, first, most)
	}
	width := 0.0
	for _, sign := range []float64{-1, 1} {
		low, high := 0.0, first
		for {
			l, err := loss(sign * high)
			if err != nil {
				return 0, err
			}
			if !(l < math.E*floor) {
				break
			}
			if low, high = high, 2*high; low >= most {
				return math.Inf(1), nil
			}
		}
		for high-low > 1e-9*high {
			middle := (low + high) / 2
			l, err := loss(sign * middle)
			if err != nil {
				return 0, err
			}
			if l < math.E*floor {
				low = middle
			} else {
				high = middle
			}
		}
		width += high
	}
	return width, nil
}
