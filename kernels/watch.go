package kernels

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
)

// watch remembers when numbers first left a range.
type watch struct {
	op
	limit float64
}

// Watch is seen, int64 [1], unless it is -1 and x, float32 or float64 of any shape, holds a number that is not within
// -limit … limit, NaN included: then it is the step of the Program. So the host may look rarely and still learn
// when a computation went wrong. The slot begins with -1.
func Watch(seen, x *gorgonia.Node, limit float64) (*gorgonia.Node, error) {
	if err := first(operand("watch", "seen", seen, tensor.Int64, 1), needFloat("Watch", x)); err != nil {
		return nil, err
	}
	if !(limit > 0) {
		return nil, fmt.Errorf("watch: limit %v: a positive number", limit)
	}
	k := &watch{newOp(fmt.Sprintf("Watch{limit %g}", limit), tensor.Int64, seen.Shape(), seen, x), limit}
	return gorgonia.ApplyOp(k, seen, x)
}

// InPlace is what was seen.
func (k *watch) InPlace() int { return 0 }

// Host is the definition.
func (k *watch) Host(c engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	seen := engine.Slice[int64](out)
	if seen[0] >= 0 {
		return nil
	}
	ok := true
	if in[1].Dtype == tensor.Float64 {
		for _, x := range engine.Slice[float64](in[1]) {
			ok = ok && math.Abs(x) <= k.limit
		}
	} else {
		most := float32(k.limit)
		for _, x := range engine.Slice[float32](in[1]) {
			ok = ok && x >= -most && x <= most
		}
	}
	if !ok {
		seen[0] = int64(c.Step)
	}
	return nil
}
