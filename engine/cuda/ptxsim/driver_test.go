package ptxsim

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"unsafe"

	"github.com/ebitengine/purego"
)

// library is the stand-in's driver interface, as far as the tests use it.
type library struct {
	init        func(flags uint32) int32
	makeCtx     func(ctx *uintptr, flags uint32, device int32) int32
	freeCtx     func(ctx uintptr) int32
	setCtx      func(ctx uintptr) int32
	memInfo     func(free, total *uint64) int32
	within      func(d, s, n uint64) int32
	sync        func() int32
	alloc       func(p *uint64, n uint64) int32
	release     func(p uint64) int32
	inAsync     func(d uint64, s unsafe.Pointer, n uint64, stream uintptr) int32
	outAsync    func(d unsafe.Pointer, s uint64, n uint64, stream uintptr) int32
	fill        func(d uint64, v uint32, n uint64) int32
	fillAsync   func(d uint64, v uint32, n uint64, stream uintptr) int32
	pin         func(p *unsafe.Pointer, n uint64) int32
	unpin       func(p unsafe.Pointer) int32
	makeStream  func(s *uintptr, flags uint32) int32
	syncStream  func(s uintptr) int32
	endStream   func(s uintptr) int32
	askStream   func(s uintptr) int32
	endEvent    func(e uintptr) int32
	askEvent    func(e uintptr) int32
	withinAsync func(d, s, n uint64, stream uintptr) int32
	makeEvent   func(e *uintptr, flags uint32) int32
	record      func(e, s uintptr) int32
	syncEvent   func(e uintptr) int32
	waitEvent   func(s, e uintptr, flags uint32) int32
	waits       func(device int32) uint64
	in          func(d uint64, s unsafe.Pointer, n uint64) int32
	out         func(d unsafe.Pointer, s uint64, n uint64) int32
	load        func(m *uintptr, text *byte) int32
	function    func(f *uintptr, m uintptr, name *byte) int32
	launch      func(f uintptr, gx, gy, gz, bx, by, bz, shared uint32, stream uintptr, args *unsafe.Pointer, extra uintptr) int32
	name        func(s *byte, n int32, device int32) int32
	global      func(p *uint64, n *uint64, m uintptr, name *byte) int32
	why         func() string
	executed    func() uint64
	launches    func(device int32) uint64
	getElapsed  func(ms *float32, a, b uintptr) int32
}

var (
	loadOnce sync.Once
	sim      library
	loadErr  error
)

// open loads the library that `make cuda` built, or skips the test; CAVITY_REQUIRE_CUDA turns the skip into a failure.
func open(t testing.TB) *library {
	t.Helper()
	path := os.Getenv("PTXSIM_LIB")
	if path == "" {
		path, _ = filepath.Abs("../../../.cuda/ptxsim/libcuda.so.1")
	}
	loadOnce.Do(func() {
		if _, loadErr = os.Stat(path); loadErr != nil {
			return
		}
		h, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
		if loadErr = err; err != nil {
			return
		}
		for name, f := range map[string]any{
			"cuInit": &sim.init, "cuCtxCreate_v2": &sim.makeCtx, "cuCtxDestroy_v2": &sim.freeCtx, "cuCtxSynchronize": &sim.sync,
			"cuStreamDestroy_v2": &sim.endStream, "cuStreamQuery": &sim.askStream, "cuEventDestroy_v2": &sim.endEvent, "cuEventQuery": &sim.askEvent,
			"cuMemcpyDtoDAsync_v2": &sim.withinAsync, "cuCtxSetCurrent": &sim.setCtx, "cuMemGetInfo_v2": &sim.memInfo, "cuMemcpyDtoD_v2": &sim.within,
			"cuMemAlloc_v2": &sim.alloc, "cuMemFree_v2": &sim.release, "cuMemcpyHtoD_v2": &sim.in, "cuMemcpyDtoH_v2": &sim.out,
			"cuMemcpyHtoDAsync_v2": &sim.inAsync, "cuMemcpyDtoHAsync_v2": &sim.outAsync, "cuMemsetD32_v2": &sim.fill, "cuMemsetD32Async": &sim.fillAsync,
			"cuMemAllocHost_v2": &sim.pin, "cuMemFreeHost": &sim.unpin, "cuStreamCreate": &sim.makeStream, "cuStreamSynchronize": &sim.syncStream,
			"cuEventCreate": &sim.makeEvent, "cuEventRecord": &sim.record, "cuEventSynchronize": &sim.syncEvent, "cuStreamWaitEvent": &sim.waitEvent,
			"cuModuleLoadData": &sim.load, "cuModuleGetFunction": &sim.function, "cuLaunchKernel": &sim.launch,
			"cuDeviceGetName": &sim.name, "cuModuleGetGlobal_v2": &sim.global, "ptxsimFault": &sim.why,
			"ptxsimInstructions": &sim.executed, "ptxsimLaunches": &sim.launches, "ptxsimWaits": &sim.waits, "cuEventElapsedTime": &sim.getElapsed,
		} {
			purego.RegisterLibFunc(f, h, name)
		}
	})
	if loadErr != nil {
		if os.Getenv("CAVITY_REQUIRE_CUDA") != "" {
			t.Fatalf("left out: %v", loadErr)
		}
		t.Skipf("left out: the PTX emulator is not built (make cuda): %v", loadErr)
	}
	os.Setenv("PTXSIM_QUIET", "1")
	return &sim
}

