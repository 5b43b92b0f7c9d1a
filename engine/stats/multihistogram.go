package stats

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Runs are measurements of one system at several inverse temperatures, the input of multi-histogram reweighting.
type Runs struct {
	Beta   []float64   // inverse temperature of each run
	Energy [][]float64 // TOTAL energies, [run][measurement]
	// Other holds further observables of the same measurements, [observable][run][measurement]; may be nil.
	Other [][][]float64
	// Tau is the integrated autocorrelation time of each run in measurements, by which the run counts less: a measurement has
	// weight 1/(2τ). nil means independent measurements, τ = ½.
	Tau []float64
	// Width joins energies into bins of that width (WHAM). 0 keeps every energy by itself (MBAR); equal energies, as with ±1 couplings,
	// are joined in either case and change nothing.
	Width float64
}

// MultiHistogram combines runs at several temperatures into the best estimate of the density of states, and with it of every mean at any
// temperature between them: WHAM (Ferrenberg and Swendsen 1989, doi:10.1103/PhysRevLett.63.1195) without bins is MBAR (Shirts and Chodera 2008,
// doi:10.1063/1.2978177). With c_m weighted measurements of energy E_m and n_k of run k,
//
//	Z_k = Σ_m c_m exp(-β_k E_m) / D_m,   D_m = Σ_j n_j exp(-β_j E_m) / Z_j,
//
// solved by Newton's method on the convex function Σ_m c_m ln D_m + Σ_k n_k ln Z_k, everything in logarithms.
type MultiHistogram struct {
	beta   []float64
	n      []float64 // weight of each run
	f      []float64 // -ln Z of each run, f[0] = 0
	energy []float64 // the different energies, rising
	count  []float64 // weight at each
	other  [][]float64
	logD   []float64
	level  [][]int32 // which energy each measurement has, [run][measurement]
}

// Combine solves the equations for the runs given.
func Combine(r Runs) (*MultiHistogram, error) {
	if err := checkRuns(r); err != nil {
		return nil, err
	}
	h := &MultiHistogram{beta: slices.Clone(r.Beta), f: make([]float64, len(r.Beta))}
	h.collect(r)
	h.guess(r)
	if err := h.solve(); err != nil {
		return nil, err
	}
	return h, nil
}

func checkRuns(r Runs) error {
	k := len(r.Beta)
	if k == 0 || len(r.Energy) != k || r.Tau != nil && len(r.Tau) != k {
		return fmt.Errorf("stats: %d inverse temperatures, %d runs and %d autocorrelation times", k, len(r.Energy), len(r.Tau))
	}
	if err := finite("inverse temperature", r.Beta); err != nil {
		return err
	}
	if r.Width < 0 || r.Width-r.Width != 0 {
		return fmt.Errorf("stats: energy bins of width %v", r.Width)
	}
	for i, e := range r.Energy {
		if len(e) == 0 {
			return fmt.Errorf("stats: run %d has no energies", i)
		}
		if err := finite(fmt.Sprintf("run %d: energy", i), e); err != nil {
			return err
		}
	}
	for i, tau := range r.Tau {
		if !(tau > 0) || math.IsInf(tau, 0) {
			return fmt.Errorf("stats: autocorrelation time %d is %v, it must be positive", i, tau)
		}
	}
	for a, o := range r.Other {
		if len(o) != k {
			return fmt.Errorf("stats: observable %d has %d runs, the energy %d", a, len(o), k)
		}
		for i, x := range o {
			if len(x) != len(r.Energy[i]) {
				return fmt.Errorf("stats: observable %d of run %d has %d values, the energy %d", a, i, len(x), len(r.Energy[i]))
			}
			if err := finite(fmt.Sprintf("observable %d of run %d: value", a, i), x); err != nil {
				return err
			}
		}
	}
	return nil
}

// weight is what one measurement of run k counts.
func (r *Runs) weight(k int) float64 {
	if r.Tau == nil {
		return 1
	}
	return 1 / math.Max(2*r.Tau[k], 1)
}

