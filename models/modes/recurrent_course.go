package modes

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"gonum.org/v1/gonum/mat"

	"cavity/engine"
)

// A RecurrentCourse is a training of many epochs, with its history; it can be saved and resumed between any two updates.
type RecurrentCourse struct {
	Trainer *RecurrentTrainer
	Epochs  int
	History []Epoch

	Save   func() error             // writes a checkpoint; nil for none
	Period time.Duration            // between two checkpoints
	Report func(done, until uint64) // updates; nil for none
}

// Do trains until Epochs are made. When ctx is cancelled it saves and returns the context's error.
func (c *RecurrentCourse) Do(ctx context.Context) error {
	tr := c.Trainer
	per := uint64(tr.Updates())
	return engine.Run{
		Program: tr.Program, Until: uint64(c.Epochs) * per, Every: per, Save: c.Save, Period: c.Period, Report: c.Report,
		Measure: func(uint64) error { return c.test() },
	}.Do(ctx)
}

// test ends an epoch.
func (c *RecurrentCourse) test() (err error) {
	e := Epoch{Rate: c.Trainer.Rate}
	if e.Loss, err = c.Trainer.MeanLoss(); err != nil {
		return err
	}
	if c.Trainer.Data.Test.Count > 0 {
		if e.Accuracy, err = c.Trainer.Accuracy(c.Trainer.Data.Test); err != nil {
			return err
		}
	}
	c.History = append(c.History, e)
	return nil
}

// SaveHistory and LoadHistory keep the history, which a checkpoint needs beside the Program.
func (c *RecurrentCourse) SaveHistory(w io.Writer) error { return json.NewEncoder(w).Encode(c.History) }

func (c *RecurrentCourse) LoadHistory(r io.Reader) error {
	if err := json.NewDecoder(r).Decode(&c.History); err != nil {
		return fmt.Errorf("recurrent: history: %w", err)
	}
	return nil
}

// Eigenvalues are those of W; in mode space the P that need not be zero, which are those of diag(Σ) ξ_out ξ_in.
func (r Recurrent) Eigenvalues(w Weights) ([]complex128, error) {
	n, x := r.Units, w["W"]
	if r.Space != Weight {
		n, x = r.P, make([]float64, r.P*r.P)
		for p := range r.P {
			for q := range r.P {
				for i := range r.Units {
					x[p*r.P+q] += w["out"][p*r.Units+i] * w["in"][i*r.P+q]
				}
				if s := w["sigma"]; s != nil {
					x[p*r.P+q] *= s[p]
				}
			}
		}
	}
	var e mat.Eigen
	if !e.Factorize(mat.NewDense(n, n, x), mat.EigenNone) {
		return nil, fmt.Errorf("recurrent: the eigenvalues of W did not converge")
	}
	return e.Values(nil), nil
}

// Weights are the present parameters by name.
func (tr *RecurrentTrainer) Weights() (Weights, error) {
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
