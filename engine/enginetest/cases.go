package enginetest

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
)

// A Case is a plan that every backend must run alike, in float32 and in float64.
type Case struct {
	Name  string
	Steps int
	Plan  func(b *Builder) engine.Plan
}

// Builder makes graphs of one dtype without an error check a line; the first error is kept.
type Builder struct {
	Dtype tensor.Dtype
	Err   error
	g     *gorgonia.ExprGraph
}

type node = *gorgonia.Node

func (b *Builder) graph() { b.g = gorgonia.NewGraph() }

// in is the slot's input node in the present graph.
func (b *Builder) in(name string, shape ...int) node {
	return engine.Input(b.g, name, b.Dtype, shape...)
}

func (b *Builder) num(x float64) node {
	if b.Dtype == tensor.Float32 {
		return gorgonia.NewConstant(float32(x))
	}
	return gorgonia.NewConstant(x)
}

func (b *Builder) ok(n node, err error) node {
	if err != nil && b.Err == nil {
		b.Err = err
	}
	return n
}

func (b *Builder) stage(name string, repeat int, next map[string]node) engine.Stage {
	return engine.Stage{Name: name, Graph: b.g, Next: next, Repeat: repeat}
}

func one(s engine.Stage) engine.Plan { return engine.Plan{Stages: []engine.Stage{s}, Seed: 1} }

