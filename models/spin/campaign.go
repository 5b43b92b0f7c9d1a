package spin

import (
	"context"
	"time"

	"cavity/engine"
)

// A Campaign is a whole run of a Sampler: a warm-up, in which the ladder may adapt, and measurements. Its position is the
// Program's step count, so that a loaded Program goes on where it was.
type Campaign struct {
	Sampler     *Sampler
	Measurement *Measurement
	Warmup      uint64 // steps that are not measured
	Steps       uint64 // steps that are
	Every       uint64 // steps between measurements; 0: 1
	Adapt       bool   // moves the temperatures during the first three quarters of the warm-up, to equal acceptance
	RoundTrips  bool   // with Adapt: to the largest rate of round trips instead

	Save   func() error                           // writes a checkpoint
	Period time.Duration                          // between checkpoints
	Report func(phase string, done, until uint64) // progress; nil for none
}

// adaptRounds is how often a warm-up adapts the ladder, in its first three quarters, each time after twice the steps.
const adaptRounds = 5

// Do runs what is left of the campaign.
func (c Campaign) Do(ctx context.Context) error {
	p := c.Sampler.Program
	if c.Adapt {
		for r := range adaptRounds {
			at := c.Warmup * 3 / 4 * (1<<(r+1) - 1) / (1<<adaptRounds - 1)
			if p.Steps() >= at {
				continue
			}
			if err := c.until(ctx, "warm-up", at, 0); err != nil {
				return err
			}
			adapt := c.Sampler.Adapt
			if c.RoundTrips {
				adapt = c.Sampler.AdaptRoundTrips
			}
			if err := adapt(); err != nil {
				return err
			}
		}
	}
	if p.Steps() < c.Warmup {
		if err := c.until(ctx, "warm-up", c.Warmup, 0); err != nil {
			return err
		}
		if err := c.Sampler.Reset(); err != nil {
			return err
		}
	}
	return c.until(ctx, "sweeps", c.Warmup+c.Steps, max(c.Every, 1))
}

func (c Campaign) until(ctx context.Context, phase string, step, every uint64) error {
	from, last := uint64(0), c.Warmup
	if every > 0 {
		from, last = c.Warmup, c.Warmup+c.Steps
	}
	run := engine.Run{Program: c.Sampler.Program, Until: step, Save: c.Save, Period: c.Period}
	if c.Report != nil {
		run.Report = func(done, _ uint64) { c.Report(phase, done-from, last-from) }
	}
	if every > 0 {
		run.Every = every
		run.Measure = func(uint64) error { return c.Measurement.Begin() }
	}
	if err := run.Do(ctx); err != nil || every == 0 {
		return err
	}
	return c.Measurement.Finish()
}
