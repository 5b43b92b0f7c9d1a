package gemm

import (
	"fmt"
	"slices"
	"unsafe"

	"cavity/engine/cpu/level"
)

const (
	groupRows    = 4  // rows of B in a group; the assembly knows this and the next two
	blockGroups  = 8  // groups of a table
	tableColumns = 32 // of a panel
	blockRows    = groupRows * blockGroups
	tableLen     = blockGroups * tableColumns << groupRows
	copiedBlocks = 2    // of op(B), when it is transposed: whole cache lines are read
	binaryRows   = 24   // of C; below, making tables costs more than they save
	binaryDepth  = 32   // likewise
	binaryWidth  = 96   // likewise
	binaryLeast  = .14  // share of ones below which lists are faster
	binaryTall   = 1024 // rows of a task: the sums of their columns stay in the second-level cache
	indexRows    = 16   // rows of A of a task that makes indices; the assembly knows this
)

// binaryArgs is what the kernels of binary products read; the assembly knows the offsets. Strides are in bytes.
type binaryArgs struct {
	rows, groups int
	index        *uint16 // of the first row and group; those of a row follow each other
	row          int     // stride of indices
	b            *float32
	rowB         int
	table        *float32
	c            *float32
	rowC         int
	last         int // columns in the last vector
	alpha        float32
	add          int32    // 0: C is not read
	out          *float32 // where the results go, in C or elsewhere
	rowOut       int
}

// binarySet is the kernels of binary products on one CPU level.
type binarySet struct {
	lanes        int                 // elements of a vector
	subsets      []func(*binaryArgs) // by vectors
	lookups      []func(*binaryArgs) // by vectors
	indexRow     func(k int, a *float32, index *uint16) int
	indexColumns func(n int, rows *[16]*float32, index *uint16, row int) int
	packColumns  func(k int, rows *[16]*float32, dst *float32, ld int)
}

// binary is a product whose left operand holds nothing but zeros and ones. The rows of op(B) are taken four at a time, and the sums of
// their 16 subsets are tabled (Arlazarov, Dinic, Kronrod, Faradzhev, Soviet Math. Dokl. 11, 1209, 1970): an element of C is then a sum of K/4 looked-up
// numbers. An element is the same sequence of rounded sums at every level, in every division into tasks.
type binary struct {
	set    *binarySet
	spec   Spec
	alpha  float32
	beta   float32
	blocks int       // tables along the depth
	index  []uint16  // by row, then group: where in a table the sum is that four elements of A name, in bytes
	groups int       // of a row of indices, those of an unfinished block among them
	zeros  []float32 // a row for those that the last group lacks, where A is transposed
	found  []int     // ones, by task; -1: other numbers
	panels int
	tall   int // rows of a task
	tasks  int
	a      []float32 // while indices are made
	lanes  []binaryLane
	others func(task, worker int) // makes the indices of all tasks but the first
}

// binaryLane is what one worker needs.
type binaryLane struct {
	args binaryArgs
	rows [16]*float32
	_    [cacheLine]byte
}

// newBinary returns nil where tables cannot pay.
func newBinary(s Spec, alpha, beta float32) *binary {
	if s.M < binaryRows || s.K < binaryDepth || s.N < binaryWidth || alpha == 0 {
		return nil
	}
	x := &binary{set: binaries(level.Of()), spec: s, alpha: alpha, beta: beta, blocks: (s.K + blockRows - 1) / blockRows, lanes: make([]binaryLane, s.Workers)}
	x.others = func(task, worker int) { x.find(task+1, worker) }
	x.groups = x.blocks * blockGroups
	along := s.M // indices are made along the rows of A as it is stored
	if s.TransA {
		along, x.zeros = s.K, make([]float32, s.M)
	}
	x.found = make([]int, (along+indexRows-1)/indexRows)
	const beyond = 16 // indices are written in whole vectors
	x.index = make([]uint16, (s.M+beyond)*x.groups)
	x.panels = (s.N + tableColumns - 1) / tableColumns
	parts := (s.M + binaryTall - 1) / binaryTall
	x.tall = (s.M + parts - 1) / parts
	x.tasks = parts * x.panels
	return x
}

// prepareBinary makes room for indices, where they are asked for and can pay.
func (p *Plan[T]) prepareBinary() error {
	s := &p.spec
	p.binary = nil
	if !s.Binary {
		return nil
	}
	if _, ok := any(p.alpha).(float32); !ok || s.Stream || s.Batch > 1 {
		return fmt.Errorf("gemm: Binary with %T, Stream %t and a batch of %d: only one float32 product as a whole", p.alpha, s.Stream, s.Batch)
	}
	p.binary = newBinary(*s, float32(p.alpha), float32(p.beta))
	return nil
}

// find makes the indices of one task.
func (x *binary) find(task, worker int) {
	s, ones := &x.spec, 0
	first, a := task*indexRows, x.a
	if s.TransA {
		rows := &x.lanes[worker].rows
		for r := range rows {
			if rows[r] = unsafe.SliceData(x.zeros); first+r < s.K {
				rows[r] = &a[(first+r)*s.LdA]
			}
		}
		ones = x.set.indexColumns(s.M, rows, &x.index[first/groupRows], 2*x.groups)
	} else {
		for i := first; i < min(first+indexRows, s.M) && ones >= 0; i++ {
			ones = addOnes(ones, x.set.indexRow(s.K, &a[i*s.LdA], &x.index[i*x.groups]))
		}
	}
	x.found[task] = ones
}

