package kernels

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
)

// erf is the error function, element by element.
type erf struct{ op }

// Erf is erf x = (2/√π) ∫_0^x e^{-y²} dy of every element of x, float32 or float64, computed in float64 and rounded.
func Erf(x *gorgonia.Node) (*gorgonia.Node, error) {
	if dt := x.Dtype(); dt != tensor.Float32 && dt != tensor.Float64 {
		return nil, fmt.Errorf("erf: x of %v, want float32 or float64", dt)
	}
	return gorgonia.ApplyOp(&erf{newOp("Erf{}", x.Dtype(), x.Shape(), x)}, x)
}

// Host is the definition.
func (k *erf) Host(_ engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	k.part(out, in[0], 0, out.Len())
	return nil
}

func (k *erf) part(out, in engine.Buffer, lo, hi int) {
	if out.Dtype == tensor.Float64 {
		o := engine.Slice[float64](out)
		for e, x := range engine.Slice[float64](in)[lo:hi] {
			o[lo+e] = math.Erf(x)
		}
		return
	}
	o := engine.Slice[float32](out)
	for e, x := range engine.Slice[float32](in)[lo:hi] {
		o[lo+e] = float32(math.Erf(float64(x)))
	}
}

// Bind divides the elements among the workers.
func (k *erf) Bind(w engine.Workers, out engine.Buffer, in []engine.Buffer) (func(*engine.Clock) error, error) {
	const tile = 4096
	n, x := out.Len(), in[0]
	task := func(t, _ int) { k.part(out, x, t*tile, min((t+1)*tile, n)) }
	return func(*engine.Clock) error {
		w.Do((n+tile-1)/tile, task)
		return nil
	}, nil
}
