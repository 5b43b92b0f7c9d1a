package kernels

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
)

// recall takes a value of every step.
type recall struct {
	op
	n, m int
}

// Recall is row i of the history, float32 [n, m], where i is the step's number modulo n.
func Recall(history *gorgonia.Node) (*gorgonia.Node, error) {
	if err := operand("recall", "history", history, tensor.Float32, anySize, anySize); err != nil {
		return nil, err
	}
	n, m := history.Shape()[0], history.Shape()[1]
	return gorgonia.ApplyOp(&recall{newOp("Recall{}", tensor.Float32, tensor.Shape{m}, history), n, m}, history)
}

// Host is the definition.
func (k *recall) Host(c engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	i := int(c.Step % uint64(k.n))
	copy(engine.Slice[float32](out), engine.Slice[float32](in[0])[i*k.m:(i+1)*k.m])
	return nil
}
