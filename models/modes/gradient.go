package modes

import (
	"fmt"

	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/models/dataset"
)

// A Gradients gives the mean losses of a network on fixed sets of pictures and their gradients, in float64.
type Gradients struct {
	Program *engine.Program
	network Network
	parts   int
}

// Gradients compiles one stage a part, all of whose pictures it takes at once.
func (n Network) Gradients(b engine.Backend, loss string, parts ...dataset.Part) (*Gradients, error) {
	if err := n.Check(); err != nil {
		return nil, err
	}
	if n.Space == Ensemble || n.Space == SVDModes {
		return nil, fmt.Errorf("modes: the gradient of the loss alone in the space %q, whose loss has more to it", n.Space)
	}
	in, classes := n.Layers[0], n.Layers[len(n.Layers)-1]
	plan := engine.Plan{}
	for k, p := range parts {
		if p.Count == 0 || len(p.Images) != p.Count*in || len(p.Labels) != p.Count {
			return nil, fmt.Errorf("modes: the gradient on %d pictures of %d pixels with %d labels by a network of %d inputs", p.Count, len(p.Images)/max(p.Count, 1), len(p.Labels), in)
		}
		g := newBuilder(tensor.Float64)
		logits, _ := g.forward(n, g.Slot(partSlot("x", k), p.Count, in), func(int) node { return nil })
		next := map[string]node{partSlot("loss", k): g.loss(loss, logits, g.Slot(partSlot("y", k), p.Count, classes), float64(p.Count))}
		var params []node
		for _, q := range n.Parameters() {
			params = append(params, g.Slot(q.Name, q.Shape...))
		}
		grads := g.Grad(next[partSlot("loss", k)], params...)
		for i, q := range n.Parameters() {
			if grads != nil {
				next[partSlot("grad."+q.Name, k)] = grads[i]
			}
		}
		stage, err := g.Stage(partSlot("gradient", k), 0, next)
		if err != nil {
			return nil, fmt.Errorf("modes: %w", err)
		}
		plan.Stages = append(plan.Stages, stage)
	}
	program, err := engine.Compile(plan, b)
	if err != nil {
		return nil, err
	}
	g := &Gradients{Program: program, network: n, parts: len(parts)}
	return g, g.fill(parts, in, classes)
}

func partSlot(name string, k int) string { return fmt.Sprintf("%s.%d", name, k) }

func (g *Gradients) fill(parts []dataset.Part, in, classes int) error {
	for k, p := range parts {
		x, y := make([]float64, p.Count*in), make([]float64, p.Count*classes)
		for i, v := range p.Images {
			x[i] = float64(v) / 255
		}
		for i, l := range p.Labels {
			if int(l) >= classes {
				return fmt.Errorf("modes: picture %d has label %d of %d classes", i, l, classes)
			}
			y[i*classes+int(l)] = 1
		}
		if err := g.Program.Write(partSlot("x", k), x); err != nil {
			return err
		}
		if err := g.Program.Write(partSlot("y", k), y); err != nil {
			return err
		}
	}
	return nil
}

// At is the loss of every part and its gradient, one after the other as Network.Parameters lists the arrays, at given weights.
func (g *Gradients) At(w Weights) (loss []float64, gradient [][]float64, err error) {
	for _, p := range g.network.Parameters() {
		if err := g.Program.Write(p.Name, w[p.Name]); err != nil {
			return nil, nil, err
		}
	}
	for k := range g.parts {
		if err := g.Program.Once(partSlot("gradient", k)); err != nil {
			return nil, nil, err
		}
		l := make([]float64, 1)
		if err := g.Program.Read(partSlot("loss", k), l); err != nil {
			return nil, nil, err
		}
		var all []float64
		for _, p := range g.network.Parameters() {
			x := make([]float64, p.Len())
			if err := g.Program.Read(partSlot("grad."+p.Name, k), x); err != nil {
				return nil, nil, err
			}
			all = append(all, x...)
		}
		loss, gradient = append(loss, l[0]), append(gradient, all)
	}
	return loss, gradient, nil
}
