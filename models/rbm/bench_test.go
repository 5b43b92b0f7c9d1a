package rbm

import (
	"context"
	"fmt"
	"testing"

	"cavity/engine"
	_ "cavity/engine/cpu"
	"cavity/engine/rng"
	"cavity/models/dataset"
)

// blobs is a set of 28×28 pictures with MNIST's share of bright pixels, for timing without files.
func blobs(tb testing.TB, count int) *dataset.Set {
	tb.Helper()
	s := &dataset.Set{Name: "blobs", Height: 28, Width: 28}
	for part, p := range []*dataset.Part{&s.Train, &s.Test} {
		n := count >> (2 * part)
		*p = dataset.Part{Count: n, Images: make([]uint8, n*784)}
		for k := range n {
			r := rng.At(1, uint64(k), rng.SetupStage, uint16(part))
			cx, cy := 9+int(r.Below(0, 10)), 9+int(r.Below(1, 10))
			for i := range 784 {
				if x, y := i%28-cx, i/28-cy; x*x+y*y < 33 {
					p.Images[k*784+i] = 255
				}
			}
		}
	}
	return s
}

func open(tb testing.TB, workers int) engine.Backend {
	tb.Helper()
	b, err := engine.Open("cpu", engine.Options{Workers: workers})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { b.Close() })
	return b
}

func start(tb testing.TB, t Training, workers int) *Trainer {
	tb.Helper()
	tr, err := t.Start(open(tb, workers))
	if err != nil {
		tb.Fatal(err)
	}
	return tr
}

// The updates of the tables: CD-1, CD-10 and PCD-100 with momentum, on one worker and on two.
func BenchmarkUpdate(b *testing.B) {
	for _, c := range []struct {
		method           Method
		k, hidden, batch int
	}{{CD, 1, 500, 128}, {CD, 10, 500, 128}, {PCD, 100, 500, 128}, {CD, 1, 1024, 512}} {
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s%d/784x%d/b%d/workers%d", c.method, c.k, c.hidden, c.batch, workers), func(b *testing.B) {
				tr := start(b, Training{Set: blobs(b, 4096), Hidden: c.hidden, Method: c.method, K: c.k, Batch: c.batch, Rate: .05, Momentum: .5}, workers)
				if err := tr.Step(context.Background(), 60/c.k+2); err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				b.ResetTimer()
				if err := tr.Step(context.Background(), b.N); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}

// A step of 2,000 block Gibbs chains, and of parallel tempering with 200 ladders of 10; chain-sweeps per second are reported.
func BenchmarkSampling(b *testing.B) {
	tr := start(b, Training{Set: blobs(b, 4096), Hidden: 500, Method: PCD, Batch: 128, Rate: .05}, 1)
	if err := tr.Step(context.Background(), 50); err != nil {
		b.Fatal(err)
	}
	m, err := tr.Machine()
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct{ chains, temperatures int }{{2000, 1}, {200, 10}} {
		b.Run(fmt.Sprintf("784x500/chains%d/temperatures%d", c.chains, c.temperatures), func(b *testing.B) {
			sa, err := Sampling{Machine: m, Chains: c.chains, Temperatures: c.temperatures, From: m.Rows(tr.Set.Train, c.chains, 1)}.Start(open(b, 1))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.ResetTimer()
			if err := sa.Step(context.Background(), b.N); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N*c.chains*c.temperatures)/b.Elapsed().Seconds(), "chain-sweeps/s")
		})
	}
}

// One temperature of annealing with 100 chains of a 784×500 machine: the table's figure is 10,000 of them.
func BenchmarkAnnealing(b *testing.B) {
	m := start(b, Training{Set: blobs(b, 4096), Hidden: 500}, 1).machine
	an, err := AIS{Temperatures: max(3, b.N+1)}.Start(m, open(b, 1))
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	if _, err := an.Forward(context.Background()); err != nil {
		b.Fatal(err)
	}
}
