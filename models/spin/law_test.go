package spin

import (
	"context"
	"encoding/json"
	"math"
	"math/bits"
	"os"
	"testing"

	"cavity/engine/stats"
)

// Kaufman's energies and specific heats in one campaign: 72 comparisons, χ² of all. Errors come from 32 stretches of time, so
// that a squared deviation has mean 31/29 and a variance below 3; neighbours on a ladder are correlated, which at most
// multiplies the scatter of χ² by 2: the bound is at 5 of its standard deviations.
func TestCampaignAgainstKaufman(t *testing.T) {
	chi2, count := 0.0, 0
	for _, c := range []struct {
		l, steps int
		ts       []float64
	}{
		{8, 4000, []float64{1.5, 1.7, 1.9, 2.1, 2.2, 2.269, 2.35, 2.5, 2.7, 3, 3.5, 4}},
		{16, 8000, []float64{1.5, 1.7, 1.9, 2.1, 2.2, 2.269, 2.35, 2.5, 2.7, 3, 3.5, 4}},
		{32, 8000, []float64{1.6, 1.8, 1.95, 2.55, 2.7, 2.9, 3.2, 3.8}},
		{64, 3000, []float64{2.8, 3.1, 3.5, 4}},
	} {
		s := start(t, Tempering{Model: Ising{L: c.l, D: 2}, Temperatures: c.ts, Systems: 16, Copies: 1, Seed: 12, Sweeps: 4}, "cpu", 1)
		_, r := sampled(t, s, c.steps/4, c.steps/2, 2)
		for k, temperature := range r.Temperatures {
			x, err := Kaufman(c.l, temperature)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range []float64{(r.Energy[k].Mean - x.Energy) / r.Energy[k].Err, (r.SpecificHeat[k].Mean - x.SpecificHeat) / r.SpecificHeat[k].Err} {
				chi2, count = chi2+d*d, count+1
				if !(math.Abs(d) < 5) {
					t.Errorf("L=%d T=%v: e = %v (exact %v), c = %v (exact %v)", c.l, temperature, r.Energy[k], x.Energy, r.SpecificHeat[k], x.SpecificHeat)
				}
			}
		}
	}
	n := float64(count)
	t.Logf("χ² = %.1f for %d comparisons", chi2, count)
	if bound := n*31/29 + 5*2*math.Sqrt(3*n); count < 60 || !(chi2 < bound) || chi2 < n/4 {
		t.Errorf("χ² = %.1f for %d comparisons: between %.0f and %.0f expected", chi2, count, n/4, bound)
	}
}

// The SK model above its transition: e = -β/2 with a correction of order 1/N, whose intercept over sizes is compared.
// Four comparisons at 4.5 errors over samples.
func TestSKEnergyOverSizes(t *testing.T) {
	ts := []float64{1.6, 2.5}
	x, y, sigma := []float64{}, [2][]float64{}, [2][]float64{}
	for _, n := range []int{32, 64, 128, 256} {
		s := start(t, Tempering{Model: SherringtonKirkpatrick{N: n}, Temperatures: ts, Systems: 4096 / n, Copies: 1, Seed: 31}, "cpu", 1)
		_, r := sampled(t, s, 100, 300, 2)
		x = append(x, 1/float64(n))
		for k := range ts {
			y[k], sigma[k] = append(y[k], r.Energy[k].Mean), append(sigma[k], r.Energy[k].Err)
		}
	}
	for k, temperature := range ts {
		fit, err := stats.Line(x, y[k], sigma[k])
		if err != nil {
			t.Fatal(err)
		}
		within(t, "e of infinitely many spins", Estimate{fit.Intercept.Value, fit.Intercept.Err}, -1/(2*temperature))
		if !(fit.Slope.Value > 0) || fit.P < 1e-4 {
			t.Errorf("T = %v: the correction in 1/N is %v, with χ² = %v of the line", temperature, fit.Slope, fit.Chi2)
		}
	}
}

