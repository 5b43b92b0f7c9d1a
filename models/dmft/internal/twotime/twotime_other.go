//go:build !amd64

package twotime

func fold(r, c, d, v, accR, accC []float64, x, y float64) (dotR, dotC float64) {
	return foldPortable(r, c, d, v, accR, accC, x, y)
}

func dots(p, q, r, d, s []float64) (pd, qs, rs float64) { return dotsPortable(p, q, r, d, s) }
