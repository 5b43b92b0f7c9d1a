package stats

import (
	"testing"

	"cavity/engine/rng"
)

func BenchmarkAdd(b *testing.B) {
	var m Moments
	var bin Binning
	var l LogBins
	h, _ := NewHistogram(-1, 1, 100)
	blocks, _ := NewBlocks(4, 64)
	row := make([]float64, 4)
	x := 0.
	for _, c := range []struct {
		name string
		add  func()
	}{
		{"moments", func() { m.Add(x) }}, {"binning", func() { bin.Add(x) }}, {"logbins", func() { l.Add(x) }},
		{"histogram", func() { h.Add(x) }}, {"blocks4", func() { blocks.Add(row) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				x = .9*x + .01
				row[0] = x
				c.add()
			}
		})
	}
}

func BenchmarkTau(b *testing.B) {
	for name, a := range map[string]float64{"tau1.5": .5, "tau50": .98} {
		x := chain(1, a, 1<<17)
		b.Run(name+"/131072", func(b *testing.B) {
			for b.Loop() {
				if _, err := Tau(x); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkResample(b *testing.B) {
	rows := columns(1, 128, 1, 3)
	ratio := func(x []float64) float64 { return x[0] / x[1] }
	b.Run("jackknife128", func(b *testing.B) {
		for b.Loop() {
			if _, err := Jackknife(rows, ratio); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("bootstrap128x1000", func(b *testing.B) {
		for b.Loop() {
			if _, err := Bootstrap(rows, 1000, rng.At(1, 0, 0, 0), ratio); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkCombine solves 16 runs of 2,000 measurements with few different energies (joined) and with as many energies as measurements.
func BenchmarkCombine(b *testing.B) {
	beta := make([]float64, 16)
	for k := range beta {
		beta[k] = .05 * float64(k)
	}
	few := freeSpins(1, 64, beta, 2000)
	many := freeSpins(1, 64, beta, 2000)
	for k, e := range many.Energy {
		for i := range e {
			e[i] += 1e-6 * float64(k*2000+i)
		}
	}
	for name, r := range map[string]Runs{"joined": few, "distinct": many} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := Combine(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
