//go:build gpu

package cuda

import (
	"fmt"
	"math"
	"testing"

	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/cpu/vec"
	"cavity/engine/rng"
)

// put copies a slice to the device; get copies a buffer back.
func put(t testing.TB, b *backend, x any, shape ...int) engine.Buffer {
	t.Helper()
	buf, err := b.Upload(x)
	if err != nil {
		t.Fatal(err)
	}
	return buf.View(0, shape...)
}

func get[T float32 | float64 | uint32](t testing.TB, b engine.Buffer) []T {
	t.Helper()
	h := engine.NewHostBuffer(b.Dtype, b.Shape...)
	out := engine.Slice[T](h)
	raw := make([]byte, b.Bytes())
	if err := b.Mem.ReadAt(raw, b.Off); err != nil {
		t.Fatal(err)
	}
	copyBytes(out, raw)
	return out
}

func empty(t testing.TB, b *backend, dt tensor.Dtype, shape ...int) engine.Buffer {
	t.Helper()
	buf, err := b.Alloc(dt, engine.Volume(shape))
	if err != nil {
		t.Fatal(err)
	}
	return buf.View(0, shape...)
}

func step(t testing.TB, b *backend, s engine.Step, c engine.Clock) {
	t.Helper()
	l, err := b.Lower(s)
	if err == nil {
		err = l(&c)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// arguments are ordinary numbers and the awkward ones.
func arguments(n int, seed uint16) []float64 {
	special := []float64{0, math.Copysign(0, -1), 1, -1, .5, 1e-40, -1e-40, 5e-324, 3e38, -3e38, 1e308, math.Inf(1), math.Inf(-1), math.NaN(), 88.8, -104.5, 0x1p-126, 16777216.5}
	x := make([]float64, n)
	s := rng.At(3, 0, rng.SetupStage, seed)
	for i := range x {
		x[i] = s.Normal64(uint64(i)) * math.Exp2(float64(i%12-4))
		if i%5 == 0 {
			x[i] = special[(i/5*int(seed+1))%len(special)]
		}
	}
	return x
}

// TestPrimitives holds every elementwise function to its definition, bit for bit, with every way of indexing.
func TestPrimitives(t *testing.T) {
	b := openDevice(t)
	const rows, cols = 37, 11
	const n = rows * cols
	kinds := []struct {
		kind engine.OperandKind
		size int
		at   func(e int) int
	}{
		{engine.Array, n, func(e int) int { return e }},
		{engine.Row, cols, func(e int) int { return e % cols }},
		{engine.Col, rows, func(e int) int { return e / cols }},
		{engine.Scalar, 1, func(int) int { return 0 }},
	}
	for i, op := range vec.Ops() {
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			var in [3][]float64
			code := engine.Instr{Op: op.Name, NSrc: op.Arity}
			out := empty(t, b, dt, n)
			code.Dst = engine.Operand{Kind: engine.Array, Buf: out}
			for k := range op.Arity {
				kind := kinds[(i+k)%4]
				if k == 0 {
					kind = kinds[0]
				}
				in[k] = arguments(kind.size, uint16(3*i+k))
				code.Src[k] = engine.Operand{Kind: kind.kind, Buf: put(t, b, convert(in[k], dt), kind.size)}
			}
			step(t, b, &engine.Loop{Name: "test", N: n, Cols: cols, Code: []engine.Instr{code}}, engine.Clock{})
			at := func(e, k int) float64 {
				if k >= op.Arity {
					return 0
				}
				j := (i + k) % 4
				if k == 0 {
					j = 0
				}
				return in[k][kinds[j].at(e)]
			}
			if dt == tensor.Float32 {
				f, _ := vec.Ref32(op.Name)
				for e, got := range get[float32](t, out) {
					want := f(float32(at(e, 0)), float32(at(e, 1)), float32(at(e, 2)))
					if math.Float32bits(got) != math.Float32bits(want) && !(got != got && want != want) {
						t.Fatalf("%s float32 of %v, %v, %v is %v, want %v", op.Name, at(e, 0), at(e, 1), at(e, 2), got, want)
					}
				}
				continue
			}
			f, _ := vec.Ref64(op.Name)
			for e, got := range get[float64](t, out) {
				want := f(at(e, 0), at(e, 1), at(e, 2))
				if math.Float64bits(got) != math.Float64bits(want) && !(got != got && want != want) {
					t.Fatalf("%s float64 of %v, %v, %v is %v, want %v", op.Name, at(e, 0), at(e, 1), at(e, 2), got, want)
				}
			}
		}
	}
}

func convert(x []float64, dt tensor.Dtype) any {
	if dt == tensor.Float64 {
		return x
	}
	y := make([]float32, len(x))
	for i := range x {
		y[i] = float32(x[i])
	}
	return y
}

// TestRandom holds the laws to package rng, bit for bit, at lengths that end inside a group of counters, and in parts that begin there.
func TestRandom(t *testing.T) {
	b := openDevice(t)
	c := engine.Clock{Seed: 0x123456789abcdef, Pass: 1<<33 + 5, Stage: 9}
	s := rng.At(c.Seed, c.Pass, c.Stage, 77)
	for i, n := range []int{1, 15, 16, 17, 63, 64, 65, 1000, 5000, 1, 15, 17, 64, 65, 1000} {
		first := []uint64{0, 1<<38 - 21, 63, 1, 64, 16, 77}[max(0, i-8)]
		for _, law := range []engine.Law{engine.Uniform, engine.Normal, engine.Bits} {
			for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64, tensor.Uint32} {
				if (law == engine.Bits) != (dt == tensor.Uint32) {
					continue
				}
				out := empty(t, b, dt, n)
				step(t, b, &engine.Random{Name: "r", Law: law, Stream: 77, First: first, Out: out}, c)
				same := true
				switch dt {
				case tensor.Float32:
					for e, x := range get[float32](t, out) {
						same = same && (law == engine.Uniform && x == s.Float32(first+uint64(e)) || law == engine.Normal && x == s.Normal32(first+uint64(e)))
					}
				case tensor.Float64:
					for e, x := range get[float64](t, out) {
						same = same && (law == engine.Uniform && x == s.Float64(first+uint64(e)) || law == engine.Normal && x == s.Normal64(first+uint64(e)))
					}
				default:
					for e, x := range get[uint32](t, out) {
						same = same && x == s.Uint32(first+uint64(e))
					}
				}
				if !same {
					t.Errorf("%d numbers from %d of law %d in %v differ from package rng's", n, first, law, dt)
				}
			}
		}
	}
}

