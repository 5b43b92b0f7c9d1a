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
		order: rule.choices(l.Dims()), narrow: make([]narrowTables, l.Words),
	}
	s.setNarrow = func(word, _ int) { s.narrow[word].set(s, word) }
	half := s.sweepPortable
	if l.Shared {
		half = s.sweepShared
	}
	s.portable.init(&s.board, s.lines(), half)
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

// A job does both colours of all slabs in tasks for workers: a block of words of a run of slabs. In the first round a task
// takes the first colour of each slab and then the second colour of the slab before, whose neighbours are done: the slab is
// still in the cache. The second colour of the run's ends, which have neighbours in other runs, waits for the second round.
type job struct {
	half         func(block int, s slab, colour, worker int)
	blocks, runs int
	slabs        []slab
	both, rest   func(task, worker int)
	first        func(task, worker int)
}

// init divides the slabs into runs, which never changes the result.
func (j *job) init(b *board, blocks int, half func(block int, s slab, colour, worker int)) {
	*j = job{half: half, blocks: blocks, runs: 1, slabs: b.slabs}
	if n := b.workers.N(); n > 1 {
		j.runs = max(1, min(4*n, len(b.slabs)/2))
	}
	j.both, j.rest, j.first = j.sweepBoth, j.sweepRest, j.sweepFirst
}

// sweep runs both colours.
func (j *job) sweep(w engine.Workers) {
	w.Do(j.blocks*j.runs, j.both)
	w.Do(j.blocks*j.runs, j.rest)
}

// one runs the first colour alone.
func (j *job) one(w engine.Workers) { w.Do(j.blocks*j.runs, j.first) }

func (j *job) run(task int) (block int, slabs []slab) {
	r := task / j.blocks
	return task % j.blocks, j.slabs[r*len(j.slabs)/j.runs : (r+1)*len(j.slabs)/j.runs]
}

func (j *job) sweepBoth(task, worker int) {
	block, slabs := j.run(task)
	for k, s := range slabs {
		j.half(block, s, 0, worker)
		if k > 1 {
			j.half(block, slabs[k-1], 1, worker)
		}
	}
}

func (j *job) sweepRest(task, worker int) {
	block, slabs := j.run(task)
	j.half(block, slabs[0], 1, worker)
	if last := len(slabs) - 1; last > 0 {
		j.half(block, slabs[last], 1, worker)
	}
}

func (j *job) sweepFirst(task, worker int) {
	block, slabs := j.run(task)
	for _, s := range slabs {
		j.half(block, s, 0, worker)
	}
}
