package kerneltest

import (
	"context"
	"flag"
	"os"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"cavity/engine"
	"cavity/kernels"
)

// BenchmarkCUDA times whole steps on a GPU, counts the host's waits within them, and prints the targets for an H100 as met or missed. The
// emulator has no speed. What limits the steps stands in engine/cuda/targets.txt.
func BenchmarkCUDA(b *testing.B) {
	sk, square, cube := 8192/small, 1024/small, 32/small
	for _, c := range []struct {
		name   string
		flips  float64 // a step
		target float64 // flips/ns
		build  func(b *Builder) map[string]*gorgonia.Node
	}{
		{"ising2d/L=1024/512 replicas", 512 * 1024 * 1024, 500, latticeBench(kernels.Lattice{Size: []int{square, square}, Words: 8}, false)},
		{"ea3d/L=32/512 replicas/tempering", 512 * 32 * 32 * 32, 300, latticeBench(kernels.Lattice{Size: []int{cube, cube, cube}, Words: 8, CouplingWords: 1}, true)},
		{"sk/N=8192/1024 replicas", 1024 * float64(sk), 2, skBench(sk, 1024/small)},
	} {
		b.Run(c.name, func(b *testing.B) {
			s := newStepper(b, c.build)
			s.run(b, 2)
			s.wait(b)
			b.ResetTimer()
			s.run(b, b.N)
			s.wait(b)
			b.StopTimer()
			rate := c.flips * float64(b.N) / float64(b.Elapsed().Nanoseconds())
			b.ReportMetric(rate, "flips/ns")
			word := "met"
			if rate < c.target {
				word = "missed"
			}
			b.Logf("%.4g flips/ns: target of %.4g %s", rate, c.target, word)
			ended[c.name] = true
		})
	}
	b.Run("waits", func(b *testing.B) {
		s := newStepper(b, latticeBench(kernels.Lattice{Size: []int{cube, cube, cube}, Words: 8, CouplingWords: 1}, true))
		counter, ok := s.backend.(interface{ Waits() int })
		if !ok {
			b.Fatal("the backend does not count how often the host waits")
		}
		s.run(b, 2)
		before := counter.Waits()
		s.run(b, b.N)
		waits, word := counter.Waits()-before, "met"
		if waits > 0 {
			word = "missed"
		}
		b.Logf("%d waits in %d steps: target of 0 %s", waits, b.N, word)
		ended["waits"] = true
	})
}

// A stepper is a program of one stage, compiled for the device.
type stepper struct {
	backend engine.Backend
	program *engine.Program
	probe   []float64
}

func newStepper(b *testing.B, build func(b *Builder) map[string]*gorgonia.Node) *stepper {
	backend := realDevice(b)
	b.Cleanup(func() {
		if err := backend.Close(); err != nil {
			b.Error(err)
		}
	})
	in := &Builder{graph: gorgonia.NewGraph(), data: map[string]any{}}
	next := build(in)
	if in.err != nil {
		b.Fatal(in.err)
	}
	p, err := engine.Compile(engine.Plan{Seed: 1, Stages: []engine.Stage{{Name: "s", Graph: in.graph, Next: next, Repeat: 1}}}, backend)
	if err != nil {
		b.Fatal(err)
	}
	for name, data := range in.data {
		if err := p.Write(name, data); err != nil {
			b.Fatal(err)
		}
	}
	return &stepper{backend, p, make([]float64, len(in.data["beta"].([]float64)))}
}

func (s *stepper) run(b *testing.B, n int) {
	if err := s.program.Step(context.Background(), n); err != nil {
		b.Fatal(err)
	}
}

// wait reads a slot, for which the device must have finished.
func (s *stepper) wait(b *testing.B) {
	if err := s.program.Read("beta", s.probe); err != nil {
		b.Fatal(err)
	}
}

// small is what sizes are divided by in TestBenchmarksRun, which finds in ended what came to its end.
var (
	small = 1
	ended = map[string]bool{}
)

