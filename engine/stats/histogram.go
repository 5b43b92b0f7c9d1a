package stats

import (
	"fmt"
	"math"
)

// Histogram counts values, weighted or not, in equal bins of [Lo, Hi): bin i is [Lo+i·width, Lo+(i+1)·width). Values outside are counted apart,
// NaN too; the upper end itself belongs to the last bin, because overlaps and magnetisations reach it.
type Histogram struct {
	lo, hi      float64
	sum, square []float64 // weights and their squares
	under, over float64
	bad         int64
}

// NewHistogram makes an empty histogram of [lo, hi].
func NewHistogram(lo, hi float64, bins int) (*Histogram, error) {
	if !(lo < hi) || math.IsInf(hi-lo, 0) {
		return nil, fmt.Errorf("stats: histogram from %v to %v, a finite rising range is needed", lo, hi)
	}
	if bins < 1 {
		return nil, fmt.Errorf("stats: histogram of %d bins, at least 1", bins)
	}
	return &Histogram{lo: lo, hi: hi, sum: make([]float64, bins), square: make([]float64, bins)}, nil
}

// Add counts x once.
func (h *Histogram) Add(x float64) { h.AddWeighted(x, 1) }

// AddWeighted counts x with weight w. A NaN, or a weight that is negative or not finite, is left out and counted by Bad.
func (h *Histogram) AddWeighted(x, w float64) {
	switch {
	case x != x || !(w >= 0) || w-w != 0:
		h.bad++
	case x < h.lo:
		h.under += w
	case x > h.hi:
		h.over += w
	default:
		i := min(int((x-h.lo)/(h.hi-h.lo)*float64(len(h.sum))), len(h.sum)-1)
		h.sum[i] += w
		h.square[i] += w * w
	}
}

// Merge adds the counts of o, which must have the same bins.
func (h *Histogram) Merge(o *Histogram) error {
	if h.lo != o.lo || h.hi != o.hi || len(h.sum) != len(o.sum) {
		return fmt.Errorf("stats: histograms of [%v, %v] in %d bins and of [%v, %v] in %d", h.lo, h.hi, len(h.sum), o.lo, o.hi, len(o.sum))
	}
	for i := range h.sum {
		h.sum[i] += o.sum[i]
		h.square[i] += o.square[i]
	}
	h.under, h.over, h.bad = h.under+o.under, h.over+o.over, h.bad+o.bad
	return nil
}

// Bins is the number of bins, Width that of one, Center the middle of bin i.
func (h *Histogram) Bins() int            { return len(h.sum) }
func (h *Histogram) Width() float64       { return (h.hi - h.lo) / float64(len(h.sum)) }
func (h *Histogram) Center(i int) float64 { return h.lo + (float64(i)+.5)*h.Width() }

// Weight is the sum of weights in bin i; Total is that of all bins and of both sides, Outside that of the sides below and above.
func (h *Histogram) Weight(i int) float64 { return h.sum[i] }

func (h *Histogram) Total() float64 {
	t := h.under + h.over
	for _, w := range h.sum {
		t += w
	}
	return t
}

func (h *Histogram) Outside() (below, above float64) { return h.under, h.over }

// Bad is the number of values left out.
func (h *Histogram) Bad() int64 { return h.bad }

// Density is the probability density in bin i, weight/(total·width), with the error for independent values √(Σw²)/(total·width).
// For correlated ones multiply the error by √(2τ). It is NaN in an empty histogram.
func (h *Histogram) Density(i int) Estimate {
	norm := h.Total() * h.Width()
	return Estimate{h.sum[i] / norm, math.Sqrt(h.square[i]) / norm}
}
