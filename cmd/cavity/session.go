package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"cavity/engine"
	"cavity/engine/figure"
	"cavity/engine/store"
)

// A verb that computes embeds common, checks its own flags and computes. Its Run method is one line,
// `return f.compute(v)`; everything around the computation (folder, backend, progress, checkpoints, Ctrl-C, tables,
// JSON, figures) is the frame's. A verb whose work is a Program wires it up like this:
//
//	save := func() error { return s.Save(store.Section{Name: "program", Write: p.Save}) }
//	err := engine.Run{Program: p, Until: n, Save: save, Period: s.CheckpointEvery, Report: s.Report}.Do(ctx)
type computing interface {
	flags() *common
	// validate checks the flags and reads the files that they name, before anything is touched. What is wrong with a flag
	// is a misusef (status 2), what is wrong with a file any other error (status 1).
	validate() error
	// compute does the work. When ctx is cancelled it saves a checkpoint by s.Save and returns the context's error.
	compute(ctx context.Context, s *session) (*result, error)
}

// A result is what a verb has found.
type result struct {
	Summary  store.Summary     // the same bytes for the same settings
	Timing   store.Summary     // rates and seconds, which differ from run to run; printed and saved after Summary
	Series   []store.Array     // for series.npz
	Weights  []store.Array     // for weights.safetensors
	Metadata map[string]string // of the weights
	Figures  []picture         // for figures/
}

func (r *result) all() store.Summary { return slices.Concat(r.Summary, r.Timing) }

// A picture is drawn twice, as NAME.svg and NAME.png.
type picture struct {
	Name   string
	Figure figure.Figure
}

// A session is one computation under way, as its verb sees it.
type session struct {
	common
	progress *progress
	settings []byte // run.toml
	folder   *store.Run
	saved    *store.Checkpoint
	backend  engine.Backend
	meta     store.Summary
	warnings []string
	began    time.Time
	before   float64 // seconds spent before the run was resumed
	written  bool    // a checkpoint was saved by this process
}

// Open returns the backend that --backend names, opened once.
func (s *session) Open() (engine.Backend, error) {
	if s.backend == nil {
		b, err := engine.Open(s.Backend, engine.Options{Workers: s.Workers, Notice: s.notice})
		if err != nil {
			return nil, err
		}
		s.backend = b
	}
	return s.backend, nil
}

// notice tells what a backend has to say before a run, such as the memory that a program needs.
func (s *session) notice(text string) {
	if !s.Quiet {
		s.progress.clear()
		fmt.Fprintln(s.progress.w, "cavity: "+text)
	}
}

// Saved returns the checkpoint to go on from, or nil at the beginning.
func (s *session) Saved() *store.Checkpoint { return s.saved }

// Checkpoints reports whether Save keeps anything: not without --out.
func (s *session) Checkpoints() bool { return s.folder != nil }

// Save writes a checkpoint that holds these sections; their names are the verb's own. Without --out it does nothing.
func (s *session) Save(sections ...store.Section) error {
	if s.folder == nil {
		return nil
	}
	head, err := json.Marshal(frameState{string(s.settings), s.seconds()})
	if err != nil {
		return err
	}
	if err := s.folder.SaveCheckpoint(append(sections, store.Bytes(frameSection, head))...); err != nil {
		return err
	}
	s.written = true
	return nil
}

// Restore hands the checkpoint's sections of these names to their readers. At the beginning of a run, when there is no
// checkpoint, it does nothing.
func (s *session) Restore(readers map[string]func(io.Reader) error) error {
	if s.saved == nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(readers)) {
		if err := reload(s.saved, name, readers[name]); err != nil {
			return err
		}
	}
	return nil
}

// reload reads a section of a checkpoint.
func reload(saved *store.Checkpoint, name string, load func(io.Reader) error) error {
	r, err := saved.Section(name)
	if err != nil {
		return err
	}
	if err := load(r); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}

// KeepWeights writes weights.safetensors while the run goes on, so that they can be looked at before its end. Without --out it does
// nothing.
func (s *session) KeepWeights(weights []store.Array, metadata map[string]string) error {
	if s.folder == nil {
		return nil
	}
	return s.folder.SaveWeights(weights, metadata)
}

// Phase names what the following reports count, such as "warm-up" or "sweeps".
func (s *session) Phase(unit string) { s.progress.phase(unit) }

// Report shows how far the phase has come.
func (s *session) Report(done, until uint64) { s.progress.report(done, until) }

// Meta records a fact about how the run was computed in meta.json, such as the name of a kernel.
func (s *session) Meta(key string, value any) { s.meta.Set(key, value) }

// Warn tells the user something on stderr, --quiet or not, and records it in meta.json.
func (s *session) Warn(format string, a ...any) {
	text := fmt.Sprintf(format, a...)
	s.progress.clear()
	fmt.Fprintln(s.progress.w, "cavity: warning: "+text)
	s.warnings = append(s.warnings, text)
}

func (s *session) seconds() float64 { return s.before + time.Since(s.began).Seconds() }

// frameSection is the frame's own part of a checkpoint.
const frameSection = "cavity"

type frameState struct {
	Settings string
	Seconds  float64
}

// compute runs a verb from its flags to its printed and saved results.
func (f *frame) compute(v computing) (err error) {
	c := v.flags()
	if err := c.check(); err != nil {
		return err
	}
	if err := v.validate(); err != nil {
		return err
	}
	settings, err := f.settings()
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once

	s := &session{common: *c, progress: newProgress(f.stderr, c.Quiet), settings: settings, began: time.Now()}
	defer s.progress.clear()
	if err := s.openFolder(); err != nil {
		return err
	}
	if s.folder != nil {
		defer func() { err = errors.Join(err, s.folder.Close()) }()
	}
	res, err := v.compute(ctx, s)
	s.progress.clear()
	if s.backend != nil {
		err = errors.Join(err, s.backend.Close())
	}
	if err != nil {
		return s.explain(err)
	}
	return f.finish(s, res)
}

