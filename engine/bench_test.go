package engine_test

import (
	"context"
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	_ "cavity/engine/cpu"
	"cavity/engine/rng"
	_ "cavity/engine/tape"
	"cavity/kernels"
)

type node = *gorgonia.Node

// must keeps the first error of building a graph.
type must struct {
	tb testing.TB
	g  *gorgonia.ExprGraph
}

func (m must) ok(n node, err error) node {
	m.tb.Helper()
	if err != nil {
		m.tb.Fatal(err)
	}
	return n
}

func (m must) in(name string, shape ...int) node {
	if len(shape) == 0 {
		return gorgonia.NewScalar(m.g, tensor.Float32, gorgonia.WithName(name))
	}
	return gorgonia.NewTensor(m.g, tensor.Float32, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name))
}

func num(x float64) node                  { return gorgonia.NewConstant(float32(x)) }
func (m must) mul(a, b node) node         { return m.ok(gorgonia.Mul(a, b)) }
func (m must) had(a, b node) node         { return m.ok(gorgonia.HadamardProd(a, b)) }
func (m must) add(a, b node) node         { return m.ok(gorgonia.Add(a, b)) }
func (m must) sub(a, b node) node         { return m.ok(gorgonia.Sub(a, b)) }
func (m must) bias(a, b node) node        { return m.ok(gorgonia.BroadcastAdd(a, b, nil, []byte{0})) }
func (m must) t(a node) node              { return m.ok(gorgonia.Transpose(a, 1, 0)) }
func (m must) flip(a node, s uint16) node { return m.ok(kernels.Bernoulli(a, s)) }

// contrastiveDivergence is CD-k with momentum as three stages.
func contrastiveDivergence(tb testing.TB, nv, nh, batch, k int) engine.Plan {
	open := func() (must, node, node, node) {
		m := must{tb, gorgonia.NewGraph()}
		return m, m.in("W", nv, nh), m.in("b", nv), m.in("c", nh)
	}
	m, w, b, c := open()
	x := m.bias(m.mul(m.in("v0", batch, nv), w), c)
	positive := engine.Stage{Name: "positive", Graph: m.g, Repeat: 1, Next: map[string]node{"ph0": m.ok(gorgonia.Sigmoid(x)), "v": m.flip(m.bias(m.mul(m.flip(x, 1), m.t(w)), b), 2)}}
	m, w, b, c = open()
	gibbs := engine.Stage{Name: "gibbs", Graph: m.g, Repeat: k - 1, Next: map[string]node{"v": m.flip(m.bias(m.mul(m.flip(m.bias(m.mul(m.in("v", batch, nv), w), c), 1), m.t(w)), b), 2)}}
	m, w, b, c = open()
	v, v0, ph0 := m.in("v", batch, nv), m.in("v0", batch, nv), m.in("ph0", batch, nh)
	ph := m.ok(gorgonia.Sigmoid(m.bias(m.mul(v, w), c)))
	next := map[string]node{}
	up := func(name string, p, velocity, grad node, rate float64) {
		u := m.add(m.had(velocity, num(.5)), m.had(grad, num(rate)))
		next["vel"+name], next[name] = u, m.add(p, u)
	}
	up("W", w, m.in("velW", nv, nh), m.sub(m.mul(m.t(v0), ph0), m.mul(m.t(v), ph)), 1e-3/float64(batch))
	up("b", b, m.in("velb", nv), m.sub(m.ok(gorgonia.Mean(v0, 0)), m.ok(gorgonia.Mean(v, 0))), 1e-3)
	up("c", c, m.in("velc", nh), m.sub(m.ok(gorgonia.Mean(ph0, 0)), m.ok(gorgonia.Mean(ph, 0))), 1e-3)
	return engine.Plan{Seed: 7, Stages: []engine.Stage{positive, gibbs, {Name: "update", Graph: m.g, Next: next, Repeat: 1}}}
}