func cstring(s string) *byte { return &append([]byte(s), 0)[0] }

// A device is one context with its memory, for one test.
type device struct {
	t   testing.TB
	l   *library
	ctx uintptr
}

func newDevice(t testing.TB) *device { return deviceAt(t, 0) }

// deviceAt makes a context on a device and leaves it current.
func deviceAt(t testing.TB, index int32) *device {
	l := open(t)
	d := &device{t: t, l: l}
	lockThread(t)
	if rc := l.makeCtx(&d.ctx, 0, index); rc != 0 {
		t.Fatalf("cuCtxCreate: %d", rc)
	}
	t.Cleanup(func() { l.freeCtx(d.ctx) })
	return d
}

const header = ".version 7.0\n.target sm_80\n.address_size 64\n"

// kernel loads a module with one entry point k whose parameters are pointers p0, p1, … in %rd0, %rd1, …; the body also
// finds the thread number of the grid in %r0 and of the block in %r1, and registers of every type.
func (d *device) kernel(params int, body string) (uintptr, error) {
	text := header + ".extern .shared .align 16 .b8 dyn[];\n.visible .entry k("
	load := ""
	for i := range params {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf(".param .u64 p%d", i)
		load += fmt.Sprintf("ld.param.u64 %%rd%d, [p%d];\n", i, i)
	}
	text += ") {\n.reg .pred %p<16>;\n.reg .b16 %rs<16>;\n.reg .b32 %r<32>;\n.reg .f32 %f<32>;\n.reg .b64 %rd<32>;\n.reg .f64 %fd<32>;\n"
	text += load + "mov.u32 %r1, %tid.x;\nmov.u32 %r2, %ctaid.x;\nmov.u32 %r3, %ntid.x;\nmad.lo.s32 %r0, %r2, %r3, %r1;\n" + body + "\nret;\n}\n"
	return d.module(text)
}

func (d *device) module(text string) (f uintptr, err error) {
	var m uintptr
	if rc := d.l.load(&m, cstring(text)); rc != 0 {
		return 0, fmt.Errorf("load %d: %s", rc, d.l.why())
	}
	if rc := d.l.function(&f, m, cstring("k")); rc != 0 {
		return 0, fmt.Errorf("function %d", rc)
	}
	return f, nil
}

// run launches and synchronises.
func (d *device) run(f uintptr, grid, block, shared int, ptrs ...uint64) error {
	args := make([]unsafe.Pointer, len(ptrs)+1)
	for i := range ptrs {
		args[i] = unsafe.Pointer(&ptrs[i])
	}
	rc := d.l.launch(f, uint32(grid), 1, 1, uint32(block), 1, 1, uint32(shared), 0, &args[0], 0)
	if rc == 0 {
		rc = d.l.sync()
	}
	if rc != 0 {
		return fmt.Errorf("%d: %s", rc, d.l.why())
	}
	return nil
}

func upload[T any](d *device, x []T) uint64 {
	n := uint64(len(x)) * uint64(unsafe.Sizeof(x[0]))
	p := empty(d, int(n))
	if rc := d.l.in(p, unsafe.Pointer(&x[0]), n); rc != 0 {
		d.t.Fatalf("copy to the device: %d", rc)
	}
	return p
}

func empty(d *device, bytes int) (p uint64) {
	if rc := d.l.alloc(&p, uint64(bytes)); rc != 0 {
		d.t.Fatalf("alloc: %d", rc)
	}
	d.t.Cleanup(func() { d.l.release(p) })
	return p
}

func download[T any](d *device, p uint64, n int) []T {
	x := make([]T, n)
	if rc := d.l.out(unsafe.Pointer(&x[0]), p, uint64(n)*uint64(unsafe.Sizeof(x[0]))); rc != 0 {
		d.t.Fatalf("copy from the device: %d: %s", rc, d.l.why())
	}
	return x
}
