package multispin

import (
	"encoding/json"
	"math"
	"math/bits"
	"os"
	"testing"

	"cavity/engine/cpu/level"
	"cavity/engine/rng"
)

// run sweeps a batch n times.
func run(t *testing.T, b batch, seed uint64, n int) *Sweeper {
	s, err := NewSweeper(b.Lattice, b.rule, b.spins, b.couplings, b.thresholds, crew(1))
	if err != nil {
		t.Fatal(err)
	}
	for pass := range n {
		s.Sweep(rng.At(seed, uint64(pass), 0, 1))
	}
	return s
}

// setTemperatures gives system i the inverse temperature betas[i mod len(betas)].
func setTemperatures(t *testing.T, b batch, betas []float64) {
	table, err := b.rule.Table(b.Dims(), betas)
	if err != nil {
		t.Fatal(err)
	}
	labels := make([]int32, b.Systems())
	for i := range labels {
		labels[i] = int32(i % len(betas))
	}
	if err := setThresholds(b.Lattice, b.rule, b.thresholds, table, labels); err != nil {
		t.Fatal(err)
	}
}

// TestIsing2 compares energies with Kaufman's exact ones (1949) at 15 temperatures, for L = 8 and 16 with 34 replicas of each,
// under both rules, and for L = 128 in strips above Tc. The replicas are independent, so the deviation of their mean divided by
// its error, from their scatter, follows Student's law with 33 degrees of freedom (7 for the strips): a sum of squares of n of
// them has mean 1.065 n and about the variance 2.6 n. Each limit has a false-alarm rate below 1e-4; the seed is fixed.
func TestIsing2(t *testing.T) {
	var exact struct {
		Table []struct {
			L    int
			T, E float64
		}
	}
	text, err := os.ReadFile("testdata/ising2d_exact.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &exact); err != nil {
		t.Fatal(err)
	}
	chi2, n := 0.0, 0
	compare := func(l, warm, sweeps int, lattice Lattice, rule Rule, lowest float64) {
		var betas, energies []float64
		for _, row := range exact.Table {
			if row.L == l && row.T >= lowest {
				betas, energies = append(betas, 1/row.T), append(energies, row.E)
			}
		}
		if lattice.Strips { // all replicas at the lowest of these temperatures
			betas, energies = betas[:1], energies[:1]
		}
		b := newBatch(t, lattice, rule)
		setTemperatures(t, b, betas)
		clear(b.spins) // from the ground state, which no domain wall can trap
		for k, z := range deviations(t, b, warm, sweeps, betas, energies) {
			if math.Abs(z) > 5.5 && !lattice.Strips || math.Abs(z) > 11 {
				t.Errorf("%v: at T = %.4f the energy is %.1f errors off %v", b, 1/betas[k], z, energies[k])
			}
			if !lattice.Strips {
				chi2, n = chi2+z*z, n+1
			}
		}
	}
	for _, rule := range []Rule{Metropolis, HeatBath} {
		compare(8, 300, 600, Lattice{Size: []int{8, 8}, Words: 8}, rule, 0)
		compare(16, 1000, 1500, Lattice{Size: []int{16, 16}, Words: 8}, rule, 0)
		compare(128, 200, 100, Lattice{Size: []int{2, 128}, Words: 8, Strips: true}, rule, 2.6)
	}
	t.Logf("χ² = %.1f in %d comparisons", chi2, n)
	if want := 1.065 * float64(n); math.Abs(chi2-want) > 4.5*math.Sqrt(2.6*float64(n)) {
		t.Errorf("χ² = %.1f in %d comparisons, expected %.1f", chi2, n, want)
	}
}

// deviations are the errors in units of the standard error, by temperature, of mean energies over replicas and sweeps.
func deviations(t *testing.T, b batch, warm, sweeps int, betas, exact []float64) []float64 {
	s := run(t, b, 23, warm)
	m, err := NewEnergyMeter(b.Lattice, b.spins, b.couplings, crew(1))
	if err != nil {
		t.Fatal(err)
	}
	mean, energies := make([]float64, b.Systems()), make([]int32, b.Systems())
	const every = 5
	for pass := range sweeps {
		s.Sweep(rng.At(23, uint64(warm+pass), 0, 1))
		if pass%every != 0 {
			continue
		}
		if err := m.Energies(energies); err != nil {
			t.Fatal(err)
		}
		for i, e := range energies {
			mean[i] += float64(e) / float64(b.Spins()) / float64((sweeps+every-1)/every)
		}
	}
	z := make([]float64, len(betas))
	replicas := b.Systems() / len(betas)
	for k := range z {
		var sum, square float64
		for r := range replicas {
			x := mean[r*len(betas)+k] - exact[k]
			sum, square = sum+x, square+x*x
		}
		sum /= float64(replicas)
		variance := (square/float64(replicas) - sum*sum) / float64(replicas-1)
		z[k] = sum / math.Sqrt(variance)
	}
	return z
}

