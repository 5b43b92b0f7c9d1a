package vec

import (
	"fmt"
	"math"
	"unsafe"

	"cavity/engine/cpu/level"
)

// Float lists the types of elements.
type Float interface{ float32 | float64 }

// sumBlock is the number of elements that are summed in one go. Sums are accumulated in float64 in an order that depends on the
// length alone: element i of a block adds to lane i mod 32, in the order of i; lanes j and j+16 are added, then j and j+8, +4, +2, +1;
// sums of blocks are combined by Pairwise.
const sumBlock = 4096

// reducers are the kernels of one level for one type.
type reducers[T Float] struct {
	sum    func(n int, x unsafe.Pointer) float64
	dot    func(n int, x, y unsafe.Pointer) float64
	max    func(n int, x unsafe.Pointer) T
	larger Func // max.vv
}

// reducersOf chooses by the level in use.
func reducersOf[T Float]() *reducers[T] {
	var p unsafe.Pointer
	if unsafe.Sizeof(T(0)) == 4 {
		p = unsafe.Pointer(&reduce32[level.Of()])
	} else {
		p = unsafe.Pointer(&reduce64[level.Of()])
	}
	return (*reducers[T])(p)
}

func dtypeOf[T Float]() Dtype {
	if unsafe.Sizeof(T(0)) == 4 {
		return Float32
	}
	return Float64
}

func pointer[T any](x []T) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(x)) }

// Blocks is the number of sums that SumBlocks makes of n elements.
func Blocks(n int) int { return (n + sumBlock - 1) / sumBlock }

// SumBlocks writes the sums of consecutive blocks of x; dst has Blocks(len(x)) elements. Workers may share the work at multiples
// of BlockLen elements: Pairwise(dst) is Sum(x) in any case.
func SumBlocks[T Float](dst []float64, x []T) {
	if len(dst) != Blocks(len(x)) {
		panic(fmt.Sprintf("vec: %d sums of blocks, want %d", len(dst), Blocks(len(x))))
	}
	sum := reducersOf[T]().sum
	for i := range dst {
		b := x[i*sumBlock : min(len(x), (i+1)*sumBlock)]
		dst[i] = sum(len(b), pointer(b))
	}
}

// BlockLen is the number of elements of a block of SumBlocks.
const BlockLen = sumBlock

// Pairwise adds numbers in a binary tree: the first half, the largest power of two below the length, and the rest. The sum of nothing is 0.
func Pairwise(x []float64) float64 {
	switch n := len(x); n {
	case 0:
		return 0
	case 1:
		return x[0]
	default:
		half := half(n)
		return Pairwise(x[:half]) + Pairwise(x[half:])
	}
}

// half is the largest power of two below n > 1.
func half(n int) int {
	h := 1
	for 2*h < n {
		h *= 2
	}
	return h
}

// Sum is the sum of all elements, accumulated in float64 in a fixed order.
func Sum[T Float](x []T) float64 { return tree(reducersOf[T]().sum, x, Blocks(len(x))) }

// tree is Pairwise over the sums of blocks, without storing them.
func tree[T Float](sum func(int, unsafe.Pointer) float64, x []T, blocks int) float64 {
	if blocks <= 1 {
		return sum(len(x), pointer(x))
	}
	h := half(blocks)
	return tree(sum, x[:h*sumBlock], h) + tree(sum, x[h*sumBlock:], blocks-h)
}

// Dot is the sum of x[i]*y[i] in the order of Sum, each product added without rounding. It panics when the lengths differ.
func Dot[T Float](x, y []T) float64 {
	if len(x) != len(y) {
		panic(fmt.Sprintf("vec: dot of %d and %d elements", len(x), len(y)))
	}
	return dotTree(reducersOf[T]().dot, x, y, Blocks(len(x)))
}

func dotTree[T Float](dot func(int, unsafe.Pointer, unsafe.Pointer) float64, x, y []T, blocks int) float64 {
	if blocks <= 1 {
		return dot(len(x), pointer(x), pointer(y))
	}
	h := half(blocks)
	return dotTree(dot, x[:h*sumBlock], y[:h*sumBlock], h) + dotTree(dot, x[h*sumBlock:], y[h*sumBlock:], blocks-h)
}

// Max is the largest element: -Inf of nothing, NaN if any element is NaN, +0 if it is a zero.
func Max[T Float](x []T) T { return reducersOf[T]().max(len(x), pointer(x)) }

// ArgMax is the index of the first element equal to Max(x); of the first NaN if there is one; -1 of nothing.
func ArgMax[T Float](x []T) int {
	m := Max(x)
	for i, v := range x {
		if v == m || v != v {
			return i
		}
	}
	return -1
}

// SumRows sets dst[i] to the sum of row i of the len(dst) × cols matrix x, each in the order of Sum.
func SumRows[T Float](dst, x []T, cols int) {
	checkRows("sum", len(dst), len(x), cols)
	sum := reducersOf[T]().sum
	for i := range dst {
		dst[i] = T(tree(sum, x[i*cols:(i+1)*cols], Blocks(cols)))
	}
}

// MaxRows sets dst[i] to Max of row i.
func MaxRows[T Float](dst, x []T, cols int) {
	checkRows("maximum", len(dst), len(x), cols)
	largest := reducersOf[T]().max
	for i := range dst {
		dst[i] = largest(cols, pointer(x[i*cols:]))
	}
}

// ArgMaxRows sets dst[i] to ArgMax of row i.
func ArgMaxRows[T Float](dst []int, x []T, cols int) {
	checkRows("argmax", len(dst), len(x), cols)
	for i := range dst {
		dst[i] = ArgMax(x[i*cols : (i+1)*cols])
	}
}

func checkRows(what string, rows, n, cols int) {
	if rows*cols != n {
		panic(fmt.Sprintf("vec: %s of %d rows of %d columns in %d elements", what, rows, cols, n))
	}
}

// columnBlock is the number of rows that SumColumns adds up before it adds to the total.
const columnBlock = 256

// SumColumns sets dst[j] to the sum over the rows of x[i*stride+j]. Every column is accumulated in float64, blocks of 256 rows one after
// another, whichever columns are asked for: workers may share the columns.
func SumColumns[T Float](dst, x []T, rows, stride int) {
	checkColumns("sum", len(dst), len(x), rows, stride)
	size := int(unsafe.Sizeof(T(0)))
	for j := 0; j < len(dst); j += 16 {
		var acc [16]float64
		n := min(16, len(dst)-j)
		for i := 0; i < rows; i += columnBlock {
			columns[T](min(columnBlock, rows-i), stride*size, unsafe.Pointer(&x[i*stride+j]), n, &acc)
		}
		for k := range n {
			dst[j+k] = T(acc[k])
		}
	}
}

// MaxColumns sets dst[j] to the maximum over the rows of x[i*stride+j], -Inf of nothing, NaN if any is NaN.
func MaxColumns[T Float](dst, x []T, rows, stride int) {
	checkColumns("maximum", len(dst), len(x), rows, stride)
	if len(dst) == 0 {
		return
	}
	for j := range dst {
		dst[j] = T(math.Inf(-1))
	}
	larger := reducersOf[T]().larger
	for i := range rows {
		larger(len(dst), pointer(dst), pointer(dst), pointer(x[i*stride:]), nil)
	}
}

func checkColumns(what string, cols, n, rows, stride int) {
	if cols > stride || rows > 0 && cols > 0 && (rows-1)*stride+cols > n {
		panic(fmt.Sprintf("vec: %s over %d rows of %d columns, %d apart, in %d elements", what, rows, cols, stride, n))
	}
}
