package modes

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"time"

	"cavity/engine"
	"cavity/engine/expr"
)

// A Rule is how a network treats what it has learnt before.
type Rule string

const (
	// Variational: binary weights, each with a field. What a task has taught is the law q of the weights, and the next task
	// minimises its loss plus Strength · KL(q | q of the task before) over the number of its pictures: a weight that has
	// become certain resists, one that has not is free (the mean-field potential of the second task of Li, Huang, Zou, Huang 2023).
	// The first task has no such term.
	Variational Rule = "variational"
	// Fields: the same network without that term.
	Fields Rule = "fields"
	// Plain: an ordinary network in weight space.
	Plain Rule = "plain"
)

// Rules lists all.
var Rules = []Rule{Variational, Fields, Plain}

// A Sequence is tasks to be learnt one after the other by a network that sees the pictures of the present task only and is
// tested on all.
type Sequence struct {
	Tasks
	Rule     Rule
	Hidden   []int   // units of the hidden layers, rectified
	Strength float64 // of the memory of Variational; 0: 1
	Rate     float64 // of Adam, which begins anew with every task; 0: .01 for fields, .001 for weights
	Epochs   int     // of every task
	Batch    int     // 0: 100
	Seed     uint64
}

// A Learner is a sequence under way.
type Learner struct {
	Sequence
	Trainer *Trainer
	// History is the test accuracy on every task, those still to come included, after every epoch.
	History [][]float64

	Save   func() error             // writes a checkpoint; nil for none
	Period time.Duration            // between two checkpoints
	Report func(done, until uint64) // updates; nil for none
}

// Start checks the settings and compiles the network, with the first task's pictures.
func (s Sequence) Start(b engine.Backend) (*Learner, error) {
	if err := s.Tasks.Check(); err != nil {
		return nil, err
	}
	if s.Strength == 0 {
		s.Strength = 1
	}
	n := Network{Layers: append(append([]int{s.Data.Pixels()}, s.Hidden...), s.Data.Classes), Space: Binary}
	rate := .01
	switch s.Rule {
	case Plain:
		n.Space, rate = Weight, .001
	case Fields, Variational:
	default:
		return nil, fmt.Errorf("modes: rule %q: one of %v", s.Rule, Rules)
	}
	if s.Rate == 0 {
		s.Rate = rate
	}
	if s.Epochs < 1 || !(s.Strength >= 0) {
		return nil, fmt.Errorf("modes: %d epochs of a task and a memory of strength %v: at least 1, and no negative number", s.Epochs, s.Strength)
	}
	t := Training{Network: n, Data: s.Task(0), Rate: s.Rate, Batch: s.Batch, Seed: s.Seed, Memory: s.Rule == Variational, Heads: true}
	tr, err := t.Start(b)
	if err != nil {
		return nil, err
	}
	l := &Learner{Sequence: s, Trainer: tr}
	return l, l.heads(0)
}

// perTask is the number of updates of a task.
func (l *Learner) perTask() uint64 { return uint64(l.Trainer.Updates() * l.Epochs) }

// Do learns all tasks. When ctx is cancelled it saves and returns the context's error; a Learner of the same settings into
// which the Trainer's Program and the history are loaded goes on to the same bytes.
func (l *Learner) Do(ctx context.Context) error {
	if err := l.Trainer.setRate(); err != nil {
		return err
	}
	return engine.Run{
		Program: l.Trainer.Program, Until: uint64(l.Count) * l.perTask(), Every: uint64(l.Trainer.Updates()),
		Save: l.Save, Period: l.Period, Report: l.Report, Measure: l.measure,
	}.Do(ctx)
}

// measure ends an epoch at update at, and a task.
func (l *Learner) measure(at uint64) error {
	if err := l.test(); err != nil {
		return err
	}
	if at%l.perTask() == 0 && at < uint64(l.Count)*l.perTask() {
		return l.turn(int(at / l.perTask()))
	}
	return nil
}

// test ends an epoch.
func (l *Learner) test() error {
	if _, err := l.Trainer.MeanLoss(l.Trainer.Updates()); err != nil {
		return err
	}
	row := make([]float64, l.Count)
	for k := range row {
		a, err := l.accuracy(l.Trainer.Classifier, k)
		if err != nil {
			return err
		}
		row[k] = a
	}
	l.History = append(l.History, row)
	return nil
}

// accuracy is the share of the test pictures of task k whose largest output among the task's classes is their label's.
func (l *Learner) accuracy(c *Classifier, k int) (float64, error) {
	p, right := l.Test(k), 0
	from, to := l.Classes(k)
	err := c.eachChunk(p, func(first, n int) error {
		z, err := c.read("test_logits")
		if err != nil {
			return err
		}
		for i := range n {
			row := z[i*l.Data.Classes : (i+1)*l.Data.Classes]
			if from+largest(row[from:to]) == int(p.Labels[first+i]) {
				right++
			}
		}
		return nil
	})
	return float64(right) / float64(p.Count), err
}

