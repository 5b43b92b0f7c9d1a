package tape

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
)

// let binds a copy of a slot to an input node: stock operations may overwrite their inputs.
func let(n *gorgonia.Node, b engine.Buffer) error {
	v, err := unwrap(b)
	if err != nil {
		return err
	}
	return gorgonia.Let(n, v)
}

// store copies a value into a slot.
func store(b engine.Buffer, v gorgonia.Value) error {
	src, err := wrap(v)
	if err != nil {
		return err
	}
	if src.Dtype != b.Dtype || src.Len() != b.Len() {
		return fmt.Errorf("a value of %v%v for %v%v", src.Dtype, src.Shape, b.Dtype, b.Shape)
	}
	engine.Copy(b, src)
	return nil
}

// wrap views a gorgonia value as a buffer; strided views are made dense first.
func wrap(v gorgonia.Value) (engine.Buffer, error) {
	if t, ok := v.(*tensor.Dense); ok {
		if t.RequiresIterator() || !t.DataOrder().IsRowMajor() {
			t = t.Materialize().(*tensor.Dense)
		}
		v = t
	}
	shape := []int(v.Shape())
	switch d := v.Data().(type) {
	case []float32:
		return engine.HostBuffer(d, shape...)
	case []float64:
		return engine.HostBuffer(d, shape...)
	case []int8:
		return engine.HostBuffer(d, shape...)
	case []uint8:
		return engine.HostBuffer(d, shape...)
	case []int16:
		return engine.HostBuffer(d, shape...)
	case []int32:
		return engine.HostBuffer(d, shape...)
	case []uint32:
		return engine.HostBuffer(d, shape...)
	case []int64:
		return engine.HostBuffer(d, shape...)
	case []uint64:
		return engine.HostBuffer(d, shape...)
	case []bool:
		return engine.HostBuffer(d, shape...)
	case float32:
		return engine.HostBuffer([]float32{d})
	case float64:
		return engine.HostBuffer([]float64{d})
	case int32:
		return engine.HostBuffer([]int32{d})
	case int64:
		return engine.HostBuffer([]int64{d})
	case uint8:
		return engine.HostBuffer([]uint8{d})
	case bool:
		return engine.HostBuffer([]bool{d})
	default:
		return engine.Buffer{}, fmt.Errorf("tape: no buffer for %T", d)
	}
}

// unwrap copies a buffer into a new gorgonia value.
func unwrap(b engine.Buffer) (gorgonia.Value, error) {
	if len(b.Shape) == 0 {
		switch b.Dtype {
		case tensor.Float32:
			return gorgonia.NewF32(engine.Slice[float32](b)[0]), nil
		case tensor.Float64:
			return gorgonia.NewF64(engine.Slice[float64](b)[0]), nil
		case tensor.Int32:
			return gorgonia.NewI32(engine.Slice[int32](b)[0]), nil
		case tensor.Int64:
			return gorgonia.NewI64(engine.Slice[int64](b)[0]), nil
		}
		return nil, fmt.Errorf("tape: gorgonia has no scalar of dtype %v", b.Dtype)
	}
	t := tensor.New(tensor.Of(b.Dtype), tensor.WithShape(b.Shape...))
	w, err := wrap(t)
	if err != nil {
		return nil, err
	}
	engine.Copy(w, b)
	return t, nil
}
