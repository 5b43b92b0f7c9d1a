package stats

import (
	"math"
	"strings"
	"testing"

	"cavity/engine/rng"
)

// twoLevel counts a system with energies 0 and gap at each beta in numbers proportional to the exact probabilities, as closely as n allows;
// what Combine makes of such runs is exact up to that rounding.
func twoLevel(gap float64, beta []float64, n int) Runs {
	r := Runs{Beta: beta}
	for _, b := range beta {
		up := math.Round(float64(n) * math.Exp(-b*gap) / (1 + math.Exp(-b*gap)))
		e := make([]float64, n)
		for i := range int(up) {
			e[i] = gap
		}
		r.Energy = append(r.Energy, e)
	}
	return r
}

// TestTwoLevels: with two energies and z = exp(-β·gap), Z = 1+z. At β where all probabilities are multiples of 1/n the answer is exact.
func TestTwoLevels(t *testing.T) {
	// gap·β = ln 1, ln 3, ln 4: probabilities of the upper level 1/2, 1/4, 1/5.
	beta := []float64{0, math.Log(3) / 2, math.Log(4) / 2}
	h, err := Combine(twoLevel(2, beta, 1000))
	if err != nil {
		t.Fatal(err)
	}
	lnZ, err := h.LogZs()
	if err != nil {
		t.Fatal(err)
	}
	lnZAt := func(b float64) float64 { return math.Log(1+math.Exp(-2*b)) - math.Ln2 }
	for k, b := range beta {
		near(t, "ln Z of a run", lnZ[k].Value, lnZAt(b), 1e-9)
		near(t, "ln Z there", h.LogZ(b), lnZAt(b), 1e-9)
	}
	for _, b := range []float64{-1, .1, .6, 3, 40} {
		near(t, "ln Z between and beyond", h.LogZ(b), lnZAt(b), 1e-9)
		p := 1 / (1 + math.Exp(2*b))
		e, v := h.Energy(b)
		near(t, "energy", e, 2*p, 1e-9)
		near(t, "variance", v, 4*p*(1-p), 1e-9)
	}
	if lnZ[0].Err != 0 || !(lnZ[2].Err > lnZ[1].Err && lnZ[1].Err > 0) {
		t.Errorf("errors of ln Z are %v", lnZ)
	}
	// For two runs MBAR is Bennett's acceptance ratio (Bennett 1976), whose variance is 1/Σ_m c_m p(1-p) - 1/n₀ - 1/n₁ with the probability p
	// that a measurement of energy m belongs to run 0.
	two, _ := Combine(twoLevel(2, beta[:2], 1000))
	ln2, _ := two.LogZs()
	var o float64
	for m, e := range two.energy {
		p := 1 / (1 + math.Exp(two.f[1]-beta[1]*e-two.f[0]+beta[0]*e))
		o += two.count[m] * p * (1 - p)
	}
	near(t, "error of two runs", ln2[1].Err, math.Sqrt(1/o-2./1000), 1e-9)
}

// freeSpins are runs of n independent spins in a field, E = -Σs, drawn exactly; ln Z = n ln(2 cosh β). The other observable is E/n + 1.
func freeSpins(seed uint64, n int, beta []float64, measurements int) Runs {
	r := Runs{Beta: beta, Other: make([][][]float64, 1)}
	for k, b := range beta {
		up, _ := rng.Threshold(1 / (1 + math.Exp(-2*b)))
		e, o, spins := make([]float64, measurements), make([]float64, measurements), make([]float32, n)
		for i := range e {
			rng.At(seed, uint64(i), uint8(k), 1).FillBernoulli(spins, 0, up)
			for _, s := range spins {
				e[i] += 1 - 2*float64(s)
			}
			o[i] = e[i]/float64(n) + 1
		}
		r.Energy, r.Other[0] = append(r.Energy, e), append(r.Other[0], o)
	}
	return r
}

// TestCombineCoverage: over 100 sets of runs the exact ln Z, energy and observable lie within the errors as often as they should.
func TestCombineCoverage(t *testing.T) {
	const trials, n, at = 100, 32, .35
	beta := []float64{0, .2, .5, .8}
	lnZ, energy, other, middle := 0, 0, 0, 0
	exact := func(b float64) float64 { return n * math.Log(math.Cosh(b)) }
	for s := range uint64(trials) {
		r := freeSpins(s, n, beta, 300)
		h, err := Combine(r)
		if err != nil {
			t.Fatal(err)
		}
		all, err := h.LogZs()
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(all[3].Sigmas(exact(.8))) < 1 {
			lnZ++
		}
		e, err := CombineJackknife(r, 20, 3, func(out []float64, h *MultiHistogram) {
			out[0], _ = h.Energy(at)
			out[1], out[2] = h.Other(at, 0), h.LogZ(at)
		})
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range []struct {
			hits  *int
			exact float64
		}{{&energy, -n * math.Tanh(at)}, {&other, 1 - math.Tanh(at)}, {&middle, exact(at)}} {
			if math.Abs(e[i].Sigmas(c.exact)) < 1 {
				*c.hits++
			}
		}
	}
	covered(t, "ln Z within its asymptotic error", lnZ, trials, .683)
	covered(t, "energy within its jackknife error", energy, trials, .67)
	covered(t, "observable within its jackknife error", other, trials, .67)
	covered(t, "ln Z within its jackknife error", middle, trials, .67)
}

