package spin

import (
	"fmt"
	"math"
)

// An Estimate is a mean with its standard error; Err is NaN where it is not known.
type Estimate struct{ Mean, Err float64 }

// timeBins is the number of stretches of time that a jackknife leaves out one by one.
const timeBins = 32

// Results are the averages of a run; slices run along Temperatures. Energies are per spin. Errors come from a jackknife
// over samples of the disorder where the model has at least two, else over stretches of time.
type Results struct {
	Temperatures      []float64
	Energy            []Estimate
	SpecificHeat      []Estimate // β²N(<e²>-<e>²), averaged over samples
	Magnetization     []Estimate // <|m|>
	Susceptibility    []Estimate // βN<m²>
	Binder            []Estimate // ½(3 - [<q⁴>]/[<q²>]²) of the overlap, or of m with one copy
	Overlap           []Estimate // <|q|>, nil with one copy
	Overlap2          []Estimate // <q²>
	LinkOverlap       []Estimate // nil where the carrier does not measure it
	LinkIdentity      []Estimate // e + (z/2)β(1-q_link), nil unless it is zero in equilibrium: for Gaussian couplings
	CorrelationLength []Estimate // ξ_L, second moment; nil where the carrier does not measure it
	FreeEnergy        []Estimate // per spin, by thermodynamic integration from β = 0, whose error of the first interval is in the errors
	FreeEnergyJoint   []Estimate // per spin, by multi-histogram reweighting; nil with one temperature or too few measurements
	TauInt            []Estimate // integrated autocorrelation time ½+Σρ(t) of the energy in measurements; NaN where it is not known
	TauWindow         []int      // measurements after which its sum is cut, by the rule of [stats.Tau]
	Equilibrated      []bool     // e and q² agree over stretches of doubling length (false alarm 1e-3 each), and LinkIdentity is zero
	SwapAcceptance    []float64  // between temperatures k and k+1
	RoundTrips        float64    // per walker
	Ground            []Ground   // per sample, the lowest seen
	OverError         string     // what the errors were taken over
}

// view gives the moments of every cell for one replicate of the jackknife.
type view struct {
	m        *Measurement
	average  []float64 // [moment·cells + cell]
	from, to int       // systems left out
}

// of is a moment of a system at a temperature.
func (v view) of(moment string, system, k int) float64 {
	i := v.m.rec.index(moment)
	return v.average[i*v.m.rec.cells+system*v.m.s.batch.temperatures+k]
}

// over averages f over the systems that are not left out.
func (v view) over(f func(system int) float64) float64 {
	sum, n := 0.0, 0
	for s := range v.m.s.batch.systems {
		if s < v.from || s >= v.to {
			sum, n = sum+f(s), n+1
		}
	}
	return sum / float64(n)
}

// replicates are the full view and those of the jackknife.
func (m *Measurement) replicates() (full view, left []view, over string, err error) {
	b := m.rec.blocks
	if len(b) == 0 {
		return full, nil, "", fmt.Errorf("spin: nothing was measured")
	}
	full = view{m: m, average: m.rec.average()}
	if systems := m.s.batch.systems; m.s.carrier.disordered() && systems > 1 {
		group := m.s.group()
		if group == systems {
			return full, nil, "samples of one word, which share random numbers: no errors", nil
		}
		for s := 0; s < systems; s += group {
			left = append(left, view{m, full.average, s, s + group})
		}
		over := "%d samples"
		if m.s.Shared {
			over = "%d words of samples that share random numbers"
		}
		return full, left, fmt.Sprintf(over, len(left)), nil
	}
	bins := min(timeBins, len(b))
	if bins < 4 {
		return full, nil, "too few measurements for errors", nil
	}
	for k := range bins {
		lo, hi := k*len(b)/bins, (k+1)*len(b)/bins
		rest := make([]float64, len(full.average))
		for i, x := range full.average {
			rest[i] = x * float64(len(b))
		}
		for _, x := range b[lo:hi] {
			for i, v := range x {
				rest[i] -= v
			}
		}
		for i := range rest {
			rest[i] /= float64(len(b) - (hi - lo))
		}
		left = append(left, view{m: m, average: rest})
	}
	return full, left, fmt.Sprintf("%d stretches of time", bins), nil
}

// estimate is f with its jackknife error: √((n-1)/n Σ (f_i - f̄)²).
func estimate(full view, left []view, f func(v view) float64) Estimate {
	e := Estimate{Mean: f(full), Err: math.NaN()}
	n := float64(len(left))
	if n < 2 {
		return e
	}
	var s1, s2 float64
	for _, v := range left {
		x := f(v) - e.Mean
		s1, s2 = s1+x, s2+x*x
	}
	e.Err = math.Sqrt(math.Max(0, (n-1)/n*(s2-s1*s1/n)))
	return e
}

// zero reports whether an estimate is zero within 4 errors; so is one without errors.
func (e Estimate) zero() bool { return !(math.Abs(e.Mean) > 4*e.Err) }

