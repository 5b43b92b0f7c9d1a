package spin

import (
	"bytes"
	"context"
	"testing"

	"cavity/engine"
	"cavity/engine/cpu"
	"cavity/engine/enginetest"
)

// Measurements that are read while the next steps run, as on a device, are those of a backend that waits: to the last bit, with
// checkpoints in between, and with the same lowest states.
func TestMeasurementsBesideTheSteps(t *testing.T) {
	b := cpu.New(engine.Options{Workers: 1})
	defer b.Close()
	models := map[string]Tempering{
		"lattice": {Model: EdwardsAnderson{L: 4, D: 3}, Systems: 3},
		"dense":   {Model: SherringtonKirkpatrick{N: 24}, Systems: 2, Layout: "dense"},
		"sparse":  {Model: Ising{L: 6, D: 2}, Layout: "sparse"},
	}
	for name, tempering := range models {
		tempering.Temperatures, tempering.Seed = []float64{.7, 1.1, 1.7}, 3
		run := func(b engine.Backend) (saved []byte, at uint64) {
			s, err := tempering.Start(b)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			m := s.Measure()
			var mid bytes.Buffer
			for _, steps := range []uint64{30, 61} { // the second run goes on where the first stopped
				if err := (Campaign{Sampler: s, Measurement: m, Warmup: 10, Steps: steps, Every: 3}).Do(context.Background()); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if err := m.Begin(); err != nil { // and is saved in the middle of a measurement
					t.Fatal(err)
				}
				if err := m.Save(&mid); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Program.Save(&mid); err != nil {
				t.Fatal(err)
			}
			return mid.Bytes(), uint64(m.Count())
		}
		want, n := run(b)
		got, _ := run(enginetest.Aside{Backend: b})
		if n != 22 {
			t.Errorf("%s: %d measurements, want 22", name, n)
		}
		if !bytes.Equal(want, got) {
			t.Errorf("%s: %d bytes that differ from the %d of a backend that waits", name, len(got), len(want))
		}
	}
}

// A measurement that has begun is not disturbed by the steps that follow, where the backend keeps it.
func TestBegunMeasurementStays(t *testing.T) {
	b := cpu.New(engine.Options{Workers: 1})
	defer b.Close()
	energies := func(b engine.Backend) (e [2]float64) {
		s, err := Tempering{Model: SherringtonKirkpatrick{N: 24}, Temperatures: []float64{2}, Seed: 3}.Start(b)
		if err != nil {
			t.Fatal(err)
		}
		m := s.Measure()
		for i := range e {
			for _, err := range []error{s.Step(context.Background(), 4), m.Begin(), s.Step(context.Background(), 4), m.Finish()} {
				if err != nil {
					t.Fatal(err)
				}
			}
			e[i] = m.Energy(0, 0, 0)
		}
		return e
	}
	want, got := energies(b), energies(enginetest.Aside{Backend: b})
	if want != got || want[0] == want[1] {
		t.Errorf("energies %v, want the two different ones %v", got, want)
	}
}
