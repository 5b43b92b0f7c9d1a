package multispin

import (
	"testing"
)

// spin is the spin of a system at a place of its own lattice, ±1.
func (l Lattice) spin(spins []uint64, system int, at [3]int) int {
	w, r, x := system/64, system%64, at[0]
	if l.Strips {
		w, r, x = system, at[0]/l.Size[0], at[0]%l.Size[0]
	}
	site := (at[2]*l.Size[1]+at[1])*l.Size[0] + x
	return 1 - 2*int(spins[site*l.Words+w]>>r&1)
}

// TestColumns holds magnetisations, overlaps, overlaps of links and of slices against sums over spins.
func TestColumns(t *testing.T) {
	for _, size := range [][]int{{4, 6}, {2, 2, 2}, {6, 2, 4}, {10, 8}} {
		for _, strips := range []bool{false, true} {
			b := newBatch(t, Lattice{Size: size, Words: 2, Strips: strips}, Metropolis)
			c, err := NewColumns(b.Lattice, b.spins, crew(2))
			if err != nil {
				t.Fatal(err)
			}
			c.TakeSpins()
			c.TakeBonds()
			slices, err := NewSlices(b.Lattice)
			if err != nil {
				t.Fatal(err)
			}
			last := b.Systems() - 1
			for _, pair := range [][2]int{{0, 1}, {last, 0}, {last / 2, last / 3}} {
				checkPair(t, b, c, slices, pair[0], pair[1])
			}
		}
	}
}

func checkPair(t *testing.T, b batch, c *Columns, slices *Slices, p, q int) {
	n := [3]int{b.Size[0], b.Size[1], 1}
	if b.Strips {
		n[0] *= 64
	}
	if b.Dims() == 3 {
		n[2] = b.Size[2]
	}
	var m, overlap, links int
	sums := make([]int, n[0]+n[1]+n[2])
	for z := range n[2] {
		for y := range n[1] {
			for x := range n[0] {
				at := [3]int{x, y, z}
				s, u := b.spin(b.spins, p, at), b.spin(b.spins, q, at)
				m += s
				overlap += s * u
				sums[x] += s * u
				sums[n[0]+y] += s * u
				sums[n[0]+n[1]+z] += s * u
				for k := range b.Dims() {
					to := at
					to[k] = (at[k] + 1) % n[k]
					links += s * u * b.spin(b.spins, p, to) * b.spin(b.spins, q, to)
				}
			}
		}
	}
	if got := c.Magnetisation(p); got != m {
		t.Errorf("%v: magnetisation %d, want %d", b, got, m)
	}
	if got := c.Overlap(p, q); got != overlap {
		t.Errorf("%v: overlap %d, want %d", b, got, overlap)
	}
	if got := c.LinkOverlap(p, q); got != links {
		t.Errorf("%v: overlap of links %d, want %d", b, got, links)
	}
	got := make([]float64, slices.Len())
	slices.Overlaps(got, c, p, q)
	for i := range got {
		if int(got[i]) != sums[i] {
			t.Errorf("%v: slice %d has overlap %v, want %d", b, i, got[i], sums[i])
		}
	}
}

// TestTranspose holds both transpositions against their definition.
func TestTranspose(t *testing.T) {
	a := [64]uint64(randomWords(64, 9))
	b := a
	transpose(&b)
	for i := range 64 {
		for j := range 64 {
			if a[j]>>i&1 != b[i]>>j&1 {
				t.Fatalf("bit %d of word %d is lost", i, j)
			}
		}
	}
}
