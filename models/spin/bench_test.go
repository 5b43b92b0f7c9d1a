package spin

import (
	"context"
	"fmt"
	"testing"

	_ "cavity/engine/cpu"
)

// BenchmarkTempering reports attempted flips per ns of whole campaigns after a short warm-up: sweeps, energies and exchanges
// at every step, measurements of all observables at every tenth.
func BenchmarkTempering(b *testing.B) {
	for _, c := range []struct {
		name    string
		model   Model
		systems int
		copies  int
		lo, hi  float64
	}{
		{"EA/L=16/512", EdwardsAnderson{L: 16, D: 3}, 8, 2, .8, 2},
		{"EA/L=32/512", EdwardsAnderson{L: 32, D: 3}, 8, 2, .8, 2},
		{"EA/L=16/64", EdwardsAnderson{L: 16, D: 3}, 1, 2, .8, 2},
		{"EA/L=32/64", EdwardsAnderson{L: 32, D: 3}, 1, 2, .8, 2},
		{"EA/gaussian/L=8", EdwardsAnderson{L: 8, D: 3, Gaussian: true}, 4, 2, .4, 2},
		{"SK/N=512", SherringtonKirkpatrick{N: 512}, 1, 1, .4, 1.6},
		{"SK/N=1024", SherringtonKirkpatrick{N: 1024}, 1, 1, .4, 1.6},
		{"SK/N=4096", SherringtonKirkpatrick{N: 4096}, 1, 1, .4, 1.6},
		{"SK/pm1/N=4096", SherringtonKirkpatrick{N: 4096, Binary: true}, 1, 1, .4, 1.6},
		{"Hopfield/N=2000", Hopfield{N: 2000, P: 100}, 1, 1, .1, 1.2},
	} {
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/workers=%d", c.name, workers), func(b *testing.B) {
				ts, err := Geometric(c.lo, c.hi, 32)
				if err != nil {
					b.Fatal(err)
				}
				s := start(b, Tempering{Model: c.model, Temperatures: ts, Systems: c.systems, Copies: c.copies, Seed: 1}, "cpu", workers)
				if err := s.Step(context.Background(), 30); err != nil {
					b.Fatal(err)
				}
				m := s.Measure()
				b.ResetTimer()
				steps := 0
				for b.Loop() {
					if err := s.Step(context.Background(), 1); err != nil {
						b.Fatal(err)
					}
					if steps++; steps%10 == 0 {
						if err := m.Take(); err != nil {
							b.Fatal(err)
						}
					}
				}
				b.ReportMetric(s.Flips()*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "flips/ns")
			})
		}
	}
}

// BenchmarkIsing is one large ferromagnet at its critical temperature.
func BenchmarkIsing(b *testing.B) {
	s := start(b, Tempering{Model: Ising{L: 1024, D: 2}, Temperatures: []float64{2.269185}, Copies: 1, Seed: 1}, "cpu", 1)
	for b.Loop() {
		if err := s.Step(context.Background(), 1); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(s.Flips()*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "flips/ns")
}

// BenchmarkClusters turns the clusters of sixteen ferromagnets at the critical temperature, one each or all.
func BenchmarkClusters(b *testing.B) {
	for _, move := range []Move{Wolff, SwendsenWang} {
		for _, l := range []int{64, 128} {
			b.Run(fmt.Sprintf("%v/L=%d", move, l), func(b *testing.B) {
				s := start(b, Tempering{Model: Ising{L: l, D: 2}, Temperatures: []float64{2.269185}, Copies: 16, Seed: 1, Move: move}, "cpu", 1)
				if err := s.Step(context.Background(), 500); err != nil {
					b.Fatal(err)
				}
				for b.Loop() {
					if err := s.Step(context.Background(), 1); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/16, "ns/walker")
			})
		}
	}
}