// TestProducts compares every tile size, with transposes, row strides, batches and accumulation, with sums in float64; the tile
// sizes must agree bit for bit.
func TestProducts(t *testing.T) {
	b := openDevice(t)
	eachProduct(t, b, func(form int, p engine.Product, x, y, z []float64) {
		var first []float64
		for _, multiprocessors := range []int{0, 1000} { // large tiles, small tiles
			b.multiprocessors = multiprocessors
			p.C = put(t, b, convert(z, p.A.Dtype), len(z))
			step(t, b, &p, engine.Clock{})
			got := floats(t, p.C)
			if first == nil {
				first = got
			}
			checkProduct(t, p, p.A.Dtype, x, y, z, got)
			for i := range got {
				if got[i] != first[i] {
					t.Fatalf("form %d %v: tile sizes differ at %d: %v and %v", form, p.A.Dtype, i, got[i], first[i])
				}
			}
		}
	})
}

// eachProduct calls f with every form of a product, its operands on the device and as float64; C is left to f. Forms from 8 on have
// extents and rows that are multiples of four, for the kernels that move so many at a time.
func eachProduct(t *testing.T, b *backend, f func(form int, p engine.Product, x, y, z []float64)) {
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		for _, form := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 13, 15} {
			p := engine.Product{Name: "p", Batch: 2, M: 131, N: 67, K: 19, TransA: form&1 != 0, TransB: form&2 != 0, Alpha: 1, Beta: float64(form >> 2 & 1), LDA: 141, LDB: 150}
			if form >= 8 {
				if dt == tensor.Float64 {
					continue
				}
				p.M, p.N, p.K, p.LDA, p.LDB = 132, 68, 20, 140, 152
			}
			if form&4 != 0 {
				p.Alpha = -.75
			}
			p.StrideA, p.StrideB = 150*p.LDA, 150*p.LDB
			x, y, z := operands(p)
			p.A, p.B = put(t, b, convert(x, dt), len(x)), put(t, b, convert(y, dt), len(y))
			if p.C = p.A.View(0, p.Batch*p.M*p.N); inFours(&p) != (form >= 8) {
				t.Fatalf("form %d: in fours %v", form, inFours(&p))
			}
			f(form, p, x, y, z)
		}
	}
}

