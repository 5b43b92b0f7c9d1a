package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"cavity/engine"
	"cavity/engine/figure"
	"cavity/engine/store"
	"cavity/models/dataset"
	"cavity/models/modes"
)

// modesForward trains by the Forward-Forward algorithm, and the same layers by backpropagation beside it.
type modesForward struct {
	common
	passes
	pictures
	Hidden       []int   `default:"500,500" help:"Units of the hidden layers."`
	Unsupervised bool    `help:"Learn from pictures without labels: false pictures are mixtures of two; a linear probe reads the last layer."`
	Threshold    float64 `default:"2" help:"Goodness, the mean square of a layer's activities, that parts real from false pictures."`
	Sharpness    float64 `default:"10" help:"Factor of goodness minus threshold in the logarithm of a layer's loss."`
	Rate         float64 `default:"0.001" help:"Learning rate of Adam, of both methods."`

	data *dataset.Set
}

func (v *modesForward) Run(f *frame) error { return f.compute(v) }

func (v *modesForward) validate() (err error) {
	if err := v.checkPasses(); err != nil {
		return err
	}
	switch {
	case !(v.Threshold > 0) || !(v.Sharpness > 0) || !(v.Rate > 0):
		return misusef("--threshold is %v, --sharpness is %v and --rate is %v: they must be positive", v.Threshold, v.Sharpness, v.Rate)
	}
	for _, n := range v.Hidden {
		if n < 1 {
			return misusef("--hidden is %v: at least 1 unit in every layer", v.Hidden)
		}
	}
	v.data, err = v.load()
	return err
}

// An abreast is a training by both methods under way; the histories are in its checkpoint.
type abreast struct {
	forward           *modes.ForwardTrainer
	backward          *modes.Trainer
	Forward, Backward []float64 // test accuracies after every epoch
	Loss              []float64 // of Forward-Forward
}

func (v *modesForward) start(b engine.Backend) (*abreast, error) {
	layers := append([]int{v.data.Pixels()}, v.Hidden...)
	forward, err := modes.ForwardForward{Layers: layers, Data: v.data, Unsupervised: v.Unsupervised, Threshold: v.Threshold, Sharpness: v.Sharpness, Rate: v.Rate, Batch: v.Batch, Seed: v.Seed}.Start(b)
	if err != nil {
		return nil, misuse{err}
	}
	n := modes.Network{Layers: append(layers, v.data.Classes), Space: modes.Weight}
	backward, err := modes.Training{Network: n, Data: v.data, Rate: v.Rate, Batch: v.Batch, Seed: v.Seed}.Start(b)
	return &abreast{forward: forward, backward: backward}, err
}

func (a *abreast) sections() []store.Section {
	return []store.Section{{Name: "forward", Write: a.forward.Program.Save}, {Name: "backward", Write: a.backward.Program.Save},
		{Name: "history", Write: func(w io.Writer) error { return json.NewEncoder(w).Encode(a) }}}
}

func (a *abreast) restore(saved *store.Checkpoint) error {
	return errors.Join(reload(saved, "forward", a.forward.Program.Load), reload(saved, "backward", a.backward.Program.Load),
		reload(saved, "history", func(r io.Reader) error { return json.NewDecoder(r).Decode(a) }))
}

// epoch makes one of each; it is not interrupted.
func (a *abreast) epoch(d *dataset.Set) error {
	ctx := context.Background()
	loss, err := a.forward.Epoch(ctx)
	if err != nil {
		return err
	}
	f, err := a.forward.Accuracy()
	if err != nil {
		return err
	}
	if _, err := a.backward.Epoch(ctx); err != nil {
		return err
	}
	b, err := a.backward.Accuracy(d.Test)
	a.Loss, a.Forward, a.Backward = append(a.Loss, loss), append(a.Forward, f), append(a.Backward, b)
	return err
}

func (v *modesForward) compute(ctx context.Context, s *session) (*result, error) {
	b, err := s.Open()
	if err != nil {
		return nil, err
	}
	a, err := v.start(b)
	if err != nil {
		return nil, err
	}
	if saved := s.Saved(); saved != nil {
		if err := a.restore(saved); err != nil {
			return nil, err
		}
	}
	s.Phase("epochs")
	last := time.Now()
	for len(a.Forward) < v.Epochs {
		if err := a.epoch(v.data); err != nil {
			return nil, err
		}
		s.Report(uint64(len(a.Forward)), uint64(v.Epochs))
		if ctx.Err() != nil || time.Since(last) > s.CheckpointEvery || len(a.Forward) == v.Epochs {
			if err := s.Save(a.sections()...); err != nil {
				return nil, err
			}
			last = time.Now()
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	out := &result{}
	out.Summary.Set("test_accuracy", a.Forward[v.Epochs-1])
	out.Summary.Set("backpropagation_accuracy", a.Backward[v.Epochs-1])
	out.Summary.Set("loss", a.Loss)
	out.Summary.Set("accuracy", a.Forward)
	out.Summary.Set("backpropagation", a.Backward)
	out.Series = []store.Array{store.Of("loss", a.Loss), store.Of("accuracy", a.Forward), store.Of("backpropagation", a.Backward)}
	x := ranks(v.Epochs)
	out.Figures = []picture{{"learning", figure.Curves{
		Title: fmt.Sprintf("%s, hidden layers %v", v.data.Name, v.Hidden),
		X:     figure.Axis{Label: "epoch", Whole: true}, Y: figure.Axis{Label: "test accuracy"},
		Curves: []figure.Curve{{Name: "Forward-Forward", X: x, Y: a.Forward, Style: figure.LinePoints}, {Name: "backpropagation", X: x, Y: a.Backward, Style: figure.LinePoints}},
	}}}
	return out, nil
}
