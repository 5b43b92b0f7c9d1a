package multispin

import "unsafe"

// wideTables is what a block of words needs in a pass, by lane: a worker's own. Lanes beyond the block's words have them again.
type wideTables struct {
	pairs      [16][4][8]uint64
	thresholds [Planes * 4][8]uint64
	nothing    [8]uint64
	owner
	args   tablesArgs
	fill   func(*tablesArgs)
	spread func(*tablesArgs)
	_      [144]byte // between workers, and so that vectors of the next begin on cache lines
}

// A tablesArgs is the argument of the assembly that fills the tables. Assembly knows it by its fields.
type tablesArgs struct {
	pairs          unsafe.Pointer
	rows           unsafe.Pointer // the first row of a class of thresholds, and bytes from plane to plane
	step           int
	from           unsafe.Pointer // its words
	fromStep       int
	base           unsafe.Pointer // the rows with which they are combined
	baseStep       int
	mask           uint8 // the block's words
	m0, m1, low    uint64
	c3, x1         uint64 // what perPair combines with products, keys included
	k11, k02       uint64
	k12, k13, next uint64
	words          [8]uint64 // the number of each lane's word
	pick           [8]uint64 // its place among the block's words
	mask4, pick4   vector4   // for AVX2, the picks by 32-bit lanes
}

//go:noescape
func pairRowsAVX512(a *tablesArgs)

//go:noescape
func pairRowsAVX2(a *tablesArgs)

//go:noescape
func thresholdRowsAVX512(a *tablesArgs)

//go:noescape
func thresholdRowsAVX2(a *tablesArgs)

func (t *wideTables) init(lanes int) {
	t.fill, t.spread = pairRowsAVX2, thresholdRowsAVX2
	if lanes == 8 {
		t.fill, t.spread = pairRowsAVX512, thresholdRowsAVX512
	}
	t.args = tablesArgs{m0: philoxM0, m1: philoxM1, low: 1<<32 - 1, next: 1 << 24}
}

// set fills the tables of a block.
func (t *wideTables) set(s *Sweeper, lanes, block int) {
	a, p, first := &t.args, &s.pass, lanes*block
	n := min(lanes, s.Words-first)
	a.pairs, a.mask = unsafe.Pointer(&t.pairs), 1<<n-1
	a.c3, a.x1 = uint64(p.c3^p.k1[0]), uint64(p.x1^p.k0[1])
	a.k11, a.k02, a.k12, a.k13 = uint64(p.k1[1]), uint64(p.k0[2]), uint64(p.k1[2]), uint64(p.k1[3])
	for lane := range lanes {
		from := uint64(lane % n)
		a.words[lane], a.pick[lane] = uint64(first)+from, from
		if lanes == 4 {
			a.pick4[lane] = 2*from | (2*from+1)<<32
			a.mask4[lane] = -uint64(a.mask >> lane & 1)
		}
	}
	t.fill(a)
	classes := len(s.order)
	if s.Shared {
		for i, c := range s.order {
			for lane := range lanes {
				t.thresholds[i][lane] = s.thresholds[c*s.Words+first+lane%n]
			}
		}
		return
	}
	a.step, a.fromStep = 64*classes, 8*classes*s.Words
	a.base, a.baseStep = unsafe.Pointer(&t.nothing), 0
	for i, c := range s.order {
		a.rows, a.from = unsafe.Pointer(&t.thresholds[i]), unsafe.Pointer(&s.thresholds[c*s.Words+first])
		t.spread(a)
		// The others are kept as differences from the first.
		a.base, a.baseStep = unsafe.Pointer(&t.thresholds[0]), a.step
	}
}
