package modes

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"

	"cavity/engine/rng"
)

// Binary is the space of distributions over networks of binary weights: a weight is ±1 with the mean m = tanh θ of its field θ.
// The input of a unit is normal for many inputs n,
//
//	z = (Σ m a + ε √(Σ (1-m²) a²)) / √n,   ε of N(0, 1) for every unit and picture,
//
// and gradients of the loss reach θ through it (Li, Huang, Zou, Huang 2023, doi:10.1103/PhysRevE.108.014309). Testing is done
// with the means, ε = 0; [Network.Sample] draws networks of weights ±1/√n.
const Binary Space = "binary"

// field is the spread of the first fields: means begin at tanh of it, far from ±1.
const field = .5

// binaryParameter is θ of layer l+1.
func binaryParameter(l, in, out int) Parameter {
	return Parameter{Name: fmt.Sprintf("theta%d", l+1), Shape: []int{in, out}, Scale: field}
}

// binaryLayer is z of a layer; without noise ε = 0.
func (b *builder) binaryLayer(a, theta, eps node) node {
	inputs := theta.Shape()[0]
	m := b.Apply(gorgonia.Tanh, theta)
	z := b.Mul(a, m)
	if eps != nil {
		variance := b.Add(b.Mul(b.Apply(gorgonia.Square, a), b.uncertainty(m)), b.Num(quiet))
		z = b.Add(z, b.Had(eps, b.Apply(gorgonia.Sqrt, variance)))
	}
	return b.Scale(z, 1/math.Sqrt(float64(inputs)))
}

// uncertainty is the variance 1 - m² of weights ±1 with means m.
func (b *builder) uncertainty(m node) node { return b.Sub(b.Num(1), b.Apply(gorgonia.Square, m)) }

// remember adds to the gradients those of memory · Σ KL(q | q₀), the relative entropy of the law of the weights to an earlier
// one with fields θ₀: KL = m(θ-θ₀) - ln cosh θ + ln cosh θ₀ for one weight, so that
//
//	∂KL/∂θ = (1 - tanh² θ)(θ - θ₀).
//
// θ₀ are in the slots prior.theta1, …, and memory is a slot too.
func (b *builder) remember(params, grads []node) {
	memory := b.Slot("memory")
	for i, theta := range params {
		prior := b.Slot(priorOf(theta.Name()), theta.Shape()...)
		pull := b.Had(b.uncertainty(b.Apply(gorgonia.Tanh, theta)), b.Sub(theta, prior))
		grads[i] = b.Add(grads[i], b.Had(pull, memory))
	}
}

func priorOf(name string) string { return "prior." + name }

// RelativeEntropy is KL(q | q₀) of two laws of a weight ±1 with fields θ and θ₀, in nats:
// Σ over ±1 of (1 ± m)/2 ln[(1 ± m)/(1 ± m₀)], also where a mean is 1 but for rounding.
func RelativeEntropy(theta, prior float64) float64 {
	return math.Tanh(theta)*(theta-prior) - logCosh(theta) + logCosh(prior)
}

func logCosh(x float64) float64 {
	x = math.Abs(x)
	return x + math.Log1p(math.Exp(-2*x)) - math.Ln2
}

// sampleBinary draws weights ±1/√n for layer l.
func (n Network) sampleBinary(w Weights, seed uint64, k, l int) []float64 {
	theta := w[fmt.Sprintf("theta%d", l+1)]
	u, x := make([]float64, len(theta)), 1/math.Sqrt(float64(n.Layers[l]))
	rng.At(seed, uint64(k), rng.SetupStage, uint16(sampleStream+2*l+1)).FillFloat64(u, 0)
	for i, v := range u {
		u[i] = x
		if v > (1+math.Tanh(theta[i]))/2 {
			u[i] = -x
		}
	}
	return u
}
