//go:build gpu

package cuda

/*
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cuda.h>

// The few functions of cuBLAS that are used, as its header cublas_v2.h declares them since CUDA 11. They take column-major matrices.
typedef int (*create_t)(void **handle);
typedef int (*destroy_t)(void *handle);
typedef int (*property_t)(int which, int *value); // 0, 1, 2: major, minor, patch
typedef int (*stream_t)(void *handle, CUstream stream);
typedef int (*math_t)(void *handle, int mode);
typedef int (*sgemm_t)(void *handle, int transA, int transB, int m, int n, int k, const float *alpha, const void *A, int lda, long long strideA, const void *B, int ldb, long long strideB, const float *beta, void *C, int ldc, long long strideC, int batch);
typedef int (*dgemm_t)(void *handle, int transA, int transB, int m, int n, int k, const double *alpha, const void *A, int lda, long long strideA, const void *B, int ldb, long long strideB, const double *beta, void *C, int ldc, long long strideC, int batch);

typedef struct {
	create_t create;
	destroy_t destroy;
	property_t property;
	stream_t stream;
	math_t math;
	sgemm_t sgemm;
	dgemm_t dgemm;
} blas;

// blasOpen finds the library by name and says what is missing in problem.
static int blasOpen(blas *b, const char *name, char *problem, size_t size) {
	void *lib = dlopen(name, RTLD_NOW | RTLD_LOCAL);
	if (!lib) {
		snprintf(problem, size, "%s", dlerror());
		return 0;
	}
	struct { void *to; const char *name; } all[] = {
		{&b->create, "cublasCreate_v2"}, {&b->destroy, "cublasDestroy_v2"}, {&b->property, "cublasGetProperty"}, {&b->stream, "cublasSetStream_v2"},
		{&b->math, "cublasSetMathMode"}, {&b->sgemm, "cublasSgemmStridedBatched"}, {&b->dgemm, "cublasDgemmStridedBatched"},
	};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		void *fn = dlsym(lib, all[i].name);
		if (!fn) {
			snprintf(problem, size, "%s has no %s", name, all[i].name);
			return 0;
		}
		memcpy(all[i].to, &fn, sizeof fn);
	}
	return 1;
}

static int blasProperty(blas *b, int which) {
	int v = 0;
	return b->property(which, &v) ? 0 : v;
}

static int blasCreate(blas *b, void **handle, CUstream stream, int math) {
	int rc = b->create(handle);
	if (!rc) rc = b->stream(*handle, stream);
	if (!rc) rc = b->math(*handle, math);
	return rc;
}

static int blasDestroy(blas *b, void *handle) { return b->destroy(handle); }

typedef struct {
	CUcontext context;
	blas *b;
	void *handle;
	int wide; // float64
	int transA, transB, m, n, k, lda, ldb, ldc, batch;
	long long strideA, strideB, strideC;
	unsigned long long A, B, C;
	double alpha, beta;
} gemm;

// As for launches, the context is made current in the same call. A CUresult comes back negative.
static int blasRun(gemm *g) {
	int rc = cuCtxSetCurrent(g->context);
	if (rc) return -rc;
	if (g->wide)
		return g->b->dgemm(g->handle, g->transA, g->transB, g->m, g->n, g->k, &g->alpha, (void *)g->A, g->lda, g->strideA, (void *)g->B, g->ldb, g->strideB, &g->beta, (void *)g->C, g->ldc, g->strideC, g->batch);
	float alpha = (float)g->alpha, beta = (float)g->beta;
	return g->b->sgemm(g->handle, g->transA, g->transB, g->m, g->n, g->k, &alpha, (void *)g->A, g->lda, g->strideA, (void *)g->B, g->ldb, g->strideB, &beta, (void *)g->C, g->ldc, g->strideC, g->batch);
}
*/
import "C"

import (
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"sync"
	"unsafe"

	"cavity/engine"
)

// Names of cuBLAS, the newest first. CAVITY_LIBCUBLAS names another library.
var blasNames = []string{"libcublas.so.13", "libcublas.so.12", "libcublas.so.11"}

// Math modes of cublas_v2.h: the default computes float32 with no fewer bits than float32 has, TF32 rounds the factors to 11 bits.
const (
	mathDefault = 0
	mathTF32    = 3
)

// blasLibrary is cuBLAS, loaded once, or why it is not there.
var blasLibrary = sync.OnceValues(func() (*C.blas, error) {
	names := blasNames
	if name := os.Getenv("CAVITY_LIBCUBLAS"); name != "" {
		names = []string{name}
	} else if os.Getenv("CAVITY_LIBCUDA") != "" {
		return nil, errors.New("CAVITY_LIBCUDA names a driver of its own, to which an installed cuBLAS does not belong")
	}
	b := (*C.blas)(C.calloc(1, C.sizeof_blas)) // of the process
	problem := (*C.char)(C.calloc(512, 1))
	defer C.free(unsafe.Pointer(problem))
	var first error
	for _, name := range names {
		s := C.CString(name)
		found := C.blasOpen(b, s, problem, 512) != 0
		C.free(unsafe.Pointer(s))
		if found {
			return b, nil
		}
		if first == nil {
			first = errors.New(C.GoString(problem))
		}
	}
	C.free(unsafe.Pointer(b))
	return nil, first
})

// products says how a device multiplies matrices.
type products struct {
	lib    *C.blas // nil: the own kernels
	handle unsafe.Pointer
	tf32   bool
}

