package modes

import (
	"fmt"
	"math"
	"slices"

	"cavity/engine/rng"
	"cavity/models/dataset"
)

// Weights are the arrays of a network by the names of Network.Parameters.
type Weights map[string][]float64

// layerModes are the modes of layer l: Σ, ξ_in as n_l × P and ξ_out as P × n_{l+1} (copied when it is tied).
func (n Network) layerModes(w Weights, l int) (in, sigma, out []float64) {
	in, sigma, out = w[fmt.Sprintf("in%d", l+1)], w[fmt.Sprintf("sigma%d", l+1)], w[fmt.Sprintf("out%d", l+1)]
	if sigma == nil {
		sigma = make([]float64, n.P)
		for p := range sigma {
			sigma[p] = 1
		}
	}
	if out == nil {
		next, units := w[fmt.Sprintf("in%d", l+2)], n.Layers[l+1]
		out = make([]float64, n.P*units)
		for p := range n.P {
			for j := range units {
				out[p*units+j] = next[j*n.P+p]
			}
		}
	}
	return in, sigma, out
}

// Significance is τ_μ = |Σ_μ| + γ (‖ξ_in,μ‖ + ‖ξ_out,μ‖) of the modes of layer l, counted from 0, with
// γ = mean |Σ| / mean (‖ξ_in‖ + ‖ξ_out‖), which makes both parts equal on average (Li, Huang 2023).
func (n Network) Significance(w Weights, l int) []float64 {
	in, sigma, out := n.layerModes(w, l)
	tau, norm := make([]float64, n.P), make([]float64, n.P)
	var strengths, norms float64
	for p := range n.P {
		var a, b float64
		for i := range n.Layers[l] {
			a += in[i*n.P+p] * in[i*n.P+p]
		}
		for _, x := range out[p*n.Layers[l+1] : (p+1)*n.Layers[l+1]] {
			b += x * x
		}
		norm[p] = math.Sqrt(a) + math.Sqrt(b)
		strengths, norms = strengths+math.Abs(sigma[p]), norms+norm[p]
	}
	for p := range tau {
		tau[p] = math.Abs(sigma[p])
		if norms > 0 {
			tau[p] += strengths / norms * norm[p]
		}
	}
	return tau
}

// bend is the rank at which the two slopes meet.
const bend = 10

// A RankLaw is τ against rank r = 1, 2, … in descending order, with the slopes of ln τ against ln r for r ≤ 10 and for
// r ≥ 10; a slope of fewer than three ranks is NaN.
type RankLaw struct {
	Tau        []float64
	Head, Tail float64
}

// Published are the slopes that Li and Huang (2023) found for 70 modes on all of MNIST after 200 epochs.
var Published = RankLaw{Head: -.13, Tail: -.82}

// Rank sorts significances and fits the two slopes by least squares.
func Rank(tau []float64) RankLaw {
	r := RankLaw{Tau: slices.Clone(tau)}
	slices.SortFunc(r.Tau, func(a, b float64) int { return -compare(a, b) })
	r.Head, r.Tail = slope(r.Tau, 1, bend), slope(r.Tau, bend, len(tau))
	return r
}

// Guide is a law with the slopes of r and the ranks of another, which it meets at the bend.
func (r RankLaw) Guide(other RankLaw) []float64 {
	tau := make([]float64, len(other.Tau))
	for k := range tau {
		slope := r.Head
		if k+1 > bend {
			slope = r.Tail
		}
		tau[k] = other.Tau[min(bend, len(tau))-1] * math.Pow(float64(k+1)/bend, slope)
	}
	return tau
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// slope is that of ln τ against ln rank from one rank to another.
func slope(tau []float64, from, to int) float64 {
	var n, sx, sy, sxx, sxy float64
	for r := from; r <= min(to, len(tau)); r++ {
		if tau[r-1] <= 0 {
			continue
		}
		x, y := math.Log(float64(r)), math.Log(tau[r-1])
		n, sx, sy, sxx, sxy = n+1, sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	if n < 3 {
		return math.NaN()
	}
	return (n*sxy - sx*sy) / (n*sxx - sx*sx)
}

// An Order says which modes are removed first.
type Order string

const (
	Ascending  Order = "ascending"  // the least significant first
	Descending Order = "descending" // the most significant first
	Random     Order = "random"     // averaged over Removal.Draws orders
)

// Orders lists all orders.
var Orders = []Order{Ascending, Descending, Random}

// A Removal measures the test accuracy as modes of one layer are removed, the others left as they are.
type Removal struct {
	Layer int // from 0
	Order Order
	Steps int // fractions 0, 1/Steps, …, 1; 0: 10
	Draws int // of Random; 0: 3
	Seed  uint64
}

const removalStream = 90

// Measure returns the fractions removed and the accuracies. The classifier's parameters are as before afterwards.
func (r Removal) Measure(c *Classifier, w Weights, p dataset.Part) (fraction, accuracy []float64, err error) {
	n := c.network
	if !n.InModes() || r.Layer < 0 || r.Layer > len(n.Layers)-2 {
		return nil, nil, fmt.Errorf("modes: removal of modes of layer %d of a network of %d layers in %s space", r.Layer+1, len(n.Layers)-1, n.Space)
	}
	if r.Steps == 0 {
		r.Steps = 10
	}
	draws := 1
	if r.Order == Random {
		draws = max(r.Draws, 1)
		if r.Draws == 0 {
			draws = 3
		}
	}
	accuracy = make([]float64, r.Steps+1)
	for d := range draws {
		order := r.order(n, w, d)
		for k := range r.Steps + 1 {
			gone := order[:k*n.P/r.Steps]
			name, x := n.without(w, r.Layer, gone)
			if err := c.SetParameter(name, x); err != nil {
				return nil, nil, err
			}
			a, err := c.Accuracy(p)
			if err != nil {
				return nil, nil, err
			}
			accuracy[k] += a / float64(draws)
			if err := c.SetParameter(name, w[name]); err != nil {
				return nil, nil, err
			}
		}
	}
	for k := range r.Steps + 1 {
		fraction = append(fraction, float64(k*n.P/r.Steps)/float64(n.P))
	}
	return fraction, accuracy, nil
}

// order lists the modes as they are removed.
func (r Removal) order(n Network, w Weights, draw int) []int {
	order := make([]int, n.P)
	for p := range order {
		order[p] = p
	}
	if r.Order == Random {
		shuffled := make([]int32, n.P)
		rng.At(r.Seed, uint64(draw), rng.SetupStage, removalStream+uint16(r.Layer)).Permutation(shuffled)
		for p, q := range shuffled {
			order[p] = int(q)
		}
		return order
	}
	tau := n.Significance(w, r.Layer)
	slices.SortStableFunc(order, func(a, b int) int { return compare(tau[a], tau[b]) })
	if r.Order == Descending {
		slices.Reverse(order)
	}
	return order
}

// without is the array that modes enter by, with the given ones set to zero: Σ, or ξ_in where Σ ≡ 1.
func (n Network) without(w Weights, l int, gone []int) (name string, x []float64) {
	name, rows := fmt.Sprintf("sigma%d", l+1), 1
	if n.Space == UnitModes {
		name, rows = fmt.Sprintf("in%d", l+1), n.Layers[l]
	}
	x = slices.Clone(w[name])
	for i := range rows {
		for _, p := range gone {
			x[i*n.P+p] = 0
		}
	}
	return name, x
}
