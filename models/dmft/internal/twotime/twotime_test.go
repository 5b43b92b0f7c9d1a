package twotime

import (
	"math"
	"math/rand/v2"
	"testing"

	"cavity/engine/cpu/level"
)

func vectors(rng *rand.Rand, count, n int) [][]float64 {
	v := make([][]float64, count)
	for i := range v {
		v[i] = make([]float64, n)
		for k := range v[i] {
			v[i][k] = rng.NormFloat64()
		}
	}
	return v
}

// Every level agrees with the portable loops up to the order of summation.
func TestLevels(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, l := range []level.Level{level.AVX512, level.AVX2, level.Portable} {
		if l > level.Of() {
			continue
		}
		restore := level.Use(l)
		for n := 0; n < 70; n++ {
			a := vectors(rng, 6, n)
			accR, accC := append([]float64(nil), a[4]...), append([]float64(nil), a[5]...)
			wantR, wantC := foldPortable(a[0], a[1], a[2], a[3], accR, accC, .3, -.7)
			gotR, gotC := Fold(a[0], a[1], a[2], a[3], a[4], a[5], .3, -.7)
			if math.Abs(gotR-wantR) > 1e-12 || math.Abs(gotC-wantC) > 1e-12 {
				t.Fatalf("%v n=%d: fold gives %v %v, want %v %v", l, n, gotR, gotC, wantR, wantC)
			}
			for s := range accR {
				if math.Abs(a[4][s]-accR[s]) > 1e-14 || math.Abs(a[5][s]-accC[s]) > 1e-14 {
					t.Fatalf("%v n=%d: accumulators differ at %d", l, n, s)
				}
			}
			b := vectors(rng, 5, n)
			p, q, r := dotsPortable(b[0], b[1], b[2], b[3], b[4])
			gp, gq, gr := Dots(b[0], b[1], b[2], b[3], b[4])
			if math.Abs(p-gp)+math.Abs(q-gq)+math.Abs(r-gr) > 1e-12 {
				t.Fatalf("%v n=%d: dots give %v %v %v, want %v %v %v", l, n, gp, gq, gr, p, q, r)
			}
		}
		restore()
	}
}