// Cases covers every gorgonia operation that the engine lowers, in the forms that models and gorgonia.Grad produce.
var Cases = []Case{
	{"arithmetic", 3, func(b *Builder) engine.Plan {
		b.graph()
		x, y := b.in("x", 5, 37), b.in("y", 5, 37)
		s := b.ok(gorgonia.Add(x, y))
		d := b.ok(gorgonia.HadamardDiv(b.ok(gorgonia.Sub(x, y)), b.ok(gorgonia.Add(b.ok(gorgonia.Square(y)), b.num(2)))))
		return one(b.stage("s", 1, map[string]node{"x": b.ok(gorgonia.HadamardProd(s, b.num(.25))), "y": d,
			"f": b.ok(gorgonia.Sub(x, b.ok(gorgonia.HadamardProd(s, d))))}))
	}},
	{"unary", 1, func(b *Builder) engine.Plan {
		b.graph()
		x := b.in("x", 7, 19)
		pos := b.ok(gorgonia.Add(b.ok(gorgonia.Square(x)), b.num(.5)))
		next := map[string]node{}
		for name, f := range map[string]func(node) (node, error){"abs": gorgonia.Abs, "sign": gorgonia.Sign, "sin": gorgonia.Sin, "cos": gorgonia.Cos,
			"exp": gorgonia.Exp, "neg": gorgonia.Neg, "square": gorgonia.Square, "cube": gorgonia.Cube, "tanh": gorgonia.Tanh, "sigmoid": gorgonia.Sigmoid,
			"expm1": gorgonia.Expm1, "softplus": gorgonia.Softplus, "rectify": gorgonia.Rectify} {
			next[name] = b.ok(f(x))
		}
		for name, f := range map[string]func(node) (node, error){"log": gorgonia.Log, "log2": gorgonia.Log2, "sqrt": gorgonia.Sqrt,
			"inverse": gorgonia.Inverse, "inversesqrt": gorgonia.InverseSqrt, "log1p": gorgonia.Log1p} {
			next[name] = b.ok(f(pos))
		}
		return one(b.stage("s", 1, next))
	}},
	{"powers", 1, func(b *Builder) engine.Plan {
		b.graph()
		x, y := b.in("x", 6, 11), b.in("y", 6, 11)
		base := b.ok(gorgonia.Add(b.ok(gorgonia.Square(x)), b.num(.25)))
		return one(b.stage("s", 1, map[string]node{"p": b.ok(gorgonia.Pow(base, y)), "cube": b.ok(gorgonia.Pow(x, b.num(3)))}))
	}},
	{"comparisons", 1, func(b *Builder) engine.Plan {
		b.graph()
		x, y := b.in("x", 6, 11), b.in("y", 6, 11)
		next := map[string]node{}
		for name, f := range map[string]func(a, b node, same bool) (node, error){"lt": gorgonia.Lt, "gt": gorgonia.Gt, "lte": gorgonia.Lte, "gte": gorgonia.Gte, "eq": gorgonia.Eq, "ne": gorgonia.Ne} {
			next[name] = b.ok(f(x, y, true))
			next[name+"0"] = b.ok(f(x, b.num(0), true))
		}
		return one(b.stage("s", 1, next))
	}},
	{"products", 1, func(b *Builder) engine.Plan {
		b.graph()
		x, y, z := b.in("x", 13, 37), b.in("y", 37, 21), b.in("z", 21, 37)
		t := func(n node) node { return b.ok(gorgonia.Transpose(n, 1, 0)) }
		v := b.in("v", 37)
		return one(b.stage("s", 1, map[string]node{
			"xy": b.ok(gorgonia.Mul(x, y)), "xzt": b.ok(gorgonia.Mul(x, t(z))), "ytxt": b.ok(gorgonia.Mul(t(y), t(x))),
			"xv": b.ok(gorgonia.Mul(x, v)), "vv": b.ok(gorgonia.Mul(v, v)), "xxt": b.ok(gorgonia.Mul(x, t(x))),
			"tx": t(x),
		}))
	}},
	{"accumulating products", 2, func(b *Builder) engine.Plan {
		b.graph()
		v0, h0, v, h := b.in("v0", 9, 17), b.in("h0", 9, 12), b.in("v", 9, 17), b.in("h", 9, 12)
		t := func(n node) node { return b.ok(gorgonia.Transpose(n, 1, 0)) }
		d := b.ok(gorgonia.Sub(b.ok(gorgonia.Mul(t(v0), h0)), b.ok(gorgonia.Mul(t(v), h))))
		s := b.ok(gorgonia.Add(b.ok(gorgonia.Mul(t(v0), h)), b.ok(gorgonia.Mul(t(v), h0))))
		w := b.in("w", 17, 12)
		return one(b.stage("s", 1, map[string]node{"w": b.ok(gorgonia.Add(w, b.ok(gorgonia.HadamardProd(d, b.num(.1))))), "d": d, "sum": s}))
	}},
	{"batched products", 1, func(b *Builder) engine.Plan {
		b.graph()
		x, y := b.in("x", 3, 5, 7), b.in("y", 3, 7, 6)
		return one(b.stage("s", 1, map[string]node{"z": b.ok(gorgonia.BatchedMatMul(x, y))}))
	}},
	{"broadcasts", 2, func(b *Builder) engine.Plan {
		b.graph()
		x, r, c := b.in("x", 8, 33), b.in("r", 33), b.in("c", 8)
		return one(b.stage("s", 1, map[string]node{
			"xr": b.ok(gorgonia.BroadcastAdd(x, r, nil, []byte{0})), "xc": b.ok(gorgonia.BroadcastHadamardProd(x, c, nil, []byte{1})),
			"rx": b.ok(gorgonia.BroadcastSub(r, x, []byte{0}, nil)),
			"x":  b.ok(gorgonia.BroadcastHadamardDiv(x, b.ok(gorgonia.Add(b.ok(gorgonia.Square(c)), b.num(1))), nil, []byte{1}))}))
	}},
	{"reductions", 1, func(b *Builder) engine.Plan {
		b.graph()
		x := b.in("x", 11, 29)
		return one(b.stage("s", 1, map[string]node{"all": b.ok(gorgonia.Sum(x)), "rows": b.ok(gorgonia.Sum(x, 1)), "cols": b.ok(gorgonia.Sum(x, 0)),
			"mean": b.ok(gorgonia.Mean(x)), "mean0": b.ok(gorgonia.Mean(x, 0)), "max": b.ok(gorgonia.Max(x, 1))}))
	}},
	{"softmax", 1, func(b *Builder) engine.Plan {
		b.graph()
		x, y := b.in("x", 9, 10), b.in("y", 9, 10)
		return one(b.stage("s", 1, map[string]node{"soft": b.ok(gorgonia.SoftMax(x, 1)), "log": b.ok(gorgonia.LogSoftMax(y, 1))}))
	}},
	{"views", 2, func(b *Builder) engine.Plan {
		b.graph()
		x := b.in("x", 10, 14)
		top := b.ok(gorgonia.Slice(x, gorgonia.S(0, 4)))
		cols := b.ok(gorgonia.Slice(x, nil, gorgonia.S(3, 9)))
		return one(b.stage("s", 1, map[string]node{"top": b.ok(gorgonia.Add(top, b.num(1))), "cols": b.ok(gorgonia.HadamardProd(cols, b.num(2))),
			"flat": b.ok(gorgonia.Reshape(b.ok(gorgonia.Neg(x)), tensor.Shape{140})), "row": b.ok(gorgonia.Square(b.ok(gorgonia.Slice(x, gorgonia.S(2))))),
			"cat": b.ok(gorgonia.Concat(0, top, x)), "x": b.ok(gorgonia.HadamardProd(x, b.num(.5)))}))
	}},
	{"slots of another shape than their value", 3, func(b *Builder) engine.Plan {
		b.graph()
		x, flat := b.in("x", 6, 4), b.in("flat", 24)
		return one(b.stage("s", 1, map[string]node{"flat": b.ok(gorgonia.Reshape(b.ok(gorgonia.Tanh(x)), tensor.Shape{24})),
			"x": b.ok(gorgonia.Reshape(b.ok(gorgonia.Neg(flat)), tensor.Shape{6, 4}))}))
	}},
	{"slots swapped and copied", 3, func(b *Builder) engine.Plan {
		b.graph()
		x, y, z := b.in("x", 4, 6), b.in("y", 4, 6), b.in("z", 4, 6)
		return one(b.stage("s", 1, map[string]node{"x": y, "y": x, "z": b.ok(gorgonia.Add(z, x)), "w": z}))
	}},
	{"old value read after the new one", 3, func(b *Builder) engine.Plan {
		b.graph()
		x, y := b.in("x", 3, 2000), b.in("y", 3, 2000)
		nx := b.ok(gorgonia.Add(b.ok(gorgonia.HadamardProd(x, b.num(.5))), y))
		ny := b.ok(gorgonia.Sub(b.ok(gorgonia.HadamardProd(nx, b.num(.25))), x))
		return one(b.stage("s", 1, map[string]node{"x": nx, "y": ny}))
	}},
	{"stages share slots", 3, func(b *Builder) engine.Plan {
		b.graph()
		x := b.in("x", 5, 5)
		first := b.stage("first", 2, map[string]node{"x": b.ok(gorgonia.Tanh(b.ok(gorgonia.Mul(x, x))))})
		b.graph()
		x, w := b.in("x", 5, 5), b.in("w", 5, 5)
		return engine.Plan{Stages: []engine.Stage{first, b.stage("second", 1, map[string]node{"w": b.ok(gorgonia.Add(w, x))})}}
	}},
	{"network with gradient and adam", 4, network},
}

