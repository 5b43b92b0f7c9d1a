package modes

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"cavity/engine"
)

// An Epoch is what one pass over the training pictures has brought.
type Epoch struct {
	Rate     float64 // learning rate
	Loss     float64 // averaged over the epoch's updates, each before it is made
	Accuracy float64 // share of the test pictures that are recognised at the epoch's end
}

// A Course is a training of many epochs, with its history; it can be saved and resumed between any two updates.
type Course struct {
	Trainer *Trainer
	Epochs  int
	History []Epoch
	Seconds []float64 // of the epochs that this process has made from beginning to end, tests left out

	Save   func() error             // writes a checkpoint; nil for none
	Period time.Duration            // between two checkpoints
	Report func(done, until uint64) // updates; nil for none
}

// Do trains until Epochs are made. When ctx is cancelled it saves and returns the context's error.
func (c *Course) Do(ctx context.Context) error {
	tr := c.Trainer
	per := uint64(tr.Updates())
	if err := tr.setRate(); err != nil {
		return err
	}
	began, whole := time.Now(), tr.Program.Steps()%per == 0
	return engine.Run{
		Program: tr.Program, Until: uint64(c.Epochs) * per, Every: per, Save: c.Save, Period: c.Period, Report: c.Report,
		Measure: func(uint64) error {
			if err := tr.Program.Sync(); err != nil {
				return err
			}
			if whole {
				c.Seconds = append(c.Seconds, time.Since(began).Seconds())
			}
			err := c.test()
			began, whole = time.Now(), true
			return err
		},
	}.Do(ctx)
}

// test ends an epoch.
func (c *Course) test() (err error) {
	tr := c.Trainer
	e := Epoch{Rate: tr.rate(int(tr.Program.Steps()) - 1)}
	if e.Loss, err = tr.MeanLoss(tr.Updates()); err != nil {
		return err
	}
	if tr.Data.Test.Count > 0 {
		if e.Accuracy, err = tr.Accuracy(tr.Data.Test); err != nil {
			return err
		}
	}
	c.History = append(c.History, e)
	return tr.setRate()
}

// SaveHistory and LoadHistory keep the history, which a checkpoint needs beside the Program.
func (c *Course) SaveHistory(w io.Writer) error { return json.NewEncoder(w).Encode(c.History) }

func (c *Course) LoadHistory(r io.Reader) error {
	if err := json.NewDecoder(r).Decode(&c.History); err != nil {
		return fmt.Errorf("modes: history: %w", err)
	}
	return nil
}
