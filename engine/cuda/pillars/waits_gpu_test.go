//go:build gpu

package pillars

import (
	"context"
	"os"
	"testing"

	"cavity/engine"
	_ "cavity/engine/cuda"
	"cavity/models/dataset"
	"cavity/models/dmft"
	"cavity/models/modes"
	"cavity/models/rbm"
	"cavity/models/spin"
)

// waiter is a backend that counts how often the host waited for the device.
type waiter interface {
	engine.Backend
	Waits() int
}

func device(t *testing.T) waiter {
	t.Helper()
	b, err := engine.Open("cuda", engine.Options{})
	if err != nil {
		if os.Getenv("CAVITY_REQUIRE_CUDA") != "" {
			t.Fatalf("left out: %v", err)
		}
		t.Skipf("left out: %v", err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b.(waiter)
}

// TestNoWaits counts the host's waits for the device over ten iterations of every pillar: there are none inside an iteration. Where a
// measurement reads after so many of them, their number does not grow with that of the iterations.
func TestNoWaits(t *testing.T) {
	b, ctx := device(t), context.Background()
	set, err := dataset.Digits(8, 200, 50, 1)
	if err != nil {
		t.Fatal(err)
	}
	steps := map[string]func() (func() error, error){ // gives what makes one iteration
		"spin, a lattice": func() (func() error, error) {
			s, err := spin.Tempering{Model: spin.EdwardsAnderson{L: 4, D: 3}, Temperatures: []float64{.8, 1.2}}.Start(b)
			return func() error { return s.Step(ctx, 1) }, err
		},
		"spin, dense couplings": func() (func() error, error) {
			s, err := spin.Tempering{Model: spin.SherringtonKirkpatrick{N: 70}, Temperatures: []float64{.8, 1.2}}.Start(b)
			return func() error { return s.Step(ctx, 1) }, err
		},
		"rbm, contrastive divergence": func() (func() error, error) {
			tr, err := rbm.Training{Set: set, Hidden: 8, Method: rbm.CD, Batch: 50}.Start(b)
			return func() error { return tr.Step(ctx, 1) }, err
		},
		"rbm, persistent tempering": func() (func() error, error) {
			tr, err := rbm.Training{Set: set, Hidden: 8, Method: rbm.PT, Batch: 50}.Start(b)
			return func() error { return tr.Step(ctx, 1) }, err
		},
		"modes": func() (func() error, error) {
			tr, err := modes.Training{Network: modes.Network{Layers: []int{64, 20, 10}, Space: modes.Modes, P: 5}, Data: set, Batch: 10}.Start(b)
			return func() error { return tr.Advance(ctx, 1) }, err
		},
		"dmft, a network": func() (func() error, error) {
			n, err := dmft.Network{N: 64, G: 1.5, Gain: dmft.Tanh, Time: 5, Step: .1, Realisations: 2}.Start(b)
			return func() error { return n.Step() }, err
		},
	}
	for name, start := range steps {
		t.Run(name, func(t *testing.T) {
			iterate, err := start()
			if err == nil {
				err = iterate()
			}
			if err != nil {
				t.Fatal(err)
			}
			before := b.Waits()
			for range 10 {
				if err := iterate(); err != nil {
					t.Fatal(err)
				}
			}
			if n := b.Waits() - before; n != 0 {
				t.Errorf("the host waited %d times in 10 iterations", n)
			}
		})
	}
	t.Run("dmft, two times", func(t *testing.T) {
		waits := func(time float64) int {
			before := b.Waits()
			if _, err := (dmft.Problem{Gain: dmft.Tanh, G: 1.2, Eta: .5, Step: .1, Time: time, Trajectories: 64}).Causal(ctx, b); err != nil {
				t.Fatal(err)
			}
			return b.Waits() - before
		}
		if few, many := waits(1), waits(3); few != many {
			t.Errorf("%d waits for 10 rows, %d for 30", few, many)
		}
	})
	t.Run("rbm, annealed importance sampling", func(t *testing.T) {
		waits := func(temperatures int) int {
			m, err := rbm.New(rbm.Layer{Units: rbm.Bernoulli, Count: 12}, rbm.Layer{Units: rbm.Bernoulli, Count: 8}, .1, 1)
			if err != nil {
				t.Fatal(err)
			}
			an, err := rbm.AIS{Chains: 8, Temperatures: temperatures}.Start(m, b)
			if err != nil {
				t.Fatal(err)
			}
			before := b.Waits()
			if _, err := an.Forward(ctx); err != nil {
				t.Fatal(err)
			}
			return b.Waits() - before
		}
		if few, many := waits(20), waits(60); few != many {
			t.Errorf("%d waits for 20 temperatures, %d for 60", few, many)
		}
	})
}