// network is a two-layer classifier with biases, its gradient and Adam's update.
func network(b *Builder) engine.Plan {
	b.graph()
	x, y := b.in("x", 10, 17), b.in("y", 10, 4)
	w1, b1, w2, b2 := b.in("w1", 17, 12), b.in("b1", 12), b.in("w2", 12, 4), b.in("b2", 4)
	h := b.ok(gorgonia.Rectify(b.ok(gorgonia.BroadcastAdd(b.ok(gorgonia.Mul(x, w1)), b1, nil, []byte{0}))))
	logits := b.ok(gorgonia.BroadcastAdd(b.ok(gorgonia.Mul(h, w2)), b2, nil, []byte{0}))
	loss := b.ok(gorgonia.Neg(b.ok(gorgonia.Mean(b.ok(gorgonia.HadamardProd(y, b.ok(gorgonia.LogSoftMax(logits, 1))))))))
	if b.Err != nil {
		return engine.Plan{}
	}
	params := []node{w1, b1, w2, b2}
	grads, err := gorgonia.Grad(loss, params...)
	if err != nil {
		b.Err = err
		return engine.Plan{}
	}
	next := map[string]node{"loss": loss}
	for i, p := range params {
		m, v := b.in("m."+p.Name(), p.Shape()...), b.in("v."+p.Name(), p.Shape()...)
		g := grads[i]
		nm := b.ok(gorgonia.Add(b.ok(gorgonia.HadamardProd(m, b.num(.9))), b.ok(gorgonia.HadamardProd(g, b.num(.1)))))
		nv := b.ok(gorgonia.Add(b.ok(gorgonia.HadamardProd(b.ok(gorgonia.Square(v)), b.num(.99))), b.ok(gorgonia.HadamardProd(b.ok(gorgonia.Square(g)), b.num(.01)))))
		up := b.ok(gorgonia.HadamardDiv(nm, b.ok(gorgonia.Add(b.ok(gorgonia.Sqrt(nv)), b.num(1e-2)))))
		next["m."+p.Name()], next["v."+p.Name()] = nm, nv
		next[p.Name()] = b.ok(gorgonia.Sub(p, b.ok(gorgonia.HadamardProd(up, b.num(.01)))))
	}
	return one(b.stage("train", 1, next))
}
