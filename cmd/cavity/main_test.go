package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/rogpeppe/go-internal/testscript"

	"cavity/engine/figure"
	"cavity/engine/rng"
	"cavity/engine/store"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"cavity": func() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, toyVerb)) },
	})
}

// TestScripts runs the command lines of testdata: what a user types, sees and finds in folders.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			// status N COMMAND… runs a command that must exit with N.
			"status": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) < 2 {
					ts.Fatalf("usage: status N command [args...]")
				}
				got := "0"
				if err := ts.Exec(args[1], args[2:]...); err != nil {
					exit, isExit := errors.AsType[*exec.ExitError](err)
					if !isExit {
						ts.Fatalf("%v", err)
					}
					got = fmt.Sprint(exit.ExitCode())
				}
				if got != args[0] {
					ts.Fatalf("status %s, want %s", got, args[0])
				}
			},
			// await FILE waits for a file of a command in the background.
			"await": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) != 1 {
					ts.Fatalf("usage: await file")
				}
				for range 6000 {
					if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
						return
					}
					time.Sleep(10 * time.Millisecond)
				}
				ts.Fatalf("%s has not come", args[0])
			},
			// idx NAME MAGIC BYTES DIM… writes an idx file: the magic number (hexadecimal), the dimensions, and so many bytes of data, labels
			// being below 4.
			"idx": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) < 3 {
					ts.Fatalf("usage: idx name magic bytes [dims...]")
				}
				number := func(s string, base int) uint32 {
					n, err := strconv.ParseUint(s, base, 32)
					ts.Check(err)
					return uint32(n)
				}
				b := binary.BigEndian.AppendUint32(nil, number(args[1], 16))
				for _, d := range args[3:] {
					b = binary.BigEndian.AppendUint32(b, number(d, 10))
				}
				mask := byte(255)
				if args[1] == "801" {
					mask = 3 // few classes
				}
				for k := range number(args[2], 10) {
					b = append(b, byte(k*k*37>>2)&mask)
				}
				ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o644))
			},
			// npz NAME ARRAY SHAPE NUMBER… writes an npz file with one array of float64, filled with the numbers in turn. SHAPE is as in 3x4.
			"npz": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) < 4 {
					ts.Fatalf("usage: npz name array shape numbers...")
				}
				size, shape := 1, []int{}
				for _, d := range strings.Split(args[2], "x") {
					n, err := strconv.Atoi(d)
					ts.Check(err)
					size, shape = size*n, append(shape, n)
				}
				data := make([]float64, size)
				for k := range data {
					x, err := strconv.ParseFloat(args[3+k%(len(args)-3)], 64)
					ts.Check(err)
					data[k] = x
				}
				f, err := os.Create(ts.MkAbs(args[0]))
				ts.Check(err)
				ts.Check(store.WriteNpz(f, []store.Array{store.Of(args[1], data, shape...)}))
				ts.Check(f.Close())
			},
		},
	})
}

// toyVerb adds a verb whose every result is known: the frame is tested by it without any physics.
var toyVerb = kong.DynamicCommand("toy", "Count wins of a coin.", "", &toy{})

// toy throws a coin and counts heads.
type toy struct {
	common
	Throws      int           `default:"1000" help:"Throws."`
	Weights     []float64     `help:"Recorded, not used."`
	Label       string        `help:"Recorded, not used."`
	Wait        time.Duration `default:"0s" help:"Recorded, not used."`
	InterruptAt int           `default:"-1" help:"Send this process an interrupt after so many throws."`
	PanicAt     int           `default:"-1" help:"Panic after so many throws."`
	FailAt      int           `default:"-1" help:"Fail after so many throws."`
}

func (v *toy) Run(f *frame) error { return f.compute(v) }

func (v *toy) validate() error {
	if v.Throws < 1 {
		return misusef("--throws is %d: at least 1", v.Throws)
	}
	return nil
}

func (v *toy) compute(ctx context.Context, s *session) (*result, error) {
	var at, heads int
	if c := s.Saved(); c != nil {
		r, err := c.Section("toy")
		if err != nil {
			return nil, err
		}
		if _, err := fmt.Fscan(r, &at, &heads); err != nil {
			return nil, err
		}
	}
	save := func() error {
		return s.Save(store.Section{Name: "toy", Write: func(w io.Writer) error { _, err := fmt.Fprintln(w, at, heads); return err }})
	}
	began := at
	s.Phase("throws")
	for ; at < v.Throws; at++ {
		switch {
		case at == v.PanicAt:
			panic("the coin stands on its edge")
		case at == v.FailAt:
			return nil, errors.New("the coin is lost")
		case at == v.InterruptAt && at > began || at == 0 && v.InterruptAt == 0:
			if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
				return nil, err
			}
			<-ctx.Done()
			return nil, errors.Join(save(), ctx.Err())
		}
		if rng.At(s.Seed, uint64(at), 0, 0).Float32(0) < .5 {
			heads++
		}
		s.Report(uint64(at+1), uint64(v.Throws))
	}
	p := float64(heads) / float64(v.Throws)
	return &result{
		Summary: store.Summary{{Key: "heads", Value: heads}, {Key: "share", Value: store.Estimate{Mean: p, Err: .5}}},
		Figures: []picture{{"share", figure.Curves{Curves: []figure.Curve{{X: []float64{0, 1}, Y: []float64{p, p}}}}}},
		Series:  []store.Array{store.Of("heads", []int64{int64(heads)})},
	}, save()
}
