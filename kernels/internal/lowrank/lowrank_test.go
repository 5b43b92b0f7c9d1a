package lowrank

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"cavity/engine/cpu/level"
	"cavity/engine/rng"
	"cavity/kernels/internal/chance"
)

type pool int

func (p pool) N() int { return int(p) }
func (p pool) Do(tasks int, f func(task, worker int)) {
	for t := range tasks {
		f(t, t%int(p))
	}
}

func problem(m Model) (state, patterns, external []float32) {
	lanes, stride := LaneStride(m.Replicas), PatternStride(m.Patterns)
	state = aligned(m.Systems * m.rows() * lanes)
	patterns = make([]float32, m.Systems*m.Sites*stride)
	external = make([]float32, m.Systems*m.Sites)
	s := rng.At(7, 0, rng.SetupStage, 1)
	sign := func(e uint64) float32 { return float32(1 - 2*int32(s.Uint32(e)&1)) }
	for q := range m.Systems {
		x, xi, b := m.part(state, patterns, external, q)
		for i := range m.Sites {
			for mu := range m.Patterns {
				xi[i*stride+mu] = sign(uint64(i*stride + mu))
			}
			for r := range m.Replicas {
				x[i*lanes+r] = sign(1<<30 + uint64((q*m.Sites+i)*lanes+r))
			}
			b[i] = .1 * s.Normal32(1<<31+uint64(i))
		}
	}
	return state, patterns, external
}

func temperatures(m Model, lo, hi float64) []float32 {
	t := make([]float32, m.Systems*m.Replicas)
	for i := range t {
		t[i] = chance.HalfTemperature(1 / (lo + (hi-lo)*float64(i%m.Replicas)/float64(m.Replicas)))
	}
	return t
}

// TestSweeper holds every level and split to the definitions, bit for bit.
func TestSweeper(t *testing.T) {
	for _, m := range []Model{{1, 1, 1, 1}, {2, 9, 2, 3}, {1, 70, 5, 16}, {2, 65, 8, 33}, {1, 130, 13, 70}} {
		start, patterns, external := problem(m)
		halfT := temperatures(m, .2, 1)
		want := slices.Clone(start)
		Overlaps(m, want, patterns)
		for pass := range 3 {
			Sweep(m, chance.Metropolis, rng.At(1, uint64(pass), 0, 1), want, patterns, external, halfT)
			Sweep(m, chance.HeatBath, rng.At(1, uint64(pass), 0, 2), want, patterns, external, halfT)
			Gibbs(m, rng.At(1, uint64(pass), 0, 3), want, patterns, external, halfT)
			Little(m, rng.At(1, uint64(pass), 0, 4), want, patterns, external, halfT)
		}
		counted := slices.Clone(want)
		Overlaps(m, counted, patterns)
		if !slices.Equal(counted, want) {
			t.Fatalf("%+v: the overlaps are not those of the spins", m)
		}
		for _, l := range level.Available() {
			for _, workers := range []int{1, 4} {
				undo := level.Use(l)
				metropolis, bath := NewSweeper(m, chance.Metropolis, pool(workers)), NewSweeper(m, chance.HeatBath, pool(workers))
				undo()
				got := aligned(len(start))
				copy(got, start)
				metropolis.Set(got, patterns, external, halfT)
				bath.Set(got, patterns, external, halfT)
				metropolis.Overlaps()
				for pass := range 3 {
					metropolis.Sweep(rng.At(1, uint64(pass), 0, 1))
					bath.Sweep(rng.At(1, uint64(pass), 0, 2))
					bath.Gibbs(rng.At(1, uint64(pass), 0, 3))
					bath.Little(rng.At(1, uint64(pass), 0, 4))
				}
				for i := range got {
					if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
						t.Fatalf("%+v %v %d workers: element %d is %v, want %v", m, l, workers, i, got[i], want[i])
					}
				}
			}
		}
	}
}

// BenchmarkHopfield reports attempted flips per ns at n = 2000, p = 100 and 32 temperatures from .1 to .8.
func BenchmarkHopfield(b *testing.B) {
	m := Model{1, 2000, 100, 32}
	start, patterns, external := problem(m)
	clear(external)
	halfT := temperatures(m, .1, .8)
	for _, kind := range []string{"sweep", "gibbs"} {
		for _, l := range level.Available() {
			b.Run(fmt.Sprintf("%s/%v", kind, l), func(b *testing.B) {
				defer level.Use(l)()
				state := aligned(len(start))
				copy(state, start)
				s := NewSweeper(m, chance.Metropolis, pool(1))
				s.Set(state, patterns, external, halfT)
				s.Overlaps()
				f := s.Sweep
				if kind == "gibbs" {
					f = s.Gibbs
				}
				pass := uint64(0)
				for ; pass < 20; pass++ {
					f(rng.At(1, pass, 1, 1))
				}
				for b.Loop() {
					f(rng.At(1, pass, 1, 1))
					pass++
				}
				b.ReportMetric(float64(m.Sites*m.Replicas)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "flips/ns")
			})
		}
	}
}
