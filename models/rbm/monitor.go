package rbm

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"

	"cavity/engine"
)

// Epoch is what was measured after one epoch. Quantities that a machine's units do not define, or that were not asked for, are nil.
type Epoch struct {
	Epoch            int      `json:"epoch"`
	LogLikelihood    *float64 `json:"log_likelihood"`    // mean over test examples, nats
	LogZ             *float64 `json:"log_z"`             // exact, or by forward annealing
	PseudoLikelihood *float64 `json:"pseudo_likelihood"` // mean over test examples, nats
	Reconstruction   float64  `json:"reconstruction"`    // mean squared error of a visible unit
	FreeEnergyGap    float64  `json:"free_energy_gap"`   // mean F of test examples minus that of training examples: it grows as a machine overfits
	Seconds          float64  `json:"seconds"`           // of computing time for the updates, without the measurement
}

// A Monitor measures a machine in training.
type Monitor struct {
	Examples     int // of each part; 0: 1,000
	Every        int // epochs between estimates of the likelihood; 0: 1; negative: never
	Temperatures int // of annealing where Z cannot be enumerated quickly; 0: 300
	Chains       int // 0: 50
	Seed         uint64

	train, test []float32
	evaluator   *Evaluator
	annealer    *Annealer
}

// enumerateCost is how many terms a likelihood in every epoch may take.
const enumerateCost = 1 << 27

// Start encodes the examples and compiles what is needed.
func (mo *Monitor) Start(tr *Trainer, b engine.Backend) error {
	for p, def := range map[*int]int{&mo.Examples: 1000, &mo.Every: 1, &mo.Temperatures: 300, &mo.Chains: 50} {
		if *p == 0 {
			*p = def
		}
	}
	m := tr.machine
	mo.train, mo.test = m.Encode(tr.Set.Train.Head(mo.Examples), 1), m.Encode(tr.Set.Test.Head(mo.Examples), 2)
	var err error
	if mo.evaluator, err = NewEvaluator(m, min(mo.Examples, 500), b); err != nil {
		return err
	}
	if mo.Every > 0 && !cheap(m) {
		mo.annealer, err = AIS{Chains: mo.Chains, Temperatures: mo.Temperatures, Seed: mo.Seed}.Start(m, b)
	}
	return err
}

// cheap reports whether Z can be enumerated within enumerateCost terms.
func cheap(m *Machine) bool {
	return enumerable(m.Hidden) && m.Visible.Count<<m.Hidden.Count <= enumerateCost || enumerable(m.Visible) && m.Hidden.Count<<m.Visible.Count <= enumerateCost
}

// Measure looks at a machine after an epoch.
func (mo *Monitor) Measure(ctx context.Context, m *Machine, epoch int) (e Epoch, err error) {
	e.Epoch = epoch
	if err = mo.evaluator.Use(m); err != nil {
		return e, err
	}
	train, err := mo.evaluator.FreeEnergies(mo.train)
	if err != nil {
		return e, err
	}
	test, err := mo.evaluator.FreeEnergies(mo.test)
	if err != nil {
		return e, err
	}
	e.FreeEnergyGap = average(test) - average(train)
	if e.Reconstruction, err = mo.evaluator.Reconstruction(mo.test); err != nil {
		return e, err
	}
	if u := m.Visible.Units; (u == Bernoulli || u == Ising) && m.Visible.Labels == 0 {
		rows := min(len(mo.test)/m.Visible.Count, 200)
		pl, err := m.PseudoLikelihood(ctx, mo.test[:rows*m.Visible.Count])
		if err != nil {
			return e, err
		}
		e.PseudoLikelihood = &pl
	}
	if mo.Every < 0 || epoch%mo.Every != 0 {
		return e, nil
	}
	z, err := mo.logZ(ctx, m)
	l := -average(test) - z
	e.LogZ, e.LogLikelihood = &z, &l
	return e, err
}

func (mo *Monitor) logZ(ctx context.Context, m *Machine) (float64, error) {
	if mo.annealer == nil {
		return m.LogZ()
	}
	if err := mo.annealer.Use(m); err != nil {
		return 0, err
	}
	f, err := mo.annealer.Forward(ctx)
	return f.LogZ, err
}

// History is what was measured so far, an element an epoch.
func (tr *Trainer) History() []Epoch { return tr.history }

// Stopped reports whether the validation likelihood has stopped growing for Patience epochs.
func (tr *Trainer) Stopped() bool { return tr.stopped }

// Close ends an epoch: it checks that the parameters are sound, measures, records, and sets the next learning rate.
func (tr *Trainer) Close(ctx context.Context, mo *Monitor, seconds float64) (Epoch, error) {
	m, err := tr.Machine()
	if err != nil {
		return Epoch{}, err
	}
	epoch := int(tr.Program.Steps()) / tr.Updates()
	e, err := mo.Measure(ctx, m, epoch)
	if err != nil {
		return e, err
	}
	e.Seconds = seconds
	tr.history = append(tr.history, e)
	tr.stopped = tr.Patience > 0 && tr.late()
	return e, tr.schedule(epoch)
}

// late reports that the best likelihood (the pseudo-likelihood where the other is missing) is Patience epochs old.
func (tr *Trainer) late() bool {
	best, at := math.Inf(-1), 0
	for k, e := range tr.history {
		l := e.LogLikelihood
		if l == nil {
			l = e.PseudoLikelihood
		}
		if l != nil && *l > best {
			best, at = *l, k
		}
	}
	return len(tr.history)-1-at >= tr.Patience
}

// SaveHistory and LoadHistory keep what was measured in a checkpoint.
func (tr *Trainer) SaveHistory(w io.Writer) error {
	return json.NewEncoder(w).Encode(struct {
		Epochs  []Epoch
		Stopped bool
	}{tr.history, tr.stopped})
}

// LoadHistory takes back what SaveHistory wrote.
func (tr *Trainer) LoadHistory(r io.Reader) error {
	var saved struct {
		Epochs  []Epoch
		Stopped bool
	}
	if err := json.NewDecoder(r).Decode(&saved); err != nil {
		return fmt.Errorf("rbm: the saved history is damaged: %w", err)
	}
	tr.history, tr.stopped = saved.Epochs, saved.Stopped
	return nil
}
