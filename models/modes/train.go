package modes

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/expr"
	"cavity/kernels"
	"cavity/models/dataset"
)

// Training fits a network to labelled pictures by stochastic gradients: every step takes the next shuffled minibatch,
// computes the gradient by gorgonia.Grad and updates in the same graph.
type Training struct {
	Network
	Data      *dataset.Set
	Loss      string  // cross-entropy (also "") or mse, of the one-hot labels
	Optimiser string  // adam (also ""), momentum, sgd
	Rate      float64 // learning rate; 0: 1e-3
	Decay     float64 // decoupled weight decay λ: θ -= rate·λ·θ
	Momentum  float64 // of momentum; 0: 0.9
	Memory    bool    // in the space Binary, of a law of the weights to stay close to: see [Sequence]
	Heads     bool    // the softmax is over the outputs of the present task only: see [Sequence]
	Penalty   float64 // of SVDModes, on |ξᵀξ - 1|²; 0: 1e-3
	Batch     int     // 0: 100
	Halve     int     // epochs after which the rate is halved, again and again; 0: never
	Seed      uint64
	Dtype     tensor.Dtype // zero: float32
}

// A Trainer is a training under way.
type Trainer struct {
	Training
	*Classifier
	params []Parameter
}

const batchStream = 1

// Start checks the settings, compiles the Program and draws the first parameters.
func (t Training) Start(b engine.Backend) (*Trainer, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	c := &Classifier{network: t.Network, dtype: t.Dtype, chunk: min(chunk, max(t.Data.Train.Count, t.Data.Test.Count))}
	tr := &Trainer{Training: t, Classifier: c, params: t.Parameters()}
	plan, err := tr.plan()
	if err != nil {
		return nil, err
	}
	if tr.Program, err = engine.Compile(plan, b); err != nil {
		return nil, err
	}
	return tr, tr.fill()
}

// Check fills in defaults and reports settings out of range and data that do not fit.
func (t *Training) Check() error {
	d := t.Data
	switch {
	case d == nil || d.Train.Count == 0:
		return fmt.Errorf("modes: no data to train on")
	case d.Classes < 2 || d.Train.Labels == nil:
		return fmt.Errorf("modes: %s has no labels", d.Name)
	}
	if err := t.Network.Check(); err != nil {
		return err
	}
	defaults := func(p *float64, x float64) {
		if *p == 0 {
			*p = x
		}
	}
	defaults(&t.Rate, 1e-3)
	defaults(&t.Momentum, .9)
	defaults(&t.Penalty, 1e-3)
	if t.Batch == 0 {
		t.Batch = 100
	}
	if t.Loss == "" {
		t.Loss = "cross-entropy"
	}
	if t.Optimiser == "" {
		t.Optimiser = "adam"
	}
	if t.Dtype == (tensor.Dtype{}) {
		t.Dtype = tensor.Float32
	}
	switch {
	case t.Layers[0] != d.Pixels():
		return fmt.Errorf("modes: %d inputs for pictures of %d pixels", t.Layers[0], d.Pixels())
	case t.Layers[len(t.Layers)-1] != d.Classes:
		return fmt.Errorf("modes: %d outputs for %d classes", t.Layers[len(t.Layers)-1], d.Classes)
	case t.Batch < 1 || t.Batch > d.Train.Count:
		return fmt.Errorf("modes: batches of %d of %d pictures", t.Batch, d.Train.Count)
	case !(t.Rate > 0) || math.IsInf(t.Rate, 0) || !(t.Decay >= 0) || !(t.Momentum >= 0 && t.Momentum < 1) || !(t.Penalty >= 0):
		return fmt.Errorf("modes: rate %v, decay %v, momentum %v, penalty %v: a positive rate, no negative numbers, momentum below 1", t.Rate, t.Decay, t.Momentum, t.Penalty)
	case t.Memory && t.Space != Binary:
		return fmt.Errorf("modes: a memory in the space %q: only in %q", t.Space, Binary)
	case t.Halve < 0:
		return fmt.Errorf("modes: the rate halved every %d epochs", t.Halve)
	case !slices.Contains([]string{"cross-entropy", "mse"}, t.Loss):
		return fmt.Errorf("modes: loss %q: cross-entropy or mse", t.Loss)
	case !slices.Contains([]string{"adam", "momentum", "sgd"}, t.Optimiser):
		return fmt.Errorf("modes: optimiser %q: adam, momentum or sgd", t.Optimiser)
	}
	if t.Heads { // a task has the pictures of some classes only
		return nil
	}
	return classes(d)
}

