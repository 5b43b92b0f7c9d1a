package cpu

import (
	"fmt"

	"gorgonia.org/tensor"

	"cavity/engine"
)

// randomShare is the number of random elements of a task; a multiple of the generators' blocks of 64.
const randomShare = 1 << 14

// random fills a tensor from the clock's stream, in tasks of whole blocks.
func (b *Backend) random(s *engine.Random) (engine.Launch, error) {
	var c engine.Clock
	var fill func(lo, hi int)
	switch {
	case s.Law == engine.Bits && s.Out.Dtype == tensor.Uint32:
		out := engine.Slice[uint32](s.Out)
		fill = func(lo, hi int) { c.Stream(s.Stream).FillUint32(out[lo:hi], s.First+uint64(lo)) }
	case s.Law == engine.Uniform && s.Out.Dtype == tensor.Float32:
		out := engine.Slice[float32](s.Out)
		fill = func(lo, hi int) { c.Stream(s.Stream).FillFloat32(out[lo:hi], s.First+uint64(lo)) }
	case s.Law == engine.Uniform && s.Out.Dtype == tensor.Float64:
		out := engine.Slice[float64](s.Out)
		fill = func(lo, hi int) { c.Stream(s.Stream).FillFloat64(out[lo:hi], s.First+uint64(lo)) }
	case s.Law == engine.Normal && s.Out.Dtype == tensor.Float32:
		out := engine.Slice[float32](s.Out)
		fill = func(lo, hi int) { c.Stream(s.Stream).FillNormal32(out[lo:hi], s.First+uint64(lo)) }
	case s.Law == engine.Normal && s.Out.Dtype == tensor.Float64:
		out := engine.Slice[float64](s.Out)
		fill = func(lo, hi int) { c.Stream(s.Stream).FillNormal64(out[lo:hi], s.First+uint64(lo)) }
	default:
		return nil, fmt.Errorf("cpu: no random numbers of law %d and dtype %v", s.Law, s.Out.Dtype)
	}
	n := s.Out.Len()
	tasks := (n + randomShare - 1) / randomShare
	task := func(t, _ int) { fill(t*randomShare, min((t+1)*randomShare, n)) }
	return func(clock *engine.Clock) error {
		c = *clock
		b.pool.Do(tasks, task)
		return nil
	}, nil
}
