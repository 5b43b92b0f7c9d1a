package dense

import (
	"cavity/engine/rng"
	"cavity/kernels/internal/chance"
)

// Batch is the size of a problem: systems of n sites, each simulated in Replicas copies.
type Batch struct {
	Systems, Sites, Replicas int
}

// Stride is the length of a row of n floats: a multiple of 16 that keeps neither rows nor pairs of rows a multiple of
// 4,096 bytes apart, where they would compete for the same lines of the first-level cache.
func Stride(n int) int {
	ld := (n + 15) &^ 15
	if ld%512 == 0 {
		ld += 16
	}
	return ld
}

// Stride is the length of the batch's rows.
func (b Batch) Stride() int { return Stride(b.Sites) }

// element numbers the replicas of all systems for their random words at a site: those of a system begin at a multiple of 64,
// whose words come from the same counters.
func (b Batch) element(system, replica int) int {
	return system*((b.Replicas+63)&^63) + replica
}

// couplings, spins and fields are the parts of the arrays that belong to a system.
func (b Batch) couplings(j []float32, system int) []float32 {
	n := b.Sites * b.Stride()
	return j[system*n : (system+1)*n]
}

func (b Batch) state(state []float32, system int) (spins, fields []float32) {
	n := b.Replicas * b.Stride()
	return state[2*system*n : (2*system+1)*n], state[(2*system+1)*n : (2*system+2)*n]
}

// Sweep is the definition of one sweep of every replica: sites in order, thresholds at halfT[system*Replicas+replica].
func Sweep(b Batch, rule chance.Rule, key rng.Stream, state, j []float32, halfT []float32) {
	for system := range b.Systems {
		for r := range b.Replicas {
			b.sweep(rule, key, state, j, halfT, system, r)
		}
	}
}

// sweep visits one replica's sites in order.
func (b Batch) sweep(rule chance.Rule, key rng.Stream, state, j, halfT []float32, system, r int) {
	ld := b.Stride()
	spins, fields := b.state(state, system)
	couplings := b.couplings(j, system)
	s, h := spins[r*ld:(r+1)*ld], fields[r*ld:(r+1)*ld]
	t := halfT[system*b.Replicas+r]
	for i := range b.Sites {
		if s[i]*h[i] <= rule.Threshold(key.Uint32(rng.Site(uint32(i))+uint64(b.element(system, r))), t) {
			add(h, -2*s[i], couplings[i*ld:(i+1)*ld])
			s[i] = -s[i]
		}
	}
}

// Fields is the definition of the fields from scratch: h_j = b_j + Σ_i s_i J_ij, rounded after each site in order.
func Fields(b Batch, state, j, external []float32) {
	for system := range b.Systems {
		for r := range b.Replicas {
			b.fields(state, j, external, system, r)
		}
	}
}

func (b Batch) fields(state, j, external []float32, system, r int) {
	ld := b.Stride()
	spins, fields := b.state(state, system)
	couplings := b.couplings(j, system)
	h := fields[r*ld : (r+1)*ld]
	copy(h, external[system*ld:(system+1)*ld])
	for i := range b.Sites {
		add(h, spins[r*ld+i], couplings[i*ld:(i+1)*ld])
	}
}

// add adds d·row to h. The product of ±1 or ±2 and a float32 is exact, so a fused operation gives the same sum.
func add(h []float32, d float32, row []float32) {
	for j, x := range row {
		h[j] += d * x
	}
}
