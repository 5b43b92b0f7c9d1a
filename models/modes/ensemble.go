package modes

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"

	"cavity/engine/rng"
	"cavity/kernels"
)

// Ensemble is the space of distributions over networks: every weight is 0 with probability π and else normal with mean m
// and variance Ξ. With μ = (1-π)m and ρ = (1-π)(Ξ + m²), the input of a unit is normal for many inputs,
//
//	z = (Σ μ a + ε √(Σ (ρ-μ²) a²)) / √n,   ε of N(0, 1) for every unit and picture,
//
// and gradients of the loss reach m, Ξ and π through it (Li, Huang 2020, doi:10.1103/PhysRevLett.125.178301). Ξ is kept
// positive and π in 0 … 1. Testing is done with the mean weights μ/√n, ε = 0; [Network.Sample] draws networks.
const Ensemble Space = "ensemble"

// quiet is added to the variance of a unit's input: the root has a gradient also where no input is active.
const quiet = 1e-10

// ensembleParameters are m, Ξ and π of layer l+1 and how they begin: m of variance 2/n_l, Ξ uniform in 0 … .01, π = 0.
func ensembleParameters(l, in, out int) []Parameter {
	shape := []int{in, out}
	return []Parameter{
		{Name: fmt.Sprintf("m%d", l+1), Shape: shape, Scale: math.Sqrt(2 / float64(in))},
		{Name: fmt.Sprintf("xi%d", l+1), Shape: shape, Scale: .01, Uniform: true},
		{Name: fmt.Sprintf("pi%d", l+1), Shape: shape},
	}
}

// noises are the ε of all layers, drawn for a batch.
func (b *builder) noises(n Network, batch int, next map[string]node) {
	if !n.Noisy() {
		return
	}
	for l, units := range n.Layers[1:] {
		like := b.Slot(fmt.Sprintf("eps%d", l+1), batch, units)
		next[fmt.Sprintf("eps%d", l+1)] = b.Do(func() (node, error) { return kernels.NormalLike(like, uint16(batchStream+1+l)) })
	}
}

// ensembleLayer is z of layer l; without noise ε = 0.
func (b *builder) ensembleLayer(a, m, xi, pi, eps node) node {
	inputs := m.Shape()[0]
	keep := b.Sub(b.Num(1), pi)
	mu := b.Had(m, keep)
	z := b.Mul(a, mu)
	if eps != nil {
		// ρ - μ² = (1-π)(Ξ + π m²)
		spread := b.Had(keep, b.Add(xi, b.Had(pi, b.Apply(gorgonia.Square, m))))
		variance := b.Add(b.Mul(b.Apply(gorgonia.Square, a), spread), b.Num(quiet))
		z = b.Add(z, b.Had(eps, b.Apply(gorgonia.Sqrt, variance)))
	}
	return b.Had(z, b.Num(1/math.Sqrt(float64(inputs))))
}

// confine keeps Ξ ≥ 0 and 0 ≤ π ≤ 1 after an update.
func (b *builder) confine(n Network, next map[string]node) {
	if n.Space != Ensemble {
		return
	}
	positive := func(x node) node { return b.Apply(gorgonia.Rectify, x) }
	for l := range n.Layers[1:] {
		xi, pi := fmt.Sprintf("xi%d", l+1), fmt.Sprintf("pi%d", l+1)
		next[xi] = positive(next[xi])
		next[pi] = b.Sub(b.Num(1), positive(b.Sub(b.Num(1), positive(next[pi]))))
	}
}

const sampleStream = 97

// Sample draws network number k of a law of networks, as a network in weight space.
func (n Network) Sample(w Weights, seed uint64, k int) (Network, Weights, error) {
	if !n.Noisy() {
		return n, nil, fmt.Errorf("modes: networks are sampled from the spaces %q and %q, not %q", Ensemble, Binary, n.Space)
	}
	out := Weights{}
	for l := range n.Layers[:len(n.Layers)-1] {
		if n.Space == Binary {
			out[fmt.Sprintf("W%d", l+1)] = n.sampleBinary(w, seed, k, l)
			continue
		}
		m, xi, pi := w[fmt.Sprintf("m%d", l+1)], w[fmt.Sprintf("xi%d", l+1)], w[fmt.Sprintf("pi%d", l+1)]
		x, u := make([]float64, len(m)), make([]float64, len(m))
		rng.At(seed, uint64(k), rng.SetupStage, uint16(sampleStream+2*l)).FillNormal64(x, 0)
		rng.At(seed, uint64(k), rng.SetupStage, uint16(sampleStream+2*l+1)).FillFloat64(u, 0)
		for i := range x {
			x[i] = m[i] + math.Sqrt(xi[i])*x[i]
			if u[i] < pi[i] {
				x[i] = 0
			}
			x[i] /= math.Sqrt(float64(n.Layers[l]))
		}
		out[fmt.Sprintf("W%d", l+1)] = x
	}
	n.Space = Weight
	return n, out, nil
}

// Choice is the entropy of whether a weight is zero, H(π) = -π ln π - (1-π) ln (1-π), in nats.
func Choice(pi float64) float64 {
	s := 0.0
	for _, p := range []float64{pi, 1 - pi} {
		if p > 0 {
			s -= p * math.Log(p)
		}
	}
	return s
}

// Entropy is that of the law of one weight, in nats: Choice(π) plus that of its value if it is not zero,
// (1-π)/2 ln(2πe Ξ/n), of the weight as a network of n inputs uses it, over √n. It is -∞ for Ξ = 0 and π < 1.
func Entropy(pi, xi float64, n int) float64 {
	if pi == 1 {
		return 0
	}
	return Choice(pi) + (1-pi)/2*math.Log(2*math.Pi*math.E*xi/float64(n))
}

// A Credit is what an ensemble says of the weights of one layer.
type Credit struct {
	Zero, Certain float64   // shares of weights with π > 1/2, and with π > .99
	Sparsity      []float64 // π, averaged over the outputs of every input
	Choice        []float64 // H(π) in nats, averaged likewise
	Entropy       []float64 // of the law of the weight, over those of a finite one; NaN where there is none
	Variance      []float64 // (1-π)(Ξ + π m²), of the weights before √n, averaged likewise
}

// Credit sums up layer l, counted from 0.
func (n Network) Credit(w Weights, l int) Credit {
	m, xi, pi := w[fmt.Sprintf("m%d", l+1)], w[fmt.Sprintf("xi%d", l+1)], w[fmt.Sprintf("pi%d", l+1)]
	in, out := n.Layers[l], n.Layers[l+1]
	c := Credit{Sparsity: make([]float64, in), Choice: make([]float64, in), Entropy: make([]float64, in), Variance: make([]float64, in)}
	finite := make([]float64, in)
	for i, p := range pi {
		if p > .5 {
			c.Zero++
		}
		if p > .99 {
			c.Certain++
		}
		c.Sparsity[i/out] += p / float64(out)
		c.Choice[i/out] += Choice(p) / float64(out)
		c.Variance[i/out] += (1 - p) * (xi[i] + p*m[i]*m[i]) / float64(out)
		if s := Entropy(p, xi[i], in); !math.IsInf(s, 0) {
			c.Entropy[i/out] += s
			finite[i/out]++
		}
	}
	for i, k := range finite {
		c.Entropy[i] /= k
	}
	c.Zero, c.Certain = c.Zero/float64(len(pi)), c.Certain/float64(len(pi))
	return c
}
