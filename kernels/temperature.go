package kernels

import (
	"fmt"

	"cavity/kernels/internal/chance"
)

// Rule chooses the probability with which a spin turns.
type Rule = chance.Rule

// Metropolis turns a spin with probability min(1, exp(-ΔE/T)); HeatBath, also called Glauber's rule, with 1/(1+exp(ΔE/T)).
// Metropolis moves faster, but at infinite temperature it turns every spin at every visit: there HeatBath is the rule to take.
const (
	Metropolis = chance.Metropolis
	HeatBath   = chance.HeatBath
)

// halfTemperatures writes T/2 of every replica, given the inverse temperatures and which of them each replica has.
func halfTemperatures(dst []float32, beta []float64, index []int32) error {
	for r, k := range index {
		if k < 0 || int(k) >= len(beta) {
			return fmt.Errorf("replica %d has temperature %d of a ladder of %d", r, k, len(beta))
		}
		if b := beta[k]; !(b >= 0) {
			return fmt.Errorf("inverse temperature %d is %v: it must be a number that is not negative", k, b)
		}
		dst[r] = chance.HalfTemperature(beta[k])
	}
	return nil
}
