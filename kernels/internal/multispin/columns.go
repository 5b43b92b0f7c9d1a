package multispin

import (
	"math/bits"

	"cavity/engine"
)

// Columns holds the spins of a set of tensors, and on demand the products of neighbouring spins, system by system: a sum over
// one system, or over the product of two, is then a count of bits. It allocates when it is made and at the first TakeBonds.
//
// A system's row has one bit a spin, in the order of Lattice.Place.
type Columns struct {
	board
	length int        // words of a system's row
	stride int        // words from row to row: neighbouring rows must not share the sets of a cache
	rows   [][]uint64 // the rows of all systems: of the spins, then of the bonds along each axis
	ends   [][]uint64 // per axis: the spins at the end of the lattice
	fill   func(task, worker int)
	join   func(task, worker int)
	put    func(task, worker int)
}

// NewColumns checks the spins [sites, Words] against l, whose couplings play no part.
func NewColumns(l Lattice, spins []uint64, w engine.Workers) (*Columns, error) {
	l.CouplingWords = 0
	if err := l.check(spins, nil); err != nil {
		return nil, err
	}
	c := &Columns{board: newBoard(l, spins, nil, w), length: (l.Spins() + 63) / 64}
	c.stride = c.length
	if c.stride%16 == 0 {
		c.stride += 8
	}
	c.rows = [][]uint64{make([]uint64, l.Systems()*c.stride)}
	c.fill, c.put, c.join = c.fillWord, c.putWord, c.joinSystem
	return c, nil
}

// PutSpins writes the rows back.
func (c *Columns) PutSpins() { c.workers.Do(c.Words, c.put) }

// putWord writes the rows of the systems of word w back.
func (c *Columns) putWord(w, _ int) {
	if c.Strips {
		for i, x := range c.row(0, w) {
			c.spins[i*c.Words+w] = x
		}
		return
	}
	for first := 0; first < c.Sites(); first += 64 {
		var block [64]uint64
		rows := c.rows[0][64*w*c.stride+first/64:]
		for r := range block {
			block[r] = rows[r*c.stride]
		}
		transpose(&block)
		for i := range min(64, c.Sites()-first) {
			c.spins[(first+i)*c.Words+w] = block[i]
		}
	}
}

// TakeSpins reads the spins.
func (c *Columns) TakeSpins() { c.workers.Do(c.Words, c.fill) }

// TakeBonds reads the products of neighbouring spins, and the spins.
func (c *Columns) TakeBonds() {
	if c.ends == nil {
		for k := range c.Dims() {
			ends := make([]uint64, c.length)
			for i := range c.Spins() {
				if c.Place(i)[k] == c.Length(k)-1 {
					ends[i/64] |= 1 << (i % 64)
				}
			}
			c.ends = append(c.ends, ends)
			c.rows = append(c.rows, make([]uint64, len(c.rows[0])))
		}
	}
	c.TakeSpins()
	c.workers.Do(c.Systems(), c.join)
}

// row is a system's row.
func (c *Columns) row(kind, system int) []uint64 { return c.rows[kind][system*c.stride:][:c.length] }

// fillWord writes the rows of the systems of word w.
func (c *Columns) fillWord(w, _ int) {
	if c.Strips {
		row := c.row(0, w)
		for i := range row {
			row[i] = c.spins[i*c.Words+w]
		}
		return
	}
	for first := 0; first < c.Sites(); first += 64 {
		var block [64]uint64
		at := first*c.Words + w
		for i := range min(64, c.Sites()-first) {
			block[i] = c.spins[at]
			at += c.Words
		}
		transpose(&block)
		rows := c.rows[0][64*w*c.stride+first/64:]
		for r, x := range block {
			rows[r*c.stride] = x
		}
	}
}

// joinSystem writes the bonds of a system from its row of spins: the neighbours along axis k are the row moved down by the
// stride of that axis, or, at the lattice's end, moved up to its beginning.
func (c *Columns) joinSystem(system, _ int) {
	row := c.row(0, system)
	step := 1
	for k, ends := range c.ends {
		bonds := c.row(1+k, system)
		if c.Strips && k == 0 {
			c.joinStrips(row, bonds)
			step *= c.Size[0] * 64
			continue
		}
		back := step * (c.Length(k) - 1)
		for w, end := range ends {
			next := down(row, w, step)&^end | up(row, w, back)&end
			bonds[w] = row[w] ^ next
		}
		step *= c.Length(k)
	}
}

