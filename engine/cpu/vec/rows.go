package vec

import (
	"fmt"
	"math"
	"unsafe"
)

// rowTile is the number of elements that Rows works on at a time, so that its scratch stays in the first-level cache.
const rowTile = 1024

// Rows computes functions of the rows of a matrix. It holds its scratch and the primitives of the level at which it was made:
// each goroutine needs its own. Its methods do not allocate, and their results do not depend on how rows are grouped into calls.
// Outputs may be one of the inputs. They panic when a length is not a multiple of cols.
type Rows[T Float] struct {
	minus, exp, times, timesEach, lessProduct Func
	kernels                                   *reducers[T]
	scalar                                    T
	tile                                      [rowTile]T
}

// NewRows makes the scratch.
func NewRows[T Float]() *Rows[T] {
	r := &Rows[T]{kernels: reducersOf[T]()}
	for _, p := range []struct {
		f           *Func
		op, pattern string
	}{{&r.minus, "sub", "vs"}, {&r.exp, "exp", "v"}, {&r.times, "mul", "vs"}, {&r.timesEach, "mul", "vv"}, {&r.lessProduct, "fnma", "vsv"}} {
		*p.f, _ = Find(p.op, p.pattern, dtypeOf[T]())
	}
	return r
}

func checkMatrix(what string, cols, n int, others ...int) {
	for _, o := range others {
		if o != n {
			panic(fmt.Sprintf("vec: %s of %d and %d elements", what, n, o))
		}
	}
	if cols <= 0 || n%cols != 0 {
		panic(fmt.Sprintf("vec: %s of rows of %d in %d elements", what, cols, n))
	}
}

// subtract writes x - s.
func (r *Rows[T]) subtract(dst, x []T, s T) {
	r.scalar = s
	r.minus(len(x), pointer(dst), pointer(x), unsafe.Pointer(&r.scalar), nil)
}

// Softmax writes e^(x - m) / Σ e^(x - m) of each row, m its maximum. The sum is that of SumRows; its inverse is rounded to T, then multiplied.
func (r *Rows[T]) Softmax(dst, x []T, cols int) {
	checkMatrix("softmax", cols, len(x), len(dst))
	group := max(1, rowTile/cols) * cols
	for at := 0; at < len(x); at += group {
		end := min(len(x), at+group)
		for i := at; i < end; i += cols {
			row := x[i : i+cols]
			r.subtract(dst[i:i+cols], row, r.kernels.max(cols, pointer(row)))
		}
		part := dst[at:end]
		r.exp(len(part), pointer(part), pointer(part), nil, nil)
		for i := at; i < end; i += cols {
			row := dst[i : i+cols]
			r.scalar = T(1 / tree(r.kernels.sum, row, Blocks(cols)))
			r.times(cols, pointer(row), pointer(row), unsafe.Pointer(&r.scalar), nil)
		}
	}
}

// normaliser returns the maximum m of a row and Σ e^(x - m), summed over tiles one after another.
func (r *Rows[T]) normaliser(row []T) (m T, sum float64) {
	m = r.kernels.max(len(row), pointer(row))
	for at := 0; at < len(row); at += rowTile {
		tile := r.tile[:min(rowTile, len(row)-at)]
		r.subtract(tile, row[at:at+len(tile)], m)
		r.exp(len(tile), pointer(tile), pointer(tile), nil, nil)
		sum += r.kernels.sum(len(tile), pointer(tile))
	}
	return m, sum
}

// LogSoftmax writes x - m - ln Σ e^(x - m) of each row, m its maximum.
func (r *Rows[T]) LogSoftmax(dst, x []T, cols int) {
	checkMatrix("log-softmax", cols, len(x), len(dst))
	for i := 0; i < len(x); i += cols {
		row, out := x[i:i+cols], dst[i:i+cols]
		m, sum := r.normaliser(row)
		r.subtract(out, row, m)
		r.subtract(out, out, T(log64(sum)))
	}
}

// LogSumExp sets dst[i] to m + ln Σ e^(x - m) of row i, m its maximum; an infinite maximum is the result.
func (r *Rows[T]) LogSumExp(dst, x []T, cols int) {
	checkMatrix("log-sum-exp", cols, len(x), len(dst)*cols)
	for i := range dst {
		m, sum := r.normaliser(x[i*cols : (i+1)*cols])
		dst[i] = m
		if !math.IsInf(float64(m), 0) {
			dst[i] = T(float64(m) + log64(sum))
		}
	}
}

// SoftmaxGrad writes the gradient with respect to the input of Softmax from its output y and the gradient g of that output: (g - Σ y g) y.
func (r *Rows[T]) SoftmaxGrad(dst, y, g []T, cols int) {
	checkMatrix("softmax gradient", cols, len(y), len(g), len(dst))
	for i := 0; i < len(y); i += cols {
		s := T(dotTree(r.kernels.dot, y[i:i+cols], g[i:i+cols], Blocks(cols)))
		for at := i; at < i+cols; at += rowTile {
			tile := r.tile[:min(rowTile, i+cols-at)]
			r.subtract(tile, g[at:at+len(tile)], s)
			r.timesEach(len(tile), pointer(dst[at:]), pointer(tile), pointer(y[at:]), nil)
		}
	}
}

// LogSoftmaxGrad writes the gradient with respect to the input of LogSoftmax from its output y and the gradient g of that output: g - e^y Σ g.
func (r *Rows[T]) LogSoftmaxGrad(dst, y, g []T, cols int) {
	checkMatrix("log-softmax gradient", cols, len(y), len(g), len(dst))
	for i := 0; i < len(y); i += cols {
		r.scalar = T(tree(r.kernels.sum, g[i:i+cols], Blocks(cols)))
		for at := i; at < i+cols; at += rowTile {
			tile := r.tile[:min(rowTile, i+cols-at)]
			r.exp(len(tile), pointer(tile), pointer(y[at:]), nil, nil)
			r.lessProduct(len(tile), pointer(dst[at:]), pointer(tile), unsafe.Pointer(&r.scalar), pointer(g[at:]))
		}
	}
}
