package kernels

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
)

// lookup picks numbers by index.
type lookup struct{ op }

// Lookup is table[index], element by element: table is float32 [n], index int32 of any shape with numbers in 0 … n-1, and the
// value float32 of index's shape. It gives walkers their temperatures.
func Lookup(table, index *gorgonia.Node) (*gorgonia.Node, error) {
	if err := operand("lookup", "table", table, tensor.Float32, anySize); err != nil {
		return nil, err
	}
	if index.Dtype() != tensor.Int32 {
		return nil, fmt.Errorf("lookup: index of %v, not int32", index.Dtype())
	}
	return gorgonia.ApplyOp(&lookup{newOp("Lookup", tensor.Float32, index.Shape(), table, index)}, table, index)
}

// Host is the definition.
func (k *lookup) Host(_ engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	table, o := engine.Slice[float32](in[0]), engine.Slice[float32](out)
	for e, i := range engine.Slice[int32](in[1]) {
		if i < 0 || int(i) >= len(table) {
			return fmt.Errorf("lookup: element %d asks for number %d of %d", e, i, len(table))
		}
		o[e] = table[i]
	}
	return nil
}

// widen is a change of dtype.
type widen struct{ op }

// Widen is x, float32, as float64.
func Widen(x *gorgonia.Node) (*gorgonia.Node, error) {
	if x.Dtype() != tensor.Float32 {
		return nil, fmt.Errorf("widen: %v, not float32", x.Dtype())
	}
	return gorgonia.ApplyOp(&widen{newOp("Widen", tensor.Float64, x.Shape(), x)}, x)
}

// Host is the definition.
func (k *widen) Host(_ engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	o := engine.Slice[float64](out)
	for e, x := range engine.Slice[float32](in[0]) {
		o[e] = float64(x)
	}
	return nil
}
