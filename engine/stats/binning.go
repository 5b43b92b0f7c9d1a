package stats

import "math"

// levels bounds the binning analysis: blocks of up to 2⁴⁷ values, more than any run makes.
const levels = 48

// Binning is the blocking analysis of a correlated series, of any length in fixed memory (Flyvbjerg and Petersen 1989,
// doi:10.1063/1.457480): level l holds the mean and the scatter of the means of blocks of 2^l values. While blocks are shorter than
// the correlation time the naive error of a level grows with l; then it stays on a plateau, which is the error of the mean.
// The zero value is empty and ready. Add costs a few nanoseconds and allocates nothing.
type Binning struct {
	level   [levels]moments2
	waiting [levels]float64 // the first of a pair, where the level's count is odd
	bad     int64
}

// moments2 is Moments without the third and fourth.
type moments2 struct {
	n        int64
	mean, m2 float64
}

func (m *moments2) add(x float64) {
	m.n++
	d := x - m.mean
	m.mean += d / float64(m.n)
	m.m2 += d * (x - m.mean)
}

func (m *moments2) squaredError() float64 { return m.m2 / float64(m.n-1) / float64(m.n) }

// Add takes one value. NaN and infinite ones are left out and counted by Bad.
func (b *Binning) Add(x float64) {
	if x-x != 0 {
		b.bad++
		return
	}
	for l := range b.level {
		m := &b.level[l]
		m.add(x)
		if m.n&1 == 1 {
			b.waiting[l] = x
			return
		}
		x = (x + b.waiting[l]) / 2
	}
}

// N is the number of values added, Bad that of those left out.
func (b *Binning) N() int64   { return b.level[0].n }
func (b *Binning) Bad() int64 { return b.bad }

// Mean is the mean of all values; NaN without any.
func (b *Binning) Mean() float64 {
	if b.N() == 0 {
		return math.NaN()
	}
	return b.level[0].mean
}

// Variance is the unbiased variance of single values.
func (b *Binning) Variance() float64 {
	if b.N() < 2 {
		return math.NaN()
	}
	return b.level[0].m2 / float64(b.N()-1)
}

// A Level is one line of the binning analysis.
type Level struct {
	Size   int64   // values in a block
	Blocks int64   // complete blocks
	Err    float64 // error of the mean if blocks were independent
	ErrErr float64 // standard error of Err: Err/√(2(Blocks-1))
}

// Levels appends the levels with at least two blocks to dst.
func (b *Binning) Levels(dst []Level) []Level {
	for l := range b.level {
		m := &b.level[l]
		if m.n < 2 {
			break
		}
		e := math.Sqrt(m.squaredError())
		dst = append(dst, Level{int64(1) << l, m.n, e, e / math.Sqrt(2*float64(m.n-1))})
	}
	return dst
}

// plateau is the first level whose blocks are long enough for the bias and the noise of the error to balance:
// size³ > 2N(e_l/e_0)⁴ (Lee, Conduit, Nemec, López Ríos, Drummond 2011, doi:10.1103/PhysRevE.83.066706). ok is false
// when no level with at least 16 blocks satisfies it: the series is too short, and the last such level is returned.
func (b *Binning) plateau() (l int, ok bool) {
	e0 := b.level[0].squaredError()
	for l = range b.level {
		size := math.Ldexp(1, l)
		growth := b.level[l].squaredError() / e0
		if e0 == 0 || size*size*size > 2*float64(b.N())*growth*growth {
			return l, true
		}
		if l+1 == levels || b.level[l+1].n < 16 {
			break
		}
	}
	return l, false
}

// Estimate is the mean with the error from the plateau. converged is false when the series is too short for its correlation time
// to be seen (or has fewer than two values): the error is then the largest level's, and a lower bound.
func (b *Binning) Estimate() (e Estimate, converged bool) {
	if b.N() < 2 {
		return Estimate{b.Mean(), math.NaN()}, false
	}
	l, ok := b.plateau()
	return Estimate{b.Mean(), math.Sqrt(b.level[l].squaredError())}, ok
}

// Tau is the integrated autocorrelation time ½(e_l/e_0)² that the plateau implies, in steps of the series: ½ without correlation.
func (b *Binning) Tau() (tau float64, converged bool) {
	if b.N() < 2 {
		return math.NaN(), false
	}
	l, ok := b.plateau()
	if b.level[0].m2 == 0 {
		return .5, ok
	}
	return .5 * b.level[l].squaredError() / b.level[0].squaredError(), ok
}
