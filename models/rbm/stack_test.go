package rbm

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/rng"
	"cavity/models/dataset"
)

// scaled are pictures as numbers 0 … 1.
func scaled(images []uint8) []float32 {
	x := make([]float32, len(images))
	for e, v := range images {
		x[e] = float32(v) / 255
	}
	return x
}

// A stack 144-80-40-8 trained greedily and tuned reconstructs test digits with a smaller squared error than eight principal
// components, tuning improves on the stack alone by far, and the deep belief net dreams pictures of the data's brightness.
func TestAutoencoderBeatsPCA(t *testing.T) {
	set, err := dataset.Digits(12, 3000, 500, 2)
	if err != nil {
		t.Fatal(err)
	}
	b := open(t, 2)
	var stack Stack
	layer := set
	for l, hidden := range []int{80, 40, 8} {
		tr, err := Training{Set: layer, Hidden: hidden, Binarise: "sample", Rate: .1, Momentum: .5, Batch: 50, Seed: uint64(l)}.Start(b)
		if err != nil {
			t.Fatal(err)
		}
		if err := tr.Step(ctx, 240); err != nil {
			t.Fatal(err)
		}
		m, err := tr.Machine()
		if err != nil {
			t.Fatal(err)
		}
		stack = append(stack, m)
		if layer, err = m.Above(layer, b); err != nil {
			t.Fatal(err)
		}
	}
	tuner, err := Autoencoder{Stack: stack, Rate: .002, Batch: 50, Seed: 3}.Start(set.Train.Images, b)
	if err != nil {
		t.Fatal(err)
	}
	test := scaled(set.Test.Images)
	errorOf := func() float64 {
		back, err := tuner.Reconstruct(test)
		if err != nil {
			t.Fatal(err)
		}
		return SquaredError(back, test)
	}
	before := errorOf()
	if err := tuner.Program.Step(ctx, 6000); err != nil {
		t.Fatal(err)
	}
	after := errorOf()
	pca, err := NewPCA(scaled(set.Train.Images), set.Pixels(), 8)
	if err != nil {
		t.Fatal(err)
	}
	linear := SquaredError(pca.Reconstruct(test), test)
	t.Logf("squared error: stack %.4f, tuned %.4f, PCA %.4f", before, after, linear)
	if !(after < .9*linear) || !(after < .7*before) {
		t.Errorf("squared error: stack %.4f, tuned %.4f, PCA %.4f", before, after, linear)
	}
	dream, err := stack.Dream(ctx, Sampling{Chains: 50, Seed: 2}, 200, b)
	if err != nil {
		t.Fatal(err)
	}
	got, want := mean32(dream), mean32(test)
	if got < .7*want || got > 1.4*want {
		t.Errorf("dreams have a brightness of %.3f, data %.3f", got, want)
	}
}

func mean32(x []float32) float64 {
	s := 0.0
	for _, v := range x {
		s += float64(v)
	}
	return s / float64(len(x))
}

func TestStacksThatDoNotFit(t *testing.T) {
	a := random(t, Layer{Units: Bernoulli, Count: 6}, Layer{Units: Bernoulli, Count: 4}, .1, 1)
	if err := (Stack{a, a}).Check(); err == nil || err.Error() != "rbm: layer 0 has 4 hidden units, the machine on top of it 6 visible ones" {
		t.Errorf("got %v", err)
	}
	if err := (Stack{}).Check(); err == nil {
		t.Error("an empty stack passed")
	}
}

// The gradient of the autoencoder's cross entropy that gorgonia derives agrees with central differences in float64, for
// every weight and bias of a small network of three layers up and three down.
func TestAutoencoderGradientAgainstDifferences(t *testing.T) {
	a := random(t, Layer{Units: Bernoulli, Count: 6}, Layer{Units: Bernoulli, Count: 5}, .7, 1)
	c := random(t, Layer{Units: Bernoulli, Count: 5}, Layer{Units: Bernoulli, Count: 4}, .7, 2)
	d := random(t, Layer{Units: Bernoulli, Count: 4}, Layer{Units: Bernoulli, Count: 2}, .7, 3)
	tuner := &Tuner{Autoencoder: Autoencoder{Stack: Stack{a, c, d}, Batch: 3}, width: 6}
	g := newGraph(tensor.Float64)
	loss, parameters := tuner.loss(g)
	grads := g.Grad(loss, parameters...)
	next := map[string]node{"loss": loss}
	for i, d := range grads {
		next["d "+parameters[i].Name()] = d
	}
	stage, err := g.Stage("gradient", 1, next)
	if err != nil {
		t.Fatal(err)
	}
	p, err := engine.Compile(engine.Plan{Stages: []engine.Stage{stage}}, open(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	x := make([]float64, 3*6)
	for e := range x {
		x[e] = rng.At(4, 0, 0, 0).Float64(uint64(e))
	}
	slots := map[string][]float64{}
	for l, m := range tuner.Stack {
		for name, y := range map[string][]float32{"W": m.W, "c": m.C, "V": m.transposed().W, "d": m.B} {
			slots[fmt.Sprint(name, l)] = wide(y)
		}
	}
	at := func() float64 {
		for name, y := range slots {
			if err := p.Write(name, y); err != nil {
				t.Fatal(err)
			}
		}
		y := []float64{0}
		if err := errors.Join(p.Write("x", x), p.Step(ctx, 1), p.Read("loss", y)); err != nil {
			t.Fatal(err)
		}
		return y[0]
	}
	checked := 0
	for name, y := range slots {
		at()
		d := make([]float64, len(y))
		if err := p.Read("d "+name, d); err != nil {
			t.Fatal(err)
		}
		for i := range y {
			const h = 1e-5
			keep := y[i]
			y[i] = keep + h
			up := at()
			y[i] = keep - h
			down := at()
			y[i] = keep
			checked++
			if want := (up - down) / (2 * h); math.Abs(d[i]-want) > 1e-8*(1+math.Abs(want)) {
				t.Errorf("∂/∂%s[%d] is %.10f, by differences %.10f", name, i, d[i], want)
			}
		}
	}
	if want := 2*(6*5+5*4+4*2) + 6 + 2*5 + 2*4 + 2; checked != want {
		t.Errorf("%d derivatives were compared, there are %d", checked, want)
	}
}
