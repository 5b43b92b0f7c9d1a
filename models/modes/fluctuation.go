package modes

import "math"

// A Fluctuation is plain stochastic gradient descent along one direction of a quadratic minimum,
//
//	x ← x - η (λx + ε),
//
// ε the mean of a batch of B of the deviations of M examples' gradients from their mean. It is what a direction of a network's
// weights does near a minimum whose curvature and noise do not depend on x.
type Fluctuation struct {
	Rate      float64 // η
	Curvature float64 // λ
	Noise     float64 // S² = Σ (g - <g>)²/(M - 1) of single examples' gradients along the direction
	Examples  int     // M
	Batch     int     // B
}

// Independent is the stationary variance if every batch were drawn anew,
//
//	σ² = η D/(λ(2 - ηλ)),   D = S² (1/B - 1/M);
//
// +Inf where it does not exist, outside 0 < ηλ < 2. The temperature λσ² of small steps is ηD/2.
func (f Fluctuation) Independent() float64 {
	if !f.stable() {
		return math.Inf(1)
	}
	return f.Rate * f.Noise * (1/float64(f.Batch) - 1/float64(f.Examples)) / (f.Curvature * (2 - f.Rate*f.Curvature))
}

// Shuffled is the stationary variance when an epoch of K = ⌊M/B⌋ updates goes through a fresh permutation of the examples, over
// snapshots after every so many updates. Two batches of one epoch are anti-correlated, <ε_s ε_t> = S² (δ_st/B - 1/M), so
// that within an epoch most of the noise is taken back and directions of low curvature, ηλK ≪ 1, fluctuate much less than
// Independent says (found by Kühn and Rosenow 2023). With a = 1 - ηλ, the variance that p updates of an epoch add is
//
//	V_p = η² S² [(1 - a²ᵖ)/((1 - a²) B) - ((1 - aᵖ)/(1 - a))²/M],
//
// and p updates into an epoch σ²_p = V_p + a²ᵖ V_K/(1 - a²ᴷ). The mean is over the p that snapshots meet.
func (f Fluctuation) Shuffled(every int) float64 {
	if !f.stable() {
		return math.Inf(1)
	}
	a, epoch := 1-f.Rate*f.Curvature, f.Examples/f.Batch
	gained := func(p int) float64 {
		sum, squares := (1-math.Pow(a, float64(p)))/(1-a), (1-math.Pow(a, float64(2*p)))/(1-a*a)
		return f.Rate * f.Rate * f.Noise * (squares/float64(f.Batch) - sum*sum/float64(f.Examples))
	}
	start := gained(epoch) / (1 - math.Pow(a, float64(2*epoch)))
	mean, met := 0.0, 0
	for p := every % epoch; ; p = (p + every) % epoch {
		mean, met = mean+gained(p)+math.Pow(a, float64(2*p))*start, met+1
		if p == 0 {
			return mean / float64(met)
		}
	}
}

func (f Fluctuation) stable() bool { return f.Rate*f.Curvature > 0 && f.Rate*f.Curvature < 2 }
