package modes

import (
	"math"
	"testing"

	"cavity/engine/rng"
	"cavity/models/dataset"
)

// Under mse the loss is quadratic in the last layer's weights, so first and second order together are the whole rise; the dual
// weights give the test activities' outputs; and the sum over eigenvectors is the Hessian's quadratic form.
func TestDualityIsExact(t *testing.T) {
	n := Network{Layers: []int{64, 7, 10}, Activation: "tanh"}
	data, err := dataset.Digits(8, 80, 50, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Check(); err != nil {
		t.Fatal(err)
	}
	w := Weights{}
	for i, p := range n.Parameters() {
		w[p.Name] = p.Initial(5, i)
	}
	d, err := n.Duality(open(t, "cpu", 1), w, "mse", data.Train, data.Test)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "rise", d.Rise, d.Gradient+d.Own, 1e-13)
	near(t, "the identity's error", d.Error, 0, 1e-13)
	if !(math.Abs(d.Rise) > 1e-3) || len(d.Sharpness) != 70 {
		t.Errorf("rise %g over %d directions: too small for a test", d.Rise, len(d.Sharpness))
	}
	d, err = n.Duality(open(t, "cpu", 1), w, "cross-entropy", data.Train, data.Test)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "the identity's error", d.Error, 0, 1e-13)
	for k, x := range d.Sharpness {
		if x < -1e-14 || k > 0 && x > d.Sharpness[k-1] {
			t.Fatalf("sharpness %d of a convex loss is %g", k, x)
		}
	}
	// a picture that is its own pair has no dual
	d, err = n.Duality(open(t, "cpu", 1), w, "", data.Train, data.Train)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []float64{d.Rise, d.Gradient, d.Own, d.Quadratic} {
		near(t, "of no change", x, 0, 0)
	}
}

// The Hessian against second differences of the mean loss, and pictures closer to their pairs against the expansion: the third
// order is left, which falls with the cube of the distance.
func TestLastLayerHessian(t *testing.T) {
	l := lastLayer{units: 3, classes: 4, w: make([]float64, 12)}
	a, labels := make([]float64, 15), []uint8{0, 3, 1, 1, 2}
	rng.At(1, 0, 0, 1).FillNormal64(l.w, 0)
	rng.At(1, 0, 0, 2).FillNormal64(a, 0)
	h, err := l.hessian(a, labels)
	if err != nil {
		t.Fatal(err)
	}
	loss := func(i, j int, x, y float64) float64 {
		w := append([]float64{}, l.w...)
		w[i] += x
		w[j] += y
		sum := 0.0
		for k, label := range labels {
			sum += pictureLoss("", l.logits(w, a[k*3:k*3+3]), int(label)) / 5
		}
		return sum
	}
	const e = 1e-3
	for i := range 12 {
		for j := range 12 {
			want := (loss(i, j, e, e) - loss(i, j, e, -e) - loss(i, j, -e, e) + loss(i, j, -e, -e)) / (4 * e * e)
			near(t, "H", h[i*12+j], want, 1e-5)
		}
	}
	rest := func(scale float64) float64 {
		b := append([]float64{}, a...)
		for i := range b {
			b[i] += scale * math.Sin(float64(3*i+1))
		}
		d, err := l.duality(a, labels, b, labels, []int{0, 1, 2, 3, 4})
		if err != nil {
			t.Fatal(err)
		}
		return math.Abs(d.Rise - d.Gradient - d.Own)
	}
	near(t, "order of what is left", math.Log2(rest(.02)/rest(.01)), 3, .1)
}

func TestDualityRefusals(t *testing.T) {
	w := Weights{"W1": make([]float64, 18)}
	set := tiny()
	for i := range set.Train.Images {
		set.Train.Images[i] = 0
	}
	n := Network{Layers: []int{6, 3}}
	if _, err := n.Duality(open(t, "cpu", 1), w, "", set.Train, tiny().Test); err == nil {
		t.Error("black pictures have pairs")
	}
	if _, err := n.Duality(open(t, "cpu", 1), w, "", set.Train, dataset.Part{}); err == nil {
		t.Error("duality without test pictures")
	}
	if _, err := (Network{Layers: []int{6, 400, 10}}).Duality(open(t, "cpu", 1), w, "", set.Train, set.Test); err == nil {
		t.Error("4000 weights were accepted")
	}
}
