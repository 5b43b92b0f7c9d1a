package dense

import (
	"math"
	"unsafe"

	"cavity/engine/rng"
)

const siteRow = group * 4 // bytes between the sites of a laneArray

// Sweep visits every site of every replica once; see the package's Sweep. The key must not be in checking mode.
func (s *Sweeper) Sweep(key rng.Stream, state, j, halfT []float32) {
	s.key, s.state, s.j, s.halfT = key, state, j, halfT
	s.each(s.sweep)
}

// Fields computes the fields from scratch; see the package's Fields.
func (s *Sweeper) Fields(state, j, external []float32) {
	s.state, s.j, s.external = state, j, external
	s.each(s.refresh)
}

// each runs a function for all groups of replicas: side by side, or in turn where the workers are a team within each.
func (s *Sweeper) each(f func(task, worker int)) {
	tasks := s.batch.Systems * s.chunks()
	if !s.team {
		s.workers.Do(tasks, f)
		return
	}
	for t := range tasks {
		f(t, 0)
	}
}

func (s *Sweeper) chunks() int { return (s.batch.Replicas + s.chunk - 1) / s.chunk }

// A part is the replicas of a task.
type part struct {
	system, first, replicas int
	spins, fields           []float32 // of these replicas
	couplings               []float32
	ld                      int
}

func (s *Sweeper) part(task int) part {
	b := s.batch
	p := part{system: task / s.chunks(), first: task % s.chunks() * s.chunk, ld: b.Stride()}
	p.replicas = min(s.chunk, b.Replicas-p.first)
	spins, fields := b.state(s.state, p.system)
	lo, hi := p.first*p.ld, (p.first+p.replicas)*p.ld
	p.spins, p.fields, p.couplings = spins[lo:hi], fields[lo:hi], b.couplings(s.j, p.system)
	return p
}

func (s *Sweeper) refreshTask(task, worker int) {
	p := s.part(task)
	if s.asm == nil {
		for r := range p.replicas {
			s.batch.fields(s.state, s.j, s.external, p.system, p.first+r)
		}
		return
	}
	w := s.scratch[worker]
	for r := range p.replicas {
		copy(p.fields[r*p.ld:(r+1)*p.ld], s.external[p.system*p.ld:])
	}
	for i := 0; i < s.batch.Sites; i += blockSites {
		n := min(blockSites, s.batch.Sites-i)
		for r := range p.replicas {
			w.flips[r] = math.MaxUint64 >> (blockSites - n)
		}
		for g := 0; g < p.replicas; g += group {
			s.load(w, &p, &w.s[g/group], p.spins, g, i, n)
		}
		if s.team {
			s.refreshTogether(w, p, i)
		} else {
			s.columns(&w.apply, w.block, &p, i, 1, 0, p.ld)
		}
	}
}

func (s *Sweeper) sweepTask(task, worker int) {
	p := s.part(task)
	if s.asm == nil {
		for r := range p.replicas {
			s.batch.sweep(s.rule, s.key, s.state, s.j, s.halfT, p.system, p.first+r)
		}
		return
	}
	w := s.scratch[worker]
	w.draw.Start(s.key, s.halfT[p.system*s.batch.Replicas+p.first:][:p.replicas])
	if s.team {
		s.sweepTogether(w, p)
		return
	}
	clear(w.masks[:])
	for i := 0; i < s.batch.Sites; i += blockSites {
		if s.visit(w, &p, i) {
			s.columns(&w.apply, w.block, &p, i, 2, 0, p.ld)
		}
	}
}

// visit sweeps the block of sites from site i on, except that only its own copy of the fields follows the flips. It tells
// whether there are any.
func (s *Sweeper) visit(w *workspace, p *part, i int) bool {
	n := min(blockSites, s.batch.Sites-i)
	w.draw.Rows(s.rule, w.l[0].floats(), w.l[1].floats(), group, i, n, s.batch.element(p.system, p.first), p.replicas)
	for g := 0; g < p.replicas; g += group {
		q := g / group
		s.load(w, p, &w.h, p.fields, g, i, n)
		s.load(w, p, &w.s[q], p.spins, g, i, n)
		s.decide(w, p, q, i, n)
	}
	var any uint64
	for _, m := range w.masks[:n] {
		any |= m
	}
	if any == 0 {
		return false
	}
	for g := 0; g < p.replicas; g += group {
		s.store(w, p, &w.s[g/group], g, i, n)
	}
	w.flips = w.masks
	clear(w.flips[n:])
	transposeBits(&w.flips)
	return true
}

// decide visits group q of the lanes.
func (s *Sweeper) decide(w *workspace, p *part, q, i, n int) {
	a := &w.decide
	*a = decideArgs{
		sites: n, h: &w.h[0][0], s: &w.s[q][0][0], l: &w.l[q][0][0],
		j: &p.couplings[i*p.ld+i], jRow: p.ld * 4, masks: (*uint16)(unsafe.Add(unsafe.Pointer(&w.masks), 4*q)),
	}
	two := p.replicas-q*group > 16
	if two && s.asm.decide32 != nil {
		s.asm.decide32(a)
		return
	}
	s.asm.decide16(a)
	if two {
		a.h, a.s, a.l = &w.h[0][16], &w.s[q][0][16], &w.l[q][0][16]
		a.masks = (*uint16)(unsafe.Add(unsafe.Pointer(a.masks), 2))
		s.asm.decide16(a)
	}
}

// columns adds the couplings of a block's flips, times scale and the present spins, to all fields of the columns from from
// to to, a tile at a time. Couplings too large for the second-level cache are
// fetched a tile ahead.
func (s *Sweeper) columns(a *applyArgs, b *block, p *part, i int, scale float32, from, to int) {
	for c := from; c < to; {
		n := min(tile, (to-c)/s.asm.lanes)
		for q := 0; q*group < p.replicas; q++ {
			r := q * group
			*a = applyArgs{
				h: &p.fields[r*p.ld+c], hRow: p.ld * 4, flips: &b.flips[r], s: &b.s[q][0][0], sRow: siteRow,
				j: &p.couplings[i*p.ld+c], jRow: p.ld * 4, replicas: min(group, p.replicas-r), scale: scale,
			}
			if q == 0 && 4*len(p.couplings) > cached {
				p.ahead(a, i, c+n*s.asm.lanes, from, to)
			}
			s.asm.apply[n](a)
		}
		c += n * s.asm.lanes
	}
}

// ahead asks for the tile of the block at site i from column c on, or for the first tile of the next block.
func (p *part) ahead(a *applyArgs, i, c, from, to int) {
	if c >= to {
		i, c = i+blockSites, from
	}
	if rows := min(blockSites, len(p.couplings)/p.ld-i); rows > 0 {
		a.ahead, a.rows, a.each = &p.couplings[i*p.ld+c], rows, (rows+a.replicas-1)/a.replicas
	}
}
