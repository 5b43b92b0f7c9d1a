package gemm

import (
	"math"
	"math/rand/v2"
	"testing"
)

// mostlyZero draws n numbers of which the given share is not zero.
func mostlyZero(r *rand.Rand, n int, share float64) []float32 {
	x := make([]float32, n)
	for i := range x {
		if r.Float64() < share {
			x[i] = float32(r.NormFloat64())
		}
	}
	return x
}

func TestSparse(t *testing.T) {
	everyLevel(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(5, 6))
		for range 20 {
			s := Spec{M: 60 + r.IntN(40), N: 60 + r.IntN(140), K: 300 + r.IntN(40), TransA: r.IntN(2) == 0, Sparse: true, Stream: r.IntN(2) == 0, Alpha: -.7, Beta: float64(r.IntN(3)) * .5}
			s.LdA, s.LdB, s.LdC = max(s.M, s.K)+r.IntN(3), s.N+r.IntN(3), s.N+r.IntN(3)
			p, err := New32(s)
			if err != nil {
				t.Fatal(err)
			}
			a, b, c := mostlyZero(r, lengthA(p), .02+.1*r.Float64()), random[float32](r, lengthB(p)), random[float32](r, lengthC(p)+3)
			if !p.sparse.build(a) {
				t.Fatalf("%+v: too many nonzeros", s)
			}
			old := append([]float32(nil), c...)
			if s.Beta == 0 {
				eachElement(p.Spec(), func(at, _, _, _ int) { c[at] = float32(math.NaN()) })
			}
			if s.Stream {
				p.Start(a, b)
				for i := 0; i < s.M; i += 12 {
					p.Rows(0, a, c[i*s.LdC:], i, min(i+12, s.M))
				}
			} else {
				p.Run(a, b, c)
			}
			within(t, p.Spec(), c, a, b, old)
		}
	})
}

// TestSparseDecision: the choice depends on the share of nonzeros alone, and a refusal still multiplies.
func TestSparseDecision(t *testing.T) {
	everyLevel(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(7, 8))
		for _, trans := range []bool{false, true} {
			p, err := New32(Spec{M: 128, N: 100, K: 200, TransA: trans, Sparse: true, Alpha: 1})
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range []int{0, 1, p.sparse.most, p.sparse.most + 1, 128 * 200} {
				a := make([]float32, 128*200)
				for _, i := range r.Perm(len(a))[:n] {
					a[i] = 1
				}
				if got, want := p.sparse.build(a), n <= p.sparse.most; got != want {
					t.Errorf("trans %t, %d nonzeros of at most %d: sparse %t", trans, n, p.sparse.most, got)
				}
				b, c := random[float32](r, lengthB(p)), make([]float32, lengthC(p))
				p.Run(a, b, c)
				within(t, p.Spec(), c, a, b, make([]float32, lengthC(p)))
			}
		}
	})
	for _, s := range []Spec{{M: 200, N: 200, K: 200, TransB: true, Sparse: true}, {M: 200, N: 200, K: 200, Batch: 2, StrideC: 40000, Sparse: true}} {
		if _, err := New32(s); err == nil {
			t.Errorf("%+v: no error", s)
		}
	}
	if _, err := New64(Spec{M: 200, N: 200, K: 200, Sparse: true}); err == nil {
		t.Error("float64: no error")
	}
}
