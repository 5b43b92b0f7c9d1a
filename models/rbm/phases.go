package rbm

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/kernels"
)

// phases builds the stages of an update: the batch, the two phases of the gradient, the change of the parameters.
//
//	draw      v0 = the next batch; for PL and RM also one unit of every example
//	positive  ph0 = E[h | v0] / batch; for CD also the first Gibbs step
//	gibbs     v = one step of the chains, repeated
//	update    ph = E[h | v] / chains; the gradient; velocities and parameters
type phases struct {
	*Training
	model *Machine
}

type phase struct {
	name   string
	repeat int
	build  func(g *graph) map[string]node
}

func (p *phases) stages() []phase {
	switch p.Method {
	case CD:
		return []phase{{"positive", 1, p.positive}, {"gibbs", p.K - 1, p.gibbs}, {"update", 1, p.update}}
	case PCD:
		return []phase{{"positive", 1, p.positive}, {"gibbs", p.K, p.gibbs}, {"update", 1, p.update}}
	case PT:
		return []phase{{"positive", 1, p.positive}, {"temper", p.K, p.temper}, {"update", 1, p.update}}
	case Deep:
		return []phase{{"positive", 1, p.positive}, {"gibbs", p.K, p.gibbs}, {"upper", p.K, p.upper}, {"swap", 1, p.swap}, {"update", 1, p.update}, {"update upper", 1, p.updateUpper}}
	}
	return []phase{{"update", 1, p.objective}}
}

// draw is the next batch as visible units.
func (p *phases) draw(g *graph) map[string]node {
	rows, pixels := p.Set.Train.Count, p.model.Visible.Count-p.model.Visible.Labels
	data := g.Typed("data", tensor.Uint8, rows, pixels)
	v := g.Do(func() (node, error) { return kernels.Minibatch(data, g.Dtype, p.Batch, drawStream, p.pixels()) })
	switch p.Visible {
	case Ising:
		v = g.Sub(g.Add(v, v), g.Num(1))
	case Gaussian:
		minus := g.Apply(gorgonia.Neg, g.Slot("shift", pixels))
		v = g.HadRow(g.AddRow(v, minus), g.Slot("inverse scale", pixels))
	}
	if p.Labels {
		labels := g.Typed("labels", tensor.Uint8, rows)
		y := g.Do(func() (node, error) {
			return kernels.MinibatchLabels(labels, g.Dtype, p.Batch, p.Set.Classes, drawStream)
		})
		v = g.Do(func() (node, error) { return gorgonia.Concat(1, v, y) })
	}
	next := map[string]node{"v0": v}
	if p.Method == PL || p.Method == RM {
		next["turned"] = g.Do(func() (node, error) { return kernels.OneHot(v, flipStream) })
	}
	return next
}

func (p *phases) v0(g *graph) node { return g.Slot("v0", p.Batch, p.model.Visible.Count) }
func (p *phases) v(g *graph) node  { return g.Slot("v", p.walkers(), p.model.Visible.Count) }

func (p *phases) positive(g *graph) map[string]node {
	m := g.machine(*p.model, "")
	x := g.up(m, p.v0(g))
	next := map[string]node{"ph0": g.Scale(g.means(m.Hidden, x), 1/float64(p.Batch))}
	if p.Method == CD {
		next["v"] = g.sample(m.Visible, g.down(m, g.sample(m.Hidden, x, hiddenStream)), visibleStream)
	}
	if p.Method == Deep {
		next["h0"] = g.sample(m.Hidden, x, hiddenStream)
	}
	return next
}

func (p *phases) gibbs(g *graph) map[string]node {
	return map[string]node{"v": g.again(g.machine(*p.model, ""), p.v(g))}
}

// gradient of an objective that is maximised.
type gradient struct{ w, b, c node }

// update changes the parameters by the difference of the two phases.
func (p *phases) update(g *graph) map[string]node {
	m := g.machine(*p.model, "")
	v0, v, ph0 := p.v0(g), p.v(g), g.Slot("ph0", p.Batch, p.Hidden)
	ph := g.means(m.Hidden, g.up(m, v))
	var vmean node
	if p.Method == PT { // only walkers at β = 1 count
		cold := p.coldest(g)
		ph = g.HadCol(ph, cold)
		vmean = g.Reshape(g.Mul(g.T(cold), v), m.Visible.Count)
	} else {
		ph = g.Scale(ph, 1/float64(p.walkers()))
		vmean = g.Mean(v, 0)
	}
	h0, v0mean := g.Sum(ph0, 0), g.Mean(v0, 0)
	grad := gradient{g.Sub(g.Mul(g.T(v0), ph0), g.Mul(g.T(v), ph)), g.Sub(v0mean, vmean), g.Sub(h0, g.Sum(ph, 0))}
	next := map[string]node{}
	if p.Centred {
		grad = g.centre(grad, m, v0mean, h0, next)
	}
	if p.Sparsity > 0 {
		grad = p.sparsity(g, grad, v0mean, h0, next)
	}
	p.step(g, "", m, grad, next)
	return next
}