// collect sorts the measurements into different energies.
func (h *MultiHistogram) collect(r Runs) {
	type place struct {
		energy float64
		run, i int32
	}
	var all []place
	for k, run := range r.Energy {
		h.level = append(h.level, make([]int32, len(run)))
		for i, e := range run {
			if r.Width > 0 {
				e = (math.Floor(e/r.Width) + .5) * r.Width
			}
			all = append(all, place{e, int32(k), int32(i)})
		}
	}
	slices.SortFunc(all, func(a, b place) int { return cmp.Compare(a.energy, b.energy) })
	for i, p := range all {
		if i == 0 || p.energy != all[i-1].energy {
			h.energy = append(h.energy, p.energy)
		}
		h.level[p.run][p.i] = int32(len(h.energy) - 1)
	}
	h.logD, h.count, h.n = make([]float64, len(h.energy)), make([]float64, len(h.energy)), make([]float64, len(r.Beta))
	for range r.Other {
		h.other = append(h.other, make([]float64, len(h.energy)))
	}
	for k := range r.Energy {
		h.tally(r, k, 0, len(r.Energy[k]), r.weight(k))
	}
}

// tally adds measurements from … to-1 of run k with weight w.
func (h *MultiHistogram) tally(r Runs, k, from, to int, w float64) {
	h.n[k] += w * float64(to-from)
	for _, l := range h.level[k][from:to] {
		h.count[l] += w
	}
	for a := range h.other {
		for i := from; i < to; i++ {
			h.other[a][h.level[k][i]] += w * r.Other[a][k][i]
		}
	}
}

// guess starts from thermodynamic integration between the runs, by the trapezoid.
func (h *MultiHistogram) guess(r Runs) {
	last := mean(r.Energy[0])
	for k := 1; k < len(h.f); k++ {
		e := mean(r.Energy[k])
		h.f[k] = h.f[k-1] + (h.beta[k]-h.beta[k-1])*(e+last)/2
		last = e
	}
}

// LogZ is ln Z(beta) - ln Z(Beta[0]).
func (h *MultiHistogram) LogZ(beta float64) float64 {
	top := math.Inf(-1)
	for m, e := range h.energy {
		if h.count[m] > 0 {
			top = math.Max(top, -beta*e-h.logD[m])
		}
	}
	var sum float64
	for m, e := range h.energy {
		sum += h.count[m] * math.Exp(-beta*e-h.logD[m]-top)
	}
	return top + math.Log(sum)
}

// Mean is ⟨g(E)⟩ at beta, for instance of E or E².
func (h *MultiHistogram) Mean(beta float64, g func(energy float64) float64) float64 {
	z := h.LogZ(beta)
	var sum float64
	for m, e := range h.energy {
		if w := h.count[m] * math.Exp(-beta*e-h.logD[m]-z); w > 0 {
			sum += w * g(e)
		}
	}
	return sum
}

// Energy is ⟨E⟩ and ⟨E²⟩-⟨E⟩² at beta.
func (h *MultiHistogram) Energy(beta float64) (mean, variance float64) {
	mean = h.Mean(beta, func(e float64) float64 { return e })
	return mean, h.Mean(beta, func(e float64) float64 { return (e - mean) * (e - mean) })
}

// Other is the mean at beta of observable a of Runs.Other.
func (h *MultiHistogram) Other(beta float64, a int) float64 {
	z := h.LogZ(beta)
	var sum float64
	for m, e := range h.energy {
		sum += h.other[a][m] * math.Exp(-beta*e-h.logD[m]-z)
	}
	return sum
}

// Effective is the number of independent measurements that carry the means at beta, (Σw)²/Σw² (Kish 1965) with the weights of the runs' own
// counts. Where it is small, far from the runs' temperatures, no error bar can be trusted.
func (h *MultiHistogram) Effective(beta float64) float64 {
	z := h.LogZ(beta)
	var square float64
	for m, e := range h.energy {
		w := math.Exp(-beta*e - h.logD[m] - z)
		square += h.count[m] * w * w
	}
	return 1 / square
}
