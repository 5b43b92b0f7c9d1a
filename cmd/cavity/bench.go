package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"cavity/bench"
	"cavity/engine/cpu/level"
	"cavity/engine/figure"
	"cavity/engine/store"
)

// benchmarks times Cavity on checked work.
type benchmarks struct {
	Suite    []string `placeholder:"NAME" help:"Suites: engine, spin, rbm, modes, dmft, samplers; all without the flag."`
	Backends []string `default:"cpu" help:"Backends to put side by side: cpu, openblas, tape, cuda."`
	Workers  []int    `default:"1" help:"Numbers of workers; 0 means all cores. Rows of several say how many times faster than one they are, timed in turn."`
	Levels   []string `placeholder:"NAME" help:"Vector instructions to put side by side on the backend cpu: portable, avx2, avx512; the best without the flag."`
	Quick    bool     `help:"Leave out the slow cases and time briefly."`
	Peers    string   `placeholder:"FILE" help:"Figures of other programs, as make bench-peers writes them."`
	Compare  string   `placeholder:"OLD" help:"Say what became faster or slower than in the summary.json of an older report."`
	Out      string   `placeholder:"DIR" help:"Folder for summary.json, report.md, benchstat.txt and figures."`
	Force    bool     `help:"Replace the report that --out holds."`
	JSON     bool     `name:"json" help:"Print one JSON object on stdout and nothing else there."`
	Quiet    bool     `help:"No progress on stderr."`
}

func (v *benchmarks) Run(f *frame) error {
	list, err := bench.Select(v.Suite, v.Quick)
	if err != nil {
		return misuse{err}
	}
	for _, b := range v.Backends {
		if err := checkBackend("--backends", b); err != nil {
			return err
		}
	}
	for i, w := range v.Workers {
		switch {
		case w < 0:
			return misusef("--workers is %d: at least 1, or 0 for all cores", w)
		case w == 0:
			v.Workers[i] = runtime.GOMAXPROCS(0)
		}
	}
	levels, err := v.levels()
	if err != nil {
		return err
	}
	var old *bench.Report
	if v.Compare != "" {
		if old, err = readReport(v.Compare); err != nil {
			return err
		}
	}
	var peers []bench.Peer
	if v.Peers != "" {
		r, err := readReport(v.Peers)
		if err != nil {
			return err
		}
		peers = r.Peers
	}
	var folder *store.Run
	if v.Out != "" { // refused before the work, not after
		if folder, err = store.Create(v.Out, []byte("verb = 'bench'\n"), v.Force); err != nil {
			return err
		}
		defer folder.Close()
	}
	o := bench.Options{Backends: v.Backends, Workers: v.Workers, Levels: levels, Repeats: 7, Length: 200 * time.Millisecond, Trial: 2 * time.Second}
	if v.Quick {
		o.Repeats, o.Length, o.Trial = 3, 30*time.Millisecond, 150*time.Millisecond
	}
	p := newProgress(f.stderr, v.Quiet)
	p.phase("benchmarks")
	o.Report = func(done, until int, _ string) { p.report(uint64(done), uint64(until)) }
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	rs, err := bench.Run(ctx, list, o)
	p.clear()
	if err != nil {
		if folder != nil {
			folder.Discard() // a failure to remove an empty report changes nothing about err
		}
		if ctx.Err() != nil {
			return &paused{"interrupted: a report is of whole suites, nothing was kept"}
		}
		return err
	}
	bench.Roofline(rs)
	bench.Against(rs, peers)
	r := bench.Report{Machine: machineOf(rs), Command: "cavity " + strings.Join(os.Args[1:], " "), Results: rs, Peers: peers}
	if folder != nil {
		if err := save(folder, r); err != nil {
			return err
		}
	}
	return v.print(f, r, old)
}

// levels are those that are asked for, of those that the processor and CAVITY_CPU allow.
func (v *benchmarks) levels() (list []level.Level, err error) {
	for _, name := range v.Levels {
		l, err := level.Parse(name)
		if err != nil {
			return nil, misusef("--levels: %v", err)
		}
		if l > level.Of() {
			return nil, misusef("--levels: %s is not to be had here: the best is %s", l, level.Of())
		}
		list = append(list, l)
	}
	return list, nil
}

func readReport(name string) (*bench.Report, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	r, err := bench.ReadReport(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &r, nil
}

// machineOf describes this machine, with the peaks that the results hold.
func machineOf(rs []bench.Result) bench.Machine {
	m := bench.Machine{CPU: processor().Model, Level: level.Of().String(), Cores: runtime.NumCPU(), Go: runtime.Version(), OS: runtime.GOOS + "/" + runtime.GOARCH}
	best := bench.Peaks(rs)[1]
	m.PeakGFLOPs, m.CopyGBs = best.GFLOPs, best.CopyGBs
	return m
}

func (v *benchmarks) print(f *frame, r bench.Report, old *bench.Report) error {
	failures := 0
	for _, x := range r.Results {
		if x.Error != "" {
			failures++
		}
	}
	var err error
	if v.JSON {
		err = r.WriteJSON(f.stdout)
	} else {
		err = r.WriteTable(f.stdout)
		if old != nil && err == nil {
			err = printChanges(f.stdout, bench.Compare(*old, r))
		}
	}
	if err == nil && failures > 0 {
		err = fmt.Errorf("%d of %d benchmarks failed", failures, len(r.Results))
	}
	return err
}

func printChanges(w io.Writer, changes []bench.Change) error {
	fmt.Fprintf(w, "\nAgainst the older report:\n\n")
	for _, c := range changes {
		verdict := "within noise"
		if c.Beyond && c.Ratio > 1 {
			verdict = "faster"
		} else if c.Beyond {
			verdict = "slower"
		}
		if _, err := fmt.Fprintf(w, "- %s, %s, %s, %d workers: %.2f × (noise %.0f %%): %s\n", c.Suite, c.Case, c.Backend, c.Workers, c.Ratio, 100*c.Noise, verdict); err != nil {
			return err
		}
	}
	return nil
}

// save writes the report in all its forms.
func save(folder *store.Run, r bench.Report) error {
	for name, write := range map[string]func(io.Writer) error{store.SummaryFile: r.WriteJSON, store.ReportFile: r.WriteTable, store.BenchstatFile: r.WriteBenchstat} {
		if err := folder.Save(name, write); err != nil {
			return err
		}
	}
	for _, p := range slices.Concat(growth(r.Results), errorsInTime(r.Results)) {
		for end, write := range map[string]func(io.Writer, figure.Figure) error{".svg": figure.WriteSVG, ".png": figure.WritePNG} {
			if err := folder.Save(store.FiguresDir+"/"+p.Name+end, func(w io.Writer) error { return write(w, p.Figure) }); err != nil {
				return err
			}
		}
	}
	return nil
}
