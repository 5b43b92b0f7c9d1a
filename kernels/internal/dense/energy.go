package dense

import (
	"cavity/engine"
	"cavity/engine/cpu/level"
)

// Energy is the definition of the energy of one replica, replica r of the batch's systems in turn:
//
//	H = -½ Σ_i s_i (h_i + b_i)
//
// summed in eight lanes of float64, site i in lane i mod 8, which are added in order.
func Energy(b Batch, state, external []float32, r int) float64 {
	s, h, x := b.replica(state, external, r)
	var sums [8]float64
	for ; len(s) >= 8; s, h, x = s[8:], h[8:], x[8:] {
		for l := range sums {
			sums[l] += float64(float64(s[l]) * (float64(h[l]) + float64(x[l])))
		}
	}
	return total(&sums)
}

// replica is a replica's spins and fields and its system's external fields.
func (b Batch) replica(state, external []float32, r int) (s, h, x []float32) {
	n, system := b.Stride(), r/b.Replicas
	spins, fields := b.state(state, system)
	r = r % b.Replicas * n
	return spins[r : r+n], fields[r : r+n], external[system*n : (system+1)*n]
}

func total(sums *[8]float64) float64 {
	t := 0.0
	for _, x := range sums {
		t += x
	}
	return -t / 2
}

// An Accountant computes the energies of all replicas on a pool of workers, those of Energy bit for bit.
type Accountant struct {
	batch           Batch
	asm             *routines
	workers         engine.Workers
	args            []energyArgs
	sums            [][8]float64
	task            func(task, worker int)
	state, external []float32
	energies        []float64
}

// NewAccountant prepares for the present CPU level.
func NewAccountant(b Batch, w engine.Workers) *Accountant {
	a := &Accountant{batch: b, asm: vectors(level.Of()), workers: w, args: make([]energyArgs, w.N()), sums: make([][8]float64, w.N())}
	a.task = func(r, worker int) {
		if a.asm == nil {
			a.energies[r] = Energy(b, a.state, a.external, r)
			return
		}
		s, h, x := b.replica(a.state, a.external, r)
		args := &a.args[worker]
		*args = energyArgs{len(s) / 8, &s[0], &h[0], &x[0], &a.sums[worker]}
		a.asm.energy(args)
		a.energies[r] = total(args.sums)
	}
	return a
}

// Energies writes the energies of all replicas, [systems][replicas].
func (a *Accountant) Energies(energies []float64, state, external []float32) {
	a.energies, a.state, a.external = energies, state, external
	a.workers.Do(len(energies), a.task)
}
