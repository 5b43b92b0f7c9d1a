package spin

import (
	"context"
	"math"
	"slices"
	"testing"
)

// A share of walkers that falls evenly from temperature to temperature is the fixed point of the feedback; where it falls
// steeply temperatures gather, as √ of the step.
func TestFlow(t *testing.T) {
	ts := []float64{1, 1.3, 1.6, 2, 3}
	for k, x := range evenly(ts, flow([]float64{1, .75, .5, .25, 0})) {
		if math.Abs(x-ts[k]) > 1e-12 {
			t.Errorf("temperature %d moves from %v to %v", k, ts[k], x)
		}
	}
	// steps .36, .04, .04, .36 → lengths .6, .2, .2, .6 (the least is above a tenth of the mean): quarters of 1.6 at .4, .8, 1.2
	got := evenly([]float64{1, 2, 4, 8, 16}, flow([]float64{.8, .44, .40, .36, 0}))
	for k, want := range []float64{1, math.Pow(2, .4/.6), 4, 8 * math.Pow(2, .2/.6), 16} {
		if math.Abs(got[k]-want) > 1e-9 {
			t.Errorf("temperature %d is %v, want %v", k, got[k], want)
		}
	}
}

// Both adaptations keep the ends and the order of a ladder and leave gaps in acceptance smaller than those of a bad one.
func TestAdaptedLadders(t *testing.T) {
	for _, trips := range []bool{false, true} {
		s := start(t, Tempering{Model: Ising{L: 12, D: 2}, Temperatures: []float64{1.6, 1.65, 1.7, 1.75, 1.8, 2.6, 3.4}, Seed: 3}, "cpu", 1)
		m := s.Measure()
		c := Campaign{Sampler: s, Measurement: m, Warmup: 8000, Steps: 4000, Every: 4, Adapt: true, RoundTrips: trips}
		if err := c.Do(context.Background()); err != nil {
			t.Fatal(err)
		}
		r, err := m.Results()
		if err != nil {
			t.Fatal(err)
		}
		if !slices.IsSorted(r.Temperatures) || r.Temperatures[0] != 1.6 || math.Abs(r.Temperatures[6]-3.4) > 1e-12 || r.Temperatures[5] > 3.2 {
			t.Errorf("round trips %v: temperatures %v", trips, r.Temperatures)
		}
		if low := slices.Min(r.SwapAcceptance); low < .15 || r.RoundTrips < 5 {
			t.Errorf("round trips %v: acceptance %v, %v round trips", trips, r.SwapAcceptance, r.RoundTrips)
		}
		for k, temperature := range r.Temperatures {
			x, err := Kaufman(12, temperature)
			if err != nil {
				t.Fatal(err)
			}
			within(t, "e", r.Energy[k], x.Energy)
		}
	}
}
