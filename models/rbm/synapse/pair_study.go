package synapse

import (
	"context"
	"fmt"
	"math"

	"cavity/engine/figure"
)

// A PairStudy is belief propagation on planted pairs of features over a range of α beside the replica-symmetric curves, and
// the transition that it shows for several overlaps beside [ThresholdOfTwo].
type PairStudy struct {
	Beta     float64   // 0: 1
	Overlap  float64   // of the two features, inside -1 … 1
	Synapses int       // of a unit; 0: 300
	Alphas   []float64 // in units of α_c; nil: .5 to 4
	Overlaps []float64 // for which the transition is located; nil: 0, ±.25, ±.5, ±.75
	Problems int       // at each α, and for each overlap; 0: 4
	Steps    int       // of belief propagation; 0: 150
	Seed     uint64
}

// PairFindings of a study. The first group has one element for each α, the second one for each overlap.
type PairFindings struct {
	Alpha                   []float64 // in units of α_c
	Plus, Minus             []float64 // means over problems of Q₊ and Q₋
	PlusErr, MinusErr       []float64 // their standard errors
	TheoryPlus, TheoryMinus []float64
	Unconverged             int // runs that ended before they converged

	Features      []float64 // overlaps q of the two features
	Transition    []float64 // α at which small messages neither grow nor fade, the mean over problems
	TransitionErr []float64
	Threshold     []float64 // what it is in an infinite system
}

func (s *PairStudy) defaults() error {
	if s.Beta == 0 {
		s.Beta = 1
	}
	for p, def := range map[*int]int{&s.Synapses: 300, &s.Problems: 4, &s.Steps: 150} {
		if *p == 0 {
			*p = def
		}
	}
	if s.Alphas == nil {
		s.Alphas = []float64{.5, 1, 1.5, 2, 3, 4}
	}
	if s.Overlaps == nil {
		s.Overlaps = []float64{-.75, -.5, -.25, 0, .25, .5, .75}
	}
	if s.Problems < 2 {
		return fmt.Errorf("synapse: %d problems: at least 2, for an error", s.Problems)
	}
	return nil
}

// Do runs the study.
func (s *PairStudy) Do(ctx context.Context, report func(done, until uint64)) (f PairFindings, err error) {
	if err := s.defaults(); err != nil {
		return f, err
	}
	done := func(k int) {
		if report != nil {
			report(uint64(k+1), uint64(len(s.Alphas)+len(s.Overlaps)))
		}
	}
	for k, a := range s.Alphas {
		if err := ctx.Err(); err != nil {
			return f, err
		}
		if err := s.learn(a, k, &f); err != nil {
			return f, err
		}
		done(k)
	}
	for k, q := range s.Overlaps {
		if err := ctx.Err(); err != nil {
			return f, err
		}
		if err := s.locate(q, k, &f); err != nil {
			return f, err
		}
		done(len(s.Alphas) + k)
	}
	return f, nil
}

// plant draws problem i of a group.
func (s *PairStudy) plant(alpha, overlap float64, group, i int) (*Pair, uint64, error) {
	seed := s.Seed + uint64(group*s.Problems+i)*1000003
	p, err := PlantPair(s.Synapses, max(1, int(math.Round(alpha*float64(s.Synapses)))), s.Beta, overlap, seed)
	return p, seed, err
}

