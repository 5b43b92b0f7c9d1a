package multispin

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"cavity/engine/cpu/level"
	"cavity/engine/rng"
)

// crew runs tasks on n goroutines.
type crew int

func (c crew) N() int { return int(c) }

func (c crew) Do(tasks int, f func(task, worker int)) {
	if c == 1 {
		for t := range tasks {
			f(t, 0)
		}
		return
	}
	var wait sync.WaitGroup
	for w := range int(c) {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for t := w; t < tasks; t += int(c) {
				f(t, w)
			}
		}()
	}
	wait.Wait()
}

// batch is a set of tensors filled with random bits.
type batch struct {
	Lattice
	rule                         Rule
	spins, couplings, thresholds []uint64
}

func randomWords(n int, stream uint16) []uint64 {
	s := rng.At(7, 0, 1, stream)
	words := make([]uint64, n)
	for i := range words {
		words[i] = uint64(s.Uint32(uint64(2*i)))<<32 | uint64(s.Uint32(uint64(2*i+1)))
	}
	return words
}

// newBatch takes random spins and couplings, and thresholds with p = 0, p = 1, tiny, equal to half, and random p among the bits.
func newBatch(t testing.TB, l Lattice, rule Rule) batch {
	if err := l.Check(); err != nil {
		t.Fatal(err)
	}
	b := batch{Lattice: l, rule: rule}
	b.spins = randomWords(l.Sites()*l.Words, 1)
	b.couplings = randomWords(l.Dims()*l.Sites()*l.CouplingWords, 2)
	classes := rule.Classes(l.Dims())
	s := rng.At(8, 0, 1, 3)
	bits := l
	bits.Strips = false // so that the bits of a word differ even there
	n := bits.Systems()
	if l.Shared {
		n = l.Words
	}
	var table []uint64
	var labels []int32
	for i := range n {
		for c := range classes {
			u := s.Uint32(uint64(i*classes + c))
			table = append(table, [...]uint64{0, Always, 1, 1 << 31, Always - 1, uint64(u), uint64(u) >> 6, uint64(u) >> 3}[(i+3*c)%8])
		}
		labels = append(labels, int32(i))
	}
	b.thresholds = make([]uint64, l.ThresholdWords(rule))
	if err := setThresholds(bits, rule, b.thresholds, table, labels); err != nil {
		t.Fatal(err)
	}
	return b
}

// setThresholds writes the thresholds once.
func setThresholds(l Lattice, rule Rule, thresholds, table []uint64, labels []int32) error {
	t, err := NewThresholdSetter(l, rule, thresholds, table, labels)
	if err != nil {
		return err
	}
	return t.Set(crew(2))
}

// TestThresholds reads every bit's threshold back, and refuses a label without temperature.
func TestThresholds(t *testing.T) {
	for _, l := range []Lattice{
		{Size: []int{2, 2}, Words: 3}, {Size: []int{2, 2}, Words: 3, Strips: true}, {Size: []int{2, 2}, Words: 3, Shared: true},
	} {
		table := []uint64{Always, 0, 1, 0x80000000, 0xfedcba98, 0xffffffff}
		labels := make([]int32, l.Systems())
		if l.Shared {
			labels = labels[:l.Words]
		}
		labels = labels[:len(labels)-1]
		for i := range labels {
			labels[i] = int32(i * i % 3)
		}
		planes := randomWords(l.ThresholdWords(Metropolis), 4)
		if err := setThresholds(l, Metropolis, planes, table, labels); err != nil {
			t.Fatal(err)
		}
		for w := range l.Words {
			for r := range 64 {
				i := l.system(w, r)
				if l.Shared {
					i = w
				}
				for c := range 2 {
					var want uint64
					if i < len(labels) {
						want = table[2*int(labels[i])+c]
					}
					if got := l.threshold(Metropolis, planes, c, w, r); got != want {
						t.Fatalf("%+v: class %d of bit %d of word %d has threshold %#x, want %#x", l, c, r, w, got, want)
					}
				}
			}
		}
		labels[0] = 3
		if err := setThresholds(l, Metropolis, planes, table, labels); err == nil || !strings.Contains(err.Error(), "label 3 at place 0") {
			t.Errorf("a label beyond the table gives %v", err)
		}
	}
}

func (b batch) clone() batch {
	b.spins = slices.Clone(b.spins)
	return b
}

