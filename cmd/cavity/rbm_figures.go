package main

import (
	"cavity/models/rbm"
)

// trainingFigures draws the history of a training, what the machine has learned, and the chains of its negative phase.
func trainingFigures(m *rbm.Machine, history []rbm.Epoch, chains []float32) (out []picture) {
	if f, ok := rbm.Histories(history); ok {
		out = append(out, picture{"history", f})
	}
	out = append(out, machineFigures(m)...)
	if f, ok := m.Pictures("chains of the negative phase", chains, 100); ok {
		out = append(out, picture{"chains", f})
	}
	return out
}

// machineFigures draws filters and the spectrum of the weights.
func machineFigures(m *rbm.Machine) (out []picture) {
	if f, ok := m.Filters(100); ok {
		out = append(out, picture{"filters", f})
	}
	if f, err := m.Spectrum(); err == nil {
		out = append(out, picture{"spectrum", f})
	}
	return out
}
