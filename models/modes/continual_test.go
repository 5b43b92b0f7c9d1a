package modes

import (
	"fmt"
	"math"
	"testing"
)

// An independent solution of the saddle point at α = .5 gave the first line (its normal sums were cut at a fixed range, hence the
// tolerance) and r, q* of the second, where Metropolis at N = 300 gave r = .2526(37), q* = .4366(6).
func TestBinaryPerceptron(t *testing.T) {
	for _, c := range []struct {
		alpha, beta float64
		want        Overlaps
	}{{.5, 20, Overlaps{.539605, .379042, .679773}}, {.5, 5, Overlaps{math.NaN(), .25155, .43639}}} {
		o, err := BinaryPerceptron{Alpha: c.alpha, Beta: c.beta}.Solve()
		if err != nil {
			t.Fatal(err)
		}
		at := fmt.Sprintf("α = %v, β = %v: ", c.alpha, c.beta)
		if !math.IsNaN(c.want.Q) {
			near(t, at+"q", o.Q, c.want.Q, 1e-4)
		}
		near(t, at+"r", o.R, c.want.R, 1e-4)
		near(t, at+"q*", o.QStar, c.want.QStar, 1e-4)
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
