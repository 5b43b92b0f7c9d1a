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