// Results computes the averages of everything measured so far.
func (m *Measurement) Results() (Results, error) {
	full, left, over, err := m.replicates()
	if err != nil {
		return Results{}, err
	}
	s, n := m.s, float64(m.s.batch.n)
	r := Results{Temperatures: s.Temperatures, OverError: over, Ground: m.ground}
	moment := func(name string, k int) func(view) float64 {
		return func(v view) float64 { return v.over(func(i int) float64 { return v.of(name, i, k) }) }
	}
	for k, t := range s.Temperatures {
		put := func(dst *[]Estimate, f func(view) float64) { *dst = append(*dst, estimate(full, left, f)) }
		put(&r.Energy, moment("e", k))
		put(&r.SpecificHeat, func(v view) float64 {
			return v.over(func(i int) float64 { e := v.of("e", i, k); return n / (t * t) * (v.of("e2", i, k) - e*e) })
		})
		put(&r.Magnetization, moment("|m|", k))
		put(&r.Susceptibility, func(v view) float64 { return n / t * moment("m2", k)(v) })
		second, fourth := "m2", "m4"
		if s.batch.copies > 1 {
			second, fourth = "q2", "q4"
			put(&r.Overlap, moment("|q|", k))
			put(&r.Overlap2, moment("q2", k))
		}
		put(&r.Binder, func(v view) float64 {
			x := moment(second, k)(v)
			return (3 - moment(fourth, k)(v)/(x*x)) / 2
		})
		if m.rec.index("l") >= 0 {
			put(&r.LinkOverlap, moment("l", k))
		}
		if g, ok := s.Model.(EdwardsAnderson); ok && g.Gaussian && m.rec.index("l") >= 0 && g.L > 2 {
			put(&r.LinkIdentity, func(v view) float64 {
				return moment("e", k)(v) + float64(g.D)/t*(1-moment("l", k)(v))
			})
		}
		if m.rec.index("qk2") >= 0 {
			// ξ = 1/(2 sin π/L) √(χ(0)/χ(k) - 1), zero where noise makes the root imaginary
			put(&r.CorrelationLength, func(v view) float64 {
				ratio := moment("q2", k)(v)/moment("qk2", k)(v) - 1
				return math.Sqrt(math.Max(0, ratio)) / (2 * math.Sin(math.Pi/float64(s.Model.(Lattice).Side())))
			})
		}
		put(&r.FreeEnergy, func(v view) float64 { return v.over(func(i int) float64 { return m.freeEnergy(v, i, k) }) })
		tau, window := m.chains.tau(k)
		r.TauInt, r.TauWindow = append(r.TauInt, tau), append(r.TauWindow, window)
		r.Equilibrated = append(r.Equilibrated, m.equilibrated(k) && (r.LinkIdentity == nil || r.LinkIdentity[k].zero()))
	}
	for k, t := range s.Temperatures { // ln Z has the same error of the first interval at every temperature
		f := &r.FreeEnergy[k]
		f.Err = math.Hypot(f.Err, t*m.gap(full))
	}
	if r.FreeEnergyJoint, err = m.reweighted(full, r.FreeEnergy[len(r.FreeEnergy)-1].Err); err != nil {
		return r, err
	}
	return r, m.exchanges(&r)
}

// gap estimates the error that the corrected trapezoid makes in ln Z per spin between β = 0 and the highest temperature, where the ladder
// is widest: its distance from the integral of -aβ + cβ³ + dβ⁵ through the same values and slopes, averaged over samples. That is the next
// order where e is odd in β, as it is on bipartite graphs and on average over couplings of either sign.
func (m *Measurement) gap(v view) float64 {
	n, last := float64(m.s.batch.n), len(m.s.Temperatures)-1
	b := 1 / m.s.Temperatures[last]
	return math.Abs(v.over(func(i int) float64 {
		e := v.of("e", i, last)
		slope, a := -n*(v.of("e2", i, last)-e*e), m.s.carrier.infinite(i)/n
		p, q := (e+a*b)/(b*b*b), (slope+a)/(b*b) // c + d b² and 3c + 5d b²
		d := (q - 3*p) / (2 * b * b)
		c := p - d*b*b
		odd := -a*b*b/2 + c*b*b*b*b/4 + d*b*b*b*b*b*b/6
		return b/2*e + b*b/12*(-a-slope) - odd
	}))
}

// freeEnergy integrates -β f = ln 2 - ∫_0^β e dβ′ with the corrected trapezoid h/2 (e_a + e_b) + h²/12 (e′_a - e′_b),
// e′ = -N(<e²>-<e>²). At β = 0 e and e′ are known exactly: the mean field energy 0 and -(ΣJ² + Σh²)/N.
func (m *Measurement) freeEnergy(v view, system, k int) float64 {
	n := float64(m.s.batch.n)
	last := len(m.s.Temperatures) - 1
	beta, e, slope := 0.0, 0.0, -m.s.carrier.infinite(system)/n
	area := 0.0
	for j := last; j >= k; j-- {
		b := 1 / m.s.Temperatures[j]
		x := v.of("e", system, j)
		d := -n * (v.of("e2", system, j) - x*x)
		h := b - beta
		area += h/2*(e+x) + h*h/12*(slope-d)
		beta, e, slope = b, x, d
	}
	return -(math.Ln2 - area) / beta
}
