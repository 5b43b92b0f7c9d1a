package main

import (
	"context"
	"encoding/gob"
	"fmt"
	"io"
	"slices"

	"cavity/engine"
	"cavity/engine/store"
	"cavity/models/rbm"
)

// finished are the machines of a stack that a checkpoint holds: those below the one in training.
func (v *rbmTrain) finished(s *session) (below rbm.Stack, err error) {
	saved := s.Saved()
	if saved == nil {
		return nil, nil
	}
	r, err := saved.Section("stack")
	if err != nil {
		return nil, err
	}
	if err := gob.NewDecoder(r).Decode(&below); err != nil {
		return nil, fmt.Errorf("checkpoint: the machines of the stack: %w", err)
	}
	if len(below) > 0 {
		err = below.Check()
	}
	return below, err
}

// deep adds what a stack is good for: all its weights, dreams, and the autoencoder beside principal components.
func (v *rbmTrain) deep(ctx context.Context, s *session, b engine.Backend, stack rbm.Stack, tr *rbm.Trainer, out *result) error {
	out.Weights, out.Metadata = stack.Arrays(), stack[0].Metadata()
	out.Summary.Set("stack", v.Stack) // the other numbers are the last machine's
	out.Figures = append(out.Figures, machineFigures(stack[0])...)
	dreams, err := stack.Dream(ctx, rbm.Sampling{Chains: 100, Seed: s.Seed}, 1000, b)
	if err != nil {
		return err
	}
	if f, ok := stack[0].Pictures("dreams of the deep belief net", dreams, 100); ok {
		out.Figures = append(out.Figures, picture{"dreams", f})
	}
	if v.Tune == 0 {
		return nil
	}
	tuner, err := rbm.Autoencoder{Stack: stack, Batch: v.Batch, Seed: s.Seed}.Start(v.set.Train.Images, b)
	if err != nil {
		return err
	}
	before, _, err := reconstruct(tuner, scaled(v.set.Test.Images))
	if err != nil {
		return err
	}
	if err := v.tune(ctx, s, tuner, sections(tr, stack[:len(stack)-1])); err != nil {
		return err
	}
	return v.beside(tuner, before, out)
}

// tune trains the autoencoder, from the checkpoint if one was made on the way; its checkpoints also hold the sections of the
// stack's training, which is over.
func (v *rbmTrain) tune(ctx context.Context, s *session, tuner *rbm.Tuner, trained []store.Section) error {
	const name = "autoencoder"
	if saved := s.Saved(); saved != nil && slices.Contains(saved.Names(), name) {
		if err := s.Restore(map[string]func(io.Reader) error{name: tuner.Program.Load}); err != nil {
			return err
		}
	}
	s.Phase("updates of the autoencoder")
	r := engine.Run{Program: tuner.Program, Until: uint64(v.Tune * (v.set.Train.Count / v.Batch)), Period: s.CheckpointEvery, Report: s.Report}
	if s.Checkpoints() {
		r.Save = func() error {
			return s.Save(append(slices.Clone(trained), store.Section{Name: name, Write: tuner.Program.Save})...)
		}
	}
	return r.Do(ctx)
}

// beside holds the autoencoder against as many principal components of the training part as its code has numbers, both on the test
// part.
func (v *rbmTrain) beside(tuner *rbm.Tuner, before float64, out *result) error {
	test := scaled(v.set.Test.Images)
	after, back, err := reconstruct(tuner, test)
	if err != nil {
		return err
	}
	weights, err := tuner.Arrays()
	if err != nil {
		return err
	}
	n, stack := v.set.Pixels(), tuner.Stack
	code := stack[len(stack)-1].Hidden.Count
	pca, err := rbm.NewPCA(scaled(v.set.Train.Images), n, min(code, n))
	if err != nil {
		return err
	}
	linear := pca.Reconstruct(test)
	out.Weights = append(out.Weights, weights...)
	out.Summary.Set("autoencoder", store.Summary{{Key: "code", Value: code}, {Key: "test_examples", Value: v.set.Test.Count},
		{Key: "stack", Value: before}, {Key: "tuned", Value: after}, {Key: "pca", Value: rbm.SquaredError(linear, test)}})
	var rows []float32
	some := min(10, v.set.Test.Count) * n
	for _, r := range [][]float32{test, back, linear} {
		for _, x := range r[:some] {
			rows = append(rows, min(1, max(0, x))) // principal components leave the range of pixels
		}
	}
	if f, ok := stack[0].Pictures("test pictures, autoencoder, principal components", rows, 30); ok {
		f.Columns = 10
		out.Figures = append(out.Figures, picture{"autoencoder", f})
	}
	return nil
}

// scaled are bytes as numbers 0 … 1.
func scaled(pixels []uint8) []float32 {
	x := make([]float32, len(pixels))
	for e, p := range pixels {
		x[e] = float32(p) / 255
	}
	return x
}

// reconstruct is the mean squared error of a pixel, and the reconstructions.
func reconstruct(t *rbm.Tuner, x []float32) (float64, []float32, error) {
	back, err := t.Reconstruct(x)
	if err != nil {
		return 0, nil, err
	}
	return rbm.SquaredError(back, x), back, nil
}
