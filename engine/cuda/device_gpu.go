//go:build gpu

package cuda

/*
#cgo LDFLAGS: -lcuda
#include <stdlib.h>
#include <cuda.h>

extern const char *lazy_problem(void);
extern int lazy_initialised(void);
extern int lazy_version(void);

typedef struct {
	CUcontext context;
	CUstream stream;
	CUfunction function;
	unsigned grid[3], block[3], shared;
	void **args;
} start;

// A context belongs to a thread, and a goroutine wanders among threads: both calls in one, so that it cannot wander in between.
static int launch(start *s) {
	int rc = cuCtxSetCurrent(s->context);
	if (rc) return rc;
	return cuLaunchKernel(s->function, s->grid[0], s->grid[1], s->grid[2], s->block[0], s->block[1], s->block[2], s->shared, s->stream, s->args, 0);
}

static int allowShared(CUfunction f, int bytes) {
	return cuFuncSetAttribute(f, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, bytes);
}
*/
import "C"

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"unsafe"

	"gorgonia.org/cu"

	"cavity/engine"
)

// What the backend needs: PTX 7.0 and instructions of compute capability 8.0.
const (
	minDriver     = 11000
	minCapability = 80
)

// available says in a sentence why no device can be used.
func available() error {
	if p := C.GoString(C.lazy_problem()); p != "" {
		return fmt.Errorf("no CUDA driver found: %s", p)
	}
	version := int(C.lazy_version())
	if version < minDriver {
		return fmt.Errorf("the CUDA driver is too old: it supports CUDA %s, and 11.0 is needed", release(version))
	}
	if rc := int(C.lazy_initialised()); rc != 0 {
		if n := failure(rc); n == cu.NoDevice.Error() {
			return errors.New("the CUDA driver finds no device")
		}
		return fmt.Errorf("the CUDA driver does not start: %s", failure(rc))
	}
	return nil
}

func release(version int) string { return fmt.Sprintf("%d.%d", version/1000, version%1000/10) }

// failure names an error code of the driver.
func failure(code int) string {
	e := reflect.New(reflect.TypeOf(cu.NoDevice)).Elem()
	e.SetInt(int64(code))
	return fmt.Sprint(e.Interface())
}

// check turns a code into an error of package cu.
func check(code C.int) error {
	if code == 0 {
		return nil
	}
	return errors.New(failure(int(code)))
}

// device is an open device: its context, its stream and the modules loaded so far.
type device struct {
	index           int
	name            string
	multiprocessors int
	context         cu.CUContext
	stream          cu.Stream
	aside           cu.Stream // beside the other, for copies to the host that wait for events only
	outgoing        ring
	landing         []byte // pinned memory in which copies to the host arrive
	products        products

	mu      sync.Mutex
	modules map[string]cu.Module
	held    map[cu.DevicePtr]int // bytes of live allocations
	idle    []cu.DevicePtr       // allocations that nothing refers to any more
	past    []cu.Event           // events likewise
	closed  bool
}

// open makes a context on a device.
func open(index int) (*device, error) {
	n, err := cu.NumDevices()
	if err != nil {
		return nil, fmt.Errorf("cuda: %w", err)
	}
	if index >= n {
		return nil, fmt.Errorf("cuda: no device %d: this machine has %d, the last is cuda:%d", index, n, n-1)
	}
	d := &device{index: index, modules: map[string]cu.Module{}, held: map[cu.DevicePtr]int{}}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	dev, err := cu.GetDevice(index)
	if err == nil {
		d.name, err = dev.Name()
	}
	if err != nil {
		return nil, fmt.Errorf("cuda:%d: %w", index, err)
	}
	d.name = strings.TrimRight(d.name, "\x00")
	if cc := capability(dev); cc < minCapability {
		return nil, fmt.Errorf("cuda:%d: %s has compute capability %d.%d, and 8.0 is needed", index, d.name, cc/10, cc%10)
	}
	if d.multiprocessors, err = dev.Attribute(cu.MultiprocessorCount); err != nil {
		return nil, fmt.Errorf("cuda:%d: %w", index, err)
	}
	if d.context, err = dev.MakeContext(cu.SchedAuto); err != nil {
		return nil, fmt.Errorf("cuda:%d: no context: %w", index, err)
	}
	if d.stream, err = cu.MakeStream(cu.DefaultStream); err != nil {
		return nil, fmt.Errorf("cuda:%d: no stream: %w", index, err)
	}
	if d.aside, err = cu.MakeStream(cu.NonBlocking); err != nil {
		return nil, fmt.Errorf("cuda:%d: no second stream: %w", index, err)
	}
	if d.outgoing, err = newRing(); err == nil {
		d.landing, err = pinned(landingBytes)
	}
	if err != nil {
		return nil, fmt.Errorf("cuda:%d: no pinned memory of the host for copies: %w", index, err)
	}
	return d, nil
}

func capability(dev cu.Device) int {
	major, _ := dev.Attribute(cu.ComputeCapabilityMajor)
	minor, _ := dev.Attribute(cu.ComputeCapabilityMinor)
	return 10*major + minor
}

