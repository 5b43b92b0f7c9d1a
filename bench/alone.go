package bench

import (
	"math"
	"time"

	"cavity/engine"
)

// alone is the work of a case for one worker, timed in turn with that for several: what becomes of the machine meanwhile, which
// on shared ones is more than what is measured, happens to both. The nil value is no such work.
type alone struct {
	backend engine.Backend
	work    *Work
	steps   int
	fastest float64 // ns a step, by the wall's clock
}

// startAlone is nil where one worker is all there is, or where workers are not the backend's.
func (c Case) startAlone(b engine.Backend, workers int, length time.Duration) (*alone, error) {
	if kind := kindOf(b); workers == 1 || kind != "cpu" && kind != "openblas" {
		return nil, nil
	}
	one, err := engine.Open(b.Name(), engine.Options{Workers: 1})
	if err != nil {
		return nil, err
	}
	a := &alone{backend: one, fastest: math.Inf(1)}
	if a.work, err = c.Start(one); err == nil {
		a.work.clock = wall
		a.steps, err = a.work.calibrate(length)
	}
	if err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

// once is one repeat.
func (a *alone) once() error {
	if a == nil {
		return nil
	}
	took, _, err := a.work.once(a.steps)
	a.fastest = min(a.fastest, float64(took.Nanoseconds())/float64(a.steps))
	return err
}

// speedUp is the time of a step alone over that of several workers, 0 for no such work.
func (a *alone) speedUp(perStep float64) float64 {
	if a == nil {
		return 0
	}
	return a.fastest / perStep
}

func (a *alone) close() {
	if a == nil {
		return
	}
	if a.work != nil && a.work.Close != nil {
		a.work.Close()
	}
	a.backend.Close()
}
