//go:build !amd64

package rows

func add4(y, a, b, c, d []float32, w *[4]float32) { add4Portable(y, a, b, c, d, w) }
func add1(y, x []float32, w float32)              { add1Portable(y, x, w) }
func dot(a, b []float32) float64                  { return dotPortable(a, b) }
func mul(dst, a, b []float32)                     { mulPortable(dst, a, b) }
