package synapse

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"

	"cavity/engine/figure"
)

// A Study is belief propagation on planted problems over a range of α beside the replica-symmetric curve.
type Study struct {
	Beta     float64   // 0: 1
	Synapses int       // 0: 300
	Alphas   []float64 // in units of α_c; nil: .25 to 4
	Problems int       // at each α; 0: 6
	Steps    int       // of belief propagation; 0: 300
	Seed     uint64
}

// Findings of a study, one element for each α.
type Findings struct {
	Alpha       []float64 // in units of α_c
	Overlap     []float64 // mean over problems of |Σ m ξ|/N
	Err         []float64 // its standard error
	Theory      []float64
	Unconverged int // runs that ended before they converged
}

// Do runs the study.
func (s *Study) Do(ctx context.Context, report func(done, until uint64)) (f Findings, err error) {
	if s.Beta == 0 {
		s.Beta = 1
	}
	for p, def := range map[*int]int{&s.Synapses: 300, &s.Problems: 6, &s.Steps: 300} {
		if *p == 0 {
			*p = def
		}
	}
	if s.Alphas == nil {
		s.Alphas = []float64{.25, .5, .75, 1, 1.25, 1.5, 2, 2.5, 3, 4}
	}
	if s.Problems < 2 {
		return f, fmt.Errorf("synapse: %d problems: at least 2, for an error", s.Problems)
	}
	for k, a := range s.Alphas {
		if err := ctx.Err(); err != nil {
			return f, err
		}
		alpha := a * Threshold(s.Beta)
		theory, err := Overlap(alpha, s.Beta)
		if err != nil {
			return f, err
		}
		qs, err := s.solve(alpha, k, &f)
		if err != nil {
			return f, err
		}
		mean, deviation := meanOf(qs)
		if report != nil {
			report(uint64(k+1), uint64(len(s.Alphas)))
		}
		f.Alpha, f.Theory = append(f.Alpha, a), append(f.Theory, theory)
		f.Overlap, f.Err = append(f.Overlap, mean), append(f.Err, deviation)
	}
	return f, nil
}

// solve is the overlaps of the problems at one α.
func (s *Study) solve(alpha float64, k int, f *Findings) ([]float64, error) {
	examples := int(math.Round(alpha * float64(s.Synapses)))
	if examples < 1 {
		return nil, fmt.Errorf("synapse: %.3g examples a synapse are none for %d synapses: take more synapses, a larger alpha, or a smaller beta", alpha, s.Synapses)
	}
	qs, open := make([]float64, s.Problems), make([]bool, s.Problems)
	err := sideBySide(s.Problems, func(i int) error {
		seed := s.Seed + uint64(k*s.Problems+i)*1000003
		p, err := Plant(s.Synapses, examples, s.Beta, seed)
		if err != nil {
			return err
		}
		b := p.Believe(s.Steps, 1e-4, seed)
		qs[i], open[i] = b.Overlap(p), !b.Converged
		return nil
	})
	f.Unconverged += count(open)
	return qs, err
}

// sideBySide calls f for 0 … n-1 on all processors. Each call must keep its results to itself.
func sideBySide(n int, f func(i int) error) error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i := range n {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			errs[i] = f(i)
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err // the others are like it
		}
	}
	return nil
}

func count(marks []bool) (n int) {
	for _, m := range marks {
		if m {
			n++
		}
	}
	return n
}

// meanOf is the mean of numbers and its standard error.
func meanOf(x []float64) (mean, err float64) {
	sum, square, n := 0.0, 0.0, float64(len(x))
	for _, v := range x {
		sum, square = sum+v, square+v*v
	}
	mean = sum / n
	return mean, math.Sqrt(max(0, square/n-mean*mean) / (n - 1))
}

// Figure draws the findings over the curve, and beside them the threshold of two hidden units.
func (s *Study) Figure(f Findings) (figure.Figure, error) {
	var a, q, overlap, two []float64
	last := f.Alpha[len(f.Alpha)-1]
	for k := range 101 {
		x := last * float64(k+1) / 101
		y, err := Overlap(x*Threshold(s.Beta), s.Beta)
		if err != nil {
			return nil, err
		}
		a, q = append(a, x), append(q, y)
		o := -1 + 2*float64(k)/100
		overlap, two = append(overlap, o), append(two, ThresholdOfTwo(s.Beta, o))
	}
	return figure.Panels{Title: fmt.Sprintf("learning binary synapses, β = %g", s.Beta), Columns: 2, Panels: []figure.Figure{
		figure.Curves{X: figure.Axis{Label: "α / α_c"}, Y: figure.Axis{Label: "overlap q", Max: 1}, Width: 11, Height: 8, Curves: []figure.Curve{
			{Name: "replica symmetric", X: a, Y: q, Color: 2}, {Name: fmt.Sprintf("belief propagation, N = %d", s.Synapses), X: f.Alpha, Y: f.Overlap, Err: f.Err, Style: figure.Points, Color: 1}}},
		figure.Curves{X: figure.Axis{Label: "overlap of two features"}, Y: figure.Axis{Label: "α_c of two hidden units"}, Width: 11, Height: 8,
			Curves: []figure.Curve{{X: overlap, Y: two}}},
	}}, nil
}
