package vec

import (
	"math"
	"unsafe"
)

// Plain versions of the kernels: the definition of the order.

var (
	portable32 = reducers[float32]{sumPortable[float32], dotPortable[float32], maxPortable[float32], binaryLoop(larger32, larger64, strides("vv"), Float32)}
	portable64 = reducers[float64]{sumPortable[float64], dotPortable[float64], maxPortable[float64], binaryLoop(larger32, larger64, strides("vv"), Float64)}
)

func sumPortable[T Float](n int, p unsafe.Pointer) float64 {
	var lane [32]float64
	for i, v := range unsafe.Slice((*T)(p), n) {
		lane[i%32] += float64(v)
	}
	return lanes(&lane)
}

func dotPortable[T Float](n int, p, q unsafe.Pointer) float64 {
	var lane [32]float64
	y := unsafe.Slice((*T)(q), n)
	for i, v := range unsafe.Slice((*T)(p), n) {
		lane[i%32] = math.FMA(float64(v), float64(y[i]), lane[i%32])
	}
	return lanes(&lane)
}

func lanes(lane *[32]float64) float64 {
	for h := 16; h > 0; h /= 2 {
		for j := range h {
			lane[j] += lane[j+h]
		}
	}
	return lane[0]
}

func maxPortable[T Float](n int, p unsafe.Pointer) T {
	m := T(math.Inf(-1))
	for _, v := range unsafe.Slice((*T)(p), n) {
		if v != v {
			return v
		}
		if v > m {
			m = v
		}
	}
	return m + 0
}

func columnsPortable[T Float](rows, stride int, p unsafe.Pointer, n int, acc *[16]float64) {
	var sum [16]float64
	for i := range rows {
		for j, v := range unsafe.Slice((*T)(unsafe.Add(p, i*stride)), n) {
			sum[j] += float64(v)
		}
	}
	for j := range n {
		acc[j] += sum[j]
	}
}
