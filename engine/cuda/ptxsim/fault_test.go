package ptxsim

import (
	"strings"
	"testing"
	"unsafe"
)

// Every mistake that the emulation promises to catch is planted once.
func TestFaults(t *testing.T) {
	store := "st.shared.u32 [dyn], %r1;\n"
	for _, c := range []struct {
		name, body  string
		grid, block int
		want        string
	}{
		{"beyond the end", index(0, 4) + "st.global.u32 [%rd20+128], %r0;", 1, 32, "outside of every allocation"},
		{"one element beyond", "add.u32 %r0, %r0, 1;\n" + index(0, 4) + "ld.global.u32 %r5, [%rd20];", 1, 32, "outside of every allocation"},
		{"before the start", index(0, 4) + "ld.global.u32 %r5, [%rd20+-4];", 1, 32, "outside of every allocation"},
		{"misaligned", index(0, 4) + "ld.global.u32 %r5, [%rd20+2];", 1, 32, "misaligned"},
		{"misaligned vector", index(0, 4) + "ld.global.v2.u32 {%r5, %r6}, [%rd20];", 1, 31, "misaligned"},
		{"never written", index(1, 4) + "ld.global.u32 %r5, [%rd20];", 1, 32, "never written"},
		{"shared never written", "ld.shared.u32 %r5, [dyn];", 1, 32, "never written"},
		{"shared out of bounds", "st.shared.u32 [dyn+512], %r1;", 1, 1, "shared access at 512"},
		// whichever comes first: a word not there yet, or one that was touched
		{"missing barrier", strings.ReplaceAll(sum, "BARRIER", ""), 1, 128, "race|never written"},
		{"missing warp barrier", "mov.u32 %r10, dyn; shl.b32 %r11, %r1, 2; add.u32 %r12, %r10, %r11; st.shared.u32 [%r12], %r1; xor.b32 %r13, %r11, 4; add.u32 %r13, %r13, %r10; ld.shared.u32 %r14, [%r13];", 1, 32, "race"},
		{"write and write", store, 1, 64, "race"},
		{"two blocks write", "st.global.u32 [%rd0], %r0;", 2, 1, "race"},
		{"a block reads what another writes", "setp.eq.u32 %p1, %r2, 0; @%p1 st.global.u32 [%rd0], 5; @!%p1 ld.global.u32 %r5, [%rd0];", 2, 1, "race"},
		{"plain write beside atomics", "red.global.add.u32 [%rd0], 1; setp.eq.u32 %p1, %r1, 40; @%p1 st.global.u32 [%rd0], 5;", 1, 64, "race"},
		{"plain read beside atomics", "red.global.add.u32 [%rd0], 1; ld.global.u32 %r5, [%rd0];", 1, 64, "race"},
		{"volatile read beside a plain write", "setp.eq.u32 %p1, %r1, 40; @%p1 st.global.u32 [%rd0], 5; ld.volatile.global.u32 %r5, [%rd0];", 1, 64, "race"},
		{"barrier under a condition", "setp.lt.u32 %p1, %r1, 16; @%p1 bra SKIP;\nbar.sync 0;\nSKIP:", 1, 32, "barrier"},
		{"barrier after an exit", "setp.lt.u32 %p1, %r1, 16; @%p1 exit;\nbar.sync 0;", 1, 32, "have left"},
		{"two barriers", "setp.lt.u32 %p1, %r1, 32; @%p1 bra OTHER;\nbar.sync 0;\nbra.uni DONE;\nOTHER:\nbar.sync 0;\nDONE:", 1, 64, "different barriers"},
		{"shuffle with lanes away", "setp.lt.u32 %p1, %r1, 16; @%p1 bra SKIP;\nshfl.sync.idx.b32 %r5, %r1, 0, 31, 0xffffffff;\nSKIP:", 1, 32, "lanes"},
		{"shuffle outside of its mask", "shfl.sync.idx.b32 %r5, %r1, 0, 31, 0x0000ffff;", 1, 32, "leaves it out"},
		{"shuffle from an absent lane", "setp.lt.u32 %p1, %r1, 16; @%p1 bra SKIP;\nshfl.sync.idx.b32 %r5, %r1, 3, 31, 0xffff0000;\nSKIP:", 1, 32, "does not take part"},
		{"lanes of one warp write", store, 1, 32, "race"},
		{"shared read, then write", "mov.u32 %r10, dyn; shl.b32 %r11, %r1, 2; add.u32 %r12, %r10, %r11; st.shared.u32 [%r12], %r1;\nbar.sync 0;\nxor.b32 %r13, %r11, 128; add.u32 %r13, %r13, %r10; ld.shared.u32 %r14, [%r13]; st.shared.u32 [%r12], %r14;", 1, 64, "race"},
		{"global write, then read", "setp.eq.u32 %p1, %r1, 40; @%p1 st.global.u32 [%rd0], 5; ld.global.u32 %r5, [%rd0];", 1, 64, "race"},
		{"global read, then write", "ld.global.u32 %r5, [%rd0]; setp.eq.u32 %p1, %r1, 40; @%p1 st.global.u32 [%rd0], 5;", 1, 64, "race"},
		{"race through a generic address", "mov.u64 %rd5, dyn; cvta.shared.u64 %rd6, %rd5; st.u32 [%rd6], %r1;", 1, 64, "race"},
		{"vector never written", "mov.u32 %r10, dyn; st.shared.u32 [%r10], 1; ld.shared.v2.u32 {%r5, %r6}, [%r10];", 1, 1, "never written"},
		{"bytes never written", "mov.u32 %r10, dyn; cvt.u16.u32 %rs1, %r1; st.shared.u8 [%r10], %rs1; ld.shared.u32 %r5, [%r10];", 1, 1, "never written"},
		{"shared memory of the block before", "setp.eq.u32 %p1, %r2, 0; @%p1 st.shared.u32 [dyn], 1; setp.eq.u32 %p2, %r2, 1; @%p2 st.shared.u32 [dyn+4], 1; ld.shared.u32 %r5, [dyn]; ld.shared.u32 %r6, [dyn+4];", 2, 1, "never written"},
		{"shared misaligned", "st.shared.u32 [dyn+2], %r1;", 1, 1, "misaligned"},
		{"shared before the start", "mov.u32 %r10, 0; ld.shared.u32 %r5, [%r10+-4];", 1, 1, "shared access"},
		{"generic out of bounds", "mov.u64 %rd5, dyn; cvta.shared.u64 %rd6, %rd5; st.u32 [%rd6+512], %r1;", 1, 1, "shared access at 512"},
		{"local never written", ".local .align 4 .b8 loc[16];\nld.local.u32 %r5, [loc+4];", 1, 1, "never written"},
		{"local byte never written", ".local .align 4 .b8 loc[16];\ncvt.u16.u32 %rs1, %r1; st.local.u8 [loc], %rs1; ld.local.u32 %r5, [loc];", 1, 1, "never written"},
		{"local out of bounds", ".local .align 4 .b8 loc[16];\nst.local.u32 [loc+16], %r1;", 1, 1, "local access out of bounds"},
		{"local misaligned", ".local .align 4 .b8 loc[16];\nst.local.u32 [loc+2], %r1;", 1, 1, "misaligned"},
		{"atomic never written", "red.global.add.u32 [%rd1], 1;", 1, 1, "never written"},
		{"atomic misaligned", "red.global.add.u32 [%rd0+2], 1;", 1, 1, "misaligned"},
		{"atomic out of bounds", "red.global.add.u32 [%rd0+128], 1;", 1, 1, "outside of every allocation"},
		{"warp barrier with lanes away", "setp.lt.u32 %p1, %r1, 16; @%p1 bra SKIP;\nbar.warp.sync 0xffffffff;\nSKIP:", 1, 32, "lanes"},
		{"two masks", "setp.lt.u32 %p1, %r1, 16; selp.b32 %r5, 0xffffffff, 0xffff0000, %p1; bar.warp.sync %r5;", 1, 32, "different masks|leaves it out"},
		{"trap", "setp.eq.u32 %p1, %r1, 3; @%p1 trap;", 1, 32, "trap"},
		{"endless", "LOOP:\nbra.uni LOOP;", 1, 32, "does not end"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("PTXSIM_LIMIT", "1000000")
			for i := range 8 { // a race must show whatever the order
				d := newDevice(t)
				fn, err := d.kernel(2, c.body)
				if err != nil {
					t.Fatal(err)
				}
				in, fresh := upload(d, make([]uint32, 32)), empty(d, 128)
				if c.block == 128 {
					in, fresh = upload(d, make([]uint32, 128)), empty(d, 4)
				}
				if err = d.run(fn, c.grid, c.block, 512, in, fresh); err == nil {
					t.Fatalf("launch %d: not caught", i)
				}
				one, other, _ := strings.Cut(c.want, "|")
				if !strings.Contains(err.Error(), one) && (other == "" || !strings.Contains(err.Error(), other)) {
					t.Fatalf("launch %d: caught as %q, want %q", i, err, c.want)
				}
				if d.l.sync() == 0 {
					t.Error("the context forgot its fault")
				}
				d.l.freeCtx(d.ctx)
			}
		})
	}
}

