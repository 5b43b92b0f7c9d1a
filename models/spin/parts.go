package spin

import "cavity/engine"

// divisible is a carrier whose systems several devices can share.
type divisible interface {
	// part builds graphs for the systems first … first+n-1; nil where they cannot be separated. It is never filled.
	part(first, n int) carrier
	// axes are the slots that hold systems, and along which axis, beside those of every carrier.
	axes() map[string]int
}

// split divides a plan by systems; nil where clusters, samples that share random numbers, or the carrier stand against it. values are the
// slots, beside the carrier's, whose leading axis is the systems'.
func split(b batch, c carrier, values []string, stages func(b batch, c carrier) ([]engine.Stage, error)) *engine.Split {
	d, ok := c.(divisible)
	if !ok || b.graphMoves || b.shared || d.part(0, b.systems) == nil {
		return nil
	}
	axes := map[string]int{"ladder": 1}
	for _, slot := range values {
		axes[slot] = 0
	}
	for slot, axis := range d.axes() {
		axes[slot] = axis
	}
	unit := 1
	if _, ok := c.(*latticeCarrier); ok {
		unit = b.wordUnit()
	}
	return &engine.Split{Systems: b.systems, Unit: unit, Axes: axes, Part: func(first, n int) ([]engine.Stage, error) {
		part := b
		part.systems = n
		return stages(part, d.part(first, n))
	}}
}

// wordUnit is how many systems fill whole words of 64 walkers.
func (b batch) wordUnit() int {
	n := 1
	for n*b.walkers()%64 != 0 {
		n *= 2
	}
	return n
}

// Arrays whose leading axis is the systems'.
var leading = map[string]int{"state": 0, "couplings": 0, "external": 0, "patterns": 0, "weights": 0}

func (d *denseCarrier) part(_, n int) carrier { c := *d; c.systems = n; return &c }
func (d *denseCarrier) axes() map[string]int  { return leading }

func (c *bitCarrier) part(_, n int) carrier { p := *c; p.systems = n; return &p }
func (c *bitCarrier) axes() map[string]int  { return leading }

func (c *patternCarrier) part(_, n int) carrier { p := *c; p.systems = n; return &p }
func (c *patternCarrier) axes() map[string]int  { return leading }

// Samples on graphs of their own are coloured together, so only those on one graph are divided.
func (c *sparseCarrier) part(_, n int) carrier {
	if c.graph.Lists() > 1 {
		return nil
	}
	p := *c
	p.systems = n
	return &p
}
func (c *sparseCarrier) axes() map[string]int { return leading }

func (c *latticeCarrier) part(first, n int) carrier {
	if c.lattice.Strips {
		return nil
	}
	p := *c
	p.systems = n
	p.lattice.First = first * c.walkers() / 64
	p.lattice.Words = (n*c.walkers() + 63) / 64
	if c.ownCouplings() {
		p.lattice.CouplingWords = p.lattice.Words
	}
	return &p
}

// ownCouplings: every word has its own, even where there is only one.
func (c *latticeCarrier) ownCouplings() bool {
	return c.lattice.CouplingWords > 1 || c.lattice.CouplingWords == 1 && c.differ
}

func (c *latticeCarrier) axes() map[string]int {
	axes := map[string]int{"state": 1, "thresholds": 2}
	if c.ownCouplings() {
		axes["couplings"] = 2
	}
	return axes
}
