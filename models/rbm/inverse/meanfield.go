package inverse

import "math"

// MeanField is the naive mean-field solution, J = -(C⁻¹)_ij, h_i = atanh m_i - Σ_j J_ij m_j (Kappen, Rodríguez 1998).
func (m Moments) MeanField() (Model, error) {
	return m.closed(func(c, _, _ float64) float64 { return -c }, func(mi, mj, j float64) float64 { return j * mj })
}

// TAP solves (C⁻¹)_ij = -J_ij - 2 J_ij² m_i m_j for the root that vanishes with C⁻¹, with the reaction term in the
// fields: h_i = atanh m_i - Σ_j (J_ij m_j - m_i J_ij² (1 - m_j²)). Where the root is complex its real part is taken.
func (m Moments) TAP() (Model, error) {
	return m.closed(
		func(c, mi, mj float64) float64 { return -2 * c / (1 + math.Sqrt(max(0, 1-8*c*mi*mj))) },
		func(mi, mj, j float64) float64 { return j*mj - mi*j*j*(1-mj*mj) })
}

// Bethe is exact on trees (Ricci-Tersenghi 2012, doi:10.1088/1742-5468/2012/08/P08015, equations 16 and 19). With
// c = (C⁻¹)_ij and r = √(1 + 4(1-m_i²)(1-m_j²)c²),
//
//	J_ij = -atanh[ (r - √((r - 2 m_i m_j c)² - 4c²)) / 2c - m_i m_j ],
//
// which is -½ asinh 2c at m = 0.
func (m Moments) Bethe() (Model, error) {
	return m.closed(betheCoupling, betheField)
}

func betheCoupling(c, mi, mj float64) float64 {
	if math.Abs(c) < 1e-12 {
		return -c
	}
	r := math.Sqrt(1 + 4*(1-mi*mi)*(1-mj*mj)*c*c)
	d := r - 2*mi*mj*c
	// (r - √(d² - 4c²))/2c - m_i m_j = (d - √(d² - 4c²))/2c, free of cancellation as 2c/(d + √(d² - 4c²)).
	t := 2 * c / (d + math.Sqrt(max(0, d*d-4*c*c)))
	return -math.Atanh(min(1-1e-15, max(-1+1e-15, t)))
}

// betheField is what neighbour j adds to the cavity field of i: atanh(t f) with f the magnetisation of j without i.
func betheField(mi, mj, j float64) float64 {
	t := math.Tanh(j)
	b := 1 - t*t
	root := math.Sqrt(max(0, b*b-4*t*(mj-mi*t)*(mi-mj*t)))
	// f = (b - root) / 2t(m_i - m_j t), free of cancellation as 2(m_j - m_i t) / (b + root).
	return math.Atanh(t * 2 * (mj - mi*t) / (b + root))
}

// closed builds a model from its couplings as functions of C⁻¹ and the means, and the fields that they leave over.
func (m Moments) closed(coupling func(c, mi, mj float64) float64, field func(mi, mj, j float64) float64) (Model, error) {
	inv, err := m.inverseCovariance()
	if err != nil {
		return Model{}, err
	}
	out := New(m.N)
	for i := range m.N {
		out.H[i] = math.Atanh(m.Mean[i])
		for j := range m.N {
			if i == j {
				continue
			}
			x := coupling((inv.At(i, j)+inv.At(j, i))/2, m.Mean[i], m.Mean[j])
			out.J[i*m.N+j] = x
			out.H[i] -= field(m.Mean[i], m.Mean[j], x)
		}
	}
	return out, nil
}
