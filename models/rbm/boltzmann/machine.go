package boltzmann

import (
	"fmt"
	"math"
	"runtime"
	"sync"

	"cavity/engine/store"
)

// A Machine is the parameters of a general Boltzmann machine, all matrices row-major.
type Machine struct {
	Visible, Hidden int
	A               []float32 // [Visible, Visible], symmetric, zero diagonal
	W               []float32 // [Visible, Hidden]
	B               []float32 // [Hidden, Hidden], symmetric, zero diagonal
	Bv, Bh          []float32 // b and c

	Height, Width int // of the pictures that the visible spins show; 0 when they are none
}

// New is a machine without couplings and fields.
func New(visible, hidden int) *Machine {
	return &Machine{Visible: visible, Hidden: hidden, A: make([]float32, visible*visible), W: make([]float32, visible*hidden),
		B: make([]float32, hidden*hidden), Bv: make([]float32, visible), Bh: make([]float32, hidden)}
}

// N is the number of spins.
func (m *Machine) N() int { return m.Visible + m.Hidden }

// Check finds parameters that do not fit each other or the model.
func (m *Machine) Check() error {
	nv, nh := m.Visible, m.Hidden
	if nv < 1 || nh < 1 {
		return fmt.Errorf("boltzmann: %d visible and %d hidden spins: at least 1 each", nv, nh)
	}
	for _, p := range []struct {
		name string
		x    []float32
		n    int
	}{{"A", m.A, nv * nv}, {"W", m.W, nv * nh}, {"B", m.B, nh * nh}, {"vbias", m.Bv, nv}, {"hbias", m.Bh, nh}} {
		if len(p.x) != p.n {
			return fmt.Errorf("boltzmann: %s has %d numbers, not %d for %d visible and %d hidden spins", p.name, len(p.x), p.n, nv, nh)
		}
		for i, x := range p.x {
			if x := float64(x); math.IsNaN(x) || math.IsInf(x, 0) {
				return fmt.Errorf("boltzmann: element %d of %s is %v", i, p.name, x)
			}
		}
	}
	for name, x := range map[string][]float32{"A": m.A, "B": m.B} {
		n := nv
		if name == "B" {
			n = nh
		}
		for i := range n {
			for j := range i + 1 {
				if x[i*n+j] != x[j*n+i] || i == j && x[i*n+i] != 0 {
					return fmt.Errorf("boltzmann: %s[%d, %d] is %v and its mirror image %v: symmetric, with zeros on the diagonal", name, i, j, x[i*n+j], x[j*n+i])
				}
			}
		}
	}
	return nil
}

// Arrays are the parameters for a file.
func (m *Machine) Arrays() []store.Array {
	nv, nh := m.Visible, m.Hidden
	return []store.Array{store.Of("A", m.A, nv, nv), store.Of("W", m.W, nv, nh), store.Of("B", m.B, nh, nh), store.Of("vbias", m.Bv), store.Of("hbias", m.Bh)}
}

// coupling is J_ij over all spins, the visible ones first.
func (m *Machine) coupling(i, j int) float64 {
	nv, nh := m.Visible, m.Hidden
	switch {
	case i < nv && j < nv:
		return float64(m.A[i*nv+j])
	case i < nv:
		return float64(m.W[i*nh+j-nv])
	case j < nv:
		return float64(m.W[j*nh+i-nv])
	}
	return float64(m.B[(i-nv)*nh+j-nv])
}

func (m *Machine) field(i int) float64 {
	if i < m.Visible {
		return float64(m.Bv[i])
	}
	return float64(m.Bh[i-m.Visible])
}

// LogWeight is ln of the unnormalised probability of a configuration of all spins, the definition in float64.
func (m *Machine) LogWeight(s []float64) float64 {
	sum := 0.0
	for i, x := range s {
		sum += m.field(i) * x
		for j := range i {
			sum += m.coupling(i, j) * x * s[j]
		}
	}
	return sum
}

// seen is ln of the weight of a visible configuration without the hidden spins, and the fields on these.
func (m *Machine) seen(v []float32) (weight float64, x []float64) {
	nv, nh := m.Visible, m.Hidden
	x = make([]float64, nh)
	for j, c := range m.Bh {
		x[j] = float64(c)
	}
	for i, s := range v {
		f := float64(m.Bv[i])
		row := m.A[i*nv : (i+1)*nv]
		for k, t := range v[:i] {
			f += float64(row[k]) * float64(t)
		}
		weight += f * float64(s)
		for j, w := range m.W[i*nh : (i+1)*nh] {
			x[j] += float64(w) * float64(s)
		}
	}
	return weight, x
}

