package synapse

import (
	"fmt"
	"math"

	"cavity/engine"
	"cavity/engine/rng"
)

// A Problem is a planted feature and examples drawn from it.
type Problem struct {
	N, M    int
	Beta    float64
	Feature []int8 // ξ, [N]
	Data    []int8 // σ, [M·N]
}

// Plant draws a feature and m examples of n spins: the hidden unit of an example is ±1 alike, its spins are independent with
// P(σ_i) ∝ exp(β h ξ_i σ_i / √N).
func Plant(n, m int, beta float64, seed uint64) (*Problem, error) {
	if n < 2 || m < 1 || !(beta > 0) || math.IsInf(beta, 0) {
		return nil, fmt.Errorf("synapse: %d synapses, %d examples, β = %v: at least 2, 1 and a positive number", n, m, beta)
	}
	if err := engine.Room(fmt.Sprintf("synapse: %d examples of %d synapses", m, n), float64(n)*float64(m), engine.FreeMemory()); err != nil {
		return nil, err
	}
	p := &Problem{N: n, M: m, Beta: beta, Feature: make([]int8, n), Data: make([]int8, n*m)}
	f, h, s := rng.At(seed, 0, rng.SetupStage, 1), rng.At(seed, 0, rng.SetupStage, 2), rng.At(seed, 0, rng.SetupStage, 3)
	for i := range p.Feature {
		p.Feature[i] = sign(f.Uint32(uint64(i))>>31 == 0)
	}
	agree := 1 / (1 + math.Exp(-2*beta/math.Sqrt(float64(n))))
	for a := range m {
		hidden := sign(h.Uint32(uint64(a))>>31 == 0)
		for i := range n {
			e := a*n + i
			p.Data[e] = hidden * p.Feature[i] * sign(s.Float64(uint64(e)) < agree)
		}
	}
	return p, nil
}

// Beliefs are the means m_i of the synapses under the posterior.
type Beliefs struct {
	Means     []float64
	Steps     int
	Converged bool
}

// Overlap is |Σ m_i ξ_i| / N with the planted feature; the sign of a feature cannot be learned.
func (b Beliefs) Overlap(p *Problem) float64 {
	sum := 0.0
	for i, m := range b.Means {
		sum += m * float64(p.Feature[i])
	}
	return math.Abs(sum) / float64(p.N)
}

// Self is Σ m_i² / N, equal to the overlap on average on the Nishimori line.
func (b Beliefs) Self() float64 {
	sum := 0.0
	for _, m := range b.Means {
		sum += m * m
	}
	return sum / float64(len(b.Means))
}

// Believe iterates belief propagation,
//
//	G_{b→i} = (1/√N) Σ_{j≠i} σ_j^b m_{j→b},    u_{b→i} = atanh(tanh(β G_{b→i}) tanh(β σ_i^b/√N)),
//	m_{i→a} = tanh Σ_{b≠a} u_{b→i},
//
// from small random messages until no message moves by more than tolerance, at most steps times. A step costs N·M operations.
func (p *Problem) Believe(steps int, tolerance float64, seed uint64) Beliefs {
	n, root := p.N, math.Sqrt(float64(p.N))
	m := make([]float64, n*p.M) // m_{i→a} at [a·N + i]
	r := rng.At(seed, 0, rng.SetupStage, 4)
	for e := range m {
		m[e] = .1 * r.Normal64(uint64(e))
	}
	u, field := make([]float64, n*p.M), make([]float64, n)
	weak := math.Tanh(p.Beta / root)
	b := Beliefs{Means: make([]float64, n)}
	for b.Steps = 1; b.Steps <= steps; b.Steps++ {
		clear(field)
		for a := range p.M {
			row, data := m[a*n:(a+1)*n], p.Data[a*n:(a+1)*n]
			g := 0.0
			for i, x := range row {
				g += float64(data[i]) * x
			}
			for i, x := range row {
				s := float64(data[i])
				v := s * math.Atanh(weak*math.Tanh(p.Beta*(g-s*x)/root))
				u[a*n+i] = v
				field[i] += v
			}
		}
		worst := 0.0
		for e, v := range u {
			next := math.Tanh(field[e%n] - v)
			worst = max(worst, math.Abs(next-m[e]))
			m[e] = next
		}
		if worst < tolerance {
			b.Converged = true
			break
		}
	}
	for i, f := range field {
		b.Means[i] = math.Tanh(f)
	}
	return b
}
