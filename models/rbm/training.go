package rbm

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/kernels"
	"cavity/models/dataset"
)

// Method is how the gradient of the log-likelihood is approximated, or what is maximised in its place.
type Method string

const (
	// CD starts K Gibbs steps at the batch (contrastive divergence).
	CD Method = "cd"
	// PCD goes on with chains that persist (stochastic maximum likelihood).
	PCD Method = "pcd"
	// PT lets the persistent chains exchange inverse temperatures; Temperatures of them between 0 and 1.
	PT Method = "pt"
	// Deep lets the persistent chains exchange hidden states with the chains of a second machine, trained on the hidden
	// units of the first at the same time.
	Deep Method = "deep"
	// PL maximises the pseudo-likelihood Σ_i ln p(v_i | the others) (Besag 1975), at one random i for every example and update.
	PL Method = "pl"
	// RM minimises the ratio matching objective Σ_i (1 - p(v_i | the others))² (Hyvärinen 2007), at one random i likewise.
	RM Method = "rm"
)

// Training is a way to train a machine on a set. The zero value of a field that says so stands for a default.
type Training struct {
	Set *dataset.Set

	Hidden      int    // hidden units
	Visible     Units  // of the pixels; "": Bernoulli
	HiddenUnits Units  // "": Bernoulli
	States      int    // of Potts visible units: grey levels
	Labels      bool   // the class is one more visible unit, of Set.Classes states
	Binarise    string // bytes to 0 and 1 (or ±1): "threshold" at 127.5 or "sample" with probability x/255, anew in every batch; "": threshold

	Method       Method // "": CD
	K            int    // Gibbs steps an update; 0: 1
	Batch        int    // 0: 100
	Chains       int    // persistent chains (ladders for PT); 0: Batch
	Temperatures int    // of PT; 0: 10
	Upper        int    // hidden units of Deep's second machine; 0: Hidden/2, at least 1
	Epochs       int

	Rate, FinalRate float64 // learning rate of the first epoch and, falling geometrically, of the last; 0: .01 and Rate
	Momentum        float64 // from epoch 1 on: velocities are multiplied by it
	Nesterov        bool    // the step looks ahead (Sutskever et al. 2013)
	L1, L2          float64 // weight decay: rate·(L1 sign W + L2 W) is taken off W
	Centred         bool    // centred gradient (Montavon, Müller 2012; Melchior, Fischer, Wiskott 2016)
	Sparsity        float64 // wanted mean of a hidden unit; 0: none
	SparsityCost    float64 // strength of the pull towards it; 0: .1
	Clip            float64 // weights stay in -Clip … Clip; 0: free
	BinaryWeights   float64 // weights are ±BinaryWeights, the signs of real weights to which the gradient is added; 0: real weights
	Deviation       float64 // of the first weights; 0: .01
	Patience        int     // epochs without a better validation likelihood after which to stop; 0: never
	Validation      int     // examples at the end of the training part that are held out for it; 0: a tenth if there is a Patience, at most 10,000

	Seed uint64
}

// setDefaults fills in defaults.
func (t *Training) setDefaults() {
	words := func(p *string, def string) {
		if *p == "" {
			*p = def
		}
	}
	words((*string)(&t.Visible), string(Bernoulli))
	words((*string)(&t.HiddenUnits), string(Bernoulli))
	words((*string)(&t.Method), string(CD))
	if t.Visible == Bernoulli || t.Visible == Ising {
		words(&t.Binarise, "threshold")
	}
	for p, def := range map[*int]int{&t.K: 1, &t.Batch: 100, &t.Temperatures: 10, &t.Upper: max(1, t.Hidden/2)} {
		if *p == 0 {
			*p = def
		}
	}
	if t.Chains == 0 {
		t.Chains = t.Batch
	}
	for p, def := range map[*float64]float64{&t.Rate: .01, &t.SparsityCost: .1, &t.Deviation: .01} {
		if *p == 0 {
			*p = def
		}
	}
	if t.FinalRate == 0 {
		t.FinalRate = t.Rate
	}
}

// check finds settings that are out of range or contradict each other.
func (t *Training) check() error {
	if t.Set == nil {
		return fmt.Errorf("rbm: no data set")
	}
	switch {
	case t.Hidden < 1:
		return fmt.Errorf("rbm: %d hidden units: at least 1", t.Hidden)
	case t.K < 1 || t.Epochs < 0 || t.Chains < 1:
		return fmt.Errorf("rbm: %d Gibbs steps, %d epochs, %d chains: at least 1 step and 1 chain, 0 epochs", t.K, t.Epochs, t.Chains)
	case t.Batch < 1 || t.Batch > t.Set.Train.Count:
		return fmt.Errorf("rbm: batches of %d from %d examples: 1 to all", t.Batch, t.Set.Train.Count)
	case t.Labels && t.Set.Classes < 2:
		return fmt.Errorf("rbm: %s has no labels for a label layer", t.Set.Name)
	case t.Binarise != "" && t.Binarise != "threshold" && t.Binarise != "sample":
		return fmt.Errorf("rbm: binarisation %q: threshold or sample", t.Binarise)
	case t.Binarise != "" && t.Visible != Bernoulli && t.Visible != Ising:
		return fmt.Errorf("rbm: %s visible units are not binarised", t.Visible)
	case t.Visible == ReLU:
		return fmt.Errorf("rbm: ReLU visible units: bernoulli, ising, gaussian or potts")
	case t.HiddenUnits == Potts:
		return fmt.Errorf("rbm: Potts hidden units: bernoulli, ising, gaussian or relu")
	case t.Visible == Potts && (t.States < 2 || t.States > 256):
		return fmt.Errorf("rbm: Potts units of %d states: 2 to 256", t.States)
	}
	return t.checkMethod()
}

