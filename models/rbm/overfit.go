package rbm

import "math"

// energies are the free energies of the examples that a Monitor looks at, in their order.
type energies struct{ Train, Test []float64 }

// compare sets the free energy gap and its growth since the first epoch. A gap alone proves nothing: a collection's parts may differ
// by themselves, and even if they do not, free energies differ so much from one example to the next that the gap of two samples of
// one law has a standard error of a nat. Its growth is compared example by example, which takes all this out.
func (e *Epoch) compare(first, now energies) {
	gap := func(test, train []float64) (mean, err float64) {
		return average(test) - average(train), math.Hypot(errorOf(test), errorOf(train))
	}
	e.FreeEnergyGap, e.GapErr = gap(now.Test, now.Train)
	e.Growth, e.GrowthErr = gap(differences(now.Test, first.Test), differences(now.Train, first.Train))
}

// Overfits reports whether the gap and its growth since the first epoch both exceed three of their standard errors. For a machine
// that treats examples of either part alike each happens with probability 1.3e-3 at most, and so do both.
func (e Epoch) Overfits() bool { return e.FreeEnergyGap > 3*e.GapErr && e.Growth > 3*e.GrowthErr }

func differences(a, b []float64) []float64 {
	d := make([]float64, min(len(a), len(b)))
	for k := range d {
		d[k] = a[k] - b[k]
	}
	return d
}

// MeanOf is the mean of numbers and its standard error.
func MeanOf(x []float64) (mean, err float64) { return average(x), errorOf(x) }

func errorOf(x []float64) float64 {
	if len(x) < 2 {
		return 0
	}
	mean, sum := average(x), 0.0
	for _, v := range x {
		sum += (v - mean) * (v - mean)
	}
	return math.Sqrt(sum / float64(len(x)-1) / float64(len(x)))
}
