package rbm

import "gorgonia.org/gorgonia"

// objective is an update by the gradient of a closed objective, which gorgonia derives. For every example one visible unit i,
// drawn before, is turned; with D = F(v) - F(v turned at i), p(v_i | the others) = σ(-D).
//
//	PL  maximise   -units · mean softplus(D)
//	RM  minimise    units · mean σ(D)²
func (p *phases) objective(g *graph) map[string]node {
	m := g.machine(*p.model, "")
	v := p.v0(g)
	value := g.turning(m, v, g.Slot("turned", p.Batch, m.Visible.Count), p.Method)
	grad := g.ascent(value, m)
	next := map[string]node{"objective": value}
	p.step(g, "", m, grad, next)
	return next
}

// turning is the objective to be maximised when the units that turned marks, one in every row, are turned.
func (g *graph) turning(m weights, v, turned node, method Method) node {
	other := g.Add(v, g.Had(turned, g.Sub(g.Num(1), g.Add(v, v))))
	d := g.Sub(g.freeEnergy(m, v), g.freeEnergy(m, other))
	if method == RM {
		d = g.Apply(gorgonia.Square, g.Apply(gorgonia.Sigmoid, d))
	} else {
		d = g.Apply(gorgonia.Softplus, d)
	}
	return g.Scale(g.Mean(d), -float64(m.Visible.Count))
}

// ascent is the gradient of a value with respect to a machine's parameters.
func (g *graph) ascent(value node, m weights) gradient {
	d := g.Grad(value, m.w, m.b, m.c)
	if d == nil {
		return gradient{}
	}
	return gradient{d[0], d[1], d[2]}
}
