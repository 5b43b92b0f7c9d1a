package signs

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

func problem(m Model) (state, couplings []uint64, external []float32) {
	w, lanes := Words(m.Sites), m.lanes()
	state = make([]uint64, m.Systems*(w+1)*lanes)
	couplings = make([]uint64, m.Systems*m.Sites*w)
	external = make([]float32, m.Systems*m.Sites)
	key := rng.At(7, 0, rng.SetupStage, 1)
	for q := range m.Systems {
		s, j, b := m.part(state, couplings, external, q)
		for i := range m.Sites {
			for k := range i {
				if key.Uint32(uint64(i*m.Sites+k))&1 == 1 {
					j[i*w+k/64] |= 1 << (k % 64)
					j[k*w+i/64] |= 1 << (i % 64)
				}
			}
			for r := range m.Replicas {
				s[i/64*lanes+r] |= uint64(key.Uint32(1<<40+uint64((q*m.Sites+i)*lanes+r))&1) << (i % 64)
			}
			b[i] = .1 * key.Normal32(1<<41+uint64(i))
		}
	}
	return state, couplings, external
}

func temperatures(m Model) []float32 {
	t := make([]float32, m.Systems*m.Replicas)
	for i := range t {
		t[i] = chance.HalfTemperature(1 / (.4 + 1.2*float64(i%m.Replicas)/float64(m.Replicas)))
	}
	return t
}

// TestSweeper holds every level and split to the definition.
func TestSweeper(t *testing.T) {
	for _, m := range []Model{{1, 1, 1, 1}, {2, 9, 3, .5}, {1, 64, 16, .1}, {2, 65, 33, .1}, {1, 200, 70, .07}} {
		start, couplings, external := problem(m)
		halfT := temperatures(m)
		want := slices.Clone(start)
		Pairs(m, want, couplings, external)
		for pass := range 4 {
			Sweep(m, chance.Rule(pass%2), rng.At(1, uint64(pass), 0, 1), want, couplings, external, halfT)
		}
		counted := slices.Clone(want)
		Pairs(m, counted, couplings, external)
		if !slices.Equal(counted, want) {
			t.Fatalf("%+v: the sums over pairs are not those of the spins", m)
		}
		for _, l := range level.Available() {
			for _, workers := range []int{1, 3} {
				undo := level.Use(l)
				s := [2]*Sweeper{NewSweeper(m, chance.Metropolis, pool(workers)), NewSweeper(m, chance.HeatBath, pool(workers))}
				undo()
				got := slices.Clone(start)
				s[0].Set(got, couplings, external, halfT)
				s[1].Set(got, couplings, external, halfT)
				s[0].Pairs()
				for pass := range 4 {
					s[pass%2].Sweep(rng.At(1, uint64(pass), 0, 1))
				}
				if !slices.Equal(got, want) {
					t.Fatalf("%+v %v %d workers: another state", m, l, workers)
				}
			}
		}
	}
}

// BenchmarkSweep reports attempted flips per ns of ±J SK at 32 temperatures from .4 to 1.6.
func BenchmarkSweep(b *testing.B) {
	for _, n := range []int{1024, 8192} {
		m := Model{1, n, 32, float32(1 / math.Sqrt(float64(n)))}
		start, couplings, external := problem(m)
		clear(external)
		for _, l := range level.Available() {
			b.Run(fmt.Sprintf("n=%d/%v", n, l), func(b *testing.B) {
				defer level.Use(l)()
				state := slices.Clone(start)
				s := NewSweeper(m, chance.Metropolis, pool(1))
				s.Set(state, couplings, external, temperatures(m))
				pass := uint64(0)
				for b.Loop() {
					s.Sweep(rng.At(1, pass, 1, 1))
					pass++
				}
				b.ReportMetric(float64(m.Sites*m.Replicas)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "flips/ns")
			})
		}
	}
}
