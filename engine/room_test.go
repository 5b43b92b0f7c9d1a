package engine

import (
	"errors"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// narrow is a backend in so many bytes of the host's memory.
type narrow struct {
	hostOnly
	bytes int64
}

func (n narrow) Free() int64 { return n.bytes }

// A plan that needs more than is free is refused, with the slot, before the memory is taken; slots and values both count.
func TestRoom(t *testing.T) {
	compiled := func(free int64) error {
		g := gorgonia.NewGraph()
		x := Input(g, "x", tensor.Float32, 1000)
		y := gorgonia.Must(gorgonia.Tanh(x))
		sum := gorgonia.Must(gorgonia.Sum(y))
		_, err := Compile(Plan{Stages: []Stage{{Name: "sum", Graph: g, Next: map[string]*gorgonia.Node{"total": sum}, Repeat: 1}}}, narrow{bytes: free})
		return err
	}
	for _, free := range []int64{0, 1 << 20} { // unknown, and enough
		if err := compiled(free); err != nil {
			t.Errorf("%d bytes free: %v", free, err)
		}
	}
	for free, want := range map[int64]string{3999: `slot "x"`, 4100: "of memory are needed"} {
		err := compiled(free)
		if short, ok := errors.AsType[Shortage](err); !ok || !strings.Contains(err.Error(), want) {
			t.Errorf("%d bytes free: %v (%q), want a shortage with %q", free, err, short, want)
		}
	}
	if free := FreeMemory(); free != 0 && free < 1<<20 {
		t.Errorf("only %d bytes of this machine's memory are free", free)
	}
}
