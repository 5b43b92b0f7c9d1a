package ptxsim

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unsafe"
)

const (
	blocking    = 0 // by the null stream
	nonBlocking = 1
)

// stream makes one, and event an event without times.
func (d *device) stream(flags uint32) (s uintptr) {
	d.t.Helper()
	d.must("cuStreamCreate", d.l.makeStream(&s, flags))
	return s
}

func (d *device) event() (e uintptr) {
	d.t.Helper()
	d.must("cuEventCreate", d.l.makeEvent(&e, 2))
	return e
}

func (d *device) must(what string, rc int32) {
	d.t.Helper()
	if rc != 0 {
		d.t.Fatalf("%s: %d: %s", what, rc, d.l.why())
	}
}

// start launches one block of 32 threads and does not wait.
func (d *device) start(f, stream uintptr, ptrs ...uint64) int32 {
	args := make([]unsafe.Pointer, len(ptrs)+1)
	for i := range ptrs {
		args[i] = unsafe.Pointer(&ptrs[i])
	}
	return d.l.launch(f, 1, 1, 1, 32, 1, 1, 0, stream, &args[0], 0)
}

// pair is a device with two streams and operations on an array x of 32 words; where an operation has another side, it is its own.
type pair struct {
	*device
	a, b uintptr
	x    uint64
	ops  map[string]func(stream uintptr) int32
}

func newPair(t *testing.T, flags uint32) *pair {
	d := newDevice(t)
	p := &pair{device: d, a: d.stream(flags), b: d.stream(flags), x: upload(d, make([]uint32, 32))}
	kernel := func(body string) uintptr {
		fn, err := d.kernel(2, index(0, 4)+index2+body)
		if err != nil {
			t.Fatal(err)
		}
		return fn
	}
	write, read := kernel("st.global.u32 [%rd20], 7;"), kernel("ld.global.u32 %r5, [%rd20]; st.global.u32 [%rd21], %r5;")
	add, low := kernel("red.global.add.u32 [%rd20], 1;"), kernel("cvt.u16.u32 %rs1, %r0; st.global.u8 [%rd20], %rs1;")
	high, look := kernel("cvt.u16.u32 %rs1, %r0; st.global.u8 [%rd20+1], %rs1;"), kernel("ld.global.u8 %rs1, [%rd20+1];")
	// every stream has another side of its own
	sides := map[uintptr]uint64{p.a: upload(d, make([]uint32, 32)), p.b: upload(d, make([]uint32, 32)), 0: upload(d, make([]uint32, 32))}
	hosts := map[uintptr]unsafe.Pointer{p.a: d.pinned(128), p.b: d.pinned(128), 0: d.pinned(128)}
	launch := func(fn uintptr) func(uintptr) int32 {
		return func(s uintptr) int32 { return d.start(fn, s, p.x, sides[s]) }
	}
	p.ops = map[string]func(uintptr) int32{
		"write": launch(write), "read": launch(read), "add": launch(add), "low bytes": launch(low), "high bytes": launch(high), "read high bytes": launch(look),
		"copy in":         func(s uintptr) int32 { return d.l.inAsync(p.x, hosts[s], 128, s) },
		"copy out":        func(s uintptr) int32 { return d.l.outAsync(hosts[s], p.x, 128, s) },
		"copy over":       func(s uintptr) int32 { return d.l.withinAsync(p.x, sides[s], 128, s) },
		"copy away":       func(s uintptr) int32 { return d.l.withinAsync(sides[s], p.x, 128, s) },
		"fill":            func(s uintptr) int32 { return d.l.fillAsync(p.x, 3, 32, s) },
		"fill first half": func(s uintptr) int32 { return d.l.fillAsync(p.x, 3, 16, s) },
		"fill last half":  func(s uintptr) int32 { return d.l.fillAsync(p.x+64, 3, 16, s) },
		"fill last word":  func(s uintptr) int32 { return d.l.fillAsync(p.x+124, 3, 1, s) },
	}
	p.must("wait for the uploads", d.l.sync())
	return p
}

const index2 = "add.s64 %rd21, %rd1, %rd19;\n"

