package modes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/cmplx"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"cavity/models/dataset"
)

// recurrentMatrix is W formed, Units × Units.
func recurrentMatrix(r Recurrent, w Weights) []float64 {
	if r.Space == Weight {
		return w["W"]
	}
	x := make([]float64, r.Units*r.Units)
	for i := range r.Units {
		for p := range r.P {
			f := w["in"][i*r.P+p]
			if s := w["sigma"]; s != nil {
				f *= s[p]
			}
			for j := range r.Units {
				x[i*r.Units+j] += f * w["out"][p*r.Units+j]
			}
		}
	}
	return x
}

// recurrentLoss runs the network by plain loops with W formed.
func recurrentLoss(r Recurrent, w Weights, x, y []float64) float64 {
	n, classes, width := r.Units, r.Data.Classes, r.Data.Width
	matrix, loss := recurrentMatrix(r, w), 0.0
	for k := range r.Batch {
		h := make([]float64, n)
		for t := range r.Data.Height {
			next := make([]float64, n)
			for j := range n {
				z := 0.0
				for i := range n {
					z += h[i] * matrix[i*n+j]
				}
				for i := range width {
					z += x[k*r.Data.Pixels()+t*width+i] * w["U"][i*n+j]
				}
				next[j] = math.Tanh(z)
			}
			h = next
		}
		z, sum := make([]float64, classes), 0.0
		for c := range z {
			for i := range n {
				z[c] += h[i] * w["V"][i*classes+c]
			}
			sum += math.Exp(z[c])
		}
		for c := range z {
			loss -= y[k*classes+c] * (z[c] - math.Log(sum)) / float64(r.Batch)
		}
	}
	return loss
}

// Gradients through four time steps are differences of the loss with W formed. After Adam's first update m is .1 of them.
func TestRecurrentGradients(t *testing.T) {
	data, err := Stream{Steps: 4, Symbols: 3, Lag: 2, Train: 20, Test: 5, Seed: 1}.Set()
	if err != nil {
		t.Fatal(err)
	}
	for _, space := range []Space{Weight, Modes, UnitModes} {
		tr, err := Recurrent{Data: data, Units: 5, Space: space, P: 3, Batch: 7, Seed: 2, Dtype: tensor.Float64}.Start(open(t, "cpu", 1))
		if err != nil {
			t.Fatal(err)
		}
		w, err := tr.Weights()
		if err != nil {
			t.Fatal(err)
		}
		if err := tr.Program.Step(context.Background(), 1); err != nil {
			t.Fatal(err)
		}
		read := func(name string) []float64 {
			x, err := tr.read(name)
			if err != nil {
				t.Fatal(err)
			}
			return x
		}
		x, y := read("x"), read("y")
		near(t, string(space)+": loss", read("loss")[0], recurrentLoss(tr.Recurrent, w, x, y), 1e-12)
		for name := range w {
			for i, m := range read("m." + name) {
				f := func(h float64) float64 {
					moved := Weights{}
					for k, v := range w {
						moved[k] = v
					}
					moved[name] = slices.Clone(w[name])
					moved[name][i] += h
					return recurrentLoss(tr.Recurrent, moved, x, y)
				}
				const h = 1e-3
				want := (8*(f(h)-f(-h)) - (f(2*h) - f(-2*h))) / (12 * h)
				near(t, fmt.Sprintf("%s: ∂%s[%d]", space, name, i), m/.1, want, 1e-8*(1+math.Abs(want)))
			}
		}
		if t.Failed() {
			return
		}
	}
}

// The P eigenvalues in mode space are those of W that are not zero.
func TestRecurrentEigenvalues(t *testing.T) {
	data, err := Stream{Steps: 3, Symbols: 2, Lag: 1, Train: 20, Test: 5}.Set()
	if err != nil {
		t.Fatal(err)
	}
	r := Recurrent{Data: data, Units: 9, Space: Modes, P: 4, Batch: 10}
	if err := r.Check(); err != nil {
		t.Fatal(err)
	}
	w := Weights{}
	for i, p := range r.Parameters() {
		w[p.Name] = p.Initial(6, i)
	}
	got, err := r.Eigenvalues(w)
	if err != nil {
		t.Fatal(err)
	}
	want, err := Recurrent{Units: 9, Space: Weight}.Eigenvalues(Weights{"W": recurrentMatrix(r, w)})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(want, func(a, b complex128) int { return int(math.Copysign(1, cmplx.Abs(b)-cmplx.Abs(a))) })
	if cmplx.Abs(want[3]) < 1e-3 || cmplx.Abs(want[4]) > 1e-8 {
		t.Fatalf("W of rank 4 has the eigenvalues %v", want)
	}
	for _, x := range got {
		least := math.Inf(1)
		for _, y := range want[:4] {
			least = min(least, cmplx.Abs(x-y))
		}
		near(t, fmt.Sprintf("distance of %v from the nearest eigenvalue of W", x), least, 0, 1e-10)
	}
}

