package multispin

import (
	"fmt"
	"math"
)

// A Rule decides with which probability a spin flips when that costs ΔE = 4n, where n = d - (its unsatisfied bonds).
type Rule uint8

const (
	Metropolis Rule = iota // min(1, exp(-βΔE))
	HeatBath               // 1/(1+exp(βΔE)), Glauber's rule
)

// String names the rule.
func (r Rule) String() string {
	switch r {
	case Metropolis:
		return "metropolis"
	case HeatBath:
		return "heat bath"
	}
	return fmt.Sprintf("rule %d", uint8(r))
}

// Classes is the number of thresholds of one temperature: for n = 1 … d under Metropolis, where n ≤ 0 always flips, and for
// |n| = 0 … d under heat bath.
func (r Rule) Classes(dims int) int {
	if r == HeatBath {
		return dims + 1
	}
	return dims
}

// class is the class of n, and whether a flip is the event u < threshold or its complement. Metropolis has no class for n ≤ 0.
func (r Rule) class(n int) (class int, complement bool) {
	if r == HeatBath {
		return max(n, -n), n < 0
	}
	return n - 1, false
}

// Always is the threshold of probability 1: every 32-bit number is below it.
const Always = 1 << 32

// Table gives the thresholds round(p·2³²) of each inverse temperature in turn, Classes of them each; a spin flips when a
// 32-bit random number is below. Under heat bath they are for n ≥ 0; flips with n < 0 take the complement.
func (r Rule) Table(dims int, betas []float64) ([]uint64, error) {
	if r > HeatBath {
		return nil, fmt.Errorf("lattice: %v: metropolis and heat bath are allowed", r)
	}
	if dims != 2 && dims != 3 {
		return nil, fmt.Errorf("lattice: %d dimensions: 2 and 3 are allowed", dims)
	}
	var table []uint64
	for i, beta := range betas {
		if !(beta >= 0) {
			return nil, fmt.Errorf("lattice: inverse temperature %v at place %d: it must be at least 0", beta, i)
		}
		for c := range r.Classes(dims) {
			n := float64(c)
			if r == Metropolis {
				n++
			}
			p := 0.5
			if n > 0 { // also keeps ∞·0 out
				p = math.Exp(-4 * beta * n)
				if r == HeatBath {
					p /= 1 + p
				}
			}
			table = append(table, uint64(math.RoundToEven(p*Always)))
		}
	}
	return table, nil
}

// Planes is the number of bit planes of the thresholds: planes 0 … 31 hold the bits of the threshold, the most significant
// first, and plane 32 is set where the threshold is Always.
const Planes = 33

// SetThresholds writes the bit planes, a tensor [Planes, classes, words]: bit r of word w of plane p and class c is bit 31-p of
// table[labels[64w+r]·classes + c]. labels says which temperature each system has, so that temperatures move between systems by
// exchanging labels; bits beyond the last label get thresholds 0. With strips a label is for all bits of a word. So it is with
// Shared, where the thresholds themselves are written, [classes, words].
func (l Lattice) SetThresholds(planes []uint64, rule Rule, table []uint64, labels []int32) error {
	if err := l.checkThresholds(rule, planes); err != nil {
		return err
	}
	classes := rule.Classes(l.Dims())
	temperatures := int32(len(table) / classes)
	most := l.Systems()
	if l.Shared {
		most = l.Words
	}
	if len(labels) > most || len(table)%classes != 0 {
		return fmt.Errorf("lattice: %d labels for %d systems or words, %d thresholds in %d classes", len(labels), most, len(table), classes)
	}
	for i, t := range labels {
		if t < 0 || t >= temperatures {
			return fmt.Errorf("lattice: label %d at place %d: there are %d temperatures", t, i, temperatures)
		}
	}
	if l.Shared {
		clear(planes)
		for w, t := range labels {
			for c := range classes {
				planes[c*l.Words+w] = table[int(t)*classes+c]
			}
		}
		return nil
	}
	for w := range l.Words {
		for c := range classes {
			l.setPlanes(planes, w, c, classes, table, labels)
		}
	}
	return nil
}

// setPlanes writes the planes of a class for word w.
func (l Lattice) setPlanes(planes []uint64, w, c, classes int, table []uint64, labels []int32) {
	var thresholds [64]uint64
	switch {
	case l.Strips && w < len(labels):
		for r := range thresholds {
			thresholds[r] = table[int(labels[w])*classes+c]
		}
	case !l.Strips && 64*w < len(labels):
		labels = labels[64*w : min(64*(w+1), len(labels))]
		for r, t := range labels {
			thresholds[r&63] = table[int(t)*classes+c]
		}
	}
	var columns [32]uint64
	var always uint64
	for r := range columns {
		low, high := thresholds[r], thresholds[32+r]
		columns[r] = low&(1<<32-1) | high<<32
		always |= low>>32<<r | high>>32<<(32+r)
	}
	transpose32(&columns)
	for p := range columns {
		planes[(p*classes+c)*l.Words+w] = columns[31-p]
	}
	planes[(32*classes+c)*l.Words+w] = always
}
