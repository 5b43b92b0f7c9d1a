package dense

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"cavity/engine/cpu/level"
	"cavity/engine/rng"
	"cavity/kernels/internal/chance"
)

// pool runs tasks on numbered goroutines.
type pool int

func (p pool) N() int { return int(p) }
func (p pool) Do(tasks int, f func(task, worker int)) {
	for t := range tasks {
		f(t, t%int(p))
	}
}

// problem fills a batch with Gaussian couplings of variance 1/n, random spins and an external field.
func problem(b Batch, seed uint64) (state, j, external []float32) {
	ld := b.Stride()
	state = make([]float32, 2*b.Systems*b.Replicas*ld)
	j = make([]float32, b.Systems*b.Sites*ld)
	external = make([]float32, b.Systems*ld)
	s := rng.At(seed, 0, rng.SetupStage, 1)
	e := uint64(0)
	for system := range b.Systems {
		c := b.couplings(j, system)
		for i := range b.Sites {
			for k := range i {
				x := s.Normal32(e) / float32(math.Sqrt(float64(b.Sites)))
				c[i*ld+k], c[k*ld+i] = x, x
				e++
			}
			external[system*ld+i] = .1 * s.Normal32(1<<32+uint64(system*ld+i))
		}
		spins, _ := b.state(state, system)
		for r := range b.Replicas {
			for i := range b.Sites {
				spins[r*ld+i] = float32(1 - 2*int32(s.Uint32(1<<33+uint64((system*b.Replicas+r)*ld+i))&1))
			}
		}
	}
	return state, j, external
}

func ladder(b Batch, lo, hi float64) []float32 {
	t := make([]float32, b.Systems*b.Replicas)
	for i := range t {
		x := float64(i%b.Replicas) / float64(max(b.Replicas-1, 1))
		t[i] = chance.HalfTemperature(1 / (lo * math.Pow(hi/lo, x)))
	}
	return t
}

// TestSweeperIsSweep holds every level and split to the definition, bit for bit, over sizes that do not fill blocks,
// tiles, groups or words.
func TestSweeperIsSweep(t *testing.T) {
	for _, b := range []Batch{{1, 1, 1}, {2, 7, 3}, {1, 16, 16}, {1, 65, 17}, {2, 130, 48}, {1, 200, 64}, {1, 300, 70}, {1, 517, 33}} {
		for _, rule := range []chance.Rule{chance.Metropolis, chance.HeatBath} {
			want, j, external := problem(b, 5)
			halfT := ladder(b, .3, 2)
			start := slices.Clone(want)
			Fields(b, want, j, external)
			for pass := range 3 {
				Sweep(b, rule, rng.At(9, uint64(pass), 1, 2), want, j, halfT)
			}
			if slices.Equal(start, want) {
				t.Fatalf("%+v: nothing moved", b)
			}
			for _, l := range level.Available() {
				for _, workers := range []int{1, 2, 5, -3} { // negative: a team, whatever the size
					undo := level.Use(l)
					s := NewSweeper(b, rule, pool(max(workers, -workers)))
					undo()
					if workers < 0 {
						s.divide(0, 0)
					}
					got := slices.Clone(start)
					s.Fields(got, j, external)
					for pass := range 3 {
						s.Sweep(rng.At(9, uint64(pass), 1, 2), got, j, halfT)
					}
					for i := range got {
						if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
							t.Fatalf("%+v rule %d %v, %d workers: element %d is %v, want %v", b, rule, l, workers, i, got[i], want[i])
						}
					}
				}
			}
		}
	}
}

// TestDrift bounds what rounding adds to the fields between two refreshes: 5e-5 in fields of size 1.
func TestDrift(t *testing.T) {
	b := Batch{1, 256, 32}
	state, j, external := problem(b, 3)
	halfT := ladder(b, .4, 1.6)
	s := NewSweeper(b, chance.Metropolis, pool(1))
	s.Fields(state, j, external)
	for pass := range 256 {
		s.Sweep(rng.At(1, uint64(pass), 1, 1), state, j, halfT)
	}
	fresh := slices.Clone(state)
	s.Fields(fresh, j, external)
	worst := 0.0
	for i := range state {
		worst = max(worst, math.Abs(float64(state[i]-fresh[i])))
	}
	if worst > 5e-5 || worst == 0 {
		t.Errorf("the fields drifted by %g in 256 sweeps", worst)
	}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	b := Batch{1, 100, 32}
	state, j, external := problem(b, 1)
	halfT := ladder(b, .5, 2)
	s := NewSweeper(b, chance.Metropolis, pool(1))
	if n := testing.AllocsPerRun(10, func() { s.Fields(state, j, external); s.Sweep(rng.At(1, 1, 1, 1), state, j, halfT) }); n != 0 {
		t.Errorf("%v allocations a sweep", n)
	}
}

// BenchmarkSweep reports attempted flips per ns at SK temperatures .4 to 1.6, 32 of them, after 30 sweeps from random.
func BenchmarkSweep(b *testing.B) {
	for _, n := range []int{512, 1024, 4096} {
		batch := Batch{1, n, 32}
		start, j, external := problem(batch, 1)
		halfT := ladder(batch, .4, 1.6)
		for _, l := range level.Available() {
			if l == level.Portable && n > 512 {
				continue
			}
			b.Run(fmt.Sprintf("n=%d/%v", n, l), func(b *testing.B) {
				defer level.Use(l)()
				state := slices.Clone(start)
				s := NewSweeper(batch, chance.Metropolis, pool(1))
				s.Fields(state, j, external)
				pass := uint64(0)
				for ; pass < 30; pass++ {
					s.Sweep(rng.At(1, pass, 1, 1), state, j, halfT)
				}
				for b.Loop() {
					s.Sweep(rng.At(1, pass, 1, 1), state, j, halfT)
					pass++
				}
				b.ReportMetric(float64(n*batch.Replicas)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "flips/ns")
			})
		}
	}
}
