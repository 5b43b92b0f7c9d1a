package modes

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"cavity/models/dataset"
)

// A course that is interrupted in the middle of an epoch and resumed has the history and the state of one that is not.
func TestCourseResumes(t *testing.T) {
	data, err := dataset.Digits(8, 200, 50, 1)
	if err != nil {
		t.Fatal(err)
	}
	set := Training{Network: Network{Layers: []int{64, 20, 10}, Space: TiedModes, P: 6}, Data: data, Batch: 20, Halve: 2, Seed: 7}
	begin := func() *Course { return &Course{Trainer: begin(t, set, "cpu", 1), Epochs: 6} }
	whole := begin()
	if err := whole.Do(context.Background()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	part := begin()
	var program, history bytes.Buffer
	part.Save = func() error { return errors.Join(part.Trainer.Program.Save(&program), part.SaveHistory(&history)) }
	if err := part.Trainer.Advance(ctx, 3); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := part.Do(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("a cancelled course: %v", err)
	}
	rest := begin()
	if err := errors.Join(rest.Trainer.Program.Load(&program), rest.LoadHistory(&history)); err != nil {
		t.Fatal(err)
	}
	if got := rest.Trainer.Program.Steps(); got != 3 {
		t.Fatalf("resumed at update %d", got)
	}
	if err := rest.Do(context.Background()); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(rest.History, whole.History) {
		t.Errorf("resumed %v\nwhole   %v", rest.History, whole.History)
	}
	a, _ := whole.Trainer.Program.Snapshot()
	b, _ := rest.Trainer.Program.Snapshot()
	if !bytes.Equal(a, b) {
		t.Error("the state after the resume differs")
	}
	for k, want := range []float64{1e-3, 1e-3, 5e-4, 5e-4, 2.5e-4, 2.5e-4} {
		if got := whole.History[k].Rate; got != want {
			t.Errorf("rate of epoch %d: %v, want %v", k, got, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	good := func() Training {
		return Training{Network: Network{Layers: []int{6, 5, 3}, Space: Modes, P: 2}, Data: tiny(), Batch: 5}
	}
	for _, c := range []struct {
		spoil func(*Training)
		want  string
	}{
		{func(t *Training) { t.Data = nil }, "no data"},
		{func(t *Training) { t.Data.Train.Labels = nil }, "has no labels"},
		{func(t *Training) { t.Layers[0] = 7 }, "7 inputs for pictures of 6 pixels"},
		{func(t *Training) { t.Layers[2] = 4 }, "4 outputs for 3 classes"},
		{func(t *Training) { t.Layers = []int{6} }, "at least the inputs and the outputs"},
		{func(t *Training) { t.Layers[1] = 0 }, "of 1 unit or more"},
		{func(t *Training) { t.P = 0 }, "0 modes: at least 1"},
		{func(t *Training) { t.Space = "fourier" }, `space "fourier"`},
		{func(t *Training) { t.Activation = "gelu" }, `activation "gelu": relu, tanh, sigmoid or linear`},
		{func(t *Training) { t.Loss = "hinge" }, `loss "hinge"`},
		{func(t *Training) { t.Optimiser = "lion" }, `optimiser "lion"`},
		{func(t *Training) { t.Batch = 31 }, "batches of 31 of 30 pictures"},
		{func(t *Training) { t.Rate = -1 }, "a positive rate"},
		{func(t *Training) { t.Halve = -1 }, "halved every -1 epochs"},
		{func(t *Training) { t.Data.Train.Labels[4] = 3 }, "picture 4 of tiny has label 3 of 3 classes"},
		{func(t *Training) {
			for k, l := range t.Data.Train.Labels {
				if l == 1 {
					t.Data.Train.Labels[k] = 2
				}
			}
		}, "class 1 of tiny has no picture"},
	} {
		set := good()
		c.spoil(&set)
		if _, err := set.Start(open(t, "cpu", 1)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("want %q, got %v", c.want, err)
		}
	}
	set := good()
	if _, err := set.Start(open(t, "cpu", 1)); err != nil {
		t.Errorf("the good training: %v", err)
	}
}
