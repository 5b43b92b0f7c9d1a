package modes

import (
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/enginetest"
)

// Networks look at pictures with several backends as with one, bit for bit, in every space; training does not divide.
func TestDivided(t *testing.T) {
	set := random(20)
	for _, space := range Spaces {
		n := Network{Space: space, Layers: []int{784, 9, 8, 10}, P: 3, Activation: "tanh"}
		w := Weights{}
		for i, p := range n.Parameters() {
			w[p.Name] = p.Initial(9, i)
		}
		look := func(b engine.Backend) []float64 {
			c, err := n.open(b, w, tensor.Float32, 7)
			if err != nil {
				t.Fatalf("%s: %v", space, err)
			}
			var all []float64
			for l := range 3 {
				a, err := c.Activities(set.Train, l)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, a...)
			}
			z, err := c.read("test_logits")
			if err != nil {
				t.Fatal(err)
			}
			return append(all, z...)
		}
		want := look(enginetest.PlainParts(1))
		if tail := want[len(want)-10:]; slices.Min(tail) == slices.Max(tail) {
			t.Errorf("%s: all logits are alike: the test sees nothing", space)
		}
		for _, parts := range []int{2, 3} {
			if !slices.Equal(look(enginetest.PlainParts(parts)), want) {
				t.Errorf("%s in %d parts gives other bits", space, parts)
			}
		}
	}
	_, err := Training{Network: Network{Space: Weight, Layers: []int{784, 10}}, Data: set, Batch: 4, Rate: .1}.Start(enginetest.PlainParts(2))
	if err == nil || !strings.Contains(err.Error(), "this computation does not divide into independent systems: name one device") {
		t.Errorf("training: %v", err)
	}
}
