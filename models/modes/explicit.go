package modes

import (
	"fmt"
	"math"
)

// explicit forms W of layer l, n_l × n_{l+1}, from a network's arrays: for tests and analysis only.
func (n Network) explicit(params map[string][]float64, l int) []float64 {
	if n.Space == Weight {
		return params[fmt.Sprintf("W%d", l+1)]
	}
	in, out := n.Layers[l], n.Layers[l+1]
	if n.Space == Ensemble { // the mean weights
		m, pi := params[fmt.Sprintf("m%d", l+1)], params[fmt.Sprintf("pi%d", l+1)]
		w := make([]float64, in*out)
		for i := range w {
			w[i] = m[i] * (1 - pi[i]) / math.Sqrt(float64(in))
		}
		return w
	}
	if n.Space == Binary {
		w := make([]float64, in*out)
		for i, theta := range params[fmt.Sprintf("theta%d", l+1)] {
			w[i] = math.Tanh(theta) / math.Sqrt(float64(in))
		}
		return w
	}
	xi, sigma, next := params[fmt.Sprintf("in%d", l+1)], params[fmt.Sprintf("sigma%d", l+1)], params[fmt.Sprintf("out%d", l+1)]
	tied := next == nil
	if tied {
		next = params[fmt.Sprintf("in%d", l+2)]
	}
	w := make([]float64, in*out)
	for i := range in {
		for p := range n.P {
			x := xi[i*n.P+p]
			if sigma != nil {
				x *= sigma[p]
			}
			for j := range out {
				o := p*out + j
				if tied {
					o = j*n.P + p
				}
				w[i*out+j] += x * next[o]
			}
		}
	}
	return w
}
