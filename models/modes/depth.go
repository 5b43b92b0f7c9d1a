package modes

import (
	"fmt"
	"math"

	"cavity/engine"
	"cavity/engine/rng"
)

// A RandomNetwork has independent normal weights of variance Gain/N and no biases, N units in every layer; its inputs are
// independent normal numbers of variance 1.
type RandomNetwork struct {
	Units, Depth int
	Gain         float64
	Activation   string // tanh or relu
}

// Dimensions is the theory of how its representations lose dimensions: D̃ = (tr C)²/(N tr C²) of layers 1 … Depth for large N.
// With Q the mean square of a layer and v = gQ the variance of the next one's inputs,
//
//	Q′ = K₀(v),   1/D̃′ = 1 + K₁(v)⁴ v²/(K₀(v)² D̃),   K₀ = <φ²>,  K₁ = <φ′>,
//
// from Q = 1 and D̃ = 1: the inputs of two units have a covariance of variance g² tr C²/N² over the weights, the outputs K₁²
// times it to first order, and N² pairs of them stand beside N variances K₀ in tr C′². It needs an odd φ, whose outputs
// have no mean.
func (r RandomNetwork) Dimensions() ([]float64, error) {
	if r.Activation != "tanh" || r.Depth < 1 || !(r.Gain > 0) {
		return nil, fmt.Errorf("modes: dimensions of a random network of %s, depth %d, gain %v: tanh, a depth of 1 or more, a positive gain", r.Activation, r.Depth, r.Gain)
	}
	q, d := 1.0, 1.0
	var out []float64
	for range r.Depth {
		v := r.Gain * q
		k0 := normalMean(v, func(x float64) float64 { return math.Tanh(x) * math.Tanh(x) })
		k1 := normalMean(v, func(x float64) float64 { t := math.Tanh(x); return 1 - t*t })
		d = 1 / (1 + math.Pow(k1, 4)*v*v/(k0*k0*d))
		q = k0
		out = append(out, d)
	}
	return out, nil
}

// normalMean is <f(x)> of a normal x of mean 0 and variance v, by the trapezium rule over ±10 standard deviations, whose error is
// below 1e-12 for functions as smooth as tanh of a few standard deviations.
func normalMean(v float64, f func(float64) float64) float64 {
	const half, h = 400, 10. / 400
	sum := 0.0
	for k := -half; k <= half; k++ {
		z := float64(k) * h
		sum += f(math.Sqrt(v)*z) * math.Exp(-z*z/2)
	}
	return sum * h / math.Sqrt(2*math.Pi)
}

const depthStream = 95

// Simulate draws one network and `samples` inputs and measures D̃ of its layers about zero, with the bias of the
// finite sample subtracted.
func (r RandomNetwork) Simulate(b engine.Backend, samples int, seed uint64) ([]float64, error) {
	n := Network{Space: Weight, Activation: r.Activation, Layers: make([]int, r.Depth+2)}
	for l := range n.Layers {
		n.Layers[l] = r.Units
	}
	n.Layers[r.Depth+1] = 1 // the classes, of no use here
	w := Weights{}
	for l, p := range n.Parameters() {
		p.Scale = math.Sqrt(r.Gain / float64(r.Units))
		w[p.Name] = p.Initial(seed, l)
	}
	c, err := n.Open(b, w)
	if err != nil {
		return nil, err
	}
	all := make([][]float64, r.Depth)
	x := make([]float64, c.chunk*r.Units)
	for first := 0; first < samples; first += c.chunk {
		rng.At(seed, uint64(first), rng.SetupStage, depthStream).FillNormal64(x, 0)
		if err := c.write("test_x", x); err != nil {
			return nil, err
		}
		if err := c.Program.Once("evaluate"); err != nil {
			return nil, err
		}
		for l := range all {
			a, err := c.read(activity(l + 1))
			if err != nil {
				return nil, err
			}
			all[l] = append(all[l], a[:min(c.chunk, samples-first)*r.Units]...)
		}
	}
	out := make([]float64, r.Depth)
	for l, a := range all {
		d, err := ParticipationRatio(a, r.Units, false)
		if err != nil {
			return nil, err
		}
		out[l] = d / float64(r.Units)
	}
	return out, nil
}
