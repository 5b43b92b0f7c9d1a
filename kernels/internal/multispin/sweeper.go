package multispin

import (
	"sync/atomic"

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
	turn       uint64        // sweeps so far
	narrow     []narrowBlock // one for each worker
	portable   job
	vector     vectorSweeper
}

// NewSweeper checks the tensors against l: spins [sites, Words], couplings [dims, sites, CouplingWords] and thresholds
// [Planes, classes, Words] or, with Shared, [classes, Words]. It keeps and uses these slices; the processor's level is found
// here, once.
func NewSweeper(l Lattice, rule Rule, spins, couplings, thresholds []uint64, w engine.Workers) (*Sweeper, error) {
	if err := l.check(spins, couplings); err != nil {
		return nil, err
	}
	if err := l.checkThresholds(rule, thresholds); err != nil {
		return nil, err
	}
	s := &Sweeper{
		board: newBoard(l, spins, couplings, w), rule: rule, thresholds: thresholds,
		order: rule.choices(l.Dims()), narrow: make([]narrowBlock, w.N()),
	}
	half := s.sweepPortable
	if l.Shared {
		half = s.sweepShared
	}
	s.portable.init(&s.board, line, half)
	s.vector.init(s)
	return s, nil
}

// Sweep attempts one flip of every spin with the random numbers of the stream. Streams in checking mode, with their ten
// rounds, take portable code at every level.
func (s *Sweeper) Sweep(stream rng.Stream) {
	s.stream, s.pass = stream, newPass(stream)
	s.turn++
	if s.level != level.Portable && !stream.Check {
		s.vector.sweep(s)
		return
	}
	s.portable.sweep(s.workers)
}

// A board is a lattice with its tensors.
type board struct {
	Lattice
	spins, couplings []uint64
	workers          engine.Workers
	level            level.Level
	slabs            []slab
}

// A slab is a layer of a lattice: some rows of a plane. Sites have neighbours in their own slab and in the next on either side.
type slab struct{ z, y, yEnd int }

// slabRows is the number of rows of a slab in two dimensions; in three it is a plane.
const slabRows = 8

func newBoard(l Lattice, spins, couplings []uint64, w engine.Workers) board {
	b := board{Lattice: l, spins: spins, couplings: couplings, workers: w, level: level.Of()}
	if l.Dims() == 3 {
		for z := range l.Size[2] {
			b.slabs = append(b.slabs, slab{z, 0, l.Size[1]})
		}
		return b
	}
	for y := 0; y < l.Size[1]; y += slabRows {
		b.slabs = append(b.slabs, slab{0, y, min(y+slabRows, l.Size[1])})
	}
	return b
}

// line is the number of words in a cache line: portable code takes its words together, row by row.
const line = 8

func (b *board) lines() int { return (b.Words + line - 1) / line }

// A job does both colours of all slabs, block of words by block of words.
//
// One worker takes the first colour of each slab and then the second colour of the slab before, whose neighbours are done:
// the slab is still in the cache. Several workers do the same with a slab of a block as a task, in any order and without
// waiting for each other: the second colour of a slab is done by whoever ends the last of the three first colours that it
// needs, those of the slab and of its two neighbours, which also read the old spins of its second colour. Neighbouring tasks
// of one worker are then swept as one worker sweeps them, and only where the tasks of two workers meet does a slab change hands.
type job struct {
	half        func(block int, s slab, colour, worker int)
	blocks      int
	together    int // blocks that one task takes
	slabs       []slab
	ended       []ended // [blocks/together][slabs]
	both, first func(task, worker int)
	inTurn      bool
}

// ended counts first colours, three for each sweep.
type ended struct {
	n atomic.Uint32
	_ [60]byte // a cache line each
}

// init divides the work into blocks of so many words; those that share cache lines are one worker's.
func (j *job) init(b *board, words int, half func(block int, s slab, colour, worker int)) {
	*j = job{half: half, blocks: (b.Words + words - 1) / words, together: 1, slabs: b.slabs}
	j.both, j.first = j.sweepSlab, j.sweepFirst
	if b.workers.N() > 1 {
		j.together = line / words
	}
	if j.inTurn = b.workers.N() == 1 || b.Shared && b.Sites()*b.Words < smallShared; j.inTurn {
		j.both = j.sweepBlocks
		return
	}
	j.ended = make([]ended, j.tasks())
}

// smallShared is the number of words of a lattice below which a sweep with shared numbers is so quick that handing the planes
// between two workers from cache to cache costs more than the second worker saves (measured: L = 16, 8 words).
const smallShared = 1 << 16

// groups is the number of tasks that have blocks of their own.
func (j *job) groups() int { return (j.blocks + j.together - 1) / j.together }

// tasks is the number of slabs of all blocks that are taken together.
func (j *job) tasks() int { return j.groups() * len(j.slabs) }

// halves does a colour of a slab for the blocks of a task.
func (j *job) halves(group int, s slab, colour, worker int) {
	for block := group * j.together; block < min((group+1)*j.together, j.blocks); block++ {
		j.half(block, s, colour, worker)
	}
}

// sweep runs both colours.
func (j *job) sweep(w engine.Workers) {
	if j.inTurn {
		w.Do(j.groups(), j.both)
		return
	}
	w.Do(j.tasks(), j.both)
}

// one runs the first colour alone.
func (j *job) one(w engine.Workers) { w.Do(j.tasks(), j.first) }

func (j *job) sweepFirst(task, worker int) {
	j.halves(task/len(j.slabs), j.slabs[task%len(j.slabs)], 0, worker)
}

// sweepBlocks is one worker's sweep of the blocks of a group.
func (j *job) sweepBlocks(group, worker int) {
	for block := group * j.together; block < min((group+1)*j.together, j.blocks); block++ {
		j.sweepBlock(block, worker)
	}
}

func (j *job) sweepBlock(block, worker int) {
	last := len(j.slabs) - 1
	for k, s := range j.slabs {
		j.half(block, s, 0, worker)
		if k > 1 {
			j.half(block, j.slabs[k-1], 1, worker)
		}
	}
	j.half(block, j.slabs[0], 1, worker)
	if last > 0 {
		j.half(block, j.slabs[last], 1, worker)
	}
}

// sweepSlab is the first colour of a slab, and the second colours that this makes possible.
func (j *job) sweepSlab(task, worker int) {
	n := len(j.slabs)
	group, k := task/n, task%n
	j.halves(group, j.slabs[k], 0, worker)
	up, down := around(k, n)
	for _, t := range [3]int{down, k, up} {
		if j.ended[group*n+t].n.Add(1)%3 == 0 {
			j.halves(group, j.slabs[t], 1, worker)
		}
	}
}
