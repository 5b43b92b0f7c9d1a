package boltzmann

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"

	"cavity/engine"
	"cavity/engine/rng"
	"cavity/kernels"
	"cavity/models/dataset"
)

// A Trainer is a training under way. A step of its Program is one update.
type Trainer struct {
	Training
	Program *engine.Program

	machine *Machine
	history []Epoch
}

// Streams of the host's random numbers.
const (
	initStream   = 1
	chainStream  = 2
	encodeStream = 3
)

// Start checks the settings, compiles the Program and makes the first machine: normal W, fields of the visible spins from the data's
// means, chains of independent spins in these fields.
func (t Training) Start(b engine.Backend) (*Trainer, error) {
	t.setDefaults()
	if err := t.check(); err != nil {
		return nil, err
	}
	n := float64(t.Set.Pixels()) + float64(t.Hidden)
	if err := engine.Room(fmt.Sprintf("boltzmann: a machine of %d visible and %d hidden spins", t.Set.Pixels(), t.Hidden), 3*4*n*n, engine.FreeMemory()); err != nil { // its couplings, their gradient and its parts
		return nil, err
	}
	m := New(t.Set.Pixels(), t.Hidden)
	m.Height, m.Width = t.Set.Height, t.Set.Width
	rng.At(t.Seed, 0, rng.SetupStage, initStream).FillNormal32(m.W, 0)
	for e := range m.W {
		m.W[e] *= float32(t.Deviation)
	}
	plan, err := t.plan()
	if err != nil {
		return nil, err
	}
	tr := &Trainer{Training: t, machine: m}
	if tr.Program, err = engine.Compile(plan, b); err != nil {
		return nil, err
	}
	return tr, tr.fill()
}

func (tr *Trainer) fill() error {
	m, p := tr.machine, tr.Program
	z := size{m.Visible, m.Hidden, tr.Chains}
	mu := Means(Encode(tr.Set.Train.Spread(10000), tr.Binarise, tr.Seed), m.Visible)
	for i, x := range mu {
		m.Bv[i] = float32(math.Atanh(float64(x)))
	}
	if err := z.write(p, m); err != nil {
		return err
	}
	for name, x := range map[string]any{"data": tr.Set.Train.Images, "mu": mu, "off v": offDiagonal(m.Visible), "off h": offDiagonal(m.Hidden),
		"states": states(m.Hidden), "state": independent(z, m, tr.Seed), "diverged": []int64{-1}} {
		if _, used := p.Slots()[name]; !used {
			continue
		}
		if err := p.Write(name, x); err != nil {
			return err
		}
	}
	return tr.schedule(0)
}

// Encode turns pictures into spins, [pictures, pixels].
func Encode(p dataset.Part, binarise string, seed uint64) []float32 {
	v := make([]float32, len(p.Images))
	for e, x := range p.Images {
		one := x > 127
		if binarise == "sample" {
			one = rng.At(seed, 0, rng.SetupStage, encodeStream).Float64(uint64(e))*255 < float64(x)
		}
		if v[e] = -1; one {
			v[e] = 1
		}
	}
	return v
}

// Means are those of the columns of rows of spins, drawn in towards zero as by one more example of either value: no field is infinite.
func Means(v []float32, width int) []float32 {
	sum, rows := make([]float64, width), float64(len(v)/width)
	for e, x := range v {
		sum[e%width] += float64(x)
	}
	mean := make([]float32, width)
	for i, s := range sum {
		mean[i] = float32(s / (rows + 2))
	}
	return mean
}

func offDiagonal(n int) []float32 {
	x := make([]float32, n*n)
	for e := range x {
		if e/n != e%n {
			x[e] = .5
		}
	}
	return x
}

// states are all configurations of n spins, if they are few enough to be enumerated.
func states(n int) (s []float32) {
	if n > MaxPositive {
		return nil
	}
	for state := range 1 << n {
		for j := range n {
			s = append(s, float32(2*(state>>j&1)-1))
		}
	}
	return s
}

// independent is chains of spins drawn in the fields of the machine alone.
func independent(z size, m *Machine, seed uint64) []float32 {
	ld := z.stride()
	state := make([]float32, 2*z.chains*ld)
	r := rng.At(seed, 0, rng.SetupStage, chainStream)
	for k := range z.chains {
		for i := range z.n() {
			state[k*ld+i] = -1
			if r.Float64(uint64(k*z.n()+i))*(1+math.Exp(-2*m.field(i))) < 1 {
				state[k*ld+i] = 1
			}
		}
	}
	return state
}

// schedule sets the learning rate of an epoch, counted from 0.
func (tr *Trainer) schedule(epoch int) error {
	rate := tr.Rate
	if tr.Epochs > 1 {
		rate *= math.Pow(tr.FinalRate/tr.Rate, float64(epoch)/float64(tr.Epochs-1))
	}
	return tr.Program.Write("rate", []float32{float32(rate)})
}