// centreRate is the share of the batch in the running means that are the offsets of the centred gradient.
const centreRate = .01

// centre turns the gradient into that of the parametrisation by (v-μ)·W (h-λ), with μ and λ the running means over the data:
// ∂W = ∇W - μ ∇cᵀ - ∇b λᵀ, ∂b = ∇b - ∂W λ, ∂c = ∇c - ∂Wᵀ μ.
func (g *graph) centre(grad gradient, m weights, v0, h0 node, next map[string]node) gradient {
	if g.Err() != nil {
		return grad
	}
	nv, nh := m.Visible.Count, m.Hidden.Count
	slide := func(name string, n int, mean node) node {
		old := g.Slot(name, n)
		next[name] = g.Add(old, g.Scale(g.Sub(mean, old), centreRate))
		return old
	}
	mu, lambda := slide("centre v", nv, v0), slide("centre h", nh, h0)
	w := g.Sub(grad.w, g.Add(g.Outer(mu, grad.c), g.Outer(grad.b, lambda)))
	col := func(x node, n int) node { return g.Reshape(x, n, 1) }
	b := g.Sub(grad.b, g.Reshape(g.Mul(w, col(lambda, nh)), nv))
	c := g.Sub(grad.c, g.Reshape(g.Mul(g.T(w), col(mu, nv)), nh))
	return gradient{w, b, c}
}

// sparsityRate is the share of the batch in the running mean of hidden units that the sparsity target sees.
const sparsityRate = .05

// sparsity pulls the running mean q of every hidden unit towards the target by changing its bias and, through the active
// visible units, its weights (Lee, Ekanadham, Ng 2007; Hinton 2012, section 11).
func (p *phases) sparsity(g *graph, grad gradient, v0, h0 node, next map[string]node) gradient {
	old := g.Slot("activity", p.Hidden)
	q := g.Add(old, g.Scale(g.Sub(h0, old), sparsityRate))
	next["activity"] = q
	pull := g.Scale(g.Sub(g.Num(p.Sparsity), q), p.SparsityCost)
	return gradient{g.Add(grad.w, g.Outer(v0, pull)), grad.b, g.Add(grad.c, pull)}
}

// limit is the size of a bias beyond which a training has diverged.
const limit = 1e6

// step moves the parameters under a prefix along the gradient: u = μu + εg, and p + u, or p + μu + εg for Nesterov.
func (p *phases) step(g *graph, prefix string, m weights, grad gradient, next map[string]node) {
	rate, momentum := g.Slot("rate"), g.Slot("momentum")
	move := func(name string, at, grad node) node {
		if g.Err() != nil {
			return nil
		}
		push := g.Had(grad, rate)
		if p.Momentum == 0 {
			return g.Add(at, push)
		}
		u := g.Add(g.Had(g.Slot("velocity "+prefix+name, at.Shape()...), momentum), push)
		next["velocity "+prefix+name] = u
		if p.Nesterov {
			u = g.Add(g.Had(u, momentum), push)
		}
		return g.Add(at, u)
	}
	w := grad.w
	if p.L2 > 0 {
		w = g.Sub(w, g.Scale(m.w, p.L2))
	}
	if p.L1 > 0 {
		w = g.Sub(w, g.Scale(g.Apply(gorgonia.Sign, m.w), p.L1))
	}
	if p.BinaryWeights > 0 && prefix == "" {
		latent := g.clip(move("W", g.Slot("latent", p.model.Visible.Count, p.model.Hidden.Count), w), 1)
		next["latent"], next["W"] = latent, g.Scale(g.Apply(gorgonia.Sign, latent), p.BinaryWeights)
	} else {
		next[prefix+"W"] = move("W", m.w, w)
		if p.Clip > 0 {
			next[prefix+"W"] = g.clip(next[prefix+"W"], p.Clip)
		}
	}
	next[prefix+"b"], next[prefix+"c"] = move("b", m.b, grad.b), move("c", m.c, grad.c)
	if prefix == "" {
		seen := g.Typed("diverged", tensor.Int64, 1)
		for _, x := range []node{next["b"], next["c"]} {
			seen = g.Do(func() (node, error) { return kernels.Watch(seen, x, limit) })
		}
		next["diverged"] = seen
	}
}

// clip is x moved into -most … most, to the last bit or two.
func (g *graph) clip(x node, most float64) node {
	above := g.Apply(gorgonia.Rectify, g.Sub(x, g.Num(most)))
	below := g.Apply(gorgonia.Rectify, g.Sub(g.Num(-most), x))
	return g.Add(g.Sub(x, above), below)
}
