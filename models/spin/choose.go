package spin

import (
	"fmt"
	"slices"
	"strings"

	"cavity/engine"
	"cavity/kernels"
)

// Layouts are the ways to hold the instances and walkers of a [Tempering]; see Layout there.
var Layouts = []string{"auto", "lattice", "sparse", "dense", "bits", "patterns", "gibbs"}

const (
	// bitsFrom is the number of spins from which couplings of one size are faster as bits than as float32: the matrix
	// leaves the second-level cache.
	bitsFrom = 1024
	// patternsPerSpin is how many patterns a spin low rank beats the matrix of couplings; lowRankLimit keeps its sums exact.
	patternsPerSpin = 1. / 8
	lowRankLimit    = 1 << 24
	// sparseDegree is the mean degree over N below which summing neighbours at every visit beats following fields.
	sparseDegree = .1
)

// choose picks the carrier for a model's instances, or makes the one that is asked for.
func choose(m Model, b batch, layout string, memory int64) (carrier, error) {
	if layout == "" {
		layout = Layouts[0]
	}
	if !slices.Contains(Layouts, layout) {
		return nil, fmt.Errorf("spin: layout %q: there are %s", layout, strings.Join(Layouts, ", "))
	}
	if err := fits(m, "one bit a spin", b.leastBytes(), memory); err != nil { // before any instance is looked at
		return nil, err
	}
	c, err := carrierOf(m, b, layout, memory)
	if err != nil {
		return nil, err
	}
	return c, fits(m, c.name(), float64(c.bytes()), memory)
}

func carrierOf(m Model, b batch, layout string, memory int64) (carrier, error) {
	auto := layout == "auto"
	if l, ok := m.(Lattice); ok {
		if auto && (!b.graphMoves || b.move == Flips) || layout == "lattice" { // it has clusters of copies, but not of spins
			c, err := newLattice(l, b)
			if err != nil {
				return nil, err
			}
			if c != nil {
				return c, nil
			}
			if !auto {
				return nil, fmt.Errorf("spin: %s is not a lattice of even side, at least 4, with couplings ±1: choose another layout", m.Name())
			}
		}
		edges := int64(l.Dims()) * int64(b.n)
		if need := int64(b.systems) * edges * bytesOfBond; auto || layout == "sparse" {
			if err := fits(m, "sparse graph", float64(need+kernels.SparseBytes(b.systems, b.n, int(edges), b.walkers())), memory); err != nil {
				return nil, err
			}
		}
	}
	if layout == "lattice" {
		return nil, fmt.Errorf("spin: %s is not a lattice: choose another layout", m.Name())
	}
	if h, ok := m.(Hopfield); ok && !b.graphMoves {
		small := int64(h.N)*int64(h.P) < lowRankLimit
		if layout == "patterns" || layout == "gibbs" || auto && small && float64(h.P) <= patternsPerSpin*float64(h.N) {
			return newPatterns(h, b, layout == "gibbs")
		}
	}
	if layout == "patterns" || layout == "gibbs" {
		return nil, fmt.Errorf("spin: %s has no patterns: choose another layout", m.Name())
	}
	if x, ok := m.(Matrix); ok && layout != "sparse" && !b.graphMoves {
		if s, ok := m.(interface{ magnitude() float64 }); ok && s.magnitude() > 0 && (layout == "bits" || auto && b.n >= bitsFrom) {
			return &bitCarrier{lanes: lanes{b, kernels.BitWords(b.n) + 1}, model: x, strength: s.magnitude()}, nil
		}
		if layout != "bits" {
			return &denseCarrier{batch: b, rows: func(sample int) (rows, error) {
				f, err := x.Rows(b.seed, sample)
				return rows{write: f}, err
			}}, nil
		}
	}
	if layout == "bits" {
		return nil, fmt.Errorf("spin: the couplings of %s are not all of one size: choose another layout", m.Name())
	}
	return listed(m, b, layout)
}

// listed takes the instances as lists of bonds, to a sparse graph or a matrix.
func listed(m Model, b batch, layout string) (carrier, error) {
	samples := make([]Couplings, b.systems)
	bonds := 0
	for i := range samples {
		c, err := m.Couplings(b.seed, i)
		if err != nil {
			return nil, err
		}
		samples[i] = c
		bonds = max(bonds, len(c.Bonds))
	}
	_, isLattice := m.(Lattice)
	degree := 2 * float64(bonds) / float64(b.n)
	if layout == "sparse" || layout == "auto" && (b.graphMoves || isLattice || degree <= sparseDegree*float64(b.n)) {
		return newSparse(m, b, samples)
	}
	return &denseCarrier{batch: b, rows: func(sample int) (rows, error) { return samples[sample].rows(), nil }}, nil
}

// bytesOfBond is what a list of bonds needs for each.
const bytesOfBond = 16

// fits compares a need of memory with what there is; 0 is an unknown amount.
func fits(m Model, how string, need float64, memory int64) error {
	if err := engine.Room(fmt.Sprintf("spin: %s as %s", m.Name(), how), need, memory); err != nil {
		return engine.Shortage(err.Error() + ": take a smaller size, or fewer samples, copies or temperatures")
	}
	return nil
}

// leastBytes is what the spins need in any layout.
func (b batch) leastBytes() float64 {
	return float64(b.systems) * float64(b.copies) * float64(b.temperatures) * float64(b.n) / 8
}
