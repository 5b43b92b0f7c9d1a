package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"cavity/engine"
	"cavity/engine/cpu/level"
)

// cli is the tree of verbs. A new verb is a file of its own and a line here.
type cli struct {
	Temper temper `cmd:"" help:"Parallel tempering of a spin model."`

	Rbm rbmVerbs `cmd:"" help:"Restricted Boltzmann machines."`

	Modes modesVerbs `cmd:"" help:"Deep networks in weight space and in mode space."`

	Anneal anneal `cmd:"" help:"Simulated or population annealing of a spin model: ground states, time to target, free energy."`
	Exact  exact  `cmd:"" help:"Exact averages of a small instance, or of the square Ising lattice."`

	DMFT meanField `cmd:"" name:"dmft" help:"Dynamical mean-field theory: random networks and spherical spin glasses."`

	Bench benchmarks `cmd:"" help:"Time Cavity on checked work: backends side by side, against other programs, against an older report."`

	Run runFile `cmd:"" help:"Run a TOML file: every flag of a verb is a key of the same name."`

	Show show `cmd:"" help:"Show the tables and figures of a run folder."`

	Devices devices `cmd:"" help:"List the backends, and why one is missing."`

	Version version `cmd:"" help:"Tell the version."`
}

const about = "The statistical mechanics of neural networks: spin glasses, Boltzmann machines, deep networks in mode space, dynamical mean-field theory."

// Exit statuses.
const (
	ok          = 0
	failed      = 1
	misused     = 2
	interrupted = 130
)

// misuse is an error that the user mends by asking differently.
type misuse struct{ error }

func (m misuse) Unwrap() error { return m.error }

func misusef(format string, a ...any) error { return misuse{fmt.Errorf(format, a...)} }

// frame is what every verb gets: where to write and what was asked.
type frame struct {
	stdout, stderr io.Writer
	options        []kong.Option // tests add verbs by these
	parsed         *kong.Context
}

// exit leaves kong's own help by a panic that run recovers.
type exit int

// run executes one command line and returns the exit status. Whatever goes wrong is one sentence on stderr.
func run(args []string, stdout, stderr io.Writer, options ...kong.Option) (status int) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case exit:
			status = int(p)
		default:
			fmt.Fprintf(stderr, "cavity: internal error: %v; please report it together with your command line and the output of `cavity version`\n", p)
			if os.Getenv("CAVITY_TRACE") != "" {
				stderr.Write(debug.Stack())
			}
			status = failed
		}
	}()
	f := &frame{stdout: stdout, stderr: stderr, options: options}
	return f.report(f.execute(args))
}

// execute parses a command line and runs its verb.
func (f *frame) execute(args []string) error {
	if len(args) > 0 && args[0] == "help" { // cavity help temper
		args = append(slices.Clone(args[1:]), "--help")
	}
	if err := level.Check(); err != nil {
		return misuse{err}
	}
	parsed, err := f.parse(args)
	if err != nil {
		return err
	}
	f.parsed = parsed
	if f.parsed, err = f.resumed(parsed, args); err != nil {
		f.parsed = parsed
		return err
	}
	return f.parsed.Run(f)
}

// parse reads a command line without running anything.
func (f *frame) parse(args []string) (*kong.Context, error) {
	parser, err := f.parser()
	if err != nil {
		return nil, err
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return nil, misuse{err}
	}
	return parsed, nil
}

func (f *frame) parser() (*kong.Kong, error) {
	return kong.New(&cli{}, append([]kong.Option{
		kong.Name("cavity"),
		kong.Description(about),
		kong.Writers(f.stdout, f.stderr),
		kong.Exit(func(code int) { panic(exit(code)) }),
		kong.WithHyphenPrefixedParameters(true), // --eta -0.5
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 120}),
	}, f.options...)...)
}

// mistake reports whether an error lies in what was asked, and not in a device that is too small or fails.
func mistake(err error) bool {
	_, wrong := errors.AsType[misuse](err)
	_, small := errors.AsType[engine.Shortage](err)
	_, stopped := errors.AsType[*engine.StepError](err)
	_, broken := errors.AsType[*engine.DeviceError](err)
	return wrong && !small && !stopped && !broken
}

// understood is the verb that a command line names, as far as it was understood: the place of the help for a mistake.
func (f *frame) understood(err error) string {
	parsed := f.parsed
	if wrong, ok := errors.AsType[*kong.ParseError](err); ok { // of a run file's verb, where there is one
		parsed = wrong.Context
	}
	if parsed == nil || parsed.Selected() == nil {
		return "cavity"
	}
	return parsed.Selected().FullPath()
}

// report tells what went wrong and turns it into an exit status.
func (f *frame) report(err error) int {
	if err == nil {
		return ok
	}
	text := strings.TrimSuffix(strings.ReplaceAll(err.Error(), "\n", " "), ".")
	if mistake(err) {
		fmt.Fprintf(f.stderr, "cavity: %s; see `%s --help`\n", text, f.understood(err))
		return misused
	}
	fmt.Fprintf(f.stderr, "cavity: %s\n", text)
	if errors.Is(err, context.Canceled) {
		return interrupted
	}
	return failed
}
