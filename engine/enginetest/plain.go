// Package enginetest holds any backend against the meaning of the engine's steps: a table of graphs that every backend
// must run alike, and Plain, the slow backend that defines what each step computes.
package enginetest

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"cavity/engine"
)

// Plain is the definition of the engine's steps: loops over elements in float64, no speed, no parallelism.
type Plain struct{}

// Name is "plain".
func (Plain) Name() string { return "plain" }

// Close does nothing.
func (Plain) Close() error { return nil }

// Alloc makes host memory.
func (Plain) Alloc(dt tensor.Dtype, n int) (engine.Buffer, error) {
	return engine.NewHostBuffer(dt, n), nil
}

// Lower returns a closure that interprets the step.
func (Plain) Lower(s engine.Step) (engine.Launch, error) {
	switch s := s.(type) {
	case *engine.Product:
		return func(*engine.Clock) error { product(s); return nil }, nil
	case *engine.Loop:
		for _, in := range s.Code {
			if _, ok := primitives[in.Op]; !ok {
				return nil, fmt.Errorf("plain: no primitive %q", in.Op)
			}
		}
		return func(*engine.Clock) error { loop(s); return nil }, nil
	case *engine.Reduce:
		return func(*engine.Clock) error { reduce(s); return nil }, nil
	case *engine.Softmax:
		return func(*engine.Clock) error { softmax(s); return nil }, nil
	case *engine.SoftmaxGrad:
		return func(*engine.Clock) error { softmaxGrad(s); return nil }, nil
	case *engine.Random:
		return func(c *engine.Clock) error { return random(s, c) }, nil
	case *engine.Move:
		return func(*engine.Clock) error { move(s); return nil }, nil
	case *engine.Call:
		return func(c *engine.Clock) error { return s.Kernel.Host(*c, s.Out, s.In) }, nil
	}
	return nil, fmt.Errorf("plain: no code for %T", s)
}

func get(b engine.Buffer, i int) float64 {
	if b.Dtype == tensor.Float32 {
		return float64(engine.Slice[float32](b)[i])
	}
	return engine.Slice[float64](b)[i]
}

func set(b engine.Buffer, i int, x float64) {
	if b.Dtype == tensor.Float32 {
		engine.Slice[float32](b)[i] = float32(x)
	} else {
		engine.Slice[float64](b)[i] = x
	}
}

func product(p *engine.Product) {
	for q := 0; q < p.Batch; q++ {
		for i := 0; i < p.M; i++ {
			for j := 0; j < p.N; j++ {
				set(p.C, (q*p.M+i)*p.N+j, productElement(p, q, i, j))
			}
		}
	}
}

// productElement is element (i, j) of matrix q of the batch.
func productElement(p *engine.Product, q, i, j int) float64 {
	s := 0.0
	for k := 0; k < p.K; k++ {
		ai, bi := i*p.LDA+k, k*p.LDB+j
		if p.TransA {
			ai = k*p.LDA + i
		}
		if p.TransB {
			bi = j*p.LDB + k
		}
		s += get(p.A, q*p.StrideA+ai) * get(p.B, q*p.StrideB+bi)
	}
	s *= p.Alpha
	if p.Beta != 0 {
		s += p.Beta * get(p.C, (q*p.M+i)*p.N+j)
	}
	return s
}

