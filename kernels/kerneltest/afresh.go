package kerneltest

import (
	"gorgonia.org/gorgonia"

	"cavity/kernels"
)

func init() {
	Cases = append(Cases, afreshCase("counted afresh, small", 1, 5, 2, 2), afreshCase("counted afresh, several groups", 2, 130, 3, 7))
}

// afreshCase counts what follows from spins alone: sums over pairs, overlaps with patterns, overlaps of slices.
func afreshCase(name string, systems, n, copies, temperatures int) Case {
	return Case{Name: name, Steps: 2, Build: func(b *Builder) map[string]*gorgonia.Node {
		const patterns = 3
		replicas := copies * temperatures
		w, lanes := kernels.BitWords(n), kernels.LaneStride(replicas)
		bits, j, field := BitProblem(systems, n, replicas)
		spins, xi, _ := HopfieldProblem(systems, n, patterns, replicas)
		rows := n + kernels.PatternStride(patterns)
		floats := b.In("floats", spins, systems, rows, lanes)
		ladder := b.In("ladder", kernels.NewLadder(systems, copies, temperatures), kernels.LadderRows, systems, copies, temperatures)
		return map[string]*gorgonia.Node{
			"bits": b.Ok(kernels.BitPairs(replicas, b.In("bits", bits, systems, w+1, lanes), b.In("couplings", j, systems, n, w),
				b.In("external", field, systems, n))),
			"floats": b.Ok(kernels.HopfieldOverlaps(patterns, replicas, floats, b.In("patterns", xi, systems, n, kernels.PatternStride(patterns)))),
			"slices": b.Ok(kernels.LaneSliceOverlaps(2, 2, floats, ladder)),
		}
	}}
}
