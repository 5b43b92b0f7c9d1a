package stats

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// ErrOverlap is the error of runs that cannot be combined, because neighbours have visited different energies.
var ErrOverlap = errors.New("stats: the runs have too few energies in common")

// solve finds the free energies by damped Newton steps. f[0] stays 0, because only differences are determined.
func (h *MultiHistogram) solve() error {
	k := len(h.f)
	grad, share := make([]float64, k), make([]float64, k*k)
	value := h.objective(h.f, grad, share)
	if k == 1 {
		return nil
	}
	trial := make([]float64, k)
	for range 200 {
		step, ok := newtonStep(grad, share)
		if !ok {
			return h.apart()
		}
		largest := 0.
		for _, s := range step {
			largest = math.Max(largest, math.Abs(s))
		}
		if largest < 1e-9 {
			h.move(trial, step, 1)
			h.objective(trial, nil, nil)
			copy(h.f, trial)
			return nil
		}
		// Far away a step must lower the function; near the end it converges by itself, below what rounding shows.
		h.move(trial, step, 1)
		for scale := 1.; largest*scale > .1 && h.objective(trial, nil, nil) > value; {
			scale /= 2
			h.move(trial, step, scale)
		}
		copy(h.f, trial)
		value = h.objective(h.f, grad, share)
	}
	return h.apart()
}

// move sets trial = f - scale·step, run 0 fixed.
func (h *MultiHistogram) move(trial, step []float64, scale float64) {
	trial[0] = 0
	for i, s := range step {
		trial[i+1] = h.f[i+1] - scale*s
	}
}

func (h *MultiHistogram) apart() error {
	worst, least := 1, math.Inf(1)
	for k := 1; k < len(h.f); k++ {
		if o := h.overlap(k-1, k); o < least {
			worst, least = k, o
		}
	}
	return fmt.Errorf("%w at inverse temperatures %v and %v (overlap %.2g)", ErrOverlap, h.beta[worst-1], h.beta[worst], least)
}

// overlap is Σ_m √(p q) of the energy distributions of runs i and j, at the present free energies.
func (h *MultiHistogram) overlap(i, j int) float64 {
	var sum float64
	for m, e := range h.energy {
		sum += h.count[m] * math.Exp((h.f[i]-h.beta[i]*e+h.f[j]-h.beta[j]*e)/2-h.logD[m])
	}
	return sum
}

// objective is Σ_m c_m ln D_m - Σ_k n_k f_k; it leaves ln D in h.logD. With p_k(m) = n_k exp(f_k-β_k E_m)/D_m, the share of run k in the
// measurements of energy m, grad is Σ_m c_m p_k - n_k and share, by rows, is Σ_m c_m p_k p_l; both may be nil.
func (h *MultiHistogram) objective(f, grad, share []float64) float64 {
	k := len(f)
	logN, p, seen := make([]float64, k), make([]float64, k), make([]int, 0, k)
	var value float64
	for i, n := range h.n {
		logN[i] = math.Log(n)
		value -= n * f[i]
		if grad != nil {
			grad[i] = -n
		}
	}
	clear(share)
	for m, e := range h.energy {
		c := h.count[m]
		top := math.Inf(-1)
		for i := range p {
			p[i] = logN[i] + f[i] - h.beta[i]*e
			top = math.Max(top, p[i])
		}
		var sum float64
		seen = seen[:0]
		for i := range p {
			if d := p[i] - top; d > -50 { // below that a term is lost in rounding
				p[i] = math.Exp(d)
				sum += p[i]
				seen = append(seen, i)
			}
		}
		h.logD[m] = top + math.Log(sum)
		value += c * h.logD[m]
		if grad == nil {
			continue
		}
		for a, i := range seen {
			p[i] /= sum
			w := c * p[i]
			grad[i] += w
			row := share[k*i : k*i+k]
			for _, j := range seen[:a+1] {
				row[j] += w * p[j]
			}
		}
	}
	if grad != nil {
		mirror(share, k)
	}
	return value
}

// mirror copies the entries below the diagonal of a k×k matrix, which are summed, above it.
func mirror(a []float64, k int) {
	for i := range k {
		for j := range i {
			a[k*j+i] = a[k*i+j]
		}
	}
}

