package modes

import (
	"context"
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/rng"
	"cavity/kernels"
	"cavity/models/dataset"
)

// ForwardForward trains hidden layers one by one, all at once, without a backward pass (Hinton 2022, arXiv:2212.13345). The
// goodness of a layer is g = Σ a²/n over its n activities a = relu(h W), h the activities below scaled to mean square 1; each
// layer raises g of real pictures above the threshold θ and lowers it for false ones, by Adam on its own loss
//
//	L = <ln(1 + exp κ(θ - g))> over real + <ln(1 + exp κ(g - θ))> over false pictures.
//
// Supervised, the first pixels hold the label as a one, a false picture has a wrong label, and a picture is given the label
// of the greatest goodness above the first layer (of the first if there is no other). Unsupervised, a false picture is made of
// two by a mask of large patches, and a linear probe reads the activities.
type ForwardForward struct {
	Layers       []int // pixels and hidden layers
	Data         *dataset.Set
	Unsupervised bool
	Threshold    float64 // θ; 0: 2
	Sharpness    float64 // κ; 0: 10
	Rate         float64 // 0: 0.001
	Batch        int     // 0: 100
	Seed         uint64
	Dtype        tensor.Dtype // zero: float32
}

// A ForwardTrainer is such a training under way.
type ForwardTrainer struct {
	ForwardForward
	*Classifier
}

// The streams of the batch stage and of the host's draws.
const (
	maskStream  = 20
	otherStream = 21
	wrongStream = 22
	masks       = 256
)

// Start checks the settings, compiles the Program and draws the first weights.
func (f ForwardForward) Start(b engine.Backend) (*ForwardTrainer, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	n := Network{Layers: append(append([]int{}, f.Layers...), f.Data.Classes), Activation: "relu", Space: Weight}
	t := &ForwardTrainer{ForwardForward: f, Classifier: &Classifier{network: n, dtype: f.Dtype, chunk: min(chunk, f.Data.Train.Count)}}
	plan, err := t.plan()
	if err != nil {
		return nil, err
	}
	if t.Program, err = engine.Compile(plan, b); err != nil {
		return nil, err
	}
	return t, t.fill()
}

func (f *ForwardForward) check() error {
	for _, d := range []struct {
		p *float64
		x float64
	}{{&f.Threshold, 2}, {&f.Rate, .001}, {&f.Sharpness, 10}} {
		if *d.p == 0 {
			*d.p = d.x
		}
	}
	if f.Batch == 0 {
		f.Batch = 100
	}
	if f.Dtype == (tensor.Dtype{}) {
		f.Dtype = tensor.Float32
	}
	d := f.Data
	switch {
	case d == nil || d.Train.Count == 0 || d.Train.Labels == nil:
		return fmt.Errorf("forward-forward: no labelled data to train on")
	case len(f.Layers) < 2 || f.Layers[0] != d.Pixels():
		return fmt.Errorf("forward-forward: layers %v: the %d pixels and at least one hidden layer", f.Layers, d.Pixels())
	case !f.Unsupervised && d.Classes > d.Pixels():
		return fmt.Errorf("forward-forward: %d classes do not fit into %d pixels", d.Classes, d.Pixels())
	case f.Batch < 1 || f.Batch > d.Train.Count || f.Unsupervised && f.Batch > masks:
		return fmt.Errorf("forward-forward: batches of %d of %d pictures (at most %d without labels)", f.Batch, d.Train.Count, masks)
	case !(f.Threshold > 0) || !(f.Sharpness > 0) || !(f.Rate > 0):
		return fmt.Errorf("forward-forward: threshold %v, sharpness %v and rate %v: they must be positive", f.Threshold, f.Sharpness, f.Rate)
	}
	return classes(d)
}

// weight is the parameter of hidden layer l, from 1.
func (f ForwardForward) weight(l int) Parameter {
	return Parameter{Name: fmt.Sprintf("W%d", l), Shape: []int{f.Layers[l-1], f.Layers[l]}, Scale: math.Sqrt(2 / float64(f.Layers[l-1]))}
}

func (t *ForwardTrainer) plan() (engine.Plan, error) {
	draw := newBuilder(t.Dtype)
	next := t.draw(draw)
	b := newBuilder(t.Dtype)
	update := t.update(b)
	e := newBuilder(t.Dtype)
	layers := map[string]node{}
	a := e.Slot("test_x", t.chunk, t.Layers[0])
	if !t.Unsupervised {
		a = e.AddRow(e.HadRow(a, e.Slot("keep", 1, t.Layers[0])), e.Slot("mark", 1, t.Layers[0]))
	}
	for l := 1; l < len(t.Layers); l++ {
		var g node
		_, a, g = t.layer(e, a, l)
		layers[activity(l)], layers[fmt.Sprintf("goodness%d", l)] = a, g
	}
	for _, err := range []error{draw.Err(), b.Err(), e.Err()} {
		if err != nil {
			return engine.Plan{}, fmt.Errorf("forward-forward: %w", err)
		}
	}
	return engine.Plan{Seed: t.Seed, Stages: []engine.Stage{
		{Name: "batch", Graph: draw.ExprGraph, Next: next, Repeat: 1},
		{Name: "train", Graph: b.ExprGraph, Next: update, Repeat: 1},
		{Name: "evaluate", Graph: e.ExprGraph, Next: layers},
	}}, nil
}

