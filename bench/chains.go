package bench

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"cavity/engine/stats"
)

// chains are some Markov chains of one law that are run together.
type chains struct {
	count   int
	per     int // equal chains whose mean an observation is; 0: 1
	step    func(n int) error
	observe func(x [][]float64) error      // every observable of each chain, now
	tune    func() error                   // called now and then during the warm-up; nil: nothing to tune
	ready   func() error                   // called once after it; nil: nothing to do
	trips   func() (float64, error)        // round trips of all walkers since then; nil: no ladder
	free    func() (stats.Estimate, error) // the free energy per spin since then; nil: not known
	check   func() error                   // the present state is what the sampler says that it is
}

// A reading is what a repeat gave.
type reading struct {
	series [][][]float64 // of every observable and chain, from the beginning
	per    float64
	warm   int       // measurements of the warm-up
	at     []float64 // when, in seconds of the clock
	trips  float64   // after the warm-up
	free   stats.Estimate
}

// measuring is the time after the warm-up.
func (r reading) measuring() float64 { return r.at[len(r.at)-1] - r.at[r.warm-1] }

const (
	warmUp      = .2 // share of the time that is warm-up
	tunings     = 8  // in the warm-up
	measureCost = .2 // share of the time that goes to measuring, at most
	enough      = 50 // effective values below which an error is not trusted
)

// read runs chains for a time.
func (c chains) read(observables int, length time.Duration, clock func() time.Duration) (r reading, err error) {
	r.per = float64(max(1, c.per))
	x := make([][]float64, observables)
	for o := range x {
		x[o] = make([]float64, c.count)
		r.series = append(r.series, make([][]float64, c.count))
	}
	every, tuned := 1, 0
	for began := clock(); ; {
		spent := float64(clock()-began) / float64(length)
		if n := len(r.at); r.warm == 0 && n > 0 && spent*(tunings+1) >= warmUp*float64(tuned+1) {
			if tuned++; tuned <= tunings && c.tune != nil {
				err = c.tune()
			} else if tuned > tunings {
				r.warm = n
				if c.ready != nil {
					err = c.ready()
				}
			}
		} else if spent >= 1 && r.warm > 0 && n >= r.warm+8 {
			break
		}
		before := clock()
		err = errors.Join(err, c.step(every))
		stepped := clock()
		if err = errors.Join(err, c.observe(x)); err != nil {
			return r, err
		}
		now := clock()
		r.at = append(r.at, (now - began).Seconds())
		for o := range x {
			for i, v := range x[o] {
				r.series[o][i] = append(r.series[o][i], v)
			}
		}
		if r.warm == 0 {
			every = interval(every, stepped-before, now-stepped, length)
		}
	}
	if c.trips != nil {
		if r.trips, err = c.trips(); err != nil {
			return r, err
		}
	}
	if c.free != nil {
		if r.free, err = c.free(); err != nil {
			return r, err
		}
	}
	return r, c.check()
}

// interval is the number of steps between measurements for which measuring takes its share of the time, from what the last
// steps and measurement took; it grows slowly and stays far below the length.
func interval(every int, steps, measurement, length time.Duration) int {
	step := float64(max(steps, 1)) / float64(every)
	want := float64(measurement) / step * (1 - measureCost) / measureCost
	return int(max(1, min(want, 2*float64(every), float64(length)/100/step)))
}

// An observable is something to average; exact is NaN where it is not known.
type observable struct {
	name  string
	exact float64
}

// A study compares samplers by observables of one system; the figure shows the first.
type study struct {
	figure      string
	observables []observable
	free        float64 // exact free energy; NaN: not known
}

// rows runs chains with several seeds and draws the figures from the readings. With an exact value known, a mean farther than
// six errors from it is an error: the sampler is wrong (false alarm 2e-9 for Gaussian means).
func (s study) rows(curve string, o Budget, start func(seed uint64) (chains, error)) ([]Row, error) {
	var readings []reading
	for seed := range o.Seeds {
		c, err := start(uint64(seed) + 1)
		if err != nil {
			return nil, err
		}
		r, err := c.read(len(s.observables), o.Length, o.Clock)
		if err != nil {
			return nil, err
		}
		readings = append(readings, r)
	}
	var rows []Row
	for k := range s.observables {
		mixed, err := s.mixing(k, readings)
		if err != nil {
			return nil, err
		}
		rows = append(rows, mixed...)
	}
	if !math.IsNaN(s.observables[0].exact) {
		rows[0].Trace = s.trace(curve, readings)
	}
	rows = append(rows, roundTrips(readings)...)
	if !math.IsNaN(s.free) && readings[0].free != (stats.Estimate{}) {
		var free []stats.Estimate
		for _, r := range readings {
			free = append(free, r.free)
		}
		rows = append(rows, freeError(free, s.free))
	}
	return rows, nil
}

