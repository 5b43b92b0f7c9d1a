package multispin

import (
	"cavity/engine/cpu/level"
	"cavity/engine/rng"
	"fmt"
	"math"
	"os"
	"testing"
	"time"
)

func TestMin(t *testing.T) {
	if os.Getenv("MSC_MIN") == "" {
		t.Skip()
	}
	tc := 2 / math.Log(1+math.Sqrt2)
	for _, lev := range level.Available() {
		if e := os.Getenv("MSC_MIN"); e != "all" && e != lev.String() {
			continue
		}
		for _, c := range []struct {
			name string
			Lattice
			lo, hi float64
		}{
			{"EA/L=16/512", Lattice{[]int{16, 16, 16}, 8, 1, false}, .9, 2},
			{"EA/L=32/512", Lattice{[]int{32, 32, 32}, 8, 1, false}, .9, 2},
			{"EAown/L=16/512", Lattice{[]int{16, 16, 16}, 8, 8, false}, .9, 2},
			{"EA/L=16/64", Lattice{[]int{16, 16, 16}, 1, 1, false}, .9, 2},
			{"EA/L=32/64", Lattice{[]int{32, 32, 32}, 1, 1, false}, .9, 2},
			{"Ising2/L=1024", Lattice{[]int{16, 1024}, 1, 0, true}, tc, tc},
			{"Ising2/L=64/512", Lattice{[]int{64, 64}, 8, 0, false}, tc, tc},
		} {
			undo := level.Use(lev)
			best := 1e18
			b := new(testing.B)
			q := equilibrium(b, c.Lattice, c.lo, c.hi)
			s, _ := NewSweeper(q.Lattice, q.rule, q.spins, q.couplings, q.thresholds, crew(1))
			t0 := time.Now()
			for pass := uint64(0); time.Since(t0) < 400*time.Millisecond; pass++ {
				a := time.Now()
				s.Sweep(rng.At(1, pass, 0, 1))
				if d := float64(time.Since(a).Nanoseconds()); pass > 10 && d < best {
					best = d
				}
			}
			m, _ := NewEnergyMeter(q.Lattice, q.spins, q.couplings, crew(1))
			e := make([]int32, q.Systems())
			beste := 1e18
			for i := 0; i < 300; i++ {
				a := time.Now()
				m.Energies(e)
				if d := float64(time.Since(a).Nanoseconds()); d < beste { beste = d }
			}
			undo()
			fmt.Printf("energy %.1f%%  ", 100*beste/best)
			fmt.Printf("%v %-18s %.2f flips/ns  %.1f ns/vector\n", lev, c.name, float64(64*c.Sites()*c.Words)/best, best/(float64(c.Sites()*c.Words)/8))
		}
	}
}
