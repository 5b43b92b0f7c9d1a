package multispin

import "math/bits"

// Clusters exchanges clusters of differing spins between systems laid out as Columns. Each worker has its own scratch memory.
type Clusters struct {
	neighbours []int32 // of each spin, two for each axis
	scratch    []clusterScratch
}

type clusterScratch struct {
	left  []uint64 // differing spins that no cluster has reached
	queue []int32
}

// NewClusters finds the neighbours of l's spins: 8·dims bytes each.
func NewClusters(l Lattice, workers int) (*Clusters, error) {
	if err := l.Check(); err != nil {
		return nil, err
	}
	c := &Clusters{scratch: make([]clusterScratch, workers)}
	for i := range l.Spins() {
		for k := range l.Dims() {
			c.neighbours = append(c.neighbours, int32(l.Next(i, k)), int32(l.Previous(i, k)))
		}
	}
	for i := range c.scratch {
		c.scratch[i] = clusterScratch{make([]uint64, (l.Spins()+63)/64), make([]int32, 0, l.Spins())}
	}
	return c, nil
}

// Exchange exchanges between systems a and b, after TakeSpins, the connected cluster of differing spins around number
// ⌊word·n/2³²⌋ of the n that differ, in order: these spins turn in both.
func (c *Clusters) Exchange(columns *Columns, a, b int, word uint32, worker int) {
	x, y, s := columns.row(0, a), columns.row(0, b), &c.scratch[worker]
	count := 0
	for i := range x {
		s.left[i] = x[i] ^ y[i]
		count += bits.OnesCount64(s.left[i])
	}
	if count == 0 {
		return
	}
	skip, at := int(uint64(word)*uint64(count)>>32), 0
	for n := bits.OnesCount64(s.left[0]); skip >= n; n = bits.OnesCount64(s.left[at]) {
		skip -= n
		at++
	}
	rest := s.left[at]
	for range skip {
		rest &= rest - 1
	}
	seed := int32(64*at + bits.TrailingZeros64(rest))
	s.left[at] &^= rest & -rest
	s.queue = append(s.queue[:0], seed)
	degree := len(c.neighbours) / columns.Spins()
	for next := 0; next < len(s.queue); next++ {
		i := int(s.queue[next])
		for _, j := range c.neighbours[i*degree : (i+1)*degree] {
			if bit := uint64(1) << (j & 63); s.left[j>>6]&bit != 0 {
				s.left[j>>6] ^= bit
				s.queue = append(s.queue, j)
			}
		}
	}
	for i := range x {
		cluster := x[i] ^ y[i] ^ s.left[i]
		x[i] ^= cluster
		y[i] ^= cluster
	}
}
