package engine

import (
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strings"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// lowering turns one gorgonia graph into values of the IR. This file and divide.go are the only ones that know gorgonia's operation
// types: they are unexported, so they are recognised by type name and printed form (v0.9.18, pinned by tests).
type lowering struct {
	graph *gorgonia.ExprGraph
	memo  map[*gorgonia.Node]*value
	doing map[*gorgonia.Node]bool
	leaf  map[string]*value
	first map[*gorgonia.Node]uint64 // of the random tensors and drawing kernels of a part: the numbers that the parts before it take
}

func newLowering(g *gorgonia.ExprGraph, first map[*gorgonia.Node]uint64) *lowering {
	return &lowering{graph: g, first: first, memo: map[*gorgonia.Node]*value{}, doing: map[*gorgonia.Node]bool{}, leaf: map[string]*value{}}
}

// unaryPrimitive and binaryPrimitive map gorgonia's printed operators to the primitives of a loop.
var unaryPrimitive = map[string]string{
	"abs": "abs", "sign": "sign", "ceil": "ceil", "floor": "floor", "sin": "sin", "cos": "cos", "exp": "exp", "ln": "log",
	"log2": "log2", "neg": "neg", "square": "square", "sqrt": "sqrt", "inv": "inverse", "invSqrt": "inversesqrt", "cube": "cube",
	"tanh": "tanh", "sigmoid": "sigmoid", "log1p": "log1p", "expm1": "expm1", "softplus": "softplus",
}

var binaryPrimitive = map[string]string{
	"+": "add", "-": "sub", "⊙": "mul", "÷": "div", "^": "pow",
	"<": "lt", ">": "gt", "<=": "lte", ">=": "gte", "==": "eq", "!=": "ne",
}

func children(g *gorgonia.ExprGraph, n *gorgonia.Node) (cs []*gorgonia.Node) {
	for it := g.From(n.ID()); it != nil && it.Next(); {
		cs = append(cs, it.Node().(*gorgonia.Node))
	}
	return cs
}

// opType is the name of an operation's Go type without package and pointer.
func opType(op gorgonia.Op) string {
	t := reflect.TypeOf(op).String()
	return t[strings.LastIndexByte(t, '.')+1:]
}

// value decodes a node and all that it depends on. The walk keeps its own stack: graphs of 10,000 nodes may be chains.
func (l *lowering) value(root *gorgonia.Node) (*value, error) {
	stack := []*gorgonia.Node{root}
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		if l.memo[n] != nil {
			stack = stack[:len(stack)-1]
			continue
		}
		cs := l.operands(n)
		if !l.doing[n] {
			l.doing[n] = true
			for i := len(cs) - 1; i >= 0; i-- {
				if l.memo[cs[i]] == nil {
					if l.doing[cs[i]] {
						return nil, fmt.Errorf("the graph has a cycle through %q", cs[i].Name())
					}
					stack = append(stack, cs[i])
				}
			}
			continue
		}
		args := make([]*value, len(cs))
		for i, c := range cs {
			args[i] = l.memo[c]
		}
		v, err := l.decode(n, args)
		if err != nil {
			return nil, err
		}
		l.memo[n] = v
		stack = stack[:len(stack)-1]
	}
	return l.memo[root], nil
}

// operands are the children that carry values: further children of repeat and sum are sizes, which are static here,
// and the first child of a softmax gradient is not used.
func (l *lowering) operands(n *gorgonia.Node) []*gorgonia.Node {
	if n.Op() == nil {
		return nil
	}
	cs := children(l.graph, n)
	switch opType(n.Op()) {
	case "repeatOp", "sumOp", "maxOp":
		return cs[:1]
	case "sizeOp":
		return nil
	case "softmaxDiffOp":
		return cs[1:]
	}
	return cs
}

func (l *lowering) decode(n *gorgonia.Node, a []*value) (*value, error) {
	v := &value{shape: append([]int{}, n.Shape()...), dtype: n.Dtype(), args: a}
	v.n = Volume(v.shape)
	if n.Op() == nil {
		return l.slot(n, v)
	}
	v.label = n.Op().String()
	ok, err := l.kernel(n.Op(), v, l.first[n])
	if !ok && err == nil {
		ok, err = l.stock(n.Op(), v)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", v.label, err)
	}
	if !ok {
		return nil, fmt.Errorf("engine has no lowering for gorgonia's %s %q on %v", opType(n.Op()), v.label, n.Shape())
	}
	return v, nil
}

func (l *lowering) slot(n *gorgonia.Node, v *value) (*value, error) {
	name := n.Name()
	if name == "" {
		return nil, fmt.Errorf("an input of shape %v has no name", n.Shape())
	}
	if l.leaf[name] != nil {
		return nil, fmt.Errorf("two inputs are named %q", name)
	}
	v.kind, v.op, v.label = kLeaf, name, name
	l.leaf[name] = v
	return v, nil
}