// between are the ways in which a program may or may not order an operation on stream a with a later one on stream b.
var between = map[string]struct {
	orders bool
	call   func(p *pair) int32
}{
	"nothing": {false, func(p *pair) int32 { return 0 }},
	"an event": {true, func(p *pair) int32 {
		e := p.event()
		return p.l.record(e, p.a) | p.l.waitEvent(p.b, e, 0) | p.l.endEvent(e)
	}},
	"an event that the host waits for": {true, func(p *pair) int32 {
		e := p.event()
		return p.l.record(e, p.a) | p.l.syncEvent(e)
	}},
	"a wait for the stream":        {true, func(p *pair) int32 { return p.l.syncStream(p.a) }},
	"a wait for all":               {true, func(p *pair) int32 { return p.l.sync() }},
	"a question answered yes":      {true, func(p *pair) int32 { return p.until(p.l.askStream, p.a) }},
	"a question about the event":   {true, func(p *pair) int32 { e := p.event(); p.l.record(e, p.a); return p.until(p.l.askEvent, e) }},
	"a wait for the other stream":  {false, func(p *pair) int32 { return p.l.syncStream(p.b) }},
	"a wait without a record":      {false, func(p *pair) int32 { return p.l.waitEvent(p.b, p.event(), 0) }},
	"a record without a wait":      {false, func(p *pair) int32 { return p.l.record(p.event(), p.a) }},
	"a record after the wait":      {false, func(p *pair) int32 { e := p.event(); return p.l.waitEvent(p.b, e, 0) | p.l.record(e, p.a) }},
	"a wait by the wrong stream":   {false, func(p *pair) int32 { e := p.event(); return p.l.record(e, p.a) | p.l.waitEvent(p.a, e, 0) }},
	"a record in the wrong stream": {false, func(p *pair) int32 { e := p.event(); return p.l.record(e, p.b) | p.l.waitEvent(p.b, e, 0) }},
	"a free":                       {false, func(p *pair) int32 { return p.l.release(empty(p.device, 4)) }},
}

// until asks as a program does that has something else to do, and gives up after far more questions than the answer may take.
func (p *pair) until(ask func(uintptr) int32, handle uintptr) int32 {
	for range 1000 {
		if rc := ask(handle); rc != notReady {
			return rc
		}
	}
	return notReady
}

const notReady = 600

// Two operations on different streams of which one writes what the other touches are a race unless the program orders them, whatever
// the emulator does first; two that only read, or touch different bytes, or are both atomic, are none.
func TestStreamRaces(t *testing.T) {
	racing := [][2]string{{"write", "read"}, {"read", "write"}, {"copy in", "read"}, {"fill", "write"}, {"write", "copy out"},
		{"copy in", "copy out"}, {"copy out", "fill"}, {"copy over", "copy away"}, {"read", "copy over"}, {"add", "read"}, {"add", "copy out"},
		{"fill last word", "read"}, {"copy away", "fill last word"}, {"high bytes", "read high bytes"}, {"high bytes", "read"}}
	peaceful := [][2]string{{"read", "read"}, {"read", "copy out"}, {"copy away", "copy out"}, {"add", "add"}, {"fill first half", "fill last half"},
		{"low bytes", "high bytes"}, {"low bytes", "read high bytes"}, {"write", "write"}} // the same words: harmless
	check := func(ops [2]string, how string, want bool) {
		t.Helper()
		p := newPair(t, nonBlocking)
		rc := p.ops[ops[0]](p.a)
		rc |= between[how].call(p)
		rc |= p.ops[ops[1]](p.b)
		p.must("calls", rc)
		rc = p.l.sync()
		if want && (rc == 0 || !strings.Contains(p.l.why(), "race") || !strings.Contains(p.l.why(), "no event and no wait")) {
			t.Errorf("%s, %s, %s: not caught (%d, %s)", ops[0], how, ops[1], rc, p.l.why())
		}
		if !want && rc != 0 {
			t.Errorf("%s, %s, %s: %d: %s", ops[0], how, ops[1], rc, p.l.why())
		}
		p.l.freeCtx(p.ctx)
	}
	for seed := range 4 {
		t.Setenv("PTXSIM_SEED", fmt.Sprint(seed))
		for how, b := range between {
			for _, ops := range racing {
				check(ops, how, !b.orders)
			}
		}
		for _, ops := range peaceful {
			check(ops, "nothing", false)
		}
	}
}

// A third operation does not hide a race of the first two: of two readers both are remembered.
func TestRaceWithEarlierReader(t *testing.T) {
	for seed := range 4 {
		t.Setenv("PTXSIM_SEED", fmt.Sprint(seed))
		for _, ordered := range []bool{false, true} {
			p := newPair(t, nonBlocking)
			e := p.event()
			c := p.stream(nonBlocking)
			rc := p.ops["read high bytes"](p.a) | p.ops["read high bytes"](p.b) | p.l.record(e, p.b) | p.l.waitEvent(c, e, 0)
			if ordered {
				rc |= p.l.record(e, p.a) | p.l.waitEvent(c, e, 0)
			}
			p.must("calls", rc|p.ops["fill"](c))
			if rc := p.l.sync(); (rc == 0) != ordered {
				t.Errorf("ordered %v: %d: %s", ordered, rc, p.l.why())
			}
			p.l.freeCtx(p.ctx)
		}
	}
}

