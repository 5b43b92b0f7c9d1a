package stats

import (
	"fmt"
	"math"
)

// Jackknife estimates f(means) for any function of the means of several observables, such as a Binder cumulant or a correlation length.
// rows[b][k] is the mean of observable k over block b (see Blocks: blocks longer than the correlation time) or over disorder sample b;
// all rows count alike. With f₀ = f of the mean over all n rows and f_b = f of the mean without row b:
//
//	value = n·f₀ - (n-1)·mean(f_b)      bias of order 1/n removed (Quenouille 1956)
//	err²  = (n-1)/n · Σ_b (f_b - mean(f_b))²      (Tukey 1958)
//
// f may keep the slice that it is given only during the call. At least two rows of equal length, all finite, are needed, and finite values of f.
func Jackknife(rows [][]float64, f func(means []float64) float64) (Estimate, error) {
	e, _, err := JackknifeAll(rows, 1, func(out, means []float64) { out[0] = f(means) })
	if err != nil {
		return Estimate{}, err
	}
	return e[0], nil
}

// JackknifeAll is Jackknife of a function with m values, out[0 … m-1], together with their covariance: cov[i*m+j], whose diagonal is err².
func JackknifeAll(rows [][]float64, m int, f func(out, means []float64)) (e []Estimate, cov []float64, err error) {
	sum, err := checkRows(rows)
	if err != nil {
		return nil, nil, err
	}
	n := float64(len(rows))
	without := make([]float64, len(sum))
	whole, left := make([]float64, m), make([]float64, m*len(rows))
	for k, s := range sum {
		without[k] = s / n
	}
	f(whole, without)
	if err := finite("result", whole); err != nil {
		return nil, nil, err
	}
	for b, row := range rows {
		for k, s := range sum {
			without[k] = (s - row[k]) / (n - 1)
		}
		f(left[m*b:m*b+m], without)
		if err := finite("result", left[m*b:m*b+m]); err != nil {
			return nil, nil, fmt.Errorf("%w without row %d", err, b)
		}
	}
	e, cov = make([]Estimate, m), make([]float64, m*m)
	average := make([]float64, m)
	for i, v := range left {
		average[i%m] += v / n
	}
	for b := range rows {
		for i := range m {
			for j := range m {
				cov[i*m+j] += (n - 1) / n * (left[m*b+i] - average[i]) * (left[m*b+j] - average[j])
			}
		}
	}
	for i := range e {
		e[i] = Estimate{n*whole[i] - (n-1)*average[i], math.Sqrt(cov[i*m+i])}
	}
	return e, cov, nil
}

// checkRows returns the sum over rows of each column.
func checkRows(rows [][]float64) ([]float64, error) {
	if len(rows) < 2 {
		return nil, fmt.Errorf("stats: %d rows, at least 2 are needed", len(rows))
	}
	if len(rows[0]) == 0 {
		return nil, fmt.Errorf("stats: rows without observables")
	}
	sum := make([]float64, len(rows[0]))
	for b, row := range rows {
		if len(row) != len(sum) {
			return nil, fmt.Errorf("stats: row %d has %d entries, row 0 has %d", b, len(row), len(sum))
		}
		if err := finite(fmt.Sprintf("row %d: entry", b), row); err != nil {
			return nil, err
		}
		for k, v := range row {
			sum[k] += v
		}
	}
	return sum, nil
}

// Disordered is an average over disorder samples of a function of each sample's thermal means.
type Disordered struct {
	Estimate         // mean over samples, with the error of their scatter, in which thermal noise is contained
	Thermal  float64 // the part of the error that longer runs of the same samples would remove
	Scatter  float64 // standard deviation from sample to sample, thermal noise removed: what more samples average over
}

// JackknifeDisorder averages f(thermal means) over independent disorder samples: [f(⟨O⟩)]. samples[s] holds sample s's rows as for Jackknife,
// which removes each sample's bias of order 1/(length of its run); that bias is the same sign in all samples and no number of them averages it away.
// For f([⟨O⟩]), a function of averages over disorder, use Jackknife with a row for each sample. At least two samples are needed.
func JackknifeDisorder(samples [][][]float64, f func(means []float64) float64) (Disordered, error) {
	var across, noise Moments
	for s, rows := range samples {
		e, err := Jackknife(rows, f)
		if err != nil {
			return Disordered{}, fmt.Errorf("sample %d: %w", s, err)
		}
		across.Add(e.Value)
		noise.Add(e.Err * e.Err)
	}
	if len(samples) < 2 {
		return Disordered{}, fmt.Errorf("stats: %d disorder samples, at least 2 are needed", len(samples))
	}
	return Disordered{
		Estimate: across.Estimate(),
		Thermal:  math.Sqrt(noise.Mean() / float64(len(samples))),
		Scatter:  math.Sqrt(math.Max(0, across.Variance()-noise.Mean())),
	}, nil
}
