package openblas

import (
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"cavity/engine/cpu/gemm"
	"cavity/engine/cpu/level"
)

// library skips where there is no libopenblas.
func library(tb testing.TB) *Library {
	l, err := Open()
	if err != nil {
		tb.Skip(err)
	}
	return l
}

func TestOpen(t *testing.T) {
	l := library(t)
	if l.Path == "" || l.Core == "" || !strings.Contains(l.Config, "OpenBLAS") {
		t.Errorf("path %q, core %q, config %q", l.Path, l.Core, l.Config)
	}
	if want := coreType(level.Of()); want != "" && os.Getenv("OPENBLAS_CORETYPE") == want && strings.Contains(l.Config, "DYNAMIC_ARCH") && !strings.EqualFold(l.Core, want) {
		t.Errorf("core %s, want %s", l.Core, want)
	}
	if err := l.SetThreads(0); err == nil {
		t.Error("0 threads: no error")
	}
	t.Log(l.Path, l.Core, l.Config)
}

func TestAbsent(t *testing.T) {
	t.Setenv(Variable, "/nowhere/libopenblas.so")
	if _, err := load(); err == nil || !strings.Contains(err.Error(), Variable) {
		t.Errorf("a missing file: %v", err)
	}
}

// TestAgrees compares with our own product, which is tested against sums in float64.
func TestAgrees(t *testing.T) {
	l := library(t)
	r := rand.New(rand.NewPCG(3, 4))
	for range 60 {
		s := gemm.Spec{M: r.IntN(40), N: r.IntN(40), K: r.IntN(40), TransA: r.IntN(2) == 0, TransB: r.IntN(2) == 0, Alpha: 1.5, Beta: .5, LdA: 41, LdB: 42, LdC: 43, Batch: 2, StrideA: 3, StrideB: 4, StrideC: 40 * 43}
		ours, err := gemm.New32(s)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := l.New32(s)
		if err != nil {
			t.Fatal(err)
		}
		ours64, _ := gemm.New64(s)
		theirs64, _ := l.New64(s)
		compare(t, r, s, ours.Run, theirs.Run, 1e-4)
		compare(t, r, s, ours64.Run, theirs64.Run, 1e-12)
	}
	if _, err := l.New32(gemm.Spec{M: 1, N: 1, K: 1, Stream: true}); err == nil {
		t.Error("Stream: no error")
	}
}

func compare[T gemm.Float](t *testing.T, r *rand.Rand, s gemm.Spec, ours, theirs func(a, b, c []T), tolerance float64) {
	t.Helper()
	const long = 2 * 40 * 43
	a, b, c := make([]T, long), make([]T, long), make([]T, long)
	for _, x := range [][]T{a, b, c} {
		for i := range x {
			x[i] = T(r.NormFloat64())
		}
	}
	d := append([]T(nil), c...)
	ours(a, b, c)
	theirs(a, b, d)
	for i := range c {
		if math.Abs(float64(c[i]-d[i])) > tolerance {
			t.Fatalf("%+v: element %d: %v and %v", s, i, c[i], d[i])
		}
	}
}

func TestRunAllocates(t *testing.T) {
	l := library(t)
	p, err := l.New32(gemm.Spec{M: 2, N: 2, K: 2, Alpha: 1})
	if err != nil {
		t.Fatal(err)
	}
	a, b, c := make([]float32, 4), make([]float32, 4), make([]float32, 4)
	if n := testing.AllocsPerRun(100, func() { p.Run(a, b, c) }); n > 1 {
		t.Errorf("%v allocations a run; purego's call needs one", n)
	}
}