// learn adds one α.
func (s *PairStudy) learn(a float64, k int, f *PairFindings) error {
	alpha := a * ThresholdOfTwo(s.Beta, s.Overlap)
	tp, tm, err := PairOverlaps(alpha, s.Beta, s.Overlap)
	if err != nil {
		return err
	}
	plus, minus, open := make([]float64, s.Problems), make([]float64, s.Problems), make([]bool, s.Problems)
	err = sideBySide(s.Problems, func(i int) error {
		p, seed, err := s.plant(alpha, s.Overlap, k, i)
		if err != nil {
			return err
		}
		b := p.Believe(s.Steps, 1e-4, seed)
		plus[i], minus[i] = b.Overlaps(p)
		open[i] = !b.Converged
		return nil
	})
	if err != nil {
		return err
	}
	f.Unconverged += count(open)
	p, pe := meanOf(plus)
	m, me := meanOf(minus)
	f.Alpha, f.TheoryPlus, f.TheoryMinus = append(f.Alpha, a), append(f.TheoryPlus, tp), append(f.TheoryMinus, tm)
	f.Plus, f.PlusErr, f.Minus, f.MinusErr = append(f.Plus, p), append(f.PlusErr, pe), append(f.Minus, m), append(f.MinusErr, me)
	return nil
}

// locate adds the transition at one overlap: on both sides of the expected one, √(α/α_c) being the growth of an infinite system, the
// logarithm of [Pair.Growth] is measured on the same features with more and with fewer examples, and its zero is found on the line
// through both.
func (s *PairStudy) locate(q float64, k int, f *PairFindings) error {
	const low, high, steps = .8, 1.25, 40
	expected := ThresholdOfTwo(s.Beta, q)
	at := make([]float64, s.Problems)
	err := sideBySide(s.Problems, func(i int) error {
		var growth [2]float64
		for side, x := range []float64{low, high} {
			p, seed, err := s.plant(x*expected, q, len(s.Alphas)+k, i)
			if err != nil {
				return err
			}
			growth[side] = math.Log(p.Growth(steps, seed))
		}
		share := -growth[0] / (growth[1] - growth[0])
		at[i] = expected * low * math.Pow(high/low, share)
		return nil
	})
	mean, deviation := meanOf(at)
	f.Features, f.Threshold = append(f.Features, q), append(f.Threshold, expected)
	f.Transition, f.TransitionErr = append(f.Transition, mean), append(f.TransitionErr, deviation)
	return err
}

// Figure draws the findings of belief propagation (BP) over the curves of the theory.
func (s *PairStudy) Figure(f PairFindings) (figure.Figure, error) {
	var a, plus, minus, overlap, two []float64
	first, last := f.Alpha[0]*.5, f.Alpha[len(f.Alpha)-1]*1.03
	for k := range 41 {
		x := first + (last-first)*float64(k)/40
		p, m, err := PairOverlaps(x*ThresholdOfTwo(s.Beta, s.Overlap), s.Beta, s.Overlap)
		if err != nil {
			return nil, err
		}
		a, plus, minus = append(a, x), append(plus, p), append(minus, m)
	}
	for k := range 101 {
		o := -1 + 2*float64(k)/100
		overlap, two = append(overlap, o), append(two, ThresholdOfTwo(s.Beta, o))
	}
	return figure.Panels{Title: fmt.Sprintf("two features of overlap %g, β = %g, N = %d", s.Overlap, s.Beta, s.Synapses), Columns: 2, Panels: []figure.Figure{
		figure.Curves{X: figure.Axis{Label: "α / α_c"}, Y: figure.Axis{Label: "known share of sum and difference"}, Width: 14, Height: 9, Curves: []figure.Curve{
			{Name: "sum", X: a, Y: plus, Color: 2}, {Name: "sum, BP", X: f.Alpha, Y: f.Plus, Err: f.PlusErr, Style: figure.Points, Color: 2},
			{Name: "difference", X: a, Y: minus, Color: 1}, {Name: "difference, BP", X: f.Alpha, Y: f.Minus, Err: f.MinusErr, Style: figure.Points, Color: 1}}},
		figure.Curves{X: figure.Axis{Label: "overlap of the features"}, Y: figure.Axis{Label: "α_c"}, Width: 14, Height: 9, Curves: []figure.Curve{
			{Name: "theory", X: overlap, Y: two, Color: 2}, {Name: "BP", X: f.Features, Y: f.Transition, Err: f.TransitionErr, Style: figure.Points, Color: 1}}},
	}}, nil
}
