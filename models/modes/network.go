package modes

import (
	"fmt"
	"math"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine/expr"
	"cavity/engine/rng"
)

type node = expr.Node

// Space is the form of the weights of a layer.
type Space string

const (
	// Weight space: z = aᵀW, W n_l × n_{l+1}.
	Weight Space = "weight"
	// Modes: z = ((aᵀ ξ_in) ∘ Σ) ξ_out with P input and P output modes of each layer's own; W is never formed.
	Modes Space = "modes"
	// TiedModes: the output modes of a hidden layer are the input modes of the next, ξ_out^l = (ξ_in^{l+1})ᵀ; the last are free.
	TiedModes Space = "tied-modes"
	// UnitModes: as Modes with Σ ≡ 1.
	UnitModes Space = "unit-modes"
	// SVDModes: as Modes, with a penalty on modes that are not orthonormal.
	SVDModes Space = "svd-modes"
)

// Spaces lists all forms.
var Spaces = []Space{Weight, Modes, TiedModes, UnitModes, SVDModes, Ensemble, Binary}

// A Network is a fully connected network without biases, with the softmax of the last layer as class probabilities.
// (Mode decomposition: Li, Huang 2023, doi:10.1103/PhysRevResearch.5.L022011.)
type Network struct {
	Layers     []int  // units, from the pixels to the classes
	Space      Space  // "": Weight
	P          int    // modes of a layer; not used in weight space
	Activation string // of hidden layers: relu (also ""), tanh, sigmoid, linear
}

// activations are what hidden layers may do.
var activations = map[string]func(node) (node, error){
	"relu": gorgonia.Rectify, "tanh": gorgonia.Tanh, "sigmoid": gorgonia.Sigmoid,
	"linear": func(n node) (node, error) { return n, nil },
}

// maxUnits keeps the sizes of all arrays within an int.
const maxUnits = 1 << 24

// Check fills in defaults and reports settings out of range.
func (n *Network) Check() error {
	if n.Space == "" {
		n.Space = Weight
	}
	if n.Activation == "" {
		n.Activation = "relu"
	}
	if len(n.Layers) < 2 || slices.Min(n.Layers) < 1 {
		return fmt.Errorf("modes: layers %v: at least the inputs and the outputs, of 1 unit or more", n.Layers)
	}
	if slices.Max(n.Layers) > maxUnits || n.P > maxUnits {
		return fmt.Errorf("modes: layers %v with %d modes: at most %d units or modes", n.Layers, n.P, maxUnits)
	}
	if activations[n.Activation] == nil {
		return fmt.Errorf("modes: activation %q: relu, tanh, sigmoid or linear", n.Activation)
	}
	if !slices.Contains(Spaces, n.Space) {
		return fmt.Errorf("modes: space %q: one of %v", n.Space, Spaces)
	}
	if n.InModes() && n.P < 1 {
		return fmt.Errorf("modes: %d modes: at least 1", n.P)
	}
	return nil
}

// InModes reports whether the weights are made of modes.
func (n Network) InModes() bool { return n.Space != Weight && !n.Noisy() }

// Noisy reports whether the network is a law of networks, whose units' inputs are drawn anew for every picture.
func (n Network) Noisy() bool { return n.Space == Ensemble || n.Space == Binary }

// A Parameter is one array of a network.
type Parameter struct {
	Name    string // W1, in1, sigma1, out1, …: of layer 1, 2, …
	Shape   []int
	Scale   float64 // of its normal initial values
	Uniform bool    // initial values are uniform in 0 … Scale instead
}

// Parameters lists the arrays in a fixed order. Weights begin with variance 2/n_l, modes and their strengths with
// (1/(n_l ln n_l))^{1/3}, as in the paper.
func (n Network) Parameters() []Parameter {
	var ps []Parameter
	last := len(n.Layers) - 2
	for l := range n.Layers[:last+1] {
		in, out := n.Layers[l], n.Layers[l+1]
		name := func(s string) string { return fmt.Sprintf("%s%d", s, l+1) }
		if n.Space == Weight {
			ps = append(ps, Parameter{Name: name("W"), Shape: []int{in, out}, Scale: math.Sqrt(2 / float64(in))})
			continue
		}
		if n.Space == Ensemble {
			ps = append(ps, ensembleParameters(l, in, out)...)
			continue
		}
		if n.Space == Binary {
			ps = append(ps, binaryParameter(l, in, out))
			continue
		}
		scale := math.Pow(1/(float64(in)*math.Log(max(float64(in), 2))), 1./6)
		ps = append(ps, Parameter{Name: name("in"), Shape: []int{in, n.P}, Scale: scale})
		if n.Space != UnitModes {
			ps = append(ps, Parameter{Name: name("sigma"), Shape: []int{1, n.P}, Scale: scale})
		}
		if n.Space != TiedModes || l == last {
			ps = append(ps, Parameter{Name: name("out"), Shape: []int{n.P, out}, Scale: scale})
		}
	}
	return ps
}

// Len is the number of elements of an array.
func (p Parameter) Len() int {
	n := 1
	for _, d := range p.Shape {
		n *= d
	}
	return n
}

// Size is the number of parameters.
func (n Network) Size() int {
	s := 0
	for _, p := range n.Parameters() {
		s += p.Len()
	}
	return s
}

// Initial draws a parameter's first values: number i of stream `at` in the host's stage.
func (p Parameter) Initial(seed uint64, at int) []float64 {
	x := make([]float64, p.Len())
	stream := rng.At(seed, 0, rng.SetupStage, uint16(100+at))
	if p.Uniform {
		stream.FillFloat64(x, 0)
	} else {
		stream.FillNormal64(x, 0)
	}
	for i := range x {
		x[i] *= p.Scale
	}
	return x
}

// builder builds one stage of a network.
type builder struct{ *expr.Graph }

func newBuilder(dt tensor.Dtype) *builder { return &builder{expr.New(dt)} }

// forward is the network's graph: the last layer's input to the softmax, [batch, classes], and every layer's activity.
// A law of networks is noisy if eps gives the noise of a layer.
func (b *builder) forward(n Network, x node, eps func(l int) node) (logits node, layers []node) {
	params := map[string]node{}
	for _, p := range n.Parameters() {
		params[p.Name] = b.Slot(p.Name, p.Shape...)
	}
	a := x
	last := len(n.Layers) - 2
	for l := 0; l <= last; l++ {
		get := func(s string, l int) node { return params[fmt.Sprintf("%s%d", s, l+1)] }
		switch n.Space {
		case Weight:
			a = b.Mul(a, get("W", l))
		case Ensemble:
			a = b.ensembleLayer(a, get("m", l), get("xi", l), get("pi", l), eps(l))
		case Binary:
			a = b.binaryLayer(a, get("theta", l), eps(l))
		default:
			u := b.Mul(a, get("in", l))
			if s := get("sigma", l); s != nil {
				u = b.HadRow(u, s)
			}
			out := get("out", l)
			if out == nil {
				out = b.T(get("in", l+1))
			}
			a = b.Mul(u, out)
		}
		if l < last {
			a = b.Apply(activations[n.Activation], a)
		}
		layers = append(layers, a)
	}
	return a, layers
}
