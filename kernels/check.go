package kernels

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// anySize stands for an axis of whatever length in operand's shapes.
const anySize = -1

// operand checks one input of a kernel: its dtype and its shape, in which anySize matches every length.
func operand(kernel, name string, n *gorgonia.Node, dt tensor.Dtype, shape ...int) error {
	got := n.Shape()
	ok := len(got) == len(shape)
	for i := 0; ok && i < len(shape); i++ {
		ok = shape[i] == anySize || shape[i] == got[i]
	}
	if !ok {
		return fmt.Errorf("%s: %s of shape %v, not %s", kernel, name, got, pattern(shape))
	}
	if n.Dtype() != dt {
		return fmt.Errorf("%s: %s of %v, not %v", kernel, name, n.Dtype(), dt)
	}
	return nil
}

func pattern(shape []int) string {
	s := "("
	for i, n := range shape {
		if i > 0 {
			s += ", "
		}
		if n == anySize {
			s += "any"
		} else {
			s += fmt.Sprint(n)
		}
	}
	return s + ")"
}

// first returns the first error that is not nil.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
