package sparse

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
	for t := tasks - 1; t >= 0; t-- { // not in order, as on several processors
		f(t, t%int(p))
	}
}

// torus is a periodic l×l×l lattice, l even, coloured like a checkerboard.
func torus(l int) Topology {
	n := l * l * l
	t := Topology{Colours: []int32{0, int32(n / 2), int32(n)}}
	var odd []int32
	for i := range n {
		x, y, z := i%l, i/l%l, i/(l*l)
		t.Offsets = append(t.Offsets, int32(6*i))
		at := func(x, y, z int) int32 { return int32((x+l)%l + (y+l)%l*l + (z+l)%l*l*l) }
		t.Neighbours = append(t.Neighbours, at(x-1, y, z), at(x+1, y, z), at(x, y-1, z), at(x, y+1, z), at(x, y, z-1), at(x, y, z+1))
		if (x+y+z)%2 == 0 {
			t.Order = append(t.Order, int32(i))
		} else {
			odd = append(odd, int32(i))
		}
	}
	t.Offsets = append(t.Offsets, int32(6*n))
	t.Order = append(t.Order, odd...)
	return t
}

// problem has Gaussian couplings on a torus.
func problem(systems, l, replicas int) (Model, Arrays) {
	g := torus(l)
	n := len(g.Order)
	m := Model{Systems: systems, Sites: n, Replicas: replicas, Entries: 6 * n, Colours: 2, Graphs: []Topology{g}}
	a := Arrays{
		State: make([]float32, systems*n*m.Lanes()+16), Weights: make([]float32, systems*6*n),
		External: make([]float32, systems*n), HalfT: make([]float32, systems*replicas),
	}
	key := rng.At(2, 0, rng.SetupStage, 1)
	for q := range systems {
		for i := range n {
			for k := range 6 {
				j := int(g.Neighbours[6*i+k])
				a.Weights[q*6*n+6*i+k] = key.Normal32(uint64(q*n*n + min(i, j)*n + max(i, j)))
			}
			a.External[q*n+i] = .1 * key.Normal32(1<<40+uint64(q*n+i))
			for r := range replicas {
				a.State[(q*n+i)*m.Lanes()+r] = float32(1 - 2*int32(key.Uint32(1<<41+uint64((q*n+i)*replicas+r))&1))
			}
		}
		for r := range replicas {
			a.HalfT[q*replicas+r] = chance.HalfTemperature(1 / (.5 + 1.5*float64(r)/float64(replicas)))
		}
	}
	return m, a
}

// TestSweeper holds every level and split to the definition, bit for bit.
func TestSweeper(t *testing.T) {
	for _, c := range []struct{ systems, l, replicas int }{{1, 2, 1}, {2, 4, 3}, {1, 6, 16}, {1, 4, 70}, {3, 2, 40}} {
		for _, rule := range []chance.Rule{chance.Metropolis, chance.HeatBath} {
			m, want := problem(c.systems, c.l, c.replicas)
			start := slices.Clone(want.State)
			for pass := range 3 {
				Sweep(m, rule, rng.At(1, uint64(pass), 0, 1), &want)
			}
			for _, l := range level.Available() {
				for _, workers := range []int{1, 3, 9} {
					undo := level.Use(l)
					s := NewSweeper(m, rule, pool(workers))
					undo()
					got := want
					got.State = slices.Clone(start)
					s.Set(got)
					for pass := range 3 {
						s.Sweep(rng.At(1, uint64(pass), 0, 1))
					}
					if !slices.Equal(got.State, want.State) {
						t.Fatalf("%+v rule %d %v %d workers: another state", c, rule, l, workers)
					}
					energies := make([]float64, m.Systems*m.Replicas)
					s.Energies(energies)
					for i, e := range energies {
						if w := Energy(m, &want, i/m.Replicas, i%m.Replicas); math.Float64bits(e) != math.Float64bits(w) {
							t.Fatalf("%+v %v: energy %d is %v, want %v", c, l, i, e, w)
						}
					}
				}
			}
		}
	}
}

// BenchmarkSweep reports attempted flips per ns of the Gaussian Edwards-Anderson model, 32 temperatures.
func BenchmarkSweep(b *testing.B) {
	m, start := problem(1, 16, 32)
	for _, l := range level.Available() {
		for _, energies := range []bool{false, true} {
			b.Run(fmt.Sprintf("L=16/%v/energies=%v", l, energies), func(b *testing.B) {
				defer level.Use(l)()
				a := start
				a.State = slices.Clone(start.State)
				s := NewSweeper(m, chance.Metropolis, pool(1))
				s.Set(a)
				e := make([]float64, m.Replicas)
				pass := uint64(0)
				for b.Loop() {
					s.Sweep(rng.At(1, pass, 1, 1))
					if energies {
						s.Energies(e)
					}
					pass++
				}
				b.ReportMetric(float64(m.Sites*m.Replicas)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "flips/ns")
			})
		}
	}
}