func (b batch) String() string {
	return fmt.Sprintf("%v %+v", b.rule, b.Lattice)
}

func batches(t testing.TB) (all []batch) {
	for _, size := range [][]int{{2, 2}, {4, 6}, {16, 4}, {18, 2}, {2, 2, 2}, {4, 2, 6}, {6, 4, 4}, {16, 4, 2}} {
		for _, words := range []int{1, 2, 3, 4, 5, 7, 8, 9} {
			for _, couplings := range slices.Compact([]int{0, 1, words}) {
				for _, rule := range []Rule{Metropolis, HeatBath} {
					l := Lattice{Size: size, Words: words, CouplingWords: couplings}
					all = append(all, newBatch(t, l, rule))
					l.Strips = true
					all = append(all, newBatch(t, l, rule))
					l.Strips, l.Shared = false, true
					all = append(all, newBatch(t, l, rule))
				}
			}
		}
	}
	return all
}

// TestSweepEqualsPlain holds every level, with one worker and with three, against the definition.
func TestSweepEqualsPlain(t *testing.T) {
	for _, b := range batches(t) {
		want := b.clone()
		streams := []rng.Stream{rng.At(1<<40+5, 1<<33+9, 3, 77), rng.At(1<<40+5, 1<<33+10, 3, 77)}
		for _, s := range streams {
			if err := want.PlainSweep(s, b.rule, want.spins, want.couplings, want.thresholds); err != nil {
				t.Fatal(err)
			}
		}
		for _, l := range level.Available() {
			for _, workers := range []crew{1, 3} {
				got := b.clone()
				undo := level.Use(l)
				s, err := NewSweeper(got.Lattice, got.rule, got.spins, got.couplings, got.thresholds, workers)
				undo()
				if err != nil {
					t.Fatal(err)
				}
				for _, stream := range streams {
					s.Sweep(stream)
				}
				if !slices.Equal(got.spins, want.spins) {
					bad := 0
					for i := range got.spins {
						if got.spins[i] != want.spins[i] {
							bad++
						}
					}
					t.Errorf("%v: %v with %d workers differs from the definition in %d of %d words", b, l, workers, bad, len(got.spins))
				}
			}
		}
	}
}

// TestEnergiesEqualPlain holds every level against the definition.
func TestEnergiesEqualPlain(t *testing.T) {
	for _, b := range batches(t) {
		if b.rule != Metropolis {
			continue
		}
		want := make([]int32, b.Systems())
		if err := b.PlainEnergies(want, b.spins, b.couplings); err != nil {
			t.Fatal(err)
		}
		for _, l := range level.Available() {
			for _, workers := range []crew{1, 3} {
				undo := level.Use(l)
				m, err := NewEnergyMeter(b.Lattice, b.spins, b.couplings, workers)
				undo()
				if err != nil {
					t.Fatal(err)
				}
				got := make([]int32, b.Systems())
				for range 2 { // the second time finds its counters in use
					if err := m.Energies(got); err != nil {
						t.Fatal(err)
					}
				}
				floats := make([]float64, b.Systems()-1)
				if err := m.Floats(floats); err != nil {
					t.Fatal(err)
				}
				for i, e := range floats {
					if e != float64(want[i]) {
						t.Fatalf("%v: %v with %d workers gives system %d the energy %v, the definition %v", b, l, workers, i, e, want[i])
					}
				}
				if m.Floats(make([]float64, b.Systems()+1)) == nil {
					t.Error("energies of systems that are not there")
				}
				if !slices.Equal(got, want) {
					t.Errorf("%v: %v with %d workers gives %v, the definition %v", b, l, workers, got[:4], want[:4])
				}
			}
		}
	}
}

// TestCheckingMode holds the ten rounds of streams in checking mode against the definition, at every level.
func TestCheckingMode(t *testing.T) {
	for _, shared := range []bool{false, true} {
		b := newBatch(t, Lattice{Size: []int{4, 6}, Words: 9, CouplingWords: 1, Shared: shared}, Metropolis)
		want, stream := b.clone(), rng.At(3, 4, 5, 6)
		stream.Check = true
		if err := want.PlainSweep(stream, b.rule, want.spins, want.couplings, want.thresholds); err != nil {
			t.Fatal(err)
		}
		for _, l := range level.Available() {
			got := b.clone()
			undo := level.Use(l)
			s, err := NewSweeper(got.Lattice, got.rule, got.spins, got.couplings, got.thresholds, crew(1))
			undo()
			if err != nil {
				t.Fatal(err)
			}
			s.Sweep(stream)
			if !slices.Equal(got.spins, want.spins) {
				t.Errorf("%v: %v differs from the definition", b, l)
			}
		}
	}
}

