package rbm

import (
	"context"
	"fmt"
	"math"

	"cavity/engine"
	"cavity/kernels"
	"cavity/models/dataset"
)

// A Trainer is a training under way. A step of its Program is one update.
type Trainer struct {
	Training
	Program *engine.Program

	machine    *Machine
	validation dataset.Part // held out of Set
	history    []Epoch
	first      *energies // of the first epoch that was measured
	stopped    bool
}

// Start checks the settings, compiles the Program and makes the first machine: small normal weights, visible biases from the
// data's means. Errors say which setting is wrong and what is allowed.
func (t Training) Start(b engine.Backend) (*Trainer, error) {
	t.setDefaults()
	if err := t.check(); err != nil {
		return nil, err
	}
	held := t.holdOut()
	visible, hidden := t.layers()
	m, err := New(visible, hidden, t.Deviation, t.Seed)
	if err != nil {
		return nil, err
	}
	m.Binarised = t.Binarise
	if visible.Units != Potts {
		m.Height, m.Width = t.Set.Height, t.Set.Width
	}
	m.fit(t.Set)
	tr := &Trainer{Training: t, machine: m, validation: held}
	plan, err := t.plan(m)
	if err != nil {
		return nil, err
	}
	if tr.Program, err = engine.Compile(plan, b); err != nil {
		return nil, err
	}
	return tr, tr.fill()
}

// fill writes the slots' first values.
func (tr *Trainer) fill() error {
	m, p := tr.machine, tr.Program
	var err error
	write := func(name string, x any) {
		if _, used := p.Slots()[name]; err == nil && used {
			err = p.Write(name, x)
		}
	}
	images := tr.Set.Train.Images
	if tr.Visible == Potts {
		images = pottsBytes(images, tr.States)
	}
	write("data", images)
	write("labels", tr.Set.Train.Labels)
	if tr.Visible == Gaussian {
		inverse := make([]float32, tr.Set.Pixels())
		for i := range inverse {
			inverse[i] = 1 / m.Scale[i]
		}
		write("shift", m.Shift[:len(inverse)])
		write("inverse scale", inverse)
	}
	if tr.BinaryWeights > 0 {
		write("latent", m.W)
		for i, w := range m.W {
			m.W[i] = float32(math.Copysign(tr.BinaryWeights, float64(w)))
		}
	}
	if err == nil {
		err = m.write(p, "")
	}
	first := m.Encode(tr.Set.Train.Head(10000), tr.Seed)
	write("v", someRows(first, m.Visible.Count, tr.walkers(), tr.Seed))
	write("centre v", someMeans(first, m.Visible.Count))
	half := make([]float32, tr.Hidden)
	for j := range half {
		half[j] = .5
	}
	if tr.HiddenUnits == Bernoulli {
		write("centre h", half)
	}
	target := make([]float32, tr.Hidden)
	for j := range target {
		target[j] = float32(tr.Sparsity)
	}
	write("activity", target)
	if err == nil {
		err = tr.fillChains(write)
	}
	write("diverged", []int64{-1})
	write("momentum", []float32{float32(tr.Momentum)})
	if err == nil {
		err = tr.schedule(0)
	}
	return err
}

// fillChains writes what tempering and deep tempering need.
func (tr *Trainer) fillChains(write func(string, any)) error {
	ladder, exact, single := ladderOf(tr.Chains, tr.Temperatures)
	write("ladder", ladder)
	write("betas", single)
	write("betas64", exact)
	write("base", tr.machine.Base)
	cold := make([]float32, tr.Temperatures)
	cold[0] = 1 / float32(tr.Chains)
	write("cold", cold)
	if tr.Method != Deep {
		return nil
	}
	upper := (&phases{&tr.Training, tr.machine}).upperMachine()
	um, err := New(upper.Visible, upper.Hidden, tr.Deviation, tr.Seed+1)
	if err != nil {
		return err
	}
	write("upper W", um.W)
	u := make([]float32, tr.Chains*tr.Hidden)
	for e := range u {
		u[e] = float32(e % 2)
	}
	write("u", u)
	return nil
}

// ladderOf is a new ladder of evenly spaced inverse temperatures.
func ladderOf(chains, temperatures int) (ladder []int32, exact []float64, single []float32) {
	exact = Betas(temperatures)
	for _, b := range exact {
		single = append(single, float32(b))
	}
	return kernels.NewLadder(chains, 1, temperatures), exact, single
}

func someMeans(v []float32, width int) []float32 {
	sum := make([]float64, width)
	for e, x := range v {
		sum[e%width] += float64(x)
	}
	mean := make([]float32, width)
	for i, s := range sum {
		mean[i] = float32(s * float64(width) / float64(len(v)))
	}
	return mean
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

// Step makes n updates.
func (tr *Trainer) Step(ctx context.Context, n int) error { return tr.Program.Step(ctx, n) }

// Machine returns the parameters as they are now; the slices are new. A training that has diverged is an error that names
// the update.
func (tr *Trainer) Machine() (*Machine, error) {
	if err := tr.sound(); err != nil {
		return nil, err
	}
	m := *tr.machine
	m.W, m.B, m.C = make([]float32, len(m.W)), make([]float32, len(m.B)), make([]float32, len(m.C))
	if err := m.read(tr.Program, ""); err != nil {
		return nil, err
	}
	return &m, m.Check()
}

// ChainStates returns the chains of the negative phase, [chains, visible]; nil for the methods that have none, PL and RM.
func (tr *Trainer) ChainStates() ([]float32, error) {
	if tr.Method == PL || tr.Method == RM {
		return nil, nil
	}
	v := make([]float32, tr.Program.Slots()["v"].Len())
	return v, tr.Program.Read("v", v)
}

// sound reports a divergence.
func (tr *Trainer) sound() error {
	seen := []int64{-1}
	if err := tr.Program.Read("diverged", seen); err != nil {
		return err
	}
	if seen[0] >= 0 {
		return &Diverged{Update: seen[0] + 1, Epoch: seen[0]/int64(tr.Updates()) + 1, Rate: tr.Rate}
	}
	return nil
}

// Diverged is the error of a training whose parameters are no numbers any more, or far beyond any use.
type Diverged struct {
	Update, Epoch int64 // counted from 1
	Rate          float64
}

func (d *Diverged) Error() string {
	return fmt.Sprintf("rbm: the training diverged at update %d (epoch %d): a bias is no number or beyond ±%g; lower the learning rate (%g)", d.Update, d.Epoch, float64(limit), d.Rate)
}
