package modes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"cavity/models/dataset"
)

// constant is M pictures of one pixel of grey value v, with as many labels of each class: the loss of a linear layer under mse
// is Σ_c (w_c v/255 - y_c)²/2, exactly quadratic with one curvature (v/255)² in all directions and noise from the labels alone.
func constant(v uint8, classes, of int) *dataset.Set {
	s := &dataset.Set{Name: "constant", Height: 1, Width: 1, Classes: classes}
	for k := range classes * of {
		s.Train.Images, s.Train.Labels = append(s.Train.Images, v), append(s.Train.Labels, uint8(k%classes))
	}
	s.Train.Count = classes * of
	s.Test = s.Train
	return s
}

func wander(t *testing.T, w Wandering) *Wanderer {
	t.Helper()
	out, err := w.Start(open(t, "cpu", 1))
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Do(context.Background(), nil, 0, nil); err != nil {
		t.Fatal(err)
	}
	return out
}

// SGD on a quadratic loss: the covariance of the weights is known, with the anti-correlation of batches of one epoch. Curvature,
// noise and flatness are exact. The variance, summed over the directions in which labels fluctuate, is averaged over
// 12 seeds of 300 epochs and must lie within 4.4 standard errors (false alarm 1e-3 a case by Student's t with 11 degrees
// of freedom; the seeds are fixed), which are themselves asked to be below a twentieth. Independent draws would give a
// variance 1.5 to 60 times as large.
func TestWanderingOnAQuadratic(t *testing.T) {
	const classes, of, seeds = 3, 20, 12
	for _, c := range []struct {
		grey  uint8
		rate  float64
		batch int
	}{{255, .2, 5}, {255, .02, 5}, {102, .3, 10}, {255, 1.2, 7}} {
		curvature := math.Pow(float64(c.grey)/255, 2)
		var sum, squares, want float64
		for seed := range seeds {
			w := wander(t, Wandering{
				Training: Training{Network: Network{Layers: []int{1, classes}}, Data: constant(c.grey, classes, of), Loss: "mse", Rate: c.rate, Batch: c.batch, Seed: uint64(seed + 1)},
				Relax:    1200, Snapshots: 300 * (classes * of / c.batch),
			})
			s, err := w.Study(open(t, "cpu", 1), classes-1)
			if err != nil {
				t.Fatal(err)
			}
			x := s.Total / (classes - 1) * (curvature)
			sum, squares = sum+x, squares+x*x
			if seed > 0 {
				continue
			}
			// gradients of a picture are -y √λ beside a constant: along a direction of length 1 orthogonal to (1, 1, 1) the sum
			// of squares of y is M/classes
			const m = classes * of
			noise := curvature / classes * m / (m - 1)
			for k, d := range s.Directions[:classes-1] {
				near(t, "curvature", d.Curvature, curvature, 1e-9)
				near(t, "noise", d.Noise, noise, 1e-6) // the direction is orthogonal to float32's rounding
				near(t, fmt.Sprintf("flatness of component %d", k+1), d.Flatness, 2*math.Sqrt(2*(math.E-1)*s.Loss/curvature), 1e-3)
			}
			want = curvature * w.Fluctuation(s.Directions[0]).Shuffled(1)
		}
		m := sum / seeds
		e := math.Sqrt((squares/seeds - m*m) / (seeds - 1))
		t.Logf("grey %d, rate %g, batch %d: temperature %.5g ± %.2g, theory %.5g", c.grey, c.rate, c.batch, m, e, want)
		if e > m/20 {
			t.Errorf("the error %g of %g is too large for a test", e, m)
		}
		near(t, "λσ²", m, want, 4.4*e)
	}
}

