package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"time"

	"cavity/engine/stats"
	"cavity/engine/store"
	"cavity/kernels"
	"cavity/models/spin"
)

// temper is parallel tempering of a spin model.
type temper struct {
	common
	spinModel
	Temps        string  `placeholder:"LO:HI:N" help:"Temperatures: lo:hi:n or a list such as 0.8,1.0,1.3. Not given: 0.8:2.0:16, and for a file 24 from 0.09 to 0.5 of the scale of its local fields."`
	Ladder       string  `default:"geometric" enum:"geometric,linear,adapt,round-trips" help:"Spacing of lo:hi:n: geometric, linear, or adapted in the warm-up to equal acceptance (adapt) or to the most round trips."`
	Systems      int     `default:"1" help:"Independent samples of the disorder."`
	Replicas     int     `default:"2" help:"Copies at each temperature; overlaps need two."`
	Rule         string  `default:"metropolis" enum:"metropolis,heatbath" help:"Update rule: metropolis or heatbath."`
	Move         string  `default:"flips" enum:"flips,swendsen-wang,wolff" help:"What a sweep does: flips, or clusters of a ferromagnet by swendsen-wang or wolff."`
	Houdayer     bool    `help:"Exchange clusters between the copies after every sweep (isoenergetic moves); needs two replicas."`
	Randoms      string  `default:"own" enum:"own,shared" help:"Random numbers: own for every walker, or shared by the 64 samples of a word: several times as fast, for samples of ±1 couplings on a lattice at one temperature, without overlaps."`
	Warmup       uint64  `default:"2000" help:"Sweeps before measuring."`
	Sweeps       *uint64 `placeholder:"N" help:"Sweeps while measuring. Not given: 10000, and 40000 with --max-cut."`
	MeasureEvery uint64  `default:"5" help:"Sweeps between measurements."`

	model spin.Model
	temps []float64
}

func (v *temper) Run(f *frame) error { return f.compute(v) }

func (v *temper) validate() (err error) {
	if v.model, err = v.spinModel.open(); err != nil {
		return err
	}
	if v.Temps == "" { // filled in, so that run.toml tells it
		v.Temps = "0.8:2.0:16"
		if scale := v.scale(v.model); scale > 0 {
			v.Temps = fmt.Sprintf("%v:%v:24", rounded(.09*scale), rounded(.5*scale))
		}
	}
	if v.Sweeps == nil {
		v.Sweeps = new(uint64)
		if *v.Sweeps = 10000; v.MaxCut {
			*v.Sweeps = 40000
		}
	}
	if v.temps, err = spin.ParseTemperatures(v.Temps, v.Ladder == "linear"); err != nil {
		return misusef("--temps: %w", err)
	}
	switch {
	case v.Systems < 1 || v.Replicas < 1:
		return misusef("--systems is %d and --replicas is %d: at least 1", v.Systems, v.Replicas)
	case *v.Sweeps < 1 || v.MeasureEvery < 1 || v.MeasureEvery > *v.Sweeps:
		return misusef("--measure-every is %d and --sweeps is %d: at least 1, and not more between measurements than in all", v.MeasureEvery, *v.Sweeps)
	}
	if v.Rule != "metropolis" && v.Move != "flips" {
		return misusef("--rule %s is for --move flips: clusters by %s have no such rule", v.Rule, v.Move)
	}
	if v.Randoms == "shared" {
		switch {
		case v.Replicas > 1:
			return misusef("--randoms shared with --replicas %d: overlaps, P(q) and correlation lengths would measure the shared numbers: take --replicas 1, or --randoms own", v.Replicas)
		case len(v.temps) > 1:
			return misusef("--randoms shared with %d --temps: tempering needs walkers with numbers of their own: take one temperature, or --randoms own", len(v.temps))
		}
	}
	return nil
}

