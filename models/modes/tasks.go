package modes

import (
	"fmt"

	"cavity/engine/rng"
	"cavity/models/dataset"
)

// Tasks are classifications that a network learns one after the other.
type Tasks struct {
	Data *dataset.Set
	// Kind is permuted: task 0 is the set itself, every further one shows its pixels in a random order of its own; or
	// split: the classes are dealt out in order, the same number to every task, and a task asks which of its own classes a
	// picture is of. Split tasks are cut to as many pictures as the smallest has.
	Kind  string
	Count int
	Seed  uint64 // of the orders
}

// Check reports settings out of range.
func (t Tasks) Check() error {
	d := t.Data
	switch {
	case d == nil || d.Train.Count == 0 || d.Train.Labels == nil || d.Test.Count == 0:
		return fmt.Errorf("tasks: labelled pictures to train on and to test with are needed")
	case t.Kind != "permuted" && t.Kind != "split":
		return fmt.Errorf("tasks: kind %q: permuted or split", t.Kind)
	case t.Count < 2:
		return fmt.Errorf("tasks: %d of them: at least 2", t.Count)
	case t.Kind == "split" && (d.Classes%t.Count != 0 || d.Classes/t.Count < 2):
		return fmt.Errorf("tasks: %d classes cannot be split into %d tasks of two classes or more each", d.Classes, t.Count)
	}
	return classes(d)
}

// Classes are those of task k: from, from+1, …, to-1.
func (t Tasks) Classes(k int) (from, to int) {
	if t.Kind == "split" {
		n := t.Data.Classes / t.Count
		return k * n, (k + 1) * n
	}
	return 0, t.Data.Classes
}

const permutationStream = 60

// Task is number k, from 0.
func (t Tasks) Task(k int) *dataset.Set {
	s := *t.Data
	s.Name = fmt.Sprintf("%s, task %d", t.Data.Name, k+1)
	s.Train, s.Test = t.part(s.Train, k), t.Test(k)
	return &s
}

// Test is the test part of task k.
func (t Tasks) Test(k int) dataset.Part { return t.part(t.Data.Test, k) }

func (t Tasks) part(p dataset.Part, k int) dataset.Part {
	if t.Kind == "split" {
		return t.pick(p, k)
	}
	if k == 0 {
		return p
	}
	order := make([]int32, t.Data.Pixels())
	rng.At(t.Seed, uint64(k), rng.SetupStage, permutationStream).Permutation(order)
	return reorder(p, order)
}

// reorder moves pixel order[i] to place i.
func reorder(p dataset.Part, order []int32) dataset.Part {
	n := len(order)
	q := dataset.Part{Images: make([]uint8, len(p.Images)), Labels: p.Labels, Count: p.Count}
	for k := range p.Count {
		from, to := p.Images[k*n:(k+1)*n], q.Images[k*n:(k+1)*n]
		for i, o := range order {
			to[i] = from[o]
		}
	}
	return q
}

// pick is the pictures of the classes of task k, as many as of the task that has the fewest.
func (t Tasks) pick(p dataset.Part, k int) dataset.Part {
	per, pixels := t.Data.Classes/t.Count, t.Data.Pixels()
	count := make([]int, t.Count)
	for _, l := range p.Labels {
		count[int(l)/per]++
	}
	least := count[0]
	for _, c := range count {
		least = min(least, c)
	}
	var q dataset.Part
	for i, l := range p.Labels {
		if int(l)/per == k && q.Count < least {
			q.Images = append(q.Images, p.Images[i*pixels:(i+1)*pixels]...)
			q.Labels = append(q.Labels, l)
			q.Count++
		}
	}
	return q
}
