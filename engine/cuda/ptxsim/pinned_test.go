package ptxsim

import (
	"fmt"
	"strings"
	"testing"
	"unsafe"
)

func wordsAt(p unsafe.Pointer, n int) []uint32 { return unsafe.Slice((*uint32)(p), n) }

// The device reads pinned memory when the copy runs: whoever writes there before having waited for the copy is told so.
func TestEarlyReuse(t *testing.T) {
	for seed := range 6 {
		t.Setenv("PTXSIM_SEED", fmt.Sprint(seed))
		for name, c := range map[string]struct {
			allowed bool
			wait    func(p *pair) int32
		}{
			"at once":                      {false, func(p *pair) int32 { return 0 }},
			"after the stream":             {true, func(p *pair) int32 { return p.l.syncStream(p.a) }},
			"after another stream":         {false, func(p *pair) int32 { return p.nothing(p.b) | p.l.syncStream(p.b) }},
			"after a free":                 {false, func(p *pair) int32 { return p.l.release(empty(p.device, 4)) }},
			"after an event":               {true, func(p *pair) int32 { e := p.event(); return p.l.record(e, p.a) | p.l.syncEvent(e) }},
			"after an event before it":     {false, func(p *pair) int32 { e := p.event(); return p.l.record(e, p.b) | p.l.syncEvent(e) }},
			"after a question":             {true, func(p *pair) int32 { return p.until(p.l.askStream, p.a) }},
			"after an unanswered question": {false, func(p *pair) int32 { p.l.askStream(p.b); return 0 }},
			"after a copy in plain memory": {true, func(p *pair) int32 {
				return p.l.outAsync(unsafe.Pointer(&make([]uint32, 32)[0]), p.x, 128, p.a)
			}},
		} {
			p := newPair(t, nonBlocking)
			host := p.pinned(128)
			words := wordsAt(host, 32)
			words[5] = 1
			rc := p.l.inAsync(p.x, host, 128, p.a)
			rc |= c.wait(p)
			words[5] = 2
			p.must(name, rc)
			rc = p.l.sync()
			if c.allowed && rc != 0 {
				t.Errorf("%s: %d: %s", name, rc, p.l.why())
			}
			if !c.allowed && (rc == 0 || !strings.Contains(p.l.why(), "changed pinned memory")) {
				t.Errorf("%s: not caught (%d, %s)", name, rc, p.l.why())
			}
			if c.allowed && rc == 0 && download[uint32](p.device, p.x, 32)[5] != 1 {
				t.Errorf("%s: the device has other bytes than were there at the call", name)
			}
			p.l.freeCtx(p.ctx)
		}
	}
}

// The bytes that the copy takes when it runs count, also when the host puts back what was there.
func TestPutBack(t *testing.T) {
	p := newPair(t, nonBlocking)
	host := p.pinned(128)
	words := wordsAt(host, 32)
	words[5] = 1
	p.must("copy", p.l.inAsync(p.x, host, 128, p.a))
	words[5] = 2
	rc := p.l.release(empty(p.device, 4)) // makes the copy run, and is no wait for it
	words[5] = 1
	if rc |= p.l.sync(); rc == 0 || !strings.Contains(p.l.why(), "changed pinned memory") {
		t.Errorf("%d: %s", rc, p.l.why())
	}
}

// Pinned memory shows what comes from the device only once the host has waited for it, and 0xA5 until then.
func TestEarlyRead(t *testing.T) {
	for seed := range 6 {
		t.Setenv("PTXSIM_SEED", fmt.Sprint(seed))
		p := newPair(t, nonBlocking)
		host := p.pinned(128)
		words := wordsAt(host, 32)
		p.must("write", p.ops["write"](p.a))
		p.must("copy", p.l.outAsync(host, p.x, 128, p.a))
		for _, wait := range []func() int32{
			func() int32 { return 0 },
			func() int32 { return p.nothing(p.b) | p.l.syncStream(p.b) },
			func() int32 { return p.l.release(empty(p.device, 4)) },
		} {
			p.must("wait for something else", wait())
			if words[0] != 0xA5A5A5A5 || words[31] != 0xA5A5A5A5 {
				t.Fatalf("pinned memory holds %#x before the host has waited", words)
			}
		}
		p.must("wait", p.l.syncStream(p.a))
		if words[0] != 7 || words[31] != 7 {
			t.Errorf("pinned memory holds %v after the wait", words)
		}
	}
}

