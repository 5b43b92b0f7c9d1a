package bench

import (
	"context"
	"math"

	"cavity/engine"
	"cavity/engine/stats"
	"cavity/kernels"
	"cavity/models/rbm"
)

func init() {
	const name = "rbm 16×12 of two modes, "
	register(
		Case{Suite: "samplers", Name: name + "block Gibbs", Trial: machineTrial("block Gibbs", 1)},
		Case{Suite: "samplers", Name: name + "tempering, 8 temperatures", Trial: machineTrial("tempering, 8 temperatures", 8)},
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

// machineTrial observes the mean of the visible units of chains at β = 1.
func machineTrial(curve string, temperatures int) func(b engine.Backend, o Budget) ([]Row, error) {
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
		s := study{figure: "mean visible unit of an rbm of two modes", observable: "the mean visible unit", exact: exact, free: math.NaN()}
		return s.rows(curve, o, func(seed uint64) (chains, error) { return machineChains(m, temperatures, seed, b) })
	}
}

func machineChains(m *rbm.Machine, temperatures int, seed uint64, b engine.Backend) (chains, error) {
	s, err := rbm.Sampling{Machine: m, Chains: walkers / temperatures, Temperatures: temperatures, Seed: seed}.Start(b)
	if err != nil {
		return chains{}, err
	}
	ctx := context.Background()
	nv := m.Visible.Count
	c := chains{count: s.Chains, step: func(n int) error { return s.Step(ctx, n) }, observe: func(x []float64) error {
		v, err := s.States()
		if err != nil {
			return err
		}
		clear(x)
		for i, y := range v {
			x[i/nv] += float64(y) / float64(nv)
		}
		return nil
	}, check: func() error { return nil }} // the moments are the check
	if temperatures == 1 {
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
