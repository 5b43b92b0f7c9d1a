package modes

// Operations is the number of multiplications, each with its addition, in the matrix products of one update on a batch:
// forward, gradients of parameters, and gradients of activities but for the pictures. For a layer of n inputs and m outputs
// they are batch·nm each in weight space, and with P modes batch·P(n + m) forward, batch·P(n + m) for the gradients of modes,
// batch·Pm for the gradients of mode activities and batch·Pn for those of the layer's inputs.
func (n Network) Operations(batch int) int {
	sum := 0
	for l := range n.Layers[:len(n.Layers)-1] {
		in, out := n.Layers[l], n.Layers[l+1]
		if n.InModes() {
			sum += n.P * (2*in + 3*out)
			if l > 0 {
				sum += n.P * in
			}
			continue
		}
		terms := 2
		if l > 0 {
			terms = 3
		}
		if n.Noisy() {
			terms *= 2 // of means and of variances
		}
		sum += terms * in * out
	}
	return batch * sum
}

// Crossover is the number of modes P* at which mode space takes as many operations as weight space; for layers of n units
// it is about n/2.
func (n Network) Crossover() float64 {
	n.Space, n.P = Weight, 0
	w := n.Operations(1)
	n.Space, n.P = Modes, 1
	return float64(w) / float64(n.Operations(1))
}
