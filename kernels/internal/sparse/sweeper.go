package sparse

import (
	"unsafe"

	"cavity/engine"
	"cavity/engine/cpu/level"
	"cavity/engine/rng"
	"cavity/kernels/internal/chance"
)

//go:generate sh -c "cd .. && go run ./asmgen"

const (
	blockSites = 64 // sites whose thresholds are drawn together
	chunkLanes = 64 // most replicas of a task
)

// The arguments of the assembly.
type (
	visitArgs struct {
		sites               int
		order               *int32
		state               *float32
		row                 int // bytes
		offsets, neighbours *int32
		weights, external   *float32
		thresholds          *float32
		thresholdRow        int // bytes
	}
	energyArgs struct {
		sites               int
		sums                *[2 * chance.Lanes]float64
		state               *float32
		row                 int
		offsets, neighbours *int32
		weights, external   *float32
	}
)

// routines are the assembly of one level; visit32 may be nil.
type routines struct {
	visit16, visit32 func(*visitArgs)
	energy16         func(*energyArgs)
}

type workspace struct {
	draw       chance.Drawer
	visit      visitArgs
	energy     energyArgs
	sums       [2 * chance.Lanes]float64
	thresholds []float32
}

// Sweeper runs sweeps of a Model on a pool of workers, with the results of Sweep and Energy bit for bit.
type Sweeper struct {
	model   Model
	rule    chance.Rule
	asm     *routines
	workers engine.Workers
	chunk   int
	split   int // sites of a task when replicas do not feed the workers: colours are then finished one by one
	scratch []*workspace

	whole, slice, total func(task, worker int)
	arrays              Arrays
	key                 rng.Stream
	colour              int
	energies            []float64
}

// NewSweeper prepares sweeps at the present CPU level. It allocates all the memory that they need.
func NewSweeper(m Model, rule chance.Rule, w engine.Workers) *Sweeper {
	l := level.Of()
	s := &Sweeper{model: m, rule: rule, asm: vectors(l), workers: w, chunk: chunkLanes}
	for s.chunk > chance.Lanes && m.Systems*s.chunks() < w.N() {
		s.chunk /= 2
	}
	if m.Systems*s.chunks() < w.N() {
		s.split = blockSites
	}
	for range w.N() {
		ws := &workspace{thresholds: make([]float32, blockSites*chunkLanes+15)}
		for uintptr(unsafe.Pointer(&ws.thresholds[0]))%64 != 0 {
			ws.thresholds = ws.thresholds[1:]
		}
		ws.draw.Init(l)
		s.scratch = append(s.scratch, ws)
	}
	s.whole, s.slice, s.total = s.wholeTask, s.sliceTask, s.energyTask
	return s
}

func (s *Sweeper) chunks() int { return (s.model.Replicas + s.chunk - 1) / s.chunk }

// Set gives the arrays of the next calls.
func (s *Sweeper) Set(a Arrays) { s.arrays = a }

// Sweep is one sweep.
func (s *Sweeper) Sweep(key rng.Stream) {
	s.key = key
	if s.split == 0 {
		s.workers.Do(s.model.Systems*s.chunks(), s.whole)
		return
	}
	for s.colour = range s.model.Colours {
		most := 0
		for q := range s.model.Systems {
			from, to := s.model.graph(q).colour(s.colour)
			most = max(most, to-from)
		}
		s.workers.Do(s.model.Systems*s.chunks()*((most+s.split-1)/s.split), s.slice)
	}
}

// wholeTask visits all sites of some replicas.
func (s *Sweeper) wholeTask(task, worker int) {
	s.visit(s.scratch[worker], task/s.chunks(), task%s.chunks()*s.chunk, 0, s.model.Sites)
}

// sliceTask visits some sites of the present colour.
func (s *Sweeper) sliceTask(task, worker int) {
	parts := s.model.Systems * s.chunks()
	q := task % parts / s.chunks()
	from, to := s.model.graph(q).colour(s.colour)
	from += task / parts * s.split
	s.visit(s.scratch[worker], q, task%s.chunks()*s.chunk, from, min(from+s.split, to))
}

// colour gives the positions of a colour in the order, none for a colour that the graph does not need.
func (t *Topology) colour(c int) (from, to int) {
	if c+1 >= len(t.Colours) {
		return 0, 0
	}
	return int(t.Colours[c]), int(t.Colours[c+1])
}

// visit decides the sites at positions from to to of the order.
func (s *Sweeper) visit(w *workspace, system, first, from, to int) {
	m := s.model
	a := m.System(&s.arrays, system)
	replicas := min(s.chunk, m.Replicas-first)
	w.draw.Start(s.key, a.HalfT[first:][:replicas])
	for k := from; k < to; k += blockSites {
		n := min(blockSites, to-k)
		w.draw.Rows(s.rule, w.thresholds, nil, chunkLanes, k, n, m.Element(system, first), replicas)
		if s.asm == nil {
			s.plain(w, &a, first, replicas, k, n)
			continue
		}
		for r := 0; r < replicas; {
			lanes, f := chance.Lanes, s.asm.visit16
			if s.asm.visit32 != nil && replicas-r > chance.Lanes {
				lanes, f = 2*chance.Lanes, s.asm.visit32
			}
			w.visit = visitArgs{
				n, &a.Order[k], &a.State[first+r], 4 * m.Lanes(), &a.Offsets[0], &a.Neighbours[0],
				&a.Weights[0], &a.External[0], &w.thresholds[r], 4 * chunkLanes,
			}
			f(&w.visit)
			r += lanes
		}
	}
}

// plain is visit without assembly, replicas inside.
func (s *Sweeper) plain(w *workspace, a *Part, first, replicas, k, n int) {
	lanes := s.model.Lanes()
	for l := range n {
		i := int(a.Order[k+l])
		for r := range replicas {
			v := &a.State[i*lanes+first+r]
			if *v*a.field(a.External[i], i, lanes, first+r) <= w.thresholds[l*chunkLanes+r] {
				*v = -*v
			}
		}
	}
}

// Energies writes the energy of every replica, [systems][replicas].
func (s *Sweeper) Energies(dst []float64) {
	s.energies = dst
	s.workers.Do(s.model.Systems*(s.model.Lanes()/chance.Lanes), s.total)
}

// energyTask sums 16 lanes.
func (s *Sweeper) energyTask(task, worker int) {
	m, w := s.model, s.scratch[worker]
	groups := m.Lanes() / chance.Lanes
	system, first := task/groups, task%groups*chance.Lanes
	if first >= m.Replicas {
		return
	}
	dst := s.energies[system*m.Replicas+first:][:min(chance.Lanes, m.Replicas-first)]
	if s.asm == nil {
		for r := range dst {
			dst[r] = Energy(m, &s.arrays, system, first+r)
		}
		return
	}
	a := m.System(&s.arrays, system)
	w.energy = energyArgs{
		m.Sites, &w.sums, &a.State[first], 4 * m.Lanes(), &a.Offsets[0], &a.Neighbours[0], &a.Weights[0], &a.External[0],
	}
	s.asm.energy16(&w.energy)
	for r := range dst {
		dst[r] = -(w.sums[r]/2 + w.sums[chance.Lanes+r])
	}
}
