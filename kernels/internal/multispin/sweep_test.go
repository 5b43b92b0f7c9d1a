package multispin

import (
	"fmt"
	"slices"
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
	var table []uint64
	var labels []int32
	for i := range 64 * l.Words {
		for c := range classes {
			u := s.Uint32(uint64(i*classes + c))
			table = append(table, [...]uint64{0, Always, 1, 1 << 31, Always - 1, uint64(u), uint64(u) >> 6, uint64(u) >> 3}[(i+3*c)%8])
		}
		labels = append(labels, int32(i))
	}
	b.thresholds = make([]uint64, Planes*classes*l.Words)
	bits := l
	bits.Strips = false // so that the bits of a word differ even there
	if err := bits.SetThresholds(b.thresholds, rule, table, labels); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b batch) clone() batch {
	b.spins = slices.Clone(b.spins)
	return b
}

func (b batch) String() string {
	return fmt.Sprintf("%v %v, %d words, %d of couplings, strips %v", b.rule, b.Size, b.Words, b.CouplingWords, b.Strips)
}

func batches(t testing.TB) (all []batch) {
	for _, size := range [][]int{{2, 2}, {4, 6}, {16, 4}, {18, 2}, {2, 2, 2}, {4, 2, 6}, {6, 4, 4}, {16, 4, 2}} {
		for _, words := range []int{1, 2, 3, 4, 5, 7, 8, 9} {
			for _, couplings := range []int{0, 1, words} {
				for _, strips := range []bool{false, true} {
					for _, rule := range []Rule{Metropolis, HeatBath} {
						if couplings != words || words > 1 {
							all = append(all, newBatch(t, Lattice{size, words, couplings, strips}, rule))
						}
					}
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
				if !slices.Equal(got, want) {
					t.Errorf("%v: %v with %d workers gives %v, the definition %v", b, l, workers, got[:4], want[:4])
				}
			}
		}
	}
}
