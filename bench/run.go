package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"cavity/engine"
	"cavity/engine/cpu/level"
)

// A Result is what one case took on one backend.
type Result struct {
	Suite     string  `json:"suite"`
	Case      string  `json:"case"`
	Family    string  `json:"family,omitempty"`
	Size      float64 `json:"size,omitempty"`
	Backend   string  `json:"backend"`
	Device    string  `json:"device,omitempty"` // what the backend runs on, where its name does not say
	Level     string  `json:"level"`            // of vector instructions, on the processor
	Workers   int     `json:"workers"`
	Unit      string  `json:"unit"`
	Value     float64 `json:"value"`         // of the fastest repeat
	Spread    float64 `json:"spread"`        // (slowest - fastest)/fastest of the repeats
	Err       float64 `json:"err,omitempty"` // standard error of a value that is an estimate
	Repeats   int     `json:"repeats"`
	SpeedUp   float64 `json:"speed_up,omitempty"` // of several workers over one, timed in turn
	Clock     string  `json:"clock"`              // cpu: processor time, for one worker on the processor; wall
	Allocs    float64 `json:"allocs"`             // a step, in the fastest repeat
	PeakMB    float64 `json:"peak_mb,omitempty"`  // largest resident memory of the process while the case ran
	Roofline  float64 `json:"roofline,omitempty"` // share of the speed that the measured peaks allow
	Target    float64 `json:"target,omitempty"`
	Met       *bool   `json:"met,omitempty"`
	BestPeer  string  `json:"best_peer,omitempty"`
	PeerRatio float64 `json:"ratio_to_best_peer,omitempty"`
	Note      string  `json:"note,omitempty"` // why there is no value
	Error     string  `json:"error,omitempty"`
	Trace     *Trace  `json:"trace,omitempty"`

	bound func(peak Peak) float64 // least seconds of the work over those taken
}

// Options say how carefully to time.
type Options struct {
	Backends []string
	Workers  []int         // 0: all cores
	Repeats  int           // 0: 5
	Length   time.Duration // of a repeat; 0: 100 ms
	Trial    time.Duration // of a repeat of a trial; 0: five times Length
	Levels   []level.Level // on the backend cpu; nil: the one in use
	Report   func(done, until int, name string)
}

// longEnough is the time after which two repeats of long work are enough.
const longEnough = 4 * time.Second

// Run times cases one after the other. A case that cannot run or whose result is wrong has its error in the result; the
// error returned is only that of a cancelled context or of a backend that cannot be opened.
func Run(ctx context.Context, list []Case, o Options) ([]Result, error) {
	if o.Repeats == 0 {
		o.Repeats = 5
	}
	if o.Length == 0 {
		o.Length = 100 * time.Millisecond
	}
	if o.Trial == 0 {
		o.Trial = 5 * o.Length
	}
	jobs := o.jobs(list)
	var out []Result
	for i, j := range jobs {
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		if o.Report != nil {
			o.Report(i, len(jobs), j.c.Suite+" "+j.c.Name+" "+j.backend)
		}
		rs, err := j.run(o)
		if err != nil {
			return out, err
		}
		out = append(out, rs...)
	}
	return out, nil
}

// A job is a case on a backend.
type job struct {
	c       Case
	backend string
	level   level.Level
	workers int
}

func (o Options) jobs(list []Case) (jobs []job) {
	for _, c := range list {
		for _, b := range o.Backends {
			levels := o.Levels
			if b != "cpu" || levels == nil {
				levels = []level.Level{level.Of()}
			}
			for _, l := range levels {
				for _, w := range o.Workers {
					if c.runsOn(b) && !(b == "tape" && w != o.Workers[0]) {
						jobs = append(jobs, job{c, b, l, w})
					}
				}
			}
		}
	}
	return jobs
}

