package stats

import (
	"fmt"
	"math"
	"math/bits"
)

// LogBins averages a series over bins of doubling length: bin k holds steps 2^k-1 … 2^(k+1)-2 counted from 0, so that each bin is as long as
// all before it together (and one). A quantity that still drifts with the logarithm of time, as in a glass, differs between the last bins.
// The zero value is empty and ready; Add allocates nothing. Steps with NaN or an infinity are left out of their bin and counted by Bad.
type LogBins struct {
	steps int64
	bad   int64
	bin   [levels]Binning
}

// Add takes the value of the next step.
func (l *LogBins) Add(x float64) {
	l.steps++
	if x-x != 0 {
		l.bad++
		return
	}
	l.bin[bits.Len64(uint64(l.steps))-1].Add(x)
}

// Bad is the number of values left out.
func (l *LogBins) Bad() int64 { return l.bad }

// Complete is the number of bins that are full.
func (l *LogBins) Complete() int { return bits.Len64(uint64(l.steps)+1) - 1 }

// Bin is the mean over bin k with the error of its own binning analysis.
func (l *LogBins) Bin(k int) Estimate {
	e, _ := l.bin[k].Estimate()
	return e
}

// Drift is what an equilibration test found.
type Drift struct {
	Bins []Estimate // the mean of each complete bin
	Chi2 float64    // of the last bins against their weighted mean
	P    float64    // probability of a larger Chi2 in equilibrium
}

// Drift tests whether the last bins of one run agree within their errors; last is at least 2, and 3 is usual (as in Katzgraber, Körner
// and Young 2006, doi:10.1103/PhysRevB.73.224432). It needs that many complete bins of 16 values or more.
func (l *LogBins) Drift(last int) (Drift, error) {
	n := l.Complete()
	if last < 2 || n-last < 4 {
		return Drift{}, fmt.Errorf("stats: equilibration from the last %d of %d bins, at least 2 of 16 values or more are needed", last, n)
	}
	d := Drift{Bins: make([]Estimate, n)}
	var value, sigma []float64
	for k := range d.Bins {
		d.Bins[k] = l.Bin(k)
		if k >= n-last {
			value, sigma = append(value, d.Bins[k].Value), append(sigma, d.Bins[k].Err)
		}
	}
	if constant(value, sigma) {
		d.P = 1
		return d, nil
	}
	var err error
	_, d.Chi2, d.P, err = Constant(value, sigma)
	return d, err
}

// constant tells a quantity without any scatter, such as the energy in a frozen ground state, which has no errors to weigh with.
func constant(value, sigma []float64) bool {
	for i := range value {
		if sigma[i] != 0 || value[i] != value[0] {
			return false
		}
	}
	return true
}

// DriftAcross is the test for disorder samples: bins[s][k] is the mean over bin k of sample s. The scatter of samples is common to all bins
// of a sample and cancels in the differences from its last bin, whose mean D_k over S samples and covariance C_kk' between bins are estimated
// from the samples. Hotelling's T² = S·D C⁻¹ D compares the last bins with p = last-1 differences; (S-p)/(p(S-1))·T² follows Fisher's F
// with (p, S-p) degrees of freedom. It needs S > last and scatter in every difference.
func DriftAcross(bins [][]float64, last int) (Drift, error) {
	if _, err := checkRows(bins); err != nil {
		return Drift{}, err
	}
	n, count := len(bins[0]), len(bins)
	if last < 2 || last > n || count <= last {
		return Drift{}, fmt.Errorf("stats: equilibration from the last %d of %d bins in %d samples, at least 2 bins and more samples than that", last, n, count)
	}
	d := Drift{Bins: make([]Estimate, n)}
	for k := range d.Bins {
		var m Moments
		for s := range bins {
			m.Add(bins[s][k])
		}
		d.Bins[k] = m.Estimate()
	}
	diffs := make([][]float64, count)
	for s, row := range bins {
		for k := n - last; k < n-1; k++ {
			diffs[s] = append(diffs[s], row[k]-row[n-1])
		}
	}
	t2, err := hotelling(diffs)
	if err != nil {
		return Drift{}, err
	}
	p, q := float64(last-1), float64(count-last+1)
	d.Chi2 = t2
	d.P = fisherP(t2*q/(p*float64(count-1)), p, q)
	if math.IsNaN(d.P) {
		return Drift{}, fmt.Errorf("stats: equilibration test of differences without scatter")
	}
	return d, nil
}
