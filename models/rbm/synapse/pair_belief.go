package synapse

import (
	"math"

	"cavity/engine/rng"
)

// pairSolver is belief propagation for two features. The message of synapse i to example a is the law of (ξ¹_i, ξ²_i) without a,
// held as its moments m¹, m² and ⟨ξ¹ξ²⟩. Seen from i the sums X¹ and X² of an example over the other sites are normal, so that the
// example's message, with p = β(G¹+G²), r = β(G¹-G²), c = βσ_i/√N, C the covariance of the sums and R the mean overlap
// of the other sites, is
//
//	u(ξ¹, ξ²) ∝ [e^{β²C} cosh(p + c(ξ¹+ξ²)) + e^{-β²C} cosh(r + c(ξ¹-ξ²))] / Z(R + ξ¹ξ²/N),
//
// whose logarithm is h¹ξ¹ + h²ξ² + k ξ¹ξ² but for a constant.
type pairSolver struct {
	*Pair
	m1, m2, q    []float64 // messages of synapses, [M·N]
	u1, u2, k    []float64 // messages of examples, [M·N]
	f1, f2, fk   []float64 // sums of these over examples, [N]
	ch, sh, unit float64   // cosh and sinh of 2β/√N, and 1/√N
}

func (p *Pair) solver(amplitude float64, seed uint64) *pairSolver {
	size := p.N * p.M
	z := 2 * p.Beta / math.Sqrt(float64(p.N))
	s := &pairSolver{Pair: p, ch: math.Cosh(z), sh: math.Sinh(z), unit: 1 / math.Sqrt(float64(p.N))}
	for _, x := range []*[]float64{&s.m1, &s.m2, &s.q, &s.u1, &s.u2, &s.k} {
		*x = make([]float64, size)
	}
	for _, x := range []*[]float64{&s.f1, &s.f2, &s.fk} {
		*x = make([]float64, p.N)
	}
	r := rng.At(seed, 0, rng.SetupStage, 15)
	for e := range size {
		s.m1[e], s.m2[e], s.q[e] = amplitude*r.Normal64(uint64(2*e)), amplitude*r.Normal64(uint64(2*e+1)), p.Overlap
		if i := e % p.N; i < p.Known {
			s.m1[e], s.m2[e], s.q[e] = s.told(i)
		}
	}
	return s
}

// told are the moments of a site that is known.
func (p *Pair) told(i int) (m1, m2, q float64) {
	m1, m2 = float64(p.Features[0][i]), float64(p.Features[1][i])
	return m1, m2, m1 * m2
}

// examples computes the messages of all examples and their sums.
func (s *pairSolver) examples() {
	clear(s.f1)
	clear(s.f2)
	clear(s.fk)
	for a := range s.M {
		s.example(a)
	}
}

func (s *pairSolver) example(a int) {
	n := s.N
	m1, m2, q := s.m1[a*n:(a+1)*n], s.m2[a*n:(a+1)*n], s.q[a*n:(a+1)*n]
	data := s.Data[a*n : (a+1)*n]
	g1, g2, together, overlap := 0.0, 0.0, 0.0, 0.0
	for i, x := range m1 {
		d := float64(data[i])
		g1, g2 = g1+d*x, g2+d*m2[i]
		together, overlap = together+q[i]-x*m2[i], overlap+q[i]
	}
	share := 1 / float64(n)
	beta2 := s.Beta * s.Beta
	// What single sites add to C and to R is of order 1/N: the exponential of the one is taken to first order, the other is left
	// out, because its effect on the message is of order 1/N².
	mean := math.Exp(2 * beta2 * together * share) // e^{β²C} / e^{-β²C}
	z := s.repulsion(overlap * share)
	for i, x := range m1 {
		d, y := float64(data[i]), m2[i]
		up := mean * (1 - 2*beta2*share*(q[i]-x*y))
		p, r := s.Beta*s.unit*(g1-d*x+g2-d*y), s.Beta*s.unit*(g1-d*x-g2+d*y)
		// Both terms over e^{-β²C} e^{max(|p|, |r|)}, so that no example is too clear for the range of numbers.
		most := max(math.Abs(p), math.Abs(r))
		ep, en := math.Exp(p-most), math.Exp(-p-most)
		er, eo := math.Exp(r-most), math.Exp(-r-most)
		cp, sp := up*(ep+en), up*(ep-en)*s.sh*d
		cr, sr := er+eo, (er-eo)*s.sh*d
		alike, unlike := cp*s.ch, cr*s.ch
		pp, mm := alike+sp+cr, alike-sp+cr   // ξ = ++ and --
		pm, mp := cp+unlike+sr, cp+unlike-sr // ξ = +- and -+
		even, odd := math.Log(pp/mm)/4, math.Log(pm/mp)/4
		k := math.Log(pp*mm/(pm*mp))/4 - z
		e := a*n + i
		s.u1[e], s.u2[e], s.k[e] = even+odd, even-odd, k
		s.f1[i] += even + odd
		s.f2[i] += even - odd
		s.fk[i] += k
	}
}