// TestSpinGlass4 compares a 4×4 sample of ±1 couplings with the enumeration of its 65,536 states: 4,096 independent replicas
// after 400 sweeps from random states give the histogram of energies, and the overlaps of 2,048 pairs of them P(q). Pearson's χ²
// of either is allowed the 0.9999 quantile (Wilson and Hilferty's approximation); three rates of 1e-4 for each rule, fixed seeds.
func TestSpinGlass4(t *testing.T) {
	const beta = 0.8
	for _, rule := range []Rule{Metropolis, HeatBath} {
		b := newBatch(t, Lattice{Size: []int{4, 4}, Words: 64, CouplingWords: 1}, rule)
		for i := range b.couplings { // one sample for all bits
			b.couplings[i] = -(b.couplings[i] & 1)
		}
		setTemperatures(t, b, []float64{beta})
		run(t, b, 29, 400)

		levels, law := enumerate4(t, b, beta)
		energies := make([]int32, b.Systems())
		m, err := NewEnergyMeter(b.Lattice, b.spins, b.couplings, crew(1))
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Energies(energies); err != nil {
			t.Fatal(err)
		}
		seen := map[int]int{}
		for _, e := range energies {
			seen[int(e)]++
		}
		pearson(t, rule, "energies", seen, levels, b.Systems())

		c, err := NewColumns(b.Lattice, b.spins, crew(1))
		if err != nil {
			t.Fatal(err)
		}
		c.TakeSpins()
		clear(seen)
		for i := 0; i < b.Systems(); i += 2 {
			seen[c.Overlap(i, i+1)]++
		}
		pearson(t, rule, "overlaps", seen, overlapLaw(law), b.Systems()/2)
	}
}

// enumerate4 gives the probability of each energy and of each of the 2^16 states of bit 0.
func enumerate4(t *testing.T, b batch, beta float64) (map[int]float64, []float64) {
	one := Lattice{Size: []int{4, 4}, Words: 1, CouplingWords: 1}
	law, energy := make([]float64, 1<<16), make([]int, 1<<16)
	spins, e := make([]uint64, 16), make([]int32, 64)
	z := 0.0
	for first := 0; first < 1<<16; first += 64 { // 64 states at a time, by the plain energies
		for i := range spins {
			spins[i] = 0
			for r := range 64 {
				spins[i] |= uint64((first+r)>>i&1) << r
			}
		}
		if err := one.PlainEnergies(e, spins, b.couplings); err != nil {
			t.Fatal(err)
		}
		for r, x := range e {
			energy[first+r], law[first+r] = int(x), math.Exp(-beta*float64(x))
			z += law[first+r]
		}
	}
	levels := map[int]float64{}
	for s := range law {
		law[s] /= z
		levels[energy[s]] += law[s]
	}
	return levels, law
}

// overlapLaw is the exact law of q = Σ s s' for two independent states: the number of differing spins is that of bits in s xor s',
// whose law is the autocorrelation of the states' law, found by two Walsh-Hadamard transformations.
func overlapLaw(law []float64) map[int]float64 {
	a := append([]float64{}, law...)
	walsh := func() {
		for h := 1; h < len(a); h *= 2 {
			for i := range a {
				if i&h == 0 {
					a[i], a[i|h] = a[i]+a[i|h], a[i]-a[i|h]
				}
			}
		}
	}
	walsh()
	for i := range a {
		a[i] *= a[i] / float64(len(a))
	}
	walsh()
	p := map[int]float64{}
	for s, x := range a {
		p[16-2*bits.OnesCount(uint(s))] += x
	}
	return p
}

// pearson compares counts with a law, taking together what is expected less than five times.
func pearson(t *testing.T, rule Rule, what string, seen map[int]int, law map[int]float64, n int) {
	t.Helper()
	chi2, classes, rest, restSeen, all := 0.0, 0, 0.0, 0, 0
	for x, p := range law {
		want, got := p*float64(n), seen[x]
		all += got
		if want < 5 {
			rest, restSeen = rest+want, restSeen+got
			continue
		}
		chi2 += (float64(got) - want) * (float64(got) - want) / want
		classes++
	}
	if rest > 1 {
		chi2 += (float64(restSeen) - rest) * (float64(restSeen) - rest) / rest
		classes++
	}
	k := float64(classes - 1)
	limit := k * math.Pow(1-2/(9*k)+3.72*math.Sqrt(2/(9*k)), 3)
	t.Logf("%v, %s: χ² = %.1f with %.0f degrees of freedom, limit %.1f", rule, what, chi2, k, limit)
	if chi2 > limit || all != n {
		t.Errorf("%v, %s: χ² = %.1f above %.1f, %d of %d values possible", rule, what, chi2, limit, all, n)
	}
}

// TestAlwaysTurns checks the two extreme thresholds on a frozen and on a free lattice: with p = 0 a ferromagnet's ground state
// stays, with p = 1 every spin turns at every sweep.
func TestAlwaysTurns(t *testing.T) {
	for _, l := range level.Available() {
		defer level.Use(l)()
		b := newBatch(t, Lattice{Size: []int{4, 4, 4}, Words: 9}, Metropolis)
		for beta, want := range map[float64]uint64{math.Inf(1): 0, 0: ^uint64(0)} {
			clear(b.spins)
			setTemperatures(t, b, []float64{beta})
			run(t, b, 1, 1)
			for i, x := range b.spins {
				if x != want {
					t.Fatalf("%v: β = %v leaves %x at word %d", l, beta, x, i)
				}
			}
		}
	}
}
