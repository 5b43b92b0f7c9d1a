package bench

import (
	"context"
	"fmt"
	"math"

	"cavity/engine"
	"cavity/models/modes"
)

func init() {
	for _, c := range []struct {
		hidden, p int
		target    float64
	}{{100, 0, .5 * 1.03}, {100, 10, .5 * .83}, {100, 30, .5 * .95}, {100, 70, 0}, {1000, 0, .6 * 18.7}, {1000, 10, .6 * 1.5}, {1000, 30, .6 * 1.97}, {1000, 70, .6 * 3.52}} {
		n := modes.Network{Layers: []int{784, c.hidden, c.hidden, 10}, Space: modes.Weight}
		name := fmt.Sprintf("784-%d-%d-10, weights, an update of 100", c.hidden, c.hidden)
		if c.p > 0 {
			n.Space, n.P = modes.Modes, c.p
			name = fmt.Sprintf("784-%d-%d-10, %d modes, an update of 100", c.hidden, c.hidden, c.p)
		}
		register(Case{Suite: "modes", Name: name, Unit: "ms", Target: c.target, Slow: c.hidden == 1000 && c.p == 0, Only: []string{"cpu", "openblas", "cuda"}, Start: classifying(n)})
	}
	for _, h := range []int{50, 100, 200, 400} {
		register(Case{Suite: "modes", Name: fmt.Sprintf("784-%d-%d-10, 30 modes", h, h), Family: "30 modes by hidden units", Size: float64(h), Unit: "ms",
			Start: classifying(modes.Network{Layers: []int{784, h, h, 10}, Space: modes.Modes, P: 30})})
	}
}

// classifying times updates with Adam; the verification trains on for 200 updates and demands a loss below that of a
// network that knows nothing, ln 10.
func classifying(n modes.Network) func(b engine.Backend) (*Work, error) {
	return func(b engine.Backend) (*Work, error) {
		tr, err := modes.Training{Network: n, Data: discs(4000), Rate: 1e-3, Decay: 1e-4, Seed: 1}.Start(b)
		if err != nil {
			return nil, err
		}
		ctx := context.Background()
		advance := func(n int) error {
			for left := n; left > 0; {
				before := int(tr.Program.Steps())
				if err := tr.Advance(ctx, left); err != nil {
					return err
				}
				left -= int(tr.Program.Steps()) - before
			}
			return nil
		}
		return &Work{Step: advance, Amount: 1, Verify: func() error {
			if err := advance(200); err != nil {
				return err
			}
			if _, err := tr.MeanLoss(1); err != nil {
				return err
			}
			if err := advance(40); err != nil {
				return err
			}
			loss, err := tr.MeanLoss(40)
			if err == nil && !(loss < math.Ln10) {
				err = fmt.Errorf("loss %v after training, %v without knowledge", loss, math.Ln10)
			}
			return err
		}}, nil
	}
}
