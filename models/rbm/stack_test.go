package rbm

import (
	"testing"

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
