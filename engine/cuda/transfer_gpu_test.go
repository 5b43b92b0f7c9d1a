//go:build gpu

package cuda

import (
	"context"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/ebitengine/purego"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
)

// driverWaits is the emulator's own count of calls at which the host may have waited; ok is false for a real driver, which has none.
func driverWaits(t testing.TB, b *backend) (n uint64, ok bool) {
	t.Helper()
	path := os.Getenv("CAVITY_LIBCUDA")
	if path == "" {
		return 0, false
	}
	lib, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		t.Fatal(err)
	}
	symbol, err := purego.Dlsym(lib, "ptxsimWaits")
	if err != nil {
		return 0, false
	}
	var count func(device int32) uint64
	purego.RegisterFunc(&count, symbol)
	return count(int32(b.index)), true
}

// doubling is a program whose slot x doubles in every step.
func doubling(t testing.TB, b engine.Backend, n int) *engine.Program {
	t.Helper()
	g := gorgonia.NewGraph()
	x := engine.Input(g, "x", tensor.Float32, n)
	next := map[string]*gorgonia.Node{"x": gorgonia.Must(gorgonia.Add(x, x)), "sum": gorgonia.Must(gorgonia.Sum(x))}
	p, err := engine.Compile(engine.Plan{Stages: []engine.Stage{{Name: "double", Graph: g, Next: next, Repeat: 1}}, Moment: []string{"sum", "x"}}, b)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Steps, writes and moments do not wait for the device; reads do. The emulator agrees.
func TestNoWaits(t *testing.T) {
	b := openDevice(t)
	const n = 1000
	p := doubling(t, b, n)
	x := make([]float32, n)
	for i := range x {
		x[i] = 1
	}
	do := func(errs ...error) {
		t.Helper()
		for _, err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	do(p.Write("x", x), p.Step(context.Background(), 1))
	before := b.Waits()
	driver, told := driverWaits(t, b)
	for range 100 {
		do(p.Write("x", x), p.Step(context.Background(), 3), p.Moment().Take())
	}
	if now := b.Waits(); now != before {
		t.Errorf("the host waited %d times in 100 rounds of writes, steps and moments", now-before)
	}
	if now, _ := driverWaits(t, b); told && now != driver {
		t.Errorf("the driver saw %d waits", now-driver)
	}
	sum := make([]float32, 1)
	do(p.Step(context.Background(), 2), p.Moment().Read("sum", sum))
	if sum[0] != 4*n { // the sum before the third doubling
		t.Errorf("a sum of %v, want %v", sum[0], 4*n)
	}
	do(p.Read("x", x))
	if x[0] != 32 || x[n-1] != 32 {
		t.Errorf("x doubled 5 times is %v … %v", x[0], x[n-1])
	}
	if b.Waits() < before+2 {
		t.Errorf("%d waits of two reads", b.Waits()-before)
	}
}

// What is written arrives, also when it goes many times round the ring of pinned memory, in pieces that do not divide it.
func TestRing(t *testing.T) {
	b := openDevice(t)
	const n = 3*ringBytes/4 + 12345
	p := doubling(t, b, n)
	dice := rand.New(rand.NewPCG(1, 2))
	want := make([]float32, n)
	for i := range want {
		want[i] = float32(i % 65521)
	}
	if err := p.Write("x", want); err != nil {
		t.Fatal(err)
	}
	for range 200 {
		at := dice.IntN(n)
		part := make([]float32, min(1+dice.IntN(300000), n-at))
		for i := range part {
			part[i] = dice.Float32()
		}
		copy(want[at:], part)
		if err := p.WriteAt("x", at, part); err != nil {
			t.Fatal(err)
		}
		clear(part) // the caller may do with it what he likes
	}
	got := make([]float32, n)
	if err := p.Read("x", got); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Error("not what was written")
	}
}

// A moment keeps what the slots were, read as a whole and in parts, while later steps change them; a fault after it is not blamed on
// launches before it.
func TestKept(t *testing.T) {
	b := openDevice(t)
	const n = landingBytes/4 + 77 // the copy to the host takes two
	p := doubling(t, b, n)
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(i % 1001)
	}
	if err := p.Write("x", x); err != nil {
		t.Fatal(err)
	}
	m := p.Moment()
	got, part := make([]float32, n), make([]float32, 10)
	for k := range 3 {
		for _, err := range []error{p.Step(context.Background(), 1), m.Take(), p.Step(context.Background(), 1), m.Read("x", got), m.ReadAt("x", n-10, part)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		for i := range x {
			if want := x[i] * float32(int(2)<<(2*k)); got[i] != want {
				t.Fatalf("round %d: x[%d] was %v, want %v", k, i, got[i], want)
			}
		}
		if !slices.Equal(part, got[n-10:]) {
			t.Fatalf("round %d: a part is %v, want %v", k, part, got[n-10:])
		}
	}
	if err := p.WriteAt("x", n, part); err == nil {
		t.Error("a write beyond the slot passed")
	}
}
