package engine

import "cavity/engine/rng"

// Clock is all that a kernel's value may depend on besides its inputs.
//
// Random numbers depend on (Seed, Stage, Pass) and the kernel's own stream and element index, so that changing a
// stage's Repeat between steps never uses a number twice, and a resumed run meets the same numbers.
type Clock struct {
	Seed  uint64 // of the Plan
	Step  uint64 // steps of the Program since its beginning
	Pass  uint64 // runs of this stage since the beginning, below 2^40
	Inner uint32 // the run of a repeated stage inside the present step
	Stage uint8  // the stage's number in the Plan
	First uint32 // the number of the first system in a part of a larger run (see Split), from which CUDA kernels that are Separable count; 0 elsewhere
}

// Stream is the sequence of random numbers of the kernel with this id, unique in its stage, at this tick of the clock.
func (c *Clock) Stream(id uint16) rng.Stream { return rng.At(c.Seed, c.Pass, c.Stage, id) }
