package kerneltest

import (
	"math"

	"gorgonia.org/gorgonia"

	"cavity/engine/rng"
	"cavity/kernels"
)

// Cases is the table of all kernels.
var Cases = append([]Case{},
	denseCase("dense sweep, small", kernels.Metropolis, 2, 20, 1, 3),
	denseCase("dense sweep, nothing to pad", kernels.Metropolis, 1, 64, 2, 3),
	denseCase("dense sweep, ragged", kernels.HeatBath, 3, 75, 2, 13),
	denseCase("dense sweep, several groups", kernels.Metropolis, 1, 130, 3, 24),
	denseCase("dense sweep, columns shared by workers", kernels.Metropolis, 1, 1030, 1, 3),
)

// DenseProblem is a set of inputs of DenseSweep.
type DenseProblem struct {
	Systems, N, Copies, Temperatures int
	State, Couplings, External       []float32
	Beta                             []float64
}

// NewDenseProblem has Gaussian couplings of variance 1/n, small Gaussian external fields, random spins and temperatures from
// lo to hi in geometric progression, the last of more than two being infinite.
func NewDenseProblem(systems, n, copies, temperatures int, lo, hi float64) DenseProblem {
	ld, replicas := kernels.DenseStride(n), copies*temperatures
	p := DenseProblem{
		Systems: systems, N: n, Copies: copies, Temperatures: temperatures,
		State:     make([]float32, systems*2*replicas*ld),
		Couplings: make([]float32, systems*n*ld),
		External:  make([]float32, systems*ld),
		Beta:      make([]float64, temperatures),
	}
	s, e := rng.At(17, 0, rng.SetupStage, 1), uint64(0)
	normal := func(sigma float64) float32 { e++; return float32(sigma) * s.Normal32(e) }
	for q := range systems {
		c := p.Couplings[q*n*ld:]
		for i := range n {
			for j := range i {
				c[i*ld+j] = normal(1 / math.Sqrt(float64(n)))
				c[j*ld+i] = c[i*ld+j]
			}
			p.External[q*ld+i] = normal(.2)
		}
		for r := range replicas {
			for i := range n {
				p.State[(2*q*replicas+r)*ld+i] = float32(math.Copysign(1, float64(normal(1))))
			}
		}
	}
	for k := range p.Beta {
		p.Beta[k] = 1 / (lo * math.Pow(hi/lo, float64(k)/float64(max(temperatures-1, 1))))
	}
	if temperatures > 2 {
		p.Beta[temperatures-1] = 0
	}
	return p
}

// denseCase is a tempering: sweep, energies, exchange and all observables of dense models.
func denseCase(name string, rule kernels.Rule, systems, n, copies, temperatures int) Case {
	return Case{Name: name, Steps: 4, Build: func(b *Builder) map[string]*gorgonia.Node {
		p := NewDenseProblem(systems, n, copies, temperatures, .3, 2)
		ld, replicas := kernels.DenseStride(n), copies*temperatures
		state := b.In("state", p.State, systems, 2, replicas, ld)
		couplings := b.In("couplings", p.Couplings, systems, n, ld)
		external := b.In("external", p.External, systems, ld)
		beta := b.In("beta", p.Beta, temperatures)
		ladder := b.In("ladder", kernels.NewLadder(systems, copies, temperatures), kernels.LadderRows, systems, copies, temperatures)
		index := b.Ok(gorgonia.Reshape(b.Ok(gorgonia.Slice(ladder, gorgonia.S(kernels.LadderAt))), []int{systems, replicas}))
		swept := b.Ok(kernels.DenseSweep(rule, 1, state, couplings, external, beta, index))
		energy := b.Ok(kernels.DenseEnergy(swept, external))
		moved := b.Ok(kernels.Exchange(2, ladder, energy, beta))
		next := map[string]*gorgonia.Node{
			"state": swept, "energy": energy, "ladder": moved,
			"m":      b.Ok(kernels.DenseMagnetisation(n, swept)),
			"fresh":  b.Ok(kernels.DenseFields(swept, couplings, external)),
			"sorted": b.Ok(kernels.ByTemperature(moved, energy)),
		}
		if copies > 1 {
			next["q"] = b.Ok(kernels.DenseOverlaps(n, swept, moved))
		}
		return next
	}}
}