// Ground states of the SK model by tempering, averaged over samples, extrapolated in N^(-2/3) to -0.763166 (Parisi's solution).
// One comparison at 4 errors, to which 0.004 are added for the correction beyond the line at these sizes.
func TestSKGroundStateEnergy(t *testing.T) {
	if testing.Short() {
		t.Skip("takes five seconds")
	}
	var x, y, sigma []float64
	for _, c := range []struct{ n, systems, steps int }{{48, 256, 400}, {96, 128, 800}, {192, 32, 2500}} {
		ts, err := Geometric(.12, 1.2, 12)
		if err != nil {
			t.Fatal(err)
		}
		s := start(t, Tempering{Model: SherringtonKirkpatrick{N: c.n}, Temperatures: ts, Systems: c.systems, Copies: 1, Seed: 8}, "cpu", 1)
		m := s.Measure()
		if err := (Campaign{Sampler: s, Measurement: m, Steps: uint64(c.steps), Every: 2}).Do(context.Background()); err != nil {
			t.Fatal(err)
		}
		var e stats.Moments
		for _, g := range m.ground {
			e.Add(g.Energy / float64(c.n))
		}
		x, y = append(x, math.Pow(float64(c.n), -2./3)), append(y, e.Mean())
		sigma = append(sigma, math.Sqrt(e.Variance()/float64(c.systems)))
	}
	fit, err := stats.Line(x, y, sigma)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("e0 = %v + %v N^(-2/3), χ² = %.2f", fit.Intercept, fit.Slope, fit.Chi2)
	if d := math.Abs(fit.Intercept.Value + .763166); !(d < 4*fit.Intercept.Err+.004) || fit.Intercept.Err > .008 {
		t.Errorf("e0 = %v, want -0.763166", fit.Intercept)
	}
	if s := fit.Slope.Value; !(s > .5 && s < .9) {
		t.Errorf("e0 grows as %v N^(-2/3), want about 0.70", fit.Slope)
	}
}

// P(q) of a 4×4 EA sample against the convolution of its exact distribution with itself: 51 comparisons at 5 errors from 32
// stretches of time (Student's t: 1e-3 in all).
func TestOverlapDistributionAgainstEnumeration(t *testing.T) {
	m := EdwardsAnderson{L: 4, D: 2}
	s := start(t, Tempering{Model: m, Temperatures: []float64{.6, 1, 1.8}, Seed: 21, Sweeps: 2}, "cpu", 1)
	if err := s.Step(context.Background(), 500); err != nil {
		t.Fatal(err)
	}
	const stretches = 32
	meter := s.Measure()
	parts := make([][][]float64, len(s.Temperatures))
	for range stretches {
		var before [][]float64
		for _, h := range meter.hist {
			before = append(before, append([]float64{}, h...))
		}
		for range 1500 {
			if err := s.Step(context.Background(), 1); err != nil {
				t.Fatal(err)
			}
			if err := meter.Take(); err != nil {
				t.Fatal(err)
			}
		}
		for k, h := range meter.hist {
			row := make([]float64, overlapBins)
			for b := range row {
				row[b] = (h[b] - before[k][b]) / 1500
			}
			parts[k] = append(parts[k], row)
		}
	}
	c, err := m.Couplings(21, 0)
	if err != nil {
		t.Fatal(err)
	}
	for k, temperature := range s.Temperatures {
		exact := overlapLaw(c, temperature)
		for d, want := range exact { // q = 1 - 2d/N
			q := 1 - 2*float64(d)/float64(c.N)
			bin := min(int((q+1)/2*overlapBins), overlapBins-1)
			got, err := stats.Jackknife(parts[k], func(mean []float64) float64 { return mean[bin] })
			if err != nil {
				t.Fatal(err)
			}
			if !(math.Abs(got.Value-want) <= 5*got.Err+1e-5) {
				t.Errorf("T = %v: P(q = %v) = %v, exact %v", temperature, q, got, want)
			}
		}
	}
}