func TestStreams(t *testing.T) {
	for _, s := range []Stream{{Steps: 6, Symbols: 4, Lag: 0}, {Steps: 6, Symbols: 4, Lag: 5}, {Steps: 6, Symbols: 2, Lag: 6, Parity: true}, {Steps: 5, Symbols: 3, Lag: 2, Parity: true}} {
		s.Train, s.Test, s.Seed = 40, 10, 3
		d, err := s.Set()
		if err != nil {
			t.Fatal(err)
		}
		for k, label := range d.Train.Labels {
			var symbols []int
			for step := range s.Steps {
				row := d.Train.Images[k*d.Pixels()+step*s.Symbols:][:s.Symbols]
				at := slices.Index(row, 255)
				for i, x := range row {
					if (x != 0) != (i == at) {
						t.Fatalf("%+v: row %v", s, row)
					}
				}
				symbols = append(symbols, at)
			}
			want := symbols[max(0, s.Steps-1-s.Lag)]
			if s.Parity {
				want = 0
				for _, x := range symbols[s.Steps-s.Lag:] {
					want = (want + x) % 2
				}
			}
			if int(label) != want {
				t.Fatalf("%+v: symbols %v have label %d", s, symbols, label)
			}
		}
	}
	for _, c := range []struct {
		s    Stream
		want string
	}{
		{Stream{Steps: 5, Symbols: 1, Train: 9, Test: 9}, "1 symbols: 2 to 255"},
		{Stream{Steps: 5, Symbols: 2, Lag: 5, Train: 9, Test: 9}, "lag 5 of 5 steps: from 0 to 4"},
		{Stream{Steps: 5, Symbols: 2, Lag: 0, Parity: true, Train: 9, Test: 9}, "lag 0 of 5 steps: from 1 to 5"},
		{Stream{Steps: 5, Symbols: 2, Lag: 1, Train: 1, Test: 9}, "1 and 9 samples"},
	} {
		if _, err := c.s.Set(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("want %q, got %v", c.want, err)
		}
	}
}

// Both forms of W learn to recall, and mode space to tell digits from their rows; a resumed course is one that was not interrupted.
func TestRecurrentLearns(t *testing.T) {
	recall, err := Stream{Steps: 6, Symbols: 3, Lag: 2, Train: 1000, Test: 300, Seed: 1}.Set()
	if err != nil {
		t.Fatal(err)
	}
	digits, err := dataset.Digits(8, 800, 200, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []Recurrent{{Data: recall, Units: 20}, {Data: recall, Units: 20, Space: Modes, P: 10}, {Data: digits, Units: 30, Space: Modes, P: 15}} {
		r.Batch, r.Rate, r.Seed = 50, .01, 1
		start := func() *RecurrentCourse {
			tr, err := r.Start(open(t, "cpu", 1))
			if err != nil {
				t.Fatal(err)
			}
			return &RecurrentCourse{Trainer: tr, Epochs: 12}
		}
		whole := start()
		if err := whole.Do(context.Background()); err != nil {
			t.Fatal(err)
		}
		a := whole.History[11].Accuracy
		t.Logf("%s, %s: %.3f", r.Data.Name, whole.Trainer.Space, a)
		if a < .85 { // chance is .33 and .1
			t.Errorf("%s, %s: accuracy %.3f", r.Data.Name, r.Space, a)
		}
		part, ctx := start(), context.Background()
		if err := part.Trainer.Program.Step(ctx, 3); err != nil {
			t.Fatal(err)
		}
		stopped, cancel := context.WithCancel(ctx)
		cancel()
		var program, history bytes.Buffer
		part.Save = func() error { return errors.Join(part.Trainer.Program.Save(&program), part.SaveHistory(&history)) }
		if err := part.Do(stopped); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		rest := start()
		if err := errors.Join(rest.Trainer.Program.Load(&program), rest.LoadHistory(&history), rest.Do(ctx)); err != nil {
			t.Fatal(err)
		}
		x, _ := whole.Trainer.Program.Snapshot()
		y, _ := rest.Trainer.Program.Snapshot()
		if !bytes.Equal(x, y) || !slices.Equal(rest.History, whole.History) {
			t.Error("the state after the resume differs")
		}
		if n := testing.AllocsPerRun(5, func() { _ = rest.Trainer.Program.Step(ctx, 1) }); n != 0 {
			t.Errorf("%v allocations an update", n)
		}
	}
}

func TestRecurrentRefusals(t *testing.T) {
	for _, c := range []struct {
		spoil func(*Recurrent)
		want  string
	}{
		{func(r *Recurrent) { r.Data = nil }, "no labelled data"},
		{func(r *Recurrent) { r.Units = 0 }, "0 units"},
		{func(r *Recurrent) { r.Space = TiedModes }, `space "tied-modes"`},
		{func(r *Recurrent) { r.Space = Modes }, "0 modes"},
		{func(r *Recurrent) { r.Activation = "gelu" }, `activation "gelu"`},
		{func(r *Recurrent) { r.Batch = 31 }, "batches of 31 of 30"},
		{func(r *Recurrent) { r.Gain = -1 }, "gain -1"},
	} {
		r := Recurrent{Data: tiny(), Units: 4, Batch: 5}
		c.spoil(&r)
		if _, err := r.Start(open(t, "cpu", 1)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("want %q, got %v", c.want, err)
		}
	}
}
