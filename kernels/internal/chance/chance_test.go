package chance

import (
	"math"
	"testing"

	"cavity/engine/cpu/level"
	"cavity/engine/rng"
)

func TestLogUniform(t *testing.T) {
	worst := 0.0
	s := rng.At(1, 0, 0, 0)
	for i := range 200000 {
		w := s.Uint32(uint64(i)) >> (i % 33)
		if i%2 == 1 {
			w = ^w
		}
		got := float64(LogUniform(w))
		want := math.Log(float64(max(float32(w), .5)) * 0x1p-32)
		if want == 0 {
			if got != 0 {
				t.Fatalf("ln 1 = %g", got)
			}
			continue
		}
		worst = max(worst, math.Abs(got-want)/(math.Abs(want)*0x1p-23))
	}
	if worst > 2 {
		t.Errorf("error of %.2f ulp", worst)
	}
}

// TestRows holds every level to the definition, bit for bit.
func TestRows(t *testing.T) {
	const stride, sites = 32, 5
	half := make([]float32, 64)
	for i := range half {
		half[i] = float32(i) * .07
	}
	for _, rule := range []Rule{Metropolis, HeatBath} {
		for _, c := range []struct{ first, replicas int }{{0, 64}, {64, 33}, {16, 16}, {32, 20}, {96, 32}, {128, 1}} {
			var want []float32
			for _, l := range level.Available() {
				var d Drawer
				d.Init(l)
				d.Start(rng.At(3, 7, 1, 2), half[:c.replicas])
				both := make([]float32, 2*stride*sites)
				d.Rows(rule, both[:stride*sites], both[stride*sites:], stride, 11, sites, c.first, c.replicas)
				if want == nil {
					want = both
					continue
				}
				for i := range both {
					if math.Float32bits(both[i]) != math.Float32bits(want[i]) {
						t.Fatalf("%v rule %d %+v: element %d is %v, want %v", l, rule, c, i, both[i], want[i])
					}
				}
			}
		}
	}
}

// TestRun holds every level to the threshold of each element.
func TestRun(t *testing.T) {
	s := rng.At(3, 7, 1, 2)
	for _, rule := range []Rule{Metropolis, HeatBath} {
		for _, l := range level.Available() {
			defer level.Use(l)()
			var d Drawer
			d.Init(l)
			d.Start(s, nil)
			for k, halfT := range []float32{.3, .3, 1.7} {
				first := rng.Site(5) + Run*uint64(k)
				var got [Run]float32
				d.Run(rule, &got, first, halfT)
				for i, x := range got {
					if want := rule.Threshold(s.Uint32(first+uint64(i)), halfT); x != want {
						t.Fatalf("%v rule %d: element %d of run %d is %v, want %v", l, rule, i, k, x, want)
					}
				}
			}
		}
	}
}

// TestThresholdLaw compares the frequency of flips with the two laws at 12 values of x = 2sh/T: 24 binomial counts of 200,000,
// each within 4.5 standard deviations. False-alarm rate 2e-4.
func TestThresholdLaw(t *testing.T) {
	const n = 200000
	s := rng.At(5, 0, 0, 0)
	for _, rule := range []Rule{Metropolis, HeatBath} {
		for _, x := range []float64{-8, -3, -1, -.1, 0, .01, .1, .5, 1, 2, 5, 9} {
			count := 0
			for e := range n {
				if float32(x) <= rule.Threshold(s.Uint32(uint64(e)), .5)*2 {
					count++
				}
			}
			p := min(1, math.Exp(-x))
			if rule == HeatBath {
				p = 1 / (1 + math.Exp(x))
			}
			if d := math.Abs(float64(count) - n*p); d > 4.5*math.Sqrt(n*p*(1-p))+1e-9 {
				t.Errorf("rule %d, x = %g: %d flips of %d, want %.1f", rule, x, count, n, n*p)
			}
		}
	}
}
