package spin

import "fmt"

// wordSamples is the number of samples that share random numbers with Shared.
const wordSamples = 64

// checkShared refuses what would compare the spins of samples that share random numbers, or has nothing to share them.
func (t *Tempering) checkShared() error {
	switch {
	case !t.Shared:
		return nil
	case t.Systems%wordSamples != 0:
		return fmt.Errorf("spin: %d samples that share random numbers: a multiple of %d, the samples of a word, at least two words for errors", t.Systems, wordSamples)
	case t.Copies > 1:
		return fmt.Errorf("spin: %d copies that share random numbers: their overlaps, P(q) and correlation length would measure the shared numbers; take 1 copy, or numbers of their own", t.Copies)
	case len(t.Temperatures) > 1:
		return fmt.Errorf("spin: %d temperatures that share random numbers: tempering needs walkers with numbers of their own; take 1 temperature", len(t.Temperatures))
	case t.Houdayer || t.Move != Flips:
		return fmt.Errorf("spin: cluster moves draw numbers of their own: shared ones are for single flips")
	case t.Layout != "" && t.Layout != "auto" && t.Layout != "lattice":
		return fmt.Errorf("spin: random numbers are shared by the bits of a multi-spin lattice, not with layout %s", t.Layout)
	}
	return nil
}

// group is the number of neighbouring samples that are independent only together.
func (s *Sampler) group() int {
	if s.Shared {
		return wordSamples
	}
	return 1
}

// checkSamples refuses to share random numbers between equal instances, whose walkers would become one, and where instances
// are not bits.
func (s *Sampler) checkSamples() error {
	if !s.Shared {
		return nil
	}
	l, ok := s.carrier.(*latticeCarrier)
	if !ok {
		return fmt.Errorf("spin: %s is not a lattice of even side, at least 4, with couplings ±1: only such samples share random numbers", s.Model.Name())
	}
	if !l.differ {
		return fmt.Errorf("spin: all %d samples of %s are the same: walkers that share random numbers would become one; take several samples of a model with disorder", s.Systems, s.Model.Name())
	}
	return nil
}
