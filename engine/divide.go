package engine

import (
	"errors"
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"
)

// division holds the graphs of a part against those of the whole plan, node by node, by the rule of [Split]. It leaves in first where
// the part's random tensors and drawing kernels begin.
type division struct {
	split     *Split
	before, n int // systems before the part, and in it
	whole, of *lowering
	axis      map[pair]int // along which a value's systems lie; shared where it has none
	first     map[*gorgonia.Node]uint64
}

// pair is a node of the whole plan and its twin in the part.
type pair struct{ whole, part *gorgonia.Node }

const shared = -1

// divide compares the stages of the systems before … before+n-1 with those of all.
func (s *Split) divide(all, part []Stage, before, n int) (map[*gorgonia.Node]uint64, error) {
	if len(part) != len(all) {
		return nil, fmt.Errorf("a part of %d stages of a plan of %d", len(part), len(all))
	}
	first := map[*gorgonia.Node]uint64{}
	for i, st := range all {
		d := &division{split: s, before: before, n: n, axis: map[pair]int{}, first: first}
		d.whole, d.of = newLowering(st.Graph, nil), newLowering(part[i].Graph, nil)
		if err := d.stage(st, part[i]); err != nil {
			return nil, fmt.Errorf("stage %s does not divide: %w", st.Name, err)
		}
	}
	return first, nil
}

