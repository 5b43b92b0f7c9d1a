package spin

import (
	"bytes"
	"context"
	"testing"

	"cavity/engine"
	_ "cavity/engine/cpu"
)

// Saved measurements and annealings that are damaged are refused or, where only numbers changed, loaded; nothing panics and
// nothing asks for more memory than the run itself.
func FuzzLoad(f *testing.F) {
	b, err := engine.Open("cpu", engine.Options{Workers: 1})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { b.Close() })
	s, err := Tempering{Model: EdwardsAnderson{L: 4, D: 2}, Temperatures: []float64{1, 2}, Seed: 1}.Start(b)
	if err != nil {
		f.Fatal(err)
	}
	m := s.Measure()
	if err := (Campaign{Sampler: s, Measurement: m, Steps: 40}).Do(context.Background()); err != nil {
		f.Fatal(err)
	}
	a, err := Annealing{Model: EdwardsAnderson{L: 4, D: 2}, Cold: .8, Population: true, Walkers: 8, Sweeps: 1}.Start(b)
	if err != nil {
		f.Fatal(err)
	}
	for range 3 {
		if err := a.Next(context.Background()); err != nil {
			f.Fatal(err)
		}
	}
	var saved, cooled bytes.Buffer
	if err := m.Save(&saved); err != nil {
		f.Fatal(err)
	}
	if err := a.Save(&cooled); err != nil {
		f.Fatal(err)
	}
	f.Add(saved.Bytes())
	f.Add(cooled.Bytes())
	f.Add(saved.Bytes()[:100])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		other := s.Measure()
		if err := other.Load(bytes.NewReader(raw)); err == nil {
			if len(raw) < saved.Len()/2 {
				t.Fatalf("%d bytes were loaded where %d were saved", len(raw), saved.Len())
			}
			if _, err := other.Results(); err == nil {
				other.Series()
			}
		}
		if err := a.Load(bytes.NewReader(raw)); err == nil && !a.Done() && len(raw) < 100 {
			t.Fatalf("an annealing was loaded from %d bytes", len(raw))
		}
	})
}
