// Package sparse holds the inner loops of sweeps over spins on graphs of any degree,
//
//	H = -Σ_{(i,j)} J_ij s_i s_j - Σ_i b_i s_i
//
// with lanes for replicas: a neighbour's row of spins is one or two vectors for all of them, and the field of a site is
// summed anew at each visit, b_i first and then the neighbours in their order, rounded to float32 each time.
//
// Per system: state [n][lanes] of spins ±1, lanes = LaneStride(replicas), weights J and external fields b; the graph, which
// systems may share, is a Topology. No two sites of a colour are neighbours, so the sites of a colour may be visited in any
// order and by any number of workers.
//
// The random word of a visit is that of site = position in the order.
package sparse

import (
	"cavity/engine/rng"
	"cavity/kernels/internal/chance"
	"cavity/kernels/internal/lowrank"
)

// A Topology lists each edge from both ends, offsets [n+1] and neighbours [entries], and orders the sites by colour:
// order [n], with the positions where the colours begin and, last, n in colours [c+1]. Nothing checks it here.
type Topology struct {
	Offsets, Neighbours, Order, Colours []int32
}

// Model is the size of a problem and its graphs, one for all systems or one each. Entries is the length of a system's
// weights, at least that of its neighbours; Colours the largest number of colours.
type Model struct {
	Systems, Sites, Replicas, Entries, Colours int
	Graphs                                     []Topology
}

// Arrays are a model's operands.
type Arrays struct {
	State, Weights, External, HalfT []float32
}

// A Part is what belongs to one system.
type Part struct {
	Topology
	Arrays
}

func (m Model) Lanes() int { return lowrank.LaneStride(m.Replicas) }

func (m Model) graph(q int) *Topology {
	if len(m.Graphs) == 1 {
		return &m.Graphs[0]
	}
	return &m.Graphs[q]
}

// System is the part of the arrays that belongs to a system; HalfT may be missing.
func (m Model) System(a *Arrays, q int) Part {
	n := m.Sites
	p := Part{*m.graph(q), Arrays{
		State:   a.State[q*n*m.Lanes():][:n*m.Lanes()],
		Weights: a.Weights[q*m.Entries:][:m.Entries], External: a.External[q*n:][:n],
	}}
	if a.HalfT != nil {
		p.HalfT = a.HalfT[q*m.Replicas:][:m.Replicas]
	}
	return p
}

// Element numbers the replicas of all systems for their random words: those of a system begin at a multiple of 64.
func (m Model) Element(system, replica int) int {
	return system*((m.Replicas+63)&^63) + replica
}

// field adds J_ij s_j over the neighbours of site i to h.
func (a *Part) field(h float32, i, lanes, r int) float32 {
	for k := a.Offsets[i]; k < a.Offsets[i+1]; k++ {
		h += a.Weights[k] * a.State[int(a.Neighbours[k])*lanes+r]
	}
	return h
}

// Sweep is the definition of one sweep of every replica, sites in the given order.
func Sweep(m Model, rule chance.Rule, key rng.Stream, a *Arrays) {
	lanes := m.Lanes()
	for q := range m.Systems {
		p := m.System(a, q)
		for r := range m.Replicas {
			e := uint64(m.Element(q, r))
			for k, i := range p.Order {
				s := &p.State[int(i)*lanes+r]
				h := p.field(p.External[i], int(i), lanes, r)
				if *s*h <= rule.Threshold(key.Uint32(rng.Site(uint32(k))+e), p.HalfT[r]) {
					*s = -*s
				}
			}
		}
	}
}

// Energy is the definition of the energy of one replica:
//
//	H = -(½ Σ_i s_i Σ_j J_ij s_j + Σ_i s_i b_i)
//
// the sum over j in float32, both sums over i in float64, in order.
func Energy(m Model, a *Arrays, system, r int) float64 {
	lanes := m.Lanes()
	p := m.System(a, system)
	pairs, single := 0.0, 0.0
	for i := range m.Sites {
		s := p.State[i*lanes+r]
		pairs += float64(s * p.field(0, i, lanes, r))
		single += float64(s * p.External[i])
	}
	return -(pairs/2 + single)
}