// TestNoAllocation runs what tempering does every step.
func TestNoAllocation(t *testing.T) {
	b := newBatch(t, Lattice{Size: []int{4, 4, 4}, Words: 9, CouplingWords: 1}, Metropolis)
	table, err := b.rule.Table(3, []float64{.5, 1})
	if err != nil {
		t.Fatal(err)
	}
	labels, energies := make([]int32, b.Systems()), make([]int32, b.Systems())
	s, err := NewSweeper(b.Lattice, b.rule, b.spins, b.couplings, b.thresholds, crew(1))
	if err != nil {
		t.Fatal(err)
	}
	m, err := NewEnergyMeter(b.Lattice, b.spins, b.couplings, crew(1))
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewColumns(b.Lattice, b.spins, crew(1))
	if err != nil {
		t.Fatal(err)
	}
	c.TakeBonds()
	set, err := NewThresholdSetter(b.Lattice, b.rule, b.thresholds, table, labels)
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(10, func() {
		err = errors.Join(set.Set(crew(1)), m.Energies(energies))
		s.Sweep(rng.At(1, 2, 3, 4))
		c.TakeSpins()
		c.TakeBonds()
	}); n != 0 || err != nil {
		t.Errorf("%v allocations, error %v", n, err)
	}
}

// TestRefusals names what is wrong.
func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		Lattice
		want string
	}{
		{Lattice{Size: []int{4}, Words: 1}, "1 dimensions"},
		{Lattice{Size: []int{4, 4, 4, 4}, Words: 1}, "4 dimensions"},
		{Lattice{Size: []int{4, 5}, Words: 1}, "length 5 along axis 1"},
		{Lattice{Size: []int{0, 4}, Words: 1}, "length 0 along axis 0"},
		{Lattice{Size: []int{1 << 20, 1 << 20}, Words: 1}, "at most 268435456 spins"},
		{Lattice{Size: []int{1 << 14, 1 << 10}, Words: 1, Strips: true}, "64 strips"},
		{Lattice{Size: []int{4, 4}}, "0 words a site"},
		{Lattice{Size: []int{4, 4}, Words: 4, CouplingWords: 2}, "2 words a coupling"},
		{Lattice{Size: []int{4, 4}, Words: 4, Strips: true, Shared: true}, "cannot share"},
	} {
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.Lattice, err, c.want)
		}
	}
	if _, err := Metropolis.Table(2, []float64{1, -1}); err == nil || !strings.Contains(err.Error(), "-1 at place 1") {
		t.Errorf("a negative inverse temperature gives %v", err)
	}
}

// TestGlass16 sweeps one sample of the size that users take at every level, in a word and in nine, and compares spins and
// energies with the definition.
func TestGlass16(t *testing.T) {
	for _, words := range []int{1, 9} {
		b := newBatch(t, Lattice{Size: []int{16, 16, 16}, Words: words, CouplingWords: 1}, Metropolis)
		setTemperatures(t, b, []float64{1 / .9, 1 / 1.1, 1 / 1.5, 1 / 2.})
		want, stream := b.clone(), rng.At(11, 3, 1, 1)
		if err := want.PlainSweep(stream, b.rule, want.spins, want.couplings, want.thresholds); err != nil {
			t.Fatal(err)
		}
		energies, got := make([]int32, b.Systems()), make([]int32, b.Systems())
		if err := want.PlainEnergies(energies, want.spins, want.couplings); err != nil {
			t.Fatal(err)
		}
		for _, l := range level.Available() {
			c := b.clone()
			undo := level.Use(l)
			s, err := NewSweeper(c.Lattice, c.rule, c.spins, c.couplings, c.thresholds, crew(2))
			m, err2 := NewEnergyMeter(c.Lattice, c.spins, c.couplings, crew(2))
			undo()
			if err != nil || err2 != nil {
				t.Fatal(err, err2)
			}
			s.Sweep(stream)
			if err := m.Energies(got); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(c.spins, want.spins) || !slices.Equal(got, energies) {
				t.Errorf("%v: %v differs from the definition", b, l)
			}
		}
	}
}
