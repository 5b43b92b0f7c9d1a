package modes

import (
	"fmt"
	"math"
	"testing"
)

// The closed form against the variance of the linear recursion with the noise's covariance written out, epoch after epoch, for
// batches that divide the examples and batches that do not, and for snapshots at every update and at some.
func TestShuffledFluctuation(t *testing.T) {
	for _, f := range []Fluctuation{
		{Rate: .1, Curvature: 2, Noise: .7, Examples: 12, Batch: 3},
		{Rate: .05, Curvature: .3, Noise: 2, Examples: 47, Batch: 10},
		{Rate: .6, Curvature: 2.5, Noise: 1, Examples: 20, Batch: 2},
	} {
		a, k := 1-f.Rate*f.Curvature, f.Examples/f.Batch
		start, phase := 0.0, make([]float64, k+1)
		for range 4000 {
			for p := range phase {
				v := math.Pow(a, float64(2*p)) * start
				for s := range p {
					for u := range p {
						c := -1 / float64(f.Examples)
						if s == u {
							c += 1 / float64(f.Batch)
						}
						v += f.Rate * f.Rate * math.Pow(a, float64(s+u)) * f.Noise * c
					}
				}
				phase[p] = v
			}
			start = phase[k]
		}
		mean := 0.0
		for _, v := range phase[1:] {
			mean += v / float64(k)
		}
		near(t, fmt.Sprintf("%+v", f), f.Shuffled(1)/mean, 1, 1e-10)
		near(t, fmt.Sprintf("%+v, once an epoch", f), f.Shuffled(k)/start, 1, 1e-10)
		if k == 4 {
			near(t, "every other update", f.Shuffled(2)/((phase[2]+phase[4])/2), 1, 1e-10)
		}
	}
	many := Fluctuation{Rate: .1, Curvature: 2, Noise: .7, Examples: 3e6, Batch: 3}
	near(t, "an endless epoch", many.Shuffled(1)/many.Independent(), 1, 1e-4)
	near(t, "its temperature", many.Curvature*many.Independent(), .1*.7/3/(2-.2), 1e-7)
	if v := (Fluctuation{Rate: 1, Curvature: -1, Noise: 1, Examples: 4, Batch: 2}).Shuffled(1); !math.IsInf(v, 1) {
		t.Errorf("variance on a hilltop: %v", v)
	}
}
