package ptxsim

import (
	"regexp"
	"testing"
)

// A register that a thread reads before it has written it stops the run, wherever the value would matter, in the thread that did it.
func TestUnwrittenRegisters(t *testing.T) {
	out := index(0, 4)
	odd := "and.b32 %r4, %r1, 1; setp.eq.u32 %p1, %r4, 1;\n"
	for _, c := range []struct{ name, body, want string }{
		{"arithmetic", "add.u32 %r5, %r6, 1;", "register %r6 is read before it is written by thread (0|32): add.u32"},
		{"second operand", "add.u32 %r5, %r1, %r6;", "%r6"},
		{"its own result", "add.u32 %r5, %r5, 1;", "%r5"},
		{"stored value", out + "st.global.u32 [%rd20], %r6;", "%r6 is read before it is written by thread (0|32): st.global"},
		{"one of a vector", "mov.u32 %r6, 1; st.shared.v2.u32 [dyn], {%r6, %r7};", "%r7"},
		{"address", "ld.global.u32 %r5, [%rd9];", "%rd9"},
		{"comparison", "setp.eq.f32 %p2, %f1, %f1;", "%f1"},
		{"predicate of a comparison", "setp.eq.and.u32 %p2, %r1, 1, %p3;", "%p3"},
		{"condition", "@%p2 add.u32 %r5, %r1, 1;", "register %p2"},
		{"condition of a branch", "@!%p2 bra END;\nEND:", "register %p2"},
		{"predicate of a selection", "selp.u32 %r5, 1, 2, %p2;", "register %p2"},
		{"shuffled value", "shfl.sync.idx.b32 %r5, %r6, 0, 31, 0xffffffff;", "%r6"},
		{"vote", "vote.sync.ballot.b32 %r5, %p2, 0xffffffff;", "%p2"},
		{"added atomically", "red.global.add.u32 [%rd0], %r6;", "%r6"},
		{"converted", "cvt.u64.u32 %rd9, %r6;", "%r6"},
		{"on one lane", "setp.ne.u32 %p1, %r1, 17; @%p1 mov.u32 %r6, 3; add.u32 %r5, %r6, 1;", "%r6 is read before it is written by thread 17:"},
		{"on one way", odd + "@%p1 bra SKIP;\nmov.u32 %r6, 3;\nSKIP:\n" + out + "st.global.u32 [%rd20], %r6;", "%r6 is read before it is written by thread (1|33):"},
		{"on the other way", odd + "@%p1 bra OTHER;\nmov.u32 %r6, 3;\nbra.uni JOIN;\nOTHER:\nmov.u32 %r7, 3;\nJOIN:\n" + out + "st.global.u32 [%rd20], %r6;", "%r6 is read before it is written by thread (1|33):"},
		{"under the other condition", odd + "@%p1 mov.u32 %r6, 3; @!%p1 add.u32 %r5, %r6, 1;", "%r6 is read before it is written by thread (0|32):"},
		{"of the second warp", "setp.lt.u32 %p1, %r1, 32; @%p1 mov.u32 %r6, 3; add.u32 %r5, %r6, 1;", "by thread 32:"},
		{"of the second block", "setp.eq.u32 %p1, %r2, 0; @%p1 mov.u32 %r6, 3; setp.eq.u32 %p2, %r2, 1; @%p2 mov.u32 %r7, 3; add.u32 %r5, %r6, 1; add.u32 %r5, %r7, 1;", "is read before it is written by thread"},
		{"in the first round of a loop", "mov.u32 %r4, 0;\nLOOP:\nsetp.eq.u32 %p1, %r4, 0; @%p1 bra NEXT;\nmov.u32 %r6, 1;\nNEXT:\nadd.u32 %r4, %r4, %r6;\nsetp.lt.u32 %p2, %r4, 2; @%p2 bra LOOP;\n", "%r6"},
		{"through a move", "mov.u32 %r7, %r6; mov.u32 %r8, %r7; add.u32 %r5, %r8, 1;", "register %r8"},
		{"through a move over a written one", "mov.u32 %r7, 1; mov.u32 %r7, %r6; add.u32 %r5, %r7, 1;", "register %r7"},
		{"through a conditional move", odd + "mov.u32 %r7, 1; @%p1 mov.u32 %r7, %r6; add.u32 %r5, %r7, 1;", "register %r7 is read before it is written by thread (1|33):"},
		{"through a selection", odd + "selp.u32 %r7, %r6, 1, %p1; add.u32 %r5, %r7, 1;", "register %r7 is read before it is written by thread (1|33):"},
		{"through the other side of a selection", odd + "selp.u32 %r7, 1, %r6, %p1; add.u32 %r5, %r7, 1;", "register %r7 is read before it is written by thread (0|32):"},
		{"through halves", "mov.u32 %r6, 1; mov.b64 %rd9, {%r6, %r7}; mov.b64 {%r8, %r9}, %rd9; add.u32 %r5, %r8, 1;", "register %r8"},
		{"in an inner scope", "mov.u32 %r6, 1;\n{\n.reg .b32 %r6;\nadd.u32 %r5, %r6, 1;\n}\n", "%r6"},
	} {
		d := newDevice(t)
		fn, err := d.kernel(1, c.body)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		err = d.run(fn, 2, 64, 512, upload(d, make([]uint32, 128)))
		if err == nil || !regexp.MustCompile(c.want).MatchString(err.Error()) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
		d.l.freeCtx(d.ctx)
	}
}

