package spin

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"cavity/engine"
	"cavity/engine/cpu"
)

// A resumed run gives the results of an uninterrupted one to the last bit, at temperatures whose inverse's inverse is another number
// (1/(1/1.8) < 1.8, on which the specific heat used to stumble) and on a ladder that adapts.
func TestResumeToTheLastBit(t *testing.T) {
	if x := 1.8; 1/(1/x) == x {
		t.Fatal("1.8 shows nothing")
	}
	b := cpu.New(engine.Options{Workers: 1})
	defer b.Close()
	for _, adapt := range []bool{false, true} {
		run := func(stop uint64, program, measured *bytes.Buffer) (*Sampler, *Measurement) {
			s, err := Tempering{Model: Ising{L: 8, D: 2}, Temperatures: []float64{1.8, 2.1, 2.53, 3}, Seed: 5}.Start(b)
			if err != nil {
				t.Fatal(err)
			}
			m := s.Measure()
			if program.Len() > 0 {
				if err := s.Program.Load(program); err != nil {
					t.Fatal(err)
				}
				if err := m.Load(measured); err != nil {
					t.Fatal(err)
				}
				if err := s.Resume(); err != nil {
					t.Fatal(err)
				}
			}
			if err := (Campaign{Sampler: s, Measurement: m, Warmup: 100, Steps: stop, Every: 5, Adapt: adapt}).Do(context.Background()); err != nil {
				t.Fatal(err)
			}
			return s, m
		}
		var program, measured bytes.Buffer
		whole, wm := run(400, &program, &measured)
		part, pm := run(200, &program, &measured)
		if err := part.Program.Save(&program); err != nil {
			t.Fatal(err)
		}
		if err := pm.Save(&measured); err != nil {
			t.Fatal(err)
		}
		rest, rm := run(400, &program, &measured)
		if !slices.Equal(whole.Temperatures, rest.Temperatures) {
			t.Errorf("adapt %v: temperatures %v after a resume, %v without", adapt, rest.Temperatures, whole.Temperatures)
		}
		want, err := wm.Results()
		if err != nil {
			t.Fatal(err)
		}
		got, err := rm.Results()
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(want.SpecificHeat, got.SpecificHeat) || !slices.Equal(want.Energy, got.Energy) {
			t.Errorf("adapt %v: specific heats %v after a resume, %v without", adapt, got.SpecificHeat, want.SpecificHeat)
		}
	}
}
