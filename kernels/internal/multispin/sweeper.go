package multispin

import (
	"cavity/engine"
	"cavity/engine/cpu/level"
	"cavity/engine/rng"
)

// A Sweeper sweeps one set of tensors. It gives the bits of PlainSweep, allocates only when it is made, and must not be used
// by two goroutines at once.
type Sweeper struct {
	board
	rule       Rule
	order      []int // the classes as a choice takes them
	thresholds []uint64
	stream     rng.Stream
	pass       pass
	narrow     []narrowTables // one for each word
	setNarrow  func(task, worker int)
	portable   func(task, worker int)
	vector     vectorSweeper
}

// NewSweeper checks the tensors against l: spins [sites, Words], couplings [dims, sites, CouplingWords] and thresholds
// [Planes, classes, Words]. It keeps and uses these slices; the processor's level is found here, once.
func NewSweeper(l Lattice, rule Rule, spins, couplings, thresholds []uint64, w engine.Workers) (*Sweeper, error) {
	if err := l.check(spins, couplings); err != nil {
		return nil, err
	}
	if err := l.checkThresholds(rule, thresholds); err != nil {
		return nil, err
	}
	s := &Sweeper{
		board: newBoard(l, spins, couplings, w), rule: rule, thresholds: thresholds,
		order: rule.choices(l.Dims()), narrow: make([]narrowTables, l.Words),
	}
	s.setNarrow = func(word, _ int) { s.narrow[word].set(s, word) }
	s.portable = s.sweepPortable
	s.vector.init(s)
	return s, nil
}

// Sweep attempts one flip of every spin with the random numbers of the stream. Streams in checking mode, with their ten
// rounds, take portable code at every level.
func (s *Sweeper) Sweep(stream rng.Stream) {
	s.stream, s.pass = stream, newPass(stream)
	if s.level != level.Portable && !stream.Check {
		s.vector.sweep(s)
		return
	}
	s.workers.Do(s.Words, s.setNarrow)
	for s.colour = range 2 {
		s.workers.Do(s.tasks(s.lines()), s.portable)
	}
}

// A board is a lattice with its tensors, cut into tasks for workers: a block of words of some rows of a plane.
type board struct {
	Lattice
	spins, couplings []uint64
	workers          engine.Workers
	level            level.Level
	colour           int // the one being swept: parity of x+y+z
	planes, parts    int // planes of a system, and the parts into which the rows of a plane are cut
}

func newBoard(l Lattice, spins, couplings []uint64, w engine.Workers) board {
	b := board{Lattice: l, spins: spins, couplings: couplings, workers: w, level: level.Of(), planes: 1, parts: 1}
	if l.Dims() == 3 {
		b.planes = l.Size[2]
	}
	// Rows are cut only where planes are too few to go round; the cut never changes the result.
	if n := w.N(); n > 1 && b.planes < 4*n {
		b.parts = min(l.Size[1], (4*n+b.planes-1)/b.planes)
	}
	return b
}

// line is the number of words in a cache line: portable code takes its words together, row by row.
const line = 8

func (b *board) lines() int { return (b.Words + line - 1) / line }

func (b *board) tasks(blocks int) int { return blocks * b.planes * b.parts }

// task gives the block of words, the plane and the rows of a task.
func (b *board) task(n, blocks int) (block, z, y, yEnd int) {
	block = n % blocks
	n /= blocks
	part := n % b.parts
	rows := b.Size[1]
	return block, n / b.parts, part * rows / b.parts, (part + 1) * rows / b.parts
}