// run opens the backend at the job's level; the memory of the jobs before is given back first.
func (j job) run(o Options) ([]Result, error) {
	lowered := j.level < level.Of()
	defer level.Use(j.level)()
	forget := resetPeakMemory()
	b, err := engine.Open(j.backend, engine.Options{Workers: j.workers})
	if err != nil {
		return nil, err
	}
	if device, emulated := engine.Emulates(b); emulated {
		return nil, errors.Join(fmt.Errorf("bench: backend %s is an emulation, %s: it has no speed that could be measured", b.Name(), device), b.Close())
	}
	var rs []Result
	if j.c.Trial != nil {
		rs = j.c.try(b, j.workers, o)
	} else {
		if lowered || kindOf(b) == "cuda" {
			j.c.Target = 0 // targets are for a processor with the best instructions
		}
		rs = []Result{j.c.time(b, j.workers, o)}
	}
	device := ""
	if t, ok := b.(engine.Teller); ok {
		device = t.Facts()["device"]
	}
	err = b.Close()
	for i := range rs {
		r := &rs[i]
		r.Device = device
		r.Workers, r.Level = j.workers, j.level.String()
		if err != nil && r.Error == "" {
			r.Error = err.Error()
		}
		if forget {
			r.PeakMB = peakMemory()
		}
	}
	return rs, nil
}

// try runs a trial.
func (c Case) try(b engine.Backend, workers int, o Options) (out []Result) {
	seeds := max(2, min(o.Repeats, 4))
	budget := Budget{Length: o.Trial, Seeds: seeds, Clock: wall}
	base := Result{Suite: c.Suite, Case: c.Name, Backend: b.Name(), Unit: c.Unit, Repeats: seeds, Clock: "wall"}
	if workers == 1 && kindOf(b) != "cuda" {
		base.Clock, budget.Clock = "cpu", processorTime
	}
	rows, err := c.Trial(b, budget)
	if err != nil {
		base.Error = err.Error()
		return []Result{base}
	}
	for _, x := range rows {
		r := base
		r.Case, r.Unit, r.Value, r.Err, r.Spread, r.Note, r.Trace = c.Name+": "+x.Quantity, x.Unit, x.Value, x.Err, x.Spread, x.Note, x.Trace
		out = append(out, r)
	}
	return out
}

// time runs a case and verifies it.
func (c Case) time(b engine.Backend, workers int, o Options) (r Result) {
	r = Result{Suite: c.Suite, Case: c.Name, Family: c.Family, Size: c.Size, Backend: b.Name(), Unit: c.Unit, Repeats: o.Repeats}
	fail := func(err error) Result {
		r.Error = err.Error()
		return r
	}
	w, err := c.Start(b)
	if err != nil {
		return fail(err)
	}
	if w.Close != nil {
		defer w.Close()
	}
	w.clock = wall
	if r.Clock = "wall"; workers == 1 && kindOf(b) != "cuda" {
		r.Clock, w.clock = "cpu", processorTime
	}
	w.finish(b)
	n, err := w.calibrate(o.Length)
	if err != nil {
		return fail(err)
	}
	one, err := c.startAlone(b, workers, o.Length)
	if err != nil {
		return fail(err)
	}
	defer one.close()
	best, worst, err := w.repeat(n, o.Repeats, one, &r)
	if err != nil {
		return fail(err)
	}
	if w.Verify != nil {
		if err := w.Verify(); err != nil {
			return fail(fmt.Errorf("wrong result: %w", err))
		}
	}
	r.Spread = float64(worst-best) / float64(best)
	perStep := float64(best.Nanoseconds()) / float64(n)
	r.SpeedUp = one.speedUp(perStep)
	if w.Flops > 0 || w.Bytes > 0 {
		flops, bytes := w.Flops, w.Bytes
		r.bound = func(p Peak) float64 { return max(flops/p.GFLOPs, bytes/p.CopyGBs) / perStep }
	}
	switch c.Unit {
	case "ns":
		r.Value = perStep / w.Amount
	case "ms":
		r.Value = perStep / 1e6
	case "s":
		r.Value = perStep / 1e9
	default: // per nanosecond: flips/ns, GFLOP/s, GB/s
		r.Value = w.Amount / perStep
	}
	if c.Target > 0 {
		met := r.Value >= c.Target
		if Lower(c.Unit) {
			met = r.Value <= c.Target
		}
		r.Target, r.Met = c.Target, &met
	}
	return r
}