// kernel recognises our own operations by the interfaces that they implement.
func (l *lowering) kernel(op gorgonia.Op, v *value, first uint64) (bool, error) {
	switch k := op.(type) {
	case Sampler:
		stream, prim := k.Sample()
		u := &value{kind: kRandom, label: v.label, dtype: v.dtype, shape: v.shape, n: v.n, stream: stream, first: first, law: Uniform}
		v.kind, v.op, v.args = kLoop, prim, append(v.args, u)
	case Elementwise:
		for _, x := range v.args {
			if !slices.Equal(x.shape, v.shape) && x.n != 1 {
				return false, fmt.Errorf("operand of shape %v in an elementwise kernel of shape %v", x.shape, v.shape)
			}
		}
		v.kind, v.op = kLoop, k.Elementwise()
	case Source:
		v.kind, v.args, v.first = kRandom, nil, first
		v.stream, v.law = k.Random()
	case Kernel:
		v.kind, v.kernel = kCall, k
		if d, ok := k.(Drawer); ok && first > 0 {
			v.kernel = d.From(first)
		}
	default:
		return false, nil
	}
	return true, nil
}

// stock recognises gorgonia's own operations.
func (l *lowering) stock(op gorgonia.Op, v *value) (bool, error) {
	a, str := v.args, v.label
	switch opType(op) {
	case "constantScalar", "constantTensor":
		return l.constant(op, v)
	case "sizeOp":
		v.kind = kConst
		_, err := fmt.Sscanf(str, "SizeOf=%g", &v.number)
		return err == nil, err
	case "reshapeOp":
		lay, ok := a[0].at().reshape(a[0].shape, v.shape)
		if !ok {
			a[0] = moved(a[0])
			lay, _ = a[0].at().reshape(a[0].shape, v.shape)
		}
		v.kind, v.lay = kView, lay
	case "repeatOp":
		return l.repeat(v)
	case "transposeOp":
		return l.transpose(v)
	case "sliceOp":
		return l.slice(v)
	case "concatOp":
		v.kind = kConcat
		_, err := fmt.Sscanf(str, "Concat(axis=%d)", &v.axis[0])
		return err == nil, err
	case "linAlgBinOp":
		return l.product(v)
	case "elemUnaryOp":
		v.kind, v.op = kLoop, unaryPrimitive[str]
		return v.op != "", nil
	case "elemBinOp":
		f := strings.Fields(str)
		v.kind, v.op = kLoop, binaryPrimitive[f[0]]
		if v.dtype == tensor.Bool {
			return false, fmt.Errorf("a comparison must return numbers (retSame), not bools")
		}
		return v.op != "", nil
	case "sumOp", "maxOp":
		return l.reduce(v)
	case "softmaxOp", "softmaxDiffOp":
		var axis int
		if _, err := fmt.Sscanf(str[strings.IndexByte(str, '{'):], "{%d", &axis); err != nil {
			return false, err
		}
		if axis != -1 && axis != len(v.shape)-1 || len(v.shape) == 0 {
			return false, fmt.Errorf("softmax along axis %d of %v: only the last axis", axis, v.shape)
		}
		v.kind, v.flag = kSoftmax, strings.Contains(str, "true")
		if opType(op) == "softmaxDiffOp" {
			v.kind = kSoftmaxGrad
		}
	default:
		return false, nil
	}
	return true, nil
}

func (l *lowering) constant(op gorgonia.Op, v *value) (bool, error) {
	c, ok := op.(interface{ Value() gorgonia.Value })
	if !ok {
		return false, nil
	}
	v.kind = kConst
	switch d := c.Value().Data().(type) {
	case float32:
		v.number = float64(d)
	case float64:
		v.number = d
	case int:
		v.number = float64(d)
	case int32:
		v.number = float64(d)
	case int64:
		v.number = float64(d)
	default:
		return false, fmt.Errorf("a constant must be one number, not %T of shape %v; use a slot for arrays", d, v.shape)
	}
	return v.n == 1, nil
}

func (l *lowering) repeat(v *value) (bool, error) {
	var axis int
	if _, err := fmt.Sscanf(v.label, "Repeat%d", &axis); err != nil {
		return false, err
	}
	x := v.args[0]
	src := append([]int{}, x.shape...)
	st := append([]int{}, x.at().strides...)
	for len(src) < len(v.shape) {
		src, st = append(src, 1), append(st, 0)
	}
	if axis >= len(v.shape) || src[axis] != 1 && src[axis] != v.shape[axis] {
		return false, fmt.Errorf("repeats an axis of %v to give %v: only axes of length 1", x.shape, v.shape)
	}
	if src[axis] != v.shape[axis] {
		st[axis] = 0
	}
	v.kind, v.lay = kView, layout{x.root(), x.at().off, st}
	return true, nil
}

