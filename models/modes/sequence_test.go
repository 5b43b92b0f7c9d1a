package modes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"cavity/models/dataset"
)

// binaryLoss is the cross-entropy of a binary network with given noise, by plain loops, plus memory · Σ KL(q | q₀).
func binaryLoss(tr *Trainer, w, prior Weights, memory float64, x, y []float64, eps [][]float64) float64 {
	a := x
	layers := len(tr.Layers) - 1
	loss := 0.0
	for l := range layers {
		in, out, name := tr.Layers[l], tr.Layers[l+1], fmt.Sprintf("theta%d", l+1)
		z := make([]float64, tr.Batch*out)
		for r := range tr.Batch {
			for j := range out {
				mean, variance := 0.0, quiet
				for i := range in {
					m := math.Tanh(w[name][i*out+j])
					mean += m * a[r*in+i]
					variance += (1 - m*m) * a[r*in+i] * a[r*in+i]
				}
				v := (mean + eps[l][r*out+j]*math.Sqrt(variance)) / math.Sqrt(float64(in))
				if l < layers-1 {
					v = math.Tanh(v)
				}
				z[r*out+j] = v
			}
		}
		for i, theta := range w[name] {
			for _, s := range []float64{1, -1} {
				q, q0 := (1+s*math.Tanh(theta))/2, (1+s*math.Tanh(prior[name][i]))/2
				loss += memory * q * math.Log(q/q0)
			}
		}
		a = z
	}
	classes := tr.Layers[layers]
	for r := range tr.Batch {
		z, sum := a[r*classes:(r+1)*classes], 0.0
		for _, v := range z {
			sum += math.Exp(v)
		}
		for c, v := range z {
			loss -= y[r*classes+c] * (v - math.Log(sum)) / float64(tr.Batch)
		}
	}
	return loss
}

