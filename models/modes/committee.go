package modes

import (
	"fmt"
	"math"

	"cavity/engine"
	"cavity/models/dataset"
)

// A Committee is networks drawn from a law of networks, tested one by one and together.
type Committee struct {
	Accuracy []float64 // of every network
	Vote     []float64 // of the class probabilities averaged over the first 1, 2, … networks
	First    Weights   // network 0, in weight space
	Network  Network   // its form
}

// Committee draws members 0 … count-1 by [Network.Sample].
func (n Network) Committee(b engine.Backend, w Weights, p dataset.Part, seed uint64, count int) (*Committee, error) {
	if count < 1 || p.Count < 1 {
		return nil, fmt.Errorf("modes: a committee of %d networks on %d pictures: at least 1 each", count, p.Count)
	}
	out, classes := &Committee{}, n.Layers[len(n.Layers)-1]
	sum := make([]float64, p.Count*classes)
	var c *Classifier
	for k := range count {
		form, drawn, err := n.Sample(w, seed, k)
		if err != nil {
			return nil, err
		}
		if c == nil {
			if c, err = form.Open(b, drawn); err != nil {
				return nil, err
			}
			out.Network, out.First = form, drawn
		}
		for name, x := range drawn {
			if err := c.SetParameter(name, x); err != nil {
				return nil, err
			}
		}
		right := 0
		err = c.eachChunk(p, func(first, m int) error {
			z, err := c.read("test_logits")
			if err != nil {
				return err
			}
			for i := range m {
				row := z[i*classes : (i+1)*classes]
				if largest(row) == int(p.Labels[first+i]) {
					right++
				}
				addSoftmax(sum[(first+i)*classes:(first+i+1)*classes], row)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		together := 0
		for i, l := range p.Labels {
			if largest(sum[i*classes:(i+1)*classes]) == int(l) {
				together++
			}
		}
		out.Accuracy = append(out.Accuracy, float64(right)/float64(p.Count))
		out.Vote = append(out.Vote, float64(together)/float64(p.Count))
	}
	return out, nil
}

// addSoftmax adds the class probabilities of the logits z.
func addSoftmax(sum, z []float64) {
	top, norm := z[largest(z)], 0.0
	for _, v := range z {
		norm += math.Exp(v - top)
	}
	for c, v := range z {
		sum[c] += math.Exp(v-top) / norm
	}
}
