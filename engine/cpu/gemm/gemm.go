// Package gemm multiplies matrices on the CPU, dense and sparse, in float32 and float64.
//
// A [Plan] is made once for the shape of a product and run as often as needed:
//
//	C = α op(A) op(B) + β C,   op(X) = X or Xᵀ,   op(A) is M×K, op(B) is K×N, C is M×N, all row-major,
//
// optionally for a batch of matrices. Everything that can be decided or allocated is decided and allocated by [New]; running does not allocate.
//
// # Method
//
// B is packed in panels as wide as the register tile (12×32 float32 or 12×16 float64 with AVX-512, half as wide and high with
// AVX2), in blocks of at most 320 of depth so that panels stay in the second-level cache; A is read in place through its
// strides (Goto and van de Geijn, ACM TOMS 34, 12, 2008, without their packing of A). Low products read B in place too.
//
// A left operand that is mostly zeros can be listed (Spec.Sparse), and one of zeros and ones looked up (Spec.Binary): both look at A in every run and give way to
// the dense product where it has other numbers or they do not pay.
//
// # Reproducibility
//
// The sum over k is never split among workers, and tiles do not depend on how many there are: the result is the same bits for any
// number of workers and any division into tasks. With AVX2 and AVX-512 an element is one chain of fused multiply-adds per depth block, in the order
// of k, whatever the shape, and both give the same bits; only products with at most four rows or columns may be dot products, one sum in
// every lane of a vector. The portable code rounds products and differs from them. Looked-up products give the same bits at every level.
package gemm

import (
	"cmp"
	"fmt"
	"math"
	"unsafe"

	"cavity/engine/cpu/level"
)

// Float is the type of elements.
type Float interface{ float32 | float64 }

// Spec is the shape of a product. The zero values of the optional fields mean dense matrices, one product, one worker, and a workspace of the plan's own.
type Spec struct {
	M, N, K        int     // C is M×N, op(A) M×K, op(B) K×N
	TransA, TransB bool    // op(A) = Aᵀ (A is K×M), op(B) = Bᵀ (B is N×K)
	Alpha, Beta    float64 // rounded to the element type; with Beta 0, C is never read

	LdA, LdB, LdC int // elements between the starts of rows; 0: the row's length

	Batch                     int // products in a run; 0: one
	StrideA, StrideB, StrideC int // elements between the matrices of a batch; 0 in StrideA or StrideB: the same matrix for all

	Workers   int        // size of the largest pool that will run the plan; 0: one
	Stream    bool       // for Start and Rows
	Sparse    bool       // look for zeros in A in every run and skip them where that is faster, even if B is infinite there; float32, B not transposed, no batch
	Binary    bool       // look for an A of nothing but zeros and ones in every run and add up rows of B, even if B is infinite at a zero; float32, no batch, no Stream
	Workspace *Workspace // scratch shared with plans that do not run at the same time; nil: none is shared
}

// A Plan is a product ready to run. Different workers may run different tasks of it at the same time; two runs of it may not overlap.
type Plan[T Float] struct {
	asked       Spec
	spec        Spec // what is computed: perhaps the transposed product
	alpha, beta T
	set         *set[T]
	ws          *Workspace
	lanes       []lane[T] // by worker

	path                path
	turned              bool
	packA               bool             // A is copied strip by strip: its stride is bad for the caches
	only                func(p *args[T]) // the whole product is this one tile
	rowA, colA, colC    int              // strides of op(A) and of the columns of C in elements
	needA, needB, needC int              // lengths that slices must have

	kc       int // depth of a block
	panel    int // columns in a panel
	panels   int
	panelLen int // elements of a packed panel of one depth block

	batches, rows, cols         int // in a task: matrices, rows, panels
	batchSets, rowSets, colSets int

	sparse    *sparse // nil: never tried
	binary    *binary // likewise
	skip      bool    // Start found the left operand sparse
	block     int     // while a shared product runs
	a, b, c   []T     // while RunOn or a stream runs
	packTask  func(task, worker int)
	multiTask func(task, worker int)
	listTask  func(task, worker int)
	bitTask   func(task, worker int)
}

// path is the way a product is computed.
type path int

const (
	scaled  path = iota // C = β C
	private             // every task packs its panels of B
	shared              // B is packed for all tasks, one depth block after the other
	inPlace             // B is read where it lies
	dotted              // every element is a dot product
)

// Plan32 and Plan64 are the plans of the two element types.
type (
	Plan32 = Plan[float32]
	Plan64 = Plan[float64]
)

// New32 is New for float32.
func New32(s Spec) (*Plan32, error) { return New[float32](s) }

// New64 is New for float64.
func New64(s Spec) (*Plan64, error) { return New[float64](s) }

// New prepares the product s for the CPU level in force now. It reports a negative size, a leading dimension or a stride that makes rows
// or results overlap, and options that do not go together.
func New[T Float](s Spec) (*Plan[T], error) {
	p := new(Plan[T])
	p.packTask = func(t, w int) { p.packShared(p.b, p.block, t, w) }
	p.multiTask = func(t, w int) { p.multiply(t, w, p.a, p.b, p.c) }
	p.listTask = func(t, w int) { p.multiplyTask(t, w) }
	p.bitTask = func(t, w int) { p.multiplyBinary(t, w, p.b, p.c) }
	if err := p.prepare(s); err != nil {
		return nil, err
	}
	return p, nil
}

