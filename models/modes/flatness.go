package modes

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"cavity/engine/cpu/gemm"
)

// A Component is a principal direction of a trajectory of weights, of length 1, and the variance σ² along it.
type Component struct {
	Variance  float64
	Direction []float64
}

// Principal are the components of a trajectory, T snapshots of n weights each, in descending order of variance: eigenvectors of
// the covariance about the mean, Σ (w - <w>)(w - <w>)ᵀ/T. At most T-1 are returned, and none whose variance is below 1e-13
// of the first, which rounding hides. Whichever is smaller is diagonalised: the covariance, n × n, or the products of the
// snapshots, T × T, whose eigenvectors u give Σ u_t (w_t - <w>).
func Principal(trajectory [][]float64) ([]Component, error) {
	steps := len(trajectory)
	if steps < 2 || len(trajectory[0]) == 0 {
		return nil, fmt.Errorf("modes: principal components of %d snapshots: at least 2, of 1 weight or more", steps)
	}
	n := len(trajectory[0])
	x, mean := make([]float64, 0, steps*n), average(trajectory)
	for t, w := range trajectory {
		if len(w) != n {
			return nil, fmt.Errorf("modes: snapshot %d has %d weights, the first %d", t, len(w), n)
		}
		for i, v := range w {
			x = append(x, v-mean[i])
		}
	}
	small, spec := n, gemm.Spec{M: n, N: n, K: steps, TransA: true, Alpha: 1}
	if steps < n {
		small, spec = steps, gemm.Spec{M: steps, N: steps, K: n, TransB: true, Alpha: 1}
	}
	products := make([]float64, small*small)
	if err := gemm.Multiply(spec, x, x, products); err != nil {
		return nil, err
	}
	values, vectors, err := eigen(products, small)
	if err != nil {
		return nil, err
	}
	var out []Component
	for k := range min(small, steps-1) {
		if !(values[k] > 1e-13*values[0]) {
			break
		}
		direction := vectors[k]
		if small != n {
			direction = make([]float64, n)
			for t, u := range vectors[k] {
				for i := range n {
					direction[i] += u * x[t*n+i]
				}
			}
			normalise(direction)
		}
		out = append(out, Component{values[k] / float64(steps), direction})
	}
	return out, nil
}

// average is the mean of equally long rows; rows that are longer than the first are cut, the caller refuses them.
func average(rows [][]float64) []float64 {
	mean := make([]float64, len(rows[0]))
	for _, r := range rows {
		for i := range min(len(mean), len(r)) {
			mean[i] += r[i] / float64(len(rows))
		}
	}
	return mean
}

func normalise(x []float64) {
	scale := 1 / norm(x)
	for i := range x {
		x[i] *= scale
	}
}

func norm(x []float64) float64 { return math.Sqrt(dot(x, x)) }

func dot(x, y []float64) float64 {
	sum := 0.0
	for i, v := range x {
		sum += v * y[i]
	}
	return sum
}

// eigen is the eigenvalues, in descending order, and eigenvectors of a symmetric n × n matrix.
func eigen(a []float64, n int) (values []float64, vectors [][]float64, err error) {
	var e mat.EigenSym
	if !e.Factorize(mat.NewSymDense(n, a), true) {
		return nil, nil, fmt.Errorf("modes: the eigenvalues of a matrix of %d rows did not converge", n)
	}
	var v mat.Dense
	e.VectorsTo(&v)
	ascending := e.Values(nil)
	for k := n - 1; k >= 0; k-- {
		values, vectors = append(values, ascending[k]), append(vectors, mat.Col(nil, k, &v))
	}
	return values, vectors, nil
}

// Flatness is the width F of the interval around a minimum within which a loss along a direction stays under e times its value
// there (Feng, Tu 2021): the distance between the nearest such points on both sides, to one part in 10⁹. The points are
// bracketed by doubling from `first` on and then closed in upon; a loss that stays below out to `most` on one side gives
// +Inf.
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
		// ln(L/L₀) - 1 is nearly straight where L grows like a power or an exponential
		rise := func(distance float64) (float64, error) {
			l, err := loss(sign * distance)
			return math.Log(l/floor) - 1, err
		}
		edge, err := crossing(rise, first, most)
		if err != nil || math.IsInf(edge, 1) {
			return edge, err
		}
		width += edge
	}
	return width, nil
}

// crossing is where f, which is -1 at 0, first reaches 0, or +Inf if it does not out to most: doubling, then false position with the
// weight of an end that stays halved (the Illinois rule), and a bisection wherever three steps did not shrink the bracket
// to a half. A loss that is no number counts as above.
func crossing(f func(float64) (float64, error), first, most float64) (float64, error) {
	low, below, high, above := 0.0, -1.0, first, 0.0
	for {
		y, err := f(high)
		if err != nil {
			return 0, err
		}
		if !(y < 0) {
			above = y
			break
		}
		if low, below, high = high, y, 2*high; low >= most {
			return math.Inf(1), nil
		}
	}
	for width, stayed := high-low, 0; high-low > 1e-9*high; stayed++ {
		middle := low - below*(high-low)/(above-below)
		if bisect := stayed%3 == 2 && 2*(high-low) > width; bisect || !(middle > low && middle < high) {
			middle = (low + high) / 2
		}
		if stayed%3 == 2 {
			width = high - low
		}
		y, err := f(middle)
		if err != nil {
			return 0, err
		}
		if y < 0 {
			low, below, above = middle, y, above/2
		} else {
			high, above, below = middle, y, below/2
		}
		if y == 0 {
			return middle, nil
		}
	}
	return high, nil
}