// openProducts takes cuBLAS where it is installed, unless own kernels are asked for. TF32 without cuBLAS is an error: nothing else here
// has it.
func (d *device) openProducts(own, tf32 bool) error {
	if own {
		return nil
	}
	lib, err := blasLibrary()
	if err != nil {
		if tf32 {
			return fmt.Errorf("cuda:%d: tf32 needs cuBLAS, which is not there: %w", d.index, err)
		}
		return nil
	}
	mode := C.int(mathDefault)
	if tf32 {
		mode = mathTF32
	}
	var rc C.int
	handle := (*unsafe.Pointer)(C.calloc(1, 8))
	defer C.free(unsafe.Pointer(handle))
	if err := d.do(func() error {
		rc = C.blasCreate(lib, handle, *(*C.CUstream)(unsafe.Pointer(&d.stream)), mode)
		return nil
	}); err != nil {
		return err
	}
	if rc != 0 {
		return fmt.Errorf("cuda:%d: cuBLAS does not start: %w (with own products: --backend cuda:%d,own)", d.index, blasError(rc), d.index)
	}
	d.products = products{lib, *handle, tf32}
	return nil
}

// close gives the handle back; the context must still be there.
func (p *products) close() error {
	if p.handle == nil {
		return nil
	}
	rc := C.blasDestroy(p.lib, p.handle)
	p.handle = nil
	return blasError(rc)
}

// String is the fact that a run records.
func (p products) String() string {
	if p.lib == nil {
		return "own kernels, float32 and float64 as asked"
	}
	if p.tf32 {
		return blasVersion(p.lib) + ", float32 products in TF32 (factors rounded to 11 bits)"
	}
	return blasVersion(p.lib) + ", strict float32"
}

// blasVersion names the library; the stand-in of the tests has the version 0.
func blasVersion(b *C.blas) string {
	if C.blasProperty(b, 0) == 0 {
		return "a stand-in for cuBLAS (emulation)"
	}
	return fmt.Sprintf("cuBLAS %d.%d.%d", C.blasProperty(b, 0), C.blasProperty(b, 1), C.blasProperty(b, 2))
}

// blasError says a cublasStatus_t in words; negative numbers are the driver's.
func blasError(rc C.int) error {
	if rc == 0 {
		return nil
	}
	if rc < 0 {
		return check(-rc)
	}
	words := map[C.int]string{1: "not initialised", 3: "an allocation failed", 7: "an argument is not allowed", 8: "the device is too old for it",
		11: "the device's memory does not answer", 13: "the product failed on the device", 14: "an internal failure", 15: "not supported"}[rc]
	if words == "" {
		words = "unknown"
	}
	return fmt.Errorf("cuBLAS: %s (status %d)", words, int(rc))
}

// gemmCall is a product by cuBLAS, ready to run.
type gemmCall struct{ c *C.gemm }

// gemm prepares a product for cuBLAS, or nil when the own kernel must do it: cuBLAS counts in 32 bits and knows no rows that overlap.
//
// Row by row, C = op(A) op(B) is, read column by column, Cᵀ = op(B)ᵀ op(A)ᵀ: the factors change places, and a matrix that is stored
// transposed stays so, because reading it column by column has transposed it once already.
func (b *backend) gemm(p *engine.Product) (*gemmCall, error) {
	bits, err := width(p.C)
	if err != nil || b.products.lib == nil {
		return nil, err
	}
	lda, okA := leading(p.LDA, p.M, p.K, p.TransA)
	ldb, okB := leading(p.LDB, p.K, p.N, p.TransB)
	for _, n := range []int{p.M, p.N, p.K, p.Batch, lda, ldb} {
		if n < 1 || n > math.MaxInt32 {
			return nil, nil
		}
	}
	if !okA || !okB {
		return nil, nil
	}
	g := &gemmCall{(*C.gemm)(C.calloc(1, C.sizeof_gemm))}
	runtime.SetFinalizer(g, func(g *gemmCall) { C.free(unsafe.Pointer(g.c)) })
	c := g.c
	c.context, c.b, c.handle = *(*C.CUcontext)(unsafe.Pointer(&b.context)), b.products.lib, b.products.handle
	c.m, c.n, c.k, c.batch = C.int(p.N), C.int(p.M), C.int(p.K), C.int(p.Batch)
	c.lda, c.ldb, c.ldc = C.int(ldb), C.int(lda), C.int(p.N)
	c.strideA, c.strideB, c.strideC = C.longlong(p.StrideB), C.longlong(p.StrideA), C.longlong(p.M*p.N)
	c.alpha, c.beta = C.double(p.Alpha), C.double(p.Beta)
	if p.TransB {
		c.transA = 1
	}
	if p.TransA {
		c.transB = 1
	}
	if bits == 64 {
		c.wide = 1
	}
	for _, x := range []struct {
		to  *C.ulonglong
		buf engine.Buffer
	}{{&c.A, p.B}, {&c.B, p.A}, {&c.C, p.C}} {
		m, ok := x.buf.Mem.(*memory)
		if !ok || m.b != b {
			return nil, errors.New("product: a buffer that is not this device's")
		}
		*x.to = C.ulonglong(uint64(m.ptr) + uint64(x.buf.Off))
	}
	return g, nil
}

// leading is the distance between the stored rows of op(X), rows × cols; a single row has none, whatever it says.
func leading(ld, rows, cols int, trans bool) (int, bool) {
	if trans {
		rows, cols = cols, rows
	}
	if rows == 1 {
		return max(cols, 1), true
	}
	return ld, ld >= cols
}

func (g *gemmCall) run() error { return blasError(C.blasRun(g.c)) }

// lowerProduct is the product as a call of cuBLAS, or nil.
func (b *backend) lowerProduct(p *engine.Product) (*prepared, error) {
	g, err := b.gemm(p)
	if g == nil || err != nil {
		return nil, err
	}
	return &prepared{runner: g, label: "cuBLAS product of " + p.Label(), keep: []engine.Buffer{p.A, p.B, p.C}}, nil
}
