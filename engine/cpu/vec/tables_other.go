//go:build !amd64

package vec

import "unsafe"

// Without assembly everything runs on its definition.
var (
	avx512F32, avx512F64, avx2F32, avx2F64 map[string]Func

	reduce32 = [...]reducers[float32]{portable32}
	reduce64 = [...]reducers[float64]{portable64}
)

func columns[T Float](rows, stride int, x unsafe.Pointer, n int, acc *[16]float64) {
	columnsPortable[T](rows, stride, x, n, acc)
}
