package ptxsim

import (
	"fmt"
	"math"
	"math/bits"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// lockThread keeps a test on one OS thread: the driver's current context belongs to it.
func lockThread(t testing.TB) {
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
}

// index puts the address of element %r0 of size n of the array in %rdA into %rd20.
func index(array, n int) string {
	return fmt.Sprintf("mul.wide.u32 %%rd19, %%r0, %d;\nadd.s64 %%rd20, %%rd%d, %%rd19;\n", n, array)
}

func TestArithmetic(t *testing.T) {
	d := newDevice(t)
	f, b := math.Float32bits, func(x bool) uint32 {
		if x {
			return 1
		}
		return 0
	}
	for _, c := range []struct {
		op   string // on %r10 = a, %r11 = b, %r12 = c, giving %r13
		want func(a, b, c uint32) uint32
	}{
		{"add.s32 %r13, %r10, %r11;", func(a, b, c uint32) uint32 { return a + b }},
		{"sub.s32 %r13, %r10, %r11;", func(a, b, c uint32) uint32 { return a - b }},
		{"mul.hi.u32 %r13, %r10, %r11;", func(a, b, c uint32) uint32 { return uint32(uint64(a) * uint64(b) >> 32) }},
		{"mul.hi.s32 %r13, %r10, %r11;", func(a, b, c uint32) uint32 { return uint32(uint64(int64(int32(a))*int64(int32(b))) >> 32) }},
		{"mad.lo.s32 %r13, %r10, %r11, %r12;", func(a, b, c uint32) uint32 { return a*b + c }},
		{"shl.b32 %r13, %r10, %r11;", func(a, b, c uint32) uint32 { return a << min(b, 32) }},
		{"shr.u32 %r13, %r10, %r11;", func(a, b, c uint32) uint32 { return a >> min(b, 32) }},
		{"shr.s32 %r13, %r10, %r11;", func(a, b, c uint32) uint32 { return uint32(int32(a) >> min(b, 31)) }},
		{"shf.l.wrap.b32 %r13, %r10, %r11, %r12;", func(a, b, c uint32) uint32 { return uint32((uint64(b)<<32 | uint64(a)) << (c & 31) >> 32) }},
		{"lop3.b32 %r13, %r10, %r11, %r12, 0xCA;", func(a, b, c uint32) uint32 { return a&b | ^a&c }},
		{"min.s32 %r13, %r10, %r11;", func(a, b, c uint32) uint32 { return uint32(min(int32(a), int32(b))) }},
		{"max.u32 %r13, %r10, %r11;", func(a, b, c uint32) uint32 { return max(a, b) }},
		{"popc.b32 %r13, %r10;", func(a, b, c uint32) uint32 { return uint32(bitsOn(a)) }},
		{"clz.b32 %r13, %r10;", func(a, b, c uint32) uint32 { return uint32(bits.LeadingZeros32(a)) }},
		{"bfind.u32 %r13, %r10;", func(a, b, c uint32) uint32 { return uint32(bits.Len32(a)) - 1 }},
		{"bfind.s32 %r13, %r10;", func(a, b, c uint32) uint32 { return uint32(bits.Len32(a^uint32(int32(a)>>31))) - 1 }},
		{"bfind.shiftamt.u32 %r13, %r10;", func(a, b, c uint32) uint32 {
			if a == 0 {
				return ^uint32(0)
			}
			return uint32(bits.LeadingZeros32(a))
		}},
		{"setp.lt.s32 %p1, %r10, %r11; selp.b32 %r13, 1, 0, %p1;", func(x, y, c uint32) uint32 { return b(int32(x) < int32(y)) }},
		{"setp.lt.u32 %p1, %r10, %r11; @!%p1 mov.u32 %r13, 7; @%p1 mov.u32 %r13, 9;", func(x, y, c uint32) uint32 { return 7 + 2*b(x < y) }},
		{"mov.b64 %rd10, {%r10, %r11}; shr.u64 %rd10, %rd10, 8; mov.b64 {%r13, %r14}, %rd10;", func(a, b, c uint32) uint32 { return uint32((uint64(b)<<32 | uint64(a)) >> 8) }},
		{"cvt.s64.s32 %rd10, %r10; shr.s64 %rd10, %rd10, 4; cvt.u32.u64 %r13, %rd10;", func(a, b, c uint32) uint32 { return uint32(int64(int32(a)) >> 4) }},
		{"cvt.rn.f32.u32 %f3, %r10; mov.b32 %r13, %f3;", func(a, b, c uint32) uint32 { return f(float32(a)) }},
		{"mov.b32 %f1, %r10; cvt.rzi.s32.f32 %r13, %f1;", func(a, b, c uint32) uint32 { return truncated(math.Float32frombits(a)) }},
		{"mov.b32 %f1, %r10; mov.b32 %f2, %r11; add.rn.f32 %f3, %f1, %f2; mov.b32 %r13, %f3;", func(a, b, c uint32) uint32 { return f(math.Float32frombits(a) + math.Float32frombits(b)) }},
		{"mov.b32 %f1, %r10; mov.b32 %f2, %r11; div.rn.f32 %f3, %f1, %f2; mov.b32 %r13, %f3;", func(a, b, c uint32) uint32 { return f(math.Float32frombits(a) / math.Float32frombits(b)) }},
		{"mov.b32 %f1, %r10; abs.f32 %f1, %f1; sqrt.rn.f32 %f3, %f1; mov.b32 %r13, %f3;", func(a, b, c uint32) uint32 {
			return f(float32(math.Sqrt(math.Abs(float64(math.Float32frombits(a))))))
		}},
	} {
		fn, err := d.kernel(4, "mov.u32 %r13, 0;\n"+
			index(0, 4)+"ld.global.u32 %r10, [%rd20];\n"+index(1, 4)+"ld.global.u32 %r11, [%rd20];\n"+index(2, 4)+"ld.global.u32 %r12, [%rd20];\n"+
			c.op+"\n"+index(3, 4)+"st.global.u32 [%rd20], %r13;")
		if err != nil {
			t.Fatalf("%s: %v", c.op, err)
		}
		values := []uint32{0, 1, 5, 31, 32, 33, 255, 1 << 31, 1<<31 - 1, ^uint32(0), f(1), f(-1.5), f(3e9), f(-7e-20), f(float32(math.Inf(1)))}
		var x, y, z []uint32
		for i := range 192 { // two blocks of three warps
			x, y, z = append(x, values[i%15]), append(y, values[i/15%15]), append(z, uint32(i))
		}
		out := empty(d, 4*len(x))
		if err := d.run(fn, 2, 96, 0, upload(d, x), upload(d, y), upload(d, z), out); err != nil {
			t.Fatalf("%s: %v", c.op, err)
		}
		for i, got := range download[uint32](d, out, len(x)) {
			want := c.want(x[i], y[i], z[i])
			nan := math.Float32frombits(got) != math.Float32frombits(got) && math.Float32frombits(want) != math.Float32frombits(want)
			if got != want && !nan {
				t.Errorf("%s of %#x, %#x, %#x is %#x, want %#x", c.op, x[i], y[i], z[i], got, want)
				break
			}
		}
	}
}

func bitsOn(a uint32) (n int) {
	for ; a != 0; a &= a - 1 {
		n++
	}
	return n
}

func truncated(x float32) uint32 {
	switch {
	case x != x:
		return 0
	case x >= 1<<31:
		return 1<<31 - 1
	case x < -1<<31:
		return 1 << 31
	}
	return uint32(int32(x))
}

// The fused multiply-add rounds once: (1+2⁻¹²)² - (1+2⁻¹¹) = 2⁻²⁴, which two roundings lose.
func TestFusedMultiplyAdd(t *testing.T) {
	d := newDevice(t)
	fn, err := d.kernel(1, "mov.f32 %f1, 0f3F800800; mov.f32 %f2, 0fBF801000; fma.rn.f32 %f3, %f1, %f1, %f2;\n"+index(0, 4)+"st.global.f32 [%rd20], %f3;")
	if err != nil {
		t.Fatal(err)
	}
	out := empty(d, 128)
	if err := d.run(fn, 1, 32, 0, out); err != nil {
		t.Fatal(err)
	}
	if got := download[float32](d, out, 1)[0]; got != 0x1p-24 {
		t.Errorf("fma gives %g, want 2^-24", got)
	}
}

// Lanes leave a loop after as many rounds as their number, meet again, and exchange their counts.
const divergent = `
mov.u32 %r4, 0;
LOOP:
setp.ge.u32 %p1, %r4, %r1;
@%p1 bra DONE;
add.u32 %r4, %r4, 1;
and.b32 %r5, %r4, 1;
setp.eq.u32 %p2, %r5, 0;
@%p2 bra EVEN;
add.u32 %r6, %r4, 100;
bra.uni LOOP;
EVEN:
add.u32 %r6, %r4, 200;
bra.uni LOOP;
DONE:
shfl.sync.bfly.b32 %r7|%p3, %r4, 1, 31, 0xffffffff;
vote.sync.ballot.b32 %r8, %p2, 0xffffffff;
`

func TestDivergence(t *testing.T) {
	d := newDevice(t)
	fn, err := d.kernel(1, "setp.eq.u32 %p2, 0, 1; mov.u32 %r6, 0;\n"+divergent+index(0, 4)+"st.global.u32 [%rd20], %r7;")
	if err != nil {
		t.Fatal(err)
	}
	out := empty(d, 128)
	if err := d.run(fn, 1, 32, 0, out); err != nil {
		t.Fatal(err)
	}
	for i, got := range download[uint32](d, out, 32) {
		if got != uint32(i^1) {
			t.Errorf("lane %d received %d, want %d", i, got, i^1)
		}
	}
}

// sum is a block reduction in dynamic shared memory; BARRIER stands for what separates its rounds.
const sum = `
mov.u32 %r10, dyn;
shl.b32 %r11, %r1, 2;
add.u32 %r12, %r10, %r11;
mul.wide.u32 %rd4, %r0, 4; add.s64 %rd5, %rd0, %rd4;
ld.global.u32 %r13, [%rd5];
st.shared.u32 [%r12], %r13;
mov.u32 %r14, 64;
ROUND:
BARRIER
setp.ge.u32 %p1, %r1, %r14;
@%p1 bra SKIP;
shl.b32 %r15, %r14, 2;
add.u32 %r16, %r12, %r15;
ld.shared.u32 %r17, [%r16];
ld.shared.u32 %r18, [%r12];
add.u32 %r18, %r18, %r17;
st.shared.u32 [%r12], %r18;
SKIP:
shr.u32 %r14, %r14, 1;
setp.ne.u32 %p2, %r14, 0;
@%p2 bra ROUND;
setp.ne.u32 %p3, %r1, 0;
@%p3 bra END;
ld.shared.u32 %r19, [dyn];
mul.wide.u32 %rd6, %r2, 4; add.s64 %rd7, %rd1, %rd6;
st.global.u32 [%rd7], %r19;
END:
`

func TestSharedReduction(t *testing.T) {
	d := newDevice(t)
	fn, err := d.kernel(2, strings.ReplaceAll(sum, "BARRIER", "bar.sync 0;"))
	if err != nil {
		t.Fatal(err)
	}
	x := make([]uint32, 5*128)
	for i := range x {
		x[i] = uint32(i * i)
	}
	in := upload(d, x)
	for seed := range 3 {
		t.Setenv("PTXSIM_SEED", fmt.Sprint(seed))
		out := empty(d, 4*5)
		if err := d.run(fn, 5, 128, 512, in, out); err != nil {
			t.Fatal(err)
		}
		for b, got := range download[uint32](d, out, 5) {
			var want uint32
			for _, v := range x[128*b : 128*b+128] {
				want += v
			}
			if got != want {
				t.Errorf("seed %d: block %d sums to %d, want %d", seed, b, got, want)
			}
		}
	}
}

// Atomic additions of all threads of all blocks to one word are no race and lose nothing.
func TestAtomics(t *testing.T) {
	d := newDevice(t)
	fn, err := d.kernel(2, "red.global.add.u32 [%rd0], 1;\natom.global.add.u32 %r5, [%rd0+4], 1;\nmul.wide.u32 %rd4, %r5, 4; add.s64 %rd5, %rd1, %rd4;\nst.global.u32 [%rd5], %r0;")
	if err != nil {
		t.Fatal(err)
	}
	count, order := upload(d, []uint32{0, 0}), empty(d, 4*7*64)
	if err := d.run(fn, 7, 64, 0, count, order); err != nil {
		t.Fatal(err)
	}
	if got := download[uint32](d, count, 2); got[0] != 7*64 || got[1] != 7*64 {
		t.Errorf("counts %v, want %d twice", got, 7*64)
	}
	got := download[uint32](d, order, 7*64)
	if slices.IsSorted(got) {
		t.Error("threads ran in the order of their numbers: blocks and warps are not shuffled")
	}
	slices.Sort(got)
	for i, g := range got {
		if g != uint32(i) {
			t.Fatalf("entry %d is %d", i, g)
		}
	}
}

func TestModuleArrays(t *testing.T) {
	d := newDevice(t)
	fn, err := d.module(header + ".const .align 4 .u32 table[4] = {3, 1, 4, 1};\n.visible .entry k(.param .u64 p) {\n.reg .b32 %r<4>; .reg .b64 %rd<8>;\nld.param.u64 %rd1, [p]; mov.u32 %r1, %tid.x; mul.wide.u32 %rd2, %r1, 4; mov.u64 %rd3, table; add.s64 %rd4, %rd3, %rd2; ld.const.u32 %r2, [%rd4]; add.s64 %rd5, %rd1, %rd2; st.global.u32 [%rd5], %r2; ret; }")
	if err != nil {
		t.Fatal(err)
	}
	out := empty(d, 16)
	if err := d.run(fn, 1, 4, 0, out); err != nil {
		t.Fatal(err)
	}
	if got := download[uint32](d, out, 4); !slices.Equal(got, []uint32{3, 1, 4, 1}) {
		t.Errorf("constants %v", got)
	}
}

func TestName(t *testing.T) {
	d := newDevice(t)
	name := make([]byte, 64)
	d.l.name(&name[0], 64, 0)
	if !strings.Contains(string(name), "not a GPU") {
		t.Errorf("device name %q does not say that it is an emulation", name)
	}
	var ms float32
	if rc := d.l.getElapsed(&ms, 0, 0); rc == 0 {
		t.Error("the emulation told a time")
	}
}

func BenchmarkInterpreter(b *testing.B) {
	d := newDevice(b)
	fn, err := d.kernel(1, "mov.u32 %r5, %r0; mov.u32 %r6, 0;\nLOOP:\nmul.hi.u32 %r7, %r5, 0xD2511F53; mul.lo.s32 %r8, %r5, 0xD2511F53; xor.b32 %r5, %r7, %r8;\nadd.u32 %r6, %r6, 1; setp.ne.u32 %p1, %r6, 1000; @%p1 bra LOOP;\n"+index(0, 4)+"st.global.u32 [%rd20], %r5;")
	if err != nil {
		b.Fatal(err)
	}
	out := empty(d, 4*2048)
	before := d.l.executed()
	for b.Loop() {
		if err := d.run(fn, 8, 256, 0, out); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(d.l.executed()-before)/b.Elapsed().Seconds()/1e6, "Minstructions/s")
}
