package kernels

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Shares of dropped times keep every moment of rough histories against polynomials of degree 7, and fill reproduces these.
func TestPastKeepsMoments(t *testing.T) {
	const n = 150
	p, err := PlanPast(n, 4)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	share := make([]float64, p.Slots)
	f := make([]float64, n)
	poly := func(s int) float64 {
		x := float64(s)/50 - 1
		return 1 - x + .5*x*x*x - .3*math.Pow(x, 7)
	}
	for i := range n {
		step := &p.steps[i]
		want, got := 0., 0.
		for s := range i {
			want += poly(s) * f[s]
		}
		row := make([]float64, n)
		for a, s := range step.kept {
			got += poly(s) * share[step.slots[a]]
			row[s] = poly(s)
		}
		if math.Abs(got-want) > 1e-9 {
			t.Fatalf("step %d: weighed past %v, want %v", i, got, want)
		}
		p.fill(i, row)
		for s := range i {
			if math.Abs(row[s]-poly(s)) > 1e-9 {
				t.Fatalf("step %d: row at %d is %v, want %v", i, s, row[s], poly(s))
			}
		}
		f[i] = rng.NormFloat64()
		share[step.slot] = f[i]
		for _, d := range step.drops {
			drop := &p.drops[d]
			for a, near := range drop.nearSlots {
				share[near] += drop.weights[a] * share[drop.slot]
			}
		}
	}
	if last := len(p.steps[n-1].kept); last > 2*n/5 {
		t.Errorf("%d of %d times kept", last, n)
	}
}
