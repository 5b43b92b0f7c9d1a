// Package twotime holds the inner loops of the two-time equations: inner products with rows of history, which
// are bound by memory and therefore read every number once.
package twotime

//go:generate go run gen.go -out twotime_amd64.s

// Fold meets one row of the history, r and c, with the vectors d and v in one pass:
//
//	dotR = Σ r[s] d[s],  dotC = Σ c[s] v[s],  accR[s] += x r[s],  accC[s] += y c[s].
//
// All slices have the length of r. It serves the row and, by symmetry, the column of a triangular matrix.
func Fold(r, c, d, v, accR, accC []float64, x, y float64) (dotR, dotC float64) {
	n := len(r)
	if n == 0 {
		return 0, 0
	}
	return fold(r, c[:n], d[:n], v[:n], accR[:n], accC[:n], x, y)
}

// Dots returns Σ p[k] d[k], Σ q[k] s[k] and Σ r[k] s[k]; all slices have the length of p.
func Dots(p, q, r, d, s []float64) (pd, qs, rs float64) {
	n := len(p)
	if n == 0 {
		return 0, 0, 0
	}
	return dots(p, q[:n], r[:n], d[:n], s[:n])
}

func foldPortable(r, c, d, v, accR, accC []float64, x, y float64) (dotR, dotC float64) {
	for s, a := range r {
		b := c[s]
		dotR += a * d[s]
		dotC += b * v[s]
		accR[s] += x * a
		accC[s] += y * b
	}
	return dotR, dotC
}

func dotsPortable(p, q, r, d, s []float64) (pd, qs, rs float64) {
	for k, a := range p {
		pd += a * d[k]
		qs += q[k] * s[k]
		rs += r[k] * s[k]
	}
	return pd, qs, rs
}
