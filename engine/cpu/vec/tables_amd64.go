package vec

import (
	"unsafe"

	"cavity/engine/cpu/level"
)

var reduce32 = [...]reducers[float32]{
	level.Portable: portable32,
	level.AVX2:     {avx2Sum32, avx2Dot32, avx2Max32, avx2MaxVv32},
	level.AVX512:   {avx512Sum32, avx512Dot32, avx512Max32, avx512MaxVv32},
}

var reduce64 = [...]reducers[float64]{
	level.Portable: portable64,
	level.AVX2:     {avx2Sum64, avx2Dot64, avx2Max64, avx2MaxVv64},
	level.AVX512:   {avx512Sum64, avx512Dot64, avx512Max64, avx512MaxVv64},
}

// columns adds to acc the sums of up to 16 columns. It calls by name, so that acc stays on the caller's stack.
func columns[T Float](rows, stride int, x unsafe.Pointer, n int, acc *[16]float64) {
	single := dtypeOf[T]() == Float32
	switch l := level.Of(); {
	case l == level.AVX512 && single:
		avx512Columns32(rows, stride, x, n, acc)
	case l == level.AVX512:
		avx512Columns64(rows, stride, x, n, acc)
	case l == level.AVX2 && single:
		avx2Columns32(rows, stride, x, n, acc)
	case l == level.AVX2:
		avx2Columns64(rows, stride, x, n, acc)
	default:
		columnsPortable[T](rows, stride, x, n, acc)
	}
}
