package kerneltest

import (
	"gorgonia.org/gorgonia"

	"cavity/engine/rng"
	"cavity/kernels"
)

func init() {
	Cases = append(Cases,
		bitCase("bits, small", 1, 7, 1, 3),
		bitCase("bits, ragged", 2, 70, 2, 11),
		bitCase("bits, several groups", 1, 129, 3, 24),
	)
}

// BitProblem makes random couplings and spins as bits, and small random external fields.
func BitProblem(systems, n, replicas int) (state, couplings []uint64, external []float32) {
	w, lanes := kernels.BitWords(n), kernels.LaneStride(replicas)
	state = make([]uint64, systems*(w+1)*lanes)
	couplings = make([]uint64, systems*n*w)
	external = make([]float32, systems*n)
	s, e := rng.At(29, 0, rng.SetupStage, 1), uint64(0)
	bit := func() uint64 { e++; return uint64(s.Uint32(e) & 1) }
	for q := range systems {
		for i := range n {
			for j := range i {
				x := bit()
				couplings[(q*n+i)*w+j/64] |= x << (j % 64)
				couplings[(q*n+j)*w+i/64] |= x << (i % 64)
			}
			for r := range replicas {
				state[(q*(w+1)+i/64)*lanes+r] |= bit() << (i % 64)
			}
			e++
			external[q*n+i] = .2 * s.Normal32(e)
		}
	}
	return state, couplings, external
}

func bitCase(name string, systems, n, copies, temperatures int) Case {
	return Case{Name: name, Steps: 4, Build: func(b *Builder) map[string]*gorgonia.Node {
		replicas := copies * temperatures
		w, lanes := kernels.BitWords(n), kernels.LaneStride(replicas)
		x, j, field := BitProblem(systems, n, replicas)
		state := b.In("state", x, systems, w+1, lanes)
		couplings := b.In("couplings", j, systems, n, w)
		external := b.In("external", field, systems, n)
		beta := b.In("beta", NewDenseProblem(1, 1, 1, temperatures, .3, 2).Beta, temperatures)
		ladder := b.In("ladder", kernels.NewLadder(systems, copies, temperatures), kernels.LadderRows, systems, copies, temperatures)
		index := b.Ok(gorgonia.Reshape(b.Ok(gorgonia.Slice(ladder, gorgonia.S(kernels.LadderAt))), []int{systems, replicas}))
		swept := b.Ok(kernels.BitSweep(.2, kernels.Metropolis, 1, state, couplings, external, beta, index))
		bathed := b.Ok(kernels.BitSweep(.2, kernels.HeatBath, 2, swept, couplings, external, beta, index))
		energy := b.Ok(kernels.BitEnergy(.2, replicas, bathed, external))
		moved := b.Ok(kernels.Exchange(3, ladder, energy, beta))
		next := map[string]*gorgonia.Node{
			"state": bathed, "energy": energy, "ladder": moved,
			"m": b.Ok(kernels.BitMagnetisation(n, replicas, bathed)),
		}
		if copies > 1 {
			next["q"] = b.Ok(kernels.BitOverlaps(n, bathed, moved))
		}
		return next
	}}
}
