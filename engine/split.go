package engine

import "fmt"

// A Split says how a plan is divided among several devices: into parts of its independent systems, each a Program of its own that holds
// only its systems and takes the random numbers that they have in the whole. Any division gives the bits of one device where sums and
// products add up a row in the same order whatever the number of rows, as the own kernels of CUDA devices do; else the same to rounding.
//
// That the systems are independent is not believed but checked. Compile holds every part's graphs against those of the whole plan, node by
// node from the next values back to the slots, and refuses the plan unless
//
//   - a value of the part has the whole's shape, and then is the same for all systems, or is shorter along one axis, that of the
//     systems, in which each has as many neighbouring entries as any other;
//   - a value that rests on one that lies along the systems does so too: a sum, product or softmax over systems is refused, and
//     so are reshapes, slices and concatenations that change their order, and numbers that depend on how many there are;
//   - a slot's systems lie along the axis in Axes, and a slot that is not there is the same for all;
//   - a kernel, whose inside Compile does not see, is a [Drawer] whose systems lie along its Axis, or a [Separable] that agrees.
//
// A random tensor of the whole's shape is then the same in every part. One along the systems must have them along its first axis, and
// begins in the part with the number that the part's first system has in the whole ([Random].First).
type Split struct {
	Systems int            // how many there are
	Unit    int            // a part begins at a multiple of this number of systems; 0: 1
	Axes    map[string]int // the slots that hold systems, and the axis along which they lie; the others are the same in every part
	// Part gives the stages of systems first … first+n-1: those of the plan in all but sizes.
	Part func(first, n int) ([]Stage, error)
}

// A Several is a backend of more than one device. Compile divides a plan among them by its Split.
type Several interface {
	Backend
	Devices() []Backend
}

// compileParts makes one Program of those of the parts: its slots lie in pieces on the devices, and a stage runs one part's launches after
// the other's, which a device does while the next is given its own.
func compileParts(p Plan, b Several) (*Program, error) {
	devices := b.Devices()
	if len(devices) == 1 {
		return Compile(p, devices[0])
	}
	if p.Split == nil {
		return nil, fmt.Errorf("engine: %s: this computation does not divide into independent systems: name one device", b.Name())
	}
	unit := max(p.Split.Unit, 1)
	units := (p.Split.Systems + unit - 1) / unit
	if units < len(devices) {
		return nil, fmt.Errorf("engine: %s: %d systems in parts of at least %d: they divide among at most %d devices", b.Name(), p.Split.Systems, unit, units)
	}
	whole := &Program{backend: b, seed: p.Seed, slots: map[string]Buffer{}, pool: &pool{}}
	var parts []*Program
	for k, device := range devices {
		from, to := units*k/len(devices)*unit, min(units*(k+1)/len(devices)*unit, p.Split.Systems)
		stages, err := p.Split.Part(from, to-from)
		if err != nil {
			return nil, err
		}
		numbers, err := p.Split.divide(p.Stages, stages, from, to-from)
		if err != nil {
			return nil, fmt.Errorf("engine: %s: %w", b.Name(), err)
		}
		part, err := Compile(Plan{Stages: stages, Seed: p.Seed, Moment: p.Moment, first: numbers}, device)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
		whole.attach(part, uint32(from))
	}
	whole.moment = &Moment{slots: map[string]Buffer{}}
	for _, part := range parts {
		whole.moment.takes = append(whole.moment.takes, part.moment.takes...)
	}
	for name := range parts[0].slots {
		whole.slots[name] = p.Split.join(name, parts, func(part *Program) Buffer { return part.slots[name] })
	}
	for _, name := range p.Moment {
		whole.moment.slots[name] = p.Split.join(name, parts, func(part *Program) Buffer { return part.moment.slots[name] })
	}
	return whole, nil
}