// What is correct must pass.
func TestNoFalseAlarm(t *testing.T) {
	exchange := "mov.u32 %r10, dyn; shl.b32 %r11, %r1, 2; add.u32 %r12, %r10, %r11; st.shared.u32 [%r12], %r1; SYNC xor.b32 %r13, %r11, 4; add.u32 %r13, %r13, %r10; ld.shared.u32 %r14, [%r13];"
	for name, body := range map[string]string{
		"same value":                    "st.shared.u32 [dyn], 5;",
		"warp barrier":                  strings.Replace(exchange, "SYNC", "bar.warp.sync 0xffffffff;", 1),
		"block barrier":                 strings.Replace(exchange, "SYNC", "bar.sync 0;", 1),
		"bytes of a word":               "mov.u32 %r10, dyn; add.u32 %r12, %r10, %r1; cvt.u16.u32 %rs1, %r1; st.shared.u8 [%r12], %rs1; ld.shared.u8 %rs2, [%r12];",
		"half warp":                     "mov.u32 %r4, %laneid; setp.lt.u32 %p1, %r4, 16; @%p1 bra SKIP;\nshfl.sync.bfly.b32 %r5, %r1, 1, 31, 0xffff0000;\nSKIP:",
		"volatile reads beside atomics": "red.global.add.u32 [%rd0], 1; ld.volatile.global.u32 %r5, [%rd0]; red.global.add.u32 [%rd0], 1;",
		"disjoint words":                index(0, 4) + "ld.global.u32 %r5, [%rd20]; add.u32 %r5, %r5, 1; st.global.u32 [%rd20], %r5;",
		"guarded barrier":               "setp.eq.u32 %p1, %r2, 0; @%p1 bar.sync 0;",
		"bytes of local memory":         ".local .align 4 .b8 loc[4];\ncvt.u16.u32 %rs1, %r1; st.local.u8 [loc+1], %rs1; ld.local.u8 %rs2, [loc+1];",
		"global words in turns":         "setp.ne.u32 %p1, %r0, 40; @%p1 bra WAIT;\nst.global.u32 [%rd0+160], 5;\nWAIT:\nsetp.ne.u32 %p2, %r2, 0; @%p2 bra END;\nbar.sync 0;\nld.global.u32 %r5, [%rd0+160];\nEND:",
		"partial last row":              "setp.ge.u32 %p1, %r0, 100; @%p1 bra END;\n" + index(0, 4) + "st.global.u32 [%rd20], %r0;\nEND:",
	} {
		t.Run(name, func(t *testing.T) {
			d := newDevice(t)
			fn, err := d.kernel(1, body)
			if err != nil {
				t.Fatal(err)
			}
			if err := d.run(fn, 2, 64, 512, upload(d, make([]uint32, 128))); err != nil {
				t.Error(err)
			}
		})
	}
}