// repeat times n steps again and again, in turn with the work of one worker where there is any.
func (w *Work) repeat(n, repeats int, one *alone, r *Result) (best, worst time.Duration, err error) {
	best = math.MaxInt64
	var spent time.Duration
	for r.Repeats = 0; r.Repeats < repeats && (r.Repeats < 2 || spent <= longEnough); r.Repeats++ {
		took, allocs, err := w.once(n)
		if err = errors.Join(err, one.once()); err != nil {
			return 0, 0, err
		}
		spent += took
		if took < best {
			best, r.Allocs = took, allocs
		}
		worst = max(worst, took)
	}
	return best, worst, nil
}

func kindOf(b engine.Backend) string {
	kind, _, _ := strings.Cut(b.Name(), ":")
	return kind
}

var start = time.Now()

func wall() time.Duration { return time.Since(start) }

// processorTime is what this process has used, in user and system mode: on a shared machine it does not count the
// neighbours, and with one worker nothing runs beside the work but a rare garbage collection.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return wall()
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// finish lets steps end with the end of their work where launches return before it.
func (w *Work) finish(b engine.Backend) {
	s, ok := b.(engine.Syncer)
	if !ok {
		return
	}
	step := w.Step
	w.Step = func(n int) error {
		if err := step(n); err != nil {
			return err
		}
		return s.Sync()
	}
}

// calibrate finds a number of steps that takes about the length of a repeat, warming up on the way.
func (w *Work) calibrate(length time.Duration) (int, error) {
	for n := 1; ; {
		took, _, err := w.once(n)
		if err != nil || took >= length/2 || n > 1<<28 {
			return n, err
		}
		grow := 100.0
		if took > 0 {
			grow = 1.1 * float64(length) / float64(took)
		}
		n = int(math.Ceil(float64(n) * min(max(grow, 1.5), 100)))
	}
}

func (w *Work) once(n int) (time.Duration, float64, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := w.clock()
	err := w.Step(n)
	took := w.clock() - began
	runtime.ReadMemStats(&after)
	return took, math.Floor(float64(after.Mallocs-before.Mallocs) / float64(n)), err
}

// Exponents fits cost ∝ size^a through the cases of each family on each backend, by least squares in the logarithms.
func Exponents(rs []Result) map[string]float64 {
	type sums struct{ n, x, y, xx, xy float64 }
	all := map[string]*sums{}
	for _, r := range rs {
		if r.Family == "" || r.Error != "" || r.Size <= 0 || r.Value <= 0 || !isTime(r.Unit) {
			continue
		}
		k := fmt.Sprintf("%s %s, %s, %d workers", r.Suite, r.Family, r.Where(), r.Workers)
		if all[k] == nil {
			all[k] = &sums{}
		}
		s, x, y := all[k], math.Log(r.Size), math.Log(r.Value)
		s.n, s.x, s.y, s.xx, s.xy = s.n+1, s.x+x, s.y+y, s.xx+x*x, s.xy+x*y
	}
	out := map[string]float64{}
	for k, s := range all {
		if d := s.n*s.xx - s.x*s.x; s.n >= 3 && d > 0 {
			out[k] = (s.n*s.xy - s.x*s.y) / d
		}
	}
	return out
}

// Sorted returns the keys of a map in order.
func Sorted[V any](m map[string]V) []string {
	var ks []string
	for k := range m {
		ks = append(ks, k)
	}
	slices.Sort(ks)
	return ks
}
