package signs

import (
	"math/bits"
	"unsafe"

	"cavity/engine"
	"cavity/engine/cpu/level"
	"cavity/engine/rng"
	"cavity/kernels/internal/chance"
)

//go:generate sh -c "cd .. && go run ./asmgen"

const (
	blockSites = 64 // sites whose thresholds are drawn together
	chunkLanes = 32 // most replicas of a task
)

// countArgs are the arguments of the assembly.
type countArgs struct {
	counts    *[chunkLanes]int64
	spins     *uint64
	row       int // bytes
	couplings *uint64
	words     int
}

// routines count 16 or 32 lanes; count32 may be nil.
type routines struct {
	count16, count32 func(*countArgs)
}

type workspace struct {
	draw       chance.Drawer
	args       countArgs
	counts     [chunkLanes]int64
	thresholds [blockSites * chunkLanes]float32
}

// Sweeper runs sweeps of a Model on a pool of workers, with the results of Sweep and Pairs bit for bit.
type Sweeper struct {
	model   Model
	rule    chance.Rule
	asm     *routines
	workers engine.Workers
	chunk   int
	scratch []*workspace

	sweep, total     func(task, worker int)
	key              rng.Stream
	state, couplings []uint64
	external, halfT  []float32
}

// NewSweeper prepares sweeps at the present CPU level. It allocates all the memory that they need.
func NewSweeper(m Model, rule chance.Rule, w engine.Workers) *Sweeper {
	l := level.Of()
	s := &Sweeper{model: m, rule: rule, asm: vectors(l), workers: w, chunk: chunkLanes}
	if m.Systems*s.chunks() < w.N() {
		s.chunk = chance.Lanes
	}
	for range w.N() {
		ws := &workspace{}
		ws.draw.Init(l)
		s.scratch = append(s.scratch, ws)
	}
	s.sweep, s.total = s.sweepTask, s.pairsTask
	return s
}

func (s *Sweeper) chunks() int { return (s.model.Replicas + s.chunk - 1) / s.chunk }

// Set gives the arrays of the next calls: state, couplings, external fields and T/2 of every replica.
func (s *Sweeper) Set(state, couplings []uint64, external, halfT []float32) {
	s.state, s.couplings, s.external, s.halfT = state, couplings, external, halfT
}

// Pairs counts the sums over pairs from scratch.
func (s *Sweeper) Pairs() { s.workers.Do(s.model.Systems*s.chunks(), s.total) }

// Sweep is one sweep.
func (s *Sweeper) Sweep(key rng.Stream) {
	s.key = key
	s.workers.Do(s.model.Systems*s.chunks(), s.sweep)
}

// count fills the worker's counts of bits in which row i and the spins of the lanes from first on differ.
func (s *Sweeper) count(w *workspace, spins, row []uint64, first, replicas int) {
	lanes := s.model.lanes()
	if s.asm != nil {
		w.args = countArgs{&w.counts, &spins[first], 8 * lanes, &row[0], len(row)}
		if s.asm.count32 != nil && replicas > chance.Lanes {
			s.asm.count32(&w.args)
			return
		}
		s.asm.count16(&w.args)
		if replicas > chance.Lanes {
			w.args.spins = &spins[first+chance.Lanes]
			w.args.counts = (*[chunkLanes]int64)(unsafe.Pointer(&w.counts[chance.Lanes]))
			s.asm.count16(&w.args)
		}
		return
	}
	counts := w.counts[:replicas]
	clear(counts)
	for k, x := range row {
		for r, v := range spins[k*lanes+first:][:replicas] {
			counts[r] += int64(bits.OnesCount64(x ^ v))
		}
	}
}

func (s *Sweeper) sweepTask(task, worker int) {
	m, w := s.model, s.scratch[worker]
	system, first := task/s.chunks(), task%s.chunks()*s.chunk
	replicas := min(s.chunk, m.Replicas-first)
	x, j, b := m.part(s.state, s.couplings, s.external, system)
	words, lanes := Words(m.Sites), m.lanes()
	w.draw.Start(s.key, s.halfT[system*m.Replicas+first:][:replicas])
	pairs := x[words*lanes+first:][:replicas]
	for i := range m.Sites {
		k := i % blockSites
		if k == 0 {
			w.draw.Rows(s.rule, w.thresholds[:], nil, chunkLanes, i, min(blockSites, m.Sites-i), m.element(system, first), replicas)
		}
		s.count(w, x[:words*lanes], j[i*words:(i+1)*words], first, replicas)
		spins := x[i/64*lanes+first:][:replicas]
		limit := w.thresholds[k*chunkLanes:][:replicas]
		counts := w.counts[:replicas]
		for r, v := range spins {
			spin := int64(v>>(i%64)&1)*2 - 1
			field := int64(m.Sites) - 2*counts[r] + spin
			var turn uint64 // without a branch, which would be mispredicted a third of the time
			if turns(spin, field, m.Strength, b[i], limit[r]) {
				turn = 1
			}
			spins[r] = v ^ turn<<(i%64)
			pairs[r] -= turn * uint64(2*spin*field)
		}
	}
}

func (s *Sweeper) pairsTask(task, worker int) {
	m, w := s.model, s.scratch[worker]
	system, first := task/s.chunks(), task%s.chunks()*s.chunk
	replicas := min(s.chunk, m.Replicas-first)
	x, j, _ := m.part(s.state, s.couplings, s.external, system)
	words, lanes := Words(m.Sites), m.lanes()
	pairs := x[words*lanes+first:][:replicas]
	clear(pairs)
	for i := range m.Sites {
		s.count(w, x[:words*lanes], j[i*words:(i+1)*words], first, replicas)
		for r, v := range x[i/64*lanes+first:][:replicas] {
			spin := int64(v>>(i%64)&1)*2 - 1
			pairs[r] += uint64(spin * (int64(m.Sites) - 2*w.counts[r] + spin))
		}
	}
	for r := range pairs {
		pairs[r] = uint64(int64(pairs[r]) / 2)
	}
}
