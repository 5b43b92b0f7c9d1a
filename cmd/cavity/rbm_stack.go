package main

import (
	"context"
	"encoding/gob"
	"fmt"

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
func (v *rbmTrain) deep(ctx context.Context, s *session, b engine.Backend, stack rbm.Stack, out *result) error {
	out.Weights, out.Metadata = stack[0].Arrays(), stack[0].Metadata()
	for l, m := range stack[1:] {
		for _, a := range m.Arrays() {
			a.Name = fmt.Sprintf("%d.%s", l+1, a.Name)
			out.Weights = append(out.Weights, a)
		}
	}
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
	test := v.set.Test.Head(1000)
	x := make([]float32, len(test.Images))
	for e, p := range test.Images {
		x[e] = float32(p) / 255
	}
	before, _, err := reconstruct(tuner, x)
	if err != nil {
		return err
	}
	s.Phase("updates of the autoencoder")
	updates := uint64(v.Tune * (v.set.Train.Count / v.Batch))
	if err := (engine.Run{Program: tuner.Program, Until: updates, Report: s.Report}).Do(ctx); err != nil {
		return err
	}
	after, back, err := reconstruct(tuner, x)
	if err != nil {
		return err
	}
	train := v.set.Train.Head(10000)
	y := make([]float32, len(train.Images))
	for e, p := range train.Images {
		y[e] = float32(p) / 255
	}
	code := stack[len(stack)-1].Hidden.Count
	pca, err := rbm.NewPCA(y, v.set.Pixels(), min(code, v.set.Pixels()))
	if err != nil {
		return err
	}
	linear := pca.Reconstruct(x)
	out.Summary.Set("autoencoder", store.Summary{{Key: "code", Value: code}, {Key: "stack", Value: before}, {Key: "tuned", Value: after}, {Key: "pca", Value: rbm.SquaredError(linear, x)}})
	var rows []float32
	n := v.set.Pixels()
	for _, r := range [][]float32{x, back, linear} {
		for _, x := range r[:10*n] {
			rows = append(rows, min(1, max(0, x))) // principal components leave the range of pixels
		}
	}
	if f, ok := stack[0].Pictures("test pictures, autoencoder, principal components", rows, 30); ok {
		f.Columns = 10
		out.Figures = append(out.Figures, picture{"autoencoder", f})
	}
	return nil
}

// reconstruct is the mean squared error of a pixel, and the reconstructions.
func reconstruct(t *rbm.Tuner, x []float32) (float64, []float32, error) {
	back, err := t.Reconstruct(x)
	if err != nil {
		return 0, nil, err
	}
	return rbm.SquaredError(back, x), back, nil
}