// moments of exp(h¹ξ¹ + h²ξ² + kξ¹ξ²).
func moments(h1, h2, k float64) (m1, m2, q float64) {
	t1, t2, t := math.Tanh(h1), math.Tanh(h2), math.Tanh(k)
	z := 1 + t1*t2*t
	return (t1 + t2*t) / z, (t2 + t1*t) / z, (t + t1*t2) / z
}

// synapses computes the messages of all synapses and returns the largest change.
func (s *pairSolver) synapses() (worst float64) {
	prior := math.Atanh(s.Overlap)
	for e := range s.u1 {
		i := e % s.N
		if i < s.Known {
			continue
		}
		m1, m2, q := moments(s.f1[i]-s.u1[e], s.f2[i]-s.u2[e], s.fk[i]-s.k[e]+prior)
		worst = max(worst, math.Abs(m1-s.m1[e]), math.Abs(m2-s.m2[e]), math.Abs(q-s.q[e]))
		s.m1[e], s.m2[e], s.q[e] = m1, m2, q
	}
	return worst
}

// Believe iterates belief propagation from small random messages until no message moves by more than tolerance, at most
// steps times. A step costs N·M operations of about a hundred nanoseconds. Where the overlap is small the messages may
// settle at features of which one is turned, a state of lower weight that a small system does not leave: both shares of
// Overlaps are then low.
func (p *Pair) Believe(steps int, tolerance float64, seed uint64) PairBeliefs {
	s := p.solver(.1, seed)
	b := PairBeliefs{Means: [2][]float64{make([]float64, p.N), make([]float64, p.N)}, Products: make([]float64, p.N)}
	for b.Steps = 1; b.Steps <= steps; b.Steps++ {
		s.examples()
		if s.synapses() < tolerance {
			b.Converged = true
			break
		}
	}
	prior := math.Atanh(p.Overlap)
	for i := range p.N {
		if i < p.Known {
			b.Means[0][i], b.Means[1][i], b.Products[i] = p.told(i)
			continue
		}
		b.Means[0][i], b.Means[1][i], b.Products[i] = moments(s.f1[i], s.f2[i], s.fk[i]+prior)
	}
	return b
}

// Growth is the factor by which small messages grow in a step, the mean over the second half of so many steps: above 1 the
// state that knows nothing is unstable, and something is learned.
func (p *Pair) Growth(steps int, seed uint64) float64 {
	const small = 1e-5
	s := p.solver(small, seed)
	size := func() float64 {
		sum := 0.0
		for e, x := range s.m1 {
			sum += x*x + s.m2[e]*s.m2[e]
		}
		return math.Sqrt(sum / float64(2*len(s.m1)))
	}
	logs, at := 0.0, size()
	for step := range steps {
		s.examples()
		s.synapses()
		now := size()
		if step >= steps/2 {
			logs += math.Log(now / at)
		}
		for e := range s.m1 { // back to where the growth is linear
			s.m1[e], s.m2[e] = s.m1[e]*small/now, s.m2[e]*small/now
		}
		at = small
	}
	return math.Exp(logs / float64(steps-steps/2))
}
