package ptxsim

import (
	"fmt"
	"strings"
	"testing"
)

// use makes a device's context current.
func (d *device) use() {
	d.t.Helper()
	if rc := d.l.setCtx(d.ctx); rc != 0 {
		d.t.Fatalf("cuCtxSetCurrent: %d", rc)
	}
}

// free is the memory that the current device has left.
func (d *device) free() uint64 {
	var left, total uint64
	d.use()
	if rc := d.l.memInfo(&left, &total); rc != 0 {
		d.t.Fatalf("cuMemGetInfo: %d", rc)
	}
	return left
}

// Two devices share nothing: not their memory, not its size, not a fault.
func TestTwoDevices(t *testing.T) {
	t.Setenv("PTXSIM_DEVICES", "2")
	one, two := deviceAt(t, 0), deviceAt(t, 1)
	load := func(d *device) uintptr {
		d.use()
		fn, err := d.kernel(1, index(0, 4)+"ld.global.u32 %r5, [%rd20]; add.u32 %r5, %r5, 1; st.global.u32 [%rd20], %r5;")
		if err != nil {
			t.Fatal(err)
		}
		return fn
	}
	onOne, onTwo := load(one), load(two)
	before := one.free()
	two.use()
	x := upload(two, make([]uint32, 32))
	if one.free() != before {
		t.Error("memory of device 1 was taken from device 0")
	}
	two.use()
	if err := two.run(onTwo, 1, 32, 0, x); err != nil {
		t.Fatal(err)
	}
	if err := two.run(onOne, 1, 32, 0, x); err == nil || !strings.Contains(err.Error(), "another context") {
		t.Errorf("a function of device 0 ran on device 1: %v", err)
	}
	one.use()
	y := upload(one, make([]uint32, 32))
	if rc := one.l.within(y, x, 128); rc == 0 || !strings.Contains(one.l.why(), "another device") {
		t.Errorf("a copy on one device from another's memory: %d, %s", rc, one.l.why())
	}
	if err := one.run(onOne, 1, 32, 0, x); err == nil || !strings.Contains(err.Error(), "another device") {
		t.Errorf("device 0 touched the memory of device 1: %v", err)
	}
	if one.l.sync() == 0 {
		t.Error("device 0 forgot its fault")
	}
	two.use()
	if err := two.run(onTwo, 1, 32, 0, x); err != nil {
		t.Errorf("the fault of device 0 reached device 1: %v", err)
	}
	if got := download[uint32](two, x, 32); got[0] != 2 || got[31] != 2 {
		t.Errorf("two additions of one gave %v", got)
	}
	var none uintptr
	if rc := two.l.makeCtx(&none, 0, 2); rc != 101 {
		t.Errorf("a context on the third of two devices: %d, want 101", rc)
	}
}

// PTXSIM_FAIL_AFTER strikes one device only, at the launch of that number on it, whatever the others do.
func TestFailingDevice(t *testing.T) {
	l := open(t)
	t.Setenv("PTXSIM_DEVICES", "2")
	one, two := deviceAt(t, 0), deviceAt(t, 1)
	functions := map[*device]uintptr{}
	for _, d := range []*device{one, two} {
		d.use()
		fn, err := d.kernel(0, "")
		if err != nil {
			t.Fatal(err)
		}
		functions[d] = fn
	}
	t.Setenv("PTXSIM_FAIL_DEVICE", "1")
	t.Setenv("PTXSIM_FAIL_AFTER", fmt.Sprint(l.launches(1)+2))
	for i, c := range []struct {
		d    *device
		fail bool
	}{{one, false}, {two, false}, {one, false}, {one, false}, {two, true}, {one, false}, {two, true}} {
		c.d.use()
		if err := c.d.run(functions[c.d], 1, 32, 0); (err != nil) != c.fail {
			t.Errorf("launch %d: %v", i, err)
		}
	}
}
