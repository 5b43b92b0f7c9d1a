package twotime

import "cavity/engine/cpu/level"

//go:noescape
func foldAVX512(r, c, d, v, accR, accC *float64, n int, x, y float64) (dotR, dotC float64)

//go:noescape
func foldAVX2(r, c, d, v, accR, accC *float64, n int, x, y float64) (dotR, dotC float64)

//go:noescape
func dotsAVX512(p, q, r, d, s *float64, n int) (pd, qs, rs float64)

//go:noescape
func dotsAVX2(p, q, r, d, s *float64, n int) (pd, qs, rs float64)

func fold(r, c, d, v, accR, accC []float64, x, y float64) (dotR, dotC float64) {
	switch level.Of() {
	case level.AVX512:
		return foldAVX512(&r[0], &c[0], &d[0], &v[0], &accR[0], &accC[0], len(r), x, y)
	case level.AVX2:
		return foldAVX2(&r[0], &c[0], &d[0], &v[0], &accR[0], &accC[0], len(r), x, y)
	}
	return foldPortable(r, c, d, v, accR, accC, x, y)
}

func dots(p, q, r, d, s []float64) (pd, qs, rs float64) {
	switch level.Of() {
	case level.AVX512:
		return dotsAVX512(&p[0], &q[0], &r[0], &d[0], &s[0], len(p))
	case level.AVX2:
		return dotsAVX2(&p[0], &q[0], &r[0], &d[0], &s[0], len(p))
	}
	return dotsPortable(p, q, r, d, s)
}
