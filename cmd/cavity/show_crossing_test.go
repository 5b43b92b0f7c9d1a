package main

import (
	"math"
	"testing"

	"cavity/engine/figure"
	"cavity/engine/rng"
	"cavity/engine/stats"
	"cavity/engine/store"
)

// Two sizes whose curves cross at T = 1, with noise that the temperatures of a sample share and noise that they do not: over 300
// repetitions the jackknife must give the scatter of the crossing. The scatter of 300 is known to 4 percent and its mean to 1/17:
// bounds at 5 and 4.5 of these, false alarm 8e-6.
func TestCrossingError(t *testing.T) {
	const count = 60
	ts := []float64{.8, .9, 1.05, 1.2, 1.3}
	make1 := func(repetition, which int, slope float64) (sizedRun, figure.Curve) {
		noise := make([]float64, count*(len(ts)+1))
		rng.At(uint64(repetition), 0, 0, uint16(which)).FillNormal64(noise, 0)
		x := make([]float64, count*len(ts))
		c := figure.Curve{X: ts, Y: make([]float64, len(ts)), Err: make([]float64, len(ts))}
		for i := range x {
			s, k := i/len(ts), i%len(ts)
			x[i] = 2 - slope*(ts[k]-1) + .2*noise[s] + .1*noise[count+i]
			c.Y[k] += x[i] / count
			c.Err[k] = math.Sqrt(.05 / count)
		}
		r := sizedRun{size: which, ts: ts}
		for _, key := range []string{"sample_q2", "sample_q4", "sample_qk2"} {
			r.series = append(r.series, store.Of(key, x, count, len(ts)))
		}
		return r, c
	}
	second := func(s samples, k int) float64 { return s.mean(s.second, s.sum2, k) }
	var crossings, errors stats.Moments
	for repetition := range 300 {
		a, ca := make1(repetition, 4, 1)
		b, cb := make1(repetition, 6, 2)
		m, err := crossing(&a, &b, ca, cb, second)
		if err != nil || m.over != "a jackknife over samples" {
			t.Fatal(m, err)
		}
		crossings.Add(m.t)
		errors.Add(m.err)
	}
	scatter := math.Sqrt(crossings.Variance())
	t.Logf("crossing at %.4f, scatter %.4f, mean error %.4f", crossings.Mean(), scatter, errors.Mean())
	if errors.Bad() > 0 || math.Abs(crossings.Mean()-1) > 4.5*scatter/math.Sqrt(300) || math.Abs(errors.Mean()/scatter-1) > .2 {
		t.Errorf("crossing at %.4f ± %.4f, scatter %.4f, mean error %.4f (%d undefined)", crossings.Mean(), scatter/math.Sqrt(300), scatter, errors.Mean(), errors.Bad())
	}
}

// Without samples the error is that of the points, and says so.
func TestCrossingWithoutSamples(t *testing.T) {
	r := sizedRun{size: 4, ts: []float64{1, 2}}
	a := figure.Curve{X: r.ts, Y: []float64{1, 0}, Err: []float64{.1, .1}}
	b := figure.Curve{X: r.ts, Y: []float64{2, -1}, Err: []float64{.1, .1}}
	m, err := crossing(&r, &r, a, b, samples.binder)
	if err != nil || m.t != 1.5 || !(math.Abs(m.err-.1/math.Sqrt2) < 1e-12) || m.over != "the points around the crossing" {
		t.Errorf("%+v, %v", m, err)
	}
}
