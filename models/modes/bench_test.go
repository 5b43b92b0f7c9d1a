package modes

import (
	"context"
	"fmt"
	"math"
	"syscall"
	"testing"

	"cavity/models/dataset"
)

// random is a set of noise with the shape of MNIST: the time of an update does not depend on what the pictures show.
func random(count int) *dataset.Set {
	s := &dataset.Set{Name: "noise", Height: 28, Width: 28, Classes: 10}
	s.Train.Images = make([]uint8, count*784)
	for i := range s.Train.Images {
		s.Train.Images[i] = uint8(uint32(i) * 2654435761 >> 24)
	}
	for k := range count {
		s.Train.Labels = append(s.Train.Labels, uint8(k%10))
	}
	s.Train.Count = count
	return s
}

// processor is the processor time that this process has taken, in nanoseconds: on a busy machine the least of several blocks
// says what an update costs.
func processor(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// An update of a 784-H-H-10 network on a minibatch of 100: draw, gradient, Adam. Modes 0 stands for weight space.
func BenchmarkUpdate(b *testing.B) {
	data := random(2000)
	for _, c := range []struct{ hidden, modes, workers int }{
		{100, 0, 1}, {100, 10, 1}, {100, 30, 1}, {100, 70, 1},
		{1000, 0, 1}, {1000, 10, 1}, {1000, 30, 1}, {1000, 70, 1},
		{1000, 0, 2}, {1000, 30, 2},
	} {
		b.Run(fmt.Sprintf("hidden=%d/modes=%d/workers=%d", c.hidden, c.modes, c.workers), func(b *testing.B) {
			n := Network{Layers: []int{784, c.hidden, c.hidden, 10}, Space: Modes, P: c.modes}
			if c.modes == 0 {
				n.Space = Weight
			}
			tr := begin(b, Training{Network: n, Data: data, Decay: 1e-3, Seed: 1}, "cpu", c.workers)
			ctx := context.Background()
			if err := tr.Advance(ctx, 3); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.ResetTimer()
			least := math.Inf(1)
			for left := b.N; left > 0; {
				n := min(left, 10)
				began := processor(b)
				if err := tr.Program.Step(ctx, n); err != nil {
					b.Fatal(err)
				}
				least = min(least, float64(processor(b)-began)/float64(n))
				left -= n
			}
			b.ReportMetric(least, "cpu-ns/op")
		})
	}
}