func (v *temper) compute(ctx context.Context, s *session) (*result, error) {
	b, err := s.Open()
	if err != nil {
		return nil, err
	}
	t := spin.Tempering{Model: v.model, Temperatures: v.temps, Systems: v.Systems, Copies: v.Replicas, Seed: s.Seed,
		Move: spin.Move(slices.Index(spin.Moves, v.Move)), Houdayer: v.Houdayer, Layout: v.Layout, Shared: v.Randoms == "shared"}
	if v.Rule == "heatbath" {
		t.Rule = kernels.HeatBath
	}
	began := time.Now()
	sampler, err := t.Start(b)
	if err != nil {
		return nil, misuse{err}
	}
	setup := time.Since(began).Seconds()
	s.Meta("sampler", sampler.Carrier())
	s.Meta("memory_bytes", sampler.Bytes())
	s.Meta("setup_seconds", setup)
	m := sampler.Measure()
	c := spin.Campaign{Sampler: sampler, Measurement: m, Warmup: v.Warmup, Steps: *v.Sweeps, Every: v.MeasureEvery, Adapt: v.Ladder == "adapt" || v.Ladder == "round-trips",
		RoundTrips: v.Ladder == "round-trips", Period: s.CheckpointEvery}
	if err := restore(s, sampler, m); err != nil {
		return nil, err
	}
	if s.Checkpoints() {
		c.Save = func() error {
			return s.Save(store.Section{Name: "program", Write: sampler.Program.Save}, store.Section{Name: "measurements", Write: m.Save})
		}
	}
	phase := ""
	c.Report = func(p string, done, until uint64) {
		if p != phase {
			phase = p
			s.Phase(p)
		}
		s.Report(done, until)
	}
	first := sampler.Program.Steps()
	ran := time.Now()
	if err := c.Do(ctx); err != nil {
		return nil, err
	}
	if err := sampler.Program.Sync(); err != nil {
		return nil, err
	}
	rate := float64(sampler.Program.Steps()-first) * sampler.Flips() / float64(time.Since(ran).Nanoseconds())
	if c.Save != nil {
		if err := c.Save(); err != nil {
			return nil, err
		}
	}
	return v.report(s, m, rate)
}

// restore goes on from the checkpoint, if there is one.
func restore(s *session, sampler *spin.Sampler, m *spin.Measurement) error {
	if s.Saved() == nil {
		return nil
	}
	if err := s.Restore(map[string]func(io.Reader) error{"program": sampler.Program.Load, "measurements": m.Load}); err != nil {
		return err
	}
	return sampler.Resume()
}

func (v *temper) report(s *session, m *spin.Measurement, rate float64) (*result, error) {
	r, err := m.Results()
	if err != nil {
		return nil, err
	}
	out := &result{}
	sum := &out.Summary
	sum.Set("model", v.model.Name())
	sum.Set("temperatures", r.Temperatures)
	for _, c := range []struct {
		key string
		x   []spin.Estimate
	}{{"energy", r.Energy}, {"specific_heat", r.SpecificHeat}, {"magnetization", r.Magnetization}, {"susceptibility", r.Susceptibility},
		{"overlap", r.Overlap}, {"overlap_squared", r.Overlap2}, {"link_overlap", r.LinkOverlap}, {"binder", r.Binder},
		{"correlation_length", r.CorrelationLength}, {"link_identity", r.LinkIdentity}, {"free_energy", r.FreeEnergy}, {"free_energy_joint", r.FreeEnergyJoint}} {
		if c.x != nil {
			sum.Set(c.key, estimates(c.x))
			out.Series = append(out.Series, store.Of(c.key, means(c.x)), store.Of(c.key+"_err", errs(c.x)))
		}
	}
	sum.Set("tau_int", estimates(r.TauInt))
	sum.Set("tau_window", r.TauWindow)
	sum.Set("equilibrated", r.Equilibrated)
	sum.Set("swap_acceptance", r.SwapAcceptance)
	sum.Set("round_trips", r.RoundTrips)
	sum.Set("errors_from", r.OverError)
	sum.Set("measurements", m.Count())
	sum.Set("ground_state", groundState(v.model, r.Ground))
	if exact := v.exact(r.Temperatures); exact != nil {
		energies := each(exact, func(x spin.Exact) float64 { return x.Energy })
		sum.Set("exact_energy", energies)
		sum.Set("deviation", deviations(r.Energy, energies))
	}
	out.Timing.Set("flips_per_ns", rate)
	out.Series = append(out.Series, store.Of("temperatures", r.Temperatures), store.Of("tau_int", means(r.TauInt)), store.Of("tau_int_err", errs(r.TauInt)), store.Of("swap_acceptance", r.SwapAcceptance))
	out.Series = append(out.Series, m.Series()...)
	if text := disequilibrium(r); text != "" {
		s.Warn("%s; warm up longer (--warmup), sample longer (--sweeps) or add temperatures", text)
	}
	out.Figures, err = v.figures(r, m)
	return out, err
}

