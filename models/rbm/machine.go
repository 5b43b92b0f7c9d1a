package rbm

import (
	"fmt"
	"math"

	"cavity/engine"
	"cavity/engine/rng"
)

// A Machine is the parameters of a restricted Boltzmann machine. W is [visible, hidden], row-major.
type Machine struct {
	Visible, Hidden Layer
	W, B, C         []float32

	// Base is the field b_A of the independent units from which annealed importance sampling and tempering start:
	// their law is that of the data's single units. nil: zero.
	Base []float32
	// Height and Width are the size of the pictures that the first Height·Width visible units show; 0 when they are none.
	Height, Width int
	// Shift and Scale turn pixels x in 0 … 1 into Gaussian units (x - Shift)/Scale; nil for other units.
	Shift, Scale []float32
	// Binarised says how bytes became Bernoulli or Ising units: "threshold" or "sample". Likelihoods of the two do not compare.
	Binarised string
}

// Streams of random numbers that machines and graphs use.
const (
	drawStream    = 1 // minibatches
	visibleStream = 2 // and the next
	hiddenStream  = 4 // and the next
	swapStream    = 6
	flipStream    = 7
	initStream    = 8
)

// New is a machine with normal weights of the given deviation and zero biases.
func New(visible, hidden Layer, deviation float64, seed uint64) (*Machine, error) {
	m := &Machine{Visible: visible, Hidden: hidden}
	if err := m.layers(); err != nil {
		return nil, err
	}
	// A training holds the weights, their gradient and its memory.
	need := 3 * 4 * float64(visible.Count) * float64(hidden.Count)
	if err := engine.Room(fmt.Sprintf("rbm: a machine of %d visible and %d hidden units", visible.Count, hidden.Count), need, engine.FreeMemory()); err != nil {
		return nil, err
	}
	m.W, m.B, m.C = make([]float32, visible.Count*hidden.Count), make([]float32, visible.Count), make([]float32, hidden.Count)
	rng.At(seed, 0, rng.SetupStage, initStream).FillNormal32(m.W, 0)
	for i := range m.W {
		m.W[i] *= float32(deviation)
	}
	return m, nil
}

func (m *Machine) layers() error {
	if err := m.Visible.Check("visible"); err != nil {
		return err
	}
	if err := m.Hidden.Check("hidden"); err != nil {
		return err
	}
	if !m.Visible.Discrete() && !m.Hidden.Discrete() {
		return fmt.Errorf("rbm: %s visible and %s hidden units: one layer must have a finite number of states, or the energy may have no lower bound", m.Visible.Units, m.Hidden.Units)
	}
	return nil
}

// Check finds parameters that do not fit each other or are no finite numbers.
func (m *Machine) Check() error {
	if err := m.layers(); err != nil {
		return err
	}
	nv, nh := m.Visible.Count, m.Hidden.Count
	for _, p := range []struct {
		name string
		x    []float32
		n    int
	}{{"W", m.W, nv * nh}, {"vbias", m.B, nv}, {"hbias", m.C, nh}, {"base", m.Base, nv}, {"shift", m.Shift, nv}, {"scale", m.Scale, nv}} {
		if len(p.x) != p.n && (p.x != nil || p.name == "W" || p.name == "vbias" || p.name == "hbias") {
			return fmt.Errorf("rbm: %s has %d numbers, not %d for %d visible and %d hidden units", p.name, len(p.x), p.n, nv, nh)
		}
		for i, x := range p.x {
			if x := float64(x); math.IsNaN(x) || math.IsInf(x, 0) {
				return fmt.Errorf("rbm: element %d of %s is %v", i, p.name, x)
			}
		}
	}
	if m.Height*m.Width > nv {
		return fmt.Errorf("rbm: pictures of %d×%d pixels on %d visible units", m.Height, m.Width, nv)
	}
	return nil
}

// write puts the parameters into a Program's slots.
func (m *Machine) write(p *engine.Program, prefix string) error {
	for name, x := range map[string][]float32{"W": m.W, "b": m.B, "c": m.C} {
		if err := p.Write(prefix+name, x); err != nil {
			return err
		}
	}
	return nil
}

// read takes the parameters from a Program's slots.
func (m *Machine) read(p *engine.Program, prefix string) error {
	for name, x := range map[string][]float32{"W": m.W, "b": m.B, "c": m.C} {
		if err := p.Read(prefix+name, x); err != nil {
			return err
		}
	}
	return nil
}

// base is Base, or zeros.
func (m *Machine) base() []float32 {
	if m.Base != nil {
		return m.Base
	}
	return make([]float32, m.Visible.Count)
}

// fields writes c + vW for one configuration, in float64.
func (m *Machine) fields(x []float64, v []float32) {
	for j, c := range m.C {
		x[j] = float64(c)
	}
	nh := len(m.C)
	for i, s := range v {
		if s == 0 {
			continue
		}
		for j, w := range m.W[i*nh : (i+1)*nh] {
			x[j] += float64(s) * float64(w)
		}
	}
}

// FreeEnergy is F(v) of one configuration in float64: the definition.
func (m *Machine) FreeEnergy(v []float32) float64 {
	x := make([]float64, m.Hidden.Count)
	m.fields(x, v)
	f := -m.Hidden.LogPartition(x)
	for i, s := range v {
		f -= float64(m.B[i]) * float64(s)
	}
	return f
}

// transposed is the machine with its layers exchanged.
func (m *Machine) transposed() *Machine {
	nv, nh := m.Visible.Count, m.Hidden.Count
	t := &Machine{Visible: m.Hidden, Hidden: m.Visible, B: m.C, C: m.B, W: make([]float32, nv*nh)}
	for i := range nv {
		for j := range nh {
			t.W[j*nv+i] = m.W[i*nh+j]
		}
	}
	return t
}
