package modes

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"time"

	"cavity/engine"
	"cavity/engine/rng"
	"cavity/models/dataset"
)

const (
	mislabelStream = 80 // which pictures
	insteadStream  = 81 // and what they are called
)

// Mislabel gives a share of the training pictures, rounded to whole pictures, another label, drawn uniformly from the others;
// which ones says `wrong`. The test pictures keep theirs.
func Mislabel(d *dataset.Set, share float64, seed uint64) (out *dataset.Set, wrong []bool, err error) {
	n := int(math.Round(share * float64(d.Train.Count)))
	if !(share > 0 && share < 1) || n == 0 || n == d.Train.Count || d.Classes < 2 || d.Train.Labels == nil {
		return nil, nil, fmt.Errorf("modes: a share %v of wrong labels among %d pictures in %d classes: at least one label wrong and one right, of two classes or more", share, d.Train.Count, d.Classes)
	}
	order := make([]int32, d.Train.Count)
	rng.At(seed, 0, rng.SetupStage, mislabelStream).Permutation(order)
	other := rng.At(seed, 0, rng.SetupStage, insteadStream)
	set := *d
	set.Train.Labels, wrong = append([]uint8{}, d.Train.Labels...), make([]bool, d.Train.Count)
	for _, k := range order[:n] {
		wrong[k] = true
		set.Train.Labels[k] = uint8((int(d.Train.Labels[k]) + 1 + int(other.Below(uint64(k), uint32(d.Classes-1)))) % d.Classes)
	}
	return &set, wrong, nil
}

// parted is the pictures with right and those with wrong labels.
func parted(p dataset.Part, wrong []bool) (right, other dataset.Part) {
	pixels := len(p.Images) / p.Count
	for k, l := range p.Labels {
		to := &right
		if wrong[k] {
			to = &other
		}
		to.Images, to.Labels = append(to.Images, p.Images[k*pixels:(k+1)*pixels]...), append(to.Labels, l)
		to.Count++
	}
	return right, other
}

// A Mislabelling trains a network on pictures some of whose labels are wrong and watches both kinds (Feng, Tu 2021).
type Mislabelling struct {
	Training         // Data has right labels
	Share    float64 // of wrong ones
	Epochs   int
}

// A Moment is what an epoch of it has come to. All losses and shares are taken at the end of the epoch.
type Moment struct {
	TestError              float64
	RightLoss              float64 // mean loss of the training pictures with right labels
	WrongLoss              float64 // and of the others, of the labels that they were given
	RightKnown             float64 // share of pictures with right labels whose label the network names
	WrongKnown             float64 // share of the others of which it names the given label: learnt by heart
	WrongSeen              float64 // share of the others of which it names the true class: seen through
	Cosine                 float64 // of the gradients of the two mean losses
	RightSlope, WrongSlope float64 // their norms
}

// A Mislabelled is such a training under way, with its history. It can be saved and resumed at the end of any epoch.
type Mislabelled struct {
	*Trainer
	History      []Moment
	set          Mislabelling
	gradients    *Gradients
	right, wrong dataset.Part
	truth        dataset.Part // wrong with the true labels
}

// Start draws the wrong labels, from the training's seed, and compiles.
func (m Mislabelling) Start(b engine.Backend) (*Mislabelled, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	set, wrong, err := Mislabel(m.Data, m.Share, m.Seed)
	if err != nil {
		return nil, err
	}
	out := &Mislabelled{set: m}
	_, out.truth = parted(m.Data.Train, wrong)
	out.right, out.wrong = parted(set.Train, wrong)
	m.Data = set
	if out.Trainer, err = m.Training.Start(b); err != nil {
		return nil, err
	}
	out.gradients, err = out.Network.Gradients(b, m.Loss, out.right, out.wrong)
	return out, err
}

// Check fills in defaults and reports settings out of range.
func (m *Mislabelling) Check() error {
	if m.Epochs < 1 {
		return fmt.Errorf("modes: %d epochs: at least 1", m.Epochs)
	}
	if err := m.Training.Check(); err != nil {
		return err
	}
	if m.Space == Ensemble || m.Space == SVDModes {
		return fmt.Errorf("modes: wrong labels in the space %q, whose loss is more than that of the labels: weight, modes, tied-modes or unit-modes", m.Space)
	}
	_, _, err := Mislabel(m.Data, m.Share, m.Seed)
	return err
}

// Do trains until all epochs are made. It saves when ctx is cancelled, at the end of the present epoch, and returns the
// context's error.
func (m *Mislabelled) Do(ctx context.Context, save func() error, period time.Duration, report func(done, until uint64)) error {
	saved := time.Now()
	for len(m.History) < m.set.Epochs {
		if _, err := m.Epoch(context.Background()); err != nil {
			return err
		}
		if err := m.look(); err != nil {
			return err
		}
		if report != nil {
			report(uint64(len(m.History)), uint64(m.set.Epochs))
		}
		stopped := ctx.Err() != nil
		if save != nil && (stopped || time.Since(saved) >= period) {
			if err := save(); err != nil {
				return err
			}
			saved = time.Now()
		}
		if stopped && len(m.History) < m.set.Epochs {
			return ctx.Err()
		}
	}
	return nil
}

// look ends an epoch.
func (m *Mislabelled) look() error {
	w, err := m.Weights()
	if err != nil {
		return err
	}
	loss, g, err := m.gradients.At(w)
	if err != nil {
		return err
	}
	e := Moment{RightLoss: loss[0], WrongLoss: loss[1], RightSlope: norm(g[0]), WrongSlope: norm(g[1])}
	e.Cosine = dot(g[0], g[1]) / (e.RightSlope * e.WrongSlope)
	for _, c := range []struct {
		to *float64
		of dataset.Part
	}{{&e.TestError, m.Data.Test}, {&e.RightKnown, m.right}, {&e.WrongKnown, m.wrong}, {&e.WrongSeen, m.truth}} {
		if *c.to, err = m.Accuracy(c.of); err != nil {
			return err
		}
	}
	e.TestError = 1 - e.TestError
	m.History = append(m.History, e)
	return nil
}

// SaveHistory and LoadHistory keep the history, which a checkpoint needs beside the Program.
func (m *Mislabelled) SaveHistory(w io.Writer) error { return json.NewEncoder(w).Encode(m.History) }

func (m *Mislabelled) LoadHistory(r io.Reader) error {
	if err := json.NewDecoder(r).Decode(&m.History); err != nil {
		return fmt.Errorf("modes: history: %w", err)
	}
	return nil
}

// Phases are the turning points of a training with wrong labels, in epochs from 1; 0 for what did not happen. At first both
// kinds pull at the network, those with right labels pull together and win: the loss of the wrong labels rises although
// they are trained on (first phase, until Turn); afterwards they are learnt by heart, one by one (second phase, until
// Heart), and what the network knew of the test pictures is spoilt.
type Phases struct {
	Turn  int // the loss of the wrong labels is largest
	Best  int // the test error is least
	Heart int // half of the wrong labels are named
}

// Phases finds them, of equal epochs the first.
func (m *Mislabelled) Phases() Phases { return phases(m.History) }

func phases(history []Moment) (p Phases) {
	highest, least := math.Inf(-1), math.Inf(1)
	for k, e := range history {
		if e.WrongLoss > highest {
			highest, p.Turn = e.WrongLoss, k+1
		}
		if e.TestError < least {
			least, p.Best = e.TestError, k+1
		}
		if p.Heart == 0 && e.WrongKnown >= .5 {
			p.Heart = k + 1
		}
	}
	return p
}