// What was never written and never matters is no fault: it may be moved, selected and thrown away.
func TestWrittenRegisters(t *testing.T) {
	out := index(0, 4)
	odd := "and.b32 %r4, %r1, 1; setp.eq.u32 %p1, %r4, 1;\n"
	for name, body := range map[string]string{
		"moved and not used":                 "mov.u32 %r7, %r6; mov.u32 %r8, %r7;",
		"overwritten":                        "mov.u32 %r7, %r6; mov.u32 %r7, 1; add.u32 %r5, %r7, 1;",
		"overwritten under all conditions":   odd + "@%p1 mov.u32 %r6, 3; @!%p1 mov.u32 %r6, 4; " + out + "st.global.u32 [%rd20], %r6;",
		"written and read under a condition": odd + "@%p1 mov.u32 %r6, 3;\nmov.u32 %r5, 0;\n@%p1 add.u32 %r5, %r6, 1;\n" + out + "st.global.u32 [%rd20], %r5;",
		"not selected":                       odd + "@%p1 mov.u32 %r6, 3; selp.u32 %r7, %r6, 1, %p1; " + out + "st.global.u32 [%rd20], %r7;",
		"not selected on the other side":     odd + "setp.ne.u32 %p2, %r4, 1; @%p1 mov.u32 %r6, 3; selp.u32 %r7, 1, %r6, %p2; " + out + "st.global.u32 [%rd20], %r7;",
		"unused half":                        "mov.u32 %r6, 1; mov.b64 %rd9, {%r6, %r7}; mov.b64 {%r8, %r9}, %rd9;",
		"on both ways":                       odd + "@%p1 bra OTHER;\nmov.u32 %r6, 3;\nbra.uni JOIN;\nOTHER:\nmov.u32 %r6, 4;\nJOIN:\n" + out + "st.global.u32 [%rd20], %r6;",
		"on the only way that ends here":     odd + "@%p1 bra LEAVE;\nmov.u32 %r6, 3;\n" + out + "st.global.u32 [%rd20], %r6;\nLEAVE:",
		"from the second round of a loop":    "mov.u32 %r4, 0;\nLOOP:\nsetp.eq.u32 %p1, %r4, 0; @%p1 bra NEXT;\nadd.u32 %r5, %r6, 1;\nNEXT:\nmov.u32 %r6, %r4;\nadd.u32 %r4, %r4, 1;\nsetp.lt.u32 %p2, %r4, 3; @%p2 bra LOOP;\n",
		"by a vote of those who wrote":       odd + "@!%p1 bra SKIP;\nmov.u32 %r6, %r1;\nshfl.sync.idx.b32 %r5, %r6, 1, 31, 0xaaaaaaaa;\nSKIP:",
		"by loads":                           "st.shared.v2.u32 [dyn], {1, 1};\nbar.sync 0;\nld.shared.v2.u32 {%r6, %r7}, [dyn]; add.u32 %r5, %r6, %r7;",
		"by both results":                    "setp.eq.u32 %p2|%p3, %r1, 1; @%p2 bra END;\n@%p3 bra END;\nEND:",
		"unreachable":                        "bra.uni END;\nadd.u32 %r5, %r6, 1;\nEND:",
	} {
		d := newDevice(t)
		fn, err := d.kernel(1, body)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := d.run(fn, 2, 64, 512, upload(d, make([]uint32, 128))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		d.l.freeCtx(d.ctx)
	}
}
