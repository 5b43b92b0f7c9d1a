package spin

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
)

// The number of time blocks that a record keeps: when they are full, neighbours are merged and blocks get twice as long, so
// that a run of any length needs the same memory and every block stays an average over equal times. Many samples, which give
// the errors by their own scatter, keep fewer blocks, so that a record stays below mostNumbers where minBlocks of them allow it.
const (
	maxBlocks   = 256
	minBlocks   = 32
	mostNumbers = 1 << 22
)

// A record holds block averages of a fixed list of moments in every cell (system, temperature).
type record struct {
	moments []string
	cells   int
	most    int         // blocks, even
	length  int64       // measurements in a block
	inBlock int64       // measurements in the block being filled
	blocks  [][]float64 // full blocks: [moment·cells + cell], averages
	open    []float64   // sums of the block being filled
	count   int64       // all measurements
}

func newRecord(moments []string, cells int) *record {
	r := &record{moments: moments, cells: cells, most: maxBlocks, length: 1, open: make([]float64, len(moments)*cells)}
	for r.most > minBlocks && r.most*len(r.open) > mostNumbers {
		r.most /= 2
	}
	return r
}

// at is where the sum of a moment over the cells lies.
func (r *record) at(moment int) []float64 { return r.open[moment*r.cells : (moment+1)*r.cells] }

// close ends one measurement, after its values were added.
func (r *record) close() {
	r.count++
	if r.inBlock++; r.inBlock < r.length {
		return
	}
	r.inBlock = 0
	n := len(r.blocks)
	if n == cap(r.blocks) || r.blocks[:n+1][n] == nil {
		r.blocks = append(r.blocks, make([]float64, len(r.open)))
	}
	r.blocks = r.blocks[:n+1]
	for i, x := range r.open {
		r.blocks[n][i] = x / float64(r.length)
		r.open[i] = 0
	}
	if n+1 == r.most {
		r.merge()
	}
}

// merge joins neighbouring blocks. The memory of the others stays behind the end of the list, for the next blocks.
func (r *record) merge() {
	for b := range r.most / 2 {
		x, y := r.blocks[2*b], r.blocks[2*b+1]
		for i := range x {
			x[i] = (x[i] + y[i]) / 2
		}
		r.blocks[b], r.blocks[2*b] = x, r.blocks[b]
	}
	r.blocks = r.blocks[:r.most/2]
	r.length *= 2
}

// average is the mean of every moment in every cell over all full blocks, [moment·cells + cell].
func (r *record) average() []float64 {
	mean := make([]float64, len(r.open))
	for _, b := range r.blocks {
		for i, x := range b {
			mean[i] += x / float64(len(r.blocks))
		}
	}
	return mean
}

// index is the number of a moment, or -1.
func (r *record) index(moment string) int {
	for i, m := range r.moments {
		if m == moment {
			return i
		}
	}
	return -1
}

// save writes the record's numbers; the moments and cells are those of the run's settings.
func (r *record) save(w io.Writer) error {
	head := []int64{int64(len(r.moments)), int64(r.cells), r.length, r.inBlock, r.count, int64(len(r.blocks))}
	if err := binary.Write(w, binary.LittleEndian, head); err != nil {
		return err
	}
	for _, b := range append(slices.Clip(r.blocks), r.open) {
		if err := binary.Write(w, binary.LittleEndian, b); err != nil {
			return err
		}
	}
	return nil
}

// load takes back what save wrote; nothing changes unless it fits and is sound.
func (r *record) load(in io.Reader) error {
	head := make([]int64, 6)
	if err := binary.Read(in, binary.LittleEndian, head); err != nil {
		return fmt.Errorf("spin: the saved measurements are truncated")
	}
	if head[0] != int64(len(r.moments)) || head[1] != int64(r.cells) || head[2] < 1 || head[3] < 0 || head[3] >= head[2] ||
		head[5] < 0 || head[5] >= int64(r.most) || head[4] != head[5]*head[2]+head[3] {
		return fmt.Errorf("spin: the saved measurements do not belong to this run")
	}
	blocks := make([][]float64, head[5]+1)
	for i := range blocks {
		blocks[i] = make([]float64, len(r.open))
		if err := binary.Read(in, binary.LittleEndian, blocks[i]); err != nil {
			return fmt.Errorf("spin: the saved measurements are truncated")
		}
		for _, x := range blocks[i] {
			if math.IsNaN(x) {
				return fmt.Errorf("spin: the saved measurements hold a value that is no number")
			}
		}
	}
	r.length, r.inBlock, r.count = head[2], head[3], head[4]
	r.blocks, r.open = slices.Clip(blocks[:head[5]]), blocks[head[5]]
	return nil
}
