package modes

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// A Spectrum is the singular value decomposition W = U S Vᵀ of a layer's weights, n_l × n_{l+1}.
type Spectrum struct {
	Values []float64  // descending
	U, V   *mat.Dense // columns are directions in the layer's inputs and outputs
}

// Spectrum decomposes layer l, counted from 0. In mode space W is not formed: ξ_in = Q R and ξ_outᵀ = Q′ R′ leave the
// P × P matrix R Σ R′ᵀ to decompose.
func (n Network) Spectrum(w Weights, l int) (Spectrum, error) {
	rows, cols := n.Layers[l], n.Layers[l+1]
	if !n.InModes() || n.P >= min(rows, cols) {
		return decompose(mat.NewDense(rows, cols, n.explicit(w, l)))
	}
	in, sigma, out := n.layerModes(w, l)
	q1, r1 := thinQR(mat.NewDense(rows, n.P, in))
	q2, r2 := thinQR(mat.DenseCopyOf(mat.NewDense(n.P, cols, out).T()))
	core := mat.NewDense(n.P, n.P, nil)
	core.Mul(r1, mat.NewDiagDense(n.P, sigma))
	core.Mul(core, r2.T())
	s, err := decompose(core)
	if err != nil {
		return s, err
	}
	var u, v mat.Dense
	u.Mul(q1, s.U)
	v.Mul(q2, s.V)
	s.U, s.V = &u, &v
	return s, nil
}

func decompose(m *mat.Dense) (s Spectrum, err error) {
	var svd mat.SVD
	if !svd.Factorize(m, mat.SVDThin) {
		return s, fmt.Errorf("modes: the singular values did not converge")
	}
	s.Values, s.U, s.V = svd.Values(nil), new(mat.Dense), new(mat.Dense)
	svd.UTo(s.U)
	svd.VTo(s.V)
	return s, nil
}

// thinQR is A = Q R with Q as wide as A.
func thinQR(a *mat.Dense) (q, r *mat.Dense) {
	rows, cols := a.Dims()
	var f mat.QR
	f.Factorize(a)
	var full, upper mat.Dense
	f.QTo(&full)
	f.RTo(&upper)
	return mat.DenseCopyOf(full.Slice(0, rows, 0, cols)), mat.DenseCopyOf(upper.Slice(0, cols, 0, cols))
}

// SubspaceOverlap compares what layer l writes with what layer l+1 reads: ‖VₖᵀUₖ‖² / k of the k leading output directions
// of the one and input directions of the other, k = 1, 2, …. It is 1 for equal subspaces and k/n on average for random ones
// among n units.
func SubspaceOverlap(lower, upper Spectrum) []float64 {
	var m mat.Dense
	m.Mul(lower.V.T(), upper.U)
	rows, cols := m.Dims()
	out := make([]float64, min(rows, cols))
	sum := 0.0
	for k := range out {
		for i := range k {
			a, b := m.At(i, k), m.At(k, i)
			sum += a*a + b*b
		}
		sum += m.At(k, k) * m.At(k, k)
		out[k] = sum / float64(k+1)
	}
	return out
}

// Correlations are the cosines between modes of layer l: P × P of the input modes, and of the output modes.
func (n Network) Correlations(w Weights, l int) (in, out []float64) {
	a, _, b := n.layerModes(w, l)
	rows := mat.DenseCopyOf(mat.NewDense(n.Layers[l], n.P, a).T())
	return cosines(rows), cosines(mat.NewDense(n.P, n.Layers[l+1], b))
}

// cosines between the rows of a matrix; a row of zeros has cosine 0 with others and 1 with itself.
func cosines(m *mat.Dense) []float64 {
	n, _ := m.Dims()
	var g mat.Dense
	g.Mul(m, m.T())
	c := make([]float64, n*n)
	for i := range n {
		for j := range n {
			if s := math.Sqrt(g.At(i, i) * g.At(j, j)); s > 0 {
				c[i*n+j] = g.At(i, j) / s
			} else if i == j {
				c[i*n+j] = 1
			}
		}
	}
	return c
}

// MeanAbsolute is the mean absolute value off the diagonal of an n × n matrix.
func MeanAbsolute(c []float64) float64 {
	n := int(math.Sqrt(float64(len(c))))
	sum := 0.0
	for i := range n {
		for j := range n {
			if i != j {
				sum += math.Abs(c[i*n+j])
			}
		}
	}
	return sum / float64(max(1, n*(n-1)))
}