// join is the whole of a slot whose pieces, one of every part, divide has compared.
func (s *Split) join(name string, parts []*Program, piece func(part *Program) Buffer) Buffer {
	j := &joint{}
	for _, part := range parts {
		j.pieces = append(j.pieces, piece(part))
	}
	b := Buffer{Dtype: j.pieces[0].Dtype, Shape: append([]int{}, j.pieces[0].Shape...), Mem: j}
	if axis, lies := s.Axes[name]; lies {
		for _, p := range j.pieces[1:] {
			b.Shape[axis] += p.Shape[axis]
		}
		j.rows = Volume(b.Shape[:axis])
		j.width = b.Bytes() / max(j.rows, 1)
	}
	return b
}

// attach appends a part's stages to the whole's.
func (pr *Program) attach(part *Program, first uint32) {
	if pr.stages == nil {
		pr.stages = make([]stage, len(part.stages))
	}
	for i, s := range part.stages {
		t := &pr.stages[i]
		t.name, t.repeat = s.name, s.repeat
		t.steps = append(t.steps, s.steps...)
		for _, launch := range s.launches {
			t.launches = append(t.launches, func(c *Clock) error {
				c.First = first
				return launch(c)
			})
		}
	}
	pr.pool.Bytes += part.pool.Bytes
	pr.Copies += part.Copies
}

// joint is the memory of a slot that lies in pieces: row by row of the outer axes, the pieces follow each other. Where every part holds
// the same, rows is 0.
type joint struct {
	pieces []Buffer
	rows   int
	width  int // bytes of a row
}

// each calls f with every piece of n bytes from off on: part k holds bytes from … to of them, at `at` of its own memory.
func (j *joint) each(n, off int, f func(k, at, from, to int) error) error {
	for to := off + n; off < to; {
		row, col := off/j.width, off%j.width
		for k, p := range j.pieces {
			width := p.Bytes() / j.rows
			if col >= width {
				col -= width
				continue
			}
			m := min(width-col, to-off)
			if err := f(k, row*width+col, n-(to-off), n-(to-off)+m); err != nil {
				return err
			}
			off, col = off+m, 0
			if off == to {
				break
			}
		}
	}
	return nil
}

// whole reports whether all of several rows are wanted: pieces are then copied once and not row by row.
func (j *joint) whole(n, off int) bool { return off == 0 && n == j.rows*j.width && j.rows > 1 }

// copies is host memory for every piece.
func (j *joint) copies() [][]byte {
	c := make([][]byte, len(j.pieces))
	for k, p := range j.pieces {
		c[k] = make([]byte, p.Bytes())
	}
	return c
}

// ReadAt gathers bytes from the parts.
func (j *joint) ReadAt(dst []byte, off int) error {
	switch {
	case j.rows == 0:
		return j.pieces[0].readAt(dst, off)
	case !j.whole(len(dst), off):
		return j.each(len(dst), off, func(k, at, from, to int) error { return j.pieces[k].readAt(dst[from:to], at) })
	}
	copies := j.copies()
	for k, p := range j.pieces {
		if err := p.readAt(copies[k], 0); err != nil {
			return err
		}
	}
	return j.each(len(dst), off, func(k, at, from, to int) error { copy(dst[from:to], copies[k][at:]); return nil })
}

// WriteAt spreads bytes over the parts.
func (j *joint) WriteAt(src []byte, off int) error {
	switch {
	case j.rows == 0:
		for _, p := range j.pieces {
			if err := p.writeAt(src, off); err != nil {
				return err
			}
		}
		return nil
	case !j.whole(len(src), off):
		return j.each(len(src), off, func(k, at, from, to int) error { return j.pieces[k].writeAt(src[from:to], at) })
	}
	copies := j.copies()
	if err := j.each(len(src), off, func(k, at, from, to int) error { copy(copies[k][at:], src[from:to]); return nil }); err != nil {
		return err
	}
	for k, p := range j.pieces {
		if err := p.writeAt(copies[k], 0); err != nil {
			return err
		}
	}
	return nil
}

func (b Buffer) readAt(dst []byte, off int) error {
	if b.Mem == nil {
		copy(dst, b.raw()[off:])
		return nil
	}
	return broken(b.Mem.ReadAt(dst, b.Off+off))
}

func (b Buffer) writeAt(src []byte, off int) error {
	if b.Mem == nil {
		copy(b.raw()[off:], src)
		return nil
	}
	return broken(b.Mem.WriteAt(src, b.Off+off))
}