// overlapLaw is the probability that two independent states differ in d spins, by the Walsh-Hadamard transform of the Boltzmann
// distribution: a convolution over the group of flips.
func overlapLaw(c Couplings, temperature float64) []float64 {
	p := make([]float64, 1<<c.N)
	s := make([]int8, c.N)
	z := 0.0
	for state := range p {
		for i := range s {
			s[i] = 1 - 2*int8(state>>i&1)
		}
		p[state] = math.Exp(-(c.Energy(s) + 2*float64(c.N)) / temperature)
		z += p[state]
	}
	walsh := func() {
		for h := 1; h < len(p); h *= 2 {
			for i := range p {
				if i&h == 0 {
					p[i], p[i|h] = p[i]+p[i|h], p[i]-p[i|h]
				}
			}
		}
	}
	walsh()
	for i := range p {
		p[i] *= p[i] / (z * z)
	}
	walsh()
	law := make([]float64, c.N+1)
	for state, x := range p {
		law[bits.OnesCount(uint(state))] += x / float64(len(p))
	}
	return law
}

// On its Nishimori line the energy of the ±1 model, averaged over samples, is -2 tanh β_N per spin at any size. Three
// comparisons at 4.5 errors over 192 samples.
func TestNishimoriLine(t *testing.T) {
	for _, p := range []float64{.05, .12, .2} {
		m := Nishimori{L: 8, P: p}
		ts := []float64{m.Temperature(), 1.5 * m.Temperature(), 2.2 * m.Temperature()}
		s := start(t, Tempering{Model: m, Temperatures: ts, Systems: 192, Copies: 1, Seed: 17}, "cpu", 1)
		_, r := sampled(t, s, 1000, 400, 5)
		within(t, m.Name()+" e", r.Energy[0], -2*math.Tanh(1/ts[0]))
	}
}

// The Gaussian spin glass in equilibrium obeys e = -(z/2) β (1 - q_link), averaged over samples, at all temperatures; cooled
// too fast it does not. Errors over 96 samples, three comparisons at 4.5.
func TestLinkOverlapIdentity(t *testing.T) {
	tp := Tempering{Model: EdwardsAnderson{L: 4, D: 3, Gaussian: true}, Temperatures: []float64{.8, 1.1, 1.5, 2}, Systems: 96, Seed: 13}
	_, r := sampled(t, start(t, tp, "cpu", 1), 400, 300, 3)
	for k := range r.Temperatures {
		within(t, "e + (z/2) β (1 - q_link)", r.LinkIdentity[k], 0)
	}
	tp.Temperatures = []float64{.5}
	_, r = sampled(t, start(t, tp, "cpu", 1), 2, 40, 1)
	if x := r.LinkIdentity[0]; !(math.Abs(x.Mean) > 6*x.Err) || r.Equilibrated[0] {
		t.Errorf("after two sweeps from infinite temperature the identity holds: %v, equilibrated %v", x, r.Equilibrated[0])
	}
}

