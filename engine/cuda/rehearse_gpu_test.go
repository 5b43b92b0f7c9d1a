//go:build gpu

package cuda

import (
	"fmt"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
)

// held is what the device's live allocations take, rounded as a rehearsal rounds.
func (d *device) rounded() (sum int) {
	for _, n := range d.held {
		sum += (n + granule - 1) / granule * granule
	}
	return sum
}

// TestRehearsal compares the memory told before with the memory taken: slots, intermediate values, constants, and the pieces of a
// long sum, which are the launch's own scratch.
func TestRehearsal(t *testing.T) {
	b := openDevice(t)
	var told []string
	b.notice = func(text string) { told = append(told, text) }
	g := gorgonia.NewGraph()
	x := engine.Input(g, "x", tensor.Float32, 3, 20000)
	w := engine.Input(g, "w", tensor.Float32, 20000, 4)
	y := gorgonia.Must(gorgonia.Tanh(gorgonia.Must(gorgonia.Mul(x, w))))
	s := gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Square(x)), 1))
	p := engine.Plan{Stages: []engine.Stage{{Name: "s", Graph: g, Next: map[string]*gorgonia.Node{"y": y, "s": s}, Repeat: 1}}}
	r, _ := b.Rehearse()
	before := b.rounded()
	if _, err := engine.Compile(p, r); err != nil {
		t.Fatal(err)
	}
	if b.rounded() != before {
		t.Errorf("a rehearsal took %d bytes", b.rounded()-before)
	}
	if _, err := engine.Compile(p, b); err != nil {
		t.Fatal(err)
	}
	need := r.(*rehearsal).bytes
	if took := b.rounded() - before; took != need || need < 4*7*20000 {
		t.Errorf("the program took %d bytes, %d were told", took, need)
	}
	if want := "cuda:0: the program needs " + size(need) + " of device memory"; len(told) != 1 || !strings.HasPrefix(told[0], want) {
		t.Errorf("told %q, want %q", told, want)
	}
}

// A program that does not fit is refused before anything is allocated; what garbage held is given back first.
func TestOutOfMemory(t *testing.T) {
	b := openDevice(t)
	if _, emulated := b.Emulates(); !emulated {
		t.Skip("only under the emulator: it would fill the device")
	}
	free, total, err := b.free()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PTXSIM_MEMORY", fmt.Sprint(total-free+1_000_000)) // the emulator keeps the memory of contexts that are gone
	before := b.rounded()
	_, err = square(t, b, 1<<20)
	if err == nil {
		t.Fatal("4 MiB fit into 1 MB")
	}
	if want := "the program needs 4.0 MiB of device memory, and "; !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "976.6 KiB of ") {
		t.Errorf("%v does not say %q", err, want)
	}
	if b.rounded() != before {
		t.Errorf("%d bytes were allocated for a program that was refused", b.rounded()-before)
	}
	for range 5 { // each takes 600 kB: all but the last are garbage
		if _, err := square(t, b, 150_000); err != nil {
			t.Fatalf("a program was refused though the others are garbage: %v", err)
		}
	}
	if _, err := b.Alloc(tensor.Float32, 1<<20); err == nil || !strings.Contains(err.Error(), "out of device memory: 4.0 MiB more are needed") {
		t.Errorf("an allocation beyond the device's memory: %v", err)
	}
}
