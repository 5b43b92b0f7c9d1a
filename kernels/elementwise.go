package kernels

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/cpu/vec"
)

// scalar32 and scalar64 are the bit-exact definitions of a primitive.
func scalar32(primitive string) func(a, b, c float32) float32 {
	f, ok := vec.Ref32(primitive)
	if !ok {
		panic("kernels: no primitive " + primitive)
	}
	return f
}

func scalar64(primitive string) func(a, b, c float64) float64 {
	f, ok := vec.Ref64(primitive)
	if !ok {
		panic("kernels: no primitive " + primitive)
	}
	return f
}

// elementwise is one primitive of package vec as an operation.
type elementwise struct {
	op
	primitive string
}

// Elementwise names the primitive.
func (k *elementwise) Elementwise() string { return k.primitive }

// Host is the definition; operands of one element are shared by all.
func (k *elementwise) Host(_ engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	if out.Dtype == tensor.Float64 {
		each(engine.Slice[float64](out), in, scalar64(k.primitive))
	} else {
		each(engine.Slice[float32](out), in, scalar32(k.primitive))
	}
	return nil
}

func each[T float32 | float64](out []T, in []engine.Buffer, f func(a, b, c T) T) {
	var x [3][]T
	for i, b := range in {
		x[i] = engine.Slice[T](b)
	}
	get := func(i, e int) T {
		switch len(x[i]) {
		case 0:
			return 0
		case 1:
			return x[i][0]
		}
		return x[i][e]
	}
	for e := range out {
		out[e] = f(get(0, e), get(1, e), get(2, e))
	}
}

func newElementwise(name, primitive string, in ...*gorgonia.Node) (*elementwise, error) {
	for _, x := range in {
		if err := needFloat(name, x); err != nil {
			return nil, err
		}
		if x.Dtype() != in[0].Dtype() || !x.Shape().Eq(in[0].Shape()) {
			return nil, fmt.Errorf("kernels: %s of %v%v and %v%v: operands must be alike", name, in[0].Dtype(), in[0].Shape(), x.Dtype(), x.Shape())
		}
	}
	return &elementwise{newOp(name, in[0].Dtype(), in[0].Shape(), in...), primitive}, nil
}

// Select is b where a ≠ 0 and c elsewhere, element by element.
func Select(a, b, c *gorgonia.Node) (*gorgonia.Node, error) {
	k, err := newElementwise("Select", "select", a, b, c)
	if err != nil {
		return nil, err
	}
	return gorgonia.ApplyOp(k, a, b, c)
}