// The overlap of a state with a stored pattern that it starts from, α = 0.05, against the replica-symmetric solution of Amit,
// Gutfreund and Sompolinsky: the intercept of a line in 1/N over samples, three temperatures at 4.5 errors.
func TestHopfieldRetrieval(t *testing.T) {
	raw, err := os.ReadFile("testdata/hopfield_ags.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Table []struct {
			Alpha float64
			M     map[string]float64
		}
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	ts, names := []float64{.2, .3, .4}, []string{"0.2", "0.3", "0.4"}
	var x []float64
	y, sigma := make([][]float64, len(ts)), make([][]float64, len(ts))
	for _, n := range []int{400, 800, 1600} {
		x = append(x, 1/float64(n))
		m := make([]stats.Moments, len(ts))
		for k, temperature := range ts {
			h := Hopfield{N: n, P: n / 20}
			s := start(t, Tempering{Model: h, Temperatures: []float64{temperature}, Systems: 12800 / n, Copies: 1, Seed: 2}, "cpu", 1)
			for q := range s.Systems {
				retrieve(t, s, h, q)
			}
			if err := s.Step(context.Background(), 40); err != nil {
				t.Fatal(err)
			}
			sums := make([]float64, s.Systems)
			const measured = 60
			for range measured {
				if err := s.Step(context.Background(), 2); err != nil {
					t.Fatal(err)
				}
				state, err := read[float32](s.Program, "state")
				if err != nil {
					t.Fatal(err)
				}
				c := s.carrier.(*patternCarrier)
				for q := range sums {
					sums[q] += float64(state[(q*c.rows+n)*c.width()]) / float64(n) / measured
				}
			}
			for _, v := range sums {
				m[k].Add(v)
			}
		}
		for k := range ts {
			y[k], sigma[k] = append(y[k], m[k].Mean()), append(sigma[k], math.Sqrt(m[k].Variance()/float64(m[k].N())))
		}
	}
	for _, row := range doc.Table {
		if row.Alpha != .05 {
			continue
		}
		for k, name := range names {
			fit, err := stats.Line(x, y[k], sigma[k])
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("T = %s: m = %v, sizes %v, solution %v", name, fit.Intercept, y[k], row.M[name])
			within(t, "m at T = "+name, Estimate{fit.Intercept.Value, fit.Intercept.Err}, row.M[name])
		}
		return
	}
	t.Fatal("no row for α = 0.05")
}

// retrieve puts the first walker of a system in its first pattern.
func retrieve(t *testing.T, s *Sampler, h Hopfield, system int) {
	t.Helper()
	xi, err := h.Patterns(s.Seed, system)
	if err != nil {
		t.Fatal(err)
	}
	c := s.carrier.(*patternCarrier)
	for i := range h.N {
		if err := s.Program.WriteAt("state", (system*c.rows+i)*c.width(), []float32{float32(xi[i])}); err != nil {
			t.Fatal(err)
		}
	}
}

// Detailed balance of sweeps with exchanges: the joint distribution of the two walkers of a ladder over the 16 × 16 states of
// four spins is the product of the Boltzmann distributions. 120,000 draws from 300 ladders, three steps apart; χ² of 255
// degrees of freedom below its mean plus 5 of its standard deviations, 1e-6 if draws are independent.
func TestStationaryDistribution(t *testing.T) {
	m := SherringtonKirkpatrick{N: 4}
	ts := []float64{.7, 1.3}
	s := start(t, Tempering{Model: m, Temperatures: ts, Copies: 300, Seed: 23}, "cpu", 1)
	c, err := m.Couplings(23, 0)
	if err != nil {
		t.Fatal(err)
	}
	var law [2][16]float64
	spins := make([]int8, 4)
	for k, temperature := range ts {
		z := 0.0
		for state := range 16 {
			for i := range spins {
				spins[i] = 1 - 2*int8(state>>i&1)
			}
			law[k][state] = math.Exp(-c.Energy(spins) / temperature)
			z += law[k][state]
		}
		for state := range law[k] {
			law[k][state] /= z
		}
	}
	meter := s.Measure()
	if err := s.Step(context.Background(), 50); err != nil {
		t.Fatal(err)
	}
	observed, expected := make([]float64, 256), make([]float64, 256)
	const draws = 400
	for range draws {
		if err := s.Step(context.Background(), 3); err != nil {
			t.Fatal(err)
		}
		for ladder := range 300 {
			at := 0
			for k := range ts {
				if err := meter.State(0, ladder, k, spins); err != nil {
					t.Fatal(err)
				}
				for i, x := range spins {
					at |= int(uint8(x)>>7) << (4*k + i)
				}
			}
			observed[at]++
		}
	}
	for i := range expected {
		expected[i] = draws * 300 * law[0][i%16] * law[1][i/16]
	}
	chi2, p, err := stats.ChiSquareTest(observed, expected)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("χ² = %.1f, p = %.3g", chi2, p)
	if !(chi2 < 255+5*math.Sqrt(2*255)) {
		t.Errorf("χ² = %.1f for 255 degrees of freedom (p = %v)", chi2, p)
	}
}