func (t *Training) checkMethod() error {
	for name, x := range map[string]float64{"rate": t.Rate, "final rate": t.FinalRate, "deviation": t.Deviation} {
		if !(x > 0) || math.IsInf(x, 0) {
			return fmt.Errorf("rbm: %s %v: a positive number", name, x)
		}
	}
	for name, x := range map[string]float64{"L1": t.L1, "L2": t.L2, "clip": t.Clip, "binary weights": t.BinaryWeights, "sparsity": t.Sparsity, "sparsity cost": t.SparsityCost} {
		if !(x >= 0) || math.IsInf(x, 0) {
			return fmt.Errorf("rbm: %s %v: a number that is not negative", name, x)
		}
	}
	if t.Sparsity > 1 && (t.HiddenUnits == Bernoulli || t.HiddenUnits == Ising) {
		return fmt.Errorf("rbm: sparsity %v: the mean of %s units is at most 1", t.Sparsity, t.HiddenUnits)
	}
	if !(t.Momentum >= 0 && t.Momentum < 1) {
		return fmt.Errorf("rbm: momentum %v: at least 0 and below 1", t.Momentum)
	}
	if t.Clip > 0 && t.BinaryWeights > 0 {
		return fmt.Errorf("rbm: binary weights are not clipped")
	}
	if t.Patience < 0 {
		return fmt.Errorf("rbm: patience of %d epochs: 0 or more", t.Patience)
	}
	if rest := t.Set.Train.Count - t.held(); t.Validation < 0 || rest < t.Batch {
		return fmt.Errorf("rbm: %d of %d examples are held out for validation: the others must fill a batch of %d", t.held(), t.Set.Train.Count, t.Batch)
	}
	switch t.Method {
	case CD, PCD:
	case PT:
		if t.Temperatures < 2 {
			return fmt.Errorf("rbm: parallel tempering with %d temperatures: at least 2", t.Temperatures)
		}
	case Deep:
		if t.Upper < 1 {
			return fmt.Errorf("rbm: %d hidden units of deep tempering's second machine: at least 1", t.Upper)
		}
		if t.HiddenUnits != Bernoulli {
			return fmt.Errorf("rbm: deep tempering with %s hidden units: bernoulli", t.HiddenUnits)
		}
	case PL, RM:
		if t.Visible != Bernoulli || t.Labels {
			return fmt.Errorf("rbm: %s needs Bernoulli visible units without labels", t.Method)
		}
		if t.Centred || t.Sparsity > 0 {
			return fmt.Errorf("rbm: %s knows no centred gradient and no sparsity target", t.Method)
		}
	default:
		return fmt.Errorf("rbm: method %q: cd, pcd, pt, deep, pl or rm", t.Method)
	}
	return nil
}

// held is the number of examples that are held out.
func (t *Training) held() int {
	if t.Validation == 0 && t.Patience > 0 {
		return min(10000, max(1, t.Set.Train.Count/10))
	}
	return t.Validation
}

// holdOut takes the validation examples out of the set.
func (t *Training) holdOut() dataset.Part {
	if t.held() == 0 {
		return dataset.Part{}
	}
	set := *t.Set
	train, held := set.Train.Split(set.Train.Count - t.held())
	set.Train, t.Set = train, &set
	return held
}

// walkers is the number of configurations of the negative phase.
func (t *Training) walkers() int {
	switch t.Method {
	case CD:
		return t.Batch
	case PT:
		return t.Chains * t.Temperatures
	}
	return t.Chains
}

func (t *Training) layers() (visible, hidden Layer) {
	visible = Layer{Units: t.Visible, Count: t.Set.Pixels()}
	if t.Visible == Potts {
		visible.Count, visible.States = visible.Count*t.States, t.States
	}
	if t.Labels {
		visible.Count, visible.Labels = visible.Count+t.Set.Classes, t.Set.Classes
	}
	return visible, Layer{Units: t.HiddenUnits, Count: t.Hidden}
}

// plan is the stages of an update.
func (t *Training) plan(m *Machine) (engine.Plan, error) {
	p := engine.Plan{Seed: t.Seed}
	add := func(name string, repeat int, build func(g *graph) map[string]node) error {
		g := newGraph(tensor.Float32)
		stage, err := g.Stage(name, repeat, build(g))
		p.Stages = append(p.Stages, stage)
		return err
	}
	phases := &phases{t, m}
	err := add("draw", 1, phases.draw)
	for _, s := range phases.stages() {
		if err == nil {
			err = add(s.name, s.repeat, s.build)
		}
	}
	return p, err
}

// pixels says how bytes become visible units in the graph.
func (t *Training) pixels() kernels.Pixels {
	switch {
	case t.Visible == Gaussian:
		return kernels.Scaled
	case t.Binarise == "sample":
		return kernels.Sampled
	}
	return kernels.Threshold
}
