package rbm

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
)

// An Evaluator computes free energies and reconstructions of many configurations of machines of one shape.
type Evaluator struct {
	Program *engine.Program
	machine Machine
	rows    int
}

// NewEvaluator compiles graphs for batches of so many rows, which several devices share.
func NewEvaluator(m *Machine, rows int, b engine.Backend) (*Evaluator, error) {
	if rows < 1 {
		return nil, fmt.Errorf("rbm: batches of %d rows", rows)
	}
	e := &Evaluator{machine: *m, rows: rows}
	plan, err := independent(e.stages, rows, map[string]int{"v": 0, "free": 0, "distance": 0})
	if err != nil {
		return nil, fmt.Errorf("rbm: evaluation: %w", err)
	}
	if e.Program, err = engine.Compile(plan, b); err != nil {
		return nil, err
	}
	return e, e.Use(m)
}

// stages are those of batches of so many rows.
func (e *Evaluator) stages(rows int) ([]engine.Stage, error) {
	m := &e.machine
	free, back := newGraph(tensor.Float32), newGraph(tensor.Float32)
	f := free.freeEnergy(free.machine(*m, ""), free.Slot("v", rows, m.Visible.Count))
	w, v := back.machine(*m, ""), back.Slot("v", rows, m.Visible.Count)
	again := back.means(m.Visible, back.down(w, back.means(m.Hidden, back.up(w, v))))
	r := back.Sum(back.Apply(gorgonia.Square, back.Sub(again, v)), 1)
	return []engine.Stage{
		{Name: "free energy", Graph: free.ExprGraph, Next: map[string]node{"free": f}},
		{Name: "reconstruction", Graph: back.ExprGraph, Next: map[string]node{"distance": r}},
	}, firstError(free.Err(), back.Err())
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Use changes the parameters to those of another machine of the same shape.
func (e *Evaluator) Use(m *Machine) error { return m.write(e.Program, "") }

// each runs a stage over all rows of v, batch by batch, and collects a slot of one number a row.
func (e *Evaluator) each(stage, slot string, v []float32) ([]float64, error) {
	nv := e.machine.Visible.Count
	n := len(v) / nv
	batch, got := make([]float32, e.rows*nv), make([]float32, e.rows)
	var out []float64
	for from := 0; from < n; from += e.rows {
		copied := copy(batch, v[from*nv:])
		clear(batch[copied:])
		if err := e.Program.Write("v", batch); err != nil {
			return nil, err
		}
		if err := e.Program.Once(stage); err != nil {
			return nil, err
		}
		if err := e.Program.Read(slot, got); err != nil {
			return nil, err
		}
		for _, x := range got[:min(e.rows, n-from)] {
			out = append(out, float64(x))
		}
	}
	return out, nil
}

// FreeEnergies is F(v) of every row of v.
func (e *Evaluator) FreeEnergies(v []float32) ([]float64, error) {
	return e.each("free energy", "free", v)
}

// Reconstruction is the mean squared difference of a visible unit from its mean after one mean-field step there and back.
func (e *Evaluator) Reconstruction(v []float32) (float64, error) {
	d, err := e.each("reconstruction", "distance", v)
	return average(d) / float64(e.machine.Visible.Count), err
}

func average(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s += v
	}
	return s / float64(len(x))
}

// PseudoLikelihood is the mean over the rows of v of Σ_i ln p(v_i | the other units), exactly, for Bernoulli or Ising
// visible units without labels. It costs visible·hidden operations a row.
func (m *Machine) PseudoLikelihood(ctx context.Context, v []float32) (float64, error) {
	if m.Visible.Units != Bernoulli && m.Visible.Units != Ising || m.Visible.Labels > 0 {
		return 0, fmt.Errorf("rbm: the pseudo-likelihood is computed for Bernoulli and Ising visible units without labels")
	}
	nv := m.Visible.Count
	rows := make([]float64, len(v)/nv)
	p := newTurner(m)
	var wg sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			x, s := make([]float64, m.Hidden.Count), make([]float64, m.Hidden.Count)
			for k := range next {
				rows[k] = p.row(v[k*nv:(k+1)*nv], x, s)
			}
		})
	}
	for k := range rows {
		if ctx.Err() != nil {
			break
		}
		next <- k
	}
	close(next)
	wg.Wait()
	return average(rows), ctx.Err()
}

// turner computes what turning one visible unit does to the free energy. For Bernoulli hidden units
// A(x+w) - A(x) = ln(1 + σ(x)(e^w - 1)), whose logarithms are taken of products of sixteen factors.
type turner struct {
	*Machine
	up, down []float64 // e^{δW} - 1 for the change δ of a unit that turns on, or off
}

func newTurner(m *Machine) *turner {
	t := &turner{Machine: m}
	const most = 40 // sixteen factors up to e^40 stay in range
	for _, w := range m.W {
		if m.Hidden.Units != Bernoulli || t.change()*math.Abs(float64(w)) > most {
			return t
		}
	}
	t.up, t.down = make([]float64, len(m.W)), make([]float64, len(m.W))
	for e, w := range m.W {
		t.up[e], t.down[e] = math.Expm1(t.change()*float64(w)), math.Expm1(-t.change()*float64(w))
	}
	return t
}

// change is by how much a unit that turns on grows.
func (t *turner) change() float64 {
	if t.Visible.Units == Ising {
		return 2
	}
	return 1
}

// row is Σ_i ln p(v_i | the others) of one configuration; x and s are scratch memory.
func (t *turner) row(v []float32, x, s []float64) (sum float64) {
	t.fields(x, v)
	t.Hidden.Means(s, x)
	for i, on := range v {
		delta := t.change()
		if on > 0 {
			delta = -delta
		}
		gain := delta*float64(t.B[i]) + t.gain(i, delta, x, s) // ln p(turned) - ln p(as it is)
		sum -= softplus(gain)
	}
	return sum
}

// gain is Σ_j A(x_j + δW_ij) - A(x_j).
func (t *turner) gain(i int, delta float64, x, s []float64) (sum float64) {
	nh := len(s)
	if t.up == nil {
		moved := make([]float64, nh)
		for j, w := range t.W[i*nh : (i+1)*nh] {
			moved[j] = x[j] + delta*float64(w)
		}
		return t.Hidden.LogPartition(moved) - t.Hidden.LogPartition(x)
	}
	e := t.up[i*nh : (i+1)*nh]
	if delta < 0 {
		e = t.down[i*nh : (i+1)*nh]
	}
	product := 1.0
	for j, f := range e {
		product *= 1 + s[j]*f
		if j%16 == 15 {
			sum += math.Log(product)
			product = 1
		}
	}
	return sum + math.Log(product)
}