// The number of pieces is a matter of the shape.
func TestPiecesOf(t *testing.T) {
	for _, c := range []struct{ batch, m, n, k, want int }{
		{1, 784, 500, 4096, 5}, {1, 4096, 500, 784, 1}, {1, 1, 1, 1023, 1}, {1, 1, 1, 1024, 2}, {132, 1, 1, 1024, 2}, {133, 1, 1, 1024, 1}, {0, 5, 5, 4096, 1},
	} {
		p := engine.Product{Batch: c.batch, M: c.m, N: c.n, K: c.k}
		if n, length := pieces(&p); n != c.want || (n-1)*length >= c.k || n*length < c.k || n > 1 && length%16 != 0 {
			t.Errorf("%d products %d × %d × %d: %d pieces of %d, want %d", c.batch, c.m, c.n, c.k, n, length, c.want)
		}
	}
}

// TestPieces holds products with a long sum to their definition, bit for bit: chains of fused multiplications and additions in the order of
// k, one for each piece, added up in order; whatever the tile, the number of products and the device.
func TestPieces(t *testing.T) {
	b := openDevice(t)
	fma, _ := vec.Ref32("fma")
	for _, c := range []struct {
		batch, m, n, k, pieces int
		transA, transB         bool
	}{{1, 3, 5, 1030, 2, false, false}, {2, 4, 8, 1540, 3, true, true}} {
		p := engine.Product{Name: "p", Batch: c.batch, M: c.m, N: c.n, K: c.k, TransA: c.transA, TransB: c.transB, Alpha: -.75, Beta: 1, LDA: c.k, LDB: c.n}
		if c.transA {
			p.LDA = c.m
		}
		if c.transB {
			p.LDB = c.k
		}
		p.StrideA, p.StrideB = c.m*c.k, c.k*c.n
		x, y, z := operands(p)
		count, length := pieces(&p)
		if count != c.pieces || (count-1)*length >= c.k || count*length < c.k || fuses(&engine.Fused{Product: &p, Loop: &engine.Loop{}}) {
			t.Fatalf("%d × %d × %d: %d pieces of %d", c.m, c.n, c.k, count, length)
		}
		p.A, p.B = put(t, b, convert(x, tensor.Float32), len(x)), put(t, b, convert(y, tensor.Float32), len(y))
		for _, multiprocessors := range []int{0, 1000} { // large tiles, small tiles
			b.multiprocessors = multiprocessors
			p.C = put(t, b, convert(z, tensor.Float32), len(z))
			step(t, b, &p, engine.Clock{})
			for e, got := range get[float32](t, p.C) {
				q, m, n := e/(c.m*c.n), e/c.n%c.m, e%c.n
				var sum float32
				for first := 0; first < c.k; first += length {
					var chain float32
					for k := first; k < min(first+length, c.k); k++ {
						i, j := q*p.StrideA+m*p.LDA+k, q*p.StrideB+k*p.LDB+n
						if c.transA {
							i = q*p.StrideA + k*p.LDA + m
						}
						if c.transB {
							j = q*p.StrideB + n*p.LDB + k
						}
						chain = fma(float32(x[i]), float32(y[j]), chain)
					}
					if sum += chain; first == 0 {
						sum = chain
					}
				}
				if want := fma(-.75, sum, float32(z[e])); math.Float32bits(got) != math.Float32bits(want) {
					t.Fatalf("%d × %d × %d, %d multiprocessors: element %d is %v, want %v", c.m, c.n, c.k, multiprocessors, e, got, want)
				}
			}
		}
	}
}

