package engine

import (
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// The printed forms by which lowering recognises gorgonia's operations: a new version that prints anything else must fail
// here and not in a model.
func TestPrintedForms(t *testing.T) {
	g := gorgonia.NewGraph()
	mat := func(name string, r, c int) *gorgonia.Node {
		return gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(r, c), gorgonia.WithName(name))
	}
	vec := func(name string, n int) *gorgonia.Node {
		return gorgonia.NewVector(g, tensor.Float32, gorgonia.WithShape(n), gorgonia.WithName(name))
	}
	m := gorgonia.Must
	a, b, v, w := mat("a", 3, 4), mat("b", 4, 5), vec("v", 4), vec("w", 3)
	x := gorgonia.NewTensor(g, tensor.Float32, 3, gorgonia.WithShape(2, 3, 4), gorgonia.WithName("x"))
	y := gorgonia.NewTensor(g, tensor.Float32, 3, gorgonia.WithShape(2, 4, 5), gorgonia.WithName("y"))
	one := func(f func(*gorgonia.Node) (*gorgonia.Node, error)) *gorgonia.Node { return m(f(a)) }
	same := func(f func(a, b *gorgonia.Node, s bool) (*gorgonia.Node, error)) *gorgonia.Node {
		return m(f(a, gorgonia.NewConstant(float32(1)), true))
	}
	for _, c := range []struct {
		n         *gorgonia.Node
		typ, form string
	}{
		{m(gorgonia.Mul(a, b)), "linAlgBinOp", "A × B"},
		{m(gorgonia.Mul(a, v)), "linAlgBinOp", "A × b"},
		{m(gorgonia.Mul(v, v)), "linAlgBinOp", "a ⋅ b"},
		{m(gorgonia.OuterProd(v, w)), "linAlgBinOp", "a ⊗ b"},
		{m(gorgonia.BatchedMatMul(x, y)), "linAlgBinOp", "A ××× B"},
		{m(gorgonia.Add(a, a)), "elemBinOp", "+ false"},
		{m(gorgonia.Sub(a, a)), "elemBinOp", "- false"},
		{m(gorgonia.HadamardProd(a, a)), "elemBinOp", "⊙ false"},
		{m(gorgonia.HadamardDiv(a, a)), "elemBinOp", "÷ false"},
		{m(gorgonia.Pow(a, a)), "elemBinOp", "^ false"},
		{same(gorgonia.Lt), "elemBinOp", "< true"},
		{same(gorgonia.Gt), "elemBinOp", "> true"},
		{same(gorgonia.Lte), "elemBinOp", "<= true"},
		{same(gorgonia.Gte), "elemBinOp", ">= true"},
		{same(gorgonia.Eq), "elemBinOp", "== true"},
		{same(gorgonia.Ne), "elemBinOp", "!= true"},
		{one(gorgonia.Abs), "elemUnaryOp", "abs"}, {one(gorgonia.Sign), "elemUnaryOp", "sign"},
		{one(gorgonia.Ceil), "elemUnaryOp", "ceil"}, {one(gorgonia.Floor), "elemUnaryOp", "floor"},
		{one(gorgonia.Sin), "elemUnaryOp", "sin"}, {one(gorgonia.Cos), "elemUnaryOp", "cos"},
		{one(gorgonia.Exp), "elemUnaryOp", "exp"}, {one(gorgonia.Log), "elemUnaryOp", "ln"},
		{one(gorgonia.Log2), "elemUnaryOp", "log2"}, {one(gorgonia.Neg), "elemUnaryOp", "neg"},
		{one(gorgonia.Square), "elemUnaryOp", "square"}, {one(gorgonia.Sqrt), "elemUnaryOp", "sqrt"},
		{one(gorgonia.Inverse), "elemUnaryOp", "inv"}, {one(gorgonia.InverseSqrt), "elemUnaryOp", "invSqrt"},
		{one(gorgonia.Cube), "elemUnaryOp", "cube"}, {one(gorgonia.Tanh), "elemUnaryOp", "tanh"},
		{one(gorgonia.Sigmoid), "elemUnaryOp", "sigmoid"}, {one(gorgonia.Log1p), "elemUnaryOp", "log1p"},
		{one(gorgonia.Expm1), "elemUnaryOp", "expm1"}, {one(gorgonia.Softplus), "elemUnaryOp", "softplus"},
		{m(gorgonia.Sum(a)), "sumOp", "Σ[0 1]"}, {m(gorgonia.Sum(a, 0)), "sumOp", "Σ[0]"},
		{m(gorgonia.Max(a, 1)), "maxOp", "MaxAlong[1]"},
		{m(gorgonia.Reshape(a, tensor.Shape{2, 6})), "reshapeOp", "Reshape(2, 6)"},
		{m(gorgonia.Transpose(a, 1, 0)), "transposeOp", "Aᵀ{1, 0}"},
		{m(gorgonia.Slice(a, gorgonia.S(1, 3))), "sliceOp", "T[1:3:1...]"},
		{m(gorgonia.Slice(a, nil, gorgonia.S(1, 4))), "sliceOp", "T[:, 1:4:1...]"},
		{m(gorgonia.Concat(1, a, a)), "concatOp", "Concat(axis=1)"},
		{m(gorgonia.SoftMax(a, 1)), "softmaxOp", "Softmax{1, false}()"},
		{m(gorgonia.LogSoftMax(m(gorgonia.Neg(a)), 1)), "softmaxOp", "Softmax{1, true}()"},
		{m(gorgonia.SizeOf(1, a)), "sizeOp", "SizeOf=4"},
	} {
		if typ := opType(c.n.Op()); typ != c.typ || c.n.Op().String() != c.form {
			t.Errorf("%s %q, expected %s %q", typ, c.n.Op().String(), c.typ, c.form)
		}
	}
	bias := m(gorgonia.BroadcastAdd(a, w, nil, []byte{1}))
	repeat := children(g, bias)[1]
	if typ, form := opType(repeat.Op()), repeat.Op().String(); typ != "repeatOp" || form != "Repeat1" {
		t.Errorf("broadcast by %s %q, expected repeatOp Repeat1", typ, form)
	}
	p, q := mat("p", 4, 3), mat("q", 5, 4)
	loss := m(gorgonia.Sum(m(gorgonia.LogSoftMax(m(gorgonia.Mul(m(gorgonia.Mul(q, p)), a)), 1))))
	grads, err := gorgonia.Grad(loss, p)
	if err != nil {
		t.Fatal(err)
	}
	forms := map[string]bool{}
	var walk func(n *gorgonia.Node)
	walk = func(n *gorgonia.Node) {
		if n.Op() == nil {
			return
		}
		forms[opType(n.Op())+" "+n.Op().String()] = true
		for _, c := range children(g, n) {
			walk(c)
		}
	}
	walk(grads[0])
	for _, want := range []string{"linAlgBinOp Aᵀ × B", "linAlgBinOp A × Bᵀ", "softmaxDiffOp SoftmaxDiff{1, true}()"} {
		if !forms[want] {
			t.Errorf("the gradient has no %q, but %v", want, forms)
		}
	}
}