// classes refuses labels out of range and classes without a picture.
func classes(d *dataset.Set) error {
	count := make([]int, d.Classes)
	for k, l := range d.Train.Labels {
		if int(l) >= d.Classes {
			return fmt.Errorf("modes: picture %d of %s has label %d of %d classes", k, d.Name, l, d.Classes)
		}
		count[l]++
	}
	for c, n := range count {
		if n == 0 {
			return fmt.Errorf("modes: class %d of %s has no picture to learn from", c, d.Name)
		}
	}
	return nil
}

// plan is the stages batch (draw), train (update) and evaluate, which runs when asked to.
func (tr *Trainer) plan() (engine.Plan, error) {
	p := engine.Plan{Seed: tr.Seed}
	d := tr.Data
	in, out := tr.Layers[0], d.Classes
	draw := newBuilder(tr.Dtype)
	data, labels := draw.Typed("images", tensor.Uint8, d.Train.Count, in), draw.Typed("labels", tensor.Uint8, d.Train.Count)
	x := draw.Do(func() (node, error) {
		return kernels.Minibatch(data, tr.Dtype, tr.Batch, batchStream, kernels.Scaled)
	})
	y := draw.Do(func() (node, error) {
		return kernels.MinibatchLabels(labels, tr.Dtype, tr.Batch, out, batchStream)
	})
	drawn := map[string]node{"x": x, "y": y}
	draw.noises(tr.Network, tr.Batch, drawn)
	p.Stages = append(p.Stages, engine.Stage{Name: "batch", Graph: draw.ExprGraph, Next: drawn, Repeat: 1})

	b := newBuilder(tr.Dtype)
	next, err := tr.update(b, b.Slot("x", tr.Batch, in), b.Slot("y", tr.Batch, out))
	if err != nil {
		return p, err
	}
	p.Stages = append(p.Stages, engine.Stage{Name: "train", Graph: b.ExprGraph, Next: next, Repeat: 1})

	e := newBuilder(tr.Dtype)
	p.Stages = append(p.Stages, tr.evaluation(e, tr.chunk))
	for _, err := range []error{draw.Err(), b.Err(), e.Err()} {
		if err != nil {
			return p, fmt.Errorf("modes: %w", err)
		}
	}
	return p, nil
}

// update is the loss, its gradient and the optimiser's step.
func (tr *Trainer) update(b *builder, x, y node) (map[string]node, error) {
	logits, _ := b.forward(tr.Network, x, func(l int) node {
		return b.Slot(fmt.Sprintf("eps%d", l+1), tr.Batch, tr.Layers[l+1])
	})
	if tr.Heads {
		logits = b.AddRow(logits, b.Slot("heads", 1, tr.Data.Classes))
	}
	loss := b.loss(tr.Loss, logits, y, float64(tr.Batch))
	total := loss
	if tr.Space == SVDModes {
		total = b.Add(loss, b.Had(b.orthogonality(tr.params), b.Num(tr.Penalty)))
	}
	if b.Err() != nil {
		return nil, b.Err()
	}
	var params []node
	for _, p := range tr.params {
		params = append(params, b.Slot(p.Name, p.Shape...))
	}
	grads := b.Grad(total, params...)
	if grads == nil {
		return nil, b.Err()
	}
	if tr.Memory {
		b.remember(params, grads)
	}
	next := b.optimise(tr.Training, params, grads)
	b.confine(tr.Network, next)
	next["loss"] = b.Add(b.Slot("loss"), loss)
	return next, b.Err()
}

// loss is -Σ y ln softmax(z)/batch, or Σ (y - z)²/(2 batch).
func (b *builder) loss(kind string, z, y node, batch float64) node {
	if kind == "mse" {
		d := b.Sub(z, y)
		return b.Div(b.Sum(b.Had(d, d)), b.Num(2*batch))
	}
	l := b.Do(func() (node, error) { return gorgonia.LogSoftMax(z, 1) })
	s := b.Sum(b.Had(y, l))
	return b.Div(b.Apply(gorgonia.Neg, s), b.Num(batch))
}

