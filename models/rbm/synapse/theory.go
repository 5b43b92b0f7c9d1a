package synapse

import (
	"fmt"
	"math"
)

// Threshold is α_c = β⁻⁴, below which no feature is learned.
func Threshold(beta float64) float64 { return math.Pow(beta, -4) }

// ThresholdOfTwo is α_c for two hidden units whose planted features overlap by q in -1 … 1: β⁻⁴ at q = 0, less for any other.
func ThresholdOfTwo(beta, q float64) float64 {
	t := math.Tanh(beta * beta * q)
	return math.Pow(beta, -4) / math.Pow(1+q*t+math.Abs(q+t), 2)
}

// normalMean is E f(z) for normal z by the trapezoidal rule, whose error is below rounding for smooth f.
func normalMean(f func(z float64) float64) float64 {
	const reach, cells = 10.0, 400
	sum := 0.0
	for k := range cells + 1 {
		z := -reach + 2*reach*float64(k)/cells
		sum += math.Exp(-z*z/2) * f(z)
	}
	return sum * 2 * reach / cells / math.Sqrt(2*math.Pi)
}

// Overlap solves the replica-symmetric equations: the largest solution q, to 1e-9 or better but for the slow iteration near
// α_c, where 100,000 steps are made at most. Errors: α or β that are no positive numbers.
func Overlap(alpha, beta float64) (float64, error) {
	if !(alpha > 0) || !(beta > 0) || math.IsInf(alpha, 0) || math.IsInf(beta, 0) {
		return 0, fmt.Errorf("synapse: α = %v, β = %v: positive numbers", alpha, beta)
	}
	q := 1 - 1e-6 // from above, so that the iteration ends at the largest solution
	for range 100000 {
		b := beta * math.Sqrt(q)
		hat := alpha * beta * beta * normalMean(func(z float64) float64 { return math.Tanh(b*b + b*z) })
		root := math.Sqrt(max(hat, 0))
		next := normalMean(func(z float64) float64 { return math.Tanh(hat + root*z) })
		if next = max(next, 0); math.Abs(next-q) < 1e-10 {
			return next, nil
		}
		if q = next; q < 1e-8 {
			return 0, nil
		}
	}
	return q, nil
}