// A wandering that is interrupted and resumed has the snapshots of one that is not.
func TestWanderingResumes(t *testing.T) {
	data, err := dataset.Digits(8, 100, 30, 1)
	if err != nil {
		t.Fatal(err)
	}
	set := Wandering{Training: Training{Network: Network{Layers: []int{64, 8, 10}}, Data: data, Rate: .1, Batch: 10, Seed: 3}, Layer: 1, Relax: 20, Every: 3, Snapshots: 12}
	whole := wander(t, set)
	begin := func() *Wanderer {
		w, err := set.Start(open(t, "cpu", 2))
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	ctx, cancel := context.WithCancel(context.Background())
	part, rest := begin(), begin()
	var program, seen bytes.Buffer
	save := func() error { return errors.Join(part.Program.Save(&program), part.SaveMemory(&seen)) }
	err = part.Do(ctx, save, 0, func(done, _ uint64) {})
	if err != nil {
		t.Fatal(err)
	}
	part = begin()
	if err := part.setRate(); err != nil {
		t.Fatal(err)
	}
	for range 31 { // as Do would, as far as update 31
		if err := part.Program.Step(ctx, 1); err != nil {
			t.Fatal(err)
		}
		if past := int(part.Program.Steps()) - set.Relax; past > 0 && past%set.Every == 0 {
			if err := part.look(); err != nil {
				t.Fatal(err)
			}
		}
	}
	cancel()
	if err := part.Do(ctx, save, 0, nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("a cancelled wandering: %v", err)
	}
	if err := errors.Join(rest.Program.Load(&program), rest.LoadMemory(&seen)); err != nil {
		t.Fatal(err)
	}
	if len(rest.Trajectory) != 3 {
		t.Fatalf("%d snapshots by update 31, want 3", len(rest.Trajectory))
	}
	if err := rest.Do(context.Background(), nil, 0, nil); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(rest.Trajectory, whole.Trajectory) || !reflect.DeepEqual(rest.Mean(), whole.Mean()) {
		t.Error("the snapshots after the resume differ")
	}
}

// The section and the plane go through the loss at the mean, and along an axis a plane is a section.
func TestSections(t *testing.T) {
	w := wander(t, Wandering{Training: Training{Network: Network{Layers: []int{6, 5, 3}}, Data: tiny(), Rate: .1, Batch: 5, Seed: 1}, Relax: 100, Snapshots: 50})
	s, err := w.Study(open(t, "cpu", 1), 4)
	if err != nil {
		t.Fatal(err)
	}
	x := []float64{-.3, 0, .2}
	line, err := s.Section(1, x)
	if err != nil {
		t.Fatal(err)
	}
	plane, err := s.Plane(1, 0, x, []float64{-.1, 0})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "loss at the mean", line[1], s.Loss, 1e-15)
	for k, l := range line {
		near(t, "the plane's axis", plane[3+k], l, 1e-15)
	}
	// by forming everything: layer 1 moved, all pictures
	moved := s.Mean
	for i, d := range s.Directions[1].Direction {
		moved["W1"][i] += x[2] * d
	}
	var in, y []float64
	for k, l := range w.Data.Train.Labels {
		for _, v := range w.Data.Train.Images[k*6 : (k+1)*6] {
			in = append(in, float64(v)/255)
		}
		for c := range 3 {
			y = append(y, map[bool]float64{true: 1}[c == int(l)])
		}
	}
	tr := *w.Trainer
	tr.Batch = 30
	near(t, "the loss by hand", line[2], plainLoss(&tr, moved, in, y), 1e-12)
}

func TestPowerFit(t *testing.T) {
	var x, y []float64
	for k := range 9 {
		x = append(x, float64(k+1))
		y = append(y, 3*math.Pow(float64(k+1), -4))
	}
	p := FitPower(append(x, math.Inf(1), 2), append(y, 1, math.NaN()))
	near(t, "exponent", p.Exponent, -4, 1e-12)
	near(t, "error", p.Err, 0, 1e-12)
	if p.Points != 9 {
		t.Errorf("%d points", p.Points)
	}
	// ln y - ln x = ±1 in turn at ln x = 0, 1, 2, 3: slope 1 - 1/5·… by hand: Σ(x-1.5)r/5 with r = 1, -1, 1, -1
	p = FitPower([]float64{1, math.E, math.Exp(2), math.Exp(3)}, []float64{math.E, 1, math.Exp(3), math.Exp(2)})
	near(t, "exponent with scatter", p.Exponent, 1-.4, 1e-12)
	near(t, "its error", p.Err, math.Sqrt((4-.16*5)/5/2), 1e-12)
	if p := FitPower([]float64{1, 2}, []float64{1, 2}); !math.IsNaN(p.Exponent) {
		t.Error("a slope of two points")
	}
}

func TestWanderingRefusals(t *testing.T) {
	for _, c := range []struct {
		spoil func(*Wandering)
		want  string
	}{
		{func(w *Wandering) { w.Space, w.P = Modes, 2 }, `the space "modes"`},
		{func(w *Wandering) { w.Optimiser = "adam" }, "by adam"},
		{func(w *Wandering) { w.Halve = 3 }, "halved every 3"},
		{func(w *Wandering) { w.Layer = 2 }, "layer 3 are to be followed: 1 to 2"},
		{func(w *Wandering) { w.Snapshots = 1 }, "1 snapshots"},
		{func(w *Wandering) { w.Data = nil }, "no data"},
	} {
		w := Wandering{Training: Training{Network: Network{Layers: []int{6, 5, 3}}, Data: tiny(), Batch: 5}, Snapshots: 3}
		c.spoil(&w)
		if _, err := w.Start(open(t, "cpu", 1)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("want %q, got %v", c.want, err)
		}
	}
	w := Wandering{Training: Training{Network: Network{Layers: []int{6, 5, 3}, Activation: "linear"}, Data: tiny(), Batch: 5, Rate: 1e30}, Snapshots: 30}
	out, err := w.Start(open(t, "cpu", 1))
	if err != nil {
		t.Fatal(err)
	}
	var d *Diverged
	if err := out.Do(context.Background(), nil, 0, nil); !errors.As(err, &d) {
		t.Errorf("a rate of 1e30: %v", err)
	}
}

// A point of the landscape: 1,000 pictures through what follows a layer of 30 × 30, their losses, in float64. A slice takes about 25.
func BenchmarkLandscape(b *testing.B) {
	data, err := dataset.Digits(16, 1000, 10, 1)
	if err != nil {
		b.Fatal(err)
	}
	n := Network{Layers: []int{256, 30, 30, 10}}
	if err := n.Check(); err != nil {
		b.Fatal(err)
	}
	w := Weights{}
	for i, p := range n.Parameters() {
		w[p.Name] = p.Initial(1, i)
	}
	l, err := n.Landscape(open(b, "cpu", 1), w, 1, "", data.Train)
	if err != nil {
		b.Fatal(err)
	}
	direction := make([]float64, 900)
	direction[7] = 1
	for b.Loop() {
		if _, err := l.Loss(Move{direction, .1}); err != nil {
			b.Fatal(err)
		}
	}
}
