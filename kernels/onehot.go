package kernels

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
)

// oneHot picks a column of every row.
type oneHot struct {
	op
	stream uint16
	first  uint64 // number that row 0 takes
}

// OneHot is a matrix shaped like x, float32 or float64 [rows, columns], with a 1 in one column of every row, drawn uniformly, and 0
// elsewhere. The value of x is not used.
func OneHot(x *gorgonia.Node, stream uint16) (*gorgonia.Node, error) {
	if err := needFloat("OneHot", x); err != nil {
		return nil, err
	}
	if s := x.Shape(); len(s) != 2 {
		return nil, fmt.Errorf("one hot: shape %v: a matrix", s)
	}
	return gorgonia.ApplyOp(&oneHot{newOp(fmt.Sprintf("OneHot{stream %d}", stream), x.Dtype(), x.Shape(), x), stream, 0}, x)
}

// Host is the definition: row i draws number i of the stream.
func (k *oneHot) Host(c engine.Clock, out engine.Buffer, _ []engine.Buffer) error {
	s, rows, cols := c.Stream(k.stream), out.Shape[0], out.Shape[1]
	if out.Dtype == tensor.Float64 {
		o := engine.Slice[float64](out)
		clear(o)
		for i := range rows {
			o[i*cols+int(s.Below(k.first+uint64(i), uint32(cols)))] = 1
		}
		return nil
	}
	o := engine.Slice[float32](out)
	clear(o)
	for i := range rows {
		o[i*cols+int(s.Below(k.first+uint64(i), uint32(cols)))] = 1
	}
	return nil
}
