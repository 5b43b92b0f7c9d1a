package synapse

import (
	"fmt"
	"math"

	"cavity/engine/rng"
)

// A Pair is two planted features and examples drawn from the machine of two hidden units that has them,
//
//	P(σ | ξ¹, ξ²) = cosh(β ξ¹·σ/√N) cosh(β ξ²·σ/√N) / Z,    Z = 2^{N-1} [cosh(2β/√N)^{N₊} + cosh(2β/√N)^{N₋}]
//
// with N₊ sites at which the features agree and N₋ at which they differ. Sites are independent a priori,
// P₀(ξ¹_i, ξ²_i) = (1 + q ξ¹_i ξ²_i)/4, and whoever learns knows β and q.
type Pair struct {
	N, M     int
	Beta     float64
	Overlap  float64   // q, in -1 … 1, ends excluded
	Features [2][]int8 // ξ¹ and ξ², [N]
	Data     []int8    // σ, [M·N]

	// Known is how many sites of both features are told beforehand. The posterior has copies of itself, for the features may be
	// exchanged and turned together; a few known sites decide between them.
	Known int
}

// PlantPair draws two features of overlap q (on average) and m examples of n spins.
func PlantPair(n, m int, beta, overlap float64, seed uint64) (*Pair, error) {
	if n < 2 || m < 1 || !(beta > 0) || math.IsInf(beta, 0) || !(math.Abs(overlap) < 1) {
		return nil, fmt.Errorf("synapse: %d synapses a unit, %d examples, β = %v, overlap %v: at least 2, 1, a positive number and one inside -1 … 1", n, m, beta, overlap)
	}
	p := &Pair{N: n, M: m, Beta: beta, Overlap: overlap, Features: [2][]int8{make([]int8, n), make([]int8, n)}, Data: make([]int8, n*m)}
	f, agree := rng.At(seed, 0, rng.SetupStage, 11), rng.At(seed, 0, rng.SetupStage, 12)
	alike := 0
	for i := range n {
		p.Features[0][i] = sign(f.Uint32(uint64(i))>>31 == 0)
		p.Features[1][i] = p.Features[0][i]
		if 2*agree.Float64(uint64(i)) < 1+overlap {
			alike++
		} else {
			p.Features[1][i] = -p.Features[1][i]
		}
	}
	// Given hidden units h¹ and h² the spins are independent; summed over spins a pair has the weight cosh(2β/√N) to the number
	// of sites at which h¹ξ¹ and h²ξ² agree.
	root := math.Sqrt(float64(n))
	same := 1 / (1 + math.Exp(float64(n-2*alike)*math.Log(math.Cosh(2*beta/root))))
	h, s := rng.At(seed, 0, rng.SetupStage, 13), rng.At(seed, 0, rng.SetupStage, 14)
	for a := range m {
		h1 := float64(sign(h.Float64(uint64(2*a)) < .5))
		h2 := h1 * float64(sign(h.Float64(uint64(2*a+1)) < same))
		for i := range n {
			e := a*n + i
			x := beta * (h1*float64(p.Features[0][i]) + h2*float64(p.Features[1][i])) / root
			p.Data[e] = sign(s.Float64(uint64(e))*(1+math.Exp(-2*x)) < 1)
		}
	}
	return p, nil
}

func sign(up bool) int8 {
	if up {
		return 1
	}
	return -1
}

// logZ is ln Z of features whose overlap is r: N ln 2 + u + ln cosh(u r), u = ½ N ln cosh(2β/√N).
func (p *Pair) logZ(r float64) float64 {
	u := p.unit()
	return float64(p.N)*math.Ln2 + u + math.Abs(u*r) + math.Log1p(math.Exp(-2*math.Abs(u*r))) - math.Ln2
}

func (p *Pair) unit() float64 {
	return float64(p.N) * math.Log(math.Cosh(2*p.Beta/math.Sqrt(float64(p.N)))) / 2
}

// repulsion is the coupling between the features at one site that Z makes: ½[ln Z(r + 1/N) - ln Z(r - 1/N)].
func (p *Pair) repulsion(r float64) float64 {
	u := p.unit()
	return math.Atanh(math.Tanh(u*r) * math.Tanh(u/float64(p.N)))
}

// PairBeliefs are the moments of the synapses under the posterior.
type PairBeliefs struct {
	Means     [2][]float64 // ⟨ξ¹_i⟩ and ⟨ξ²_i⟩
	Products  []float64    // ⟨ξ¹_i ξ²_i⟩
	Steps     int
	Converged bool
}

// Overlaps are the shares (Q₊, Q₋) of the planted sum and difference that are known,
//
//	Q_± = |(m¹ ± m²)·(ξ¹ ± ξ²)| / 2N,
//
// which are Q¹¹ ± Q¹² of the order parameters. An exchange of the features or a turn of both leaves them as they are.
func (b PairBeliefs) Overlaps(p *Pair) (plus, minus float64) {
	for i := range p.N {
		m, k := b.Means[0][i], b.Means[1][i]
		x, y := float64(p.Features[0][i]), float64(p.Features[1][i])
		plus += (m + k) * (x + y)
		minus += (m - k) * (x - y)
	}
	n := 2 * float64(p.N)
	return math.Abs(plus) / n, math.Abs(minus) / n
}
