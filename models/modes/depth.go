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
	Activation   string // tanh or linear for the theory
}

// Dimensions is the theory of how its representations lose dimensions: D̃ = (tr C)²/(N tr C²) of layers 1 … Depth for large N,
// from Q = 1 and D̃ = 1. See [Recursion].
func (r RandomNetwork) Dimensions() ([]float64, error) {
	if r.Depth < 1 || r.Units < 1 {
		return nil, fmt.Errorf("modes: dimensions of a random network of depth %d of %d units: at least 1 each", r.Depth, r.Units)
	}
	units, gain := make([]int, r.Depth), make([]float64, r.Depth)
	for l := range units {
		units[l], gain[l] = r.Units, r.Gain
	}
	d, err := Recursion{Activation: r.Activation, Square: 1, Dimension: float64(r.Units)}.Dimensions(units, gain)
	for l := range d {
		d[l] /= float64(r.Units)
	}
	return d, err
}

// A Recursion follows second moments about zero through layers of random normal weights. With C the moments of a layer's n
// activities, D = (tr C)²/tr C² and Q = tr C/n, and weights of variance g/n before the next layer's n′ units,
//
//	Q′ = K₀(v),   1/D′ = 1/n′ + K₁(v)⁴ v²/(K₀(v)² D),   v = gQ,   K₀ = <φ²>,  K₁ = <φ′>:
//
// the inputs of two units have a covariance of variance g² tr C²/n² over the weights, the outputs K₁² times it to first
// order, and n′² pairs of them stand beside n′ variances K₀ in tr C′². It needs an odd φ, whose outputs have no mean, and
// takes the inputs of a unit for normal.
type Recursion struct {
	Activation string  // tanh or linear
	Square     float64 // Q of the layer to begin with
	Dimension  float64 // and its D
}

// Dimensions is D of the following layers, of units[l] units after weights of gain[l].
func (r Recursion) Dimensions(units []int, gain []float64) ([]float64, error) {
	if r.Activation != "tanh" && r.Activation != "linear" || !(r.Square > 0) || !(r.Dimension >= 1) {
		return nil, fmt.Errorf("modes: dimensions of random layers of %s from a mean square of %v and %v dimensions: tanh or linear, a positive number, at least 1", r.Activation, r.Square, r.Dimension)
	}
	q, d := r.Square, r.Dimension
	var out []float64
	for l, n := range units {
		v := gain[l] * q
		if !(v > 0) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("modes: random layer %d has a gain of %v: a positive number", l+1, gain[l])
		}
		k0, k1 := v, 1.0
		if r.Activation == "tanh" {
			k0 = normalMean(v, func(x float64) float64 { return math.Tanh(x) * math.Tanh(x) })
			k1 = normalMean(v, func(x float64) float64 { t := math.Tanh(x); return 1 - t*t })
		}
		d = 1 / (1/float64(n) + math.Pow(k1, 4)*v*v/(k0*k0*d))
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
	all, err := n.response(b, w, samples, seed)
	if err != nil {
		return nil, err
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

// response is the activities of all hidden layers to independent normal inputs of variance 1.
func (n Network) response(b engine.Backend, w Weights, samples int, seed uint64) ([][]float64, error) {
	c, err := n.Open(b, w)
	if err != nil {
		return nil, err
	}
	all := make([][]float64, len(n.Layers)-2)
	x := make([]float64, c.chunk*n.Layers[0])
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
			all[l] = append(all[l], a[:min(c.chunk, samples-first)*n.Layers[l+1]]...)
		}
	}
	return all, nil
}

const shuffleStream = 82

// Shuffled is a network in weight space with the weights of every layer, mode space formed, in a random order: what is left of
// a trained network is the law of its weights. Gains are n times the mean square of a layer's weights.
func (n Network) Shuffled(w Weights, seed uint64) (Network, Weights, []float64) {
	out := Weights{}
	var gain []float64
	for l := range n.Layers[:len(n.Layers)-1] {
		x := n.explicit(w, l)
		order, y := make([]int32, len(x)), make([]float64, len(x))
		rng.At(seed, uint64(l), rng.SetupStage, shuffleStream).Permutation(order)
		for i, k := range order {
			y[i] = x[k]
		}
		out[weightName(l)] = y
		gain = append(gain, dot(x, x)/float64(n.Layers[l+1]))
	}
	n.Space, n.P = Weight, 0
	return n, out, gain
}

// MeanSquare is Q = tr C/n of activities [samples, units], about zero.
func MeanSquare(a []float64) float64 { return dot(a, a) / float64(len(a)) }
