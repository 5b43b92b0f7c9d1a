package stats

import "fmt"

// Blocks keeps the means of several observables over blocks of equal length, of a series of any length in fixed memory:
// when all blocks are full, neighbours are joined and the length doubles. Jackknife and Bootstrap take what Rows gives.
type Blocks struct {
	observables, capacity int
	size                  int64       // values in a block
	in                    int64       // values in the block that is being filled
	full                  int         // complete blocks
	sums                  [][]float64 // the sums over each block, [block][observable]
	rows                  [][]float64
	bad                   int64
}

// NewBlocks makes room for the given number of observables and of blocks, which must be even; 32 to 256 are useful numbers.
func NewBlocks(observables, blocks int) (*Blocks, error) {
	if observables < 1 {
		return nil, fmt.Errorf("stats: blocks of %d observables, at least 1", observables)
	}
	if blocks < 2 || blocks%2 != 0 {
		return nil, fmt.Errorf("stats: %d blocks, an even number is needed", blocks)
	}
	b := &Blocks{observables: observables, capacity: blocks, size: 1}
	for range blocks {
		b.sums = append(b.sums, make([]float64, observables))
		b.rows = append(b.rows, make([]float64, observables))
	}
	return b, nil
}

// Add takes one measurement of all observables. A measurement with a NaN or an infinity is left out whole and counted by Bad.
// It panics when x has not one entry for each observable.
func (b *Blocks) Add(x []float64) {
	if len(x) != b.observables {
		panic(fmt.Sprintf("stats: %d values for %d observables", len(x), b.observables))
	}
	for _, v := range x {
		if v-v != 0 {
			b.bad++
			return
		}
	}
	row := b.sums[b.full]
	for k, v := range x {
		row[k] += v
	}
	if b.in++; b.in < b.size {
		return
	}
	b.full, b.in = b.full+1, 0
	if b.full == b.capacity {
		b.join()
	}
	clear(b.sums[b.full])
}

// join adds neighbouring blocks in pairs.
func (b *Blocks) join() {
	for i := range b.capacity / 2 {
		for k := range b.observables {
			b.sums[i][k] = b.sums[2*i][k] + b.sums[2*i+1][k]
		}
	}
	b.full /= 2
	b.size *= 2
}

// N is the number of measurements in complete blocks, Size that in one block, Bad that of those left out.
func (b *Blocks) N() int64    { return int64(b.full) * b.size }
func (b *Blocks) Size() int64 { return b.size }
func (b *Blocks) Bad() int64  { return b.bad }

// Rows gives the means over the complete blocks, [block][observable]; the last, incomplete one is left out.
// The rows are b's own memory, valid until the next call.
func (b *Blocks) Rows() [][]float64 {
	for i := range b.full {
		for k, s := range b.sums[i] {
			b.rows[i][k] = s / float64(b.size)
		}
	}
	return b.rows[:b.full]
}
