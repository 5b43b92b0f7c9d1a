package spin

import (
	"math"
	"testing"

	"cavity/engine/stats"
)

// Above its freezing the random energy model is self-averaging and its free energy is that of N → ∞ but for terms that fall
// exponentially; below, the lowest level of M = 2^N normal numbers is near -√(2 ln M) with the known correction
// (ln ln M + ln 4π)/(2√(2 ln M)), less Euler's constant over √(2 ln M). 40 samples, three comparisons at 4.5 errors.
func TestRandomEnergyModel(t *testing.T) {
	m := RandomEnergy{N: 14}
	ts := []float64{2, 3}
	free := make([]stats.Moments, len(ts))
	var ground, slope stats.Moments
	for sample := range 40 {
		x, g, err := m.Solve(5, sample, append(ts, .05))
		if err != nil {
			t.Fatal(err)
		}
		for k := range ts {
			free[k].Add(x[k].FreeEnergy)
		}
		ground.Add(g.Energy / 14)
		slope.Add(x[2].Energy - g.Energy/14)
		if d := x[2].FreeEnergy - g.Energy/14; d > 1e-12 || d < -.05 {
			t.Errorf("free energy %v at T = 0.05, ground state %v", x[2].FreeEnergy, g.Energy/14)
		}
	}
	for k, temperature := range ts {
		within(t, "f", Estimate{free[k].Mean(), math.Sqrt(free[k].Variance() / 40)}, m.Limit(temperature))
	}
	a := math.Sqrt(2 * 14 * math.Ln2)
	level := -(a - (math.Log(14*math.Ln2)+math.Log(4*math.Pi))/(2*a) + .5772156649/a) * math.Sqrt(7) / 14
	// the next term of the expansion is of order 1/a³, a fiftieth of the level
	if d := math.Abs(ground.Mean() - level); !(d < 4.5*math.Sqrt(ground.Variance()/40)+.02*math.Abs(level)) {
		t.Errorf("ground state %v on average, want about %v", ground.Mean(), level)
	}
	if tc := 1 / (2 * math.Sqrt(math.Ln2)); math.Abs(m.Limit(tc*(1-1e-12))-m.Limit(tc*(1+1e-12))) > 1e-9 {
		t.Error("the free energy jumps at the transition")
	}
	if _, _, err := (RandomEnergy{N: 30}).Solve(1, 0, ts); err == nil {
		t.Error("2^30 states were summed")
	}
}
