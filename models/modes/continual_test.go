package modes

import (
	"fmt"
	"math"
	"testing"
)

// Every line was found twice, here and by an independent solver, with wider and finer grids. Metropolis walks of the
// means, whose two starts (the teacher, and heating from nothing) must agree, gave at α = .5, β = 5 r = .2526(37), q* = .4366(6)
// (N = 300), and at α = 1, β = 5 q = .379(5), r = .455(8), q* = .523(3) (N = 200); at β = 20 the two starts differ and nothing
// follows. At α = 1, β = 20 the normal sums must reach far: cut at ±7 they give .856 .630 .906, at ±8 .853 .611 .912, at ±10
// .8492 .6056 .9118, and without a cut, following the peak of the integrand, the second line. The .858 .630 .905
// that this was once compared with came near the first of these, from sums that were cut.
func TestBinaryPerceptron(t *testing.T) {
	for _, c := range []struct {
		alpha, beta float64
		want        Overlaps
	}{
		{.5, 5, Overlaps{math.NaN(), .25155, .43639}},
		{1, 20, Overlaps{.849057, .605351, .911751}},
		{1, 5, Overlaps{.382987, .453948, .524557}},
	} {
		o, err := BinaryPerceptron{Alpha: c.alpha, Beta: c.beta}.Solve()
		if err != nil {
			t.Fatal(err)
		}
		const tolerance = 1e-5
		at := fmt.Sprintf("α = %v, β = %v: ", c.alpha, c.beta)
		if !math.IsNaN(c.want.Q) {
			near(t, at+"q", o.Q, c.want.Q, tolerance)
		}
		near(t, at+"r", o.R, c.want.R, tolerance)
		near(t, at+"q*", o.QStar, c.want.QStar, tolerance)
	}
	if _, err := (BinaryPerceptron{Alpha: 1}).Solve(); err == nil {
		t.Error("β = 0 was accepted")
	}
}

// E exp(-λ(x+t)²/2) = exp(-λt²/(2(1+λ)))/√(1+λ), also where the integrand peaks 36 standard deviations from 0.
func TestLogNormalSum(t *testing.T) {
	const lambda = 9
	for _, shift := range []float64{0, 1, 40} {
		got := logNormalSum(-shift*lambda/(1+lambda), func(x float64) float64 { return -lambda * (x + shift) * (x + shift) / 2 })
		near(t, fmt.Sprintf("shift %v", shift), got, -lambda*shift*shift/(2*(1+lambda))-math.Log(1+lambda)/2, 1e-9)
	}
	near(t, "ln H at the seam", logTail(30), math.Log(normalTail(30-1e-12)), 1e-5)
	m, s := interval(0, 3)
	near(t, "<m> of exp(3m)", m, 1/math.Tanh(3)-1./3, 1e-7)
	near(t, "<m²> of exp(3m)", s, 1-2./3*(1/math.Tanh(3)-1./3), 1e-7)
}
