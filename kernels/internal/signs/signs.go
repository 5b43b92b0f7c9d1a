// Package signs holds the inner loops of sweeps over spins with dense couplings of one size, J_ij = ±J (i ≠ j), kept as bits:
//
//	H = -J Σ_{i<j} ε_ij s_i s_j - Σ_i b_i s_i,   ε_ij = ±1
//
// The field of site i is counted when it is visited, h_i = n - 2·(bits in which row i and the spins differ) + s_i, by
// exclusive-or and population count: n/64 words a site and replica whether it flips or not, an eighth of a byte a coupling,
// and nothing to keep up to date. Fields are integers, so nothing is ever rounded but the threshold and scale.
//
// Per system, for n sites in w = Words(n) words of 64: couplings [n][w], bit j%64 of word j/64 of row i set where ε_ij = 1,
// zero on the diagonal and beyond n; state [w+1][lanes], lanes being replicas: the spins, a set bit being +1, then the sum
// Σ_{i<j} ε_ij s_i s_j as a signed integer.
package signs

import (
	"math/bits"

	"cavity/engine/rng"
	"cavity/kernels/internal/chance"
	"cavity/kernels/internal/lowrank"
)

// Model is the size of a problem and the strength J of its couplings.
type Model struct {
	Systems, Sites, Replicas int
	Strength                 float32
}

// Words is the number of 64-bit words for n bits.
func Words(n int) int { return (n + 63) / 64 }

func (m Model) lanes() int { return lowrank.LaneStride(m.Replicas) }

// part is a system's state, couplings and external fields.
func (m Model) part(state, couplings []uint64, external []float32, system int) (s, j []uint64, b []float32) {
	w := Words(m.Sites)
	n := (w + 1) * m.lanes()
	return state[system*n : (system+1)*n], couplings[system*m.Sites*w : (system+1)*m.Sites*w], external[system*m.Sites : (system+1)*m.Sites]
}

// element numbers the replicas of all systems for their random words: those of a system begin at a multiple of 64.
func (m Model) element(system, replica int) int {
	return system*((m.Replicas+63)&^63) + replica
}

// A lane is one replica of one system.
type lane struct {
	m    Model
	s, j []uint64
	b    []float32
	r    int
}

// spin is s_i.
func (l *lane) spin(i int) int64 { return int64(l.s[i/64*l.m.lanes()+l.r]>>(i%64)&1)*2 - 1 }

// field is Σ_j ε_ij s_j.
func (l *lane) field(i int) int64 {
	w, lanes := Words(l.m.Sites), l.m.lanes()
	differ := 0
	for k, x := range l.j[i*w : (i+1)*w] {
		differ += bits.OnesCount64(x ^ l.s[k*lanes+l.r])
	}
	return int64(l.m.Sites-2*differ) + l.spin(i)
}

// pairs is where the sum over pairs is kept.
func (l *lane) pairs() *uint64 { return &l.s[Words(l.m.Sites)*l.m.lanes()+l.r] }

// turns decides: s·h = (s·field)·J + s·b ≤ ℓ.
func turns(s, field int64, strength, b, threshold float32) bool {
	return float32(float32(s*field)*strength)+float32(s)*b <= threshold
}

// Sweep is the definition of one sweep of every replica, sites in order.
func Sweep(m Model, rule chance.Rule, key rng.Stream, state, couplings []uint64, external, halfT []float32) {
	for system := range m.Systems {
		for r := range m.Replicas {
			s, j, b := m.part(state, couplings, external, system)
			l := lane{m, s, j, b, r}
			e := uint64(m.element(system, r))
			for i := range m.Sites {
				spin, field := l.spin(i), l.field(i)
				t := rule.Threshold(key.Uint32(rng.Site(uint32(i))+e), halfT[system*m.Replicas+r])
				if turns(spin, field, m.Strength, b[i], t) {
					s[i/64*m.lanes()+r] ^= 1 << (i % 64)
					*l.pairs() -= uint64(2 * spin * field)
				}
			}
		}
	}
}

// Pairs is the definition of the sums over pairs from scratch.
func Pairs(m Model, state, couplings []uint64, external []float32) {
	for system := range m.Systems {
		for r := range m.Replicas {
			s, j, b := m.part(state, couplings, external, system)
			l := lane{m, s, j, b, r}
			sum := int64(0)
			for i := range m.Sites {
				sum += l.spin(i) * l.field(i)
			}
			*l.pairs() = uint64(sum / 2)
		}
	}
}