// finish saves and prints the results.
func (f *frame) finish(s *session, res *result) error {
	if device, emulated := engine.Emulates(s.backend); emulated {
		s.Warn("%s is an emulation, %s: its speed means nothing, and rates are left out", s.backend.Name(), device)
		for i, e := range res.Timing {
			if _, number := e.Value.(float64); number {
				res.Timing[i].Value = math.NaN()
			} else if e.Key != "epochs" { // which are results
				res.Timing[i].Value = nil
			}
		}
	}
	if t, ok := s.backend.(engine.Teller); ok {
		res.Timing.Set("backend", t.Facts())
	}
	res.Timing.Set("seconds", s.seconds())
	if s.folder != nil {
		if err := s.keep(res); err != nil {
			return err
		}
	}
	return f.print(s.JSON, res.all())
}

// explain adds to an interruption how to go on, and removes a folder in which nothing was saved yet.
func (s *session) explain(err error) error {
	if s.folder != nil && !s.written && s.saved == nil {
		s.folder.Discard() // it holds no more than the settings; a failure to remove them changes nothing about err
	}
	if !errors.Is(err, context.Canceled) {
		return err
	}
	switch {
	case s.folder == nil:
		return &paused{"interrupted; nothing was kept, because there is no --out"}
	case !s.written && s.saved == nil:
		return &paused{"interrupted before the first checkpoint: nothing was kept"}
	}
	return &paused{fmt.Sprintf("interrupted; the checkpoint is saved, go on with: cavity run %s --out %s --resume", s.folder.Path(store.SettingsFile), s.folder.Dir())}
}

// paused is an interruption by the user: a context.Canceled with a sentence of its own.
type paused struct{ text string }

func (p *paused) Error() string   { return p.text }
func (p *paused) Is(e error) bool { return e == context.Canceled }

// openFolder makes the run folder, or opens the one to go on with and reads its checkpoint.
func (s *session) openFolder() (err error) {
	if s.Out == "" {
		return nil
	}
	if !s.Resume {
		s.folder, err = store.Create(s.Out, s.settings, s.Force)
		return err
	}
	if s.folder, err = store.Resume(s.Out); err != nil {
		return err
	}
	if err = s.load(); err != nil {
		s.folder.Close()
	}
	return err
}

// load reads the checkpoint and makes sure that it belongs to this run. A run that was interrupted before its first
// checkpoint begins again: it gives the same bytes.
func (s *session) load() error {
	if !s.folder.Has(store.CheckpointFile) {
		return nil
	}
	c, err := s.folder.Checkpoint()
	if err != nil {
		return err
	}
	var state frameState
	r, err := c.Section(frameSection)
	if err == nil {
		err = json.NewDecoder(r).Decode(&state)
	}
	if err != nil {
		return fmt.Errorf("%s: not a checkpoint of a run: %w", s.folder.Path(store.CheckpointFile), err)
	}
	here, err := s.folder.Read(store.SettingsFile)
	if err != nil {
		return err
	}
	if err := sameSettings(s.folder.Path(store.CheckpointFile), []byte(state.Settings), here); err != nil {
		return err
	}
	s.saved, s.before = c, state.Seconds
	return nil
}

// keep saves the results; the summary comes last, so that its presence means that the run is finished.
func (s *session) keep(res *result) error {
	r := s.folder
	if len(res.Series) > 0 {
		if err := r.SaveSeries(res.Series); err != nil {
			return err
		}
	}
	if len(res.Weights) > 0 {
		if err := r.SaveWeights(res.Weights, res.Metadata); err != nil {
			return err
		}
	}
	for _, p := range res.Figures {
		for end, write := range map[string]func(io.Writer, figure.Figure) error{".svg": figure.WriteSVG, ".png": figure.WritePNG} {
			name := store.FiguresDir + "/" + p.Name + end
			if err := r.Save(name, func(w io.Writer) error { return write(w, p.Figure) }); err != nil {
				return err
			}
		}
	}
	if err := r.SaveSummary(store.MetaFile, s.metadata()); err != nil {
		return err
	}
	return r.SaveSummary(store.SummaryFile, res.all())
}

// metadata says how the results were computed.
func (s *session) metadata() store.Summary {
	m := build()
	m.Set("cpu", processor())
	m.Set("backend", s.Backend)
	for _, d := range engine.Drivers() {
		if s.backend != nil && d.Describe != nil && d.Name == driverOf(s.Backend) {
			name, details := d.Describe()
			m.Set("device", name)
			m.Set("device_details", details)
		}
	}
	if t, ok := s.backend.(engine.Teller); ok {
		m.Set("backend_facts", t.Facts())
	}
	m.Set("workers", s.Workers)
	m.Set("seed", s.Seed)
	m.Set("finished", time.Now().UTC().Format(time.RFC3339))
	m.Set("seconds", s.seconds())
	m.Set("resumed", s.saved != nil)
	if len(s.warnings) > 0 {
		m.Set("warnings", s.warnings)
	}
	return append(m, s.meta...)
}

// print writes the summary to stdout, as one JSON object or as tables.
func (f *frame) print(asJSON bool, s store.Summary) error {
	var b bytes.Buffer
	if asJSON {
		if err := s.Encode(&b); err != nil {
			return err
		}
	} else if err := writeTables(&b, s); err != nil {
		return err
	}
	_, err := f.stdout.Write(b.Bytes())
	return err
}
