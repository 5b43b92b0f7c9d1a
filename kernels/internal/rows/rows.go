// Package rows holds the inner loops of kernels that combine long float32 rows: history of trajectories times
// weights. They are bound by memory; all lengths are multiples of [Lanes].
package rows

//go:generate go run gen.go -out rows_amd64.s

// Lanes divides the length of every row.
const Lanes = 64

// Combine adds rows to y: y[m] += Σ_k w[k] base[at[k]+m] for m < len(y).
func Combine(y, base []float32, at []int, w []float32) {
	n := len(y)
	k := 0
	for ; k+4 <= len(at); k += 4 {
		add4(y, base[at[k]:at[k]+n], base[at[k+1]:at[k+1]+n], base[at[k+2]:at[k+2]+n], base[at[k+3]:at[k+3]+n], (*[4]float32)(w[k:k+4]))
	}
	for ; k < len(at); k++ {
		Add(y, base[at[k]:at[k]+n], w[k])
	}
}

// Add is y[m] += w x[m].
func Add(y, x []float32, w float32) {
	if len(y) > 0 {
		add1(y, x[:len(y)], w)
	}
}

// Dot is Σ a[m] b[m] in float64 arithmetic.
func Dot(a, b []float32) float64 {
	if len(a) == 0 {
		return 0
	}
	return dot(a, b[:len(a)])
}

// Mul writes dst[m] = a[m] b[m].
func Mul(dst, a, b []float32) {
	if len(dst) > 0 {
		mul(dst, a[:len(dst)], b[:len(dst)])
	}
}

func add4Portable(y, a, b, c, d []float32, w *[4]float32) {
	for m := range y {
		y[m] += w[0]*a[m] + w[1]*b[m] + w[2]*c[m] + w[3]*d[m]
	}
}

func add1Portable(y, x []float32, w float32) {
	for m := range y {
		y[m] += w * x[m]
	}
}

func dotPortable(a, b []float32) float64 {
	sum := 0.
	for m, x := range a {
		sum += float64(x) * float64(b[m])
	}
	return sum
}

func mulPortable(dst, a, b []float32) {
	for m := range dst {
		dst[m] = a[m] * b[m]
	}
}