// newtonStep solves H·step = grad for runs 1 … k-1, H = diag(grad+n) - share. ok is false when H is not positive: some runs share no energies.
func newtonStep(grad, share []float64) (step []float64, ok bool) {
	k := len(grad)
	hess := mat.NewSymDense(k-1, nil)
	for i := 1; i < k; i++ {
		for j := i; j < k; j++ {
			hess.SetSym(i-1, j-1, -share[k*i+j])
		}
		var row float64 // Σ_j share_ij = Σ_m c_m p_i, which makes rows of H sum to zero
		for j := range k {
			row += share[k*i+j]
		}
		hess.SetSym(i-1, i-1, row-share[k*i+i])
	}
	var chol mat.Cholesky
	if !chol.Factorize(hess) {
		return nil, false
	}
	x := mat.NewVecDense(k-1, nil)
	if chol.SolveVecTo(x, mat.NewVecDense(k-1, grad[1:])) != nil { // singular to rounding
		return nil, false
	}
	return x.RawVector().Data, finite("step", x.RawVector().Data) == nil
}

// LogZs gives ln Z of each run relative to the first, with the asymptotic errors of Shirts and Chodera (their equation 8):
// Θ = n^(-1/2) U λ/(1-λ) Uᵀ n^(-1/2) from the eigenvalues λ < 1 and vectors U of the overlap matrix Σ_m c_m p_k p_l / √(n_k n_l).
func (h *MultiHistogram) LogZs() ([]Estimate, error) {
	k := len(h.f)
	share := make([]float64, k*k)
	h.objective(h.f, make([]float64, k), share)
	for i := range k {
		for j := range k {
			share[k*i+j] /= math.Sqrt(h.n[i] * h.n[j])
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(mat.NewSymDense(k, share), true) {
		return nil, fmt.Errorf("stats: the overlap matrix of %d runs has no eigenvalues", k)
	}
	var u mat.Dense
	eigen.VectorsTo(&u)
	lambda := eigen.Values(nil)
	out := make([]Estimate, k)
	for i := range out {
		var variance float64
		for a, l := range lambda[:k-1] { // the last is 1: the common shift of all free energies
			d := u.At(i, a)/math.Sqrt(h.n[i]) - u.At(0, a)/math.Sqrt(h.n[0])
			variance += d * d * l / math.Max(1-l, 1e-16)
		}
		out[i] = Estimate{-h.f[i], math.Sqrt(math.Max(variance, 0))}
	}
	return out, nil
}

// CombineJackknife estimates m functions of the combined runs, such as the height of a peak between the temperatures, with jackknife errors: each run
// is cut into blocks of neighbouring measurements, and block b of all runs is left out at once, the equations being solved anew.
// Blocks should be longer than the autocorrelation times; each run needs at least as many measurements as there are blocks, of which 2 or more.
func CombineJackknife(r Runs, blocks, m int, f func(out []float64, h *MultiHistogram)) ([]Estimate, error) {
	h, err := Combine(r)
	if err != nil {
		return nil, err
	}
	for k, e := range r.Energy {
		if blocks < 2 || len(e) < blocks {
			return nil, fmt.Errorf("stats: %d blocks of the %d measurements of run %d", blocks, len(e), k)
		}
	}
	whole, left := make([]float64, m), make([]float64, m)
	f(whole, h)
	if err := finite("result", whole); err != nil {
		return nil, err
	}
	over := make([]Moments, m)
	for b := range blocks {
		h.leave(r, b, blocks, -1)
		if err := h.solve(); err != nil {
			return nil, fmt.Errorf("%w without block %d", err, b)
		}
		f(left, h)
		if err := finite("result", left); err != nil {
			return nil, fmt.Errorf("%w without block %d", err, b)
		}
		for i, v := range left {
			over[i].Add(v)
		}
		h.leave(r, b, blocks, 1)
	}
	out, n := make([]Estimate, m), float64(blocks)
	for i := range out {
		out[i] = Estimate{n*whole[i] - (n-1)*over[i].Mean(), (n - 1) / math.Sqrt(n) * math.Sqrt(over[i].Variance())}
	}
	return out, nil
}

// leave takes block b of every run out (sign -1) or puts it back (+1). Counts that return to nothing are made exactly so.
func (h *MultiHistogram) leave(r Runs, b, blocks int, sign float64) {
	for k, e := range r.Energy {
		h.tally(r, k, b*len(e)/blocks, (b+1)*len(e)/blocks, sign*r.weight(k))
	}
	for m, c := range h.count {
		if c < 1e-9 {
			h.count[m] = 0
		}
	}
}