// The null stream waits for the blocking streams and they for it, as if there were one; the others go their own way. Calls that are
// not asynchronous are on the null stream, and a fill does not make the host wait.
func TestNullStream(t *testing.T) {
	for seed := range 4 {
		t.Setenv("PTXSIM_SEED", fmt.Sprint(seed))
		for _, flags := range []uint32{blocking, nonBlocking} {
			for name, call := range map[string]func(p *pair) int32{
				"first":  func(p *pair) int32 { return p.ops["fill"](0) | p.ops["read"](p.a) },
				"second": func(p *pair) int32 { return p.ops["write"](p.a) | p.ops["copy away"](0) },
				"between two streams": func(p *pair) int32 {
					return p.ops["write"](p.a) | p.l.fillAsync(p.x, 1, 0, 0) | p.nothing(0) | p.ops["read"](p.b)
				},
				"plain fill": func(p *pair) int32 { return p.l.fill(p.x, 3, 32) | p.ops["read"](p.a) },
				"plain copy in": func(p *pair) int32 {
					return p.l.in(p.x, unsafe.Pointer(&make([]uint32, 32)[0]), 128) | p.ops["read"](p.a)
				},
			} {
				p := newPair(t, flags)
				p.must("calls", call(p))
				if rc := p.l.sync(); (rc == 0) != (flags == blocking) {
					t.Errorf("%s, flags %d: %d: %s", name, flags, rc, p.l.why())
				}
				p.l.freeCtx(p.ctx)
			}
		}
	}
}

// nothing is an operation that touches nothing.
func (p *pair) nothing(stream uintptr) int32 { return p.l.record(p.event(), stream) }

// New memory at an old address has no past.
func TestFreedMemory(t *testing.T) {
	p := newPair(t, nonBlocking)
	again := 0
	for range 50 {
		y := empty(p.device, 8192)
		p.must("fill", p.l.fillAsync(y, 1, 2048, p.a))
		p.must("free", p.l.release(y))
		z := empty(p.device, 8192)
		if z == y {
			again++
		}
		p.must("fill on another stream", p.l.fillAsync(z, 1, 2048, p.b))
		p.must("copy", p.l.syncStream(p.b))
		p.must("free", p.l.release(z))
	}
	if again == 0 {
		t.Skip("no address came back")
	}
}

// Who waits for one stream does not know how far another has come.
func TestOtherStreamsGoOn(t *testing.T) {
	ran := map[bool]bool{}
	for seed := range 12 {
		t.Setenv("PTXSIM_SEED", fmt.Sprint(seed))
		p := newPair(t, nonBlocking)
		before := p.l.executed()
		p.must("read", p.ops["read high bytes"](p.b))
		for range 3 {
			p.must("event", p.nothing(p.a))
		}
		p.must("wait", p.l.syncStream(p.a))
		ran[p.l.executed() != before] = true
		p.l.freeCtx(p.ctx)
	}
	if len(ran) != 2 {
		t.Errorf("12 seeds agree that another stream goes on: %v", ran)
	}
}

// Nothing runs before something forces it; what was launched first on each stream runs first, and the seed decides between streams.
func TestStreamOrder(t *testing.T) {
	orders := map[string]bool{}
	for seed := range 12 {
		t.Setenv("PTXSIM_SEED", fmt.Sprint(seed))
		d := newDevice(t)
		fn, err := d.kernel(3, "setp.ne.u32 %p1, %r0, 0; @%p1 bra END;\natom.global.add.u32 %r5, [%rd0], 1;\n"+
			"mul.wide.u32 %rd19, %r5, 4; add.s64 %rd20, %rd1, %rd19; cvt.u32.u64 %r6, %rd2; st.global.u32 [%rd20], %r6;\nEND:")
		if err != nil {
			t.Fatal(err)
		}
		count, list := upload(d, []uint32{0}), empty(d, 4*12)
		d.must("upload", d.l.sync())
		streams := []uintptr{d.stream(nonBlocking), d.stream(nonBlocking), d.stream(blocking)}
		before := d.l.executed()
		for i := range 12 {
			d.must("launch", d.start(fn, streams[i%3], count, list, uint64(i)))
		}
		if d.l.executed() != before {
			t.Fatal("a launch ran before anything asked for it")
		}
		d.must("synchronise", d.l.sync())
		got := download[uint32](d, list, 12)
		orders[fmt.Sprint(got)] = true
		for i := range uint32(9) {
			if slices.Index(got, i) > slices.Index(got, i+3) {
				t.Errorf("seed %d: launches of one stream changed places: %v", seed, got)
			}
		}
	}
	if len(orders) < 6 {
		t.Errorf("12 seeds gave %d orders of streams", len(orders))
	}
}

