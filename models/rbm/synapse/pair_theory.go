package synapse

import (
	"fmt"
	"math"
)

// PairOverlaps solves the replica-symmetric equations of two features of overlap q on the Nishimori line: (Q₊, Q₋), the known
// shares of the features' sum and difference, which are Q¹¹ ± Q¹² of the 2×2 order parameter. In these the equations of synapses and
// of examples are one function, E_±(v₊, v₋; κ) below: with v_± = 2β²Q_± and v̂_± = 2Q̂_±
//
//	v_± = 4β² E_±(v̂₊, v̂₋; artanh q),    v̂_± = 4αβ² E_±(v₊, v₋; β²q).
//
// Linearised, α β⁴ (1 ± q)² (1 ± tanh β²q)² = 1 is where either grows from zero; the smaller α is [ThresholdOfTwo]. The largest
// solution is found by iteration from above, to 1e-8 or in
// 5,000 steps, and zero below 1e-6.
func PairOverlaps(alpha, beta, q float64) (plus, minus float64, err error) {
	if !(alpha > 0) || !(beta > 0) || math.IsInf(alpha, 0) || math.IsInf(beta, 0) || !(math.Abs(q) < 1) {
		return 0, 0, fmt.Errorf("synapse: α = %v, β = %v, overlap %v: positive numbers, and one inside -1 … 1", alpha, beta, q)
	}
	b2 := beta * beta
	vp, vm := 2*b2*(1+q), 2*b2*(1-q) // all is known
	for range 5000 {
		hp, hm := pairMeans(vp, vm, b2*q)
		np, nm := pairMeans(4*alpha*b2*hp, 4*alpha*b2*hm, math.Atanh(q))
		np, nm = 4*b2*np, 4*b2*nm
		change := max(math.Abs(np-vp), math.Abs(nm-vm))
		if vp, vm = np, nm; change < 1e-8 {
			break
		}
	}
	const nothing = 1e-6 // what is left of an overlap that fades
	share := func(v float64) float64 {
		if v < nothing {
			return 0
		}
		return v / (2 * b2)
	}
	return share(vp), share(vm), nil
}

// pairMeans is
//
//	E₊ = E [e^k sinh p / (e^k cosh p + e^{-k} cosh r)]²,    E₋ the same with e^{-k} sinh r in the numerator,    k = κ - (v₊ - v₋)/4,
//
// over p = v₊ + √v₊ z, r = √v₋ z' with probability e^κ/2cosh κ, and p = √v₊ z, r = v₋ + √v₋ z' otherwise.
func pairMeans(vp, vm, kappa float64) (plus, minus float64) {
	const reach, cells = 7.0, 56
	k := kappa - (vp-vm)/4
	alike := 1 / (1 + math.Exp(-2*kappa))
	rp, rm := math.Sqrt(max(vp, 0)), math.Sqrt(max(vm, 0))
	for i := range cells + 1 {
		z := -reach + 2*reach*float64(i)/cells
		for j := range cells + 1 {
			y := -reach + 2*reach*float64(j)/cells
			w := math.Exp(-(z*z+y*y)/2) * (2 * reach / cells) * (2 * reach / cells) / (2 * math.Pi)
			a, b := known(vp+rp*z, rm*y, k)
			c, d := known(rp*z, vm+rm*y, k)
			plus += w * (alike*a*a + (1-alike)*c*c)
			minus += w * (alike*b*b + (1-alike)*d*d)
		}
	}
	return plus, minus
}

// known is e^k sinh p and e^{-k} sinh r over e^k cosh p + e^{-k} cosh r.
func known(p, r, k float64) (plus, minus float64) {
	most := max(k+math.Abs(p), -k+math.Abs(r))
	a, b := math.Exp(k+p-most), math.Exp(k-p-most)
	c, d := math.Exp(r-k-most), math.Exp(-r-k-most)
	z := a + b + c + d
	return (a - b) / z, (c - d) / z
}
