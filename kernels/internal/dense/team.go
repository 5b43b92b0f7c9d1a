package dense

// A joint is what the workers of a team do together: one of them looks ahead to the next block of sites while the others add
// the couplings of the last one's flips.
//
// Every worker has its columns, whose fields stay in its caches. The one that has the fields of the next block first brings
// these up to date, with the whole tile of columns that they are in, and visits that block; then come its other tiles, in a few
// runs, the last of which others take when they have done their own. Tasks share nothing but the flips, so a sweep takes one
// round of tasks for each block, and every field still gets its couplings in the order of the flips.
type joint struct {
	part
	block   *block // the last block, its first site, and what its flips are multiplied by
	site    int
	scale   float32
	spare   *block // for the block that is visited meanwhile
	visits  bool   // it is to be visited: the first task has work
	flipped bool   // and has flips
	task    func(task, worker int)
}

// slots is the number of tasks of a worker: one for a visit and some runs of tiles.
func (s *Sweeper) slots() int {
	n := s.workers.N()
	return 1 + min(4, (s.tiles()+n-1)/n)
}

func (s *Sweeper) tiles() int { return (s.batch.Stride() + s.width() - 1) / s.width() }

// width is that of a tile, in columns.
func (s *Sweeper) width() int { return tile * s.asm.lanes }

// sweepTogether sweeps one group of replicas. w is nobody else's meanwhile, except for the arguments of apply.
func (s *Sweeper) sweepTogether(w *workspace, p part) {
	j := &s.joint
	clear(w.masks[:])
	clear(j.spare.masks[:])
	j.part, j.scale, j.flipped = p, 2, s.visit(w, &p, 0)
	for j.site = 0; j.site < s.batch.Sites; j.site += blockSites {
		flipped := j.flipped
		j.block, j.visits = w.block, j.site+blockSites < s.batch.Sites
		if j.visits {
			w.block, j.spare = j.spare, w.block
		}
		switch {
		case flipped:
			s.workers.Do(s.workers.N()*s.slots(), j.task)
		case j.visits:
			j.flipped = s.visit(w, &p, j.site+blockSites)
		}
	}
}

// refreshTogether adds the block of w at site i, all of whose sites count as flips.
func (s *Sweeper) refreshTogether(w *workspace, p part, i int) {
	j := &s.joint
	j.part, j.block, j.site, j.scale, j.visits = p, w.block, i, 1, false
	s.workers.Do(s.workers.N()*s.slots(), j.task)
}

func (s *Sweeper) jointTask(task, worker int) {
	j, a, slots, n := &s.joint, &s.scratch[worker].apply, s.slots(), s.workers.N()
	owner, slot := task/slots, task%slots
	first, last := s.tiles()*owner/n, s.tiles()*(owner+1)/n // the owner's tiles
	next, skip := j.site+blockSites, -1
	if j.visits {
		skip = next / s.width() // the tile of the next block
	}
	if slot > 0 {
		from, to := first+(last-first)*(slot-1)/(slots-1), first+(last-first)*slot/(slots-1)
		if skip < from || skip >= to {
			skip = to
		}
		s.add(a, from, skip)
		s.add(a, skip+1, to)
		return
	}
	if first <= skip && skip < last {
		s.add(a, skip, skip+1)
		j.flipped = s.visit(s.scratch[0], &j.part, next)
	}
}

// add adds the couplings of the last block's flips to the fields of a run of tiles.
func (s *Sweeper) add(a *applyArgs, from, to int) {
	j := &s.joint
	s.columns(a, j.block, &j.part, j.site, j.scale, from*s.width(), min(to*s.width(), j.ld))
}
