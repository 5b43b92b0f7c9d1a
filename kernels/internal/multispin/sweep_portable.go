package multispin

import "cavity/engine/rng"

// A choice says how each bit's threshold is found: that of the first of the rule's choices, or of choice i where mask[i-1] is set.
// No bit is in two masks, unless it is decided: flips are the bits that flip whatever their number. complement are those that
// flip when their number is not below the threshold.
type choice struct {
	mask              [3]uint64
	flips, complement uint64
}

// choices lists the classes of a rule in the order of a choice.
func (r Rule) choices(dims int) []int {
	switch {
	case r == Metropolis && dims == 2: // 0, 1 unsatisfied bonds
		return []int{1, 0}
	case r == Metropolis: // 0, 1, 2
		return []int{2, 1, 0}
	case dims == 2: // 0 or 4, 2, 1 or 3
		return []int{2, 0, 1}
	}
	return []int{3, 1, 2, 0} // 0 or 6, 2 or 4, 1 or 5, 3
}

// choose is the choice of bits with the given numbers of unsatisfied bonds.
func (r Rule) choose(dims int, ones, twos, fours uint64) choice {
	switch {
	case r == Metropolis && dims == 2:
		return choice{mask: [3]uint64{ones}, flips: fours | twos}
	case r == Metropolis:
		return choice{mask: [3]uint64{ones, twos}, flips: fours | twos&ones}
	case dims == 2:
		return choice{mask: [3]uint64{twos &^ ones, ones}, complement: fours | twos&ones}
	}
	return choice{mask: [3]uint64{(twos ^ fours) &^ ones, ones &^ twos, ones & twos}, complement: fours}
}

// sharedThresholds gives a word's thresholds with Shared, in the order of a choice.
func (s *Sweeper) sharedThresholds(w int) (t [4]uint64) {
	for i, c := range s.order {
		t[i] = s.thresholds[c*s.Words+w]
	}
	return t
}

// differences gives the first choice's threshold words of a plane, and how the others' differ from it.
func (s *Sweeper) differences(plane, w int) (t [4]uint64) {
	classes := len(s.order)
	for i, c := range s.order {
		t[i] = s.thresholds[(plane*classes+c)*s.Words+w]
		if i > 0 {
			t[i] ^= t[0]
		}
	}
	return t
}

// narrowTables is what one word needs in a pass.
type narrowTables struct {
	pairs      [16][4]uint32
	thresholds [Planes][4]uint64
}

// A narrowBlock is a worker's tables of the block of words that it is at.
type narrowBlock struct {
	owner
	words [line]narrowTables
	_     [128]byte
}

// An owner tells whose tables a worker holds, so that it makes them once a sweep: tables that one worker makes for all would
// have to come from its caches.
type owner struct {
	turn  uint64
	block int
}

// renew reports that the tables are not those of a block in a turn, and that they will be.
func (o *owner) renew(turn uint64, block int) bool {
	fresh := owner{turn, block}
	if *o == fresh {
		return false
	}
	*o = fresh
	return true
}

// tables are those of a block for a worker.
func (s *Sweeper) tables(block, worker int) *[line]narrowTables {
	t := &s.narrow[worker]
	if t.renew(s.turn, block) {
		for i := range min(line, s.Words-line*block) {
			t.words[i].set(s, line*block+i)
		}
	}
	return &t.words
}

func (t *narrowTables) set(s *Sweeper, w int) {
	for q := range t.pairs {
		t.pairs[q] = s.pass.perPair(uint32(w), uint32(q))
	}
	if s.Shared {
		t.thresholds[0] = s.sharedThresholds(w)
		return
	}
	for p := range t.thresholds {
		t.thresholds[p] = s.differences(p, w)
	}
}

// sweepPortable sweeps one colour of a slab, a word at a time.
func (s *Sweeper) sweepPortable(block int, sl slab, colour, worker int) {
	tables := s.tables(block, worker)
	for y := sl.y; y < sl.yEnd; y++ {
		for w := line * block; w < min(line*(block+1), s.Words); w++ {
			s.sweepRow(y, sl.z, w, colour, &tables[w%line])
		}
	}
}