// addOnes adds counts; -1 stays.
func addOnes(a, b int) int {
	if a < 0 || b < 0 {
		return -1
	}
	return a + b
}

// build makes all indices by w, or alone without it, and reports whether a is zeros and ones, with at least a share of ones in the first rows: an attempt in vain costs little.
func (x *binary) build(w Workers, a []float32, least float64) bool {
	x.a = a
	x.find(0, 0)
	along, across := x.spec.M, x.spec.K
	if x.spec.TransA {
		along, across = across, along
	}
	if x.found[0] < 0 || float64(x.found[0]) < least*float64(min(indexRows, along)*across) {
		return false
	}
	if rest := len(x.found) - 1; w != nil {
		w.Do(rest, x.others)
	} else {
		for t := range rest {
			x.others(t, 0)
		}
	}
	x.a = nil
	return !slices.Contains(x.found, -1)
}

// scratchLen is what a worker needs: a table, rows of op(B), and sums.
func (x *binary) scratchLen() int {
	if x == nil {
		return 0
	}
	return tableLen + copiedBlocks*blockRows*tableColumns + x.tall*tableColumns
}

// multiply does one task: a panel of some rows.
func (x *binary) multiply(task, worker int, scratch, b, c []float32) {
	s, lanes, args := &x.spec, x.set.lanes, &x.lanes[worker].args
	j0, i0 := task%x.panels*tableColumns, task/x.panels*x.tall
	width, i1 := min(tableColumns, s.N-j0), min(i0+x.tall, s.M)
	nv := (width + lanes - 1) / lanes
	c = c[i0*s.LdC+j0:]
	if x.beta != 0 && x.beta != 1 {
		scale(c, i1-i0, width, s.LdC, x.beta)
	}
	table, copied, sums := scratch[:tableLen], scratch[tableLen:], scratch[tableLen+copiedBlocks*blockRows*tableColumns:]
	*args = binaryArgs{rows: i1 - i0, row: 2 * x.groups, table: &table[0], c: &c[0], rowC: 4 * s.LdC, out: &sums[0], rowOut: 4 * tableColumns, last: width - (nv-1)*lanes, alpha: x.alpha}
	if x.beta != 0 {
		args.add = 1
	}
	for block := range x.blocks {
		args.groups = (min(blockRows, s.K-block*blockRows) + groupRows - 1) / groupRows
		args.b, args.rowB = x.operand(worker, block, j0, width, copied, b)
		x.set.subsets[nv](args)
		for g := args.groups; g < blockGroups; g++ {
			clear(table[g*tableColumns<<groupRows:][:tableColumns]) // index 0
		}
		args.index = &x.index[i0*x.groups+block*blockGroups]
		if block == x.blocks-1 {
			args.out, args.rowOut = &c[0], 4*s.LdC
		}
		x.set.lookups[nv](args)
		args.add, args.c, args.rowC = 1, args.out, args.rowOut // rows close together, whatever the distance of those of C
	}
	*args = binaryArgs{}
}

// operand is where the rows of op(B) for a table begin, columns j0 to j0+width, and their stride in bytes: in B itself, or in copied when B is transposed or the
// last group lacks rows. What stands in their place is in no sum that an index names.
func (x *binary) operand(worker, block, j0, width int, copied, b []float32) (*float32, int) {
	s, lanes, k0 := &x.spec, x.set.lanes, block*blockRows
	depth := min(blockRows, s.K-k0)
	switch {
	case s.TransB:
		at := block % copiedBlocks * blockRows * tableColumns
		if at > 0 {
			return &copied[at], 4 * tableColumns
		}
		rows := &x.lanes[worker].rows
		for v := 0; v < width; v += lanes {
			for r := range lanes { // columns beyond the last repeat it: their sums are never stored
				rows[r] = &b[min(j0+v+r, s.N-1)*s.LdB+k0]
			}
			x.set.packColumns(min(copiedBlocks*blockRows, s.K-k0), rows, &copied[v], 4*tableColumns)
		}
		return &copied[0], 4 * tableColumns
	case depth%groupRows != 0:
		for k := range depth {
			copy(copied[k*tableColumns:], b[(k0+k)*s.LdB+j0:][:width])
		}
		return &copied[0], 4 * tableColumns
	}
	return &b[k0*s.LdB+j0], 4 * s.LdB
}

// what is found in the left operand of a run.
type content int

const (
	anything content = iota
	inLists          // it is mostly zeros, and listed
	inBits           // it is zeros and ones, and indexed
)

// find looks at a by w, or alone without it. It depends on a alone.
func (p *Plan[T]) find(w Workers, a []T) content {
	if p.binary != nil {
		least := binaryLeast
		if p.sparse == nil {
			least = 0
		}
		if p.binary.build(w, floats(a), least) {
			return inBits
		}
	}
	if p.listed(a) {
		return inLists
	}
	return anything
}

// floats is x as what it is where a plan may be sparse or binary.
func floats[T Float](x []T) []float32 {
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(x))), len(x))
}

// multiplyBinary is one task of a product whose left operand is indexed.
func (p *Plan[T]) multiplyBinary(task, worker int, b, c []T) {
	scratch := unsafe.Slice((*float32)(p.ws.private[worker].start), p.binary.scratchLen())
	p.binary.multiply(task, worker, scratch, floats(b), floats(c))
}
