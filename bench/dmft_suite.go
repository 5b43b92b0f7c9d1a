package bench

import (
	"context"
	"fmt"
	"math"

	"cavity/engine"
	"cavity/models/dmft"
)

func init() {
	register(
		Case{Suite: "dmft", Name: "causal solver n=200, η=.5, 2,000 trajectories", Unit: "s", Only: processorAndCUDA, Target: 1.5 / 5, Start: causal(.5, 20, 2000)},
		Case{Suite: "dmft", Name: "causal solver n=200, η=0, 20,000 trajectories", Unit: "s", Only: processorAndCUDA, Target: .49 / 4, Start: causal(0, 20, 20000)},
		Case{Suite: "dmft", Name: "causal solver n=800, η=.5, 4,000 trajectories", Unit: "s", Only: processorAndCUDA, Target: 60, Slow: true, Start: causal(.5, 80, 4000)},
		Case{Suite: "dmft", Name: "p-spin quench, 1,600 steps", Unit: "s", Target: 2.9 / 4, Start: func(engine.Backend) (*Work, error) { return quench(40, .025), nil }},
	)
	for _, n := range []int{200, 400, 800} {
		register(Case{Suite: "dmft", Name: fmt.Sprintf("p-spin quench, %d steps", n), Family: "p-spin quenches", Size: float64(n), Unit: "s", Start: func(engine.Backend) (*Work, error) {
			return quench(float64(n)*.05, .05), nil
		}})
	}
}

// causal times the one-pass solver at g = 2; its verification holds C(t,t) at t = 10 to direct simulations of networks.
func causal(eta, time float64, trajectories int) func(b engine.Backend) (*Work, error) {
	return func(b engine.Backend) (*Work, error) {
		p := dmft.Problem{Gain: dmft.Tanh, G: 2, Eta: eta, Step: .1, Time: time, Trajectories: trajectories, Populations: 1, Seed: 1}
		var last *dmft.Solution
		ctx := context.Background()
		return &Work{Amount: 1, Step: func(n int) (err error) {
			for range n {
				if last, err = p.Causal(ctx, b); err != nil {
					return err
				}
			}
			return nil
		}, Verify: func() error {
			// C(t,t) at t = 10 of networks of 2,000 units: .7371(7) at η = .5; between .3 and .7 at η = 0, where the activity settles
			c := last.CAt(100, 100)
			if eta == .5 && math.Abs(c-.7371) > .03 || !(c > .3 && c < .8) {
				return fmt.Errorf("the correlation at t = 10 is %v", c)
			}
			return nil
		}}, nil
	}
}

// quench times the spherical p = 3 model from infinite temperature to T = .5 on a uniform grid.
func quench(time, step float64) *Work {
	var last *dmft.TwoTime
	ctx := context.Background()
	return &Work{Amount: 1, Step: func(n int) (err error) {
		for range n {
			if last, err = dmft.PurePSpin(3, .5).Quench(ctx, time, step); err != nil {
				return err
			}
		}
		return nil
	}, Verify: func() error {
		e := last.Energy[int(math.Round(10/step))]
		if math.Abs(e+.808117) > .003 { // e(10), extrapolated to step 0; the error of second order at step .05 is below .001
			return fmt.Errorf("e(10) = %v, not -.808", e)
		}
		return nil
	}}
}
