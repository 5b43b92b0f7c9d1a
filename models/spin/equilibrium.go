package spin

import (
	"math"

	"cavity/engine/stats"
)

// enoughSamples is the number of samples from which their own scatter tells a drift from noise.
const enoughSamples = 8

// equilibrated compares stretches of the run that double in length, the last three of it: 1/8 to 1/4, to 1/2, to the end.
// Samples of the disorder, or words of them where they share random numbers, are compared with themselves by Hotelling's test;
// a few of them by the last two stretches.
func (m *Measurement) equilibrated(k int) bool {
	b := m.rec.blocks
	if len(b) < 16 {
		return false
	}
	group := m.s.group()
	units := m.s.batch.systems / group
	across := m.s.carrier.disordered() && units >= enoughSamples
	for _, name := range []string{"e", "q2"} {
		i := m.rec.index(name)
		if i < 0 {
			continue
		}
		var bins [][]float64
		var diff, variance float64
		for u := range units {
			at := i*m.rec.cells + u*group*m.s.batch.temperatures + k
			of := func(blocks [][]float64) (float64, float64) {
				return meanOf(blocks, at, m.s.batch.temperatures, group)
			}
			m0, _ := of(b[len(b)/8 : len(b)/4])
			m1, v1 := of(b[len(b)/4 : len(b)/2])
			m2, v2 := of(b[len(b)/2:])
			diff, variance = diff+m1-m2, variance+v1+v2
			bins = append(bins, []float64{m0, m1, m2})
		}
		if !across {
			if diff*diff > 3.5*3.5*variance && diff != 0 {
				return false
			}
			continue
		}
		// A drift is an error only where nothing scatters: then nothing drifts either.
		if drift, err := stats.DriftAcross(bins, 3); err == nil && drift.P < 1e-3 {
			return false
		}
	}
	return true
}

// meanOf is the mean over blocks of count numbers that lie stride apart, and its variance, from eight longer stretches.
func meanOf(blocks [][]float64, at, stride, count int) (mean, variance float64) {
	const parts = 8
	n := len(blocks)
	parted := min(parts, n)
	var s2 float64
	for p := range parted {
		x := 0.0
		lo, hi := p*n/parted, (p+1)*n/parted
		for _, b := range blocks[lo:hi] {
			for c := range count {
				x += b[at+c*stride] / float64((hi-lo)*count)
			}
		}
		mean += x / float64(parted)
		s2 += x * x / float64(parted)
	}
	return mean, math.Max(0, s2-mean*mean) / float64(max(parted-1, 1))
}
