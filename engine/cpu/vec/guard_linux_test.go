package vec

import (
	"runtime/debug"
	"syscall"
	"testing"
	"unsafe"
)

// fenced returns n*size bytes that end where memory ends, and, with begin set, that begin where memory begins: touching what lies beyond faults.
func fenced(t *testing.T, size int, begin bool) unsafe.Pointer {
	t.Helper()
	page := syscall.Getpagesize()
	m, err := syscall.Mmap(-1, 0, 3*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(m); err != nil {
			t.Error(err)
		}
	})
	for _, at := range []int{0, 2 * page} {
		if err := syscall.Mprotect(m[at:at+page], syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	if begin {
		return unsafe.Pointer(&m[page])
	}
	return unsafe.Pointer(&m[2*page-size])
}

// TestGuardPages runs every op, pattern and reduction over vectors that begin or end beside memory that must not be read or written.
func TestGuardPages(t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	everywhere(t, func(t *testing.T) {
		for _, d := range []Dtype{Float32, Float64} {
			for _, n := range []int{1, 3, 4, 5, 8, 13, 16, 17, 31, 40, 67} {
				for _, begin := range []bool{false, true} {
					guarded(t, d, n, begin)
				}
			}
		}
	})
}

func guarded(t *testing.T, d Dtype, n int, begin bool) {
	var vector, scalar [3]unsafe.Pointer
	for i := range vector {
		vector[i], scalar[i] = fenced(t, n*int(d.Size()), begin), fenced(t, int(d.Size()), begin)
	}
	out := fenced(t, n*int(d.Size()), begin)
	for _, op := range Ops() {
		for _, p := range Patterns(op.Arity) {
			args := vector
			for i := range p {
				if p[i] == 's' {
					args[i] = scalar[i]
				}
			}
			f, _ := Find(op.Name, p, d)
			f(n, out, args[0], args[1], args[2])
		}
	}
	if d == Float32 {
		guardedSums(t, unsafe.Slice((*float32)(vector[0]), n), unsafe.Slice((*float32)(out), n))
	} else {
		guardedSums(t, unsafe.Slice((*float64)(vector[0]), n), unsafe.Slice((*float64)(out), n))
	}
}

func guardedSums[T Float](t *testing.T, x, out []T) {
	SumColumns(out, x, 1, len(x))
	if s, m, p := Sum(x), Max(x), Dot(x, out); s != 0 || m != 0 || p != 0 {
		t.Errorf("fresh memory of %d elements has sum %v, maximum %v, product %v", len(x), s, m, p)
	}
}