// A module is refused when it loads, not when it runs.
func TestRefusals(t *testing.T) {
	d := newDevice(t)
	for want, text := range map[string]string{
		"approx":              entry("ex2.approx.f32 %f1, %f1;"),
		"ftz":                 entry("add.ftz.f32 %f1, %f1, %f1;"),
		"undeclared register": entry("add.s32 %r1, %r2, %nope;"),
		"unknown label":       entry("bra NOWHERE;"),
		"parameters":          header + ".visible .entry k(.param .u64 p) {\n.reg .b64 %rd<4>;\nld.param.u64 %rd1, [p+8]; ret; }\n",
		"width":               entry("add.s64 %rd1, %rd1, %r1;"),
		"unsupported":         entry("wmma.load.a.sync %r1, [%rd1];"),
		"PTX line 5":          entry("add.s32 %r1;"),
		"newer":               strings.Replace(entry(""), "sm_80", "sm_120", 1),
	} {
		if _, err := d.module(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want a refusal with %q, got %v", want, err)
		}
	}
	t.Setenv("PTXSIM_DRIVER", "10020")
	if _, err := d.module(entry("")); err == nil || !strings.Contains(err.Error(), "222") {
		t.Errorf("an old driver loaded new PTX: %v", err)
	}
}

func entry(body string) string {
	return header + ".visible .entry k() {\n.reg .b32 %r<4>; .reg .b64 %rd<4>; .reg .f32 %f<4>; " + body + " ret; }\n"
}

