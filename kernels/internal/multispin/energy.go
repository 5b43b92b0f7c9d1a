package multispin

import (
	"fmt"
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
	turn     uint64          // countings so far
	counted  [][]uint64      // the turn in which each worker last counted in each block
	totals   [][]planeCounts // of each worker, for each word; portable code's
	planes   int             // that a count can reach
	bonds    int32           // of a system
	energies []int32
	floats   []float64 // in place of energies
	finish   func(task, worker int)
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
	m := &EnergyMeter{board: newBoard(l, spins, couplings, w), planes: bits.Len(uint(l.Dims() * l.Sites())), bonds: int32(l.Dims() * l.Spins())}
	m.finish = m.finishWord
	blocks := m.lines()
	if m.level != level.Portable {
		m.vector.init(m)
		blocks = m.vector.blocks
	} else {
		m.portable.init(&m.board, line, m.countPortable)
		m.totals = make([][]planeCounts, w.N())
		for i := range m.totals {
			m.totals[i] = make([]planeCounts, l.Words)
		}
	}
	m.counted = make([][]uint64, w.N())
	for i := range m.counted {
		m.counted[i] = make([]uint64, blocks+16)[:blocks] // workers write them: not on one cache line
	}
	return m, nil
}

// Energies writes the energy of each system, E = -Σ J s s, as PlainEnergies does.
func (m *EnergyMeter) Energies(energies []int32) error {
	if err := m.checkSystems("energies", len(energies)); err != nil {
		return err
	}
	m.energies, m.floats = energies, nil
	m.run()
	return nil
}

// Floats writes the energies of the first systems, as many as there is room for; all are integers.
func (m *EnergyMeter) Floats(energies []float64) error {
	if len(energies) > m.Systems() {
		return fmt.Errorf("lattice: %d energies for %d systems", len(energies), m.Systems())
	}
	m.energies, m.floats = nil, energies
	m.run()
	return nil
}

func (m *EnergyMeter) run() {
	m.turn++
	if m.level != level.Portable {
		m.vector.job.one(m.workers)
	} else {
		m.portable.one(m.workers)
	}
	m.workers.Do(m.Words, m.finish)
}

// begins reports that a worker has not counted in a block in this turn: its totals there are old.
func (m *EnergyMeter) begins(worker, block int) bool {
	if m.counted[worker][block] == m.turn {
		return false
	}
	m.counted[worker][block] = m.turn
	return true
}

// finishWord adds what the workers have counted of a word and writes its energies.
func (m *EnergyMeter) finishWord(w, _ int) {
	var sum planeCounts
	for worker, turns := range m.counted {
		switch {
		case m.level != level.Portable && turns[w/m.vector.lanes] == m.turn:
			m.vector.collect(m, worker, w, &sum)
		case m.level == level.Portable && turns[w/line] == m.turn:
			sum.merge(&m.totals[worker][w], m.planes)
		}
	}
	if m.Strips {
		m.write(w, sum.total())
		return
	}
	for r, n := range sum.counts() {
		m.write(64*w+r, int32(uint32(n)))
		m.write(64*w+32+r, int32(n>>32))
	}
}

// write gives a system the energy of its unsatisfied bonds.
func (m *EnergyMeter) write(system int, unsatisfied int32) {
	e := 2*unsatisfied - m.bonds
	if m.energies != nil {
		m.energies[system] = e
	} else if system < len(m.floats) {
		m.floats[system] = float64(e)
	}
}

// countPortable counts the unsatisfied bonds of a slab's sites of one colour.
func (m *EnergyMeter) countPortable(block int, sl slab, colour, worker int) {
	if totals := m.totals[worker][line*block:]; m.begins(worker, block) {
		clear(totals[:min(line, len(totals))])
	}
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