// TestWeightsAndBins: doubling τ doubles the variance of ln Z; bins as wide as the spacing of energies change nothing; neither does the order of runs.
func TestWeightsAndBins(t *testing.T) {
	beta := []float64{0, .3, .6}
	r := freeSpins(5, 32, beta, 400)
	plain, err := Combine(r)
	if err != nil {
		t.Fatal(err)
	}
	base, _ := plain.LogZs()
	r.Tau = []float64{1, 1, 1}
	h, _ := Combine(r)
	slow, _ := h.LogZs()
	near(t, "ln Z with τ = 1", slow[2].Value, base[2].Value, 1e-9)
	near(t, "its error", slow[2].Err, base[2].Err*math.Sqrt2, 1e-9)
	r.Tau, r.Width = nil, 2 // energies -32, -30, … become -31, -29, …: a common shift
	binned, _ := Combine(r)
	e0, _ := plain.Energy(.45)
	e1, _ := binned.Energy(.45)
	near(t, "energy from bins", e1-1, e0, 1e-8)
	back := Runs{Beta: []float64{.6, 0, .3}, Energy: [][]float64{r.Energy[2], r.Energy[0], r.Energy[1]}}
	h, err = Combine(back)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "ln Z in another order", h.LogZ(.6)-h.LogZ(0), base[2].Value, 1e-9)
	if near, far := plain.Effective(.3), plain.Effective(3); near < 400 || near > 1200 || far > 50 {
		t.Errorf("effective numbers of 3×400 measurements: %v at a run, %v far away", near, far)
	}
}

// TestLargeEnergies: shifts of the energy by 1e6 at β of order 10 do not reach an exponent.
func TestLargeEnergies(t *testing.T) {
	beta := []float64{10, 10.2, 10.5}
	r := freeSpins(6, 32, []float64{0, .2, .5}, 300)
	plain, _ := Combine(r)
	for _, run := range r.Energy {
		for i := range run {
			run[i] += 1e6
		}
	}
	r.Beta = beta
	h, err := Combine(r)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "ln Z", h.LogZ(10.4)-h.LogZ(10)+.4e6, plain.LogZ(.4), 1e-6)
}

func TestCombineRefuses(t *testing.T) {
	good := func() Runs { return freeSpins(1, 16, []float64{0, .2}, 50) }
	for name, spoil := range map[string]func(*Runs){
		"no runs":      func(r *Runs) { *r = Runs{} },
		"missing run":  func(r *Runs) { r.Energy = r.Energy[:1] },
		"empty run":    func(r *Runs) { r.Energy[1] = nil },
		"nan":          func(r *Runs) { r.Energy[1][3] = math.NaN() },
		"beta":         func(r *Runs) { r.Beta[0] = math.Inf(1) },
		"tau":          func(r *Runs) { r.Tau = []float64{1, 0} },
		"width":        func(r *Runs) { r.Width = -1 },
		"short other":  func(r *Runs) { r.Other[0][1] = r.Other[0][1][:3] },
		"other's runs": func(r *Runs) { r.Other[0] = r.Other[0][:1] },
		"nan in other": func(r *Runs) { r.Other[0][0][0] = math.NaN() },
	} {
		r := good()
		spoil(&r)
		if _, err := Combine(r); err == nil {
			t.Errorf("%s: accepted", name)
		} else if !strings.HasPrefix(err.Error(), "stats: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := CombineJackknife(good(), 51, 1, func(out []float64, h *MultiHistogram) {}); err == nil {
		t.Error("51 blocks of 50 measurements were accepted")
	}
	// Runs that share no energies: an error, or at least an error bar that says so.
	apart := Runs{Beta: []float64{0, 50}, Energy: [][]float64{{100, 102, 104, 103}, {-3, -1, -2, -2}}}
	if h, err := Combine(apart); err == nil {
		if lnZ, err := h.LogZs(); err == nil && lnZ[1].Err < 1 {
			t.Errorf("runs apart: ln Z = %v", lnZ[1])
		}
	} else {
		t.Log(err)
	}
}