// disequilibrium says at which temperatures a run is not in equilibrium and which test tells so; "" when it may be.
func disequilibrium(r spin.Results) string {
	var at []float64
	for k, ok := range r.Equilibrated {
		if !ok {
			at = append(at, r.Temperatures[k])
		}
	}
	if len(at) == 0 {
		return ""
	}
	text := fmt.Sprintf("not equilibrated at %d of %d temperatures, from T = %.4g to %.4g: ", len(at), len(r.Temperatures), at[0], at[len(at)-1])
	worst, where := 0.0, -1
	for k, e := range r.LinkIdentity {
		if z := math.Abs(e.Mean / e.Err); z > 4 && z > worst {
			worst, where = z, k
		}
	}
	if where >= 0 {
		return text + fmt.Sprintf("the identity e = -(z/2)β(1 - q_link) of Gaussian couplings fails by %.3g, %.1f errors, at T = %.4g", r.LinkIdentity[where].Mean, worst, r.Temperatures[where])
	}
	return text + "energies or overlaps of the last stretches of the run, each twice as long as the one before, disagree or are too few to tell"
}

// groundState is the lowest state seen of all samples, and the mean over samples per spin with its error.
func groundState(m spin.Model, ground []spin.Ground) store.Summary {
	var perSpin stats.Moments
	lowest := math.Inf(1)
	for _, g := range ground {
		lowest = min(lowest, g.Energy)
		perSpin.Add(g.Energy / float64(m.Spins()))
	}
	g := store.Summary{{Key: "energy", Value: lowest}, {Key: "per_spin", Value: perSpin.Mean()}}
	if n := float64(len(ground)); n > 1 {
		g.Set("per_spin_err", math.Sqrt(perSpin.Variance()/n))
	}
	if f, ok := m.(*spin.File); ok && f.MaxCut {
		g.Set("max_cut", f.Cut(lowest))
	}
	return g
}

// exact are the exact averages where they are known: Kaufman's in two dimensions; elsewhere nil.
func (v *temper) exact(ts []float64) []spin.Exact {
	m, ok := v.model.(spin.Ising)
	if !ok || m.D != 2 {
		return nil
	}
	var all []spin.Exact
	for _, t := range ts {
		x, err := spin.Kaufman(m.L, t)
		if err != nil {
			return nil
		}
		all = append(all, x)
	}
	return all
}

// each is a number of every element; nil where there is none.
func each[T any](list []T, number func(T) float64) (out []float64) {
	for _, x := range list {
		out = append(out, number(x))
	}
	return out
}

// deviations are differences from exact values in units of the standard error.
func deviations(x []spin.Estimate, exact []float64) []float64 {
	var d []float64
	for k, e := range x {
		d = append(d, (e.Mean-exact[k])/e.Err)
	}
	return d
}