// orthogonality is Σ over mode matrices of |ξᵀξ - 1|², modes being columns of in and rows of out.
func (b *builder) orthogonality(params []Parameter) node {
	var sum node
	for _, p := range params {
		if p.Shape[0] == 1 {
			continue
		}
		x := b.Slot(p.Name, p.Shape...)
		t := b.T(x)
		q := b.Mul(t, x)
		if p.Name[0] == 'o' {
			q = b.Mul(x, t)
		}
		// |Q - 1|² = ΣQ² - 2 tr Q + P, and tr ξᵀξ = Σ ξ²
		e := b.Sub(b.Sum(b.Had(q, q)), b.Scale(b.Sum(b.Had(x, x)), 2))
		if sum == nil {
			sum = e
		} else {
			sum = b.Add(sum, e)
		}
	}
	return sum
}

// optimise is one step of each parameter, θ ← θ - rate (direction + λθ): the decay is decoupled from the direction (Loshchilov,
// Hutter 2019), which is the gradient, its momentum or that of [expr.Adam].
func (b *builder) optimise(t Training, params, grads []node) map[string]node {
	rate := b.Slot("rate")
	next := map[string]node{}
	keep := b.Sub(b.Num(1), b.Scale(rate, t.Decay))
	var adam *expr.Adam
	if t.Optimiser == "adam" {
		adam = b.Adam(next)
	}
	for i, p := range params {
		g := grads[i]
		var step node
		switch t.Optimiser {
		case "sgd":
			step = g
		case "momentum":
			step = b.Add(b.Scale(b.Slot("m."+p.Name(), p.Shape()...), t.Momentum), g)
			next["m."+p.Name()] = step
		default:
			step = adam.Direction(p, g)
		}
		next[p.Name()] = b.Sub(b.Had(p, keep), b.Had(step, rate))
	}
	return next
}

// fill writes the data and the first parameters.
func (tr *Trainer) fill() error {
	if err := tr.Program.Write("images", tr.Data.Train.Images); err != nil {
		return err
	}
	if err := tr.Program.Write("labels", tr.Data.Train.Labels); err != nil {
		return err
	}
	for i, p := range tr.params {
		if err := tr.write(p.Name, p.Initial(tr.Seed, i)); err != nil {
			return err
		}
	}
	if tr.Optimiser == "adam" {
		for _, s := range expr.AdamPowers {
			if err := tr.write(s, []float64{1}); err != nil {
				return err
			}
		}
	}
	return nil
}

// Weights are the present values of all arrays.
func (tr *Trainer) Weights() (Weights, error) {
	w := Weights{}
	for _, p := range tr.params {
		x, err := tr.Parameter(p.Name)
		if err != nil {
			return nil, err
		}
		w[p.Name] = x
	}
	return w, nil
}

// Updates is the number of minibatches of an epoch.
func (tr *Trainer) Updates() int { return kernels.Batches(tr.Data.Train.Count, tr.Batch) }

// Diverged reports a loss that is no longer a number.
type Diverged struct{ Update uint64 }

func (d *Diverged) Error() string {
	return fmt.Sprintf("modes: the loss became NaN or infinite by update %d: lower the rate", d.Update)
}

// Advance makes up to n updates, not beyond the end of the present epoch, at that epoch's rate. Between updates it may be
// stopped and resumed anywhere.
func (tr *Trainer) Advance(ctx context.Context, n int) error {
	if err := tr.setRate(); err != nil {
		return err
	}
	return tr.Program.Step(ctx, min(n, tr.Updates()-int(tr.Program.Steps())%tr.Updates()))
}

// rate is the learning rate of an update, counted from 0.
func (tr *Trainer) rate(update int) float64 {
	if tr.Halve == 0 {
		return tr.Rate
	}
	return tr.Rate * math.Pow(.5, float64(update/tr.Updates()/tr.Halve))
}

func (tr *Trainer) setRate() error {
	return tr.write("rate", []float64{tr.rate(int(tr.Program.Steps()))})
}

// MeanLoss is the loss averaged over the updates since the last call, which the caller counts.
func (tr *Trainer) MeanLoss(updates int) (float64, error) {
	l, err := tr.read("loss")
	if err != nil {
		return 0, err
	}
	if math.IsNaN(l[0]) || math.IsInf(l[0], 0) {
		return 0, &Diverged{tr.Program.Steps()}
	}
	return l[0] / float64(updates), tr.write("loss", []float64{0})
}

// Epoch makes the updates that are left of the present epoch and returns the loss averaged over them.
func (tr *Trainer) Epoch(ctx context.Context) (float64, error) {
	n := tr.Updates() - int(tr.Program.Steps())%tr.Updates()
	if err := tr.Advance(ctx, n); err != nil {
		return 0, err
	}
	return tr.MeanLoss(n)
}
