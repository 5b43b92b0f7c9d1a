package multispin

import (
	"fmt"
	"math"
	"testing"

	"cavity/engine/cpu/level"
	"cavity/engine/rng"
)

// equilibrium prepares a batch whose bits cycle through 32 temperatures from 0.9 to 2.
func equilibrium(b *testing.B, l Lattice, lo, hi float64) batch {
	q := newBatch(b, l, Metropolis)
	var betas []float64
	for i := range 32 {
		betas = append(betas, 1/(lo*math.Pow(hi/lo, float64(i)/31)))
	}
	table, err := Metropolis.Table(l.Dims(), betas)
	if err != nil {
		b.Fatal(err)
	}
	labels := make([]int32, l.Systems())
	if l.Shared {
		labels = labels[:l.Words]
	}
	for i := range labels {
		labels[i] = int32(i % 32)
	}
	if err := setThresholds(l, Metropolis, q.thresholds, table, labels); err != nil {
		b.Fatal(err)
	}
	return q
}

func benchSweep(b *testing.B, l Lattice, lo, hi float64, workers crew) {
	q := equilibrium(b, l, lo, hi)
	s, err := NewSweeper(q.Lattice, q.rule, q.spins, q.couplings, q.thresholds, workers)
	if err != nil {
		b.Fatal(err)
	}
	pass := uint64(0)
	for ; pass < 50; pass++ {
		s.Sweep(rng.At(1, pass, 0, 1))
	}
	for b.Loop() {
		s.Sweep(rng.At(1, pass, 0, 1))
		pass++
	}
	b.ReportMetric(float64(b.N)*float64(64*l.Sites()*l.Words)/float64(b.Elapsed().Nanoseconds()), "flips/ns")
}

func BenchmarkSweep(b *testing.B) {
	tc := 2 / math.Log(1+math.Sqrt2)
	for _, lev := range level.Available() {
		for _, c := range []struct {
			name string
			Lattice
			lo, hi float64
		}{
			{"EA/L=16/512", Lattice{[]int{16, 16, 16}, 8, 1, false, false, 0}, .9, 2},
			{"EA/L=32/512", Lattice{[]int{32, 32, 32}, 8, 1, false, false, 0}, .9, 2},
			{"EAown/L=16/512", Lattice{[]int{16, 16, 16}, 8, 8, false, false, 0}, .9, 2},
			{"EAown/L=32/512", Lattice{[]int{32, 32, 32}, 8, 8, false, false, 0}, .9, 2},
			{"EA/L=16/64", Lattice{[]int{16, 16, 16}, 1, 1, false, false, 0}, .9, 2},
			{"EA/L=32/64", Lattice{[]int{32, 32, 32}, 1, 1, false, false, 0}, .9, 2},
			{"EA/L=16/128", Lattice{[]int{16, 16, 16}, 2, 1, false, false, 0}, .9, 2},
			{"EA/L=16/192", Lattice{[]int{16, 16, 16}, 3, 1, false, false, 0}, .9, 2},
			{"EA/L=16/256", Lattice{[]int{16, 16, 16}, 4, 4, false, false, 0}, .9, 2},
			{"EAshared/L=16/512", Lattice{[]int{16, 16, 16}, 8, 8, false, true, 0}, 1.1, 1.1},
			{"EAshared/L=32/512", Lattice{[]int{32, 32, 32}, 8, 8, false, true, 0}, 1.1, 1.1},
			{"Ising2/L=1024", Lattice{[]int{16, 1024}, 1, 0, true, false, 0}, tc, tc},
			{"Ising2/L=64/512", Lattice{[]int{64, 64}, 8, 0, false, false, 0}, tc, tc},
		} {
			b.Run(fmt.Sprintf("%v/%s", lev, c.name), func(b *testing.B) {
				defer level.Use(lev)()
				benchSweep(b, c.Lattice, c.lo, c.hi, 1)
			})
		}
	}
}
