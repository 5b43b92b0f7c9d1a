package multispin

import "cavity/engine/rng"

// A chain selects each bit's threshold by its class: threshold[0], replaced by threshold[i] where mask[i-1] is set, in turn.
// flips are the bits that flip whatever their number, and complement those that flip when it is not below the threshold.
type chain struct {
	mask              [3]uint64
	flips, complement uint64
}

// chains lists, for a rule, the classes in the order in which a chain takes their thresholds.
func (r Rule) chains(dims int) []int {
	switch {
	case r == Metropolis && dims == 2:
		return []int{1, 0}
	case r == Metropolis:
		return []int{2, 1, 0}
	case dims == 2:
		return []int{2, 0, 1}
	}
	return []int{3, 1, 2, 0}
}

// chain is the chain of bits with the given numbers of unsatisfied bonds.
func (r Rule) chain(dims int, ones, twos, fours uint64) chain {
	switch {
	case r == Metropolis && dims == 2:
		return chain{mask: [3]uint64{ones}, flips: fours | twos}
	case r == Metropolis:
		return chain{mask: [3]uint64{ones, twos}, flips: fours | twos&ones}
	case dims == 2:
		return chain{mask: [3]uint64{twos, ones}, complement: fours | twos&ones}
	}
	return chain{mask: [3]uint64{twos ^ fours, ones, ones & twos}, complement: fours}
}

// narrowTables is what one word needs in a pass.
type narrowTables struct {
	pairs      [16][4]uint32
	thresholds [Planes][4]uint64 // in the order of a chain
}

func (t *narrowTables) set(s *Sweeper, w int) {
	for q := range t.pairs {
		t.pairs[q] = s.pass.perPair(uint32(w), uint32(q))
	}
	classes := s.rule.Classes(s.Dims())
	for p := range t.thresholds {
		for i, c := range s.order {
			t.thresholds[p][i] = s.thresholds[(p*classes+c)*s.Words+w]
		}
	}
}

// sweepPortable sweeps one colour of a task's rows, a word at a time.
func (s *Sweeper) sweepPortable(task, _ int) {
	w, z, y, yEnd := s.task(task, s.Words)
	t := &s.narrow[w]
	for ; y < yEnd; y++ {
		r := s.row(y, z, w)
		site := (z*s.Size[1] + y) * s.Size[0]
		for x := (s.colour + y + z) & 1; x < s.Size[0]; x += 2 {
			ones, twos, fours := r.count(x)
			c := s.rule.chain(s.Dims(), ones, twos, fours)
			var flips uint64
			switch {
			case s.stream.Check:
				flips = c.decideSlowly(t, s.stream, uint32(w), uint32(site+x))
			case len(s.order) == 4:
				flips = c.decide4(t, &s.pass, uint32(site+x))
			default:
				flips = c.decide3(t, &s.pass, uint32(site+x))
			}
			r.own[x*s.Words] ^= flips
		}
	}
}

// begin gives the bits that are below their threshold in any case, and those that are not decided.
func (c *chain) begin(t *narrowTables) (below, undecided uint64) {
	below = c.flips | choose4(c, &t.thresholds[Planes-1])
	return below, ^below
}

// end turns the decisions into flips. A number equal to its threshold is not below it.
func (c *chain) end(below, undecided uint64) uint64 { return below&^undecided ^ c.complement }

func choose3(c *chain, t *[4]uint64) uint64 {
	x := t[0] ^ c.mask[0]&(t[0]^t[1])
	return x ^ c.mask[1]&(x^t[2])
}

func choose4(c *chain, t *[4]uint64) uint64 {
	x := choose3(c, t)
	return x ^ c.mask[2]&(x^t[3])
}

func compare(threshold, random uint64, below, undecided *uint64) {
	*below ^= *undecided & (*below ^ threshold)
	*undecided &^= threshold ^ random
}

// decide3 compares the planes of random bits, most significant first, until all bits are decided.
func (c *chain) decide3(t *narrowTables, p *pass, site uint32) uint64 {
	below, undecided := c.begin(t)
	product := p.perSite(site)
	for q := 0; q < 16 && undecided != 0; q += 2 {
		r0, r1 := p.block(product, &t.pairs[q])
		r2, r3 := p.block(product, &t.pairs[q+1])
		th := (*[4][4]uint64)(t.thresholds[2*q:])
		compare(choose3(c, &th[0]), r0, &below, &undecided)
		compare(choose3(c, &th[1]), r1, &below, &undecided)
		compare(choose3(c, &th[2]), r2, &below, &undecided)
		compare(choose3(c, &th[3]), r3, &below, &undecided)
	}
	return c.end(below, undecided)
}

// decide4 is decide3 for four classes.
func (c *chain) decide4(t *narrowTables, p *pass, site uint32) uint64 {
	below, undecided := c.begin(t)
	product := p.perSite(site)
	for q := 0; q < 16 && undecided != 0; q++ {
		r0, r1 := p.block(product, &t.pairs[q])
		compare(choose4(c, &t.thresholds[2*q]), r0, &below, &undecided)
		compare(choose4(c, &t.thresholds[2*q+1]), r1, &below, &undecided)
	}
	return c.end(below, undecided)
}

// decideSlowly takes its blocks from the stream itself: the checking mode with ten rounds.
func (c *chain) decideSlowly(t *narrowTables, s rng.Stream, w, site uint32) uint64 {
	below, undecided := c.begin(t)
	for q := uint32(0); q < 16 && undecided != 0; q++ {
		x := s.Block(w|q<<24, site)
		compare(choose4(c, &t.thresholds[2*q]), uint64(x[0])<<32|uint64(x[1]), &below, &undecided)
		compare(choose4(c, &t.thresholds[2*q+1]), uint64(x[2])<<32|uint64(x[3]), &below, &undecided)
	}
	return c.end(below, undecided)
}
