package stats

import (
	"fmt"
	"math"
	"slices"

	"cavity/engine/rng"
)

// Bootstrapped is the outcome of a bootstrap.
type Bootstrapped struct {
	Estimate           // f of the means over all rows, with the standard deviation over replicates
	Bias     float64   // mean over replicates less the value: what a bias correction would subtract
	Sorted   []float64 // the replicates in rising order
}

// Bootstrap resamples rows (blocks or disorder samples, as for Jackknife) with replacement n times and applies f to the means of each
// replicate (Efron 1979, doi:10.1214/aos/1176344552). Row i of replicate r is number s.Below(r·len(rows)+i, len(rows)): the same stream
// gives the same replicates, and two quantities from one stream are resampled together. At least two rows and two replicates are needed.
func Bootstrap(rows [][]float64, n int, s rng.Stream, f func(means []float64) float64) (Bootstrapped, error) {
	sum, err := checkRows(rows)
	if err != nil {
		return Bootstrapped{}, err
	}
	if n < 2 || len(rows) > math.MaxInt32 {
		return Bootstrapped{}, fmt.Errorf("stats: %d bootstrap replicates of %d rows, at least 2 of at most %d", n, len(rows), math.MaxInt32)
	}
	count := float64(len(rows))
	for k := range sum {
		sum[k] /= count
	}
	b := Bootstrapped{Sorted: make([]float64, n)}
	b.Value = f(sum)
	for r := range b.Sorted {
		clear(sum)
		for i := range rows {
			e := uint64(r)*uint64(len(rows)) + uint64(i)
			for k, v := range rows[s.Below(e, uint32(len(rows)))] {
				sum[k] += v
			}
		}
		for k := range sum {
			sum[k] /= count
		}
		b.Sorted[r] = f(sum)
	}
	if err := finite("replicate", append(b.Sorted, b.Value)); err != nil {
		return Bootstrapped{}, err
	}
	var m Moments
	for _, v := range b.Sorted {
		m.Add(v)
	}
	slices.Sort(b.Sorted)
	b.Err, b.Bias = math.Sqrt(m.Variance()), m.Mean()-b.Value
	return b, nil
}

// Quantile is the replicates' p-quantile, linear between order statistics: Quantile(.16) and Quantile(.84) bound the central 68 %.
// It is NaN for p outside [0, 1].
func (b Bootstrapped) Quantile(p float64) float64 {
	if !(p >= 0 && p <= 1) || len(b.Sorted) == 0 {
		return math.NaN()
	}
	at := p * float64(len(b.Sorted)-1)
	i := min(int(at), len(b.Sorted)-2)
	return b.Sorted[i] + (at-float64(i))*(b.Sorted[i+1]-b.Sorted[i])
}
