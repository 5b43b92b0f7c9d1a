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
	partial     int                // vectors of the widest tile that reads no more of B's last vector than its columns
	tiles       [][]func(*args[T]) // [rows][vectors]
	packRows    []func(k int, src *T, ld int, dst *T, last int)
	packColumns func(k int, rows *[16]*T, dst *T, ld int)
	dots        []dotPair[T] // [rows of A]; nil: none
}

// dotArgs is what the kernels of low products read: rows of A and of B are contiguous. Strides are in bytes.
type dotArgs[T Float] struct {
	k          int
	rowA, rowB int
	rowC, colC int
	a, b, c    *T
	alpha      T
	beta       T
}

// dotPair is the kernels for one number of rows of A.
type dotPair[T Float] struct {
	one, several func(*dotArgs[T]) // rows of B
	many         int               // how many several takes
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