func estimates(x []spin.Estimate) []store.Estimate {
	var out []store.Estimate
	for _, e := range x {
		out = append(out, store.Estimate{Mean: e.Mean, Err: e.Err})
	}
	return out
}

func means(x []spin.Estimate) []float64 {
	return each(x, func(e spin.Estimate) float64 { return e.Mean })
}

func errs(x []spin.Estimate) []float64 {
	return each(x, func(e spin.Estimate) float64 { return e.Err })
}

// spinModel are the flags that name a spin model.
type spinModel struct {
	Model     string  `default:"ea3d" enum:"ising2d,ising3d,ea2d,ea3d,sk,hopfield,nishimori2d,file" help:"ising2d, ising3d, ea2d, ea3d, sk, hopfield, nishimori2d or file."`
	Size      int     `default:"8" help:"Sites along an axis of a lattice; spins of sk and hopfield."`
	Couplings string  `default:"auto" enum:"auto,pm1,gaussian" help:"Couplings: pm1 or gaussian; auto is pm1 for ea2d and ea3d and gaussian for sk."`
	Patterns  int     `default:"10" help:"Patterns of hopfield."`
	Fraction  float64 `default:"0.1" help:"Fraction of negative bonds of nishimori2d."`
	File      string  `placeholder:"PATH" help:"Couplings of the model file: lines i j J, fields i i h."`
	Layout    string  `default:"auto" enum:"auto,lattice,sparse,dense,bits,patterns,gibbs" help:"How instances are held: auto, lattice (bits), sparse, dense, bits (one size of couplings), patterns or gibbs (hopfield)."`
	MaxCut    bool    `help:"The file is a graph of the G-set (rudy): find its largest cut."`
}

// open makes the model that the flags name; a file is read.
func (v *spinModel) open() (spin.Model, error) {
	if (v.Model == "file") != (v.File != "") {
		return nil, misusef("--file PATH and --model file go together")
	}
	if v.MaxCut && v.File == "" {
		return nil, misusef("--max-cut is for a graph: it needs --model file --file PATH")
	}
	if v.Couplings != "auto" && !slices.Contains([]string{"ea2d", "ea3d", "sk"}, v.Model) {
		return nil, misusef("--couplings %s: those of %s cannot be chosen, but those of ea2d, ea3d and sk", v.Couplings, v.Model)
	}
	var m spin.Model
	switch v.Model {
	case "ising2d", "ising3d":
		m = spin.Ising{L: v.Size, D: dims(v.Model)}
	case "ea2d", "ea3d":
		m = spin.EdwardsAnderson{L: v.Size, D: dims(v.Model), Gaussian: v.Couplings == "gaussian"}
	case "sk":
		m = spin.SherringtonKirkpatrick{N: v.Size, Binary: v.Couplings == "pm1"}
	case "hopfield":
		m = spin.Hopfield{N: v.Size, P: v.Patterns}
	case "nishimori2d":
		m = spin.Nishimori{L: v.Size, P: v.Fraction}
	case "file":
		f, err := spin.Open(v.File, v.MaxCut)
		if err != nil && !v.MaxCut {
			if _, graph := spin.Open(v.File, true); graph == nil {
				return nil, misusef("--file %s: it is a graph of the G-set: give --max-cut too", v.File)
			}
		}
		return f, err
	default:
		return nil, errors.New("unknown model " + v.Model)
	}
	if err := m.Check(); err != nil {
		return nil, misuse{err}
	}
	return m, nil
}

// scale is the temperature scale of a file's couplings; 0 for other models, whose temperatures are in units of their own.
func (v *spinModel) scale(m spin.Model) float64 {
	if f, ok := m.(*spin.File); ok {
		return f.FieldScale()
	}
	return 0
}

// rounded is x with three digits.
func rounded(x float64) float64 {
	y, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 3, 64), 64)
	if err != nil {
		return x
	}
	return y
}

func dims(model string) int { return int(model[len(model)-2] - '0') }