// prepare makes the plan one of product s. It keeps the memory that the plan has.
func (p *Plan[T]) prepare(s Spec) error {
	s, err := s.Complete()
	if err != nil {
		return err
	}
	p.asked, p.spec, p.alpha, p.beta = s, s, T(s.Alpha), T(s.Beta)
	if p.beta == 0 {
		p.beta = 0 // the kernels take -0 for a number
	}
	p.set = setOf[T](level.Of())
	if len(p.lanes) < s.Workers {
		p.lanes = make([]lane[T], s.Workers)
	}
	p.needA, p.needB, p.needC = s.Lengths()
	if err := p.prepareSparse(); err != nil {
		return err
	}
	if err := p.prepareBinary(); err != nil {
		return err
	}
	p.turn()
	p.rowA, p.colA = p.spec.LdA, 1
	if p.spec.TransA {
		p.rowA, p.colA = 1, p.spec.LdA
	}
	p.divide()
	if s.Workspace != nil {
		p.ws = s.Workspace
	} else if p.ws == nil {
		p.ws = new(Workspace)
	}
	size := sizeOf[T]()
	p.ws.reserve(s.Workers, max(p.privateLen(), p.binary.scratchLen())*size, p.sharedLen()*size)
	return nil
}

// Spec returns the plan's shape with its defaults filled in.
func (p *Plan[T]) Spec() Spec { return p.asked }

// Run computes the product of a and b into c. It panics when a slice is shorter than the plan's shape needs. c must not overlap a or b.
func (p *Plan[T]) Run(a, b, c []T) {
	if p.turned {
		a, b = b, a
	}
	p.check(a, b, c)
	if p.only != nil {
		x := &p.lanes[0].args
		x.a, x.b, x.c = unsafe.SliceData(a), unsafe.SliceData(b), unsafe.SliceData(c)
		p.only(x)
		return
	}
	switch p.find(nil, a) {
	case inBits:
		for t := range p.binary.tasks {
			p.multiplyBinary(t, 0, b, c)
		}
		return
	case inLists:
		p.multiplyListed(0, b, unsafe.SliceData(c), 0, p.spec.M)
		return
	}
	tasks := p.tasks()
	for p.block = range p.phases() {
		if p.path == shared {
			for j := range p.panels {
				p.packShared(b, p.block, j, 0)
			}
		}
		for t := range tasks {
			p.multiply(t, 0, a, b, c)
		}
	}
}

func (p *Plan[T]) check(a, b, c []T) {
	if len(a) < p.needA || len(b) < p.needB || len(c) < p.needC {
		panic(fmt.Sprintf("gemm: slices of %d, %d and %d elements; %d, %d and %d are needed", len(a), len(b), len(c), p.needA, p.needB, p.needC))
	}
}

// Complete returns s with its defaults filled in, or an error for a negative size, or a leading dimension or a stride that makes rows or results overlap.
func (s Spec) Complete() (Spec, error) {
	if s.M < 0 || s.N < 0 || s.K < 0 || s.Batch < 0 || s.Workers < 0 {
		return s, fmt.Errorf("gemm: product %d×%d×%d, batch %d, %d workers: none may be negative", s.M, s.N, s.K, s.Batch, s.Workers)
	}
	if largest := max(s.M, s.N, s.K, s.LdA, s.LdB, s.LdC); largest > math.MaxInt32 {
		return s, fmt.Errorf("gemm: a size or leading dimension of %d: at most %d", largest, math.MaxInt32)
	}
	s.Batch, s.Workers = max(s.Batch, 1), max(s.Workers, 1)
	colsA, colsB := s.K, s.N
	if s.TransA {
		colsA = s.M
	}
	if s.TransB {
		colsB = s.K
	}
	var errA, errB, errC error
	s.LdA, errA = leading("A", s.LdA, colsA)
	s.LdB, errB = leading("B", s.LdB, colsB)
	s.LdC, errC = leading("C", s.LdC, s.N)
	if err := cmp.Or(errA, errB, errC); err != nil {
		return s, err
	}
	if s.Stream && s.Batch > 1 {
		return s, fmt.Errorf("gemm: Stream with a batch of %d: rows are streamed from one product", s.Batch)
	}
	if span := extent(s.M, s.N, s.LdC); s.StrideA < 0 || s.StrideB < 0 || s.Batch > 1 && s.StrideC < span {
		return s, fmt.Errorf("gemm: batch strides %d, %d, %d: none may be negative, and results of %d elements may not overlap", s.StrideA, s.StrideB, s.StrideC, span)
	}
	return s, nil
}

// leading is a leading dimension with its default filled in.
func leading(name string, ld, cols int) (int, error) {
	if ld == 0 {
		return cols, nil
	}
	if ld < cols {
		return ld, fmt.Errorf("gemm: leading dimension %d of %s, whose rows have %d elements", ld, name, cols)
	}
	return ld, nil
}

// Lengths returns how many elements of each operand a completed Spec touches, batch included.
func (s Spec) Lengths() (a, b, c int) {
	a, b, c = extent(s.M, s.K, s.LdA), extent(s.K, s.N, s.LdB), extent(s.M, s.N, s.LdC)
	if s.TransA {
		a = extent(s.K, s.M, s.LdA)
	}
	if s.TransB {
		b = extent(s.N, s.K, s.LdB)
	}
	last := s.Batch - 1
	if c == 0 {
		return 0, 0, 0
	}
	if s.K == 0 || s.Alpha == 0 {
		return 0, 0, c + last*s.StrideC
	}
	return a + last*s.StrideA, b + last*s.StrideB, c + last*s.StrideC
}

// extent is how many elements a matrix spans in memory.
func extent(rows, cols, ld int) int {
	if rows == 0 || cols == 0 {
		return 0
	}
	return (rows-1)*ld + cols
}
