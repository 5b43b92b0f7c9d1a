package lowrank

import (
	"unsafe"

	"cavity/engine"
	"cavity/engine/cpu/level"
	"cavity/engine/rng"
	"cavity/kernels/internal/chance"
)

const (
	blockSites = 64 // sites whose thresholds are drawn together
	chunkLanes = 64 // most replicas of a task
	group      = 32 // most lanes of a call of assembly
)

//go:generate sh -c "cd .. && go run ./asmgen"

// visitArgs are the arguments of the assembly.
type visitArgs struct {
	sites, quads int
	spins        *float32
	spinRow      int
	fields       *float32
	fieldRow     int // also of the overlaps
	patterns     *float32
	thresholds   *float32
	thresholdRow int
	external     *float32
	overlaps     *float32
	shift, _     float32 // the assembly counts in 8 bytes
	scale, _     float32
}

// routines are the assembly of one level: [0] for sweeps, [1] for Gibbs.
type routines struct {
	visit16, visit32 [2]func(*visitArgs) // visit32 may be nil: visit16 twice
}

type workspace struct {
	draw       chance.Drawer
	visit      visitArgs
	thresholds []float32 // [blockSites][chunkLanes]
	lambda     []float32 // [patterns][lanes], of which a task uses its own lanes
}

// Sweeper runs sweeps of a Model on a pool of workers, with the results of Sweep, Gibbs, Little and Overlaps bit for bit.
type Sweeper struct {
	model   Model
	rule    chance.Rule
	asm     *routines
	workers engine.Workers
	scratch []*workspace

	sweep, gibbs, little, count      func(task, worker int)
	key                              rng.Stream
	state, patterns, external, halfT []float32
}

// NewSweeper prepares sweeps at the present CPU level. It allocates all the memory that they need.
func NewSweeper(m Model, rule chance.Rule, w engine.Workers) *Sweeper {
	l := level.Of()
	s := &Sweeper{model: m, rule: rule, asm: vectors(l), workers: w}
	for range w.N() {
		ws := &workspace{thresholds: aligned(blockSites * chunkLanes), lambda: aligned(PatternStride(m.Patterns) * LaneStride(m.Replicas))}
		ws.draw.Init(l)
		s.scratch = append(s.scratch, ws)
	}
	s.sweep, s.gibbs, s.little, s.count = s.sweepTask, s.gibbsTask, s.littleTask, s.countTask
	return s
}

// aligned is memory that begins on a cache line.
func aligned(n int) []float32 {
	x := make([]float32, n+15)
	for uintptr(unsafe.Pointer(&x[0]))%64 != 0 {
		x = x[1:]
	}
	return x[:n]
}

// chunks is the number of tasks of a system. Half a chunk takes four fifths of its time, so that a task is never less than one.
func (s *Sweeper) chunks() int { return (s.model.Replicas + chunkLanes - 1) / chunkLanes }

// Set gives the arrays of the next calls: the state, the patterns, the external fields and T/2 of every replica.
func (s *Sweeper) Set(state, patterns, external, halfT []float32) {
	s.state, s.patterns, s.external, s.halfT = state, patterns, external, halfT
}

// Overlaps counts the overlaps from scratch.
func (s *Sweeper) Overlaps() { s.workers.Do(s.model.Systems*s.chunks(), s.count) }

// Sweep is one sequential sweep.
func (s *Sweeper) Sweep(key rng.Stream) {
	s.key = key
	s.workers.Do(s.model.Systems*s.chunks(), s.sweep)
}

// Gibbs is one round of block sampling.
func (s *Sweeper) Gibbs(key rng.Stream) {
	s.key = key
	s.workers.Do(s.model.Systems*s.chunks(), s.gibbs)
}

// Little is one parallel update.
func (s *Sweeper) Little(key rng.Stream) {
	s.key = key
	s.workers.Do(s.model.Systems*s.chunks(), s.little)
}

// span is the replicas of a task.
func (s *Sweeper) span(task int) (system, first, replicas int) {
	system, first = task/s.chunks(), task%s.chunks()*chunkLanes
	return system, first, min(chunkLanes, s.model.Replicas-first)
}

func (s *Sweeper) countTask(task, _ int) {
	system, first, replicas := s.span(task)
	m := s.model
	lanes, stride := LaneStride(m.Replicas), PatternStride(m.Patterns)
	x, xi, _ := m.part(s.state, s.patterns, s.external, system)
	for mu := range stride {
		clear(x[(m.Sites+mu)*lanes+first:][:replicas])
	}
	for i := range m.Sites {
		spins := x[i*lanes+first:][:replicas]
		for mu, p := range xi[i*stride : (i+1)*stride] {
			sums := x[(m.Sites+mu)*lanes+first:][:replicas]
			for r, v := range spins {
				sums[r] += v * p
			}
		}
	}
}

