package main

import (
	"context"
	"fmt"
	"math"
	"slices"

	"cavity/engine"
	"cavity/engine/figure"
	"cavity/engine/store"
	"cavity/models/dmft"
)

// dmftNetwork simulates finite networks.
type dmftNetwork struct {
	common
	networkModel
	N            int     `name:"size" default:"1000" help:"Units N."`
	Realisations int     `default:"4" help:"Independent matrices of couplings, side by side; their scatter gives the standard errors."`
	Replicas     int     `default:"2" help:"Initial conditions of each."`
	LyapunovTime float64 `default:"20" help:"Follow a tangent for this long after --time: the largest Lyapunov exponent; 0 leaves it out."`
	Spectrum     bool    `help:"Also the eigenvalues of the first matrix, against the elliptic law."`
	MeanField    int     `default:"0" placeholder:"M" help:"Also solve the mean-field equations with M trajectories, and compare."`

	net    dmft.Network
	theory dmft.Problem
}

func (v *dmftNetwork) Run(f *frame) error { return f.compute(v) }

func (v *dmftNetwork) validate() error {
	p, err := v.problem(&v.common)
	if err != nil {
		return misuse{err}
	}
	if v.Realisations < 1 || v.Replicas < 1 || v.LyapunovTime < 0 || v.MeanField < 0 {
		return misusef("--realisations is %d, --replicas is %d, --lyapunov-time is %v, --mean-field is %d: at least 1, 1, 0 and 0", v.Realisations, v.Replicas, v.LyapunovTime, v.MeanField)
	}
	v.net = dmft.Network{N: v.N, Gain: p.Gain, G: p.G, Eta: p.Eta, Sigma: p.Sigma, Input: p.Input, Initial: p.Initial, Time: p.Time, Step: p.Step,
		Realisations: v.Realisations, Replicas: v.Replicas, Seed: p.Seed}
	v.theory = p
	v.theory.Populations, v.theory.Trajectories, v.theory.Gap = 4, max(1, (v.MeanField+3)/4), math.Max(.4, v.DT)
	if err := v.net.Check(); err != nil {
		return misuse{err}
	}
	return nil
}

func (v *dmftNetwork) compute(ctx context.Context, s *session) (*result, error) {
	b, err := s.Open()
	if err != nil {
		return nil, err
	}
	if _, several := b.(engine.Several); several && v.MeanField > 0 {
		return nil, misusef("--mean-field solves for one population, which several devices cannot share: name one")
	}
	run, err := v.net.Start(b)
	if err != nil {
		return nil, misuse{err}
	}
	if err := follow(ctx, s, run, run.Step); err != nil {
		return nil, err
	}
	if err := s.Save(store.Section{Name: "dmft", Write: run.Save}); err != nil {
		return nil, err
	}
	sim, err := run.Simulation()
	if err != nil {
		return nil, err
	}
	out, n := &result{}, len(sim.T)
	sum := &out.Summary
	sum.Set("phi", v.Phi)
	sum.Set("t", sim.T)
	sum.Set("c_diagonal", dmftEstimates(sim.Diagonal))
	sum.Set("mean", dmftEstimates(sim.Mean))
	out.Series = append(out.Series, store.Of("t", sim.T), store.Of("C", sim.C, n, n))
	out.Series = append(out.Series, estimateArrays("c_diagonal", sim.Diagonal)...)
	out.Series = append(out.Series, estimateArrays("mean", sim.Mean)...)
	if v.LyapunovTime > 0 {
		s.Phase("steps of the tangents")
		total := uint64(math.Round((v.Time + v.LyapunovTime) / v.DT))
		v.net.Progress = func(done uint64) { s.Report(done, total) }
		l, err := v.net.Lyapunov(ctx, b, v.LyapunovTime)
		if err != nil {
			return nil, asMisuse(err, ctx)
		}
		sum.Set("lyapunov", store.Estimate{Mean: l.Mean, Err: l.Err})
		if math.IsNaN(l.Err) {
			sum.Set("lyapunov", l.Mean)
		}
	}
	var theory *dmft.Solution
	if v.MeanField > 0 {
		if theory, err = v.theory.Causal(ctx, b); err != nil {
			return nil, asMisuse(err, ctx)
		}
		sum.Set("mean_field", dmftEstimates(theory.Diagonal))
		if v.Realisations > 1 {
			sum.Set("deviation", departures(sim.Diagonal, theory.Diagonal))
		}
	}
	title := fmt.Sprintf("%s, N = %d", v.title(), v.N)
	out.Figures = []picture{{"diagonal", networkFigure(title, sim, theory)}, {"correlation", twoTimes(title, "C(t, t')", sim.T, sim.C)}}
	if v.Spectrum {
		return out, v.spectrum(ctx, s, out, title)
	}
	return out, nil
}