// A question is answered 600 until the stream or event is done, and at some stage it is.
func TestQueries(t *testing.T) {
	waited := 0
	for seed := range 8 {
		t.Setenv("PTXSIM_SEED", fmt.Sprint(seed))
		p := newPair(t, nonBlocking)
		e := p.event()
		p.must("before any record", p.l.askEvent(e))
		p.must("nothing issued", p.l.askStream(p.a))
		for range 5 {
			p.must("write", p.ops["write"](p.a))
		}
		p.must("record", p.l.record(e, p.a))
		for rc := p.l.askEvent(e); rc != 0; rc = p.l.askEvent(e) {
			if rc != notReady || waited > 1000 {
				t.Fatalf("cuEventQuery: %d after %d questions", rc, waited)
			}
			waited++
		}
		p.must("cuStreamQuery", p.l.askStream(p.a))
		if got := download[uint32](p.device, p.x, 32); got[31] != 7 {
			t.Errorf("done, and the kernels have not run: %v", got)
		}
		p.must("read", p.ops["read high bytes"](p.a))
		p.must("question", p.until(p.l.askStream, p.a))
		p.l.freeCtx(p.ctx)
	}
	if waited == 0 {
		t.Error("no question was ever answered with 600")
	}
}

// A fault shows at the next call that waits, at the launch with CUDA_LAUNCH_BLOCKING, and ends everything in its context.
func TestAsynchronousFaults(t *testing.T) {
	for seed := range 4 {
		t.Setenv("PTXSIM_SEED", fmt.Sprint(seed))
		for _, now := range []bool{false, true} {
			t.Setenv("CUDA_LAUNCH_BLOCKING", map[bool]string{false: "0", true: "1"}[now])
			p := newPair(t, nonBlocking)
			fn, err := p.kernel(1, "st.global.u32 [%rd0+1073741824], 5;")
			if err != nil {
				t.Fatal(err)
			}
			if rc := p.start(fn, p.a, p.x); (rc != 0) != now {
				t.Fatalf("blocking %v: the launch that will fault returned %d", now, rc)
			}
			if rc := p.l.syncStream(p.a); rc != 700 || !strings.Contains(p.l.why(), "outside of every allocation") {
				t.Errorf("%d: %s", rc, p.l.why())
			}
			if rc := p.ops["write"](p.b); rc != 700 {
				t.Errorf("a launch after the fault: %d", rc)
			}
			p.l.freeCtx(p.ctx)
		}
		t.Setenv("CUDA_LAUNCH_BLOCKING", "")
		d := newDevice(t)
		var word uint32
		d.must("a context after the fault", d.l.in(upload(d, []uint32{1}), unsafe.Pointer(&word), 4))
	}
}

// Streams that are destroyed finish their work; handles are checked; a stream takes no end of operations without running some.
func TestStreamHandles(t *testing.T) {
	p := newPair(t, nonBlocking)
	for range 100 {
		s := p.stream(nonBlocking)
		p.must("fill", p.l.fillAsync(empty(p.device, 64), 1, 16, s))
		p.must("destroy", p.l.endStream(s))
		if rc := p.l.syncStream(s); rc != 400 {
			t.Fatalf("a destroyed stream was waited for: %d", rc)
		}
	}
	p.must("write", p.ops["write"](p.a))
	p.must("destroy", p.l.endStream(p.a))
	p.must("synchronise", p.l.sync())
	if got := download[uint32](p.device, p.x, 32); got[0] != 7 {
		t.Errorf("a destroyed stream lost its work: %v", got)
	}
	for name, rc := range map[string]int32{
		"second destruction": p.l.endStream(p.a), "null stream": p.l.endStream(0), "no event": p.l.record(8, p.b), "no stream": p.ops["write"](8),
		"default stream of the thread": p.l.syncStream(2),
	} {
		if rc != 400 {
			t.Errorf("%s: %d, want 400", name, rc)
		}
	}
	other := deviceAt(t, 0)
	e := other.event()
	p.use()
	if rc := p.l.record(e, p.b); rc != 400 {
		t.Errorf("an event of another context was recorded: %d", rc)
	}
	before := p.l.executed()
	for range 1100 {
		p.must("write", p.ops["write"](p.b))
	}
	if p.l.executed() == before {
		t.Error("1,100 launches wait in one stream")
	}
	p.must("synchronise", p.l.sync())
}
