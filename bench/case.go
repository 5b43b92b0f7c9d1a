package bench

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"cavity/engine"
)

// A Case is one kind of work at one size.
type Case struct {
	Suite  string // engine, spin, rbm, modes, dmft, samplers
	Name   string
	Family string   // cases of one family differ in Size and are drawn as one curve; "" for none
	Size   float64  // what the cost grows with
	Unit   string   // flips/ns, GFLOP/s, GB/s: more is better; ms, s, ns: less is, see Lower
	Target float64  // the least that is asked for on one AVX-512 core; 0: nothing
	Only   []string // backends on which it makes sense; nil: cpu
	Slow   bool     // left out of the quick suite
	Start  func(b engine.Backend) (*Work, error)
	Trial  func(b engine.Backend, o Budget) ([]Row, error) // in place of Start: work that gives several figures of its own
}

// A Budget is the time that a trial may spend, by a clock.
type Budget struct {
	Length time.Duration // of each repeat
	Seeds  int           // repeats, with random numbers of their own
	Clock  func() time.Duration
}

// A Row is one figure of a trial.
type Row struct {
	Quantity, Unit     string
	Value, Err, Spread float64
	Note               string // why there is no value
	Trace              *Trace
}

// A Trace is the error of an estimate after growing times.
type Trace struct {
	Figure  string    `json:"figure"`  // what is estimated, of what: traces of one figure are drawn together
	Curve   string    `json:"curve"`   // the sampler
	Seconds []float64 `json:"seconds"` // processor time of a chain
	Error   []float64 `json:"error"`   // root mean square over chains
}

// Work is a case made ready on a backend.
type Work struct {
	Step   func(n int) error
	Amount float64      // units of work in a step: flips, flop, bytes; for times 1
	Flops  float64      // floating-point operations in a step and
	Bytes  float64      // the least that it reads and writes, for the roofline; both 0: none
	Verify func() error // the result is right
	Close  func()

	clock func() time.Duration
}

// Lower reports whether less is better: the unit is a time or a deviation from the exact value.
func Lower(unit string) bool { return isTime(unit) || unit == deviation }

func isTime(unit string) bool { return unit == "ms" || unit == "s" || unit == "ns" }

// deviation is the unit of an absolute difference from an exact value, in that value's own unit.
const deviation = "off"

var cases []Case

func register(c ...Case) { cases = append(cases, c...) }

// Suites lists the suites that have cases, in order of their first case.
func Suites() []string {
	var names []string
	for _, c := range cases {
		if !slices.Contains(names, c.Suite) {
			names = append(names, c.Suite)
		}
	}
	return names
}

// Select returns the cases of some suites, all for none.
func Select(suites []string, quick bool) ([]Case, error) {
	for _, s := range suites {
		if !slices.Contains(Suites(), s) {
			return nil, fmt.Errorf("bench: no suite %q; there are %s", s, strings.Join(Suites(), ", "))
		}
	}
	var out []Case
	for _, c := range cases {
		if (len(suites) == 0 || slices.Contains(suites, c.Suite)) && !(quick && c.Slow) {
			out = append(out, c)
		}
	}
	return out, nil
}

func (c Case) runsOn(backend string) bool {
	kind, _, _ := strings.Cut(backend, ":")
	if c.Only == nil {
		return kind == "cpu"
	}
	return slices.Contains(c.Only, kind)
}