// joinStrips is joinSystem along x with strips, where a row's word is a site and its bits are the strips.
func (c *Columns) joinStrips(row, bonds []uint64) {
	for i, x := range row {
		if i%c.Size[0] < c.Size[0]-1 {
			bonds[i] = x ^ row[i+1]
		} else {
			bonds[i] = x ^ bits.RotateLeft64(row[i-c.Size[0]+1], -1)
		}
	}
}

// down is word w of a row of bits moved by n places towards the first.
func down(row []uint64, w, n int) uint64 {
	w += n / 64
	x := uint64(0)
	if w < len(row) {
		x = row[w] >> (n % 64)
	}
	if n%64 > 0 && w+1 < len(row) {
		x |= row[w+1] << (64 - n%64)
	}
	return x
}

// up is word w of a row of bits moved by n places towards the last.
func up(row []uint64, w, n int) uint64 {
	w -= n / 64
	x := uint64(0)
	if w >= 0 {
		x = row[w] << (n % 64)
	}
	if n%64 > 0 && w > 0 {
		x |= row[w-1] >> (64 - n%64)
	}
	return x
}

// Magnetisation is Σ s of a system, after TakeSpins.
func (c *Columns) Magnetisation(system int) int {
	down := 0
	for _, x := range c.row(0, system) {
		down += bits.OnesCount64(x)
	}
	return c.Spins() - 2*down
}

// Overlap is Σ s_i^a s_i^b over the spins of systems a and b, after TakeSpins.
func (c *Columns) Overlap(a, b int) int { return c.Spins() - 2*c.different(0, a, b) }

// LinkOverlap is Σ s_i^a s_j^a s_i^b s_j^b over the bonds, after TakeBonds.
func (c *Columns) LinkOverlap(a, b int) int {
	sum := c.Dims() * c.Spins()
	for k := range c.Dims() {
		sum -= 2 * c.different(1+k, a, b)
	}
	return sum
}

func (c *Columns) different(kind, a, b int) (n int) {
	x, y := c.row(kind, a), c.row(kind, b)
	y = y[:len(x)]
	for i := range x {
		n += bits.OnesCount64(x[i] ^ y[i])
	}
	return n
}

// Slices sums over the slices of the lattice perpendicular to each axis, X + Y + Z in all: what Fourier components of the
// smallest wave vectors are made of.
type Slices struct {
	parts  [][]slicePart
	volume []int // spins of a slice
}

// A slicePart is a word of a row with the bits that belong to a slice.
type slicePart struct {
	word int
	mask uint64
}

// NewSlices finds the places of the slices in a system's row.
func NewSlices(l Lattice) (*Slices, error) {
	if err := l.Check(); err != nil {
		return nil, err
	}
	s := &Slices{}
	add := func(slice, place int) {
		s.volume[slice]++
		last := len(s.parts[slice]) - 1
		if last < 0 || s.parts[slice][last].word != place/64 {
			s.parts[slice] = append(s.parts[slice], slicePart{word: place / 64})
			last++
		}
		s.parts[slice][last].mask |= 1 << (place % 64)
	}
	for axis := range l.Dims() {
		s.parts = append(s.parts, make([][]slicePart, l.Length(axis))...)
		s.volume = append(s.volume, make([]int, l.Length(axis))...)
	}
	for spin := range l.Spins() {
		first := 0
		for axis, x := range l.Place(spin) {
			add(first+x, spin)
			first += l.Length(axis)
		}
	}
	return s, nil
}

// Len is the number of slices: along x, then y, then z.
func (s *Slices) Len() int { return len(s.parts) }

// Overlaps writes Σ s_i^a s_i^b over each slice to sums, Len of them, after TakeSpins of columns of the same lattice.
func (s *Slices) Overlaps(sums []float64, c *Columns, a, b int) {
	x, y := c.row(0, a), c.row(0, b)
	for i, parts := range s.parts {
		n := 0
		for _, p := range parts {
			n += bits.OnesCount64((x[p.word] ^ y[p.word]) & p.mask)
		}
		sums[i] = float64(s.volume[i] - 2*n)
	}
}
