package vec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"cavity/engine/cpu/level"
)

// inputs32 mixes special values, values near the limits of exp and log, every binade, and plain numbers.
func inputs32(n int, seed uint64) []float32 {
	r := rand.New(rand.NewPCG(seed, 32))
	special := []float32{0, float32(math.Copysign(0, -1)), 1, -1, inf32(), -inf32(), nan32(), 0x1p-149, -0x1p-149, minNormal32, max32, -max32,
		0x1p23, 0x1p24 + 2, -0x1p22 - 0.5, 0.5, -0.5, 1.5, 2.5, 88.72284, 88.8, -87.4, -103.97, -104.1, MaxAngle32, 0x1.6a09e6p-1, 0x1.6a09e8p0, 9.5, -30, 0.9999999}
	xs := make([]float32, n)
	for i := range xs {
		switch r.IntN(8) {
		case 0:
			xs[i] = special[r.IntN(len(special))]
		case 1, 2:
			xs[i] = math.Float32frombits(r.Uint32())
		case 3:
			xs[i] = 110 * (2*r.Float32() - 1)
		default:
			xs[i] = 4 * (2*r.Float32() - 1)
		}
	}
	return xs
}

// inputs64 is inputs32 for float64.
func inputs64(n int, seed uint64) []float64 {
	r := rand.New(rand.NewPCG(seed, 64))
	special := []float64{0, math.Copysign(0, -1), 1, -1, inf64(), -inf64(), nan64(), 0x1p-1074, -0x1p-1074, minNormal64, max64, -max64,
		0x1p52, 0x1p53 + 2, -0x1p51 - 0.5, 0.5, -0.5, 1.5, 2.5, 709.78, 710, -708.4, -745.1, -746, MaxAngle64, 19.5, -50}
	xs := make([]float64, n)
	for i := range xs {
		switch r.IntN(8) {
		case 0:
			xs[i] = special[r.IntN(len(special))]
		case 1, 2:
			xs[i] = math.Float64frombits(r.Uint64())
		case 3:
			xs[i] = 750 * (2*r.Float64() - 1)
		default:
			xs[i] = 4 * (2*r.Float64() - 1)
		}
	}
	return xs
}

// same says whether two results agree bit for bit; all NaN are one.
func same32(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
}

func same64(a, b float64) bool {
	return math.Float64bits(a) == math.Float64bits(b) || a != a && b != b
}

// scalar is the definition of an op as a function of three operands.
func scalar32(op Op) func(a, b, c float32) float32 {
	f, _ := Ref32(op.Name)
	return func(a, b, c float32) float32 { return f(a, b, c) }
}

func scalar64(op Op) func(a, b, c float64) float64 {
	f, _ := Ref64(op.Name)
	return func(a, b, c float64) float64 { return f(a, b, c) }
}

// everywhere runs f at each level of this processor.
func everywhere(t *testing.T, f func(t *testing.T)) {
	for _, l := range level.Available() {
		t.Run(l.String(), func(t *testing.T) {
			defer level.Use(l)()
			f(t)
		})
	}
}

// TestSameBits compares every op, pattern and dtype at every level with its definition.
func TestSameBits(t *testing.T) {
	const n = 3001
	everywhere(t, func(t *testing.T) {
		x, y := [3][]float32{}, [3][]float64{}
		for i := range x {
			x[i], y[i] = inputs32(n, uint64(i)), inputs64(n, uint64(i))
		}
		for _, op := range Ops() {
			for _, p := range Patterns(op.Arity) {
				t.Run(op.Name+"."+p, func(t *testing.T) {
					run(t, op, p, Float32, x, scalar32(op), same32)
					run(t, op, p, Float64, y, scalar64(op), same64)
				})
			}
		}
	})
}

func run[T float32 | float64](t *testing.T, op Op, p string, d Dtype, x [3][]T, ref func(a, b, c T) T, same func(a, b T) bool) {
	f, ok := Find(op.Name, p, d)
	if !ok {
		t.Fatalf("no %s.%s for %s", op.Name, p, d)
	}
	out := make([]T, len(x[0]))
	s := strides(p)
	for shift := range 9 { // other scalars
		f(len(out), ptr(out), ptr(x[0][shift*(1-s[0]):]), ptr(x[1][shift*(1-s[1]):]), ptr(x[2][shift*(1-s[2]):]))
		for i, got := range out {
			var a [3]T
			for j := range a {
				a[j] = x[j][i*s[j]+shift*(1-s[j])]
			}
			if want := ref(a[0], a[1], a[2]); !same(got, want) {
				t.Fatalf("%s: %s(%v, %v, %v)[%d] = %v, its definition gives %v", d, op.Name, a[0], a[1], a[2], i, got, want)
			}
		}
		if p == "v" {
			break
		}
	}
}

