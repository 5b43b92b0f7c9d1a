package multispin

import (
	"fmt"

	"cavity/engine"
)

// A ThresholdSetter writes the thresholds of one set of tensors whenever the labels have changed. It allocates only when it is
// made.
//
// The thresholds are bit planes [Planes, classes, Words]: bit r of word w of plane p and class c is bit 31-p of
// table[labels[64w+r]·classes + c], and plane 32 is set where that is Always. labels says which temperature each system has, so
// that temperatures move between systems by exchanging labels; bits beyond the last label get thresholds 0. With Strips a label
// is for all bits of a word. So it is with Shared, where the thresholds themselves are written, [classes, Words].
type ThresholdSetter struct {
	Lattice
	classes           int
	thresholds, table []uint64
	labels            []int32
	set               func(task, worker int)
}

// NewThresholdSetter checks the sizes of thresholds, of the table of temperatures and of labels.
func NewThresholdSetter(l Lattice, rule Rule, thresholds, table []uint64, labels []int32) (*ThresholdSetter, error) {
	if err := l.Check(); err != nil {
		return nil, err
	}
	if err := l.checkThresholds(rule, thresholds); err != nil {
		return nil, err
	}
	t := &ThresholdSetter{Lattice: l, classes: rule.Classes(l.Dims()), thresholds: thresholds, table: table, labels: labels}
	most := l.Systems()
	if l.Shared {
		most = l.Words
	}
	if len(labels) > most || len(table)%t.classes != 0 {
		return nil, fmt.Errorf("lattice: %d labels for %d systems or words, %d thresholds in %d classes", len(labels), most, len(table), t.classes)
	}
	t.set = t.setLine
	return t, nil
}

// Set writes the thresholds of the present labels. A label without temperature is an error, and nothing is written.
func (t *ThresholdSetter) Set(w engine.Workers) error {
	temperatures := int32(len(t.table) / t.classes)
	for i, k := range t.labels {
		if k < 0 || k >= temperatures {
			return fmt.Errorf("lattice: label %d at place %d: there are %d temperatures", k, i, temperatures)
		}
	}
	if t.Words < line { // classes share cache lines
		for c := range t.classes {
			t.setLine(c, 0)
		}
		return nil
	}
	w.Do(t.classes*((t.Words+line-1)/line), t.set)
	return nil
}

// setLine writes one class of the words of a cache line, which two workers must not share.
func (t *ThresholdSetter) setLine(task, _ int) {
	c, first := task%t.classes, line*(task/t.classes)
	for w := first; w < min(first+line, t.Words); w++ {
		if !t.Shared {
			t.setPlanes(w, c)
			continue
		}
		t.thresholds[c*t.Words+w] = 0
		if w < len(t.labels) {
			t.thresholds[c*t.Words+w] = t.table[int(t.labels[w])*t.classes+c]
		}
	}
}

// setPlanes writes the planes of a class.
func (t *ThresholdSetter) setPlanes(w, c int) {
	var bits [64]uint64 // the threshold of each
	switch {
	case t.Strips && w < len(t.labels):
		for r := range bits {
			bits[r] = t.table[int(t.labels[w])*t.classes+c]
		}
	case !t.Strips && 64*w < len(t.labels):
		for r, k := range t.labels[64*w : min(64*(w+1), len(t.labels))] {
			bits[r&63] = t.table[int(k)*t.classes+c]
		}
	}
	var columns [32]uint64
	var always uint64
	for r := range columns {
		low, high := bits[r], bits[32+r]
		columns[r] = low&(1<<32-1) | high<<32
		always |= low>>32<<r | high>>32<<(32+r)
	}
	transpose32(&columns)
	for p := range columns {
		t.thresholds[(p*t.classes+c)*t.Words+w] = columns[31-p]
	}
	t.thresholds[(32*t.classes+c)*t.Words+w] = always
}