// sweepRow sweeps one colour of a word of a row.
func (s *Sweeper) sweepRow(y, z, w, colour int, t *narrowTables) {
	r := s.row(y, z, w)
	row := (z*s.Size[1] + y) * s.Size[0]
	for x := (colour + y + z) & 1; x < s.Size[0]; x += 2 {
		ones, twos, fours := r.count(x)
		c := s.rule.choose(s.Dims(), ones, twos, fours)
		site := uint32(row + x)
		if s.stream.Check {
			r.own[x*s.Words] ^= c.decideSlowly(t, s.stream, uint32(w), site)
		} else {
			r.own[x*s.Words] ^= c.decide(t, &s.pass, site)
		}
	}
}

// begin gives the bits that flip or are below their threshold in any case, and those that are not decided.
func (c *choice) begin(t *narrowTables) (below, undecided uint64) {
	below = c.flips | c.threshold(&t.thresholds[Planes-1])
	return below, ^below
}

// end turns the decisions into flips. A number equal to its threshold is not below it.
func (c *choice) end(below, undecided uint64) uint64 { return below&^undecided ^ c.complement }

func (c *choice) threshold(t *[4]uint64) uint64 {
	return t[0] ^ c.mask[0]&t[1] ^ c.mask[1]&t[2] ^ c.mask[2]&t[3]
}

// compare takes a plane of random bits against one of thresholds.
func compare(threshold, random uint64, below, undecided *uint64) {
	*below |= *undecided & threshold &^ random
	*undecided &^= threshold ^ random
}

// decide compares the planes of random bits, most significant first, until all bits are decided.
func (c *choice) decide(t *narrowTables, p *pass, site uint32) uint64 {
	below, undecided := c.begin(t)
	product := p.perSite(site)
	for q := 0; q < 16 && undecided != 0; q += 2 {
		r0, r1 := p.block(product, &t.pairs[q])
		r2, r3 := p.block(product, &t.pairs[q+1])
		th := (*[4][4]uint64)(t.thresholds[2*q:])
		compare(c.threshold(&th[0]), r0, &below, &undecided)
		compare(c.threshold(&th[1]), r1, &below, &undecided)
		compare(c.threshold(&th[2]), r2, &below, &undecided)
		compare(c.threshold(&th[3]), r3, &below, &undecided)
	}
	return c.end(below, undecided)
}

// decideSlowly takes its blocks from the stream itself: the checking mode with ten rounds.
func (c *choice) decideSlowly(t *narrowTables, s rng.Stream, w, site uint32) uint64 {
	below, undecided := c.begin(t)
	for q := uint32(0); q < 16 && undecided != 0; q++ {
		x := s.Block(w|q<<24, site)
		compare(c.threshold(&t.thresholds[2*q]), uint64(x[0])<<32|uint64(x[1]), &below, &undecided)
		compare(c.threshold(&t.thresholds[2*q+1]), uint64(x[2])<<32|uint64(x[3]), &below, &undecided)
	}
	return c.end(below, undecided)
}

// sweepShared is sweepPortable with one random number a word.
func (s *Sweeper) sweepShared(block int, sl slab, colour, worker int) {
	tables := s.tables(block, worker)
	for y := sl.y; y < sl.yEnd; y++ {
		row := (sl.z*s.Size[1] + y) * s.Size[0]
		for w := line * block; w < min(line*(block+1), s.Words); w++ {
			r, t := s.row(y, sl.z, w), &tables[w%line]
			eight, numbers := -1, [4]uint32{}
			for x := (colour + y + sl.z) & 1; x < s.Size[0]; x += 2 {
				if site := row + x; site/8 != eight {
					eight = site / 8
					numbers = s.stream.Block(uint32(w)|uint32(site%2)<<24, uint32(eight))
				}
				ones, twos, fours := r.count(x)
				c := s.rule.choose(s.Dims(), ones, twos, fours)
				r.own[x*s.Words] ^= c.decideShared(&t.thresholds[0], numbers[(row+x)/2%4])
			}
		}
	}
}

// decideShared compares one number with the thresholds of all classes.
func (c *choice) decideShared(t *[4]uint64, u uint32) uint64 {
	var below [4]uint64
	for i, threshold := range t {
		if uint64(u) < threshold {
			below[i] = ^uint64(0)
		}
	}
	x := below[0]
	for i, m := range c.mask {
		x ^= m & (below[0] ^ below[i+1])
	}
	return c.flips | x ^ c.complement
}
