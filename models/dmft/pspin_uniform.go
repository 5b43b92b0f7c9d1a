package dmft

import (
	"context"
	"fmt"
	"math"

	"cavity/models/dmft/internal/twotime"
)

// TwoTime is a solution on the uniform grid t_i = i Step, 0 ≤ i ≤ N.
type TwoTime struct {
	Step   float64
	N      int
	Energy []float64 // e(t_i)
	// rows of the lower triangle, row i with i+1 numbers at i(i+1)/2
	c, r []float64
}

func row(packed []float64, i int) []float64 { return packed[i*(i+1)/2 : (i+1)*(i+2)/2] }

// C is C(t_i, t_j), symmetric.
func (s *TwoTime) C(i, j int) float64 {
	if j > i {
		i, j = j, i
	}
	return row(s.c, i)[j]
}

// R is R(t_i, t_j), zero for j > i.
func (s *TwoTime) R(i, j int) float64 {
	if j > i {
		return 0
	}
	return row(s.r, i)[j]
}

// Quench solves the equations from t = 0 to time by steps of second order: Adams-Bashforth predicts a row, one evaluation of the
// integrals by the trapezoid rule corrects it. Errors are of order step² and [Extrapolate] removes them.
// It costs time³/step³/3 multiply-adds and 8 (time/step)² bytes, read once a step.
func (m PSpin) Quench(ctx context.Context, time, step float64) (*TwoTime, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	if err := m.CheckStep(step); err != nil {
		return nil, err
	}
	n := int(math.Round(time / step))
	if n < 1 || n > 200_000 {
		return nil, fmt.Errorf("dmft: p-spin: time %v is %d steps of %v, want 1 to 200,000", time, n, step)
	}
	if err := checkMemory(8*float64(n)*float64(n), "p-spin on a uniform grid", "a shorter time, a larger step or the compressed history"); err != nil {
		return nil, err
	}
	q := newUniformQuench(m, n, step)
	for i := 0; i < n; i++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		q.advance(i)
	}
	return q.s, nil
}

type uniformQuench struct {
	m      PSpin
	s      *TwoTime
	c, r   []float64 // the predicted row
	fc, fr []float64 // its time derivatives, and those one step before
	gc, gr []float64
	d, v   []float64 // f'(C), f”(C) R and its trapezoid weights
	w      []float64
	i2, i3 []float64
}

func newUniformQuench(m PSpin, n int, step float64) *uniformQuench {
	size := (n + 1) * (n + 2) / 2
	q := &uniformQuench{m: m, s: &TwoTime{Step: step, N: n, Energy: make([]float64, n+1), c: make([]float64, size), r: make([]float64, size)}}
	for _, p := range []*[]float64{&q.c, &q.r, &q.fc, &q.fr, &q.gc, &q.gr, &q.d, &q.v, &q.w, &q.i2, &q.i3} {
		*p = make([]float64, n+1)
	}
	q.s.c[0], q.s.r[0] = 1, 1
	q.fc[0], q.fr[0] = -m.Temperature, -m.Temperature
	return q
}

// advance computes row i+1 from the rows up to i and the derivatives at i and i-1.
func (q *uniformQuench) advance(i int) {
	h := q.s.Step
	c0, r0 := row(q.s.c, i), row(q.s.r, i)
	for j := 0; j < i; j++ {
		q.c[j] = c0[j] + h*(1.5*q.fc[j]-.5*q.gc[j])
		q.r[j] = r0[j] + h*(1.5*q.fr[j]-.5*q.gr[j])
	}
	q.c[i], q.r[i] = c0[i]+h*q.fc[i], r0[i]+h*q.fr[i] // a new column has no past
	q.c[i+1], q.r[i+1] = 1, 1
	q.fc, q.gc = q.gc, q.fc
	q.fr, q.gr = q.gr, q.fr
	q.derivatives(i + 1)
	c1, r1 := row(q.s.c, i+1), row(q.s.r, i+1)
	for j := 0; j <= i; j++ {
		c1[j] = c0[j] + h/2*(q.gc[j]+q.fc[j])
		r1[j] = r0[j] + h/2*(q.gr[j]+q.fr[j])
	}
	c1[i+1], r1[i+1] = 1, 1
	e := 0.
	for j := range c1 {
		e -= trapezoid(j, i+1, h) * q.m.slope(c1[j]) * r1[j]
	}
	q.s.Energy[i+1] = e
}

func trapezoid(j, last int, h float64) float64 {
	if j == 0 || j == last {
		return h / 2
	}
	return h
}

// derivatives fills fc and fr with the right-hand sides for the row (c, r) at t_i.
func (q *uniformQuench) derivatives(i int) {
	h := q.s.Step
	z := q.m.Temperature
	for j := 0; j <= i; j++ {
		q.d[j], q.v[j] = q.m.slope(q.c[j]), q.m.curvature(q.c[j])*q.r[j]
		w := trapezoid(j, i, h)
		z += w * (q.d[j]*q.r[j] + q.v[j]*q.c[j])
		q.w[j] = w * q.v[j]
		q.i2[j], q.i3[j] = 0, 0
	}
	for j := 0; j <= i; j++ {
		cj, rj := q.c[:i+1], q.r[:i+1]
		if j < i {
			cj, rj = row(q.s.c, j), row(q.s.r, j)
		}
		dr, cv := twotime.Fold(rj, cj, q.d, q.w, q.i3, q.i2, q.v[j], q.w[j])
		// The trapezoid's ends; the diagonal of C met both the row and the column.
		i1 := h * (dr - rj[0]*q.d[0]/2 - q.d[j]/2)
		if j == 0 {
			i1 = 0
		}
		q.fc[j] = i1 + cv - q.w[j]
		q.fr[j] = -q.v[j]/2 - q.v[i]*q.r[j]/2
	}
	for j := 0; j <= i; j++ {
		q.fc[j] += q.i2[j] - z*q.c[j]
		q.fr[j] = h*(q.fr[j]+q.i3[j]) - z*q.r[j]
	}
	q.fr[i] = -z
}

// Extrapolate removes the error of order step² from two values computed with a step and with half of it (Richardson).
func Extrapolate(coarse, fine float64) float64 { return fine + (fine-coarse)/3 }

// Limit extrapolates a value of the uniform grid from up to three steps, each half of the one before: the errors of
// second and, given three, of third order in the step are removed. at(k) is the value with the step divided by 2^k.
func Limit(levels int, at func(k int) float64) float64 {
	switch levels {
	case 1:
		return at(0)
	case 2:
		return Extrapolate(at(0), at(1))
	}
	coarse, fine := Extrapolate(at(0), at(1)), Extrapolate(at(1), at(2))
	return fine + (fine-coarse)/7
}

// Chi is the response at t_i to a field switched on at t_j, ∫_{t_j}^{t_i} R(t_i, s) ds by the trapezoid rule.
func (s *TwoTime) Chi(i, j int) float64 {
	sum := 0.
	for k := j; k < i; k++ {
		sum += (s.R(i, k) + s.R(i, k+1)) * s.Step / 2
	}
	return sum
}
