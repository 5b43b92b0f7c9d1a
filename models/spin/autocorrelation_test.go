package spin

import (
	"math"
	"math/bits"
	"testing"

	"cavity/engine/rng"
	"cavity/kernels"
)

// An autoregressive process x' = φx + √(1-φ²)·noise has τ = ½(1+φ)/(1-φ), whether the chains keep every value, bins much shorter
// than τ, or bins much longer. 9 comparisons at 4.5 errors, false alarm 6e-5 in all for normal errors; the errors are a few
// percent of τ, which is asserted too.
func TestAutocorrelationTimes(t *testing.T) {
	const steps = 1 << 16
	for _, phi := range []float64{0, .6, .95} {
		for _, most := range []int{1 << 17, 1 << 13, 1 << 8} {
			c := newEnergyChains(batch{systems: 1, copies: 2, temperatures: 2, n: 1})
			c.rec.most = most
			noise := make([]float64, 4*steps)
			rng.At(5, 0, 0, 1).FillNormal64(noise, 0)
			x := make([]float64, 4)
			for i := range steps {
				for k := range x {
					x[k] = phi*x[k] + math.Sqrt(1-phi*phi)*noise[4*i+k]
				}
				c.take([]float64{x[0], 7 + x[1], x[2], 7 + x[3]}, 1)
			}
			exact := .5 * (1 + phi) / (1 - phi)
			tau, window := c.tau(1)
			t.Logf("φ = %v, at most %d values: τ = %v, exact %v, window %d", phi, most, tau, exact, window)
			if !(math.Abs(tau.Mean-exact) < 4.5*tau.Err) || !(tau.Err < .2*exact) || window < int(c.rec.length) {
				t.Errorf("φ = %v, at most %d values: τ = %v, exact %v, window %d", phi, most, tau, exact, window)
			}
		}
	}
}

// The energy of the 4×4 Ising model under checkerboard sweeps of heat bath: τ from the exact transition matrix, 65,536 states wide
// and applied spin by spin. Three temperatures at 4.5 errors of a few percent: false alarm 2e-5 in all. (Metropolis always turns
// spins without a field, so that the diagonal stripes ++-- of this lattice, where no spin has one, are a trap of their own:
// its correlations do not decay.)
func TestIsingAutocorrelationTime(t *testing.T) {
	m := Ising{L: 4, D: 2}
	ts := []float64{2, 2.6, 4}
	for _, temperature := range ts {
		s := start(t, Tempering{Model: m, Temperatures: []float64{temperature}, Systems: 8, Copies: 8, Rule: kernels.HeatBath, Seed: 3}, "cpu", 1)
		_, r := sampled(t, s, 200, 4000, 1)
		exact := exactTau(t, m, temperature)
		t.Logf("T = %v: τ = %v, window %d, exact %v", temperature, r.TauInt[0], r.TauWindow[0], exact)
		within(t, "τ", r.TauInt[0], exact)
		if !(r.TauInt[0].Err < .1*exact) {
			t.Errorf("T = %v: τ = %v", temperature, r.TauInt[0])
		}
	}
}

// exactTau is ½ + Σ_t <E(0)E(t)>/<E²> of the centred energy, E(t) = PᵗE with P the sweep.
func exactTau(t *testing.T, m Ising, temperature float64) float64 {
	t.Helper()
	c, err := m.Couplings(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	n := c.N
	near := make([]uint32, n)
	for _, b := range c.Bonds {
		near[b.I] |= 1 << b.J
		near[b.J] |= 1 << b.I
	}
	energy, weight := make([]float64, 1<<n), make([]float64, 1<<n)
	var z, mean float64
	for x := range energy {
		for _, b := range c.Bonds {
			energy[x] += float64(2*((x>>b.I^x>>b.J)&1) - 1)
		}
		weight[x] = math.Exp(-energy[x] / temperature)
		z, mean = z+weight[x], mean+weight[x]*energy[x]
	}
	f := make([]float64, 1<<n)
	for x := range f {
		weight[x] /= z
		f[x] = energy[x] - mean/z
	}
	var order []int // P acts on functions, so the last spin of a sweep comes first
	for colour := range 2 {
		for i := range n {
			if (i%m.L+i/m.L)%2 == colour {
				order = append([]int{i}, order...)
			}
		}
	}
	product := func() (sum float64) {
		for x := range f {
			sum += weight[x] * f[x] * (energy[x] - mean/z)
		}
		return sum
	}
	var turn [5]float64 // probability by the number of neighbours that are -1
	for against := range turn {
		turn[against] = 1 / (1 + math.Exp(4*float64(2-against)/temperature))
	}
	first := product()
	tau := .5
	for range 400 {
		for _, i := range order {
			for x := range f {
				if x>>i&1 == 1 {
					continue
				}
				y := x | 1<<i
				down := turn[bits.OnesCount32(near[i]&uint32(x))] // what spin i is after the visit depends on neither f[x] nor f[y]
				f[x] += down * (f[y] - f[x])
				f[y] = f[x]
			}
		}
		rho := product() / first
		if tau += rho; math.Abs(rho) < 1e-6 {
			return tau
		}
	}
	t.Fatal("the exact autocorrelation does not decay")
	return 0
}
