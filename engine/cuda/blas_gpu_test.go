//go:build gpu

package cuda

import (
	"math"
	"os"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/enginetest"
)

// openBlas opens the first device with cuBLAS: NVIDIA's on a GPU, under the emulator the stand-in that CAVITY_LIBCUBLAS names.
func openBlas(t *testing.T, name string) *backend {
	t.Helper()
	if _, err := blasLibrary(); err != nil {
		if os.Getenv("CAVITY_REQUIRE_CUDA") != "" && strings.Contains(os.Getenv("CAVITY_LIBCUDA"), "ptxsim") {
			t.Fatalf("left out: %v", err)
		}
		t.Skipf("left out: %v", err)
	}
	b := openAs(t, name)
	if b.products.lib == nil {
		t.Fatal("cuBLAS is there and not used")
	}
	return b
}

// TestBlasProducts proves the order of the arguments: transposes, row strides, batches and accumulation against sums in float64.
func TestBlasProducts(t *testing.T) {
	b := openBlas(t, "cuda")
	check := func(p engine.Product, x, y, z []float64) {
		t.Helper()
		p.C = put(t, b, convert(z, p.A.Dtype), len(z))
		if g, err := b.gemm(&p); g == nil || err != nil {
			t.Fatalf("%s is not left to cuBLAS: %v", engine.Describe(&p), err)
		}
		step(t, b, &p, engine.Clock{})
		checkProduct(t, p, p.A.Dtype, x, y, z, floats(t, p.C))
	}
	eachProduct(t, b, func(_ int, p engine.Product, x, y, z []float64) { check(p, x, y, z) })
	// vectors, one of whose strides says nothing, and a factor shared by the batch
	for _, p := range []engine.Product{
		{Batch: 1, M: 1, N: 5, K: 7, LDA: 1, LDB: 5}, {Batch: 1, M: 1, N: 5, K: 7, LDA: 1, LDB: 5, TransA: true}, {Batch: 1, M: 6, N: 1, K: 3, LDA: 3, LDB: 1},
		{Batch: 1, M: 6, N: 1, K: 3, LDA: 3, LDB: 2, TransB: true}, {Batch: 1, M: 4, N: 3, K: 1, LDA: 1, LDB: 1}, {Batch: 3, M: 4, N: 3, K: 2, LDA: 2, LDB: 3, StrideA: 8},
	} {
		p.Name, p.Alpha = "p", 1
		x, y, z := operands(p)
		p.A, p.B = put(t, b, convert(x, tensor.Float32), len(x)), put(t, b, convert(y, tensor.Float32), len(y))
		check(p, x, y, z)
	}
}

// What cuBLAS cannot express is done by the own kernel: rows that are all the same row.
func TestBlasLeavesOverlappingRows(t *testing.T) {
	b := openBlas(t, "cuda")
	p := engine.Product{Name: "p", Batch: 1, M: 3, N: 2, K: 2, LDA: 0, LDB: 2, Alpha: 1, A: put(t, b, []float32{1, 2}, 2), B: put(t, b, []float32{1, 2, 3, 4}, 4), C: empty(t, b, tensor.Float32, 6)}
	step(t, b, &p, engine.Clock{})
	for i, x := range get[float32](t, p.C) {
		if want := []float32{7, 10}[i%2]; x != want {
			t.Errorf("element %d is %v, want %v", i, x, want)
		}
	}
}

// TestPrecision: strict products of numbers of 24 bits err by less than 2^-20, TF32 ones as the rounding of the factors to 11 bits says,
// and every one tells what it is.
func TestPrecision(t *testing.T) {
	const n = 1<<10 + 1 // 1 + 2^-10, and 2^-13 more: what TF32 drops
	x := float32(n) / (1 << 10) * (1 + 0x1p-13)
	for name, c := range map[string]struct {
		fact        string
		least, most float64
	}{"cuda": {"strict float32", 0, 0x1p-20}, "cuda:0,tf32": {"TF32", 0x1p-15, 0x1p-10}, "cuda:own": {"own kernels", 0, 0x1p-20}} {
		open := openBlas
		if strings.Contains(name, "own") {
			open = func(t *testing.T, name string) *backend { return openAs(t, name) }
		}
		b := open(t, name)
		p := engine.Product{Name: "p", Batch: 1, M: 16, N: 16, K: 16, LDA: 16, LDB: 16, Alpha: 1, C: empty(t, b, tensor.Float32, 256)}
		a := make([]float32, 256)
		for i := range a {
			a[i] = x
		}
		p.A, p.B = put(t, b, a, 256), put(t, b, a, 256)
		step(t, b, &p, engine.Clock{})
		got, want := float64(get[float32](t, p.C)[17]), 16*float64(x)*float64(x)
		if e := math.Abs(got/want - 1); e < c.least || e > c.most {
			t.Errorf("%s: a relative error of %.3g, want one between %.3g and %.3g", name, e, c.least, c.most)
		}
		if f := b.Facts()["products"]; !strings.Contains(f, c.fact) || strings.Contains(b.name, "not a GPU") && name != "cuda:own" && !strings.Contains(f, "emulation") {
			t.Errorf("%s says %q, want %q and that an emulation is one", name, f, c.fact)
		}
	}
}

// The whole conformance table holds with cuBLAS too.
func TestBlasConformance(t *testing.T) {
	enginetest.Run(t, openBlas(t, "cuda"), enginetest.Plain{})
}