// Other host memory is taken over, or filled, when the call returns.
func TestPageable(t *testing.T) {
	p := newPair(t, nonBlocking)
	words := make([]uint32, 32)
	words[3] = 9
	before := p.l.executed()
	p.must("kernel", p.ops["add"](p.a))
	p.must("copy in", p.l.inAsync(p.x, unsafe.Pointer(&words[0]), 128, p.a))
	words[3] = 1
	if p.l.executed() != before {
		t.Error("a copy to the device made everything before it run")
	}
	p.must("kernel", p.ops["add"](p.a))
	got := make([]uint32, 32)
	p.must("copy out", p.l.outAsync(unsafe.Pointer(&got[0]), p.x, 128, p.a))
	if got[3] != 10 || got[4] != 1 {
		t.Errorf("%v came back when the call returned", got)
	}
	// the driver's buffers end somewhere
	large := make([]uint32, 9<<18)
	y := empty(p.device, 9<<20)
	p.must("wait", p.l.sync())
	before = p.l.executed()
	p.must("kernel", p.ops["add"](p.a))
	for i := range 8 {
		if p.l.executed() != before {
			t.Fatalf("%d MiB in copies made the kernel before them run", 9*i)
		}
		p.must("copy", p.l.inAsync(y, unsafe.Pointer(&large[0]), 9<<20, p.a))
	}
	if p.l.executed() == before {
		t.Error("72 MiB wait in the driver's buffers")
	}
}

// One pinned buffer serves copies in both directions as long as a stream keeps them in order.
func TestPinnedRoundTrip(t *testing.T) {
	for seed := range 6 {
		t.Setenv("PTXSIM_SEED", fmt.Sprint(seed))
		p := newPair(t, nonBlocking)
		host, y := p.pinned(128), upload(p.device, make([]uint32, 32))
		words := wordsAt(host, 32)
		words[1] = 40
		p.must("wait for the upload", p.l.sync())
		rc := p.l.inAsync(p.x, host, 128, p.a) | p.ops["add"](p.a) | p.l.outAsync(host, p.x, 128, p.a) | p.l.inAsync(y, host, 128, p.a) |
			p.ops["add"](p.a) | p.l.outAsync(host, p.x, 128, p.a)
		p.must("calls", rc)
		p.must("wait", p.l.sync())
		if words[1] != 42 || words[2] != 2 {
			t.Errorf("host has %v", words[:3])
		}
		if got := download[uint32](p.device, y, 32); got[1] != 41 || got[2] != 1 {
			t.Errorf("device has %v", got[:3])
		}
		p.must("copy on one stream", p.l.outAsync(host, p.x, 128, p.a))
		if rc := p.l.inAsync(y, unsafe.Add(host, 64), 64, p.b); rc == 0 || !strings.Contains(p.l.why(), "same pinned memory") {
			t.Errorf("a copy back on another stream that waits for nothing: %d", rc)
		}
	}
}

// An event orders streams of two devices; without one the second device would copy what the first has not brought.
func TestEventBetweenDevices(t *testing.T) {
	t.Setenv("PTXSIM_DEVICES", "2")
	for seed := range 6 {
		t.Setenv("PTXSIM_SEED", fmt.Sprint(seed))
		for _, waits := range []bool{true, false} {
			one, two := deviceAt(t, 0), deviceAt(t, 1)
			y := upload(two, make([]uint32, 32))
			two.must("wait for the upload", two.l.sync())
			s := two.stream(nonBlocking)
			one.use()
			first, e, host := one.stream(nonBlocking), one.event(), one.pinned(128)
			x := upload(one, make([]uint32, 32))
			one.must("synchronise", one.l.sync())
			one.must("calls", one.l.fillAsync(x, 6, 32, first)|one.l.outAsync(host, x, 128, first)|one.l.record(e, first))
			two.use()
			if waits {
				two.must("wait", two.l.waitEvent(s, e, 0))
			}
			rc := two.l.inAsync(y, host, 128, s)
			if !waits {
				if rc == 0 {
					t.Error("a missing event between two devices was not caught")
				}
				continue
			}
			two.must("copy", rc)
			two.must("synchronise", two.l.syncStream(s))
			if got := download[uint32](two, y, 32); got[0] != 6 || got[31] != 6 {
				t.Errorf("device 1 received %v", got)
			}
		}
	}
}
