package kernels

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
)

// random is a tensor of random numbers, shaped like its input, whose value it does not read.
type random struct {
	op
	stream uint16
	law    engine.Law
}

// UniformLike is a tensor of independent numbers uniform in [0, 1), of the dtype and shape of x, from the stream,
// whose number must be unique in the stage. The value of x is not used: it gives the graph and the shape.
func UniformLike(x *gorgonia.Node, stream uint16) (*gorgonia.Node, error) {
	return randomLike("Uniform", engine.Uniform, x, stream)
}

// NormalLike is a tensor of independent normal numbers of mean 0 and variance 1, otherwise as [UniformLike].
func NormalLike(x *gorgonia.Node, stream uint16) (*gorgonia.Node, error) {
	return randomLike("Normal", engine.Normal, x, stream)
}

func randomLike(name string, law engine.Law, x *gorgonia.Node, stream uint16) (*gorgonia.Node, error) {
	if err := needFloat(name, x); err != nil {
		return nil, err
	}
	form := fmt.Sprintf("%s{stream %d}", name, stream)
	return gorgonia.ApplyOp(&random{newOp(form, x.Dtype(), x.Shape(), x), stream, law}, x)
}

// Random names the stream and the law.
func (k *random) Random() (uint16, engine.Law) { return k.stream, k.law }

// Host is the definition: element e is number e of the stream.
func (k *random) Host(c engine.Clock, out engine.Buffer, _ []engine.Buffer) error {
	s := c.Stream(k.stream)
	normal := k.law == engine.Normal
	if out.Dtype == tensor.Float64 {
		for e, o := 0, engine.Slice[float64](out); e < len(o); e++ {
			if normal {
				o[e] = s.Normal64(uint64(e))
			} else {
				o[e] = s.Float64(uint64(e))
			}
		}
		return nil
	}
	for e, o := 0, engine.Slice[float32](out); e < len(o); e++ {
		if normal {
			o[e] = s.Normal32(uint64(e))
		} else {
			o[e] = s.Float32(uint64(e))
		}
	}
	return nil
}
