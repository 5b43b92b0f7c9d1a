package kerneltest

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"cavity/engine"
	"cavity/kernels"
)

// TestBrokenInput gives every tempering a replica or a walker one beyond the ladder, and a negative temperature: the CUDA backend must
// stop, where the host's versions return an error. It runs under the emulator only: a fault costs a GPU its context.
func TestBrokenInput(t *testing.T) {
	if !strings.Contains(os.Getenv("CAVITY_LIBCUDA"), "ptxsim") {
		t.Skip("only under the emulator")
	}
	for _, c := range Cases {
		b := &Builder{graph: gorgonia.NewGraph(), data: map[string]any{}}
		next := c.Build(b)
		ladder, ok := b.data["ladder"].([]int32)
		beta, tempered := b.data["beta"].([]float64)
		if !ok || !tempered {
			continue
		}
		n := len(ladder) / kernels.LadderRows
		for what, spoil := range map[string]func(){
			"replica":     func() { ladder[kernels.LadderAt*n+n-1] = int32(len(beta)) },
			"walker":      func() { ladder[kernels.LadderWalker*n+n-len(beta)] = int32(len(beta)) },
			"second":      func() { ladder[kernels.LadderWalker*n+n-len(beta)+1] = int32(len(beta)) },
			"temperature": func() { beta[0] = -1e-9 },
		} {
			if what == "second" && len(beta) < 2 || what == "temperature" && b.data["table"] != nil || what == "walker" && len(beta) < 2 {
				continue // lattices have their temperatures in a table; a ladder of one temperature exchanges nothing
			}
			t.Run(c.Name+"/"+what, func(t *testing.T) {
				savedLadder, savedBeta := append([]int32{}, ladder...), append([]float64{}, beta...)
				defer func() { copy(ladder, savedLadder); copy(beta, savedBeta) }()
				spoil()
				backend, err := engine.Open("cuda", engine.Options{})
				if err != nil {
					t.Fatal(err)
				}
				defer backend.Close()
				if err := start(b, next, backend); err == nil {
					t.Errorf("no error")
				}
			})
		}
	}
}

// TestBrokenParents makes a replica's parent one beyond the replicas, which in all systems but the last is another's memory, not nobody's.
func TestBrokenParents(t *testing.T) {
	if !strings.Contains(os.Getenv("CAVITY_LIBCUDA"), "ptxsim") {
		t.Skip("only under the emulator")
	}
	for slot, in := range map[string]struct {
		name   string
		beyond int32
	}{"dense": {"resampled", 3}, "wide": {"resampled", 3}, "bits": {"resampled lattices", 30}, "strips": {"resampled lattices", 30}} {
		t.Run(slot, func(t *testing.T) {
			b := &Builder{graph: gorgonia.NewGraph(), data: map[string]any{}}
			for _, c := range Cases {
				if c.Name == in.name {
					next := c.Build(b)
					for name := range next {
						if name != slot {
							delete(next, name)
							delete(b.data, name)
						}
					}
					parents := b.data["parents"].([]int32)
					parents[0] = in.beyond
					backend, err := engine.Open("cuda", engine.Options{})
					if err != nil {
						t.Fatal(err)
					}
					defer backend.Close()
					p, err := engine.Compile(engine.Plan{Stages: []engine.Stage{{Name: "broken", Graph: b.graph, Next: next, Repeat: 1}}}, backend)
					if err != nil {
						t.Fatal(err)
					}
					for name, data := range b.data {
						if err := p.Write(name, data); err != nil {
							t.Fatal(err)
						}
					}
					if err := errors.Join(p.Step(context.Background(), 1), p.Read("parents", make([]int32, len(parents)))); err == nil {
						t.Error("no error")
					}
					return
				}
			}
			t.Fatal("no such case")
		})
	}
}

// start compiles a case and runs one step to its end.
func start(b *Builder, next map[string]*gorgonia.Node, backend engine.Backend) error {
	p, err := engine.Compile(engine.Plan{Seed: 11, Stages: []engine.Stage{{Name: "broken", Graph: b.graph, Next: next, Repeat: 1}}}, backend)
	if err != nil {
		return err
	}
	for name, data := range b.data {
		if err := p.Write(name, data); err != nil {
			return err
		}
	}
	if err := p.Step(context.Background(), 1); err != nil {
		return err
	}
	out := make([]float64, 0)
	for name, s := range p.Slots() {
		if name == "energy" {
			out = make([]float64, s.Len())
		}
	}
	return p.Read("energy", out)
}