// operands of a product end with their last element, so that a step beyond them is one beyond the memory. The bound of checkProduct is
// relative: none is tiny or infinite.
func operands(p engine.Product) (x, y, z []float64) {
	lastA, lastB := (p.M-1)*p.LDA+p.K, (p.K-1)*p.LDB+p.N
	if p.TransA {
		lastA = (p.K-1)*p.LDA + p.M
	}
	if p.TransB {
		lastB = (p.N-1)*p.LDB + p.K
	}
	x, y, z = arguments((p.Batch-1)*p.StrideA+lastA, 200), arguments((p.Batch-1)*p.StrideB+lastB, 201), arguments(p.Batch*p.M*p.N, 202)
	for _, a := range [][]float64{x, y, z} {
		for i, v := range a {
			a[i] = float64(float32(math.Mod(v, 4)))
			if v != v || math.IsInf(v, 0) || math.Abs(v) < 1e-30 {
				a[i] = 1
			}
		}
	}
	return x, y, z
}

func floats(t testing.TB, b engine.Buffer) []float64 {
	if b.Dtype == tensor.Float64 {
		return get[float64](t, b)
	}
	var x []float64
	for _, v := range get[float32](t, b) {
		x = append(x, float64(v))
	}
	return x
}

func checkProduct(t *testing.T, p engine.Product, dt tensor.Dtype, x, y, z, got []float64) {
	t.Helper()
	eps := map[tensor.Dtype]float64{tensor.Float32: 0x1p-24, tensor.Float64: 0x1p-53}[dt]
	for q := range p.Batch {
		for m := range p.M {
			for n := range p.N {
				sum, size := 0.0, 0.0
				for k := range p.K {
					a, b := p.StrideA*q+m*p.LDA+k, p.StrideB*q+k*p.LDB+n
					if p.TransA {
						a = p.StrideA*q + k*p.LDA + m
					}
					if p.TransB {
						b = p.StrideB*q + n*p.LDB + k
					}
					sum += x[a] * y[b]
					size += math.Abs(x[a] * y[b])
				}
				i := (q*p.M+m)*p.N + n
				want := p.Alpha*sum + p.Beta*z[i]
				// each of K+2 roundings errs by half a unit of the partial sum
				if d := math.Abs(got[i] - want); d > float64(p.K+2)*eps*(size+math.Abs(z[i])) {
					t.Fatalf("%v transposed %v %v: element %d of matrix %d is %v, want %v", dt, p.TransA, p.TransB, m*p.N+n, q, got[i], want)
				}
			}
		}
	}
}

