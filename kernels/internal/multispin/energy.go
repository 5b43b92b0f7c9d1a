package multispin

import (
	"math/bits"

	"cavity/engine"
	"cavity/engine/cpu/level"
)

// An EnergyMeter computes the energies of one set of tensors. It allocates only when it is made and must not be used by two
// goroutines at once.
//
// Every bond has one end at a site of even x+y+z, so these sites see each bond once. Their unsatisfied bonds are counted in
// bit planes: adding a bit to 64 counters costs a few logical operations.
type EnergyMeter struct {
	board
	totals   [][]planeCounts // of each worker, for each word
	planes   int             // that a count can reach
	portable job
	vector   vectorMeter
}

// planeCounts counts for each of 64 bits: bit r of plane p has the value 2^p in counter r.
type planeCounts [32]uint64

// NewEnergyMeter checks the tensors against l: spins [sites, Words] and couplings [dims, sites, CouplingWords].
func NewEnergyMeter(l Lattice, spins, couplings []uint64, w engine.Workers) (*EnergyMeter, error) {
	if err := l.check(spins, couplings); err != nil {
		return nil, err
	}
	m := &EnergyMeter{board: newBoard(l, spins, couplings, w), totals: make([][]planeCounts, w.N())}
	m.planes = bits.Len(uint(l.Dims() * l.Sites()))
	for i := range m.totals {
		m.totals[i] = make([]planeCounts, l.Words)
	}
	m.portable.init(&m.board, m.lines(), m.countPortable)
	m.vector.init(m)
	return m, nil
}

// Energies writes the energy of each system, E = -Σ J s s, as PlainEnergies does.
func (m *EnergyMeter) Energies(energies []int32) error {
	if err := m.checkSystems("energies", len(energies)); err != nil {
		return err
	}
	for i := range m.totals {
		clear(m.totals[i])
	}
	if m.level != level.Portable {
		m.vector.count(m)
	} else {
		m.portable.one(m.workers)
	}
	bonds := int32(m.Dims() * m.Spins())
	for w := range m.Words {
		sum := &m.totals[0][w]
		for _, t := range m.totals[1:] {
			sum.merge(&t[w], m.planes)
		}
		if m.Strips {
			energies[w] = 2*sum.total() - bonds
			continue
		}
		for r, n := range sum.counts() {
			energies[64*w+r] = 2*int32(uint32(n)) - bonds
			energies[64*w+32+r] = 2*int32(n>>32) - bonds
		}
	}
	return nil
}

// countPortable counts the unsatisfied bonds of a slab's sites of one colour.
func (m *EnergyMeter) countPortable(block int, sl slab, colour, worker int) {
	for y := sl.y; y < sl.yEnd; y++ {
		for w := line * block; w < min(line*(block+1), m.Words); w++ {
			r, total := m.row(y, sl.z, w), &m.totals[worker][w]
			for x := (colour + y + sl.z) & 1; x < m.Size[0]; x += 2 {
				ones, twos, fours := r.count(x)
				total.add(0, ones)
				total.add(1, twos)
				total.add(2, fours)
			}
		}
	}
}

// add adds 2^plane to the counters whose bits are set.
func (c *planeCounts) add(plane int, carry uint64) {
	for ; carry != 0; plane++ {
		c[plane], carry = c[plane]^carry, c[plane]&carry
	}
}

// merge adds the counters of d, whose sums fit the given number of planes.
func (c *planeCounts) merge(d *planeCounts, planes int) {
	var carry uint64
	for p, b := range d[:planes] {
		a := c[p]
		c[p], carry = a^b^carry, a&b|carry&(a|b)
	}
}

// counts gives counter r in the lower half of entry r, and counter 32+r in the upper.
func (c *planeCounts) counts() [32]uint64 {
	columns := [32]uint64(*c)
	transpose32(&columns)
	return columns
}

// total is the sum of all counters.
func (c *planeCounts) total() (n int32) {
	for p, x := range c {
		n += int32(bits.OnesCount64(x)) << p
	}
	return n
}
