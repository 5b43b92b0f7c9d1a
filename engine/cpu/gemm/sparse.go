package gemm

import (
	"fmt"
	"math"
	"unsafe"

	"cavity/engine/cpu/level"
)

const (
	sparseMost  = .22     // above this share of nonzeros the dense product is faster
	sparseFlops = 1 << 20 // multiply-adds; below, listing costs more than it saves
	sparseWidth = 16      // columns of B, likewise
)

// listArgs is what a listRow kernel reads; the assembly knows the offsets.
type listArgs struct {
	n           int     // nonzeros
	index       *uint32 // their rows of B, in bytes from b
	value, b, c *float32
	last        int // columns in the last vector
	alpha, beta float32
}

// listSet is the kernels of products with lists on one CPU level.
type listSet struct {
	lanes    int               // elements of a vector
	rows     []func(*listArgs) // by vectors
	compress func(n int, a *float32, index *uint32, value *float32, step int) int
	count    func(n int, a *float32, counts *uint32) int
}

// sparse is op(A) as a list of nonzeros for every row, made anew in every run.
type sparse struct {
	set   *listSet
	spec  Spec
	start []int // of the rows, and the end of the last
	index []uint32
	value []float32
	most  int // nonzeros that are worth it
	alpha float32
	beta  float32

	next     []int // when A is transposed: where the next nonzero of a row goes,
	counts   []uint32
	rowIndex []uint32 // and one row of A
	rowValue []float32
	tasks    int
	taskRows int
}

// newSparse returns nil where lists cannot pay or the rows of B lie too far apart for their 32-bit offsets.
func newSparse(s Spec) *sparse {
	if s.N < sparseWidth || float64(s.M)*float64(s.N)*float64(s.K) < sparseFlops || s.Alpha == 0 || int64(s.K)*int64(s.LdB)*4 > math.MaxUint32 {
		return nil
	}
	x := &sparse{set: lists(level.Of()), spec: s, start: make([]int, s.M+1), most: int(sparseMost * float64(s.M) * float64(s.K))}
	const beyond = 16 // compress writes whole vectors
	x.index, x.value = make([]uint32, x.most+s.K+beyond), make([]float32, x.most+s.K+beyond)
	if s.TransA {
		x.next, x.counts = make([]int, s.M), make([]uint32, s.M)
		x.rowIndex, x.rowValue = make([]uint32, s.M+beyond), make([]float32, s.M+beyond)
	}
	x.taskRows = max(1, s.M/16, taskFlops/(s.N*max(1, s.K/8)))
	x.tasks = (s.M + x.taskRows - 1) / x.taskRows
	return x
}

// prepareSparse makes room for lists, where they are asked for and can pay.
func (p *Plan[T]) prepareSparse() error {
	s := &p.spec
	p.sparse = nil
	if !s.Sparse {
		return nil
	}
	if _, ok := any(p.alpha).(float32); !ok || s.TransB || s.Batch > 1 {
		return fmt.Errorf("gemm: Sparse with %T, TransB %t and a batch of %d: only one float32 product with B as it is", p.alpha, s.TransB, s.Batch)
	}
	if p.sparse = newSparse(*s); p.sparse != nil {
		p.sparse.alpha, p.sparse.beta = float32(p.alpha), float32(p.beta)
	}
	return nil
}

// build lists the nonzeros of op(A), NaN among them, and returns false as soon as they are too many, or so dense in the first rows
// that they are about to be: a dense matrix must not be listed up to the limit at every product. It depends on a alone.
func (x *sparse) build(a []float32) bool {
	s := &x.spec
	if s.TransA {
		return x.buildTransposed(a)
	}
	total := 0
	for i := range s.M {
		x.start[i] = total
		total += x.set.compress(s.K, &a[i*s.LdA], &x.index[total], &x.value[total], 4*s.LdB)
		if total > x.most || i == early && total > 3*(early+1)*(x.most/s.M+1) {
			return false
		}
	}
	x.start[s.M] = total
	return true
}

// early is the row after which build looks at the density so far.
const early = 15

// buildTransposed first counts, so that an attempt in vain costs little, then deals out the nonzeros of every row of A.
func (x *sparse) buildTransposed(a []float32) bool {
	s := &x.spec
	clear(x.counts)
	total := 0
	for k := range s.K {
		if total += x.set.count(s.M, &a[k*s.LdA], &x.counts[0]); total > x.most {
			return false
		}
	}
	total = 0
	for i, n := range x.counts {
		x.start[i], x.next[i] = total, total
		total += int(n)
	}
	x.start[s.M] = total
	for k := range s.K {
		n := x.set.compress(s.M, &a[k*s.LdA], &x.rowIndex[0], &x.rowValue[0], 1)
		offset, values := uint32(4*k*s.LdB), x.rowValue[:n]
		for q, i := range x.rowIndex[:n] {
			at := x.next[i]
			x.next[i] = at + 1
			x.index[at], x.value[at] = offset, values[q]
		}
	}
	return true
}

// multiply computes rows i0 to i1 of the product into c, the address of the first of them.
func (x *sparse) multiply(p *listArgs, b, c *float32, i0, i1 int) {
	s, lanes := &x.spec, x.set.lanes
	p.alpha, p.beta = x.alpha, x.beta
	widest := len(x.set.rows) - 1
	for j := 0; j < s.N; j += widest * lanes {
		w := min(widest*lanes, s.N-j)
		nv := (w + lanes - 1) / lanes
		p.last, p.b = w-(nv-1)*lanes, at(b, 4*j)
		row := x.set.rows[nv]
		for i := i0; i < i1; i++ {
			first := x.start[i]
			p.n, p.index, p.value = x.start[i+1]-first, &x.index[first], &x.value[first]
			p.c = at(c, 4*((i-i0)*s.LdC+j))
			row(p)
		}
	}
}

// listed lists the nonzeros of a when the plan may, and reports whether the product shall use them.
func (p *Plan[T]) listed(a []T) bool {
	return p.sparse != nil && p.sparse.build(floats(a))
}

// multiplyListed is multiply with a listed left operand: c is the address of row i0.
func (p *Plan[T]) multiplyListed(worker int, b []T, c *T, i0, i1 int) {
	p.sparse.multiply(&p.lanes[worker].list, (*float32)(unsafe.Pointer(unsafe.SliceData(b))), (*float32)(unsafe.Pointer(c)), i0, i1)
}

// multiplyTask is one task of multiplyListed.
func (p *Plan[T]) multiplyTask(task, worker int) {
	i := task * p.sparse.taskRows
	p.multiplyListed(worker, p.b, ptr(p.c, i*p.spec.LdC), i, min(i+p.sparse.taskRows, p.spec.M))
}
