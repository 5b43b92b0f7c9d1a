package gemm

import (
	"math/rand/v2"
	"runtime/debug"
	"syscall"
	"testing"
	"unsafe"
)

// guarded returns n numbers whose end is the end of readable memory.
func guarded[T Float](t *testing.T, r *rand.Rand, n int, share float64) []T {
	page, bytes := syscall.Getpagesize(), n*sizeOf[T]()
	pages := (bytes + page - 1) / page * page
	memory, err := syscall.Mmap(-1, 0, pages+page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Munmap(memory) })
	if err := syscall.Mprotect(memory[pages:], syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	x := unsafe.Slice((*T)(unsafe.Pointer(&memory[pages-bytes])), n)
	for i := range x {
		if r.Float64() < share {
			x[i] = T(r.NormFloat64())
		}
	}
	return x
}

// TestGuarded: no kernel touches memory behind its operands.
func TestGuarded(t *testing.T) {
	everyLevel(t, func(t *testing.T) {
		guardedProducts[float32](t)
		guardedProducts[float64](t)
		r := rand.New(rand.NewPCG(15, 16))
		for _, trans := range []bool{false, true} {
			runGuarded[float32](t, r, Spec{M: 61, N: 77, K: 333, TransA: trans, Alpha: 1, Sparse: true}, .1)
		}
		for range 20 {
			runGuarded[float32](t, r, binarySpec(r), .5)
		}
	})
}

func guardedProducts[T Float](t *testing.T) {
	r := rand.New(rand.NewPCG(17, 18))
	for range 100 {
		runGuarded[T](t, r, randomSpec(r), 1)
	}
}

func runGuarded[T Float](t *testing.T, r *rand.Rand, s Spec, share float64) {
	p, err := New[T](s)
	if err != nil {
		t.Fatal(err)
	}
	a, b, c := guarded[T](t, r, lengthA(p), share), guarded[T](t, r, lengthB(p), 1), guarded[T](t, r, lengthC(p), 1)
	for i, x := range a {
		if s.Binary && x != 0 {
			a[i] = 1
		}
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if fault := recover(); fault != nil {
			t.Fatalf("%+v: %v", s, fault)
		}
	}()
	p.Run(a, b, c)
}