// spectrum compares the eigenvalues of g J with the ellipse of half axes g(1+η) and g(1-η).
func (v *dmftNetwork) spectrum(ctx context.Context, s *session, out *result, title string) error {
	b, err := s.Open()
	if err != nil {
		return err
	}
	values, err := v.net.Spectrum(ctx, b)
	if err != nil {
		return asMisuse(err, ctx)
	}
	re, im := make([]float64, len(values)), make([]float64, len(values))
	outside := 0
	for i, z := range values {
		re[i], im[i] = real(z), imag(z)
		if !dmft.InEllipse(z, v.G, v.Eta, .05) {
			outside++
		}
	}
	out.Summary.Set("spectral_edge", slices.Max(re))
	out.Summary.Set("ellipse_edge", dmft.EllipseEdge(v.G, v.Eta))
	out.Summary.Set("outside_ellipse", float64(outside)/float64(len(values)))
	out.Series = append(out.Series, store.Of("eigenvalues_re", re), store.Of("eigenvalues_im", im))
	out.Figures = append(out.Figures, picture{"spectrum", spectrumFigure(title, re, im, v.G, v.Eta)})
	return nil
}

// departures are differences in units of the joint standard error.
func departures(a, b []dmft.Estimate) []float64 {
	out := make([]float64, len(a))
	for i := range a {
		if e := math.Hypot(a[i].Err, b[i].Err); e > 0 { // both are exact at the start from x = 0
			out[i] = (a[i].Mean - b[i].Mean) / e
		}
	}
	return out
}

// dmftPSpin follows a spherical p-spin model after a quench from infinite temperature.
type dmftPSpin struct {
	common
	P           int     `name:"p" default:"3" help:"Spins in an interaction."`
	Terms       string  `placeholder:"P:WEIGHT,..." help:"A mixed model, f(C) = (1/2) sum weight C^p, such as 3:0.5,4:0.5, instead of --p."`
	Temperature float64 `default:"0.5" help:"Temperature after the quench."`
	Time        float64 `default:"20" help:"Time after the quench."`
	DT          float64 `name:"dt" default:"0.05" help:"Time step."`
	Adaptive    bool    `help:"Compress the history: reaches long times at a cost that grows little faster than the time."`
	Thinning    float64 `default:"0.08" help:"Relative spacing of the kept history with --adaptive."`
	Extrapolate int     `default:"2" help:"On the uniform grid, halve the step so many times, 0 to 2, and extrapolate; each costs eight times the one before."`

	model dmft.PSpin
}

func (v *dmftPSpin) Run(f *frame) error { return f.compute(v) }

func (v *dmftPSpin) validate() error {
	v.model = dmft.PurePSpin(v.P, v.Temperature)
	if v.Terms != "" {
		terms, err := dmft.ParseTerms(v.Terms)
		if err != nil {
			return misusef("--terms: %w", err)
		}
		v.model.Terms = terms
	}
	if err := v.model.Check(); err != nil {
		return misuse{err}
	}
	switch {
	case !(v.Time > 0) || !(v.DT > 0):
		return misusef("--time is %v and --dt is %v: both must be positive", v.Time, v.DT)
	case !(v.Thinning > 0):
		return misusef("--thinning is %v: a positive number", v.Thinning)
	case v.Extrapolate < 0 || v.Extrapolate > 2:
		return misusef("--extrapolate is %d: 0, 1 or 2", v.Extrapolate)
	}
	if err := v.model.CheckStep(v.DT); err != nil {
		return misuse{err}
	}
	return nil
}

func (v *dmftPSpin) compute(ctx context.Context, s *session) (*result, error) {
	out := &result{}
	out.Summary.Set("model", v.model.String())
	out.Summary.Set("temperature", v.Temperature)
	title := fmt.Sprintf("spherical %s, T = %v", v.model, v.Temperature)
	th, err := v.model.Threshold()
	known := err == nil // above the dynamical temperature there is no threshold
	var t, e []float64
	if v.Adaptive {
		t, e, err = v.adaptive(ctx, s, out, title)
	} else {
		t, e, err = v.uniform(ctx, out, title)
	}
	if err != nil {
		return nil, asMisuse(err, ctx)
	}
	out.Summary.Set("t", t)
	out.Summary.Set("energy", e)
	if known {
		out.Summary.Set("threshold", store.Summary{{Key: "energy", Value: th.Energy}, {Key: "overlap", Value: th.Overlap}, {Key: "ratio", Value: th.Ratio}})
	} else if v.Temperature > v.model.DynamicalTemperature() {
		out.Summary.Set("equilibrium_energy", -v.model.Covariance(1)/v.Temperature)
	}
	out.Series = append(out.Series, store.Of("t", t), store.Of("energy", e))
	out.Figures = append(out.Figures, picture{"energy", energyFigure(title, t, e, known, th.Energy)})
	return out, nil
}