func flag(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// primitives gives every elementwise primitive in float64; packages with fast versions state their own accuracy.
var primitives = map[string]func(a, b, c float64) float64{
	"mov":         func(a, b, c float64) float64 { return a },
	"add":         func(a, b, c float64) float64 { return a + b },
	"sub":         func(a, b, c float64) float64 { return a - b },
	"mul":         func(a, b, c float64) float64 { return a * b },
	"div":         func(a, b, c float64) float64 { return a / b },
	"pow":         func(a, b, c float64) float64 { return math.Pow(a, b) },
	"min":         func(a, b, c float64) float64 { return math.Min(a, b) },
	"max":         func(a, b, c float64) float64 { return math.Max(a, b) },
	"lt":          func(a, b, c float64) float64 { return flag(a < b) },
	"gt":          func(a, b, c float64) float64 { return flag(a > b) },
	"lte":         func(a, b, c float64) float64 { return flag(a <= b) },
	"gte":         func(a, b, c float64) float64 { return flag(a >= b) },
	"eq":          func(a, b, c float64) float64 { return flag(a == b) },
	"ne":          func(a, b, c float64) float64 { return flag(a != b) },
	"fma":         math.FMA,
	"fnma":        func(a, b, c float64) float64 { return math.FMA(-a, b, c) },
	"select":      func(a, b, c float64) float64 { return map[bool]float64{true: b, false: c}[a != 0] },
	"neg":         func(a, b, c float64) float64 { return -a },
	"abs":         func(a, b, c float64) float64 { return math.Abs(a) },
	"sign":        func(a, b, c float64) float64 { return flag(a > 0) - flag(a < 0) },
	"ceil":        func(a, b, c float64) float64 { return math.Ceil(a) },
	"floor":       func(a, b, c float64) float64 { return math.Floor(a) },
	"square":      func(a, b, c float64) float64 { return a * a },
	"cube":        func(a, b, c float64) float64 { return a * a * a },
	"sqrt":        func(a, b, c float64) float64 { return math.Sqrt(a) },
	"inverse":     func(a, b, c float64) float64 { return 1 / a },
	"inversesqrt": func(a, b, c float64) float64 { return 1 / math.Sqrt(a) },
	"exp":         func(a, b, c float64) float64 { return math.Exp(a) },
	"expm1":       func(a, b, c float64) float64 { return math.Expm1(a) },
	"log":         func(a, b, c float64) float64 { return math.Log(a) },
	"log1p":       func(a, b, c float64) float64 { return math.Log1p(a) },
	"log2":        func(a, b, c float64) float64 { return math.Log2(a) },
	"sin":         func(a, b, c float64) float64 { return math.Sin(a) },
	"cos":         func(a, b, c float64) float64 { return math.Cos(a) },
	"erf":         func(a, b, c float64) float64 { return math.Erf(a) },
	"tanh":        func(a, b, c float64) float64 { return math.Tanh(a) },
	"sigmoid":     func(a, b, c float64) float64 { return 1 / (1 + math.Exp(-a)) },
	"softplus":    func(a, b, c float64) float64 { return math.Max(a, 0) + math.Log1p(math.Exp(-math.Abs(a))) },
	"relu":        func(a, b, c float64) float64 { return math.Max(a, 0) },
	"step":        func(a, b, c float64) float64 { return flag(a > 0) },
	"bernoulli":   func(a, b, c float64) float64 { return flag(b*(1+math.Exp(-a)) < 1) },
	"spin": func(a, b, c float64) float64 {
		return 2*flag(b*(1+math.Exp(-a)) < 1) - 1
	},
}

func loop(l *engine.Loop) {
	temps := make([]float64, l.Temps)
	for e := range l.N {
		loopElement(l, e, temps)
	}
}

func loopElement(l *engine.Loop, e int, temps []float64) {
	read := func(o engine.Operand) float64 {
		switch o.Kind {
		case engine.Array:
			return get(o.Buf, e)
		case engine.Scalar:
			return get(o.Buf, 0)
		case engine.Row:
			return get(o.Buf, e%l.Cols)
		case engine.Col:
			return get(o.Buf, e/l.Cols)
		case engine.Temp:
			return temps[o.Temp]
		}
		return 0
	}
	for _, in := range l.Code {
		x := primitives[in.Op](read(in.Src[0]), read(in.Src[1]), read(in.Src[2]))
		if in.Dst.Kind == engine.Temp {
			temps[in.Dst.Temp] = x
		} else {
			set(in.Dst.Buf, e, x)
		}
	}
}

func reduce(r *engine.Reduce) {
	for o := 0; o < r.Outer; o++ {
		for i := 0; i < r.Inner; i++ {
			s := 0.0
			if r.Max {
				s = math.Inf(-1)
			}
			for a := 0; a < r.Axis; a++ {
				x := get(r.In, (o*r.Axis+a)*r.Inner+i)
				if r.Max {
					s = math.Max(s, x)
				} else {
					s += x
				}
			}
			set(r.Out, o*r.Inner+i, s)
		}
	}
}

func softmax(s *engine.Softmax) {
	for r := 0; r < s.Rows; r++ {
		m, z := math.Inf(-1), 0.0
		for j := 0; j < s.Cols; j++ {
			m = math.Max(m, get(s.In, r*s.Cols+j))
		}
		for j := 0; j < s.Cols; j++ {
			z += math.Exp(get(s.In, r*s.Cols+j) - m)
		}
		for j := 0; j < s.Cols; j++ {
			x := get(s.In, r*s.Cols+j) - m - math.Log(z)
			if !s.Log {
				x = math.Exp(x)
			}
			set(s.Out, r*s.Cols+j, x)
		}
	}
}

func softmaxGrad(s *engine.SoftmaxGrad) {
	for r := 0; r < s.Rows; r++ {
		sum := 0.0
		for j := r * s.Cols; j < (r+1)*s.Cols; j++ {
			if s.Log {
				sum += get(s.G, j)
			} else {
				sum += get(s.G, j) * get(s.Y, j)
			}
		}
		for j := r * s.Cols; j < (r+1)*s.Cols; j++ {
			if s.Log {
				set(s.Out, j, get(s.G, j)-math.Exp(get(s.Y, j))*sum)
			} else {
				set(s.Out, j, get(s.Y, j)*(get(s.G, j)-sum))
			}
		}
	}
}

func random(s *engine.Random, c *engine.Clock) error {
	st := c.Stream(s.Stream)
	n := s.Out.Len()
	switch {
	case s.Law == engine.Bits && s.Out.Dtype == tensor.Uint32:
		for e, out := 0, engine.Slice[uint32](s.Out); e < n; e++ {
			out[e] = st.Uint32(s.First + uint64(e))
		}
	case s.Law == engine.Uniform && s.Out.Dtype == tensor.Float32:
		for e, out := 0, engine.Slice[float32](s.Out); e < n; e++ {
			out[e] = st.Float32(s.First + uint64(e))
		}
	case s.Law == engine.Uniform && s.Out.Dtype == tensor.Float64:
		for e, out := 0, engine.Slice[float64](s.Out); e < n; e++ {
			out[e] = st.Float64(s.First + uint64(e))
		}
	case s.Law == engine.Normal && s.Out.Dtype == tensor.Float32:
		for e, out := 0, engine.Slice[float32](s.Out); e < n; e++ {
			out[e] = st.Normal32(s.First + uint64(e))
		}
	case s.Law == engine.Normal && s.Out.Dtype == tensor.Float64:
		for e, out := 0, engine.Slice[float64](s.Out); e < n; e++ {
			out[e] = st.Normal64(s.First + uint64(e))
		}
	default:
		return fmt.Errorf("plain: no random numbers of law %d and dtype %v", s.Law, s.Out.Dtype)
	}
	return nil
}

func move(m *engine.Move) {
	if m.Zero {
		clear(m.Out)
	}
	engine.Walk(m, func(out, in int) {
		engine.Copy(m.Out.View(out), m.In.View(in))
	})
}

func clear(b engine.Buffer) {
	zero := engine.NewHostBuffer(b.Dtype, b.Shape...)
	engine.Copy(b, zero)
}
