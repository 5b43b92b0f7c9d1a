package kerneltest

import (
	"gorgonia.org/gorgonia"

	"cavity/engine/rng"
	"cavity/kernels"
)

func init() {
	Cases = append(Cases,
		hopfieldCase("hopfield, small", 1, 9, 2, 1, 3),
		hopfieldCase("hopfield, ragged", 2, 70, 5, 2, 11),
		hopfieldCase("hopfield, several groups", 1, 66, 8, 3, 24),
		littleCase("hopfield, all spins at once", 2, 70, 5, 40),
	)
}

// HopfieldProblem makes random patterns, small random external fields and random spins.
func HopfieldProblem(systems, n, p, replicas int) (state, patterns, external []float32) {
	stride, lanes := kernels.PatternStride(p), kernels.LaneStride(replicas)
	state = make([]float32, systems*(n+stride)*lanes)
	patterns = make([]float32, systems*n*stride)
	external = make([]float32, systems*n)
	s, e := rng.At(23, 0, rng.SetupStage, 1), uint64(0)
	sign := func() float32 { e++; return float32(1 - 2*int32(s.Uint32(e)&1)) }
	for q := range systems {
		for i := range n {
			for mu := range p {
				patterns[(q*n+i)*stride+mu] = sign()
			}
			for r := range replicas {
				state[(q*(n+stride)+i)*lanes+r] = sign()
			}
			e++
			external[q*n+i] = .2 * s.Normal32(e)
		}
	}
	return state, patterns, external
}

func hopfieldCase(name string, systems, n, p, copies, temperatures int) Case {
	return Case{Name: name, Steps: 4, Build: func(b *Builder) map[string]*gorgonia.Node {
		replicas := copies * temperatures
		stride, lanes := kernels.PatternStride(p), kernels.LaneStride(replicas)
		x, xi, field := HopfieldProblem(systems, n, p, replicas)
		state := b.In("state", x, systems, n+stride, lanes)
		patterns := b.In("patterns", xi, systems, n, stride)
		external := b.In("external", field, systems, n)
		beta := b.In("beta", NewDenseProblem(1, 1, 1, temperatures, .2, 1.5).Beta, temperatures)
		ladder := b.In("ladder", kernels.NewLadder(systems, copies, temperatures), kernels.LadderRows, systems, copies, temperatures)
		index := b.Ok(gorgonia.Reshape(b.Ok(gorgonia.Slice(ladder, gorgonia.S(kernels.LadderAt))), []int{systems, replicas}))
		swept := b.Ok(kernels.HopfieldSweep(p, kernels.Metropolis, 1, state, patterns, external, beta, index))
		bathed := b.Ok(kernels.HopfieldSweep(p, kernels.HeatBath, 2, swept, patterns, external, beta, index))
		sampled := b.Ok(kernels.HopfieldGibbs(p, 3, bathed, patterns, external, beta, index))
		energy := b.Ok(kernels.HopfieldEnergy(p, replicas, sampled, external))
		moved := b.Ok(kernels.Exchange(4, ladder, energy, beta))
		next := map[string]*gorgonia.Node{
			"state": sampled, "energy": energy, "ladder": moved,
			"m": b.Ok(kernels.LaneMagnetisation(n, replicas, sampled)),
		}
		if copies > 1 {
			next["q"] = b.Ok(kernels.LaneOverlaps(n, sampled, moved))
		}
		return next
	}}
}

func littleCase(name string, systems, n, p, replicas int) Case {
	return Case{Name: name, Steps: 4, Build: func(b *Builder) map[string]*gorgonia.Node {
		stride := kernels.PatternStride(p)
		x, xi, field := HopfieldProblem(systems, n, p, replicas)
		index := make([]int32, systems*replicas)
		for i := range index {
			index[i] = int32(i % 3)
		}
		return map[string]*gorgonia.Node{"state": b.Ok(kernels.HopfieldLittle(p, 1,
			b.In("state", x, systems, n+stride, kernels.LaneStride(replicas)), b.In("patterns", xi, systems, n, stride),
			b.In("external", field, systems, n), b.In("beta", []float64{.5, 1, 2}, 3), b.In("index", index, systems, replicas)))}
	}}
}
