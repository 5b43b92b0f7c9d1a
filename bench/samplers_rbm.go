package bench

import (
	"context"
	"math"

	"cavity/engine"
	"cavity/engine/stats"
	"cavity/kernels"
	"cavity/models/dataset"
	"cavity/models/rbm"
)

func init() {
	const name = "rbm 16×12 of two modes, "
	register(
		Case{Suite: "samplers", Name: name + "block Gibbs", Trial: machineTrial("block Gibbs", block)},
		Case{Suite: "samplers", Name: name + "tempering, 8 temperatures", Trial: machineTrial("tempering, 8 temperatures", ladderOfEight)},
		Case{Suite: "samplers", Name: name + "deep tempering", Trial: machineTrial("deep tempering", deep)},
		Case{Suite: "samplers", Name: name + "annealed importance sampling", Trial: machineAnnealing},
	)
}

// twoModes is a machine whose units like to be all on or all off: every weight is .55 and more at random, and the biases make
// both states about as likely. Its moments and ln Z are enumerated.
func twoModes() (*rbm.Machine, error) {
	const nv, nh, weight = 16, 12, .55
	m, err := rbm.New(rbm.Layer{Units: rbm.Bernoulli, Count: nv}, rbm.Layer{Units: rbm.Bernoulli, Count: nh}, .2, instanceSeed)
	if err != nil {
		return nil, err
	}
	for e := range m.W {
		m.W[e] += weight
		m.B[e/nh] -= m.W[e] / 2
		m.C[e%nh] -= m.W[e] / 2
	}
	return m, nil
}

// A way to sample a machine.
type way func(m *rbm.Machine, b engine.Backend) (rbm.Sampling, error)

func block(m *rbm.Machine, _ engine.Backend) (rbm.Sampling, error) {
	return rbm.Sampling{Machine: m, Chains: walkers}, nil
}

func ladderOfEight(m *rbm.Machine, _ engine.Backend) (rbm.Sampling, error) {
	return rbm.Sampling{Machine: m, Chains: walkers / 8, Temperatures: 8}, nil
}

// deep trains a second machine of eight hidden units on hidden states of the first, before the time counts.
func deep(m *rbm.Machine, b engine.Backend) (rbm.Sampling, error) {
	t := rbm.Sampling{Machine: m, Chains: walkers / 2}
	s, err := rbm.Sampling{Machine: m, Chains: 256, Temperatures: 8}.Start(b)
	if err != nil {
		return t, err
	}
	set := &dataset.Set{Name: "states of two modes", Height: 1, Width: m.Visible.Count}
	for range 8 {
		if err := s.Step(context.Background(), 20); err != nil {
			return t, err
		}
		v, err := s.States()
		if err != nil {
			return t, err
		}
		for _, x := range v {
			set.Train.Images = append(set.Train.Images, uint8(255*x))
		}
		set.Train.Count += s.Chains
	}
	set.Test = set.Train.Head(100)
	if set, err = m.Above(set, b); err != nil {
		return t, err
	}
	tr, err := rbm.Training{Set: set, Hidden: 8, Method: rbm.PCD, Binarise: "sample", Batch: 64, Rate: .05, Seed: instanceSeed}.Start(b)
	if err != nil {
		return t, err
	}
	if err := tr.Step(context.Background(), 2000); err != nil {
		return t, err
	}
	t.Upper, err = tr.Machine()
	return t, err
}

// machineTrial observes the mean of the visible units of chains at β = 1.
func machineTrial(curve string, of way) func(b engine.Backend, o Budget) ([]Row, error) {
	return func(b engine.Backend, o Budget) ([]Row, error) {
		m, err := twoModes()
		if err != nil {
			return nil, err
		}
		v, _, _, err := m.Moments()
		if err != nil {
			return nil, err
		}
		exact := 0.0
		for _, x := range v {
			exact += x / float64(len(v))
		}
		s := study{figure: "mean visible unit of an rbm of two modes", observables: []observable{{"the mean visible unit", exact}}, free: math.NaN()}
		return s.rows(curve, o, func(seed uint64) (chains, error) { return machineChains(m, of, seed, b) })
	}
}

func machineChains(m *rbm.Machine, of way, seed uint64, b engine.Backend) (chains, error) {
	t, err := of(m, b)
	if err != nil {
		return chains{}, err
	}
	t.Seed = seed
	s, err := t.Start(b)
	if err != nil {
		return chains{}, err
	}
	ctx := context.Background()
	nv := m.Visible.Count
	c := chains{count: s.Chains, step: func(n int) error { return s.Step(ctx, n) }, observe: func(x [][]float64) error {
		v, err := s.States()
		if err != nil {
			return err
		}
		clear(x[0])
		for i, y := range v {
			x[0][i/nv] += float64(y) / float64(nv)
		}
		return nil
	}, check: func() error { return nil }} // the moments are the check
	if s.Temperatures == 1 {
		return c, nil
	}
	ladder := make([]int32, s.Program.Slots()["ladder"].Len())
	trips := func() (total float64, err error) {
		cells := len(ladder) / kernels.LadderRows
		err = s.Program.Read("ladder", ladder)
		for _, n := range ladder[kernels.LadderTrips*cells : (kernels.LadderTrips+1)*cells] {
			total += float64(n)
		}
		return total, err
	}
	before := 0.0
	c.ready = func() error { before, err = trips(); return err }
	c.trips = func() (float64, error) {
		n, err := trips()
		return n - before, err
	}
	return c, nil
}

// machineAnnealing is the error of ln Z by AIS of 64 chains, with as many temperatures as the time allows.
func machineAnnealing(b engine.Backend, o Budget) ([]Row, error) {
	m, err := twoModes()
	if err != nil {
		return nil, err
	}
	exact, err := m.LogZ()
	if err != nil {
		return nil, err
	}
	pass := func(temperatures int, seed uint64) (e stats.Estimate, seconds float64, err error) {
		a, err := (rbm.AIS{Chains: walkers, Temperatures: temperatures, Seed: seed}).Start(m, b)
		if err != nil {
			return e, 0, err
		}
		began := o.Clock()
		x, err := a.Forward(context.Background())
		return stats.Estimate{Value: x.LogZ, Err: x.Deviation}, (o.Clock() - began).Seconds(), err
	}
	const trial = 500
	_, seconds, err := pass(trial, 0)
	if err != nil {
		return nil, err
	}
	temperatures := int(max(2, trial*o.Length.Seconds()/max(seconds, 1e-6)))
	var free []stats.Estimate
	for seed := range o.Seeds {
		e, _, err := pass(temperatures, uint64(seed)+1)
		if err != nil {
			return nil, err
		}
		free = append(free, e)
	}
	row := freeError(free, exact)
	row.Quantity = "error of ln Z"
	return []Row{row}, nil
}