// do runs f on a thread on which the context is current.
func (d *device) do(f func() error) error {
	if d.closed {
		return fmt.Errorf("cuda:%d: the backend is closed", d.index)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cu.SetCurrentContext(d.context); err != nil {
		return err
	}
	return f()
}

// function finds an entry point and loads its module at the first use of the text.
func (d *device) function(source, entry string) (fn cu.Function, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	err = d.do(func() error {
		m, ok := d.modules[source]
		if !ok {
			if m, err = cu.LoadData(source); err != nil {
				return fmt.Errorf("the driver does not translate the module of %s: %w", entry, err)
			}
			d.modules[source] = m
		}
		if fn, err = m.Function(entry); err != nil {
			return fmt.Errorf("the module has no kernel %s: %w", entry, err)
		}
		return nil
	})
	return fn, err
}

// alloc takes zeroed memory, or says how much is there.
func (d *device) alloc(bytes int) (p cu.DevicePtr, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	err = d.do(func() error {
		if err := d.release(); err != nil {
			return err
		}
		free, total, err := cu.MemInfo()
		if err != nil {
			return err
		}
		if int64(bytes) <= free {
			p, err = cu.MemAlloc(int64(bytes))
		}
		if int64(bytes) > free || err != nil && err.Error() == cu.OutOfMemory.Error() {
			held := 0
			for _, n := range d.held {
				held += n
			}
			return engine.Shortage(fmt.Sprintf("out of device memory: %s more are needed, %s of %s are free, and this program holds %s", size(bytes), size(int(free)), size(int(total)), size(held)))
		}
		if err != nil {
			return err
		}
		d.held[p] = bytes
		return cu.MemsetD8(p, 0, int64(bytes))
	})
	return p, err
}

// release frees what finalizers retired; the lock is held and the context current.
func (d *device) release() error {
	for _, q := range d.idle {
		if err := cu.MemFree(q); err != nil {
			return err
		}
		delete(d.held, q)
	}
	for i := range d.past {
		if err := cu.DestroyEvent(&d.past[i]); err != nil {
			return err
		}
	}
	d.idle, d.past = nil, nil
	return nil
}

// retire frees memory at the next allocation: a finalizer must not wait for the device.
func (d *device) retire(p cu.DevicePtr) {
	d.mu.Lock()
	d.idle = append(d.idle, p)
	d.mu.Unlock()
}

func (d *device) retireEvent(e cu.Event) {
	d.mu.Lock()
	d.past = append(d.past, e)
	d.mu.Unlock()
}

func (d *device) close() error {
	if d.closed {
		return nil
	}
	err := d.do(func() error { return errors.Join(cu.Synchronize(), d.products.close()) })
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	// destroying the context frees its memory, also the pinned, its streams, events and modules, also after a fault
	return errors.Join(err, d.context.Destroy())
}

func size(bytes int) string {
	if bytes < 1<<20 {
		return fmt.Sprintf("%.1f KiB", float64(bytes)/(1<<10))
	}
	if bytes < 1<<30 {
		return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
	}
	return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
}

// starter is a launch in C memory, with its arguments in cells that the clock's words are written into.
type starter struct {
	c     *C.start
	cells []unsafe.Pointer
}

// newStarter allocates cells of the given sizes.
func (d *device) newStarter(l Launch, fn cu.Function, sizes []int) (*starter, error) {
	if l.Shared > 48<<10 {
		if err := d.do(func() error { return check(C.allowShared(functionOf(fn), C.int(l.Shared))) }); err != nil {
			return nil, fmt.Errorf("%s: %d bytes of shared memory: %w", l.Entry, l.Shared, err)
		}
	}
	total := 0
	for _, n := range sizes {
		total += (n + 15) / 16 * 16
	}
	s := &starter{c: (*C.start)(C.calloc(1, C.sizeof_start))}
	s.c.args = (*unsafe.Pointer)(C.calloc(C.size_t(len(sizes)+1), 8))
	at := C.calloc(C.size_t(total+16), 1)
	args := unsafe.Slice(s.c.args, len(sizes)+1)
	args[len(sizes)] = at // the block to free
	for i, n := range sizes {
		args[i] = at
		s.cells = append(s.cells, at)
		at = unsafe.Add(at, (n+15)/16*16)
	}
	s.c.context = *(*C.CUcontext)(unsafe.Pointer(&d.context))
	s.c.stream = *(*C.CUstream)(unsafe.Pointer(&d.stream))
	s.c.function = functionOf(fn)
	for i := range 3 {
		s.c.grid[i], s.c.block[i] = C.uint(max(l.Grid[i], 1)), C.uint(max(l.Block[i], 1))
	}
	s.c.shared = C.uint(l.Shared)
	runtime.SetFinalizer(s, func(s *starter) {
		C.free(unsafe.Slice(s.c.args, len(s.cells)+1)[len(s.cells)])
		C.free(unsafe.Pointer(s.c.args))
		C.free(unsafe.Pointer(s.c))
	})
	return s, nil
}

// functionOf is the driver's handle inside cu.Function, which keeps it to itself.
func functionOf(fn cu.Function) C.CUfunction { return *(*C.CUfunction)(unsafe.Pointer(&fn)) }

func (s *starter) run() error {
	if rc := C.launch(s.c); rc != 0 {
		return check(rc)
	}
	return nil
}
