package rbm

import (
	"context"
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/kernels"
)

// Sampling is block Gibbs sampling of a machine with many chains, parallel tempering with that many ladders, or deep tempering
// (Desjardins, Luo, Courville, Bengio 2014, arXiv:1410.0123) with as many chains of a second machine.
type Sampling struct {
	Machine      *Machine
	Chains       int       // 0: 100
	Temperatures int       // inverse temperatures from 1 to 0, evenly spaced; 0 or 1: none but 1
	Upper        *Machine  // with visible units like the hidden ones of Machine: chains swap hidden states with chains of Upper; nil: none
	From         []float32 // first configurations [Chains, visible]: data or saved chains; nil: independent units in the field Base
	Clamp        []bool    // visible units that keep their first values; nil: none
	Seed         uint64
}

// A Sampler is a sampling under way. A step of its Program is a step of every chain.
type Sampler struct {
	Sampling
	Program *engine.Program
}

// Start compiles the graphs and writes the first configurations.
func (s Sampling) Start(b engine.Backend) (*Sampler, error) {
	if s.Machine == nil {
		return nil, fmt.Errorf("rbm: no machine to sample")
	}
	if s.Chains == 0 {
		s.Chains = 100
	}
	s.Temperatures = max(s.Temperatures, 1)
	nv := s.Machine.Visible.Count
	switch {
	case s.Chains < 1:
		return nil, fmt.Errorf("rbm: %d chains: at least 1", s.Chains)
	case s.From != nil && len(s.From) != s.Chains*nv:
		return nil, fmt.Errorf("rbm: first configurations of %d numbers for %d chains of %d visible units", len(s.From), s.Chains, nv)
	case s.Clamp != nil && len(s.Clamp) != nv:
		return nil, fmt.Errorf("rbm: %d clamps for %d visible units", len(s.Clamp), nv)
	case s.Upper != nil && (s.Upper.Visible != s.Machine.Hidden || s.Machine.Hidden.Units != Bernoulli):
		return nil, fmt.Errorf("rbm: deep tempering of %d %s hidden units with an upper machine of %d %s visible units: both Bernoulli and as many",
			s.Machine.Hidden.Count, s.Machine.Hidden.Units, s.Upper.Visible.Count, s.Upper.Visible.Units)
	case s.Upper != nil && (s.Temperatures > 1 || s.Clamp != nil):
		return nil, fmt.Errorf("rbm: deep tempering with temperatures or clamped units: one at a time")
	case s.Clamp != nil && s.From == nil:
		return nil, fmt.Errorf("rbm: clamped units need first configurations")
	}
	if err := s.Machine.Check(); err != nil {
		return nil, err
	}
	if s.Upper != nil {
		if err := s.Upper.Check(); err != nil {
			return nil, err
		}
	}
	sa := &Sampler{Sampling: s}
	axes := map[string]int{"v": 0, "clamp": 0, "means": 0, "ladder": 1, "u": 0, "swaps": 0}
	plan, err := independent(sa.stages, s.Chains, axes)
	if err != nil {
		return nil, fmt.Errorf("rbm: sampling: %w", err)
	}
	plan.Seed = s.Seed
	if sa.Program, err = engine.Compile(plan, b); err != nil {
		return nil, err
	}
	return sa, sa.fill()
}

func (sa *Sampler) walkers() int { return sa.Chains * sa.Temperatures }

// stages are, for so many chains: sample, every step; first, which draws independent units; means, for pictures.
func (sa *Sampler) stages(chains int) ([]engine.Stage, error) {
	m, walkers := sa.Machine, chains*sa.Temperatures
	nv := m.Visible.Count
	g, first, means := newGraph(tensor.Float32), newGraph(tensor.Float32), newGraph(tensor.Float32)
	w, v := g.machine(*m, ""), g.Slot("v", walkers, nv)
	var next map[string]node
	if sa.Temperatures > 1 {
		next = g.tempered(w, v, chains, sa.Temperatures)
	} else {
		next = map[string]node{"v": g.again(w, v)}
	}
	if sa.Clamp != nil {
		mask, fresh := g.Slot("clamp", walkers, nv), next["v"]
		next["v"] = g.Do(func() (node, error) { return kernels.Select(mask, v, fresh) })
	}
	zero := first.Scale(first.Slot("v", walkers, nv), 0)
	draw := first.sample(m.Visible, first.AddRow(zero, first.Slot("base", nv)), visibleStream)
	u := means.machine(*m, "")
	shown := means.means(m.Visible, means.down(u, means.means(m.Hidden, means.up(u, means.Slot("v", walkers, nv)))))
	if err := firstError(g.Err(), first.Err(), means.Err()); err != nil {
		return nil, err
	}
	stages := []engine.Stage{
		{Name: "sample", Graph: g.ExprGraph, Next: next, Repeat: 1},
		{Name: "first", Graph: first.ExprGraph, Next: map[string]node{"v": draw}},
		{Name: "means", Graph: means.ExprGraph, Next: map[string]node{"means": shown}},
	}
	if sa.Upper == nil {
		return stages, nil
	}
	deep, err := sa.deep(chains)
	return append(stages, deep...), err
}

// deep is a step of the upper machine's chains u, then the swaps.
func (sa *Sampler) deep(chains int) ([]engine.Stage, error) {
	u := func(g *graph) node { return g.Slot("u", chains, sa.Machine.Hidden.Count) }
	above, both := newGraph(tensor.Float32), newGraph(tensor.Float32)
	step, err := above.Stage("upper", 1, map[string]node{"u": above.again(above.machine(*sa.Upper, "upper "), u(above))})
	if err != nil {
		return nil, fmt.Errorf("deep tempering: %w", err)
	}
	v := both.Slot("v", chains, sa.Machine.Visible.Count)
	swap, err := both.Stage("swap", 1, both.swapped(both.machine(*sa.Machine, ""), both.machine(*sa.Upper, "upper "), v, u(both), chains))
	if err != nil {
		return nil, fmt.Errorf("deep tempering: %w", err)
	}
	return []engine.Stage{step, swap}, nil
}

