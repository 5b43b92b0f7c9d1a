// Package lowrank holds the inner loops of sweeps over spins whose couplings are a sum of p patterns ξ^μ of ±1,
//
//	J_ij = (1/n) Σ_μ ξ_i^μ ξ_j^μ (i ≠ j),   H = -(1/2n) Σ_μ M_μ² + p/2 - Σ_i b_i s_i,   M_μ = Σ_i ξ_i^μ s_i
//
// at O(p) a flip: what is kept up to date is the overlaps M_μ, integers that float32 holds exactly below 2^24.
//
// Two samplers of one law work on one state. Sweep visits the sites in order with the local field
//
//	h_i = (1/n)(Σ_μ ξ_i^μ M_μ - p s_i) + b_i
//
// Gibbs splits the square (Hubbard and Stratonovich): it draws λ_μ = M_μ/√n + √T z_μ, then all spins given λ by the heat
// bath with the field h_i = (1/√n) Σ_μ ξ_i^μ λ_μ + b_i, and counts the overlaps anew.
//
// Little's dynamics turns all spins at once by the heat bath in the fields of Sweep, all of them those of the old spins. Its
// stationary law is another one, proportional to exp(β b·s) Π_i cosh(β h_i).
//
// Lanes are replicas. Per system: state [n + stride][lanes], the spins of each site first and then the overlaps, with
// PatternStride(p) rows and LaneStride(replicas) lanes; patterns [n][stride], zero from column p on; external fields [n].
//
// A field is summed over μ in four parts, μ mod 4, which are added as (0+1)+(2+3), each operation rounded to float32.
package lowrank

import (
	"math"

	"cavity/engine/rng"
	"cavity/kernels/internal/chance"
)

// Model is the size of a problem.
type Model struct {
	Systems, Sites, Patterns, Replicas int
}

// PatternStride is the number of patterns rounded up to a multiple of four.
func PatternStride(p int) int { return (p + 3) &^ 3 }

// LaneStride is the number of replicas rounded up to a multiple of 16 that keeps rows from being 2,048 bytes apart.
func LaneStride(replicas int) int {
	lanes := (replicas + 15) &^ 15
	if lanes%512 == 0 {
		lanes += 16
	}
	return lanes
}

func (m Model) rows() int { return m.Sites + PatternStride(m.Patterns) }

// part is a system's state, patterns and, if there are any, external fields.
func (m Model) part(state, patterns, external []float32, system int) (s, xi, b []float32) {
	n, x := m.rows()*LaneStride(m.Replicas), m.Sites*PatternStride(m.Patterns)
	if external != nil {
		b = external[system*m.Sites : (system+1)*m.Sites]
	}
	return state[system*n : (system+1)*n], patterns[system*x : (system+1)*x], b
}

// element numbers the replicas of all systems for their random words: those of a system begin at a multiple of 64.
func (m Model) element(system, replica int) int {
	return system*((m.Replicas+63)&^63) + replica
}

// Overlaps is the definition of the overlaps from scratch.
func Overlaps(m Model, state, patterns []float32) {
	for system := range m.Systems {
		for r := range m.Replicas {
			m.overlaps(state, patterns, system, r)
		}
	}
}

func (m Model) overlaps(state, patterns []float32, system, r int) {
	lanes, stride := LaneStride(m.Replicas), PatternStride(m.Patterns)
	s, xi, _ := m.part(state, patterns, nil, system)
	for mu := range stride {
		sum := float32(0)
		for i := range m.Sites {
			sum += s[i*lanes+r] * xi[i*stride+mu]
		}
		s[(m.Sites+mu)*lanes+r] = sum
	}
}

// A lane is one replica of one system.
type lane struct {
	m        Model
	s, xi, b []float32
	r, first int // lane; number of the replica among all systems' for random words
	halfT    float32
}

func (m Model) lane(state, patterns, external, halfT []float32, system, r int) lane {
	s, xi, b := m.part(state, patterns, external, system)
	return lane{m, s, xi, b, r, m.element(system, r), halfT[system*m.Replicas+r]}
}

// field is Σ_μ ξ_i^μ x_μ, x being the rows of lanes that start with row.
func (l *lane) field(i int, x []float32) float32 {
	lanes, stride := LaneStride(l.m.Replicas), PatternStride(l.m.Patterns)
	var sum [4]float32
	for mu, p := range l.xi[i*stride : (i+1)*stride] {
		sum[mu&3] += p * x[mu*lanes+l.r]
	}
	return (sum[0] + sum[1]) + (sum[2] + sum[3])
}

