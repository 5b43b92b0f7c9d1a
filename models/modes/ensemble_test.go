package modes

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"gorgonia.org/tensor"
)

// spikeAndSlab is a state of an ensemble inside its bounds.
func spikeAndSlab(tb testing.TB, tr *Trainer) Weights {
	tb.Helper()
	w := Weights{}
	for i, p := range tr.Parameters() {
		x := p.Initial(9, i)
		for k := range x {
			switch p.Name[:1] {
			case "x":
				x[k] = .2 + float64(k%5)*.1
			case "p":
				x[k] = .15 + float64(k%7)*.1
			}
		}
		w[p.Name] = x
		if err := tr.SetParameter(p.Name, x); err != nil {
			tb.Fatal(err)
		}
	}
	return w
}

// ensembleGradient is the loss and its gradient by the closed formulas: with δ = ∂L/∂z, D = √(Σ(ρ-μ²)a²) and n inputs,
//
//	∂m = [δ a (1-π) + δ ε/D a² μ π]/√n,   ∂Ξ = δ ε/(2D) a² (1-π)/√n,
//	∂π = -[δ a m + δ ε/(2D) a² ((2π-1) m² + Ξ)]/√n.
func ensembleGradient(tr *Trainer, w Weights, x, y []float64, eps [][]float64) (loss float64, grad Weights) {
	grad = Weights{}
	layers := len(tr.Layers) - 1
	acts, roots := [][]float64{x}, [][]float64{}
	for l := range layers {
		in, out, a := tr.Layers[l], tr.Layers[l+1], acts[l]
		m, xi, pi := w[fmt.Sprintf("m%d", l+1)], w[fmt.Sprintf("xi%d", l+1)], w[fmt.Sprintf("pi%d", l+1)]
		z, d := make([]float64, tr.Batch*out), make([]float64, tr.Batch*out)
		for r := range tr.Batch {
			for j := range out {
				mean, variance := 0.0, quiet
				for i := range in {
					k := i*out + j
					mu, rho := (1-pi[k])*m[k], (1-pi[k])*(xi[k]+m[k]*m[k])
					mean += mu * a[r*in+i]
					variance += (rho - mu*mu) * a[r*in+i] * a[r*in+i]
				}
				d[r*out+j] = math.Sqrt(variance)
				z[r*out+j] = (mean + eps[l][r*out+j]*d[r*out+j]) / math.Sqrt(float64(in))
				if l < layers-1 {
					z[r*out+j] = math.Tanh(z[r*out+j])
				}
			}
		}
		acts, roots = append(acts, z), append(roots, d)
	}
	classes := tr.Layers[layers]
	delta := make([]float64, tr.Batch*classes)
	for r := range tr.Batch {
		z, sum := acts[layers][r*classes:(r+1)*classes], 0.0
		for _, v := range z {
			sum += math.Exp(v)
		}
		for c, v := range z {
			t := y[r*classes+c]
			loss -= t * (v - math.Log(sum)) / float64(tr.Batch)
			delta[r*classes+c] = (math.Exp(v)/sum - t) / float64(tr.Batch)
		}
	}
	for l := layers - 1; l >= 0; l-- {
		in, out, a := tr.Layers[l], tr.Layers[l+1], acts[l]
		m, xi, pi := w[fmt.Sprintf("m%d", l+1)], w[fmt.Sprintf("xi%d", l+1)], w[fmt.Sprintf("pi%d", l+1)]
		gm, gx, gp, below := make([]float64, in*out), make([]float64, in*out), make([]float64, in*out), make([]float64, tr.Batch*in)
		root := math.Sqrt(float64(in))
		for r := range tr.Batch {
			for j := range out {
				dz, ratio := delta[r*out+j], eps[l][r*out+j]/roots[l][r*out+j]
				for i := range in {
					k, ai := i*out+j, a[r*in+i]
					mu, rho := (1-pi[k])*m[k], (1-pi[k])*(xi[k]+m[k]*m[k])
					gm[k] += (dz*ai*(1-pi[k]) + dz*ratio*ai*ai*mu*pi[k]) / root
					gx[k] += dz * ratio / 2 * ai * ai * (1 - pi[k]) / root
					gp[k] -= (dz*ai*m[k] + dz*ratio/2*ai*ai*((2*pi[k]-1)*m[k]*m[k]+xi[k])) / root
					below[r*in+i] += dz * (mu + ratio*(rho-mu*mu)*ai) / root * (1 - ai*ai)
				}
			}
		}
		grad[fmt.Sprintf("m%d", l+1)], grad[fmt.Sprintf("xi%d", l+1)], grad[fmt.Sprintf("pi%d", l+1)] = gm, gx, gp
		delta = below
	}
	return loss, grad
}

