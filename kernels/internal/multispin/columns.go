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
	rows   [][]uint64 // the rows of all systems: of the spins, then of the bonds along each axis
	next   [][]int32  // each site's neighbour along each axis
	kind   int        // which rows the tasks fill
	fill   func(task, worker int)
}

// NewColumns checks the spins [sites, Words] against l, whose couplings play no part.
func NewColumns(l Lattice, spins []uint64, w engine.Workers) (*Columns, error) {
	l.CouplingWords = 0
	if err := l.check(spins, nil); err != nil {
		return nil, err
	}
	c := &Columns{board: newBoard(l, spins, nil, w), length: (l.Spins() + 63) / 64}
	c.rows = [][]uint64{make([]uint64, l.Systems()*c.length)}
	c.fill = c.fillWord
	return c, nil
}

// TakeSpins reads the spins.
func (c *Columns) TakeSpins() {
	c.kind = 0
	c.workers.Do(c.Words, c.fill)
}

// TakeBonds reads the products of neighbouring spins.
func (c *Columns) TakeBonds() {
	if c.next == nil {
		for k := range c.Dims() {
			next := make([]int32, c.Sites())
			for i := range next {
				to, _ := c.Lattice.next(i, k, true)
				next[i] = int32(to)
			}
			c.next = append(c.next, next)
			c.rows = append(c.rows, make([]uint64, len(c.rows[0])))
		}
	}
	for k := range c.Dims() {
		c.kind = 1 + k
		c.workers.Do(c.Words, c.fill)
	}
}

// row is a system's row.
func (c *Columns) row(kind, system int) []uint64 { return c.rows[kind][system*c.length:][:c.length] }

// fillWord writes the rows of the systems of word w.
func (c *Columns) fillWord(w, _ int) {
	if c.Strips {
		row := c.row(c.kind, w)
		for i := range row {
			row[i] = c.word(i, w)
		}
		return
	}
	for first := 0; first < c.Sites(); first += 64 {
		var block [64]uint64
		for i := range min(64, c.Sites()-first) {
			block[i] = c.word(first+i, w)
		}
		transpose(&block)
		rows := c.rows[c.kind][64*w*c.length+first/64:]
		for r, x := range block {
			rows[r*c.length] = x
		}
	}
}

// word is what the rows being filled hold for site i and word w.
func (c *Columns) word(i, w int) uint64 {
	s := c.spins[i*c.Words+w]
	if c.kind == 0 {
		return s
	}
	n := c.spins[int(c.next[c.kind-1][i])*c.Words+w]
	if c.Strips && c.kind == 1 && i%c.Size[0] == c.Size[0]-1 {
		n = bits.RotateLeft64(n, -1)
	}
	return s ^ n
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
