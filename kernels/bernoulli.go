package kernels

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
)

// bernoulli samples from logits; spin says that the values are ±1 instead of 0 and 1.
type bernoulli struct {
	op
	stream uint16
	spin   bool
}

// Bernoulli samples 1 with probability σ(x) = 1/(1+e^-x), else 0, element by element: value = 1 if u(1+e^-x) < 1, where
// u is uniform and comes from the stream, whose number must be unique in the stage. x is float32 or float64 of any shape.
// The samples are the same bits on every backend for the same logits.
func Bernoulli(x *gorgonia.Node, stream uint16) (*gorgonia.Node, error) {
	return sample(x, stream, false)
}

// BernoulliSpin samples +1 with probability σ(x), else -1. For a spin in the local field h at inverse temperature β,
// x = 2βh is the heat bath.
func BernoulliSpin(x *gorgonia.Node, stream uint16) (*gorgonia.Node, error) {
	return sample(x, stream, true)
}

func sample(x *gorgonia.Node, stream uint16, spin bool) (*gorgonia.Node, error) {
	name := "Bernoulli"
	if spin {
		name = "BernoulliSpin"
	}
	if err := needFloat(name, x); err != nil {
		return nil, err
	}
	form := fmt.Sprintf("%s{stream %d}", name, stream)
	return gorgonia.ApplyOp(&bernoulli{newOp(form, x.Dtype(), x.Shape(), x), stream, spin}, x)
}

func needFloat(name string, x *gorgonia.Node) error {
	if dt := x.Dtype(); dt != tensor.Float32 && dt != tensor.Float64 {
		return fmt.Errorf("kernels: %s of %v: float32 or float64", name, dt)
	}
	return nil
}

// Sample names the stream and the primitive.
func (k *bernoulli) Sample() (uint16, string) {
	if k.spin {
		return k.stream, "spin"
	}
	return k.stream, "bernoulli"
}

// Host is the definition.
func (k *bernoulli) Host(c engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	s := c.Stream(k.stream)
	_, primitive := k.Sample()
	if out.Dtype == tensor.Float64 {
		f, x := scalar64(primitive), engine.Slice[float64](in[0])
		for e, o := 0, engine.Slice[float64](out); e < len(o); e++ {
			o[e] = f(x[e], s.Float64(uint64(e)), 0)
		}
		return nil
	}
	f, x := scalar32(primitive), engine.Slice[float32](in[0])
	for e, o := 0, engine.Slice[float32](out); e < len(o); e++ {
		o[e] = f(x[e], s.Float32(uint64(e)), 0)
	}
	return nil
}