// silent is what the input of the softmax is lowered by for classes that are not of the present task.
const silent = -80

// heads lets the classes of task k enter the softmax.
func (l *Learner) heads(k int) error {
	mask := make([]float64, l.Data.Classes)
	from, to := l.Classes(k)
	for c := range mask {
		if c < from || c >= to {
			mask[c] = silent
		}
	}
	return l.Trainer.write("heads", mask)
}

// turn begins task k > 0: its pictures, fresh moments, and the present fields as what is to be remembered.
func (l *Learner) turn(k int) error {
	tr := l.Trainer
	task := l.Task(k)
	if err := tr.Program.Write("images", task.Train.Images); err != nil {
		return err
	}
	if err := tr.Program.Write("labels", task.Train.Labels); err != nil {
		return err
	}
	if err := l.heads(k); err != nil {
		return err
	}
	if tr.Memory {
		if err := tr.write("memory", []float64{l.Strength / float64(task.Train.Count)}); err != nil {
			return err
		}
	}
	for _, p := range tr.params {
		zero := make([]float64, p.Len())
		for _, moment := range []string{"m.", "v."} {
			if err := tr.write(moment+p.Name, zero); err != nil {
				return err
			}
		}
		if !tr.Memory {
			continue
		}
		theta, err := tr.read(p.Name)
		if err != nil {
			return err
		}
		if err := tr.write(priorOf(p.Name), theta); err != nil {
			return err
		}
	}
	for _, s := range expr.AdamPowers {
		if err := tr.write(s, []float64{1}); err != nil {
			return err
		}
	}
	return nil
}

// SaveHistory and LoadHistory keep the history, which a checkpoint needs beside the Program.
func (l *Learner) SaveHistory(w io.Writer) error { return json.NewEncoder(w).Encode(l.History) }

func (l *Learner) LoadHistory(r io.Reader) error {
	if err := json.NewDecoder(r).Decode(&l.History); err != nil {
		return fmt.Errorf("modes: history: %w", err)
	}
	return nil
}

// A Retention sums up a sequence that is finished.
type Retention struct {
	Learnt     []float64 // accuracy on every task when it had just been learnt
	Kept       []float64 // at the end
	Mean       float64   // of Kept
	Forgetting float64   // mean of Learnt - Kept over all tasks but the last
}

// Retention is what was learnt and what is left.
func (l *Learner) Retention() Retention {
	r := Retention{Kept: l.History[len(l.History)-1]}
	for k := range l.Count {
		r.Learnt = append(r.Learnt, l.History[(k+1)*l.Epochs-1][k])
		r.Mean += r.Kept[k] / float64(l.Count)
		if k < l.Count-1 {
			r.Forgetting += (r.Learnt[k] - r.Kept[k]) / float64(l.Count-1)
		}
	}
	return r
}

// A Measured number with its standard error.
type Measured struct{ Mean, Err float64 }

// Sampled is the accuracy, averaged over the tasks, of networks of weights ±1 drawn from the fields.
func (l *Learner) Sampled(b engine.Backend, networks int) (Measured, error) {
	w := Weights{}
	for _, p := range l.Trainer.params {
		x, err := l.Trainer.Parameter(p.Name)
		if err != nil {
			return Measured{}, err
		}
		w[p.Name] = x
	}
	var c *Classifier
	var first, second float64
	for k := range networks {
		n, drawn, err := l.Trainer.Sample(w, l.Seed, k)
		if err != nil {
			return Measured{}, err
		}
		if c == nil {
			if c, err = n.Open(b, drawn); err != nil {
				return Measured{}, err
			}
		}
		for name, x := range drawn {
			if err := c.SetParameter(name, x); err != nil {
				return Measured{}, err
			}
		}
		mean := 0.0
		for k := range l.Count {
			a, err := l.accuracy(c, k)
			if err != nil {
				return Measured{}, err
			}
			mean += a / float64(l.Count)
		}
		first, second = first+mean/float64(networks), second+mean*mean/float64(networks)
	}
	return Measured{first, math.Sqrt(max(0, second-first*first) / float64(networks-1))}, nil
}

// Certain is the share of weights of every layer with |m| > .9, which resist new tasks.
func (l *Learner) Certain() ([]float64, error) {
	var out []float64
	for _, p := range l.Trainer.params {
		x, err := l.Trainer.Parameter(p.Name)
		if err != nil {
			return nil, err
		}
		n := 0.0
		for _, theta := range x {
			if math.Abs(math.Tanh(theta)) > .9 {
				n++
			}
		}
		out = append(out, n/float64(len(x)))
	}
	return out, nil
}