// The gradients of fields, memory included, are differences of the loss with the relative entropy written out.
func TestFieldGradients(t *testing.T) {
	const memory = .07
	tr := begin(t, Training{Network: Network{Layers: []int{6, 5, 4, 3}, Space: Binary, Activation: "tanh"}, Memory: true, Data: tiny(), Optimiser: "sgd", Rate: 1, Batch: 7, Seed: 2, Dtype: tensor.Float64}, "cpu", 1)
	read := func(name string) []float64 {
		x, err := tr.read(name)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	w, prior := Weights{}, Weights{}
	if err := tr.write("memory", []float64{memory}); err != nil {
		t.Fatal(err)
	}
	for i, p := range tr.Parameters() {
		w[p.Name], prior[p.Name] = read(p.Name), p.Initial(31, i)
		if err := tr.write(priorOf(p.Name), prior[p.Name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := tr.Advance(context.Background(), 1); err != nil {
		t.Fatal(err)
	}
	x, y, eps := read("x"), read("y"), [][]float64{read("eps1"), read("eps2"), read("eps3")}
	near(t, "loss", read("loss")[0], binaryLoss(tr, w, prior, 0, x, y, eps), 1e-12)
	for name := range w {
		after := read(name)
		for i := range after {
			f := func(h float64) float64 {
				moved := Weights{}
				for k, v := range w {
					moved[k] = v
				}
				moved[name] = slices.Clone(w[name])
				moved[name][i] += h
				return binaryLoss(tr, moved, prior, memory, x, y, eps)
			}
			const h = 1e-4
			want := (8*(f(h)-f(-h)) - (f(2*h) - f(-2*h))) / (12 * h)
			near(t, fmt.Sprintf("∂%s[%d]", name, i), w[name][i]-after[i], want, 1e-10)
		}
		if t.Failed() {
			return
		}
	}
}

func TestRelativeEntropy(t *testing.T) {
	for _, c := range [][2]float64{{.3, -.8}, {2, .1}, {0, 0}, {-1, -1}} {
		want := 0.0
		for _, s := range []float64{1, -1} {
			q, q0 := (1+s*math.Tanh(c[0]))/2, (1+s*math.Tanh(c[1]))/2
			want += q * math.Log(q/q0)
		}
		near(t, fmt.Sprint(c), RelativeEntropy(c[0], c[1]), want, 1e-14)
	}
	// A weight that was surely +1 and is uncertain now: ln ½ - ½ ln q₀(1)q₀(-1), q₀(-1) = e^-60 nearly.
	near(t, "far fields", RelativeEntropy(0, 30), 30-math.Ln2, 1e-12)
}

// Weights drawn from fields are ±1/√n with the mean tanh θ: 15 means of 4,000 draws, one of which is five standard errors away
// with probability 1e-5.
func TestBinarySamples(t *testing.T) {
	n := Network{Layers: []int{5, 3}, Space: Binary}
	w := Weights{}
	for k := range 15 {
		w["theta1"] = append(w["theta1"], .3*float64(k)-2)
	}
	const draws = 4000
	mean := make([]float64, 15)
	for k := range draws {
		drawn, s, err := n.Sample(w, 3, k)
		if err != nil || drawn.Space != Weight {
			t.Fatal(drawn.Space, err)
		}
		for i, x := range s["W1"] {
			if math.Abs(math.Abs(x)*math.Sqrt(5)-1) > 1e-15 {
				t.Fatalf("a weight of %v", x)
			}
			mean[i] += x * math.Sqrt(5) / draws
		}
	}
	for i, m := range mean {
		want := math.Tanh(w["theta1"][i])
		near(t, fmt.Sprintf("mean %d", i), m, want, 5*math.Sqrt((1-want*want)/draws))
	}
}

func TestTasks(t *testing.T) {
	data, err := dataset.Digits(8, 300, 100, 1)
	if err != nil {
		t.Fatal(err)
	}
	p := Tasks{Data: data, Kind: "permuted", Count: 3, Seed: 5}
	if got := p.Task(0); !bytes.Equal(got.Train.Images, data.Train.Images) {
		t.Error("the first task is not the set itself")
	}
	a, b := p.Task(1), p.Task(2)
	if bytes.Equal(a.Train.Images, b.Train.Images) || !bytes.Equal(a.Train.Labels, data.Train.Labels) {
		t.Error("two tasks of the same pictures, or other labels")
	}
	// The same order everywhere: the column of a place, over all pictures, is the column of one pixel of the set.
	column := func(x []uint8, i int) string {
		var c []byte
		for k := i; k < len(x); k += 64 {
			c = append(c, x[k])
		}
		return string(c)
	}
	all := func(d *dataset.Set) (list []string) {
		for i := range 64 {
			list = append(list, column(d.Train.Images, i)+column(d.Test.Images, i))
		}
		slices.Sort(list)
		return list
	}
	if !slices.Equal(all(a), all(data)) {
		t.Error("pixels were not only put in another order, the same for training and test pictures")
	}

	s := Tasks{Data: data, Kind: "split", Count: 5}
	count := s.Task(0).Train.Count
	for k := range 5 {
		d := s.Task(k)
		if d.Train.Count != count || count < 10 || len(d.Train.Images) != 64*count {
			t.Errorf("task %d has %d pictures, the first %d", k, d.Train.Count, count)
		}
		for _, l := range append(slices.Clone(d.Train.Labels), d.Test.Labels...) {
			if int(l)/2 != k {
				t.Errorf("task %d has a picture of class %d", k, l)
			}
		}
	}
}

// learner is a short sequence on small digits.
func learner(t *testing.T, data *dataset.Set, kind string, rule Rule, epochs int, rate, strength float64) *Learner {
	t.Helper()
	l, err := Sequence{Tasks: Tasks{Data: data, Kind: kind, Count: 2, Seed: 4}, Rule: rule, Hidden: []int{40}, Rate: rate, Strength: strength, Epochs: epochs, Batch: 50, Seed: 3}.Start(open(t, "cpu", 1))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// A sequence that is interrupted within the second task and resumed has the history and the state of one that is not.
func TestSequenceResumes(t *testing.T) {
	data, err := dataset.Digits(8, 400, 50, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"permuted", "split"} {
		begin := func() *Learner { return learner(t, data, kind, Variational, 2, 0, 0) }
		whole := begin()
		if err := whole.Do(context.Background()); err != nil {
			t.Fatal(err)
		}
		part := begin()
		at := part.perTask() + uint64(part.Trainer.Updates()) + 1 // one update after the second task's first test
		for tr := part.Trainer; tr.Program.Steps() < at; {
			if err := tr.Advance(context.Background(), int(at-tr.Program.Steps())); err != nil {
				t.Fatal(err)
			}
			if done := tr.Program.Steps(); done%uint64(tr.Updates()) == 0 {
				if err := part.measure(done); err != nil {
					t.Fatal(err)
				}
			}
		}
		var program, history bytes.Buffer
		part.Save = func() error { return errors.Join(part.Trainer.Program.Save(&program), part.SaveHistory(&history)) }
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := part.Do(ctx); !errors.Is(err, context.Canceled) {
			t.Fatalf("a cancelled sequence: %v", err)
		}
		rest := begin()
		if err := errors.Join(rest.Trainer.Program.Load(&program), rest.LoadHistory(&history)); err != nil {
			t.Fatal(err)
		}
		if got := rest.Trainer.Program.Steps(); got != at {
			t.Fatalf("resumed at update %d, not %d", got, at)
		}
		if err := rest.Do(context.Background()); err != nil {
			t.Fatal(err)
		}
		a, _ := whole.Trainer.Program.Snapshot()
		b, _ := rest.Trainer.Program.Snapshot()
		if !bytes.Equal(a, b) || !slices.EqualFunc(rest.History, whole.History, slices.Equal) {
			t.Errorf("%s: after the resume %v\nwhole %v", kind, rest.History, whole.History)
		}
	}
}

// After a second task of permuted pixels the fields with a memory know more of the first than those without. With six seeds
// the difference in what is forgotten was .22 to .40, with a spread of .07: below .1 by chance once in 700 altered streams.
// The rate, the strength and what counts as learnt were set anew after a first failure: strength 1 keeps so small a set from
// learning its second task. The six seeds came after.
func TestMemoryForgetsLess(t *testing.T) {
	data, err := dataset.Digits(8, 1000, 400, 1)
	if err != nil {
		t.Fatal(err)
	}
	lost := map[Rule]float64{}
	for _, rule := range Rules {
		l := learner(t, data, "permuted", rule, 12, .02, .1)
		if err := l.Do(context.Background()); err != nil {
			t.Fatal(err)
		}
		r := l.Retention()
		t.Logf("%s: learnt %.3f kept %.3f", rule, r.Learnt, r.Kept)
		lost[rule] = r.Forgetting
		if r.Learnt[0] < .6 || r.Learnt[1] < .6 {
			t.Errorf("%s: learnt %.3f", rule, r.Learnt)
		}
		near(t, "forgetting", r.Forgetting, r.Learnt[0]-r.Kept[0], 1e-15)
		near(t, "mean", r.Mean, (r.Kept[0]+r.Kept[1])/2, 1e-15)
	}
	if lost[Variational] > lost[Fields]-.1 {
		t.Errorf("forgot %.3f with a memory, %.3f without", lost[Variational], lost[Fields])
	}
}

func TestSequenceRefusals(t *testing.T) {
	data, err := dataset.Digits(8, 300, 50, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		spoil func(*Sequence)
		want  string
	}{
		{func(s *Sequence) { s.Kind = "rotated" }, `kind "rotated": permuted or split`},
		{func(s *Sequence) { s.Count = 1 }, "1 of them: at least 2"},
		{func(s *Sequence) { s.Kind, s.Count = "split", 4 }, "10 classes cannot be split into 4 tasks"},
		{func(s *Sequence) { s.Rule = "rehearsal" }, `rule "rehearsal"`},
		{func(s *Sequence) { s.Epochs = 0 }, "0 epochs"},
		{func(s *Sequence) { s.Strength = -1 }, "strength -1"},
		{func(s *Sequence) { s.Batch = 301 }, "batches of 301 of 300"},
		{func(s *Sequence) { s.Data = &dataset.Set{} }, "labelled pictures"},
	} {
		s := Sequence{Tasks: Tasks{Data: data, Kind: "permuted", Count: 2}, Rule: Variational, Hidden: []int{5}, Epochs: 1}
		c.spoil(&s)
		if _, err := s.Start(open(t, "cpu", 1)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("want %q, got %v", c.want, err)
		}
	}
	bad := Training{Network: Network{Layers: []int{64, 10}}, Data: data, Memory: true}
	if err := bad.Check(); err == nil || !strings.Contains(err.Error(), `a memory in the space "weight"`) {
		t.Errorf("a memory in weight space: %v", err)
	}
}
