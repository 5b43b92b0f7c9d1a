package bench

import (
	"errors"
	"math"
	"testing"
	"time"

	"cavity/engine"
	_ "cavity/engine/cpu"
)

// BenchmarkWorkers runs every case of the spin suite that has a target on one worker and on two in turn, 20 ms
// each, and reports the fastest turn of both and their ratio.
func BenchmarkWorkers(b *testing.B) {
	list, err := Select([]string{"spin"}, testing.Short())
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range list {
		if c.Target > 0 {
			b.Run(c.Name, func(b *testing.B) { inTurn(b, c) })
		}
	}
}

func inTurn(b *testing.B, c Case) {
	const turn = 20 * time.Millisecond
	backend, err := engine.Open("cpu", engine.Options{Workers: 2})
	if err != nil {
		b.Fatal(err)
	}
	defer backend.Close()
	two, err := c.Start(backend)
	if err != nil {
		b.Fatal(err)
	}
	two.clock = wall
	steps, err := two.calibrate(turn)
	if err != nil {
		b.Fatal(err)
	}
	one, err := c.startAlone(backend, 2, turn)
	if err != nil {
		b.Fatal(err)
	}
	defer one.close()
	fastest := math.Inf(1)
	for b.Loop() {
		took, _, err := two.once(steps)
		if err := errors.Join(err, one.once()); err != nil {
			b.Fatal(err)
		}
		fastest = min(fastest, float64(took.Nanoseconds())/float64(steps))
	}
	b.ReportMetric(two.Amount/one.fastest, "flips/ns")
	b.ReportMetric(two.Amount/fastest, "flips/ns-2")
	b.ReportMetric(one.speedUp(fastest), "ratio")
}
