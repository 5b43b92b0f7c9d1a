package spin

import (
	"fmt"
	"io"
	"math"

	"cavity/engine/store"
)

// Save writes everything beside the Program that a resumed annealing needs; Load takes it back.
func (s *Annealer) Save(w io.Writer) error {
	head := []int64{s.Run, s.Step, int64(len(s.schedule)), int64(len(s.trace))}
	if err := writeAll(w, head, s.schedule, s.families, s.logZ, s.energies, s.lowest); err != nil {
		return err
	}
	for q, g := range s.best {
		if err := writeAll(w, g.Energy, s.spins[q]); err != nil {
			return err
		}
	}
	for _, x := range s.trace {
		if err := writeAll(w, x.beta, x.energy, x.logZ, x.families); err != nil {
			return err
		}
	}
	return nil
}

// maxStages bounds what Load believes of the number of temperatures.
const maxStages = 1 << 20

// Load takes back what Save wrote. After an error the Annealer is not to be used.
func (s *Annealer) Load(r io.Reader) error {
	head := make([]int64, 4)
	if err := readAll(r, head); err != nil {
		return err
	}
	if head[0] < 0 || head[0] > int64(s.Runs) || head[1] < 0 || head[2] < 0 || head[2] > maxStages || head[3] < 0 || head[3] > maxStages ||
		head[1] > head[2] || !s.Population && head[2] != int64(s.Steps) || head[3] > (head[0]+1)*head[2] {
		return fmt.Errorf("spin: the saved annealing does not belong to this run")
	}
	s.Run, s.Step = head[0], head[1]
	s.schedule = make([]float64, head[2])
	if err := readAll(r, s.schedule, s.families, s.logZ, s.energies, s.lowest); err != nil {
		return err
	}
	for _, f := range s.families {
		if f < 0 || int(f) >= s.Walkers {
			return fmt.Errorf("spin: the saved annealing is damaged: family %d of %d", f, s.Walkers)
		}
	}
	for _, b := range s.schedule {
		if !(b > 0) || math.IsInf(b, 0) {
			return fmt.Errorf("spin: the saved annealing is damaged: inverse temperature %v", b)
		}
	}
	for q := range s.best {
		if err := readAll(r, &s.best[q].Energy, s.spins[q]); err != nil {
			return err
		}
	}
	s.trace = s.trace[:0]
	for range head[3] {
		x := stage{energy: make([]float64, s.Systems), logZ: make([]float64, s.Systems), families: make([]float64, s.Systems)}
		if err := readAll(r, &x.beta, x.energy, x.logZ, x.families); err != nil {
			return err
		}
		s.trace = append(s.trace, x)
	}
	return nil
}

// Series are the lowest states [systems, spins] and the lowest energy of every walker [runs, systems, walkers].
func (s *Annealer) Series() []store.Array {
	var best []int8
	for _, x := range s.spins {
		best = append(best, x...)
	}
	return []store.Array{
		store.Of("ground_spins", best, s.Systems, s.batch.n),
		store.Of("lowest", s.lowest, s.Runs, s.Systems, s.Walkers),
	}
}
