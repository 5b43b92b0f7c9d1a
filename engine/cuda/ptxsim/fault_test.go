package ptxsim

import (
	"strings"
	"testing"
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
		{"endless", "LOOP:\nbra.uni LOOP;", 1, 32, "does not end"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("PTXSIM_LIMIT", "1000000")
			d := newDevice(t)
			fn, err := d.kernel(2, c.body)
			if err != nil {
				t.Fatal(err)
			}
			in, fresh := upload(d, make([]uint32, 32)), empty(d, 128)
			if c.block == 128 {
				in, fresh = upload(d, make([]uint32, 128)), empty(d, 4)
			}
			for i := range 8 { // a race must show whatever the order
				if err = d.run(fn, c.grid, c.block, 512, in, fresh); err == nil {
					t.Fatalf("launch %d: not caught", i)
				}
				one, other, _ := strings.Cut(c.want, "|")
				if !strings.Contains(err.Error(), one) && (other == "" || !strings.Contains(err.Error(), other)) {
					t.Fatalf("launch %d: caught as %q, want %q", i, err, c.want)
				}
				if again := d.l.sync(); again == 0 {
					t.Error("the context forgot its fault")
				}
				d.l.freeCtx(d.ctx)
				d = newDevice(t)
				if fn, err = d.kernel(2, c.body); err != nil {
					t.Fatal(err)
				}
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