// TestReductions covers axes of one chunk and of several, rows and columns, and NaN in a maximum.
func TestReductions(t *testing.T) {
	b := openDevice(t)
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		for _, s := range [][3]int{{1, 1, 1}, {3, 7, 1}, {5, 1, 4}, {2, 130, 3}, {1, 9001, 1}, {2, 4097, 1}, {3, 513, 5}, {1, 300, 40}} {
			for _, top := range []bool{false, true} {
				x := make([]float64, s[0]*s[1]*s[2])
				r := rng.At(8, 0, rng.SetupStage, 1)
				for i := range x {
					x[i] = float64(int(r.Below(uint64(i), 2001)) - 1500) // integers: sums are exact in any order
				}
				out := empty(t, b, dt, s[0]*s[2])
				step(t, b, &engine.Reduce{Name: "r", Max: top, In: put(t, b, convert(x, dt), len(x)), Out: out, Outer: s[0], Axis: s[1], Inner: s[2]}, engine.Clock{})
				for k, got := range floats(t, out) {
					want := x[k/s[2]*s[1]*s[2]+k%s[2]]
					for a := 1; a < s[1]; a++ {
						v := x[(k/s[2]*s[1]+a)*s[2]+k%s[2]]
						if top {
							want = max(want, v)
						} else {
							want += v
						}
					}
					if got != want {
						t.Fatalf("%v %v max %v: element %d is %v, want %v", dt, s, top, k, got, want)
					}
				}
			}
		}
	}
}

// TestMove covers every element size, many axes, strides of zero and below, and clearing.
func TestMove(t *testing.T) {
	b := openDevice(t)
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		x := arguments(400, 5)
		for i := range x {
			x[i] = float64(i)
		}
		for i, m := range []engine.Move{
			{Shape: []int{5, 7}, StrideIn: []int{1, 5}, StrideOut: []int{7, 1}},
			{Shape: []int{3, 4, 5}, StrideIn: []int{0, 5, 1}, StrideOut: []int{20, 5, 1}, OffIn: 6},
			{Shape: []int{2, 3, 2, 3, 2, 3}, StrideIn: []int{108, 1, 18, 3, 54, 9}, StrideOut: []int{3, 6, 18, 36, 108, 1}, OffOut: 3},
			{Shape: []int{9}, StrideIn: []int{-2}, StrideOut: []int{3}, OffIn: 40, Zero: true},
			{Shape: []int{}, OffIn: 3, OffOut: 9, Zero: true},
		} {
			out := put(t, b, convert(x, dt), len(x))
			m.Name, m.In, m.Out = "m", put(t, b, convert(x, dt), len(x)), out
			step(t, b, &m, engine.Clock{})
			want := append([]float64{}, x...)
			if m.Zero {
				clear(want)
			}
			for e := range engine.Volume(m.Shape) {
				from, to := m.OffIn, m.OffOut
				for d, rest := len(m.Shape)-1, e; d >= 0; d-- {
					from += rest % m.Shape[d] * m.StrideIn[d]
					to += rest % m.Shape[d] * m.StrideOut[d]
					rest /= m.Shape[d]
				}
				want[to] = x[from]
			}
			for e, got := range floats(t, out) {
				if got != want[e] {
					t.Fatalf("move %d of %v: element %d is %v, want %v", i, dt, e, got, want[e])
				}
			}
		}
	}
	bytes := put(t, b, []uint8{1, 2, 3, 4, 5, 6, 7}, 7)
	step(t, b, &engine.Move{Name: "bytes", In: bytes, Out: bytes, Shape: []int{2}, StrideIn: []int{1}, StrideOut: []int{1}, OffIn: 5, OffOut: 1}, engine.Clock{})
	raw := make([]byte, 7)
	if err := bytes.Mem.ReadAt(raw, 0); err != nil || fmt.Sprint(raw) != "[1 6 7 4 5 6 7]" {
		t.Errorf("bytes %v, %v", raw, err)
	}
	step(t, b, &engine.Move{Name: "cleared", In: put(t, b, []uint8{8, 9}, 2), Out: bytes, Shape: []int{1}, StrideIn: []int{1}, StrideOut: []int{1}, OffIn: 1, OffOut: 2, Zero: true}, engine.Clock{})
	if err := bytes.Mem.ReadAt(raw, 0); err != nil || fmt.Sprint(raw) != "[0 0 9 0 0 0 0]" {
		t.Errorf("cleared bytes %v, %v", raw, err)
	}
}
