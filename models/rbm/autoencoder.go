package rbm

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/expr"
	"cavity/engine/store"
	"cavity/kernels"
)

// Autoencoder unrolls a stack into a deep network that passes pictures up to a code and down again, and tunes all weights
// by backpropagation (Hinton, Salakhutdinov 2006, doi:10.1126/science.1127647). The hidden layers are logistic, the code linear, and
// the loss is the cross entropy between pixels x/255 and their logistic reconstructions.
type Autoencoder struct {
	Stack Stack
	Batch int     // 0: 100
	Rate  float64 // of Adam (Kingma, Ba 2015); 0: .001
	Seed  uint64
}

// A Tuner is an autoencoder in training. A step of its Program is one update.
type Tuner struct {
	Autoencoder
	Program *engine.Program
	width   int
}

// testRows is how many examples a reconstruction takes at a time.
const testRows = 250

// Start compiles the graphs and writes the stack's weights, those of the way down being a copy.
func (a Autoencoder) Start(images []uint8, b engine.Backend) (*Tuner, error) {
	if err := a.Stack.Check(); err != nil {
		return nil, err
	}
	if a.Batch == 0 {
		a.Batch = 100
	}
	if a.Rate == 0 {
		a.Rate = .001
	}
	width := a.Stack[0].Visible.Count
	if a.Batch < 1 || !(a.Rate > 0) || len(images)%width != 0 || len(images)/width < a.Batch {
		return nil, fmt.Errorf("autoencoder: batches of %d, rate %v, %d bytes of pictures of %d pixels", a.Batch, a.Rate, len(images), width)
	}
	t := &Tuner{Autoencoder: a, width: width}
	draw, tune, show := newGraph(tensor.Float32), newGraph(tensor.Float32), newGraph(tensor.Float32)
	data := draw.Typed("data", tensor.Uint8, len(images)/width, width)
	x := draw.Do(func() (node, error) {
		return kernels.Minibatch(data, tensor.Float32, a.Batch, drawStream, kernels.Scaled)
	})
	next := t.update(tune)
	out, _ := t.network(show, show.Slot("picture", testRows, width))
	out = show.Apply(gorgonia.Sigmoid, out)
	if err := firstError(draw.Err(), tune.Err(), show.Err()); err != nil {
		return nil, fmt.Errorf("autoencoder: %w", err)
	}
	var err error
	t.Program, err = engine.Compile(engine.Plan{Seed: a.Seed, Stages: []engine.Stage{
		{Name: "draw", Graph: draw.ExprGraph, Next: map[string]node{"x": x}, Repeat: 1},
		{Name: "tune", Graph: tune.ExprGraph, Next: next, Repeat: 1},
		{Name: "show", Graph: show.ExprGraph, Next: map[string]node{"back": out}},
	}}, b)
	if err != nil {
		return nil, err
	}
	return t, t.fill(images)
}

// network is the logits of the reconstruction, and the parameters on the way: W, c up and V, d down for every layer.
func (t *Tuner) network(g *graph, x node) (logits node, parameters []node) {
	last := len(t.Stack) - 1
	layer := func(x node, w, b string, in, out int, logistic bool) node {
		wn, bn := g.Slot(w, in, out), g.Slot(b, out)
		parameters = append(parameters, wn, bn)
		y := g.AddRow(g.Mul(x, wn), bn)
		if logistic {
			y = g.Apply(gorgonia.Sigmoid, y)
		}
		return y
	}
	for l, m := range t.Stack {
		x = layer(x, fmt.Sprint("W", l), fmt.Sprint("c", l), m.Visible.Count, m.Hidden.Count, l < last)
	}
	for l := last; l >= 0; l-- {
		m := t.Stack[l]
		x = layer(x, fmt.Sprint("V", l), fmt.Sprint("d", l), m.Hidden.Count, m.Visible.Count, l > 0)
	}
	return x, parameters
}

// loss is the cross entropy Σ softplus(y) - x y, summed over pixels and averaged over the batch.
func (t *Tuner) loss(g *graph) (loss node, parameters []node) {
	x := g.Slot("x", t.Batch, t.width)
	y, parameters := t.network(g, x)
	return g.Scale(g.Sum(g.Sub(g.Apply(gorgonia.Softplus, y), g.Had(x, y))), 1/float64(t.Batch)), parameters
}

// update is a step of Adam down the loss.
func (t *Tuner) update(g *graph) map[string]node {
	loss, parameters := t.loss(g)
	next := map[string]node{"loss": loss}
	grads := g.Grad(loss, parameters...)
	if grads == nil {
		return nil
	}
	adam := g.Adam(next)
	for i, p := range parameters {
		next[p.Name()] = g.Sub(p, g.Scale(adam.Direction(p, grads[i]), t.Rate))
	}
	return next
}

func (t *Tuner) fill(images []uint8) error {
	p := t.Program
	var err error
	write := func(name string, x any) {
		if err == nil {
			err = p.Write(name, x)
		}
	}
	write("data", images)
	one := []float32{1}
	for _, s := range expr.AdamPowers {
		write(s, one)
	}
	for l, m := range t.Stack {
		write(fmt.Sprint("W", l), m.W)
		write(fmt.Sprint("c", l), m.C)
		write(fmt.Sprint("V", l), m.transposed().W)
		write(fmt.Sprint("d", l), m.B)
	}
	return err
}

// Arrays are the parameters of the unrolled network for a file, with the prefix "autoencoder.": W0, c0, W1, c1, … on the way up to
// the code and V0, d0, V1, … on the way down, counted from the pictures.
func (t *Tuner) Arrays() (all []store.Array, err error) {
	for l, m := range t.Stack {
		in, out := m.Visible.Count, m.Hidden.Count
		for _, p := range []struct {
			name  string
			shape []int
		}{{"W", []int{in, out}}, {"c", []int{out}}, {"V", []int{out, in}}, {"d", []int{in}}} {
			name := fmt.Sprint(p.name, l)
			x := make([]float32, t.Program.Slots()[name].Len())
			if err := t.Program.Read(name, x); err != nil {
				return nil, err
			}
			all = append(all, store.Of("autoencoder."+name, x, p.shape...))
		}
	}
	return all, nil
}

// Loss is the cross entropy of the last batch, in nats per example.
func (t *Tuner) Loss() (float64, error) {
	x := []float32{0}
	err := t.Program.Read("loss", x)
	return float64(x[0]), err
}

// Reconstruct passes pictures, numbers 0 … 1, up and down.
func (t *Tuner) Reconstruct(x []float32) ([]float32, error) {
	batch, out := make([]float32, testRows*t.width), []float32(nil)
	for len(x) > 0 {
		n := copy(batch, x)
		clear(batch[n:])
		x = x[n:]
		if err := t.Program.Write("picture", batch); err != nil {
			return nil, err
		}
		if err := t.Program.Once("show"); err != nil {
			return nil, err
		}
		back := make([]float32, len(batch))
		if err := t.Program.Read("back", back); err != nil {
			return nil, err
		}
		out = append(out, back[:n]...)
	}
	return out, nil
}