func (v *dmftPSpin) uniform(ctx context.Context, out *result, title string) (t, e []float64, err error) {
	grids := make([]*dmft.TwoTime, v.Extrapolate+1)
	for level := len(grids) - 1; level >= 0; level-- { // the finest first: it tells soonest when there is too little memory
		if grids[level], err = v.model.Quench(ctx, v.Time, v.DT/float64(int(1)<<level)); err != nil {
			return nil, nil, err
		}
	}
	n := grids[0].N + 1
	t, e = make([]float64, n), make([]float64, n)
	c, r := make([]float64, n*n), make([]float64, n*n)
	for i := range n {
		t[i] = dmft.GridTime(i, v.DT)
		e[i] = dmft.Limit(len(grids), func(k int) float64 { return grids[k].Energy[i<<k] })
		for j := range i + 1 {
			c[i*n+j] = dmft.Limit(len(grids), func(k int) float64 { return grids[k].C(i<<k, j<<k) })
			r[i*n+j] = dmft.Limit(len(grids), func(k int) float64 { return grids[k].R(i<<k, j<<k) })
			c[j*n+i] = c[i*n+j]
		}
	}
	out.Series = append(out.Series, store.Of("C", c, n, n), store.Of("R", r, n, n))
	out.Figures = append(out.Figures, picture{"correlation", twoTimes(title, "C(t, t')", t, c)}, picture{"response", twoTimes(title, "R(t, t')", t, r)})
	finest := grids[len(grids)-1]
	f, err := finest.FluctuationDissipation(finest.N)
	if err != nil {
		return nil, nil, err
	}
	out.Figures = append(out.Figures, picture{"fdt", fdtFigure(title, []string{fmt.Sprintf("t = %v", v.Time)}, []dmft.FDTCurve{f}, v.Temperature)})
	return t, e, nil
}

func (v *dmftPSpin) adaptive(ctx context.Context, s *session, out *result, title string) (t, e []float64, err error) {
	l := dmft.LongQuench{Step: v.DT, Thinning: v.Thinning}
	for at := v.Time / 100; at < v.Time*1.001; at *= math.Sqrt(10) {
		l.Snapshots = append(l.Snapshots, math.Min(at, v.Time))
	}
	run, err := l.Start(v.model, v.Time)
	if err != nil {
		return nil, nil, err
	}
	if err := follow(ctx, s, run, func() error { run.Advance(64); return nil }); err != nil {
		return nil, nil, err
	}
	a := run.Result()
	out.Summary.Set("kept_times", a.Kept)
	var names []string
	var curves []dmft.FDTCurve
	aging := figure.Curves{Title: title, X: figure.Axis{Label: "t' / t", Log: true}, Y: figure.Axis{Label: "C(t, t')"}}
	for k, r := range a.Rows {
		name := fmt.Sprintf("t = %.3g", r.T)
		names, curves = append(names, name), append(curves, r.FluctuationDissipation())
		ratio := make([]float64, len(r.S))
		for i, x := range r.S {
			ratio[i] = (r.T - x) / r.T
		}
		aging.X.Label = "(t − t') / t"
		aging.Curves = append(aging.Curves, figure.Curve{Name: name, X: ratio, Y: r.C})
		tag := fmt.Sprintf("_%d", k)
		out.Series = append(out.Series, store.Of("row_t"+tag, []float64{r.T}), store.Of("row_s"+tag, r.S), store.Of("row_C"+tag, r.C), store.Of("row_R"+tag, r.R), store.Of("row_chi"+tag, r.Chi))
	}
	if last := a.Rows[len(a.Rows)-1]; v.Temperature > 0 {
		if x, err := last.Ratio(v.Temperature, .1, .5); err == nil {
			out.Summary.Set("fdt_ratio", x)
		}
	}
	out.Figures = append(out.Figures, picture{"aging", aging}, picture{"fdt", fdtFigure(title, names, curves, v.Temperature)})
	return a.Time, a.Energy, nil
}
