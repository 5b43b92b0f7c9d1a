package rbm

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"cavity/engine"
	"cavity/engine/enginetest"
)

// machines are one of every kind of units, small enough for parts of a chain or two.
func machines(t *testing.T) map[string]*Machine {
	all := map[string]*Machine{}
	for _, u := range []Units{Bernoulli, Ising, Gaussian, ReLU} {
		all[string(u)+" hidden"] = random(t, Layer{Units: Bernoulli, Count: 13}, Layer{Units: u, Count: 7}, .2, 3)
	}
	all["gaussian visible"] = random(t, Layer{Units: Gaussian, Count: 13}, Layer{Units: Bernoulli, Count: 7}, .2, 4)
	all["potts visible"] = random(t, Layer{Units: Potts, Count: 12, States: 3}, Layer{Units: Bernoulli, Count: 7}, .2, 5)
	all["potts hidden"] = random(t, Layer{Units: Ising, Count: 13}, Layer{Units: Potts, Count: 8, States: 4}, .2, 6)
	all["labels"] = random(t, Layer{Units: Bernoulli, Count: 13, Labels: 4}, Layer{Units: Bernoulli, Count: 7}, .2, 7)
	return all
}

// same holds what parts compute to what one backend computes, bit for bit.
func same(t *testing.T, what string, compute func(b engine.Backend) ([]float64, error)) {
	t.Helper()
	want, err := compute(enginetest.PlainParts(1))
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if slices.Min(want) == slices.Max(want) {
		t.Errorf("%s: all numbers are %v: the test sees nothing", what, want[0])
	}
	for _, n := range []int{2, 3} {
		got, err := compute(enginetest.PlainParts(n))
		if err != nil {
			t.Fatalf("%s in %d parts: %v", what, n, err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s in %d parts: %v, want %v", what, n, got[:3], want[:3])
		}
	}
}

// Annealing, sampling and evaluation give the bits of one backend when several share the chains: every kind of unit, either direction, with
// temperatures, clamped units and an upper machine. The 11 chains fill no group of random counters.
func TestDivided(t *testing.T) {
	const chains = 11
	for kind, m := range machines(t) {
		same(t, kind+": annealing", func(b engine.Backend) ([]float64, error) {
			an, err := AIS{Chains: chains, Temperatures: 12, Seed: 2}.Start(m, b)
			if err != nil {
				return nil, err
			}
			if err := an.Program.Once("first"); err != nil {
				return nil, err
			}
			forward, err := an.pass(ctx, an.Betas)
			if err != nil {
				return nil, err
			}
			back, err := an.Reverse(ctx, nil, 5)
			return append(forward, back.LogZ, back.Deviation), err
		})
		for _, temperatures := range []int{1, 3} {
			same(t, fmt.Sprintf("%s: %d temperatures", kind, temperatures), func(b engine.Backend) ([]float64, error) {
				return samples(Sampling{Machine: m, Chains: chains, Temperatures: temperatures, Seed: 6}, b)
			})
		}
		same(t, kind+": clamped", func(b engine.Backend) ([]float64, error) {
			from, clamp := make([]float32, chains*m.Visible.Count), make([]bool, m.Visible.Count)
			clamp[1] = true
			return samples(Sampling{Machine: m, Chains: chains, From: from, Clamp: clamp, Seed: 6}, b)
		})
		same(t, kind+": evaluation", func(b engine.Backend) ([]float64, error) {
			e, err := NewEvaluator(m, 5, b)
			if err != nil {
				return nil, err
			}
			v := make([]float32, chains*m.Visible.Count)
			for i := range v {
				v[i] = float32(i % 3)
			}
			f, err := e.FreeEnergies(v)
			if err != nil {
				return nil, err
			}
			r, err := e.Reconstruction(v)
			return append(f, r), err
		})
	}
	lower := random(t, Layer{Units: Bernoulli, Count: 13}, Layer{Units: Bernoulli, Count: 7}, .2, 3)
	upper := random(t, lower.Hidden, Layer{Units: Bernoulli, Count: 4}, .2, 8)
	same(t, "deep tempering", func(b engine.Backend) ([]float64, error) {
		return samples(Sampling{Machine: lower, Upper: upper, Chains: chains, Seed: 6}, b)
	})
}

// A stack's passes up and down are shared by rows.
func TestDividedStack(t *testing.T) {
	s := Stack{random(t, Layer{Units: Bernoulli, Count: 13}, Layer{Units: Bernoulli, Count: 7}, .2, 3), random(t, Layer{Units: Bernoulli, Count: 7}, Layer{Units: Gaussian, Count: 3}, .2, 4)}
	same(t, "a stack", func(b engine.Backend) ([]float64, error) {
		v := make([]float32, 600*13)
		for i := range v {
			v[i] = float32(i * i % 7 % 2)
		}
		h, err := s.Up(v, b)
		if err != nil {
			return nil, err
		}
		back, err := s.Down(h, b)
		return append(wide(h), wide(back)...), err
	})
}

// samples are the states, means and swaps after some steps.
func samples(s Sampling, b engine.Backend) ([]float64, error) {
	sa, err := s.Start(b)
	if err != nil {
		return nil, err
	}
	if err := sa.Step(ctx, 6); err != nil {
		return nil, err
	}
	states, err := sa.States()
	if err != nil {
		return nil, err
	}
	means, err := sa.Means()
	if err != nil {
		return nil, err
	}
	swaps, err := sa.Swaps()
	return append(append(wide(states), wide(means)...), swaps...), err
}

// What does not divide says so.
func TestUndivided(t *testing.T) {
	m := random(t, Layer{Units: Bernoulli, Count: 5}, Layer{Units: Bernoulli, Count: 4}, .2, 3)
	_, few := AIS{Chains: 2, Temperatures: 4}.Start(m, enginetest.PlainParts(3))
	_, one := NewEvaluator(m, 1, enginetest.PlainParts(2))
	_, learning := Training{Set: strips(t), Hidden: 4, Method: PCD, Rate: .1, Batch: 4}.Start(enginetest.PlainParts(2))
	for want, err := range map[string]error{
		"2 systems in parts of at least 1: they divide among at most 2 devices": few,
		"1 systems in parts of at least 1: they divide among at most 1 devices": one,
		"this computation does not divide into independent systems":             learning,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
