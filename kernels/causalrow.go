package kernels

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/kernels/internal/rows"
)

// causalRow extends a Cholesky factor by the present time.
type causalRow struct {
	op
	n, m            int
	gain, tolerance float64
}

// CausalRow computes one row of the Cholesky factor of a Gaussian field with the covariance
//
//	Γ(i, k) = gain · (1/m) Σ φ_m(i) φ_m(k)
//
// of a population of m trajectories at step i, the step's number modulo n. Smooth processes have covariances of low rank: only a time
// whose variance given the earlier pivots exceeds tolerance · Γ(i, i) becomes a pivot; the rest of the variance of the others is
// taken as independent, which errs by less than that tolerance.
//
//	factor   float64 [n+2, n+3]  advanced in place; any value to begin with
//	history  float32 [n, m]      φ, its rows up to i are read
//
// Rows p < n of the factor hold the factor of the pivots, row n the present row, and row n+1 the pivots' times. The last three columns of
// row n are the number of pivots before this step, the standard deviation that is left, and 1 if the step is a pivot, else 0.
func CausalRow(gain, tolerance float64, factor, history *gorgonia.Node) (*gorgonia.Node, error) {
	if err := operand("causal row", "history", history, tensor.Float32, anySize, anySize); err != nil {
		return nil, err
	}
	n, m := history.Shape()[0], history.Shape()[1]
	if err := first(
		operand("causal row", "factor", factor, tensor.Float64, n+2, n+3),
		needTrajectories("causal row", m),
	); err != nil {
		return nil, err
	}
	form := fmt.Sprintf("CausalRow{gain %x, tolerance %x}", gain, tolerance)
	k := &causalRow{newOp(form, tensor.Float64, factor.Shape(), factor, history), n, m, gain, tolerance}
	return gorgonia.ApplyOp(k, factor, history)
}

// InPlace is the factor.
func (k *causalRow) InPlace() int { return 0 }

// Host is the definition.
func (k *causalRow) Host(c engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	history := engine.Slice[float32](in[1])
	f := causalFactor{engine.Slice[float64](out), k.n}
	i := int(c.Step % uint64(k.n))
	now := history[i*k.m : (i+1)*k.m]
	f.extend(k, i, func(t int) float64 {
		sum := 0.
		for m, x := range history[t*k.m : (t+1)*k.m] {
			sum += float64(x) * float64(now[m])
		}
		return sum
	})
	return nil
}

// Bind sums pieces of the population in parallel and adds them in order.
func (k *causalRow) Bind(w engine.Workers, out engine.Buffer, in []engine.Buffer) (func(*engine.Clock) error, error) {
	history := engine.Slice[float32](in[1])
	f := causalFactor{engine.Slice[float64](out), k.n}
	parts := make([]float64, pieces(k.m)*(k.n+1))
	var i, pivots int
	time := func(p int) int { // of a pivot, the last one being the present
		if p == pivots {
			return i
		}
		return f.time(p)
	}
	task := func(t, _ int) {
		lo, hi := t*piece, min((t+1)*piece, k.m)
		now := history[i*k.m+lo : i*k.m+hi]
		for p := 0; p <= pivots; p++ {
			at := time(p) * k.m
			parts[t*(k.n+1)+p] = rows.Dot(now, history[at+lo:at+hi])
		}
	}
	asked := 0
	product := func(int) float64 { // extend asks in the order of the pivots, the present first
		p := (asked + pivots) % (pivots + 1)
		asked++
		sum := 0.
		for t := range pieces(k.m) {
			sum += parts[t*(k.n+1)+p]
		}
		return sum
	}
	return func(c *engine.Clock) error {
		i, asked = int(c.Step%uint64(k.n)), 0
		pivots = f.count(i)
		w.Do(pieces(k.m), task)
		f.extend(k, i, product)
		return nil
	}, nil
}

// causalFactor reads and writes the factor of [CausalRow].
type causalFactor struct {
	a []float64
	n int
}

func (f causalFactor) row(p int) []float64 { return f.a[p*(f.n+3) : (p+1)*(f.n+3)] }

// count is the number of pivots before step i.
func (f causalFactor) count(i int) int {
	if i == 0 {
		return 0
	}
	last := f.row(f.n)
	return int(last[f.n] + last[f.n+2])
}

func (f causalFactor) time(p int) int { return int(f.row(f.n + 1)[p]) }

// extend computes the row of step i; product gives Σ_m φ(i) φ(t), asked first for i, then for the pivots in their order.
func (f causalFactor) extend(k *causalRow, i int, product func(t int) float64) {
	pivots := f.count(i)
	scale := k.gain / float64(k.m)
	variance := scale * product(i)
	l, left := f.row(f.n), variance
	for p := range pivots {
		x, b := scale*product(f.time(p)), f.row(p)
		for q := range p {
			x -= b[q] * l[q]
		}
		l[p] = x / b[p]
		left -= l[p] * l[p]
	}
	left = max(left, 0)
	l[f.n], l[f.n+1], l[f.n+2] = float64(pivots), math.Sqrt(left), 0
	if left > k.tolerance*variance {
		l[f.n+2] = 1
		b := f.row(pivots)
		copy(b, l[:pivots])
		b[pivots] = l[f.n+1]
		f.row(f.n + 1)[pivots] = float64(i)
	}
}
