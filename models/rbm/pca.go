package rbm

import (
	"fmt"

	"gonum.org/v1/gonum/mat"
)

// PCA is the principal components of examples: the linear autoencoder that all others are held against.
type PCA struct {
	Mean       []float64
	Components *mat.Dense // [inputs, components], orthonormal columns
	Variances  []float64  // of all components, largest first
}

// NewPCA finds components of rows of x, [examples, width], from the eigenvectors of their covariance.
func NewPCA(x []float32, width, components int) (*PCA, error) {
	rows := len(x) / max(1, width)
	if rows < 2 || components < 1 || components > width {
		return nil, fmt.Errorf("pca: %d components of %d examples of %d numbers: at least 2 examples, 1 component to as many as numbers", components, rows, width)
	}
	p := &PCA{Mean: make([]float64, width)}
	for e, v := range x {
		p.Mean[e%width] += float64(v) / float64(rows)
	}
	cov := mat.NewSymDense(width, nil)
	const block = 2000 // rows at a time, so that memory stays small
	for from := 0; from < rows; from += block {
		n := min(block, rows-from)
		d := mat.NewDense(n, width, nil)
		for k := range n {
			for i := range width {
				d.Set(k, i, float64(x[(from+k)*width+i])-p.Mean[i])
			}
		}
		cov.SymRankK(cov, 1/float64(rows), d.T())
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(cov, true) {
		return nil, fmt.Errorf("pca: the eigenvectors of the covariance were not found")
	}
	values := eigen.Values(nil)
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	p.Components = mat.NewDense(width, components, nil)
	for k := range width {
		p.Variances = append(p.Variances, values[width-1-k])
		if k < components {
			for i := range width {
				p.Components.Set(i, k, vectors.At(i, width-1-k))
			}
		}
	}
	return p, nil
}

// Reconstruct projects rows of x on the components and back.
func (p *PCA) Reconstruct(x []float32) []float32 {
	width := len(p.Mean)
	rows := len(x) / width
	d := mat.NewDense(rows, width, nil)
	for e, v := range x {
		d.Set(e/width, e%width, float64(v)-p.Mean[e%width])
	}
	var code, back mat.Dense
	code.Mul(d, p.Components)
	back.Mul(&code, p.Components.T())
	out := make([]float32, len(x))
	for e := range out {
		out[e] = float32(back.At(e/width, e%width) + p.Mean[e%width])
	}
	return out
}
