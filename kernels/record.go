package kernels

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
)

// record keeps a value of every step.
type record struct {
	op
	n, m int
}

// Record writes x, float32 [m], to row i of the history, float32 [n, m], in place, where i is the step's number modulo n.
func Record(history, x *gorgonia.Node) (*gorgonia.Node, error) {
	if err := operand("record", "x", x, tensor.Float32, anySize); err != nil {
		return nil, err
	}
	m := x.Shape()[0]
	if err := operand("record", "history", history, tensor.Float32, anySize, m); err != nil {
		return nil, err
	}
	k := &record{newOp("Record{}", tensor.Float32, history.Shape(), history, x), history.Shape()[0], m}
	return gorgonia.ApplyOp(k, history, x)
}

// InPlace is the history.
func (k *record) InPlace() int { return 0 }

// Host is the definition.
func (k *record) Host(c engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	i := int(c.Step % uint64(k.n))
	copy(engine.Slice[float32](out)[i*k.m:(i+1)*k.m], engine.Slice[float32](in[1]))
	return nil
}

// Bind is the definition.
func (k *record) Bind(_ engine.Workers, out engine.Buffer, in []engine.Buffer) (func(*engine.Clock) error, error) {
	history, x := engine.Slice[float32](out), engine.Slice[float32](in[1])
	return func(c *engine.Clock) error {
		i := int(c.Step % uint64(k.n))
		copy(history[i*k.m:(i+1)*k.m], x)
		return nil
	}, nil
}