// classifier is 784-h-h-10 with softmax cross entropy, its gradient and Adam with decoupled decay.
func classifier(tb testing.TB, h, batch int) engine.Plan {
	m := must{tb, gorgonia.NewGraph()}
	a, y := m.in("x", batch, 784), m.in("y", batch, 10)
	sizes := []int{784, h, h, 10}
	var params []node
	for l := 0; l < 3; l++ {
		w := m.in("W"+string(rune('1'+l)), sizes[l], sizes[l+1])
		params = append(params, w)
		if a = m.mul(a, w); l < 2 {
			a = m.ok(gorgonia.Rectify(a))
		}
	}
	loss := m.ok(gorgonia.HadamardDiv(m.ok(gorgonia.Neg(m.ok(gorgonia.Sum(m.had(y, m.ok(gorgonia.LogSoftMax(a, 1))))))), num(float64(batch))))
	grads, err := gorgonia.Grad(loss, params...)
	if err != nil {
		tb.Fatal(err)
	}
	t1, t2 := m.had(m.in("b1t"), num(.9)), m.had(m.in("b2t"), num(.999))
	c1, c2 := m.sub(num(1), t1), m.sub(num(1), t2)
	next := map[string]node{"b1t": t1, "b2t": t2, "loss": loss}
	for i, p := range params {
		s := p.Shape()
		mm, vv := m.in("m."+p.Name(), s...), m.in("v."+p.Name(), s...)
		m1 := m.add(m.had(mm, num(.9)), m.had(grads[i], num(.1)))
		v1 := m.add(m.had(vv, num(.999)), m.had(m.ok(gorgonia.Square(grads[i])), num(.001)))
		step := m.ok(gorgonia.HadamardDiv(m.ok(gorgonia.HadamardDiv(m1, c1)), m.add(m.ok(gorgonia.Sqrt(m.ok(gorgonia.HadamardDiv(v1, c2)))), num(1e-8))))
		next["m."+p.Name()], next["v."+p.Name()] = m1, v1
		next[p.Name()] = m.sub(m.had(p, num(1-1e-7)), m.had(step, num(1e-3)))
	}
	return engine.Plan{Seed: 1, Stages: []engine.Stage{{Name: "train", Graph: m.g, Next: next, Repeat: 1}}}
}

func compile(tb testing.TB, p engine.Plan, backend string, workers int) *engine.Program {
	b, err := engine.Open(backend, engine.Options{Workers: workers})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { b.Close() })
	pr, err := engine.Compile(p, b)
	if err != nil {
		tb.Fatal(err)
	}
	return pr
}

// spread fills slots with numbers of a plausible scale: weights small, data a fifth ones, decay powers at 1.
func spread(tb testing.TB, pr *engine.Program) {
	id := uint16(0)
	for name, b := range pr.Slots() {
		id++
		x := make([]float32, b.Len())
		s := rng.At(5, 0, 255, id)
		for i := range x {
			switch name[0] {
			case 'W':
				x[i] = .05 * s.Normal32(uint64(i))
			case 'v', 'x', 'y':
				if name == "v0" || len(name) == 1 {
					x[i] = float32(math.Floor(float64(s.Float32(uint64(i))) + .13))
				}
			case 'b':
				if b.Len() == 1 {
					x[i] = 1
				}
			}
		}
		if err := pr.Write(name, x); err != nil {
			tb.Fatal(err)
		}
	}
}

func benchmark(b *testing.B, p engine.Plan, backend string, workers int) {
	pr := compile(b, p, backend, workers)
	spread(b, pr)
	ctx := context.Background()
	if err := pr.Step(ctx, 2); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	if err := pr.Step(ctx, b.N); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkCD1(b *testing.B) {
	b.Run("cpu", func(b *testing.B) { benchmark(b, contrastiveDivergence(b, 784, 500, 128, 1), "cpu", 1) })
	b.Run("cpu2", func(b *testing.B) { benchmark(b, contrastiveDivergence(b, 784, 500, 128, 1), "cpu", 2) })
	b.Run("tape", func(b *testing.B) { benchmark(b, contrastiveDivergence(b, 784, 500, 128, 1), "tape", 1) })
}

func BenchmarkClassifier100(b *testing.B) {
	b.Run("cpu", func(b *testing.B) { benchmark(b, classifier(b, 100, 100), "cpu", 1) })
	b.Run("cpu2", func(b *testing.B) { benchmark(b, classifier(b, 100, 100), "cpu", 2) })
	b.Run("tape", func(b *testing.B) { benchmark(b, classifier(b, 100, 100), "tape", 1) })
}

// chain is n products of 2×2 matrices: nothing but the overhead of a step.
func chain(tb testing.TB, n int) engine.Plan {
	m := must{tb, gorgonia.NewGraph()}
	x, w := m.in("x", 2, 2), m.in("W", 2, 2)
	a := x
	for i := 0; i < n; i++ {
		a = m.mul(a, w)
	}
	return engine.Plan{Stages: []engine.Stage{{Name: "chain", Graph: m.g, Next: map[string]node{"x": a}, Repeat: 1}}}
}

func BenchmarkChainOf100Products(b *testing.B) {
	b.Run("cpu", func(b *testing.B) { benchmark(b, chain(b, 100), "cpu", 1) })
	b.Run("tape", func(b *testing.B) { benchmark(b, chain(b, 100), "tape", 1) })
}

func BenchmarkCompile10000(b *testing.B) {
	p := chain(b, 10000)
	back, err := engine.Open("cpu", engine.Options{Workers: 1})
	if err != nil {
		b.Fatal(err)
	}
	defer back.Close()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		if _, err := engine.Compile(p, back); err != nil {
			b.Fatal(err)
		}
	}
}
