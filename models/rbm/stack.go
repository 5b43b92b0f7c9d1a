package rbm

import (
	"context"
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/store"
	"cavity/models/dataset"
)

// A Stack is machines trained one on the other: the hidden units of each are the visible units of the next. As a generative
// model (a deep belief net, Hinton, Osindero, Teh 2006) the last machine is sampled and its visible units passed down
// through the others; as a recognition model examples are passed up.
type Stack []*Machine

// Arrays are the parameters of all machines for a file: the first one's by their own names, those of machine l with the prefix "l.".
func (s Stack) Arrays() (all []store.Array) {
	for l, m := range s {
		for _, a := range m.Arrays() {
			if l > 0 {
				a.Name = fmt.Sprintf("%d.%s", l, a.Name)
			}
			all = append(all, a)
		}
	}
	return all
}

// Above is the set on which the next machine of a stack is trained: every example's hidden means as bytes, to be sampled anew in
// every batch.
func (m *Machine) Above(set *dataset.Set, b engine.Backend) (*dataset.Set, error) {
	if m.Hidden.Units != Bernoulli {
		return nil, fmt.Errorf("rbm: a machine with %s hidden units has none on top of it: bernoulli", m.Hidden.Units)
	}
	up := &dataset.Set{Name: set.Name, Source: set.Source, Height: 1, Width: m.Hidden.Count, Classes: set.Classes}
	for k, p := range []dataset.Part{set.Train, set.Test} {
		h, err := Stack{m}.Up(m.Encode(p, uint64(k)), b)
		if err != nil {
			return nil, err
		}
		to := []*dataset.Part{&up.Train, &up.Test}[k]
		*to = dataset.Part{Count: p.Count, Labels: p.Labels, Images: make([]uint8, len(h))}
		for e, x := range h {
			to.Images[e] = uint8(255*x + .5)
		}
	}
	return up, nil
}

// Up passes rows of visible units through the means of all hidden layers; the result has the last machine's hidden count in a row.
func (s Stack) Up(v []float32, b engine.Backend) ([]float32, error) {
	return s.pass(v, b, false)
}

// Down passes rows of the last machine's hidden units down through the means of all visible layers.
func (s Stack) Down(h []float32, b engine.Backend) ([]float32, error) {
	return s.pass(h, b, true)
}

// passRows is how many rows a pass takes at a time.
const passRows = 500

func (s Stack) pass(in []float32, b engine.Backend, down bool) ([]float32, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	stages := func(rows int) ([]engine.Stage, error) {
		stage, err := s.passStage(rows, down)
		return []engine.Stage{stage}, err
	}
	plan, err := independent(stages, passRows, map[string]int{"in": 0, "out": 0})
	if err != nil {
		return nil, fmt.Errorf("rbm: stack: %w", err)
	}
	p, err := engine.Compile(plan, b)
	if err != nil {
		return nil, err
	}
	return s.run(p, in)
}

// passStage takes so many rows through all machines.
func (s Stack) passStage(rows int, down bool) (engine.Stage, error) {
	g := newGraph(tensor.Float32)
	width := s[0].Visible.Count
	if down {
		width = s[len(s)-1].Hidden.Count
	}
	x := g.Slot("in", rows, width)
	for l := range s {
		if down {
			l = len(s) - 1 - l
			m := g.machine(*s[l], fmt.Sprint(l, " "))
			x = g.means(m.Visible, g.down(m, x))
			continue
		}
		m := g.machine(*s[l], fmt.Sprint(l, " "))
		x = g.means(m.Hidden, g.up(m, x))
	}
	return g.Stage("pass", 0, map[string]node{"out": x})
}

// run takes all rows through a compiled pass.
func (s Stack) run(p *engine.Program, in []float32) ([]float32, error) {
	for l, m := range s {
		for name, y := range map[string][]float32{"W": m.W, "b": m.B, "c": m.C} {
			if _, used := p.Slots()[fmt.Sprint(l, " ", name)]; used {
				if err := p.Write(fmt.Sprint(l, " ", name), y); err != nil {
					return nil, err
				}
			}
		}
	}
	var out []float32
	width := p.Slots()["in"].Shape[1]
	batch, got := make([]float32, passRows*width), make([]float32, p.Slots()["out"].Len())
	for rows := len(in) / width; rows > 0; rows -= passRows {
		n := min(rows, passRows)
		clear(batch[copy(batch, in):])
		in = in[n*width:]
		if err := p.Write("in", batch); err != nil {
			return nil, err
		}
		if err := p.Once("pass"); err != nil {
			return nil, err
		}
		if err := p.Read("out", got); err != nil {
			return nil, err
		}
		out = append(out, got[:n*len(got)/passRows]...)
	}
	return out, nil
}

// Check finds machines that do not fit on each other.
func (s Stack) Check() error {
	if len(s) == 0 {
		return fmt.Errorf("rbm: an empty stack")
	}
	for l, m := range s {
		if err := m.Check(); err != nil {
			return fmt.Errorf("layer %d: %w", l, err)
		}
		if l > 0 && s[l-1].Hidden.Count != m.Visible.Count {
			return fmt.Errorf("rbm: layer %d has %d hidden units, the machine on top of it %d visible ones", l-1, s[l-1].Hidden.Count, m.Visible.Count)
		}
	}
	return nil
}

// Dream samples the stack as a deep belief net: the last machine with so many chains for so many steps, then one pass down.
// The result is [chains, visible] of the first machine, as means.
func (s Stack) Dream(ctx context.Context, sampling Sampling, steps int, b engine.Backend) ([]float32, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	sampling.Machine = s[len(s)-1]
	sa, err := sampling.Start(b)
	if err != nil {
		return nil, err
	}
	if err := sa.Program.Step(ctx, steps); err != nil {
		return nil, err
	}
	if len(s) == 1 {
		return sa.Means()
	}
	v, err := sa.States()
	if err != nil {
		return nil, err
	}
	return s[:len(s)-1].Down(v, b)
}

// SquaredError is the mean squared difference of the elements of two arrays.
func SquaredError(x, y []float32) float64 {
	sum := 0.0
	for i, a := range x {
		d := float64(a) - float64(y[i])
		sum += d * d
	}
	return sum / math.Max(1, float64(len(x)))
}
