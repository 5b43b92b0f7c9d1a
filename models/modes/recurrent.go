package modes

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/kernels"
	"cavity/models/dataset"
)

// A Recurrent network reads a picture row by row, one a time step: with x_t row t of Width pixels,
//
//	h_{t+1} = φ(h_t W + x_t U),   h_0 = 0,   logits = h_Height V,
//
// the matrix W in weight space or in mode space, W = ξ_in diag(Σ) ξ_out with P modes, never formed. Its gradients are those of
// the graph of all time steps (back-propagation through time), by gorgonia.Grad.
type Recurrent struct {
	Data       *dataset.Set
	Units      int
	Space      Space   // Weight (also ""), Modes, UnitModes
	P          int     // modes; not used in weight space
	Activation string  // φ: tanh (also ""), relu, sigmoid or linear
	Gain       float64 // spread of the eigenvalues of W at first, √(N <W²>); 0: 1
	Rate       float64 // of Adam; 0: .003
	Batch      int     // 0: 100
	Seed       uint64
	Dtype      tensor.Dtype // zero: float32
}

// A RecurrentTrainer is its training under way.
type RecurrentTrainer struct {
	Recurrent
	*Classifier
	params []Parameter
}

// Check fills in defaults and reports settings out of range.
func (r *Recurrent) Check() error {
	if r.Space == "" {
		r.Space = Weight
	}
	if r.Activation == "" {
		r.Activation = "tanh"
	}
	for p, x := range map[*float64]float64{&r.Gain: 1, &r.Rate: .003} {
		if *p == 0 {
			*p = x
		}
	}
	if r.Batch == 0 {
		r.Batch = 100
	}
	if r.Dtype == (tensor.Dtype{}) {
		r.Dtype = tensor.Float32
	}
	d := r.Data
	switch {
	case d == nil || d.Train.Count == 0 || d.Train.Labels == nil || d.Classes < 2:
		return fmt.Errorf("recurrent: no labelled data to train on")
	case r.Units < 1:
		return fmt.Errorf("recurrent: %d units: at least 1", r.Units)
	case !slices.Contains([]Space{Weight, Modes, UnitModes}, r.Space):
		return fmt.Errorf("recurrent: space %q: %q, %q or %q", r.Space, Weight, Modes, UnitModes)
	case r.Space != Weight && r.P < 1:
		return fmt.Errorf("recurrent: %d modes: at least 1", r.P)
	case activations[r.Activation] == nil:
		return fmt.Errorf("recurrent: activation %q: relu, tanh, sigmoid or linear", r.Activation)
	case r.Batch < 1 || r.Batch > d.Train.Count:
		return fmt.Errorf("recurrent: batches of %d of %d pictures", r.Batch, d.Train.Count)
	case !(r.Rate > 0) || !(r.Gain > 0) || math.IsInf(r.Rate, 0) || math.IsInf(r.Gain, 0):
		return fmt.Errorf("recurrent: rate %v and gain %v: both must be positive", r.Rate, r.Gain)
	}
	return classes(d)
}

// Parameters lists the arrays in a fixed order: U, V, and W or its modes, which begin such that W has the variance Gain²/Units.
func (r Recurrent) Parameters() []Parameter {
	n := float64(r.Units)
	ps := []Parameter{
		{Name: "U", Shape: []int{r.Data.Width, r.Units}, Scale: 1 / math.Sqrt(float64(r.Data.Width))},
		{Name: "V", Shape: []int{r.Units, r.Data.Classes}, Scale: 1 / math.Sqrt(n)},
	}
	if r.Space == Weight {
		return append(ps, Parameter{Name: "W", Shape: []int{r.Units, r.Units}, Scale: r.Gain / math.Sqrt(n)})
	}
	factors := 3.
	if r.Space == UnitModes {
		factors = 2
	}
	scale := math.Pow(r.Gain*r.Gain/(n*float64(r.P)), 1/(2*factors))
	ps = append(ps, Parameter{Name: "in", Shape: []int{r.Units, r.P}, Scale: scale}, Parameter{Name: "out", Shape: []int{r.P, r.Units}, Scale: scale})
	if r.Space == Modes {
		ps = append(ps, Parameter{Name: "sigma", Shape: []int{1, r.P}, Scale: scale})
	}
	return ps
}

// Size is the number of parameters.
func (r Recurrent) Size() int {
	s := 0
	for _, p := range r.Parameters() {
		s += p.Len()
	}
	return s
}

