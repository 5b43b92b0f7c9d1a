package ptxsim

import (
	"os"
	"path/filepath"
	"testing"
	"unsafe"
)

// The wait counter counts the calls at which the host waits for the device or may have to, and no others.
func TestWaits(t *testing.T) {
	d := newDevice(t)
	fn, err := d.kernel(1, "st.global.u32 [%rd0], 5;")
	if err != nil {
		t.Fatal(err)
	}
	x, y, freed := empty(d, 128), empty(d, 128), empty(d, 4)
	words := make([]uint32, 32)
	plain := unsafe.Pointer(&words[0])
	pinned := d.pinned(128)
	var stream, event uintptr
	if rc := d.l.makeStream(&stream, 0); rc != 0 {
		t.Fatalf("cuStreamCreate: %d", rc)
	}
	if rc := d.l.makeEvent(&event, 2); rc != 0 {
		t.Fatalf("cuEventCreate: %d", rc)
	}
	args := []unsafe.Pointer{unsafe.Pointer(&x), nil}
	for _, c := range []struct {
		name string
		want uint64
		call func() int32
	}{
		{"launch", 0, func() int32 { return d.l.launch(fn, 1, 1, 1, 1, 1, 1, 0, stream, &args[0], 0) }},
		{"asynchronous fill", 0, func() int32 { return d.l.fillAsync(x, 1, 32, stream) }},
		{"asynchronous copy from pinned memory", 0, func() int32 { return d.l.inAsync(x, pinned, 128, stream) }},
		{"asynchronous copy to pinned memory", 0, func() int32 { return d.l.outAsync(pinned, x, 128, stream) }},
		{"record", 0, func() int32 { return d.l.record(event, stream) }},
		{"wait of a stream", 0, func() int32 { return d.l.waitEvent(stream, event, 0) }},
		{"synchronise a stream", 1, func() int32 { return d.l.syncStream(stream) }},
		{"synchronise an event", 1, func() int32 { return d.l.syncEvent(event) }},
		{"synchronise all", 1, d.l.sync},
		{"asynchronous copy from other memory", 1, func() int32 { return d.l.inAsync(x, plain, 128, stream) }},
		{"asynchronous copy to other memory", 1, func() int32 { return d.l.outAsync(plain, x, 128, stream) }},
		{"fill", 1, func() int32 { return d.l.fill(y, 1, 32) }},
		{"copy to the device", 1, func() int32 { return d.l.in(x, pinned, 128) }},
		{"copy from the device", 1, func() int32 { return d.l.out(plain, x, 128) }},
		{"copy on the device", 1, func() int32 { return d.l.within(y, x, 128) }},
		{"free", 1, func() int32 { return d.l.release(freed) }},
	} {
		before, other := d.l.waits(0), d.l.waits(1)
		if rc := c.call(); rc != 0 {
			t.Fatalf("%s: %d: %s", c.name, rc, d.l.why())
		}
		if got := d.l.waits(0) - before; got != c.want {
			t.Errorf("%s: counted %d waits, want %d", c.name, got, c.want)
		}
		if d.l.waits(1) != other {
			t.Errorf("%s: counted on another device", c.name)
		}
	}
}

// pinned is host memory that the driver gives.
func (d *device) pinned(bytes int) (p unsafe.Pointer) {
	d.t.Helper()
	if rc := d.l.pin(&p, uint64(bytes)); rc != 0 {
		d.t.Fatalf("cuMemAllocHost: %d", rc)
	}
	d.t.Cleanup(func() { d.l.unpin(p) })
	return p
}

// PTXSIM_DUMP writes the text of each module once, also of one that does not load.
func TestDump(t *testing.T) {
	d := newDevice(t)
	folder := filepath.Join(t.TempDir(), "ptx")
	t.Setenv("PTXSIM_DUMP", folder)
	texts := []string{entry(""), entry("add.s32 %r1, %r1, 1;"), entry("ex2.approx.f32 %f1, %f1;")}
	for i := range 6 {
		if _, err := d.module(texts[i%3]); (err != nil) != (i%3 == 2) {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(files) != len(texts) {
		t.Fatalf("%d modules gave %q, %v", len(texts), files, err)
	}
	for _, f := range files {
		if len(filepath.Base(f)) != len("0123456789abcdef.ptx") || filepath.Ext(f) != ".ptx" {
			t.Errorf("a file is named %s", f)
		}
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		known := false
		for _, want := range texts {
			known = known || string(text) == want
		}
		if !known {
			t.Errorf("%s holds another text: %s", f, text)
		}
	}
	blocked := filepath.Join(folder, "file")
	if err := os.WriteFile(blocked, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PTXSIM_DUMP", blocked)
	if _, err := d.module(entry("add.s32 %r1, %r1, 2;")); err == nil {
		t.Error("a module loaded whose text could not be written")
	}
}
