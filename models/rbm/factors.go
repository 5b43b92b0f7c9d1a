package rbm

import "math"

// factors sums Bernoulli units for states that follow each other by turning one unit: with the numbers e^{x_j} at hand, a turn
// multiplies them by e^{±W_ij}, and Σ_j ln(1 + e^{x_j}) is the logarithm of a product. Its exponent is taken off often enough
// for it to stay in range, so that a state costs two multiplications a unit and one logarithm.
type factors struct {
	nh       int
	up, down []float64 // e^{δW} for a unit that turns on, or off
	chunk    int       // factors between two looks at the exponent
}

// lanes are products that do not wait for each other.
const lanes = 4

// newFactors is nil for a machine whose hidden units are not Bernoulli or whose fields may be too large.
func newFactors(m *Machine) *factors {
	if m.Hidden.Units != Bernoulli || m.Hidden.Labels > 0 {
		return nil
	}
	step := 1.0
	if m.Visible.Units == Ising {
		step = 2
	}
	nh := m.Hidden.Count
	reach := make([]float64, nh)
	for j, c := range m.C {
		reach[j] = math.Abs(float64(c))
	}
	f := &factors{nh: nh, up: make([]float64, len(m.W)), down: make([]float64, len(m.W))}
	for e, w := range m.W {
		reach[e%nh] += math.Abs(float64(w))
		f.up[e], f.down[e] = math.Exp(step*float64(w)), math.Exp(-step*float64(w))
	}
	most := 1.0
	for _, r := range reach {
		most = max(most, r)
	}
	if f.chunk = int(690 / (most + 1)); f.chunk < 2 {
		return nil
	}
	return f
}

// start is e^{x}.
func (f *factors) start(x []float64) []float64 {
	e := make([]float64, len(x))
	for j, v := range x {
		e[j] = math.Exp(v)
	}
	return e
}

// turn turns unit i and returns Σ_j ln(1 + e_j).
func (f *factors) turn(e []float64, i int, on bool) float64 {
	by := f.down[i*f.nh : (i+1)*f.nh]
	if on {
		by = f.up[i*f.nh : (i+1)*f.nh]
	}
	e = e[:len(by)]
	product := [lanes]float64{1, 1, 1, 1}
	exponent, j := 0, 0
	for j+lanes <= len(e) {
		a, b, c, d := product[0], product[1], product[2], product[3]
		for end := min(j+lanes*(f.chunk-1), len(e)-len(e)%lanes); j < end; j += lanes {
			e[j] *= by[j]
			e[j+1] *= by[j+1]
			e[j+2] *= by[j+2]
			e[j+3] *= by[j+3]
			a, b, c, d = a*(1+e[j]), b*(1+e[j+1]), c*(1+e[j+2]), d*(1+e[j+3])
		}
		product = [lanes]float64{a, b, c, d}
		for l, p := range product {
			bits := math.Float64bits(p)
			exponent += int(bits>>52) - 1023
			product[l] = math.Float64frombits(bits&(1<<52-1) | 1023<<52)
		}
	}
	sum := 0.0
	for ; j < len(e); j++ {
		e[j] *= by[j]
		sum += math.Log1p(e[j])
	}
	return sum + float64(exponent)*math.Ln2 + math.Log(product[0]*product[1]*product[2]*product[3])
}
