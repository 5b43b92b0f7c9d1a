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

// Time 0 is the first in every plan: it keeps place 0, no drop leans on it, and every drop has its column first. So a column has no share
// at time 0, and the entry that follows a list of times, places or columns in a table of all lists says nothing new: the next list's first.
func TestPastBegins(t *testing.T) {
	for widest := 1; widest <= 16; widest *= 2 {
		p, err := PlanPast(400, widest)
		if err != nil {
			t.Fatal(err)
		}
		for i := 1; i < p.N; i++ {
			if s := &p.steps[i]; s.kept[0] != 0 || s.slots[0] != 0 || s.from[0] == 0 {
				t.Fatalf("gaps of %d, step %d: time %d comes first, in place %d, with shares from number %d", widest, i, s.kept[0], s.slots[0], s.from[0])
			}
		}
		if (len(p.drops) > 0) != (widest > 1) {
			t.Fatalf("gaps of %d: %d drops", widest, len(p.drops))
		}
		for _, d := range p.drops {
			if d.near[0] == 0 || d.columns[0] != 0 {
				t.Fatalf("gaps of %d: the drop of time %d leans on times %v and has the columns %v", widest, d.time, d.near, d.columns)
			}
		}
	}
}
