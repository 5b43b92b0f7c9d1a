package bench

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"cavity/engine"
	"cavity/engine/enginetest"
)

// lagging is a backend whose launches return before their work is done.
type lagging struct {
	enginetest.Plain
	said *[]string
}

func (b lagging) Sync() error {
	*b.said = append(*b.said, "sync")
	return nil
}

// The clock stops after the device's work, not after its launch.
func TestClockWaitsForDevices(t *testing.T) {
	var said []string
	fails := errors.New("fails")
	w := Work{Step: func(n int) error {
		said = append(said, "step")
		if n == 0 {
			return fails
		}
		return nil
	}, clock: func() time.Duration { said = append(said, "clock"); return 0 }}
	w.finish(lagging{said: &said})
	if _, _, err := w.once(3); err != nil {
		t.Fatal(err)
	}
	if want := []string{"clock", "step", "sync", "clock"}; !slices.Equal(said, want) {
		t.Errorf("%v, want %v", said, want)
	}
	if err := w.Step(0); err != fails {
		t.Errorf("%v, want %v", err, fails)
	}
}

type emulation struct{ enginetest.Plain }

func (emulation) Name() string                             { return "emulation:0" }
func (emulation) Emulates() (device string, emulated bool) { return "a thing", true }

// An emulation is refused before anything is timed on it.
func TestEmulationsAreNotTimed(t *testing.T) {
	engine.Register(engine.Driver{Name: "emulation", Available: func() error { return nil },
		Open: func(string, engine.Options) (engine.Backend, error) { return emulation{}, nil }})
	c := Case{Suite: "s", Name: "c", Only: []string{"emulation"}, Start: func(engine.Backend) (*Work, error) {
		t.Error("it began")
		return nil, errors.New("began")
	}}
	rs, err := Run(context.Background(), []Case{c}, Options{Backends: []string{"emulation"}, Workers: []int{1}})
	if err == nil || !strings.Contains(err.Error(), "emulation:0 is an emulation, a thing: it has no speed") || len(rs) > 0 {
		t.Errorf("%v, %v", rs, err)
	}
}