// draw makes the real and the false pictures of a batch.
func (t *ForwardTrainer) draw(b *builder) map[string]node {
	in, count, classes := t.Layers[0], t.Data.Train.Count, t.Data.Classes
	images := b.Typed("images", tensor.Uint8, count, in)
	batch := func(of node, stream uint16) node {
		return b.Do(func() (node, error) { return kernels.Minibatch(of, t.Dtype, t.Batch, stream, kernels.Scaled) })
	}
	x := batch(images, batchStream)
	if t.Unsupervised {
		mask := batch(b.Typed("masks", tensor.Uint8, masks, in), maskStream)
		other := batch(images, otherStream)
		return map[string]node{"real": x, "false": b.Add(other, b.Had(mask, b.Sub(x, other)))}
	}
	place, keep := b.Slot("place", classes, in), b.Slot("keep", 1, in)
	blank := b.HadRow(x, keep)
	with := func(labels string) node {
		y := b.Do(func() (node, error) {
			return kernels.MinibatchLabels(b.Typed(labels, tensor.Uint8, count), t.Dtype, t.Batch, classes, batchStream)
		})
		return b.Add(blank, b.Mul(y, place))
	}
	return map[string]node{"real": with("labels"), "false": with("wrong")}
}

// layer is layer l on the activities below: its scaled inputs h [batch, n_{l-1}], activities a and goodness [batch, 1].
func (t *ForwardTrainer) layer(b *builder, below node, l int) (h, a, goodness node) {
	scale := b.Apply(gorgonia.Sqrt, b.Add(b.meanSquare(below), b.Num(1e-8)))
	h = b.Do(func() (node, error) { return gorgonia.BroadcastHadamardDiv(below, scale, nil, []byte{1}) })
	w := t.weight(l)
	a = b.Apply(gorgonia.Rectify, b.Mul(h, b.Slot(w.Name, w.Shape...)))
	return h, a, b.meanSquare(a)
}

// meanSquare is Σ x²/n of every row, [rows, 1].
func (b *builder) meanSquare(x node) node {
	if b.Err() != nil {
		return nil
	}
	rows, n := x.Shape()[0], x.Shape()[1]
	return b.Scale(b.Reshape(b.Sum(b.Apply(gorgonia.Square, x), 1), rows, 1), 1/float64(n))
}

// update is every layer's gradient and its step. With σ the logistic function and B pictures, ∂L/∂W = hᵀ(c ∘ a), where
// c = -2κσ(κ(θ-g))/(nB) for real and 2κσ(κ(g-θ))/(nB) for false pictures: no other layer enters.
func (t *ForwardTrainer) update(b *builder) map[string]node {
	in := t.Layers[0]
	kinds := []struct {
		x    node
		sign float64
	}{{b.Slot("real", t.Batch, in), 1}, {b.Slot("false", t.Batch, in), -1}}
	params, grads := make([]node, len(t.Layers)-1), make([]node, len(t.Layers)-1)
	var loss node
	for _, k := range kinds {
		x := k.x
		for l := 1; l < len(t.Layers); l++ {
			h, a, g := t.layer(b, x, l)
			short := b.Had(b.Sub(b.Num(t.Threshold), g), b.Num(k.sign*t.Sharpness)) // κ(θ - g) or κ(g - θ)
			c := b.Had(b.Apply(gorgonia.Sigmoid, short), b.Num(-2*k.sign*t.Sharpness/float64(t.Layers[l]*t.Batch)))
			grad := b.Mul(b.T(h), b.HadCol(a, c))
			lost := b.Scale(b.Sum(b.Apply(gorgonia.Softplus, short)), 1/float64(t.Batch))
			if b.Err() != nil {
				return nil
			}
			w := t.weight(l)
			params[l-1] = b.Slot(w.Name, w.Shape...)
			if grads[l-1] == nil {
				grads[l-1] = grad
			} else {
				grads[l-1] = b.Add(grads[l-1], grad)
			}
			if loss == nil {
				loss = lost
			} else {
				loss = b.Add(loss, lost)
			}
			x = a
		}
	}
	next := b.optimise(Training{Optimiser: "adam"}, params, grads)
	next["loss"] = b.Add(b.Slot("loss"), loss)
	return next
}