func (l *lowering) transpose(v *value) (bool, error) {
	x := v.args[0]
	var perm []int
	for _, f := range strings.FieldsFunc(v.label, func(r rune) bool { return r < '0' || r > '9' }) {
		var p int
		fmt.Sscanf(f, "%d", &p)
		perm = append(perm, p)
	}
	if len(perm) != len(x.shape) {
		return false, fmt.Errorf("permutation %v of the axes of %v", perm, x.shape)
	}
	lay := x.at()
	st := make([]int, len(perm))
	for i, p := range perm {
		st[i] = lay.strides[p]
	}
	v.kind, v.lay = kView, layout{lay.root, lay.off, st}
	return true, nil
}

// slice reads forms such as "T[:, 2:5:1...]" and "T[3:4:1...]"; the sliced axis may disappear.
func (l *lowering) slice(v *value) (bool, error) {
	x := v.args[0]
	body := strings.TrimSuffix(strings.TrimPrefix(v.label, "T["), "...]")
	fields := strings.Split(body, ", ")
	axis, spec := -1, ""
	for i, f := range fields {
		if f != ":" {
			axis, spec = i, f
			break
		}
	}
	lay := x.at()
	if axis < 0 { // all of it
		lay, _ = lay.reshape(x.shape, v.shape)
		v.kind, v.lay = kView, lay
		return true, nil
	}
	var start, end, step int
	if _, err := fmt.Sscanf(spec, "%d:%d:%d", &start, &end, &step); err != nil {
		return false, err
	}
	off := lay.off + start*lay.strides[axis]
	var shape, st []int
	for i := range x.shape {
		s, sh := lay.strides[i], x.shape[i]
		if i == axis {
			s, sh = s*max(step, 1), (end-start+max(step, 1)-1)/max(step, 1)
		}
		shape, st = append(shape, sh), append(st, s)
	}
	if !slices.Equal(shape, v.shape) { // an axis of length 1 was dropped
		if Volume(shape) != v.n || len(v.shape) != len(shape)-1 || shape[axis] != 1 {
			return false, fmt.Errorf("slice of %v gives %v", x.shape, v.shape)
		}
		st = append(st[:axis:axis], st[axis+1:]...)
	}
	v.kind, v.lay = kView, layout{lay.root, off, st}
	return true, nil
}

// product handles matrix, matrix-vector, inner and outer products, and batches of matrices.
func (l *lowering) product(v *value) (bool, error) {
	v.kind, v.alpha = kProduct, 1
	v.ta, v.tb = strings.Contains(v.label, "ᵀ "), strings.HasSuffix(v.label, "ᵀ")
	as := func(i int, shape ...int) {
		x := v.args[i]
		lay, ok := x.at().reshape(x.shape, shape)
		if !ok {
			x = moved(x)
			lay, _ = x.at().reshape(x.shape, shape)
		}
		v.args[i] = &value{kind: kView, label: x.label, dtype: x.dtype, shape: shape, n: x.n, args: []*value{x}, lay: lay}
	}
	sa, sb := v.args[0].shape, v.args[1].shape
	switch {
	case strings.Contains(v.label, "⋅"):
		as(0, 1, sa[0])
		as(1, sb[0], 1)
	case strings.Contains(v.label, "⊗"):
		as(0, sa[0], 1)
		as(1, 1, sb[0])
	case len(sa) == 2 && len(sb) == 1:
		as(1, sb[0], 1)
		v.tb = false
	case len(sa) == len(sb) && (len(sa) == 2 || len(sa) == 3):
	default:
		return false, nil
	}
	for i, flag := range []*bool{&v.ta, &v.tb} {
		x := v.args[i]
		_, _, tr, ok := x.at().matrix(x.shape)
		if !ok {
			v.args[i] = moved(x)
			continue
		}
		if tr {
			*flag = !*flag
		}
	}
	return true, nil
}

func (l *lowering) reduce(v *value) (bool, error) {
	x := v.args[0]
	v.kind, v.flag = kReduce, strings.HasPrefix(v.label, "Max")
	body := v.label[strings.IndexByte(v.label, '[')+1 : len(v.label)-1]
	var axes []int
	for _, f := range strings.Fields(body) {
		var a int
		if _, err := fmt.Sscanf(f, "%d", &a); err != nil {
			return false, err
		}
		axes = append(axes, a)
	}
	sort.Ints(axes)
	if len(axes) == 0 || v.n == 1 {
		v.axis = [3]int{1, x.n, 1}
		return true, nil
	}
	for i := 1; i < len(axes); i++ {
		if axes[i] != axes[i-1]+1 {
			return false, fmt.Errorf("reduction over the axes %v of %v: only neighbouring axes", axes, x.shape)
		}
	}
	if axes[len(axes)-1] >= len(x.shape) {
		return false, fmt.Errorf("reduction over the axes %v of %v", axes, x.shape)
	}
	v.axis = [3]int{Volume(x.shape[:axes[0]]), Volume(x.shape[axes[0] : axes[len(axes)-1]+1]), Volume(x.shape[axes[len(axes)-1]+1:])}
	return true, nil
}