// Updates is the number of updates of an epoch.
func (tr *Trainer) Updates() int { return kernels.Batches(tr.Set.Train.Count, tr.Batch) }

// Machine returns the parameters as they are now; the slices are new. A training that has diverged is an error that names
// the update.
func (tr *Trainer) Machine() (*Machine, error) {
	seen := []int64{-1}
	if err := tr.Program.Read("diverged", seen); err != nil {
		return nil, err
	}
	if seen[0] >= 0 {
		return nil, fmt.Errorf("boltzmann: the training diverged at update %d (epoch %d): a parameter is no number or beyond ±%g; lower the learning rate (%g)",
			seen[0]+1, seen[0]/int64(tr.Updates())+1, float64(limit), tr.Rate)
	}
	m := New(tr.machine.Visible, tr.machine.Hidden)
	m.Height, m.Width = tr.machine.Height, tr.machine.Width
	for name, x := range map[string][]float32{"A": m.A, "W": m.W, "B": m.B, "b": m.Bv, "c": m.Bh} {
		if err := tr.Program.Read(name, x); err != nil {
			return nil, err
		}
	}
	return m, m.Check()
}

// ChainStates returns the visible spins of the chains of the negative phase, [chains, visible].
func (tr *Trainer) ChainStates() ([]float32, error) {
	z := size{tr.machine.Visible, tr.machine.Hidden, tr.Chains}
	return visible(tr.Program, z)
}

func visible(p *engine.Program, z size) ([]float32, error) {
	state := make([]float32, 2*z.chains*z.stride())
	if err := p.Read("state", state); err != nil {
		return nil, err
	}
	var v []float32
	for k := range z.chains {
		v = append(v, state[k*z.stride():k*z.stride()+z.visible]...)
	}
	return v, nil
}

// Change is the mean change of a hidden mean that a last round of mean field would make, an alarm if it is not small; 0 for the other
// kinds of positive phase.
func (tr *Trainer) Change() (float64, error) {
	if tr.Positive != MeanField {
		return 0, nil
	}
	x := []float32{0}
	err := tr.Program.Read("change", x)
	return float64(x[0]), err
}

// Epoch is what was measured after one epoch.
type Epoch struct {
	Epoch         int      `json:"epoch"`
	LogLikelihood *float64 `json:"log_likelihood"` // mean over test examples, nats; by Summed or Bounded, and with LogZ
	LogZ          *float64 `json:"log_z"`
	Change        float64  `json:"change"` // see Trainer.Change
	Seconds       float64  `json:"seconds"`
}

// A Measure is how an epoch's likelihood is found.
type Measure struct {
	Every    int // epochs between two; 0: never
	Annealer *Annealer
	Examples int
}

// Close ends an epoch: it checks that the parameters are sound, measures, records, and sets the next learning rate.
func (tr *Trainer) Close(ctx context.Context, me Measure, seconds float64) (Epoch, error) {
	m, err := tr.Machine()
	if err != nil {
		return Epoch{}, err
	}
	e := Epoch{Epoch: int(tr.Program.Steps()) / tr.Updates(), Seconds: seconds}
	if e.Change, err = tr.Change(); err != nil {
		return e, err
	}
	if me.Every > 0 && e.Epoch%me.Every == 0 {
		z, err := m.LogZ()
		if m.N() > MaxExact {
			if err = me.Annealer.Use(m); err == nil {
				estimate, fail := me.Annealer.Forward(ctx)
				z, err = estimate.LogZ, fail
			}
		}
		if err != nil {
			return e, err
		}
		l := average(m.Each(m.Likelihood(), Encode(tr.Set.Test.Spread(me.Examples), tr.Binarise, 2))) - z
		e.LogLikelihood, e.LogZ = &l, &z
	}
	tr.history = append(tr.history, e)
	return e, tr.schedule(e.Epoch)
}

// Likelihood is Summed where the hidden spins are few enough, else Bounded.
func (m *Machine) Likelihood() Likelihood {
	if m.Hidden <= MaxPositive {
		return Summed
	}
	return Bounded
}

func average(x []float64) float64 {
	sum := 0.0
	for _, y := range x {
		sum += y
	}
	return sum / float64(len(x))
}

// History is what was measured so far, an element an epoch.
func (tr *Trainer) History() []Epoch { return tr.history }

// SaveHistory and LoadHistory keep what was measured in a checkpoint.
func (tr *Trainer) SaveHistory(w io.Writer) error { return json.NewEncoder(w).Encode(tr.history) }

// LoadHistory takes back what SaveHistory wrote.
func (tr *Trainer) LoadHistory(r io.Reader) error {
	if err := json.NewDecoder(r).Decode(&tr.history); err != nil {
		return fmt.Errorf("boltzmann: the saved history is damaged: %w", err)
	}
	return nil
}
