package kerneltest

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"cavity/engine/rng"
	"cavity/kernels"
)

func init() {
	type lattice = kernels.Lattice
	Cases = append(Cases,
		latticeCase(kernels.Metropolis, lattice{Size: []int{16, 4, 2}, Words: 1, CouplingWords: 1}, 1, 2, 32),
		latticeCase(kernels.HeatBath, lattice{Size: []int{6, 4, 4}, Words: 3, CouplingWords: 3}, 5, 3, 11),
		latticeCase(kernels.Metropolis, lattice{Size: []int{8, 6}, Words: 9, CouplingWords: 1}, 1, 4, 40),
		latticeCase(kernels.HeatBath, lattice{Size: []int{4, 2}, Words: 2}, 3, 2, 20),
		latticeCase(kernels.Metropolis, lattice{Size: []int{4, 6}, Words: 6, Strips: true}, 1, 2, 3),
		latticeCase(kernels.Metropolis, lattice{Size: []int{2, 4, 2}, Words: 2, CouplingWords: 1, Strips: true}, 1, 2, 1),
		latticeCase(kernels.Metropolis, lattice{Size: []int{18, 16, 6}, Words: 1, CouplingWords: 1}, 1, 2, 3),
		oneDiffers(lattice{Size: []int{16, 16, 6}, Words: 1}, 1500),
		sharedCase(kernels.Metropolis, lattice{Size: []int{8, 4, 4}, Words: 3, CouplingWords: 3, Shared: true}),
		sharedCase(kernels.HeatBath, lattice{Size: []int{6, 4}, Words: 9, CouplingWords: 1, Shared: true}),
	)
}

// latticeCase is a tempering on a lattice with all its observables.
func latticeCase(rule kernels.Rule, l kernels.Lattice, systems, copies, temperatures int) Case {
	name := fmt.Sprintf("lattice %v, rule %d, %d words, %d of couplings, strips %v", l.Size, rule, l.Words, l.CouplingWords, l.Strips)
	return Case{Name: name, Steps: 3, Build: func(b *Builder) map[string]*gorgonia.Node {
		betas := make([]float64, temperatures)
		for k := range betas {
			betas[k] = .15 * float64(k)
		}
		thresholds, err := kernels.LatticeTable(rule, l.Dims(), betas)
		if err != nil {
			b.err = err
			return nil
		}
		spins, couplings := randomLattice(b, l)
		table := b.In("table", thresholds, temperatures, kernels.LatticeClasses(rule, l.Dims()))
		beta := b.In("beta", betas, temperatures)
		ladder := b.In("ladder", kernels.NewLadder(systems, copies, temperatures), kernels.LadderRows, systems, copies, temperatures)
		replicas := copies * temperatures
		index := b.Ok(gorgonia.Reshape(b.Ok(gorgonia.Slice(ladder, gorgonia.S(kernels.LadderAt))), []int{systems, replicas}))
		planes := b.Ok(kernels.LatticeThresholds(l, rule, table, index))
		swept := b.Ok(kernels.LatticeSweep(l, rule, 1, spins, couplings, planes))
		energy := b.Ok(kernels.LatticeEnergy(l, systems, replicas, swept, couplings))
		moved := b.Ok(kernels.Exchange(2, ladder, energy, beta))
		return map[string]*gorgonia.Node{
			"spins": b.Ok(kernels.LatticeHoudayer(l, 3, swept, moved)), "ladder": moved, "energy": energy,
			"m":      b.Ok(kernels.LatticeMagnetisation(l, systems, replicas, swept)),
			"q":      b.Ok(kernels.LatticeOverlaps(l, swept, moved)),
			"links":  b.Ok(kernels.LatticeLinkOverlaps(l, swept, moved)),
			"slices": b.Ok(kernels.LatticeSliceOverlaps(l, swept, moved)),
		}
	}}
}

// oneDiffers has two copies that differ in one spin, far behind those that are alike: the exchange of clusters carries it to and fro.
func oneDiffers(l kernels.Lattice, site int) Case {
	return Case{Name: "lattice, one spin differs", Steps: 3, Build: func(b *Builder) map[string]*gorgonia.Node {
		data := make([]uint64, l.Sites())
		data[site] = 2
		spins, ladder := b.In("spins", data, l.Sites(), 1), b.In("ladder", kernels.NewLadder(1, 2, 1), kernels.LadderRows, 1, 2, 1)
		return map[string]*gorgonia.Node{"spins": b.Ok(kernels.LatticeHoudayer(l, 3, spins, ladder))}
	}}
}

// randomLattice has random spins and couplings.
func randomLattice(b *Builder, l kernels.Lattice) (spins, couplings *gorgonia.Node) {
	s, e := rng.At(19, 0, rng.SetupStage, 1), uint64(0)
	words := func(n int) []uint64 {
		w := make([]uint64, n)
		for i := range w {
			w[i] = uint64(s.Uint32(e))<<32 | uint64(s.Uint32(e+1))
			e += 2
		}
		return w
	}
	spins = b.In("spins", words(l.Sites()*l.Words), l.Sites(), l.Words)
	if l.CouplingWords > 0 {
		couplings = b.In("couplings", words(l.Dims()*l.Sites()*l.CouplingWords), l.Dims(), l.Sites(), l.CouplingWords)
	}
	return spins, couplings
}

// sharedCase is a sweep with one random number a word, of 64 samples a word at a temperature for each word.
func sharedCase(rule kernels.Rule, l kernels.Lattice) Case {
	return Case{Name: fmt.Sprintf("shared %v, rule %d", l.Size, rule), Steps: 3, Build: func(b *Builder) map[string]*gorgonia.Node {
		thresholds, err := kernels.LatticeTable(rule, l.Dims(), []float64{0, .3, .9})
		if err != nil {
			b.err = err
			return nil
		}
		spins, couplings := randomLattice(b, l)
		table := b.In("table", thresholds, 3, kernels.LatticeClasses(rule, l.Dims()))
		labels := make([]int32, l.Words-1) // the last word is idle
		for w := range labels {
			labels[w] = int32(w % 3)
		}
		planes := b.Ok(kernels.LatticeThresholds(l, rule, table, b.In("index", labels, l.Words-1, 1)))
		swept := b.Ok(kernels.LatticeSweep(l, rule, 1, spins, couplings, planes))
		// One system a bit, and its copies in different words.
		ladder := b.In("ladder", kernels.NewLadder(1, l.Words, 64), kernels.LadderRows, 1, l.Words, 64)
		return map[string]*gorgonia.Node{
			"spins":  swept,
			"energy": b.Ok(kernels.LatticeEnergy(l, l.Words, 64, swept, couplings)),
			"q":      b.Ok(kernels.LatticeOverlaps(l, swept, ladder)),
		}
	}}
}
