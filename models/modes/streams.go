package modes

import (
	"fmt"

	"cavity/engine"
	"cavity/engine/rng"
	"cavity/models/dataset"
)

// A Stream is a task of memory, made here: every sample is Steps random symbols, one a row as a one at the symbol's place, and
// asks at the end for the symbol that was shown Lag steps before the last, or, with Parity, for the parity of the sum of the
// last Lag symbols.
type Stream struct {
	Steps, Symbols, Lag int
	Parity              bool
	Train, Test         int // samples
	Seed                uint64
}

const symbolStream = 61

// Set makes the samples; sample k of a part is a function of the seed, the part and k.
func (s Stream) Set() (*dataset.Set, error) {
	least := 0
	name, classes, what := "recall", s.Symbols, fmt.Sprintf("the symbol shown %d steps before the last", s.Lag)
	if s.Parity {
		least, name, classes, what = 1, "parity", 2, fmt.Sprintf("the parity of the sum of the last %d symbols", s.Lag)
	}
	switch {
	case s.Symbols < 2 || s.Symbols > 255:
		return nil, fmt.Errorf("stream: %d symbols: 2 to 255", s.Symbols)
	case s.Steps < 1:
		return nil, fmt.Errorf("stream: %d steps: at least 1", s.Steps)
	case s.Lag < least || s.Lag >= s.Steps+least:
		return nil, fmt.Errorf("stream: lag %d of %d steps: from %d to %d", s.Lag, s.Steps, least, s.Steps-1+least)
	case s.Train < 2 || s.Test < 1:
		return nil, fmt.Errorf("stream: %d and %d samples: at least 2 and 1", s.Train, s.Test)
	}
	bytes := (float64(s.Train) + float64(s.Test)) * float64(s.Steps) * float64(s.Symbols)
	if err := engine.Room(fmt.Sprintf("stream: %d and %d samples of %d steps", s.Train, s.Test, s.Steps), bytes, engine.FreeMemory()); err != nil {
		return nil, err
	}
	d := &dataset.Set{Name: name, Height: s.Steps, Width: s.Symbols, Classes: classes,
		Source: fmt.Sprintf("streams of %d of %d symbols, asking for %s, seed %d", s.Steps, s.Symbols, what, s.Seed)}
	for part, p := range []*dataset.Part{&d.Train, &d.Test} {
		p.Count = []int{s.Train, s.Test}[part]
		p.Images, p.Labels = make([]uint8, p.Count*d.Pixels()), make([]uint8, p.Count)
		for k := range p.Count {
			p.Labels[k] = s.sample(p.Images[k*d.Pixels():(k+1)*d.Pixels()], rng.At(s.Seed, uint64(k), rng.SetupStage, symbolStream+uint16(part)))
		}
	}
	return d, nil
}

// sample draws one stream and returns what it asks for.
func (s Stream) sample(rows []uint8, r rng.Stream) uint8 {
	label := uint32(0)
	for t := range s.Steps {
		x := r.Below(uint64(t), uint32(s.Symbols))
		rows[t*s.Symbols+int(x)] = 255
		switch ago := s.Steps - 1 - t; {
		case s.Parity && ago < s.Lag:
			label = (label + x) % 2
		case !s.Parity && ago == s.Lag:
			label = x
		}
	}
	return uint8(label)
}
