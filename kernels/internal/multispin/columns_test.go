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

// TestClusters exchanges clusters between systems of one sample: the sum of their energies and the product of their spins
// everywhere stay, and the cluster around the chosen spin is turned in both. A row that is put back is what was taken.
func TestClusters(t *testing.T) {
	for _, l := range []Lattice{
		{Size: []int{10, 8}, Words: 2, CouplingWords: 1}, {Size: []int{4, 6, 4}, Words: 2, CouplingWords: 1},
		{Size: []int{2, 6}, Words: 2, CouplingWords: 1, Strips: true},
	} {
		b := newBatch(t, l, Metropolis)
		if !l.Strips {
			for i := range b.couplings { // one sample for all bits
				b.couplings[i] = -(b.couplings[i] & 1)
			}
		}
		c, err := NewColumns(l, b.spins, crew(2))
		if err != nil {
			t.Fatal(err)
		}
		clusters, err := NewClusters(l, 1)
		if err != nil {
			t.Fatal(err)
		}
		before, after := make([]int32, l.Systems()), make([]int32, l.Systems())
		old := b.clone()
		last := l.Systems() - 1
		for i, word := range []uint32{0, 1 << 31, 1<<32 - 1} {
			copy(old.spins, b.spins)
			if err := b.PlainEnergies(before, b.spins, b.couplings); err != nil {
				t.Fatal(err)
			}
			c.TakeSpins()
			clusters.Exchange(c, 0, last, word, 0)
			c.PutSpins()
			if err := b.PlainEnergies(after, b.spins, b.couplings); err != nil {
				t.Fatal(err)
			}
			if before[0]+before[last] != after[0]+after[last] {
				t.Errorf("%v, move %d: energies %d and %d become %d and %d", b, i, before[0], before[last], after[0], after[last])
			}
			turned := 0
			for s := range l.Spins() {
				x, y := l.Spin(old.spins, 0, s), l.Spin(old.spins, last, s)
				u, v := l.Spin(b.spins, 0, s), l.Spin(b.spins, last, s)
				if u*v != x*y || x == y && u != x {
					t.Fatalf("%v, move %d: spins %d, %d become %d, %d", b, i, x, y, u, v)
				}
				if u != x {
					turned++
				}
			}
			if turned == 0 {
				t.Errorf("%v, move %d: no spin turned", b, i)
			}
			for system := 1; system < last; system++ {
				if before[system] != after[system] {
					t.Fatalf("%v, move %d: system %d has changed", b, i, system)
				}
			}
		}
	}
}