func ptr[T float32 | float64](s []T) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(s)) }

// TestEdges runs every length up to five vectors inside canaries, into a fresh vector and in place over each operand.
func TestEdges(t *testing.T) {
	everywhere(t, func(t *testing.T) {
		for _, op := range Ops() {
			for _, p := range Patterns(op.Arity) {
				edges(t, op, p, Float32, inputs32, scalar32(op), same32)
				edges(t, op, p, Float64, inputs64, scalar64(op), same64)
			}
		}
	})
}

func edges[T float32 | float64](t *testing.T, op Op, p string, d Dtype, inputs func(int, uint64) []T, ref func(a, b, c T) T, same func(a, b T) bool) {
	f, ok := Find(op.Name, p, d)
	if !ok {
		t.Fatalf("no %s.%s for %s", op.Name, p, d)
	}
	const pad, canary = 20, 12345.5
	s := strides(p)
	var x [3][]T
	for j := range x {
		x[j] = inputs(90, uint64(10+j))
	}
	for n := range 85 {
		want := make([]T, n)
		for i := range want {
			want[i] = ref(x[0][i*s[0]], x[1][i*s[1]], x[2][i*s[2]])
		}
		for into := -1; into < len(p); into++ {
			if into >= 0 && p[into] == 's' {
				continue
			}
			out := slices.Repeat([]T{canary}, n+2*pad)
			args := [3]unsafe.Pointer{ptr(x[0]), ptr(x[1]), ptr(x[2])}
			if into >= 0 {
				copy(out[pad:pad+n], x[into])
				args[into] = ptr(out[pad:])
			}
			f(n, ptr(out[pad:]), args[0], args[1], args[2])
			for i, got := range out {
				expect := T(canary)
				if i >= pad && i < pad+n {
					expect = want[i-pad]
				}
				if !same(got, expect) {
					t.Fatalf("%s %s.%s n=%d over operand %d: element %d is %v, want %v", d, op.Name, p, n, into, i-pad, got, expect)
				}
			}
		}
	}
}

// TestUnknown asks for what does not exist.
func TestUnknown(t *testing.T) {
	for _, q := range [][2]string{{"nonsense", "v"}, {"exp", "s"}, {"exp", "vv"}, {"add", "ss"}, {"add", "v"}, {"fma", "sss"}, {"fma", "vv"}, {"", ""}, {"fma", "vvvv"}} {
		if _, ok := Find(q[0], q[1], Float32); ok {
			t.Errorf("Find(%q, %q) found something", q[0], q[1])
		}
	}
}

// TestNoAllocation calls a Func of each arity.
func TestNoAllocation(t *testing.T) {
	x, u, out := inputs32(1000, 1), inputs32(1000, 2), make([]float32, 1000)
	everywhere(t, func(t *testing.T) {
		for _, q := range [][2]string{{"exp", "v"}, {"add", "vs"}, {"bernoulli", "vv"}, {"fma", "vsv"}} {
			f, _ := Find(q[0], q[1], Float32)
			if n := testing.AllocsPerRun(10, func() { f(1000, ptr(out), ptr(x), ptr(u), ptr(u)) }); n != 0 {
				t.Errorf("%s.%s: %v allocations", q[0], q[1], n)
			}
		}
	})
}

func BenchmarkOps(b *testing.B) {
	const n = 1024
	for _, l := range level.Available() {
		for _, d := range []Dtype{Float32, Float64} {
			for _, op := range Ops() {
				b.Run(fmt.Sprintf("%s/%s/%s", l, d, op.Name), func(b *testing.B) {
					defer level.Use(l)()
					f, _ := Find(op.Name, Patterns(op.Arity)[0], d)
					x, y := make([]float64, n), make([]float64, n)
					if d == Float32 {
						benchInputs(unsafe.Slice((*float32)(ptr(x)), n), unsafe.Slice((*float32)(ptr(y)), n))
					} else {
						benchInputs(x, y)
					}
					out, a := make([]float64, n), x
					if strings.HasPrefix(op.Name, "log") || strings.HasSuffix(op.Name, "sqrt") {
						a = y // their domain
					}
					for b.Loop() {
						f(n, ptr(out), ptr(a), ptr(y), ptr(x))
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/element")
				})
			}
		}
	}
}

// benchInputs fills x with logits and y with uniform numbers.
func benchInputs[T float32 | float64](x, y []T) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range x {
		x[i], y[i] = T(r.NormFloat64()), T(r.Float64())
	}
}