// The driver's calls are checked like the kernels: what they name must be there, alive, large enough and written.
func TestCallFaults(t *testing.T) {
	d := newDevice(t)
	words := make([]uint32, 32)
	x, y := upload(d, words), empty(d, 128)
	fn, err := d.module(header + ".visible .entry k() .maxntid 64, 1, 1 {\nret; }\n")
	if err != nil {
		t.Fatal(err)
	}
	store, err := d.kernel(1, "st.global.u32 [%rd0], %r0;")
	if err != nil {
		t.Fatal(err)
	}
	constant, err := d.module(header + ".const .align 4 .u32 table[4];\n.visible .entry k() {\n.reg .b64 %rd<4>;\nmov.u64 %rd1, table; cvta.const.u64 %rd2, %rd1; st.u32 [%rd2], 1; ret; }\n")
	if err != nil {
		t.Fatal(err)
	}
	freed := empty(d, 128)
	if rc := d.l.release(freed); rc != 0 {
		t.Fatalf("free: %d", rc)
	}
	p := unsafe.Pointer(&words[0])
	launch := func(fn uintptr, grid, block, shared int, ptrs ...uint64) func() int32 {
		return func() int32 {
			if d.run(fn, grid, block, shared, ptrs...) != nil {
				return 1
			}
			return 0
		}
	}
	for _, c := range []struct {
		name string
		call func() int32
		want string
	}{
		{"copy beyond the end", func() int32 { return d.l.in(x+4, p, 128) }, "copy to the device outside of every allocation"},
		{"copy from beyond the end", func() int32 { return d.l.out(p, x+4, 128) }, "copy from the device outside of every allocation"},
		{"copy of what was never written", func() int32 { return d.l.out(p, y, 4) }, "never written"},
		{"copy onto itself", func() int32 { return d.l.within(x+4, x, 64) }, "overlap"},
		{"copy to freed memory", func() int32 { return d.l.in(freed, p, 128) }, "outside of every allocation"},
		{"second free", func() int32 { return d.l.release(freed) }, "never allocated"},
		{"free of a part", func() int32 { return d.l.release(x + 4) }, "never allocated"},
		{"block larger than declared", launch(fn, 1, 65, 0), ".maxntid"},
		{"block larger than possible", launch(store, 1, 1025, 0, x), "invalid launch shape"},
		{"no block", launch(store, 0, 32, 0, x), "invalid launch shape"},
		{"too much shared memory", launch(store, 1, 32, 49153, x), "too much shared memory"},
		{"write to a constant", launch(constant, 1, 1, 0), "write to constant memory"},
	} {
		if rc := c.call(); rc == 0 || !strings.Contains(d.l.why(), c.want) {
			t.Errorf("%s: %d, %q, want %q", c.name, rc, d.l.why(), c.want)
		}
	}
	d.l.freeCtx(d.ctx)
	again := newDevice(t)
	if store, err = again.kernel(1, "st.global.u32 [%rd0], %r0;"); err != nil {
		t.Fatal(err)
	}
	// the end of a context is the end of its memory
	if err := again.run(store, 1, 1, 0, x); err == nil || !strings.Contains(err.Error(), "outside of every allocation") {
		t.Errorf("a kernel wrote to memory of a context that is no more: %v", err)
	}
}
