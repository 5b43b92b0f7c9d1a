package kernels

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/kernels/internal/multispin"
)

// overlapKind says over what an overlap sums.
type overlapKind uint8

const (
	ofSpins overlapKind = iota
	ofLinks
	ofSlices
)

var overlapNames = [...]string{ofSpins: "LatticeOverlaps", ofLinks: "LatticeLinkOverlaps", ofSlices: "LatticeSliceOverlaps"}

// latticeOverlaps compares the copies of every system.
type latticeOverlaps struct {
	op
	lattice                       Lattice
	kind                          overlapKind
	systems, copies, temperatures int
	slices                        *multispin.Slices
	width                         int
}

// LatticeOverlaps is q = (1/N) Σ_i s_i^a s_i^b of the walkers that hold a temperature in the copies a < b,
// float64 [systems, pairs, temperatures] with the pairs (0,1), (0,2), (1,2), (0,3), … as in DenseOverlaps.
//
//	spins   uint64 [sites, Words]
//	ladder  int32  [LadderRows, systems, copies, temperatures]  as in Exchange
//
// Walker w of copy c of system q is replica c·temperatures + w of that system.
func LatticeOverlaps(l Lattice, spins, ladder *gorgonia.Node) (*gorgonia.Node, error) {
	return newLatticeOverlaps(ofSpins, l, spins, ladder)
}

// LatticeLinkOverlaps is q_link = (1/(dims·N)) Σ_bonds s_i^a s_j^a s_i^b s_j^b of the same pairs in the same order.
func LatticeLinkOverlaps(l Lattice, spins, ladder *gorgonia.Node) (*gorgonia.Node, error) {
	return newLatticeOverlaps(ofLinks, l, spins, ladder)
}

// LatticeSliceOverlaps is Σ s_i^a s_i^b over each slice of the lattice perpendicular to an axis, float64
// [systems, pairs, temperatures, X+Y(+Z)], slices along x first. The overlap's Fourier components along the axes, and from them
// the correlation length, are sums over slices: q(k) = Σ_x e^{ikx} slice(x).
func LatticeSliceOverlaps(l Lattice, spins, ladder *gorgonia.Node) (*gorgonia.Node, error) {
	return newLatticeOverlaps(ofSlices, l, spins, ladder)
}

func newLatticeOverlaps(kind overlapKind, l Lattice, spins, ladder *gorgonia.Node) (*gorgonia.Node, error) {
	name := overlapNames[kind]
	l.CouplingWords = 0
	in, err := latticeInputs(name, l, spins, nil)
	if err == nil {
		err = operand(name, "ladder", ladder, tensor.Int32, LadderRows, anySize, anySize, anySize)
	}
	if err != nil {
		return nil, err
	}
	s := ladder.Shape()
	k := &latticeOverlaps{lattice: l, kind: kind, systems: s[1], copies: s[2], temperatures: s[3], width: 1}
	if k.copies < 2 {
		return nil, fmt.Errorf("%s: %d copies of each system: an overlap needs at least 2", name, k.copies)
	}
	if err := latticeHolds(name, l, k.systems, k.copies*k.temperatures); err != nil {
		return nil, err
	}
	if err := k.independent(); err != nil {
		return nil, err
	}
	shape := tensor.Shape{k.systems, k.copies * (k.copies - 1) / 2, k.temperatures}
	if kind == ofSlices {
		if k.slices, err = multispin.NewSlices(l); err != nil {
			return nil, err
		}
		k.width = k.slices.Len()
		shape = append(shape, k.width)
	}
	in = append(in, ladder)
	k.op = newOp(fmt.Sprintf("%s{%v}", name, latticeForm(l)), tensor.Float64, shape, in...)
	return gorgonia.ApplyOp(k, in...)
}

// independent refuses copies that share random numbers: their overlap would measure that.
func (k *latticeOverlaps) independent() error {
	if !k.lattice.Shared {
		return nil
	}
	for i := range k.systems * k.copies {
		if i%k.copies == 0 {
			continue
		}
		if last, first := (i*k.temperatures-1)/64, i*k.temperatures/64; last == first {
			return fmt.Errorf("%s: copies %d and %d of system %d share the random numbers of word %d: put copies in different words, or do without Shared",
				overlapNames[k.kind], i%k.copies-1, i%k.copies, i/k.copies, first)
		}
	}
	return nil
}

// pairs calls f for each output with the two walkers that it compares.
func (k *latticeOverlaps) pairs(ladder []int32, f func(i, a, b int)) error {
	walkers := ladder[LadderWalker*k.systems*k.copies*k.temperatures:]
	i := 0
	for q := range k.systems {
		for b := 1; b < k.copies; b++ {
			for a := range b {
				for t := range k.temperatures {
					var w [2]int
					for j, c := range [2]int{a, b} {
						first := (q*k.copies + c) * k.temperatures
						walker := int(walkers[first+t])
						if walker < 0 || walker >= k.temperatures {
							return fmt.Errorf("%s: walker %d at temperature %d of a ladder of %d", overlapNames[k.kind], walker, t, k.temperatures)
						}
						w[j] = first + walker
					}
					f(i, w[0], w[1])
					i++
				}
			}
		}
	}
	return nil
}

// Host is the definition: one pair of spins after another.
func (k *latticeOverlaps) Host(_ engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	spins, dst := engine.Slice[uint64](in[0]), engine.Slice[float64](out)
	clear(dst)
	l := k.lattice
	return k.pairs(engine.Slice[int32](in[1]), func(i, a, b int) {
		sum := 0
		for site := range l.Spins() {
			q := l.Spin(spins, a, site) * l.Spin(spins, b, site)
			switch k.kind {
			case ofSpins:
				sum += q
			case ofLinks:
				for axis := range l.Dims() {
					next := l.Next(site, axis)
					sum += q * l.Spin(spins, a, next) * l.Spin(spins, b, next)
				}
			case ofSlices:
				first := i * k.width
				for axis, x := range l.Place(site) {
					dst[first+x] += float64(q)
					first += l.Length(axis)
				}
			}
		}
		if k.kind != ofSlices {
			dst[i] = float64(sum) / k.norm()
		}
	})
}

// norm is the number of spins or links.
func (k *latticeOverlaps) norm() float64 {
	if k.kind == ofLinks {
		return float64(k.lattice.Dims() * k.lattice.Spins())
	}
	return float64(k.lattice.Spins())
}

// Bind counts bits of replicas laid side by side.
func (k *latticeOverlaps) Bind(w engine.Workers, out engine.Buffer, in []engine.Buffer) (func(*engine.Clock) error, error) {
	columns, err := multispin.NewColumns(k.lattice, engine.Slice[uint64](in[0]), w)
	if err != nil {
		return nil, err
	}
	if k.kind == ofLinks {
		columns.TakeBonds() // allocates
	}
	dst, ladder, norm := engine.Slice[float64](out), engine.Slice[int32](in[1]), k.norm()
	compare := func(i, a, b int) {
		switch k.kind {
		case ofSpins:
			dst[i] = float64(columns.Overlap(a, b)) / norm
		case ofLinks:
			dst[i] = float64(columns.LinkOverlap(a, b)) / norm
		case ofSlices:
			k.slices.Overlaps(dst[i*k.width:][:k.width], columns, a, b)
		}
	}
	return func(*engine.Clock) error {
		if k.kind == ofLinks {
			columns.TakeBonds()
		} else {
			columns.TakeSpins()
		}
		return k.pairs(ladder, compare)
	}, nil
}
