package rbm

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"

	"cavity/engine"
)

// Epoch is what was measured after one epoch. Quantities that a machine's units do not define, or that were not asked for, are nil.
type Epoch struct {
	Epoch            int      `json:"epoch"`
	LogLikelihood    *float64 `json:"log_likelihood"`    // mean over test examples, nats
	LogZ             *float64 `json:"log_z"`             // exact, or by forward annealing
	PseudoLikelihood *float64 `json:"pseudo_likelihood"` // mean over test examples, nats
	Reconstruction   float64  `json:"reconstruction"`    // mean squared error of a visible unit
	Validation       *float64 `json:"validation"`        // mean over validation examples, nats: of the likelihood, or of the pseudo-likelihood where the other is missing
	FreeEnergyGap    float64  `json:"free_energy_gap"`   // mean F of test examples minus that of training examples
	GapErr           float64  `json:"gap_err"`           // its standard error over examples
	Growth           float64  `json:"gap_growth"`        // of the gap since the first epoch that was measured
	GrowthErr        float64  `json:"gap_growth_err"`    // its standard error, from the changes of F example by example
	Seconds          float64  `json:"seconds"`           // of computing time for the updates, without the measurement
}

// A Monitor measures a machine in training.
type Monitor struct {
	Examples     int // of each part, at equal distances; 0: 1,000
	Every        int // epochs between estimates of the likelihood; 0: 1; negative: never
	Temperatures int // of annealing where Z cannot be enumerated quickly; 0: 300
	Chains       int // 0: 50
	Seed         uint64

	train, test, validation []float32
	evaluator               *Evaluator
	annealer                *Annealer
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
	mo.train, mo.test = m.Encode(tr.Set.Train.Spread(mo.Examples), 1), m.Encode(tr.Set.Test.Spread(mo.Examples), 2)
	mo.validation = m.Encode(tr.validation.Spread(mo.Examples), 3)
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

// measure looks at a machine after an epoch.
func (mo *Monitor) measure(ctx context.Context, m *Machine, epoch int) (e Epoch, f energies, err error) {
	e.Epoch = epoch
	if err = mo.evaluator.Use(m); err != nil {
		return e, f, err
	}
	validation, err := mo.evaluator.FreeEnergies(mo.validation)
	if err != nil {
		return e, f, err
	}
	if f.Train, err = mo.evaluator.FreeEnergies(mo.train); err != nil {
		return e, f, err
	}
	if f.Test, err = mo.evaluator.FreeEnergies(mo.test); err != nil {
		return e, f, err
	}
	if e.Reconstruction, err = mo.evaluator.Reconstruction(mo.test); err != nil {
		return e, f, err
	}
	if e.PseudoLikelihood, err = mo.pseudo(ctx, m, mo.test); err != nil {
		return e, f, err
	}
	if mo.Every < 0 || epoch%mo.Every != 0 {
		e.Validation, err = mo.pseudo(ctx, m, mo.validation)
		return e, f, err
	}
	z, err := mo.logZ(ctx, m)
	l := -average(f.Test) - z
	e.LogZ, e.LogLikelihood = &z, &l
	if len(validation) > 0 {
		l := -average(validation) - z
		e.Validation = &l
	}
	return e, f, err
}

// pseudo is the pseudo-likelihood of at most 200 examples at equal distances; nil where the units do not define it, or of none.
func (mo *Monitor) pseudo(ctx context.Context, m *Machine, examples []float32) (*float64, error) {
	u, nv := m.Visible.Units, m.Visible.Count
	if u != Bernoulli && u != Ising || m.Visible.Labels > 0 || len(examples) == 0 {
		return nil, nil
	}
	rows := len(examples) / nv
	some := examples
	if n := 200; rows > n {
		some = nil
		for k := range n {
			at := k * rows / n * nv
			some = append(some, examples[at:at+nv]...)
		}
	}
	pl, err := m.PseudoLikelihood(ctx, some)
	return &pl, err
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

// Stopped reports whether the validation likelihood has not grown for Patience epochs.
func (tr *Trainer) Stopped() bool { return tr.stopped }

// Close ends an epoch: it checks that the parameters are sound, measures, records, and sets the next learning rate.
func (tr *Trainer) Close(ctx context.Context, mo *Monitor, seconds float64) (Epoch, error) {
	m, err := tr.Machine()
	if err != nil {
		return Epoch{}, err
	}
	epoch := int(tr.Program.Steps()) / tr.Updates()
	e, f, err := mo.measure(ctx, m, epoch)
	if err != nil {
		return e, err
	}
	if tr.first == nil {
		tr.first = &f
	}
	e.compare(*tr.first, f)
	e.Seconds = seconds
	tr.history = append(tr.history, e)
	tr.stopped = tr.Patience > 0 && tr.late()
	return e, tr.schedule(epoch)
}

// late reports that the best validation likelihood is Patience epochs old. Where likelihoods are estimated in some epochs
// only, these alone count: a pseudo-likelihood does not compare with them.
func (tr *Trainer) late() bool {
	best, at := math.Inf(-1), 0
	estimated := slices.ContainsFunc(tr.history, func(e Epoch) bool { return e.LogZ != nil })
	for k, e := range tr.history {
		if e.Validation != nil && (e.LogZ != nil) == estimated && *e.Validation > best {
			best, at = *e.Validation, k
		}
	}
	return len(tr.history)-1-at >= tr.Patience
}

// measured is what a checkpoint keeps of the measurements.
type measured struct {
	Epochs  []Epoch
	Stopped bool
	First   *energies
}

// SaveHistory and LoadHistory keep what was measured in a checkpoint.
func (tr *Trainer) SaveHistory(w io.Writer) error {
	return json.NewEncoder(w).Encode(measured{tr.history, tr.stopped, tr.first})
}

// LoadHistory takes back what SaveHistory wrote.
func (tr *Trainer) LoadHistory(r io.Reader) error {
	var saved measured
	if err := json.NewDecoder(r).Decode(&saved); err != nil {
		return fmt.Errorf("rbm: the saved history is damaged: %w", err)
	}
	tr.history, tr.stopped, tr.first = saved.Epochs, saved.Stopped, saved.First
	return nil
}
