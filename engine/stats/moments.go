package stats

import "math"

// Moments accumulates the mean and the central moments up to the fourth of a series in one pass, without cancellation
// (Welford 1962; Pébay, Sandia report SAND2008-6212). The zero value is empty and ready.
//
// NaN and infinite values are not added; Bad counts them, so that one bad measurement is seen instead of spoiling the sums.
type Moments struct {
	n                int64
	bad              int64
	mean, m2, m3, m4 float64 // mean and sums of powers of the deviations from it
}

// Add takes one value.
func (m *Moments) Add(x float64) {
	if x-x != 0 {
		m.bad++
		return
	}
	n := float64(m.n)
	m.n++
	n1 := float64(m.n)
	d := x - m.mean
	dn := d / n1
	t := d * dn * n
	m.mean += dn
	m.m4 += t*dn*dn*(n1*n1-3*n1+3) + 6*dn*dn*m.m2 - 4*dn*m.m3
	m.m3 += t*dn*(n1-2) - 3*dn*m.m2
	m.m2 += t
}

// Merge adds all values that o has seen.
func (m *Moments) Merge(o Moments) {
	m.bad += o.bad
	if o.n == 0 {
		return
	}
	if m.n == 0 {
		o.bad = m.bad
		*m = o
		return
	}
	a, b := float64(m.n), float64(o.n)
	n := a + b
	d := o.mean - m.mean
	dn := d / n
	m4 := m.m4 + o.m4 + d*dn*dn*dn*a*b*(a*a-a*b+b*b) + 6*dn*dn*(a*a*o.m2+b*b*m.m2) + 4*dn*(a*o.m3-b*m.m3)
	m3 := m.m3 + o.m3 + d*dn*dn*a*b*(a-b) + 3*dn*(a*o.m2-b*m.m2)
	m.m2 += o.m2 + d*dn*a*b
	m.m3, m.m4 = m3, m4
	m.mean += dn * b
	m.n += o.n
}

// N is the number of values added, Bad that of the NaN and infinite ones left out.
func (m *Moments) N() int64   { return m.n }
func (m *Moments) Bad() int64 { return m.bad }

// Mean is the arithmetic mean; NaN without values.
func (m *Moments) Mean() float64 {
	if m.n == 0 {
		return math.NaN()
	}
	return m.mean
}

// Variance is the unbiased one, Σ(x-mean)²/(n-1); NaN below two values.
func (m *Moments) Variance() float64 {
	if m.n < 2 {
		return math.NaN()
	}
	return m.m2 / float64(m.n-1)
}

// Estimate is the mean with the error √(Variance/n), which holds for INDEPENDENT values; for a Markov chain use Binning or Tau.
func (m *Moments) Estimate() Estimate {
	return Estimate{m.Mean(), math.Sqrt(m.Variance() / float64(m.n))}
}

// Skewness is μ₃/μ₂^(3/2), the central moments being averages; NaN without scatter.
func (m *Moments) Skewness() float64 {
	return math.Sqrt(float64(m.n)) * m.m3 / math.Pow(m.m2, 1.5)
}

// Kurtosis is the excess μ₄/μ₂²-3, zero for a Gaussian; NaN without scatter.
func (m *Moments) Kurtosis() float64 {
	return float64(m.n)*m.m4/(m.m2*m.m2) - 3
}