func (s *Sweeper) sweepTask(task, worker int) {
	system, first, replicas := s.span(task)
	if s.asm == nil {
		for r := first; r < first+replicas; r++ {
			l := s.model.lane(s.state, s.patterns, s.external, s.halfT, system, r)
			l.sweep(s.rule, s.key)
		}
		return
	}
	m, w := s.model, s.scratch[worker]
	x, xi, b := m.part(s.state, s.patterns, s.external, system)
	sums := x[m.Sites*LaneStride(m.Replicas)+first:]
	w.draw.Start(s.key, s.halfT[system*m.Replicas+first:][:replicas])
	w.visit = visitArgs{shift: float32(m.Patterns), scale: 1 / float32(m.Sites), fields: &sums[0], overlaps: &sums[0]}
	s.visit(w, 0, x[first:], xi, b, m.element(system, first), replicas)
}

func (s *Sweeper) gibbsTask(task, worker int) {
	system, first, replicas := s.span(task)
	m, w := s.model, s.scratch[worker]
	lanes := LaneStride(m.Replicas)
	if s.asm == nil {
		for r := first; r < first+replicas; r++ {
			l := m.lane(s.state, s.patterns, s.external, s.halfT, system, r)
			l.gibbs(s.key, w.lambda)
		}
		return
	}
	x, xi, b := m.part(s.state, s.patterns, s.external, system)
	halfT := s.halfT[system*m.Replicas+first:][:replicas]
	scale := rootScale(m.Sites)
	for mu := range PatternStride(m.Patterns) {
		sums, z := x[(m.Sites+mu)*lanes+first:][:replicas], w.lambda[mu*lanes+first:][:replicas]
		s.key.FillNormal32(z, rng.Site(uint32(m.Sites+mu))+uint64(m.element(system, first)))
		for r, t := range halfT {
			z[r] = draw(sums[r], z[r], scale, rootTemperature(t))
		}
		clear(sums)
	}
	w.draw.Start(s.key, halfT)
	w.visit = visitArgs{scale: scale, fields: &w.lambda[first], overlaps: &x[m.Sites*lanes+first]}
	s.visit(w, 1, x[first:], xi, b, m.element(system, first), replicas)
}

func (s *Sweeper) littleTask(task, worker int) {
	system, first, replicas := s.span(task)
	m, w := s.model, s.scratch[worker]
	lanes := LaneStride(m.Replicas)
	if s.asm == nil {
		for r := first; r < first+replicas; r++ {
			l := m.lane(s.state, s.patterns, s.external, s.halfT, system, r)
			l.little(s.key, w.lambda)
		}
		return
	}
	x, xi, b := m.part(s.state, s.patterns, s.external, system)
	for mu := range PatternStride(m.Patterns) {
		sums := x[(m.Sites+mu)*lanes+first:][:replicas]
		copy(w.lambda[mu*lanes+first:], sums)
		clear(sums)
	}
	w.draw.Start(s.key, s.halfT[system*m.Replicas+first:][:replicas])
	w.visit = visitArgs{shift: float32(m.Patterns), scale: 1 / float32(m.Sites), fields: &w.lambda[first], overlaps: &x[m.Sites*lanes+first]}
	s.visit(w, 1, x[first:], xi, b, m.element(system, first), replicas)
}

// visit runs the assembly over all sites, a block of thresholds at a time.
func (s *Sweeper) visit(w *workspace, kind int, spins, xi, b []float32, element, replicas int) {
	lanes, stride := LaneStride(s.model.Replicas), PatternStride(s.model.Patterns)
	rule := s.rule
	if kind == 1 {
		rule = chance.HeatBath
	}
	v := w.visit
	v.quads, v.spinRow, v.fieldRow, v.thresholdRow = stride/4, 4*lanes, 4*lanes, 4*chunkLanes
	for i := 0; i < s.model.Sites; i += blockSites {
		v.sites = min(blockSites, s.model.Sites-i)
		w.draw.Rows(rule, w.thresholds, nil, chunkLanes, i, v.sites, element, replicas)
		v.patterns, v.external = &xi[i*stride], &b[i]
		for r := 0; r < replicas; {
			n, f := 16, s.asm.visit16[kind]
			if s.asm.visit32[kind] != nil && replicas-r > 16 {
				n, f = group, s.asm.visit32[kind]
			}
			w.visit = v
			w.visit.spins, w.visit.thresholds = &spins[i*lanes+r], &w.thresholds[r]
			w.visit.fields = (*float32)(unsafe.Add(unsafe.Pointer(v.fields), 4*r))
			w.visit.overlaps = (*float32)(unsafe.Add(unsafe.Pointer(v.overlaps), 4*r))
			f(&w.visit)
			r += n
		}
	}
}
