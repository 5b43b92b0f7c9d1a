package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"cavity/engine/figure"
	"cavity/engine/stats"
	"cavity/engine/store"
)

// samples are averages of every sample of the disorder at every temperature: the second and fourth moments of the overlap, or of
// m for runs with one copy, and |q(k)|² at the smallest wave number.
type samples struct {
	size, count, temperatures int
	second, fourth, wave      []float64 // [count, temperatures]; nil where they were not measured
	sum2, sum4, sumWave       []float64 // over samples
	skip                      int       // a sample left out, or -1
}

func newSamples(r *sizedRun) (samples, error) {
	s := samples{size: r.size, temperatures: len(r.ts), skip: -1}
	moment := "q"
	if _, ok := store.Find(r.series, "sample_q2"); !ok {
		moment = "m"
	}
	for _, at := range []struct {
		key       string
		each, sum *[]float64
	}{{"sample_" + moment + "2", &s.second, &s.sum2}, {"sample_" + moment + "4", &s.fourth, &s.sum4}, {"sample_qk2", &s.wave, &s.sumWave}} {
		x, err := r.column(at.key, 1)
		if err != nil {
			return s, err
		}
		if x == nil && s.count == 0 {
			return s, nil
		}
		if x == nil { // not measured, as ξ beyond lattices
			x = slices.Repeat([]float64{math.NaN()}, s.count*s.temperatures)
		}
		if len(x)%s.temperatures != 0 || s.count > 0 && len(x) != s.count*s.temperatures {
			return s, fmt.Errorf("%s: %s: %d numbers for %d temperatures", r.dir, at.key, len(x), s.temperatures)
		}
		s.count, *at.each, *at.sum = len(x)/s.temperatures, x, make([]float64, s.temperatures)
		for i, v := range x {
			(*at.sum)[i%s.temperatures] += v
		}
	}
	return s, nil
}

// mean is the average of a moment at a temperature over the samples that are not left out.
func (s samples) mean(each, sum []float64, k int) float64 {
	if s.skip < 0 {
		return sum[k] / float64(s.count)
	}
	return (sum[k] - each[s.skip*s.temperatures+k]) / float64(s.count-1)
}

// binder is ½(3 - [<q⁴>]/[<q²>]²).
func (s samples) binder(k int) float64 {
	x := s.mean(s.second, s.sum2, k)
	return (3 - s.mean(s.fourth, s.sum4, k)/(x*x)) / 2
}

// correlation is ξ/L, ξ = √(χ(0)/χ(k) - 1)/(2 sin π/L).
func (s samples) correlation(k int) float64 {
	ratio := s.mean(s.second, s.sum2, k)/s.mean(s.wave, s.sumWave, k) - 1
	return math.Sqrt(math.Max(0, ratio)) / (2 * math.Sin(math.Pi/float64(s.size))) / float64(s.size)
}

// A meeting is where two sizes agree.
type meeting struct {
	t, err float64
	over   string // what the error was taken over
}

// crossing is the temperature at which a quantity of two runs is the same, with the error of a jackknife over the samples of
// both, √(Σ over both runs of (n-1)/n Σ_s (t_s - t̄)²), where t_s is the crossing without sample s. Without at least two samples
// in each run, the error follows from those of the points around the crossing.
func crossing(a, b *sizedRun, ca, cb figure.Curve, of func(s samples, k int) float64) (meeting, error) {
	t, sigma := cross(ca, cb, math.NaN())
	m := meeting{t, sigma, "the points around the crossing"}
	sa, err := newSamples(a)
	if err != nil {
		return m, err
	}
	sb, err := newSamples(b)
	if err != nil || sa.count < 2 || sb.count < 2 || math.IsNaN(t) {
		return m, err
	}
	variance := 0.0
	for _, x := range []struct {
		left  samples
		curve *figure.Curve
	}{{sa, &ca}, {sb, &cb}} {
		was := x.curve.Y
		var ts stats.Moments
		for x.left.skip = range x.left.count {
			x.curve.Y = make([]float64, len(was))
			for k := range was {
				x.curve.Y[k] = of(x.left, k)
			}
			t, _ := cross(ca, cb, m.t)
			ts.Add(t)
		}
		x.curve.Y = was
		n := float64(ts.N())
		variance += (n - 1) * (n - 1) / n * ts.Variance()
		if ts.Bad() > 0 {
			variance = math.NaN() // a single sample decides whether they cross
		}
	}
	return meeting{m.t, math.Sqrt(variance), "a jackknife over samples"}, nil
}

// crossings adds where neighbouring sizes agree.
func crossings(sum *store.Summary, key string, runs []sizedRun, curves []figure.Curve, of func(s samples, k int) float64) error {
	var ts []store.Estimate
	over := ""
	for k := range runs[1:] {
		m, err := crossing(&runs[k], &runs[k+1], curves[k], curves[k+1], of)
		if err != nil {
			return err
		}
		ts, over = append(ts, store.Estimate{Mean: m.t, Err: m.err}), m.over
	}
	sum.Set("crossing_"+key, ts)
	sum.Set("crossing_"+key+"_errors_from", over)
	return nil
}