func (d *division) stage(all, part Stage) error {
	if part.Name != all.Name || len(part.Next) != len(all.Next) {
		return fmt.Errorf("the part has stage %q with %d values in its place, not %d", part.Name, len(part.Next), len(all.Next))
	}
	for slot, node := range all.Next {
		twin := part.Next[slot]
		if twin == nil || node == nil {
			return fmt.Errorf("one of two has no value for slot %q", slot)
		}
		axis, err := d.along(pair{node, twin})
		if err == nil {
			err = d.slot(slot, axis)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// slot holds the axis of a slot's systems against the Split.
func (d *division) slot(name string, axis int) error {
	want, lies := d.split.Axes[name]
	if !lies {
		want = shared
	}
	if axis != want {
		return fmt.Errorf("slot %q: its systems lie along %s, not %s", name, axisName(axis), axisName(want))
	}
	return nil
}

func axisName(axis int) string {
	if axis == shared {
		return "no axis"
	}
	return fmt.Sprintf("axis %d", axis)
}

// along is the axis of a value's systems.
func (d *division) along(p pair) (int, error) {
	if axis, ok := d.axis[p]; ok {
		return axis, nil
	}
	axis, err := longer(p)
	if err != nil {
		return axis, err
	}
	d.axis[p] = axis
	if p.whole.Op() == nil || p.part.Op() == nil {
		if p.whole.Name() != p.part.Name() || p.whole.Op() != nil || p.part.Op() != nil {
			return axis, fmt.Errorf("%q of the part stands where the whole has %q", p.part.Name(), p.whole.Name())
		}
		return axis, d.slot(p.whole.Name(), axis)
	}
	a, b := d.whole.operands(p.whole), d.of.operands(p.part)
	if len(a) != len(b) || form(p.whole.Op()) != form(p.part.Op()) {
		return axis, fmt.Errorf("%s of the part stands where the whole has %s", p.part.Op(), p.whole.Op())
	}
	in := make([]int, len(a))
	for i := range a {
		if in[i], err = d.along(pair{a[i], b[i]}); err != nil {
			return axis, err
		}
	}
	if err := d.apart(p, axis, in, a); err != nil {
		return axis, fmt.Errorf("%s of %v: %w", p.whole.Op(), p.whole.Shape(), err)
	}
	return axis, nil
}

// form is an operation without its sizes.
func form(op gorgonia.Op) string {
	switch opType(op) {
	case "reshapeOp", "sliceOp", "constantScalar", "constantTensor", "sizeOp":
		return opType(op)
	}
	if _, sizes := op.(Separable); sizes {
		return opType(op)
	}
	return op.String()
}

// longer is the one axis along which the value of the whole is longer than the part's.
func longer(p pair) (int, error) {
	w, v := p.whole.Shape(), p.part.Shape()
	axis := shared
	if p.whole.Dtype() != p.part.Dtype() {
		return axis, fmt.Errorf("%q is %v in the part and %v in the whole", p.part.Name(), p.part.Dtype(), p.whole.Dtype())
	}
	for i := range w {
		if len(v) == len(w) && v[i] == w[i] {
			continue
		}
		if axis != shared || len(v) != len(w) || v[i] > w[i] {
			return axis, fmt.Errorf("%v of %q in the part where the whole has %v: want one axis shorter", v, p.part.Name(), w)
		}
		axis = i
	}
	return axis, nil
}

// apart checks that an operation computes a system's values from that system's operands; in are the axes of the operands' systems.
func (d *division) apart(p pair, axis int, in []int, operands []*gorgonia.Node) error {
	op := p.whole.Op()
	meets := errors.New("systems meet here: name one device")
	some := slices.ContainsFunc(in, func(x int) bool { return x != shared })
	if some && axis == shared {
		return meets
	}
	if k, ok := op.(Kernel); ok {
		return d.kernel(p, k, axis, in)
	}
	if !some && axis != shared && opType(op) != "repeatOp" {
		return fmt.Errorf("it has systems along axis %d and its operands have none", axis)
	}
	switch opType(op) {
	case "constantScalar", "constantTensor", "sizeOp":
		if op.String() != p.part.Op().String() {
			return fmt.Errorf("it is %s in the part: a number must not depend on how many systems there are", p.part.Op())
		}
	case "reshapeOp": // row-major: the systems keep their place when as many rows of them as before lie outside
		if axis != shared && outer(p.whole, axis) != outer(operands[0], in[0]) {
			return fmt.Errorf("it takes systems apart that were axis %d of %v", in[0], operands[0].Shape())
		}
	case "sliceOp":
		if axis != shared && operands[0].Shape()[in[0]] != p.whole.Shape()[axis] {
			return fmt.Errorf("it takes some of the systems of %v", operands[0].Shape())
		}
	case "concatOp":
		var at int
		if _, err := fmt.Sscanf(op.String(), "Concat(axis=%d)", &at); err != nil || at == axis {
			return fmt.Errorf("it puts systems behind systems")
		}
	case "softmaxOp", "softmaxDiffOp":
		if axis == len(p.whole.Shape())-1 {
			return meets
		}
	}
	return nil
}

// outer is the number of rows of systems: the volume of the axes before theirs.
func outer(n *gorgonia.Node, axis int) int { return Volume(n.Shape()[:max(axis, 0)]) }

// kernel is apart for our own operations.
func (d *division) kernel(p pair, k Kernel, axis int, in []int) error {
	switch k := k.(type) {
	case Sampler, Source:
		if axis != shared && outer(p.whole, axis) != 1 {
			return fmt.Errorf("the systems of a random tensor must lie along its first axis, not %d", axis)
		}
		return d.draws(p, axis)
	case Drawer:
		if axis != shared && axis != k.Axis() {
			return fmt.Errorf("the systems of this kernel must lie along axis %d, not %d", k.Axis(), axis)
		}
		return d.draws(p, axis)
	case Elementwise:
		return nil
	case Separable:
		along := make([]bool, len(in))
		for i, x := range in {
			along[i] = x != shared
		}
		if k.Separable(axis, along) {
			return nil
		}
	}
	if axis == shared && !slices.ContainsFunc(in, func(x int) bool { return x != shared }) {
		return nil // every part computes the same
	}
	return fmt.Errorf("the systems of this kernel may meet: name one device")
}

// draws notes where the numbers of the part begin.
func (d *division) draws(p pair, axis int) error {
	first := uint64(0)
	if axis != shared {
		w, v := p.whole.Shape(), p.part.Shape()
		each := w[axis] / d.split.Systems
		if w[axis] != each*d.split.Systems || v[axis] != each*d.n {
			return fmt.Errorf("axis %d of %v is no multiple of %d systems", axis, w, d.split.Systems)
		}
		first = uint64(d.before) * uint64(each) * uint64(Volume(w[axis+1:]))
	}
	d.first[p.part] = first
	return nil
}
