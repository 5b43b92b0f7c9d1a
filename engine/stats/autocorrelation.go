package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/dsp/fourier"
	"gonum.org/v1/gonum/floats"
)

// Autocorrelation returns ρ(t) = Γ(t)/Γ(0) for t = 0 … maxLag, Γ(t) = Σ_i (x_i-x̄)(x_{i+t}-x̄)/(n-t), by fast Fourier transform.
// It needs maxLag below the number of values, all finite, and some scatter.
func Autocorrelation(x []float64, maxLag int) ([]float64, error) {
	if maxLag < 0 || maxLag >= len(x) {
		return nil, fmt.Errorf("stats: autocorrelation up to lag %d of %d values", maxLag, len(x))
	}
	if err := finite("value", x); err != nil {
		return nil, err
	}
	gamma := make([]float64, maxLag+1)
	addCovariance(gamma, x, mean(x))
	for t := range gamma {
		gamma[t] /= float64(len(x) - t)
	}
	g0 := gamma[0]
	if g0 == 0 {
		return nil, fmt.Errorf("stats: autocorrelation of %d equal values", len(x))
	}
	for t := range gamma {
		gamma[t] /= g0
	}
	return gamma, nil
}

func mean(x []float64) float64 {
	var m moments2
	for _, v := range x {
		m.add(v)
	}
	return m.mean
}

// addCovariance adds Σ_i (x_i-mean)(x_{i+t}-mean) to gamma[t]: directly for few lags, else by the transform of x padded with zeros,
// which keeps the ends apart.
func addCovariance(gamma, x []float64, mean float64) {
	lags := min(len(gamma), len(x))
	n := len(x)
	if lags > 256 {
		for n = 1; n < len(x)+lags; n *= 2 {
		}
	}
	d := make([]float64, n)
	for i, v := range x {
		d[i] = v - mean
	}
	if lags <= 256 {
		for t := range lags {
			gamma[t] += floats.Dot(d[:n-t], d[t:])
		}
		return
	}
	fft := fourier.NewFFT(n)
	c := fft.Coefficients(nil, d)
	for i, z := range c {
		c[i] = complex(real(z)*real(z)+imag(z)*imag(z), 0)
	}
	fft.Sequence(d, c)
	for t := range lags {
		gamma[t] += d[t] / float64(n) // gonum's pair of transforms multiplies by n
	}
}

// Autocorrelated is the analysis of correlated chains by the method of Wolff 2004 (doi:10.1016/S0010-4655(03)00467-3).
type Autocorrelated struct {
	Mean      Estimate // mean over all values, with the error √(2τ·variance/n)
	ErrErr    float64  // standard error of that error
	Tau       Estimate // integrated autocorrelation time ½+Σ_t ρ(t) in steps of the series: ½ without correlation
	Window    int      // lag at which the sum was cut
	Variance  float64  // of single values
	Effective float64  // n/(2τ), the number of independent values that would have the same error
}

// Tau analyses one chain, or several independent ones of the same law and of any lengths (replicas): mean, error and integrated
// autocorrelation time. The sum of the autocorrelation function is cut at Wolff's automatic window: the least W with
// exp(-W/τ_W) < τ_W/√(W·n), where τ_W = S/ln((2a+1)/(2a-1)), a = ½+Σ_{t≤W}|ρ(t)| and S = 1.5; its bias τ(2W+1)/n is added.
// An error is returned when a value is not finite, there are fewer than 4 in a chain or no scatter, when no window below half
// of the shortest chain is found, and when strong anticorrelation makes the variance of the mean come out negative.
func Tau(chains ...[]float64) (Autocorrelated, error) {
	total, shortest := 0, math.MaxInt
	var m moments2
	for r, x := range chains {
		if len(x) < 4 {
			return Autocorrelated{}, fmt.Errorf("stats: chain %d has %d values, at least 4 are needed", r, len(x))
		}
		if err := finite(fmt.Sprintf("chain %d: value", r), x); err != nil {
			return Autocorrelated{}, err
		}
		total, shortest = total+len(x), min(shortest, len(x))
		for _, v := range x {
			m.add(v)
		}
	}
	if total == 0 {
		return Autocorrelated{}, fmt.Errorf("stats: no chain")
	}
	if m.m2 == 0 {
		return Autocorrelated{}, fmt.Errorf("stats: all %d values are equal", total)
	}
	// Try a short window first, so that the cost of weakly correlated chains is a few passes.
	for lags := 32; ; lags *= 8 {
		lags = min(lags, shortest/2+1)
		gamma := make([]float64, lags)
		for _, x := range chains {
			addCovariance(gamma, x, m.mean)
		}
		for t := range gamma {
			gamma[t] /= float64(total - len(chains)*t)
		}
		if w, ok := window(gamma, total); ok {
			return analyse(gamma[:w+1], m.mean, total)
		}
		if lags > shortest/2 {
			return Autocorrelated{}, fmt.Errorf("stats: %d values are too few for their autocorrelation time", shortest)
		}
	}
}

// window finds Wolff's automatic summation window (section 3.3 of his paper), with |ρ| for ρ: the sum of an anticorrelated chain,
// whose terms alternate, must not end at the first.
func window(gamma []float64, n int) (int, bool) {
	const s = 1.5
	sum := .5
	for w := 1; w < len(gamma); w++ {
		sum += math.Abs(gamma[w] / gamma[0])
		tau := s / math.Log((2*sum+1)/(2*sum-1))
		if math.Exp(-float64(w)/tau) <= tau/math.Sqrt(float64(w)*float64(n)) {
			return w, true
		}
	}
	return 0, false
}

func analyse(gamma []float64, mean float64, total int) (Autocorrelated, error) {
	n, w := float64(total), float64(len(gamma)-1)
	c := gamma[0]
	for _, g := range gamma[1:] {
		c += 2 * g
	}
	if !(c > 0) {
		return Autocorrelated{}, fmt.Errorf("stats: %d values are so anticorrelated that the variance of their mean comes out as %v", total, c/n)
	}
	variance := gamma[0] + c/n // because the mean was taken from the same values
	c *= 1 + (2*w+1)/n
	tau := c / (2 * variance)
	err := math.Sqrt(c / n)
	return Autocorrelated{
		Mean:      Estimate{mean, err},
		ErrErr:    err * math.Sqrt((w+.5)/n),
		Tau:       Estimate{tau, tau * 2 * math.Sqrt(math.Max(w+.5-tau, 0)/n)},
		Window:    len(gamma) - 1,
		Variance:  variance,
		Effective: n / (2 * tau),
	}, nil
}