// mixing are effective values of observable k a second and the autocorrelation time in the processor time of a chain. A chain
// that does not decorrelate in the time has neither.
func (s study) mixing(k int, readings []reading) ([]Row, error) {
	of := s.observables[k]
	speed := Row{Quantity: "effective values of " + of.name, Unit: "eff/s"}
	tau := Row{Quantity: "autocorrelation time of " + of.name + ", of a chain", Unit: "ms"}
	var rates, times []float64
	var rateVar, timeVar float64
	for _, r := range readings {
		var after [][]float64
		for _, x := range r.series[k] {
			after = append(after, x[r.warm:])
		}
		a, err := stats.Tau(after...)
		if err != nil || a.Effective < enough {
			speed.Note, tau.Note = "not mixed in the time", "not mixed in the time"
			return []Row{speed, tau}, nil
		}
		if d := a.Mean.Sigmas(of.exact); math.Abs(d) > 6 {
			return nil, fmt.Errorf("wrong result: %s is %v, exactly %v", of.name, a.Mean, of.exact)
		}
		n := float64(len(r.at) - r.warm)
		rates = append(rates, r.per*a.Effective/r.measuring())
		times = append(times, 1e3*a.Tau.Value*r.measuring()/n/float64(len(after))/r.per)
		relative := a.Tau.Err / a.Tau.Value
		rateVar += math.Pow(relative*rates[len(rates)-1], 2)
		timeVar += math.Pow(relative*times[len(times)-1], 2)
	}
	n := float64(len(readings))
	speed.Value, speed.Spread = meanAndSpread(rates)
	tau.Value, tau.Spread = meanAndSpread(times)
	speed.Err, tau.Err = math.Sqrt(rateVar)/n, math.Sqrt(timeVar)/n
	return []Row{speed, tau}, nil
}

// freeError is the root mean square deviation of free energies from the exact one over repeats, with the error that a χ² of so
// many degrees gives it.
func freeError(free []stats.Estimate, exact float64) Row {
	row := Row{Quantity: "error of the free energy", Unit: deviation}
	n := float64(len(free))
	for _, f := range free {
		row.Value += (f.Value - exact) * (f.Value - exact) / n
	}
	row.Value = math.Sqrt(row.Value)
	row.Err = row.Value / math.Sqrt(2*n)
	return row
}

func meanAndSpread(x []float64) (mean, spread float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	return mean, (slices.Max(x) - slices.Min(x)) / mean
}

// roundTrips are walkers' trips from one end of the ladder to the other and back, a second, with the error of a Poisson count.
func roundTrips(readings []reading) []Row {
	var rates []float64
	total := 0.0
	for _, r := range readings {
		rates, total = append(rates, r.trips/r.measuring()), total+r.trips
	}
	if total == 0 {
		return nil
	}
	row := Row{Quantity: "round trips", Unit: "trips/s"}
	row.Value, row.Spread = meanAndSpread(rates)
	row.Err = row.Value / math.Sqrt(total)
	return []Row{row}
}

// trace is the root mean square error of the average over the last half of a chain against the chain's time, on a grid of
// powers of √2, over all chains of all repeats: it holds bias and noise alike.
func (s study) trace(curve string, readings []reading) *Trace {
	shortest, count := math.MaxInt, 0.0
	for _, r := range readings {
		shortest, count = min(shortest, len(r.at)), count+float64(len(r.series[0]))
	}
	t := &Trace{Figure: s.figure, Curve: curve}
	for x, last := 2.0, 0; int(x) <= shortest; x *= math.Sqrt2 {
		n := int(x)
		if n == last {
			continue
		}
		last = n
		square, seconds := 0.0, 0.0
		for _, r := range readings {
			seconds += r.at[n-1] / float64(len(r.series[0])) / r.per / float64(len(readings))
			for _, c := range r.series[0] {
				d, half := -s.observables[0].exact, c[n/2:n]
				for _, v := range half {
					d += v / float64(len(half))
				}
				square += d * d * r.per / count // that of one chain
			}
		}
		t.Seconds, t.Error = append(t.Seconds, seconds), append(t.Error, math.Sqrt(square))
	}
	return t
}