func (sa *Sampler) fill() error {
	p, m := sa.Program, sa.Machine
	err := m.write(p, "")
	if err == nil && sa.Upper != nil {
		err = sa.Upper.write(p, "upper ")
	}
	write := func(name string, x any) {
		if _, used := p.Slots()[name]; err == nil && used {
			err = p.Write(name, x)
		}
	}
	ladder, exact, single := ladderOf(sa.Chains, sa.Temperatures)
	write("ladder", ladder)
	write("betas", single)
	write("betas64", exact)
	write("base", m.base())
	nv, walkers := m.Visible.Count, sa.walkers()
	if sa.From != nil { // every walker of a ladder begins alike
		v := make([]float32, 0, walkers*nv)
		for c := range sa.Chains {
			for range sa.Temperatures {
				v = append(v, sa.From[c*nv:(c+1)*nv]...)
			}
		}
		write("v", v)
	} else if err == nil {
		err = p.Once("first")
	}
	if sa.Clamp != nil {
		mask := make([]float32, walkers*nv)
		for e := range mask {
			if sa.Clamp[e%nv] {
				mask[e] = 1
			}
		}
		write("clamp", mask)
	}
	return err
}

// Step makes n steps of every chain.
func (sa *Sampler) Step(ctx context.Context, n int) error { return sa.Program.Step(ctx, n) }

// States returns the configurations at β = 1, [Chains, visible].
func (sa *Sampler) States() ([]float32, error) { return sa.rows("v") }

// Means returns the means of the visible units given those of the hidden units given the configurations, for pictures.
func (sa *Sampler) Means() ([]float32, error) {
	if err := sa.Program.Once("means"); err != nil {
		return nil, err
	}
	return sa.rows("means")
}

// rows are the walkers at β = 1.
func (sa *Sampler) rows(slot string) ([]float32, error) {
	nv, t := sa.Machine.Visible.Count, sa.Temperatures
	all := make([]float32, sa.walkers()*nv)
	if err := sa.Program.Read(slot, all); err != nil || t == 1 {
		return all, err
	}
	ladder, err := sa.ladder(kernels.LadderWalker)
	if err != nil {
		return nil, err
	}
	out := make([]float32, 0, sa.Chains*nv)
	for c := range sa.Chains {
		w := c*t + int(ladder[c*t])
		out = append(out, all[w*nv:(w+1)*nv]...)
	}
	return out, nil
}

// ladder is one row of the ladder, [chains, temperatures].
func (sa *Sampler) ladder(row int) ([]int32, error) {
	n := sa.walkers()
	all := make([]int32, kernels.LadderRows*n)
	err := sa.Program.Read("ladder", all)
	return all[row*n : (row+1)*n], err
}

// Swaps is the share of accepted exchanges between neighbouring temperatures, from β = 1 on, or with the upper machine; nil
// where there is nothing to exchange.
func (sa *Sampler) Swaps() ([]float64, error) {
	if sa.Upper != nil {
		swaps := make([]float32, sa.Chains)
		err := sa.Program.Read("swaps", swaps)
		sum := 0.0
		for _, n := range swaps {
			sum += float64(n)
		}
		return []float64{sum / float64(uint64(sa.Chains)*max(sa.Program.Steps(), 1))}, err
	}
	if sa.Temperatures == 1 {
		return nil, nil
	}
	tried, err := sa.ladder(kernels.LadderAttempts)
	if err != nil {
		return nil, err
	}
	accepted, err := sa.ladder(kernels.LadderAccepts)
	if err != nil {
		return nil, err
	}
	share := make([]float64, sa.Temperatures-1)
	for k := range share {
		a, b := 0.0, 0.0
		for c := range sa.Chains {
			a, b = a+float64(accepted[c*sa.Temperatures+k]), b+float64(tried[c*sa.Temperatures+k])
		}
		share[k] = a / max(b, 1)
	}
	return share, nil
}

// Classify is p(class | the other units) of every row of v, [rows, classes], from the free energies with each class in turn:
// p(y|v) ∝ e^{-F(v, y)} (Larochelle, Bengio 2008). What v shows in the label layer is ignored.
func (e *Evaluator) Classify(v []float32) ([][]float64, error) {
	nv, classes := e.machine.Visible.Count, e.machine.Visible.Labels
	if classes == 0 {
		return nil, fmt.Errorf("rbm: a machine without a label layer does not classify")
	}
	out := make([][]float64, len(v)/nv)
	shown := append([]float32{}, v...)
	for y := range classes {
		for k := range out {
			label := shown[k*nv+nv-classes : (k+1)*nv]
			clear(label)
			label[y] = 1
		}
		f, err := e.FreeEnergies(shown)
		if err != nil {
			return nil, err
		}
		for k := range out {
			out[k] = append(out[k], -f[k])
		}
	}
	for _, p := range out {
		softmax(p)
	}
	return out, nil
}

// softmax turns logits into probabilities in place.
func softmax(x []float64) {
	l := logSumExp(x)
	for i := range x {
		x[i] = math.Exp(x[i] - l)
	}
}

// Accuracy is the share of rows whose most probable class is the label.
func Accuracy(p [][]float64, labels []uint8) float64 {
	right := 0
	for k, row := range p {
		best := 0
		for y, q := range row {
			if q > row[best] {
				best = y
			}
		}
		if best == int(labels[k]) {
			right++
		}
	}
	return float64(right) / float64(len(p))
}
