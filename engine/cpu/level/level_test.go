package level

import (
	"slices"
	"testing"
)

func TestNames(t *testing.T) {
	for _, l := range []Level{Portable, AVX2, AVX512} {
		got, err := Parse(l.String())
		if err != nil || got != l {
			t.Errorf("Parse(%q) = %v, %v", l, got, err)
		}
	}
	if _, err := Parse("sse"); err == nil {
		t.Error("sse parsed as a level")
	}
	if s := Level(7).String(); s != "level(7)" {
		t.Errorf("unknown level prints %q", s)
	}
}

func TestEnvironmentOnlyLowers(t *testing.T) {
	for _, c := range []struct {
		name     string
		hardware Level
		want     Level
		bad      bool
	}{
		{"", AVX512, AVX512, false},
		{"avx2", AVX512, AVX2, false},
		{"portable", AVX2, Portable, false},
		{"avx512", AVX512, AVX512, false},
		{"avx512", AVX2, AVX2, true},
		{"avx2", Portable, Portable, true},
		{"AVX2", AVX512, AVX512, true},
		{"fast", AVX2, AVX2, true},
	} {
		got, err := fromEnvironment(c.name, c.hardware)
		if got != c.want || (err != nil) != c.bad {
			t.Errorf("%s=%q on %v: %v, %v; want %v, error %v", Variable, c.name, c.hardware, got, err, c.want, c.bad)
		}
	}
}

func TestUse(t *testing.T) {
	before := Of()
	for _, l := range Available() {
		undo := Use(l)
		if Of() != l {
			t.Errorf("Use(%v) left %v", l, Of())
		}
		undo()
		if Of() != before {
			t.Errorf("undo left %v, before it was %v", Of(), before)
		}
	}
	if a := Available(); a[len(a)-1] != Hardware() || !slices.IsSorted(a) {
		t.Errorf("available %v on %v", a, Hardware())
	}
	defer func() {
		if recover() == nil {
			t.Error("a level that does not exist was accepted")
		}
	}()
	Use(AVX512 + 1)
}

func TestOfAllocatesNothing(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { Of() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
