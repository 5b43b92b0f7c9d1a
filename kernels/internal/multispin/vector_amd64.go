package multispin

import (
	"unsafe"

	"cavity/engine/cpu/level"
)

// A vectorBoard is the part of a board's argument that stays the same.
type vectorBoard struct {
	lanes  int // words of a vector
	blocks int
	steps  [2][]step
	zeros  []uint64    // couplings of a row of a ferromagnet
	args   []planeArgs // one for each worker
}

// lanes is the number of words of a vector.
func (b *board) lanes() int {
	if b.level == level.AVX512 {
		return 8
	}
	return 4
}

// packed is the number of sites in a vector.
func (b *board) packed() int {
	if 2*b.Words > b.lanes() || b.Shared {
		return 1
	}
	return b.lanes() / b.Words
}

func (v *vectorBoard) init(b *board) {
	v.lanes = b.lanes()
	v.blocks = (b.Words + v.lanes - 1) / v.lanes
	v.args = make([]planeArgs, b.workers.N())
	layout := layoutWide
	switch {
	case b.packed() > 1 && b.CouplingWords == 0:
		layout = layoutPackedFree
	case b.packed() > 1 && b.CouplingWords == b.Words:
		layout = layoutPacked
	case b.packed() > 1:
		layout = layoutPackedShared
	case b.CouplingWords != b.Words:
		layout = layoutShared
	}
	if b.CouplingWords == 0 {
		v.zeros = make([]uint64, b.Size[0])
	}
	for i := range v.args {
		a := &v.args[i]
		a.row, a.jrow = 8*b.Size[0]*b.Words, 8*b.Size[0]*b.CouplingWords
		a.nx, a.ny = b.Size[0], b.Size[1]
		a.layout = layout
		a.m0, a.m1 = philoxM0, philoxM1
		for j := range a.m0x4 {
			a.m0x4[j], a.m1x4[j], a.bits4[j] = philoxM0, philoxM1, 64
		}
		for lane := range b.Words * b.packed() {
			a.bondPick[lane%8] = uint64(2 * (lane / b.Words))
		}
	}
	if b.packed() > 1 {
		v.setSteps(b.packedSteps(0), b.packedSteps(1))
	} else {
		v.setSteps(b.wideSteps(0), b.wideSteps(1))
	}
}

// setSteps sets the steps along rows whose first site to sweep is the first or the second.
func (v *vectorBoard) setSteps(even, odd []step) {
	v.steps = [2][]step{even, odd}
	for i := range v.args {
		a := &v.args[i]
		for first, s := range v.steps {
			a.steps[first] = unsafe.Pointer(&s[0])
			a.stepsEnd[first] = unsafe.Add(a.steps[first], len(s)*int(unsafe.Sizeof(s[0])))
		}
	}
}

// wideSteps are the steps along a row whose vectors are sites.
func (b *board) wideSteps(first int) (steps []step) {
	nx, words, bond := b.Size[0], 8*b.Words, 8*max(b.CouplingWords, 1)
	for x := first; x < nx; x += 2 {
		right, left := around(x, nx)
		s := step{here: x * words, right: right * words, left: left * words, bond: x * bond, bondLeft: left * bond}
		for lane := range 8 {
			s.sites[lane] = uint64(x)
			if b.Strips && x == nx-1 {
				s.rightTurn[lane], s.turned = 1, turnRight
			}
			if b.Strips && x == 0 {
				s.leftTurn[lane], s.turned = 63, turnLeft
			}
		}
		steps = append(steps, s)
	}
	return steps
}

// packedSteps are the steps along a row whose vectors are several sites of one colour. All begin at sites of even x, so that
// vectors are as well aligned as rows.
func (b *board) packedSteps(first int) (steps []step) {
	nx, words := b.Size[0], b.Words
	for x0 := 0; x0 < nx; x0 += 2 * b.packed() {
		// The neighbours to the left of even sites are a pair to the left, those to the right of odd sites a pair to the right.
		s := step{
			here: 8 * x0 * words, right: 8 * (x0 + 2*first) * words, left: 8 * (x0 + 2*first - 2) * words,
			bond: 8 * (x0 + first), bondLeft: 8 * (x0 + first - 1), bondLeftFrom: 8 * (nx - 1),
		}
		for lane := range words * b.packed() {
			j, w := lane/words, lane%words
			own, opposite := (2*j+first)*words+w, (2*j+1-first)*words+w
			s.pick[lane], s.oppositePick[lane] = uint64(own), uint64(opposite)
			s.spread[own/b.lanes()][own%b.lanes()] = uint64(lane)
			x := x0 + 2*j + first
			if x >= nx {
				continue
			}
			s.sites[lane] = uint64(x)
			s.bondLanes |= 1 << (2 * j)
			setLane(&s.low, &s.high, own, b.lanes())
			if x < nx-1 {
				setLane(&s.rightLow, &s.rightHigh, opposite, b.lanes())
			} else {
				s.rightWrap |= 1 << lane
				s.rightFrom = -8 * j * words
			}
			if x > 0 {
				setLane(&s.leftLow, &s.leftHigh, opposite, b.lanes())
				s.bondLeftLanes |= 1 << (2 * j)
			} else {
				s.leftWrap |= 1 << lane
				s.leftFrom = 8 * (nx - 1) * words
			}
			if b.Strips && x == nx-1 {
				s.rightTurn[lane] = 1
			}
			if b.Strips && x == 0 {
				s.leftTurn[lane] = 63
			}
		}
		if b.Strips {
			s.turned = 1
		}
		s.widen()
		s.pick4 = [6]vector4{
			halfPick(s.pick, 0, (1-first)*words), halfPick(s.pick, 4, (1-first)*words),
			halfPick(s.oppositePick, 0, first*words), halfPick(s.oppositePick, 4, first*words),
			halfPick(s.spread[0], 0, 0), halfPick(s.spread[1], 0, 0),
		}
		steps = append(steps, s)
	}
	return steps
}