// unroll is the graph of all time steps: logits and the last state.
func (b *builder) unroll(r Recurrent, x node) (logits, h node) {
	params := map[string]node{}
	for _, p := range r.Parameters() {
		params[p.Name] = b.Slot(p.Name, p.Shape...)
	}
	for t := range r.Data.Height {
		z := b.Mul(b.Columns(x, t*r.Data.Width, (t+1)*r.Data.Width), params["U"])
		switch {
		case h == nil: // h_0 = 0
		case r.Space == Weight:
			z = b.Add(b.Mul(h, params["W"]), z)
		default:
			u := b.Mul(h, params["in"])
			if s := params["sigma"]; s != nil {
				u = b.HadRow(u, s)
			}
			z = b.Add(b.Mul(u, params["out"]), z)
		}
		h = b.Apply(activations[r.Activation], z)
	}
	return b.Mul(h, params["V"]), h
}

// Start checks the settings, compiles the Program and draws the first parameters.
func (r Recurrent) Start(b engine.Backend) (*RecurrentTrainer, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	d := r.Data
	n := Network{Layers: []int{d.Pixels(), r.Units, d.Classes}}
	c := &Classifier{network: n, dtype: r.Dtype, chunk: min(chunk, max(d.Train.Count, d.Test.Count))}
	tr := &RecurrentTrainer{Recurrent: r, Classifier: c, params: r.Parameters()}
	plan, err := tr.plan()
	if err != nil {
		return nil, fmt.Errorf("recurrent: %w", err)
	}
	if tr.Program, err = engine.Compile(plan, b); err != nil {
		return nil, err
	}
	return tr, tr.fill()
}

// plan is the stages batch, train and evaluate.
func (tr *RecurrentTrainer) plan() (p engine.Plan, err error) {
	d := tr.Data
	draw, b, e := newBuilder(tr.Dtype), newBuilder(tr.Dtype), newBuilder(tr.Dtype)
	x := draw.Do(func() (node, error) {
		return kernels.Minibatch(draw.Typed("images", tensor.Uint8, d.Train.Count, d.Pixels()), tr.Dtype, tr.Batch, batchStream, kernels.Scaled)
	})
	y := draw.Do(func() (node, error) {
		return kernels.MinibatchLabels(draw.Typed("labels", tensor.Uint8, d.Train.Count), tr.Dtype, tr.Batch, d.Classes, batchStream)
	})

	logits, _ := b.unroll(tr.Recurrent, b.Slot("x", tr.Batch, d.Pixels()))
	loss := b.loss("cross-entropy", logits, b.Slot("y", tr.Batch, d.Classes), float64(tr.Batch))
	var params []node
	for _, p := range tr.params {
		params = append(params, b.Slot(p.Name, p.Shape...))
	}
	next := map[string]node{}
	if grads := b.Grad(loss, params...); grads != nil {
		next = b.optimise(Training{Optimiser: "adam"}, params, grads)
		next["loss"] = b.Add(b.Slot("loss"), loss)
	}

	tested, state := e.unroll(tr.Recurrent, e.Slot("test_x", tr.chunk, d.Pixels()))
	p.Seed = tr.Seed
	for _, s := range []struct {
		*builder
		name   string
		repeat int
		next   map[string]node
	}{{draw, "batch", 1, map[string]node{"x": x, "y": y}}, {b, "train", 1, next}, {e, "evaluate", 0, map[string]node{"test_logits": tested, activity(1): state}}} {
		stage, err := s.Stage(s.name, s.repeat, s.next)
		if err != nil {
			return p, err
		}
		p.Stages = append(p.Stages, stage)
	}
	return p, nil
}

func (tr *RecurrentTrainer) fill() error {
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
	for name, x := range map[string]float64{"rate": tr.Rate, "beta1^t": 1, "beta2^t": 1} {
		if err := tr.write(name, []float64{x}); err != nil {
			return err
		}
	}
	return nil
}

// Updates is the number of minibatches of an epoch.
func (tr *RecurrentTrainer) Updates() int { return kernels.Batches(tr.Data.Train.Count, tr.Batch) }

// Epoch makes the updates that are left of the present epoch.
func (tr *RecurrentTrainer) Epoch(ctx context.Context) error {
	return tr.Program.Step(ctx, tr.Updates()-int(tr.Program.Steps())%tr.Updates())
}

// MeanLoss is the loss averaged over the epoch that has ended.
func (tr *RecurrentTrainer) MeanLoss() (float64, error) {
	l, err := tr.read("loss")
	if err != nil {
		return 0, err
	}
	if math.IsNaN(l[0]) || math.IsInf(l[0], 0) {
		return 0, &Diverged{tr.Program.Steps()}
	}
	return l[0] / float64(tr.Updates()), tr.write("loss", []float64{0})
}
