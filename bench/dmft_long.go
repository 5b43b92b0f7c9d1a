package bench

import (
	"context"
	"fmt"
	"math"

	"cavity/engine"
	"cavity/models/dmft"
)

func init() {
	for _, t := range []float64{100, 1000, 10_000} {
		target := 0.
		if t == 10_000 {
			target = 60
		}
		register(Case{Suite: "dmft", Name: fmt.Sprintf("p-spin quench to t=%g, compressed history", t), Family: "p-spin compressed history", Size: t, Unit: "s", Target: target, Slow: t > 1000,
			Start: longQuench(t)})
	}
	register(Case{Suite: "dmft", Name: "network N=1000, 64 replicas, 20 steps", Unit: "s", Only: processorAndCUDA, Start: network})
}

// longQuench is p = 3 at T = 1/2 with a step and a thinning that err by 6e-5 in the energy at t ≤ 20.
func longQuench(time float64) func(b engine.Backend) (*Work, error) {
	return func(engine.Backend) (*Work, error) {
		var last *dmft.Aging
		return &Work{Amount: 1, Step: func(n int) (err error) {
			for range n {
				if last, err = (dmft.LongQuench{Step: .04, Thinning: .12}).Run(context.Background(), dmft.PurePSpin(3, .5), time); err != nil {
					return err
				}
			}
			return nil
		}, Verify: func() error {
			if e := last.EnergyAt(20); math.Abs(e+.834260) > 1e-4 {
				return fmt.Errorf("e(20) = %v, want -.834260", e)
			}
			return nil
		}}, nil
	}
}

// network is a chaotic network; C(t,t) after two units of time is .303 within a tenth.
func network(b engine.Backend) (*Work, error) {
	w := dmft.Network{N: 1000, Gain: dmft.Tanh, G: 2, Step: .1, Time: 2.1, Replicas: 64, Seed: 1}
	var last *dmft.Simulation
	return &Work{Amount: 1, Step: func(n int) (err error) {
		for range n {
			if last, err = w.Simulate(context.Background(), b); err != nil {
				return err
			}
		}
		return nil
	}, Verify: func() error {
		if c := last.C[20*21+20]; math.Abs(c-.303) > .03 {
			return fmt.Errorf("C(2,2) = %v, networks of 2,000 units have .303", c)
		}
		return nil
	}}, nil
}