// The graph's gradients are the closed formulas', and those are differences of the loss.
func TestEnsembleGradients(t *testing.T) {
	const rate = 1e-3
	tr := begin(t, Training{Network: Network{Layers: []int{6, 5, 4, 3}, Space: Ensemble, Activation: "tanh"}, Data: tiny(), Optimiser: "sgd", Rate: rate, Batch: 7, Seed: 2, Dtype: tensor.Float64}, "cpu", 1)
	w := spikeAndSlab(t, tr)
	if err := tr.Advance(context.Background(), 1); err != nil {
		t.Fatal(err)
	}
	read := func(name string) []float64 {
		x, err := tr.read(name)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	x, y := read("x"), read("y")
	eps := [][]float64{read("eps1"), read("eps2"), read("eps3")}
	loss, grad := ensembleGradient(tr, w, x, y, eps)
	near(t, "loss", read("loss")[0], loss, 1e-12)
	for name, g := range grad {
		after := read(name)
		for i := range g {
			got := (w[name][i] - after[i]) / rate
			near(t, fmt.Sprintf("graph: ∂%s[%d]", name, i), got, g[i], 1e-11)
			f := func(h float64) float64 {
				moved := Weights{}
				for k, v := range w {
					moved[k] = v
				}
				moved[name] = slices.Clone(w[name])
				moved[name][i] += h
				l, _ := ensembleGradient(tr, moved, x, y, eps)
				return l
			}
			const h = 1e-4
			want := (8*(f(h)-f(-h)) - (f(2*h) - f(-2*h))) / (12 * h)
			near(t, fmt.Sprintf("formula: ∂%s[%d]", name, i), g[i], want, 1e-10)
		}
		if t.Failed() {
			return
		}
	}
}

// Ξ and π stay within their bounds whatever the rate.
func TestEnsembleIsConfined(t *testing.T) {
	tr := begin(t, Training{Network: Network{Layers: []int{6, 5, 3}, Space: Ensemble}, Data: tiny(), Rate: .3, Batch: 7, Seed: 2}, "cpu", 1)
	bounds := 0
	for range 12 {
		if err := tr.Advance(context.Background(), 1); err != nil {
			t.Fatal(err)
		}
		for l := range 2 {
			xi, _ := tr.Parameter(fmt.Sprintf("xi%d", l+1))
			pi, _ := tr.Parameter(fmt.Sprintf("pi%d", l+1))
			for i := range xi {
				if !(xi[i] >= 0) || !(pi[i] >= 0 && pi[i] <= 1) {
					t.Fatalf("Ξ = %v, π = %v", xi[i], pi[i])
				}
				if pi[i] == 1 {
					bounds++
				}
			}
		}
	}
	if bounds == 0 {
		t.Error("no π ever reached 1: the bound was not tried")
	}
}

// Sampled weights have mean μ/√n and variance (ρ-μ²)/n, and are 0 with probability π: 4,000 networks of one weight each in
// 15 places. The tolerance is five standard errors, which one of 45 numbers exceeds with probability 3e-5.
func TestSamples(t *testing.T) {
	n := Network{Layers: []int{5, 3}, Space: Ensemble}
	w := Weights{"m1": nil, "xi1": nil, "pi1": nil}
	for k := range 15 {
		w["m1"] = append(w["m1"], float64(k%4)-1.5)
		w["xi1"] = append(w["xi1"], .1*float64(k%3))
		w["pi1"] = append(w["pi1"], .2*float64(k%5))
	}
	const draws = 4000
	var zero, first, second [15]float64
	for k := range draws {
		_, s, err := n.Sample(w, 3, k)
		if err != nil {
			t.Fatal(err)
		}
		for i, x := range s["W1"] {
			x *= math.Sqrt(5)
			if x == 0 {
				zero[i]++
			}
			first[i] += x / draws
			second[i] += x * x / draws
		}
	}
	for i := range 15 {
		m, xi, pi := w["m1"][i], w["xi1"][i], w["pi1"][i]
		mu, rho := (1-pi)*m, (1-pi)*(xi+m*m)
		fourth := (1-pi)*(m*m*m*m+6*m*m*xi+3*xi*xi) - rho*rho
		near(t, "share of zeros", zero[i]/draws, pi, 5*math.Sqrt(pi*(1-pi)/draws)+1e-12)
		near(t, "mean", first[i], mu, 5*math.Sqrt((rho-mu*mu)/draws)+1e-12)
		near(t, "mean square", second[i], rho, 5*math.Sqrt(max(fourth, 0)/draws)+1e-12)
	}
}

func TestEntropyOfAWeight(t *testing.T) {
	unit := 10 / (2 * math.Pi * math.E) // a normal law of this variance over 10 inputs has entropy 0
	near(t, "a coin and a law of entropy 0", Entropy(.5, unit, 10), math.Ln2, 1e-15)
	near(t, "never zero, e² times as wide", Entropy(0, unit*math.Exp(2), 10), 1, 1e-12)
	near(t, "always zero", Entropy(1, 0, 10), 0, 0)
	if s := Entropy(.5, 0, 10); !math.IsInf(s, -1) {
		t.Errorf("entropy of a value without spread: %v", s)
	}
}
