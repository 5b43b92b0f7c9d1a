package rows

import "cavity/engine/cpu/level"

//go:noescape
func add4AVX512(y, a, b, c, d *float32, n int, w *[4]float32)

//go:noescape
func add4AVX2(y, a, b, c, d *float32, n int, w *[4]float32)

//go:noescape
func add1AVX512(y, x *float32, n int, w float32)

//go:noescape
func add1AVX2(y, x *float32, n int, w float32)

//go:noescape
func dotAVX512(a, b *float32, n int) float64

//go:noescape
func dotAVX2(a, b *float32, n int) float64

//go:noescape
func mulAVX512(dst, a, b *float32, n int)

//go:noescape
func mulAVX2(dst, a, b *float32, n int)

func add4(y, a, b, c, d []float32, w *[4]float32) {
	switch level.Of() {
	case level.AVX512:
		add4AVX512(&y[0], &a[0], &b[0], &c[0], &d[0], len(y), w)
	case level.AVX2:
		add4AVX2(&y[0], &a[0], &b[0], &c[0], &d[0], len(y), w)
	default:
		add4Portable(y, a, b, c, d, w)
	}
}

func add1(y, x []float32, w float32) {
	switch level.Of() {
	case level.AVX512:
		add1AVX512(&y[0], &x[0], len(y), w)
	case level.AVX2:
		add1AVX2(&y[0], &x[0], len(y), w)
	default:
		add1Portable(y, x, w)
	}
}

func dot(a, b []float32) float64 {
	switch level.Of() {
	case level.AVX512:
		return dotAVX512(&a[0], &b[0], len(a))
	case level.AVX2:
		return dotAVX2(&a[0], &b[0], len(a))
	}
	return dotPortable(a, b)
}

func mul(dst, a, b []float32) {
	switch level.Of() {
	case level.AVX512:
		mulAVX512(&dst[0], &a[0], &b[0], len(dst))
	case level.AVX2:
		mulAVX2(&dst[0], &a[0], &b[0], len(dst))
	default:
		mulPortable(dst, a, b)
	}
}
