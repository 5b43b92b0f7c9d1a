package engine

import (
	"context"
	"fmt"
	"time"
)

// A Run drives a Program through many steps: step, measure, checkpoint, report, until done or cancelled.
type Run struct {
	Program *Program
	Until   uint64                   // the step at which to stop, counted since the Program's beginning
	Every   uint64                   // steps between measurements; 0 means none
	Measure func(step uint64) error  // called when the step count is a multiple of Every
	Save    func() error             // writes a checkpoint; nil for none
	Period  time.Duration            // between checkpoints; 0 means only when cancelled
	Report  func(done, until uint64) // called about ten times a second; nil for none
	now     func() time.Time         // for tests
}

// Do runs until the Program has made Until steps. When ctx is cancelled it saves a checkpoint, if it can, at the next
// boundary between two chunks and returns the context's error; measurements already taken are never repeated, because a
// checkpoint is only written right after one. At the last step none is written: the caller has more to do there.
func (r Run) Do(ctx context.Context) error {
	if r.Program == nil {
		return fmt.Errorf("engine: a run without a program")
	}
	now := r.now
	if now == nil {
		now = time.Now
	}
	chunk := uint64(1)
	saved, told := now(), now()
	for at := r.Program.Steps(); at < r.Until; at = r.Program.Steps() {
		if ctx.Err() != nil {
			return r.stop(ctx)
		}
		n := min(chunk, r.Until-at)
		if r.Every > 0 {
			n = min(n, r.Every-at%r.Every)
		}
		began := now()
		if err := r.Program.Step(context.Background(), int(n)); err != nil {
			return err
		}
		at += n
		if r.Every > 0 && at%r.Every == 0 && r.Measure != nil {
			if err := r.Measure(at); err != nil {
				return err
			}
		}
		t := now()
		chunk = resize(chunk, n, t.Sub(began))
		if r.Report != nil && (t.Sub(told) >= 100*time.Millisecond || at == r.Until) {
			r.Report(at, r.Until)
			told = t
		}
		if r.Save != nil && r.Period > 0 && at < r.Until && t.Sub(saved) >= r.Period {
			if err := r.Save(); err != nil {
				return fmt.Errorf("checkpoint: %w", err)
			}
			saved = t
		}
	}
	return nil
}

func (r Run) stop(ctx context.Context) error {
	if r.Save != nil {
		if err := r.Save(); err != nil {
			return fmt.Errorf("checkpoint: %w", err)
		}
	}
	return ctx.Err()
}

// resize keeps a chunk of steps near 20 ms, so that cancelling and reporting stay prompt at no cost.
func resize(chunk, ran uint64, took time.Duration) uint64 {
	switch {
	case took < 10*time.Millisecond && ran == chunk:
		return min(chunk*2, 1<<20)
	case took > 40*time.Millisecond:
		return max(chunk/2, 1)
	}
	return chunk
}