// turns decides site i with threshold word w: s·h = ((s·d) - shift)·scale + s·b ≤ ℓ.
func (l *lane) turns(rule chance.Rule, i int, d, shift, scale float32, w uint32) bool {
	s := l.s[i*LaneStride(l.m.Replicas)+l.r]
	sh := float32((s*d-shift)*scale) + s*l.b[i]
	return sh <= rule.Threshold(w, l.halfT)
}

// add adds d ξ_i to the overlaps.
func (l *lane) add(i int, d float32) {
	lanes, stride := LaneStride(l.m.Replicas), PatternStride(l.m.Patterns)
	for mu, p := range l.xi[i*stride : (i+1)*stride] {
		l.s[(l.m.Sites+mu)*lanes+l.r] += d * p
	}
}

// Sweep is the definition of one sweep of every replica, sites in order.
func Sweep(m Model, rule chance.Rule, key rng.Stream, state, patterns, external, halfT []float32) {
	for system := range m.Systems {
		for r := range m.Replicas {
			l := m.lane(state, patterns, external, halfT, system, r)
			l.sweep(rule, key)
		}
	}
}

func (l *lane) sweep(rule chance.Rule, key rng.Stream) {
	lanes := LaneStride(l.m.Replicas)
	scale := 1 / float32(l.m.Sites)
	for i := range l.m.Sites {
		d := l.field(i, l.s[l.m.Sites*lanes:])
		if l.turns(rule, i, d, float32(l.m.Patterns), scale, key.Uint32(rng.Site(uint32(i))+uint64(l.first))) {
			s := &l.s[i*lanes+l.r]
			l.add(i, -2**s)
			*s = -*s
		}
	}
}

// Little is the definition of one parallel update of every replica.
func Little(m Model, key rng.Stream, state, patterns, external, halfT []float32) {
	old := make([]float32, PatternStride(m.Patterns)*LaneStride(m.Replicas))
	for system := range m.Systems {
		for r := range m.Replicas {
			l := m.lane(state, patterns, external, halfT, system, r)
			l.little(key, old)
		}
	}
}

func (l *lane) little(key rng.Stream, old []float32) {
	lanes := LaneStride(l.m.Replicas)
	for mu := range PatternStride(l.m.Patterns) {
		k := mu*lanes + l.r
		m := &l.s[l.m.Sites*lanes+k]
		old[k], *m = *m, 0
	}
	l.block(key, old, float32(l.m.Patterns), 1/float32(l.m.Sites))
}

// Gibbs is the definition of one round of block sampling of every replica. The normal number of pattern μ is that of
// site n+μ.
func Gibbs(m Model, key rng.Stream, state, patterns, external, halfT []float32) {
	lambda := make([]float32, PatternStride(m.Patterns)*LaneStride(m.Replicas))
	for system := range m.Systems {
		for r := range m.Replicas {
			l := m.lane(state, patterns, external, halfT, system, r)
			l.gibbs(key, lambda)
		}
	}
}

func (l *lane) gibbs(key rng.Stream, lambda []float32) {
	lanes := LaneStride(l.m.Replicas)
	scale, width := rootScale(l.m.Sites), rootTemperature(l.halfT)
	for mu := range PatternStride(l.m.Patterns) {
		k := mu*lanes + l.r
		m := &l.s[l.m.Sites*lanes+k]
		lambda[k] = draw(*m, key.Normal32(rng.Site(uint32(l.m.Sites+mu))+uint64(l.first)), scale, width)
		*m = 0
	}
	l.block(key, lambda, 0, scale)
}

// block draws all spins by the heat bath given the rows of lanes that make their fields, and counts the overlaps.
func (l *lane) block(key rng.Stream, rows []float32, shift, scale float32) {
	for i := range l.m.Sites {
		d := l.field(i, rows)
		s := &l.s[i*LaneStride(l.m.Replicas)+l.r]
		if l.turns(chance.HeatBath, i, d, shift, scale, key.Uint32(rng.Site(uint32(i))+uint64(l.first))) {
			*s = -*s
		}
		l.add(i, *s)
	}
}

// draw is λ given its overlap.
func draw(m, z, scale, width float32) float32 { return float32(m*scale) + float32(width*z) }

func rootScale(n int) float32 { return float32(1 / math.Sqrt(float64(n))) }

// rootTemperature is √T.
func rootTemperature(halfT float32) float32 { return float32(math.Sqrt(2 * float64(halfT))) }