func (t *ForwardTrainer) fill() error {
	in, classes := t.Layers[0], t.Data.Classes
	if err := t.Program.Write("images", t.Data.Train.Images); err != nil {
		return err
	}
	for l := 1; l < len(t.Layers); l++ {
		w := t.weight(l)
		if err := t.write(w.Name, w.Initial(t.Seed, l)); err != nil {
			return err
		}
	}
	values := map[string][]float64{"rate": {t.Rate}, "beta1^t": {1}, "beta2^t": {1}}
	if t.Unsupervised {
		if err := t.Program.Write("masks", t.patches()); err != nil {
			return err
		}
	} else {
		place, keep := make([]float64, classes*in), make([]float64, in)
		for i := range in {
			keep[i] = 1
			if i < classes {
				keep[i], place[i*in+i] = 0, 1
			}
		}
		values["place"], values["keep"] = place, keep
		if err := t.Program.Write("labels", t.Data.Train.Labels); err != nil {
			return err
		}
	}
	for name, x := range values {
		if err := t.write(name, x); err != nil {
			return err
		}
	}
	return nil
}

// patches are the masks: noise blurred by ten passes of the filter (1, 2, 1)/4 along both axes and cut at its mean.
func (t *ForwardTrainer) patches() []uint8 {
	h, w := t.Data.Height, t.Data.Width
	out := make([]uint8, masks*h*w)
	for k := range masks {
		x, y := make([]float64, h*w), make([]float64, h*w)
		rng.At(t.Seed, uint64(k), rng.SetupStage, maskStream).FillNormal64(x, 0)
		blur := func(dst, src []float64, stride, n int) {
			for i := range src {
				at := i / stride % n
				before, after := i, i
				if at > 0 {
					before -= stride
				}
				if at < n-1 {
					after += stride
				}
				dst[i] = (src[before] + 2*src[i] + src[after]) / 4
			}
		}
		for range 10 {
			blur(y, x, 1, w)
			blur(x, y, w, h)
		}
		mean := 0.0
		for _, v := range x {
			mean += v / float64(len(x))
		}
		for i, v := range x {
			if v > mean {
				out[k*h*w+i] = 255
			}
		}
	}
	return out
}

// Epoch makes one pass over the training pictures, with wrong labels drawn anew, and returns the loss, summed over layers, averaged over its updates.
func (t *ForwardTrainer) Epoch(ctx context.Context) (float64, error) {
	n := kernels.Batches(t.Data.Train.Count, t.Batch)
	if !t.Unsupervised {
		wrong := make([]uint8, t.Data.Train.Count)
		s := rng.At(t.Seed, t.Program.Steps()/uint64(n), rng.SetupStage, wrongStream)
		for k, l := range t.Data.Train.Labels {
			wrong[k] = uint8((int(l) + 1 + int(s.Below(uint64(k), uint32(t.Data.Classes-1)))) % t.Data.Classes)
		}
		if err := t.Program.Write("wrong", wrong); err != nil {
			return 0, err
		}
	}
	if err := t.Program.Step(ctx, n); err != nil {
		return 0, err
	}
	l, err := t.read("loss")
	if err != nil {
		return 0, err
	}
	if math.IsNaN(l[0]) || math.IsInf(l[0], 0) {
		return 0, &Diverged{t.Program.Steps()}
	}
	return l[0] / float64(n), t.write("loss", []float64{0})
}

// Accuracy is the share of pictures of the test part that are recognised.
func (t *ForwardTrainer) Accuracy() (float64, error) {
	if t.Unsupervised {
		return t.probe()
	}
	p, classes, in := t.Data.Test, t.Data.Classes, t.Layers[0]
	first := min(2, len(t.Layers)-1)
	score := make([]float64, p.Count*classes)
	for c := range classes {
		mark := make([]float64, in)
		mark[c] = 1
		if err := t.write("mark", mark); err != nil {
			return 0, err
		}
		err := t.eachChunk(p, func(from, n int) error {
			for l := first; l < len(t.Layers); l++ {
				g, err := t.read(fmt.Sprintf("goodness%d", l))
				if err != nil {
					return err
				}
				for k := range n {
					score[(from+k)*classes+c] += g[k]
				}
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	right := 0
	for k, l := range p.Labels {
		if largest(score[k*classes:(k+1)*classes]) == int(l) {
			right++
		}
	}
	return float64(right) / float64(p.Count), nil
}

// probe reads the activities of the last hidden layer.
func (t *ForwardTrainer) probe() (float64, error) {
	l := len(t.Layers) - 1
	part := t.Data.Train.Head(10000)
	train, err := t.Activities(part, l)
	if err != nil {
		return 0, err
	}
	test, err := t.Activities(t.Data.Test, l)
	if err != nil {
		return 0, err
	}
	p, err := Fit(train, part.Labels, t.Layers[l], t.Data.Classes)
	if err != nil {
		return 0, err
	}
	return p.Accuracy(test, t.Data.Test.Labels)
}
