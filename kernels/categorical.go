package kernels

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
)

// categorical samples one state of every group.
type categorical struct {
	op
	states int
	stream uint16
	first  uint64 // number that element 0 takes
}

// Categorical samples from softmax laws: the columns of x, float32 or float64 [rows, groups·states], are logits in groups of
// states neighbours; in every group one column gets 1, column k with probability e^{x_k}/Σ e^x, and the others 0. The state is the
// first whose cumulated weight exceeds u·Σ, with u the number of the group's first element of the stream; weights are
// e^{x - max x} in the bit-exact exponential of the dtype, cumulated in float64.
func Categorical(x *gorgonia.Node, states int, stream uint16) (*gorgonia.Node, error) {
	if err := needFloat("Categorical", x); err != nil {
		return nil, err
	}
	if s := x.Shape(); len(s) != 2 || states < 2 || s[1]%states != 0 {
		return nil, fmt.Errorf("categorical: logits of shape %v in groups of %d: a matrix whose columns are groups of at least 2", s, states)
	}
	form := fmt.Sprintf("Categorical{states %d, stream %d}", states, stream)
	return gorgonia.ApplyOp(&categorical{newOp(form, x.Dtype(), x.Shape(), x), states, stream, 0}, x)
}

// Host is the definition; it is fast enough to be the only version.
func (k *categorical) Host(c engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	s := c.Stream(k.stream)
	if out.Dtype == tensor.Float64 {
		o, x := engine.Slice[float64](out), engine.Slice[float64](in[0])
		for first := 0; first < len(x); first += k.states {
			choose(o[first:first+k.states], x[first:first+k.states], s.Float64(k.first+uint64(first)), exp64)
		}
		return nil
	}
	o, x := engine.Slice[float32](out), engine.Slice[float32](in[0])
	for first := 0; first < len(x); first += k.states {
		choose(o[first:first+k.states], x[first:first+k.states], float64(s.Float32(k.first+uint64(first))), exp32)
	}
	return nil
}

var exp32, exp64 = scalar32("exp"), scalar64("exp")

// choose marks one state of a group.
func choose[T float32 | float64](dst, x []T, u float64, exp func(a, b, c T) T) {
	most, total := x[0], 0.0
	for _, v := range x[1:] {
		most = max(most, v)
	}
	for _, v := range x {
		total += float64(exp(v-most, 0, 0))
	}
	clear(dst)
	limit, sum, chosen := u*total, 0.0, len(x)-1
	for i, v := range x {
		if sum += float64(exp(v-most, 0, 0)); sum > limit {
			chosen = i
			break
		}
	}
	dst[chosen] = 1
}
