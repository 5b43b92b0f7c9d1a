package gemm

import "cavity/engine/cpu/level"

// args is what a tile kernel reads. Strides are in bytes; the assembly knows the offsets.
type args[T Float] struct {
	k          int
	rowA, colA int
	rowB, rowC int
	a, b, c    *T
	last       int // columns in the last vector
	alpha      T
	beta       T
}

// set is the kernels of one element type on one CPU level.
type set[T Float] struct {
	lanes       int                // elements of a vector
	panel       int                // vectors of a panel
	masked      bool               // tiles read no more than the last columns of B
	tiles       [][]func(*args[T]) // [rows][vectors]
	packRows    []func(k int, src *T, ld int, dst *T, last int)
	packColumns func(k int, rows *[16]*T, dst *T, ld int)
}

// rows is the height of the largest tile.
func (s *set[T]) rows() int { return len(s.tiles) - 1 }

// setOf cannot be a generic table: the kernels of the two types are different functions.
func setOf[T Float](l level.Level) *set[T] {
	var s any
	switch any(T(0)).(type) {
	case float32:
		s = set32(l)
	default:
		s = set64(l)
	}
	return s.(*set[T])
}