// plainLayout of a reshaped transposition, slices and broadcasts: strides are followed where they can be.
func TestLayouts(t *testing.T) {
	root := &value{kind: kLeaf, shape: []int{4, 6}, n: 24}
	l := layout{root, 0, []int{1, 6}} // the transposition, [6, 4]
	if _, ok := l.reshape([]int{6, 4}, []int{24}); ok {
		t.Error("a transposition was flattened without a copy")
	}
	if r, ok := l.reshape([]int{6, 4}, []int{2, 3, 4}); !ok || r.strides[0] != 3 || r.strides[1] != 1 || r.strides[2] != 6 {
		t.Errorf("splitting an axis of a transposition: %v %v", r, ok)
	}
	for _, c := range []struct {
		strides []int
		kind    OperandKind
	}{{[]int{6, 1}, Array}, {[]int{0, 1}, Row}, {[]int{1, 0}, Col}, {[]int{0, 0}, Scalar}} {
		if k, ok := (layout{root, 0, c.strides}).operandKind([]int{4, 6}); !ok || k != c.kind {
			t.Errorf("strides %v are operand kind %d %v, expected %d", c.strides, k, ok, c.kind)
		}
	}
	if _, ok := (layout{root, 0, []int{1, 4}}).operandKind([]int{4, 6}); ok {
		t.Error("a loop would read a transposition in place")
	}
	if ld, _, trans, ok := (layout{root, 0, []int{1, 4}}).matrix([]int{4, 6}); !ok || !trans || ld != 4 {
		t.Errorf("a transposed matrix: ld %d, %v %v", ld, trans, ok)
	}
}

// Slots are updated in place where that is safe, and copied where another reader comes later: both happen.
func TestInPlaceAndCopied(t *testing.T) {
	build := func(readLater bool) *Program {
		g := gorgonia.NewGraph()
		x := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(3, 4), gorgonia.WithName("x"))
		w := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(4, 4), gorgonia.WithName("w"))
		next := gorgonia.Must(gorgonia.Tanh(x))
		out := gorgonia.Must(gorgonia.Mul(next, w))
		if readLater {
			out = gorgonia.Must(gorgonia.Mul(gorgonia.Must(gorgonia.Mul(x, w)), gorgonia.Must(gorgonia.Mul(w, w))))
			next = gorgonia.Must(gorgonia.Mul(out, w)) // needs x no more: still in place
			out = gorgonia.Must(gorgonia.Mul(x, gorgonia.Must(gorgonia.Transpose(gorgonia.Must(gorgonia.Mul(next, w)), 1, 0))))
		}
		p, err := Compile(Plan{Stages: []Stage{{Name: "s", Graph: g, Next: map[string]*gorgonia.Node{"x": next, "out": out}, Repeat: 1}}}, hostOnly{})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if p := build(false); p.Copies != 0 {
		t.Errorf("nobody reads the old value, but %d slots are copied:\n%s", p.Copies, p.Explain())
	}
	if p := build(true); p.Copies != 1 || !strings.Contains(p.Explain(), "move") {
		t.Errorf("the old value is read after the new one exists, but %d slots are copied:\n%s", p.Copies, p.Explain())
	}
}

// hostOnly compiles without being able to run.
type hostOnly struct{}

func (hostOnly) Name() string                                 { return "host" }
func (hostOnly) Close() error                                 { return nil }
func (hostOnly) Alloc(dt tensor.Dtype, n int) (Buffer, error) { return NewHostBuffer(dt, n), nil }
func (hostOnly) Lower(Step) (Launch, error)                   { return func(*Clock) error { return nil }, nil }