// ordered reports whether a run measured an order parameter: the overlap, or m of a ferromagnet.
func (s *sizedRun) ordered() bool {
	_, overlap := store.Find(s.series, "overlap")
	return overlap || strings.HasPrefix(s.model, "ising")
}

// cross is the temperature at which two curves, linear between their points, cross, with the error that follows from those of the
// four points around it: the crossing nearest to a temperature, or for NaN the one that has the most significant neighbours, since
// far above the transition both agree within errors that only grow there. NaN where they do not cross.
func cross(a, b figure.Curve, near float64) (t, sigma float64) {
	type point struct{ x, d, err float64 }
	var points []point
	for _, x := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(a.X, b.X)))) {
		y1, e1, ok1 := between(a, x)
		y2, e2, ok2 := between(b, x)
		if ok1 && ok2 {
			points = append(points, point{x, y2 - y1, math.Hypot(e1, e2)})
		}
	}
	best := math.Inf(-1)
	t, sigma = math.NaN(), math.NaN()
	for k := 1; k < len(points); k++ {
		p, q := points[k-1], points[k]
		if !(p.d > 0 && q.d <= 0) { // below the transition the larger size is above
			continue
		}
		slope := (q.d - p.d) / (q.x - p.x)
		at := p.x - p.d/slope
		weight := -math.Abs(at - near)
		if math.IsNaN(near) {
			weight = 0
			for i, r := range points {
				if (i < k) == (r.d > 0) && r.err > 0 {
					weight += math.Abs(r.d) / r.err
				}
			}
		}
		if weight > best {
			t, sigma, best = at, math.Hypot(p.err, q.err)/math.Sqrt2/math.Abs(slope), weight
		}
	}
	return t, sigma
}

// between is a curve's value and error at x, by linear interpolation.
func between(c figure.Curve, x float64) (y, err float64, ok bool) {
	if len(c.X) == 1 {
		return c.Y[0], c.Err[0], x == c.X[0]
	}
	for k := range c.X[1:] {
		if x >= c.X[k] && x <= c.X[k+1] {
			w := (x - c.X[k]) / (c.X[k+1] - c.X[k])
			return c.Y[k] + w*(c.Y[k+1]-c.Y[k]), math.Hypot((1-w)*c.Err[k], w*c.Err[k+1]), true
		}
	}
	return 0, 0, false
}

// lowestEnergies adds the lowest energies per spin that runs of several samples saw, averaged over samples, and for the SK model,
// whose runs should reach ground states, their limit of infinitely many spins by a line in N^(-2/3), the law of Boettcher 2005
// (doi:10.1140/epjb/e2005-00280-6). The line goes through the energies in units of √((N-1)/N), the size of the local fields of
// random spins when couplings have variance 1/N: that correction is of order 1/N, beyond the law. The figure is nil for other models.
func lowestEnergies(sum *store.Summary, runs []sizedRun) (*figure.Curves, error) {
	var means []store.Estimate
	var x, y, sigma []float64 // of the line
	for i := range runs {
		r := &runs[i]
		energies, err := r.column("ground_energy", 1)
		if err != nil {
			return nil, err
		}
		spins, ok := store.Find(r.series, "ground_spins")
		if len(energies) < 2 || !ok || len(spins.Shape) != 2 || spins.Shape[1] < 1 {
			return nil, nil
		}
		var e stats.Moments
		for _, v := range energies {
			e.Add(v / float64(spins.Shape[1]))
		}
		err1 := math.Sqrt(e.Variance() / float64(e.N()))
		means = append(means, store.Estimate{Mean: e.Mean(), Err: err1})
		n := float64(spins.Shape[1])
		unit := math.Sqrt((n - 1) / n)
		x, y, sigma = append(x, math.Pow(n, -2./3)), append(y, e.Mean()/unit), append(sigma, err1/unit)
	}
	sum.Set("lowest_energy", means)
	if runs[0].model != "sk" && runs[0].model != "sk pm1" && runs[0].model != "sk gaussian" || len(runs) < 3 {
		return nil, nil
	}
	fit, err := stats.Line(x, y, sigma)
	if err != nil {
		return nil, err
	}
	sum.Set("lowest_energy_infinite", store.Estimate{Mean: fit.Intercept.Value, Err: fit.Intercept.Err})
	sum.Set("lowest_energy_slope", store.Estimate{Mean: fit.Slope.Value, Err: fit.Slope.Err})
	sum.Set("lowest_energy_chi2", fit.Chi2)
	sum.Set("lowest_energy_dof", fit.DoF)
	line := figure.Curve{Name: "line in N^(-2/3)", X: []float64{0, slices.Max(x)}, Y: []float64{fit.Intercept.Value, fit.At(slices.Max(x)).Value}, Color: 2}
	return &figure.Curves{X: figure.Axis{Label: "N^(-2/3)"}, Y: figure.Axis{Label: "lowest energy per spin, in √(1-1/N)"},
		Curves: []figure.Curve{{Name: "mean over samples", X: x, Y: y, Err: sigma, Style: figure.Points, Color: 1}, line}}, nil
}