// widen fills the masks of AVX2.
func (s *step) widen() {
	for i, m := range []uint8{
		s.low, s.high, s.rightLow, s.rightHigh, s.leftLow, s.leftHigh, s.rightWrap, s.leftWrap, s.bondLanes, s.bondLeftLanes,
	} {
		for lane := range 4 {
			s.masks4[i][lane] = -uint64(m >> lane & 1)
		}
	}
}

// halfPick picks the words from first on, of four, by 32-bit lanes; the others' lanes take a word that is not loaded and zero.
func halfPick(pick [8]uint64, first, zero int) (v vector4) {
	for lane := range v {
		from := uint64(zero)
		if p := int(pick[lane]) - first; p >= 0 && p < 4 {
			from = uint64(p)
		}
		v[lane] = 2*from | (2*from+1)<<32
	}
	return v
}

// setLane sets the bit of a word in the half of a pair of vectors that holds it.
func setLane(low, high *uint8, word, lanes int) {
	if word < lanes {
		*low |= 1 << word
	} else {
		*high |= 1 << (word - lanes)
	}
}

// plane fills a worker's argument for one colour of a slab.
func (v *vectorBoard) plane(b *board, block int, s slab, colour, worker int) (a *planeArgs) {
	z := s.z
	a = &v.args[worker]
	a.y, a.yOther, a.yEnd = s.y, s.y+1, s.yEnd
	a.colour = (colour + s.y + z) & 1
	a.site = uint64((z*b.Size[1] + s.y) * b.Size[0])
	a.siteOther = a.site + uint64(b.Size[0])
	left := b.Words - v.lanes*block
	a.mask = uint8(1<<min(8, left) - 1)
	for i := range a.mask4 {
		a.mask4[i] = 0
		if i < left {
			a.mask4[i] = 1 << 63
		}
	}
	plane := b.Size[0] * b.Size[1]
	planes := b.Sites() / plane
	zUp, zDown := around(z, planes)
	spins := func(z int) unsafe.Pointer { return unsafe.Pointer(&b.spins[z*plane*b.Words+v.lanes*block]) }
	a.spin, a.up, a.down = spins(z), spins(zUp), spins(zDown)
	if b.CouplingWords == 0 {
		a.j0 = unsafe.Pointer(&v.zeros[0])
		a.j1, a.j2, a.j2down = a.j0, a.j0, a.j0
		return a
	}
	offset := 0
	if b.CouplingWords > 1 {
		offset = v.lanes * block
	}
	bonds := func(k, z int) unsafe.Pointer {
		return unsafe.Pointer(&b.couplings[(k*planes+z)*plane*b.CouplingWords+offset])
	}
	a.j0, a.j1 = bonds(0, z), bonds(1, z)
	if b.Dims() == 3 {
		a.j2, a.j2down = bonds(2, z), bonds(2, zDown)
	}
	return a
}

// spreadKeys fills the vectors of keys.
func (a *planeArgs) spreadKeys() {
	for r := range a.keys {
		for half, key := range a.keys[r] {
			for lane := range a.keys4[r][half] {
				a.keys4[r][half][lane] = key
			}
		}
	}
}

// A vectorSweeper is the part of a Sweeper that runs assembly.
type vectorSweeper struct {
	vectorBoard
	tables []wideTables // of the blocks of a cache line that each worker is at
	job    job
	run    func(*planeArgs)
}

func (v *vectorSweeper) init(s *Sweeper) {
	v.vectorBoard.init(&s.board)
	share := line / v.lanes
	v.tables = make([]wideTables, s.workers.N()*share)
	for i := range v.tables {
		v.tables[i].init(v.lanes)
	}
	v.run = [2][2][2]func(*planeArgs){
		{{metropolis2AVX2, metropolis3AVX2}, {heatBath2AVX2, heatBath3AVX2}},
		{{metropolis2AVX512, metropolis3AVX512}, {heatBath2AVX512, heatBath3AVX512}},
	}[v.lanes/8][s.rule][s.Dims()-2]
	if s.Shared {
		v.run = [2][2][2]func(*planeArgs){
			{{metropolis2SharedAVX2, metropolis3SharedAVX2}, {heatBath2SharedAVX2, heatBath3SharedAVX2}},
			{{metropolis2SharedAVX512, metropolis3SharedAVX512}, {heatBath2SharedAVX512, heatBath3SharedAVX512}},
		}[v.lanes/8][s.rule][s.Dims()-2]
	}
	v.job.init(&s.board, v.lanes, func(block int, sl slab, colour, worker int) {
		a := v.plane(&s.board, block, sl, colour, worker)
		t := &v.tables[worker*share+block%share]
		if t.renew(s.turn, block) {
			t.set(s, v.lanes, block)
		}
		a.siteKey, a.keys = uint64(s.pass.siteKey), s.pass.keys
		if v.lanes == 4 {
			a.spreadKeys()
		}
		a.tables, a.tablesEnd = unsafe.Pointer(&t.pairs), unsafe.Add(unsafe.Pointer(&t.pairs), unsafe.Sizeof(t.pairs))
		a.thresholds = unsafe.Pointer(&t.thresholds)
		v.run(a)
	})
}

func (v *vectorSweeper) sweep(s *Sweeper) { v.job.sweep(s.workers) }
