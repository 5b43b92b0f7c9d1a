package kernels

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
)

// elliptic draws random couplings.
type elliptic struct {
	op
	batch, n int
	g, eta   float64
	stream   uint16
	first    uint64 // number that element 0 takes
}

// Elliptic draws matrices J, float32 [batch, n, n] like its input, whose value it does not use, from the Gaussian elliptic ensemble
//
//	<J_ij²> = g²/n,  <J_ij J_ji> = eta g²/n,  J_ii = 0:
//
// J_ij and J_ji are g/√n (√((1+eta)/2) a ± √((1-eta)/2) b), where the normal numbers a and b are the elements (i, j) and (j, i), i < j,
// of the stream.
func Elliptic(g, eta float64, stream uint16, like *gorgonia.Node) (*gorgonia.Node, error) {
	if err := operand("elliptic", "like", like, tensor.Float32, anySize, anySize, anySize); err != nil {
		return nil, err
	}
	s := like.Shape()
	if s[1] != s[2] || !(eta >= -1 && eta <= 1) {
		return nil, fmt.Errorf("elliptic: matrices of %d by %d with eta = %v, want square ones and -1 ≤ eta ≤ 1", s[1], s[2], eta)
	}
	form := fmt.Sprintf("Elliptic{g %x, eta %x, stream %d}", g, eta, stream)
	return gorgonia.ApplyOp(&elliptic{newOp(form, tensor.Float32, s, like), s[0], s[1], g, eta, stream, 0}, like)
}

// parts are the factors of a and b.
func (k *elliptic) parts() (symmetric, antisymmetric float32) {
	scale := k.g / math.Sqrt(float64(k.n))
	return float32(scale * math.Sqrt((1+k.eta)/2)), float32(scale * math.Sqrt((1-k.eta)/2))
}

// Host is the definition.
func (k *elliptic) Host(c engine.Clock, out engine.Buffer, _ []engine.Buffer) error {
	j, s := engine.Slice[float32](out), c.Stream(k.stream)
	for e := range j {
		j[e] = s.Normal32(k.first + uint64(e))
	}
	for b := range k.batch {
		for i := range k.n {
			k.pairs(j[b*k.n*k.n:(b+1)*k.n*k.n], i, i, k.n)
		}
	}
	return nil
}

// pairs turns the numbers of row i into couplings, with those of columns lo ≤ l < hi beyond i, and clears the diagonal.
func (k *elliptic) pairs(j []float32, i, lo, hi int) {
	sym, anti := k.parts()
	for l := max(lo, i); l < hi; l++ {
		if l == i {
			j[i*k.n+i] = 0
			continue
		}
		a, b := sym*j[i*k.n+l], anti*j[l*k.n+i]
		j[i*k.n+l], j[l*k.n+i] = a+b, a-b
	}
}

// Bind fills rows in parallel and then combines square blocks, whose two halves fit in the cache.
func (k *elliptic) Bind(w engine.Workers, out engine.Buffer, _ []engine.Buffer) (func(*engine.Clock) error, error) {
	const block = 64
	j, n := engine.Slice[float32](out), k.n
	var clock engine.Clock
	fill := func(t, _ int) {
		clock.Stream(k.stream).FillNormal32(j[t*n:(t+1)*n], k.first+uint64(t*n))
	}
	blocks := (n + block - 1) / block
	combine := func(t, _ int) {
		b, row := t/blocks, t%blocks*block
		m := j[b*n*n : (b+1)*n*n]
		for col := row; col < n; col += block {
			for i := row; i < min(row+block, n); i++ {
				k.pairs(m, i, col, min(col+block, n))
			}
		}
	}
	return func(c *engine.Clock) error {
		clock = *c
		w.Do(k.batch*n, fill)
		w.Do(k.batch*blocks, combine)
		return nil
	}, nil
}
