package gemm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"cavity/engine/cpu/level"
)

// coins draws n numbers that are 1 with the given probability and 0 otherwise.
func coins(r *rand.Rand, n int, share float64) []float32 {
	x := make([]float32, n)
	for i := range x {
		if r.Float64() < share {
			x[i] = 1
		}
	}
	return x
}

func binarySpec(r *rand.Rand) Spec {
	s := Spec{M: binaryRows + r.IntN(100), N: binaryWidth + r.IntN(140), K: binaryDepth + r.IntN(100), TransA: r.IntN(2) == 0, TransB: r.IntN(2) == 0, Binary: true, Alpha: -.7, Beta: float64(r.IntN(3)) * .5}
	s.LdA, s.LdB, s.LdC = max(s.M, s.K)+r.IntN(3), max(s.N, s.K)+r.IntN(3), s.N+r.IntN(3)
	return s
}

// TestBinary compares with the plain sum, and demands the same bits from all levels and any number of workers.
func TestBinary(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for trial := range 30 {
		s := binarySpec(r)
		if trial == 0 {
			s.M = binaryTall + 5
			s.LdA = max(s.LdA, s.M)
		}
		var first []float32
		var a, b, old []float32
		for _, workers := range []int{1, 3} {
			everyLevel(t, func(t *testing.T) {
				s.Workers = workers
				p, err := New32(s)
				if err != nil {
					t.Fatal(err)
				}
				if a == nil {
					a, b, old = coins(r, lengthA(p), r.Float64()), random[float32](r, lengthB(p)), random[float32](r, lengthC(p)+3)
				}
				c := append([]float32(nil), old...)
				if s.Beta == 0 {
					eachElement(p.Spec(), func(at, _, _, _ int) { c[at] = float32(math.NaN()) })
				}
				if p.find(nil, a) != inBits {
					t.Fatalf("%+v: not taken for zeros and ones", s)
				}
				p.RunOn(goroutines{workers}, a, b, c)
				within(t, p.Spec(), c, a, b, old)
				for i, x := range c {
					if first != nil && math.Float32bits(x) != math.Float32bits(first[i]) {
						t.Fatalf("%+v at level %v: element %d is %v, elsewhere %v", s, level.Of(), i, x, first[i])
					}
				}
				first = c
			})
		}
	}
}

// TestBinaryDecision: one other number anywhere, and the product is an ordinary one, with the right result.
func TestBinaryDecision(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	everyLevel(t, func(t *testing.T) {
		for range 20 {
			s := binarySpec(r)
			p, err := New32(s)
			if err != nil {
				t.Fatal(err)
			}
			full := p.Spec()
			a, b := coins(r, lengthA(p), .5), random[float32](r, lengthB(p))
			rows, cols := full.M, full.K
			if s.TransA {
				rows, cols = cols, rows
			}
			at := r.IntN(rows)*full.LdA + r.IntN(cols)
			for _, other := range []float32{.5, -1, 2, float32(math.NaN()), float32(math.Inf(1))} {
				a[at] = other
				if p.find(nil, a) != anything {
					t.Fatalf("%+v: %v is taken for zero or one", s, other)
				}
			}
			a[at] = .25
			c := make([]float32, lengthC(p))
			p.Run(a, b, c)
			within(t, full, c, a, b, make([]float32, len(c)))
		}
	})
	for _, s := range []Spec{{M: 200, N: 200, K: 200, Stream: true, Binary: true}, {M: 200, N: 200, K: 200, Batch: 2, StrideC: 40000, Binary: true}} {
		if _, err := New32(s); err == nil {
			t.Errorf("%+v: no error", s)
		}
	}
	if _, err := New64(Spec{M: 200, N: 200, K: 200, Binary: true}); err == nil {
		t.Error("float64: no error")
	}
}

// TestBinaryAllocations: neither the look at A nor the product allocates.
func TestBinaryAllocations(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	for _, trans := range []bool{false, true} {
		p, err := New32(Spec{M: 100, N: 100, K: 100, TransA: trans, TransB: trans, Binary: true, Sparse: !trans, Alpha: 1})
		if err != nil {
			t.Fatal(err)
		}
		a, b, c := coins(r, lengthA(p), .5), random[float32](r, lengthB(p)), make([]float32, lengthC(p))
		if n := testing.AllocsPerRun(10, func() { p.Run(a, b, c) }); n != 0 {
			t.Errorf("%v allocations", n)
		}
	}
}

// BenchmarkBinary compares a left operand of zeros and ones with the dense product and with lists, in GFLOP/s of the dense one.
func BenchmarkBinary(b *testing.B) {
	for _, s := range []Spec{{M: 128, N: 500, K: 784}, {M: 128, N: 784, K: 500, TransB: true}, {M: 784, N: 500, K: 128, TransA: true}, {M: 2000, N: 500, K: 784}} {
		for _, share := range []float64{.05, .1, .15, .5} {
			b.Run(fmt.Sprintf("%dx%dx%d/%.2f", s.M, s.N, s.K, share), func(b *testing.B) {
				r := rand.New(rand.NewPCG(1, 2))
				s.Alpha = 1
				plans := make([]*Plan32, 3)
				for i := range plans {
					s.Binary, s.Sparse = i == 1, i == 2 && !s.TransB
					var err error
					if plans[i], err = New32(s); err != nil {
						b.Fatal(err)
					}
				}
				p := plans[0]
				x, y, z := coins(r, lengthA(p), share), random[float32](r, lengthB(p)), make([]float32, lengthC(p))
				best := fastest(b, func() { plans[0].Run(x, y, z) }, func() { plans[1].Run(x, y, z) }, func() { plans[2].Run(x, y, z) })
				flops := 2 * float64(s.M) * float64(s.N) * float64(s.K)
				b.ReportMetric(flops/best[1]/1e9, "GFLOP/s")
				b.ReportMetric(flops/best[0]/1e9, "dense-GFLOP/s")
				b.ReportMetric(flops/best[2]/1e9, "lists-GFLOP/s")
			})
		}
	}
}
