package rbm

import (
	"fmt"
	"math"
	"math/bits"
	"runtime"
	"sync"
)

// MaxEnumerate is the number of binary units of the smaller layer up to which Z is enumerated.
const MaxEnumerate = 24

// enumerable reports whether a layer has few enough states: binary units alone.
func enumerable(l Layer) bool {
	return (l.Units == Bernoulli || l.Units == Ising) && l.Labels == 0 && l.Count <= MaxEnumerate
}

// LogZ is ln Z by a sum over the states of the smaller layer of binary units, the other layer being summed in closed
// form: Z = Σ_h exp(c·h + Σ_i A(b_i + (Wh)_i)) or the same with the layers exchanged. States are visited in Gray code's order
// in blocks, each of which begins with fields computed afresh; sums are in float64. Bernoulli units are summed by products, see
// factors.
func (m *Machine) LogZ() (float64, error) {
	if err := m.Check(); err != nil {
		return 0, err
	}
	h, v := enumerable(m.Hidden), enumerable(m.Visible)
	switch {
	case h && (!v || m.Hidden.Count <= m.Visible.Count):
		return m.transposed().enumerate(), nil
	case v:
		return m.enumerate(), nil
	}
	return 0, fmt.Errorf("rbm: %d visible and %d hidden units: ln Z is enumerated up to %d binary units in the smaller layer", m.Visible.Count, m.Hidden.Count, MaxEnumerate)
}

// enumerate sums over the visible layer, in parallel blocks whose results are added in order.
func (m *Machine) enumerate() float64 {
	n := m.Visible.Count
	low := min(n, 12) // units that turn inside a block
	blocks := make([]float64, 1<<(n-low))
	f := newFactors(m)
	var wg sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for k := range next {
				blocks[k] = m.block(k, low, f)
			}
		})
	}
	for k := range blocks {
		next <- k
	}
	close(next)
	wg.Wait()
	return logSumExp(blocks)
}

// block is the logarithm of the sum over the states whose units from low on show the bits of k.
func (m *Machine) block(k, low int, f *factors) float64 {
	off, on := 0.0, 1.0
	if m.Visible.Units == Ising {
		off = -1
	}
	n, nh := m.Visible.Count, m.Hidden.Count
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(off)
		if i >= low && k>>(i-low)&1 == 1 {
			v[i] = float32(on)
		}
	}
	x := make([]float64, nh)
	m.fields(x, v)
	linear := 0.0
	for i, s := range v {
		linear += float64(m.B[i]) * float64(s)
	}
	var e []float64
	if f != nil {
		e = f.start(x)
	}
	terms := make([]float64, 1<<low)
	for state := range terms {
		if state > 0 {
			i := bits.TrailingZeros(uint(state))
			turn := on - off
			if v[i] == float32(on) {
				turn = off - on
			}
			v[i] += float32(turn)
			linear += turn * float64(m.B[i])
			if f != nil {
				terms[state] = linear + f.turn(e, i, turn > 0)
				continue
			}
			for j, w := range m.W[i*nh : (i+1)*nh] {
				x[j] += turn * float64(w)
			}
		}
		terms[state] = linear + m.Hidden.LogPartition(x)
	}
	return logSumExp(terms)
}

// Moments are the exact means ⟨v⟩, ⟨h⟩ and ⟨v hᵀ⟩ under the machine, by enumeration of the visible layer.
func (m *Machine) Moments() (v, h, vh []float64, err error) {
	if !enumerable(m.Visible) || m.Visible.Count > 16 {
		return nil, nil, nil, fmt.Errorf("rbm: moments are enumerated up to 16 binary visible units")
	}
	logZ := m.enumerate()
	nv, nh := m.Visible.Count, m.Hidden.Count
	v, h, vh = make([]float64, nv), make([]float64, nh), make([]float64, nv*nh)
	state, x, mean := make([]float32, nv), make([]float64, nh), make([]float64, nh)
	for s := range 1 << nv {
		for i := range state {
			state[i] = float32(s >> i & 1)
			if m.Visible.Units == Ising {
				state[i] = 2*state[i] - 1
			}
		}
		p := math.Exp(-m.FreeEnergy(state) - logZ)
		m.fields(x, state)
		m.Hidden.Means(mean, x)
		for j, y := range mean {
			h[j] += p * y
		}
		for i, s := range state {
			v[i] += p * float64(s)
			for j, y := range mean {
				vh[i*nh+j] += p * float64(s) * y
			}
		}
	}
	return v, h, vh, nil
}