// A Likelihood is how ln Σ_h e^{…}, the unnormalised log-probability of visible spins, is found.
type Likelihood func(m *Machine, v []float32) float64

// MaxSummed is the number of hidden spins that Summed enumerates, and MaxExact that of all spins whose Z is.
const (
	MaxSummed = 16
	MaxExact  = 22
)

// Summed is the sum over all states of at most MaxSummed hidden spins.
func Summed(m *Machine, v []float32) float64 {
	weight, x := m.seen(v)
	terms := make([]float64, 1<<m.Hidden)
	h := make([]float64, m.Hidden)
	for state := range terms {
		for j := range h {
			h[j] = float64(2*(state>>j&1) - 1)
			f := x[j]
			for k, y := range h[:j] {
				f += float64(m.B[j*m.Hidden+k]) * y
			}
			terms[state] += f * h[j]
		}
	}
	return weight + logSumExp(terms)
}

// Bounded is the mean-field lower bound, with means μ = tanh(x + Bμ) found by updating one after the other until none moves by more
// than 1e-8, which raises the bound at every update (1,000 rounds at most):
//
//	½ v·A v + b·v + x·μ + ½ μ·Bμ + Σ_j H(μ_j),    x = c + vW,    H(μ) the entropy of a spin of mean μ.
func Bounded(m *Machine, v []float32) float64 {
	weight, x := m.seen(v)
	nh := m.Hidden
	mu := make([]float64, nh)
	for j, f := range x {
		mu[j] = math.Tanh(f)
	}
	inner := func(j int) (f float64) {
		for k, y := range mu {
			f += float64(m.B[j*nh+k]) * y
		}
		return f
	}
	for range 1000 {
		worst := 0.0
		for j, f := range x {
			next := math.Tanh(f + inner(j))
			worst, mu[j] = max(worst, math.Abs(next-mu[j])), next
		}
		if worst < 1e-8 {
			break
		}
	}
	for j, y := range mu {
		weight += (x[j] + inner(j)/2) * y
		for _, p := range []float64{(1 + y) / 2, (1 - y) / 2} {
			if p > 0 {
				weight -= p * math.Log(p)
			}
		}
	}
	return weight
}

// Each is a likelihood of every row of v, on all processors.
func (m *Machine) Each(l Likelihood, v []float32) []float64 {
	out := make([]float64, len(v)/m.Visible)
	var wg sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for k := range next {
				out[k] = l(m, v[k*m.Visible:(k+1)*m.Visible])
			}
		})
	}
	for k := range out {
		next <- k
	}
	close(next)
	wg.Wait()
	return out
}

// LogZ is ln Z by the sum over all states of at most MaxExact spins.
func (m *Machine) LogZ() (float64, error) {
	z, _, err := m.Moments()
	return z, err
}

// Moments are ln Z and the exact ⟨s_i s_j⟩ [N·N], with ⟨s_i⟩ in place of the ones on the diagonal, for at most MaxExact spins.
func (m *Machine) Moments() (logZ float64, moments []float64, err error) {
	if err := m.Check(); err != nil {
		return 0, nil, err
	}
	n := m.N()
	if n > MaxExact {
		return 0, nil, fmt.Errorf("boltzmann: %d spins: at most %d are enumerated", n, MaxExact)
	}
	j, f := make([]float64, n*n), make([]float64, n)
	for i := range n {
		f[i] = m.field(i)
		for k := range i {
			j[i*n+k] = m.coupling(i, k)
		}
	}
	logs, s := make([]float64, 1<<n), make([]float64, n)
	for state := range logs {
		for i := range s {
			s[i] = float64(2*(state>>i&1) - 1)
			x := f[i]
			for k, y := range s[:i] {
				x += j[i*n+k] * y
			}
			logs[state] += x * s[i]
		}
	}
	logZ, moments = logSumExp(logs), make([]float64, n*n)
	for state, l := range logs {
		p := math.Exp(l - logZ)
		for i := range s {
			s[i] = float64(2*(state>>i&1) - 1)
			moments[i*n+i] += p * s[i]
			for k, y := range s[:i] {
				moments[i*n+k] += p * s[i] * y
			}
		}
	}
	for i := range n {
		for k := range i {
			moments[k*n+i] = moments[i*n+k]
		}
	}
	return logZ, moments, nil
}

func logSumExp(x []float64) float64 {
	most, sum := math.Inf(-1), 0.0
	for _, v := range x {
		most = max(most, v)
	}
	for _, v := range x {
		sum += math.Exp(v - most)
	}
	return most + math.Log(sum)
}