// TestBenchmarksRun runs the benchmark once in small under the emulator, so that it does not meet its first device on somebody's GPU.
// Nothing that it measures is told.
func TestBenchmarksRun(t *testing.T) {
	if !strings.Contains(os.Getenv("CAVITY_LIBCUDA"), "ptxsim") {
		t.Skip("only under the emulator")
	}
	small = 16
	length := flag.Lookup("test.benchtime").Value
	before := length.String()
	if err := length.Set("1x"); err != nil {
		t.Fatal(err)
	}
	defer func() { small = 1; length.Set(before) }()
	testing.Benchmark(BenchmarkCUDA)
	if len(ended) != 4 {
		t.Errorf("of four benchmarks only these run: %v", ended)
	}
}

// realDevice opens a GPU or skips.
func realDevice(b *testing.B) engine.Backend {
	for _, d := range engine.Drivers() {
		if d.Name != "cuda" || d.Available() != nil {
			continue
		}
		backend, err := engine.Open("cuda", engine.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if _, emulated := engine.Emulates(backend); emulated && small == 1 {
			backend.Close()
			b.Skip("an emulation has no speed")
		}
		return backend
	}
	b.Skip("no GPU")
	return nil
}

func latticeBench(l kernels.Lattice, temper bool) func(b *Builder) map[string]*gorgonia.Node {
	return func(b *Builder) map[string]*gorgonia.Node {
		temperatures := 32
		copies := l.Systems() / temperatures
		betas := make([]float64, temperatures)
		for k := range betas {
			betas[k] = .3 + .3*float64(k)/float64(temperatures)
		}
		table, err := kernels.LatticeTable(kernels.Metropolis, l.Dims(), betas)
		if err != nil {
			return b.fail(err)
		}
		spins := b.In("spins", make([]uint64, l.Sites()*l.Words), l.Sites(), l.Words)
		var couplings *gorgonia.Node
		if l.CouplingWords > 0 {
			j := make([]uint64, l.Dims()*l.Sites()*l.CouplingWords)
			for i := range j {
				j[i] = -(uint64(i) * 0x9e3779b97f4a7c15 >> 63) // ±1 by the bits of a Weyl sequence
			}
			couplings = b.In("couplings", j, l.Dims(), l.Sites(), l.CouplingWords)
		}
		ladder := b.In("ladder", kernels.NewLadder(1, copies, temperatures), kernels.LadderRows, 1, copies, temperatures)
		beta := b.In("beta", betas, temperatures)
		index := b.Ok(gorgonia.Reshape(b.Ok(gorgonia.Slice(ladder, gorgonia.S(kernels.LadderAt))), []int{1, copies * temperatures}))
		planes := b.Ok(kernels.LatticeThresholds(l, kernels.Metropolis, b.In("table", table, temperatures, kernels.LatticeClasses(kernels.Metropolis, l.Dims())), index))
		swept := b.Ok(kernels.LatticeSweep(l, kernels.Metropolis, 1, spins, couplings, planes))
		next := map[string]*gorgonia.Node{"spins": swept}
		if temper {
			energy := b.Ok(kernels.LatticeEnergy(l, 1, copies*temperatures, swept, couplings))
			next["energy"], next["ladder"] = energy, b.Ok(kernels.Exchange(2, ladder, energy, beta))
		} else {
			next["double"] = b.Ok(gorgonia.Mul(beta, gorgonia.NewConstant(2.0))) // keeps beta in the graph
		}
		return next
	}
}

func skBench(n, replicas int) func(b *Builder) map[string]*gorgonia.Node {
	return func(b *Builder) map[string]*gorgonia.Node {
		p := NewDenseProblem(1, n, 1, replicas, .4, 1.6)
		ld := kernels.DenseStride(n)
		state, couplings, external := b.In("state", p.State, 1, 2, replicas, ld), b.In("couplings", p.Couplings, 1, n, ld), b.In("external", p.External, 1, ld)
		index := make([]int32, replicas)
		for i := range index {
			index[i] = int32(i)
		}
		return map[string]*gorgonia.Node{"state": b.Ok(kernels.DenseSweep(kernels.Metropolis, 1, state, couplings, external, b.In("beta", p.Beta, replicas), b.In("index", index, 1, replicas)))}
	}
}
