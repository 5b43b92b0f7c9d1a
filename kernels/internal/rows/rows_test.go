package rows

import (
	"math"
	"math/rand/v2"
	"testing"

	"cavity/engine/cpu/level"
)

func random(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}

func TestLevels(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, l := range level.Available() {
		restore := level.Use(l)
		for _, n := range []int{64, 128, 1024} {
			base, y := random(rng, 9*n), random(rng, n)
			at, w := []int{0, 3 * n, n, 8 * n, 5 * n, 2 * n, 4 * n}, random(rng, 7)
			want := append([]float32(nil), y...)
			for m := range want {
				sum := float64(want[m])
				for k := range at {
					sum += float64(w[k]) * float64(base[at[k]+m])
				}
				want[m] = float32(sum)
			}
			Combine(y, base, at, w)
			p := make([]float32, n)
			Mul(p, base[:n], base[n:2*n])
			for m := range y {
				if math.Abs(float64(y[m]-want[m])) > 1e-5 {
					t.Fatalf("%v n=%d: row %d is %v, want %v", l, n, m, y[m], want[m])
				}
				if p[m] != base[m]*base[n+m] {
					t.Fatalf("%v n=%d: product %d is %v, want %v", l, n, m, p[m], base[m]*base[n+m])
				}
			}
			if got, want := Dot(base[:n], base[n:2*n]), dotPortable(base[:n], base[n:2*n]); math.Abs(got-want) > 1e-11 {
				t.Fatalf("%v n=%d: dot %v, want %v", l, n, got, want)
			}
		}
		restore()
	}
}
