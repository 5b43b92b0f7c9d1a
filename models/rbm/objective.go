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
	value := g.turning(m, v, g.slot("turned", p.Batch, m.Visible.Count), p.Method)
	grad := g.ascent(value, m)
	next := map[string]node{"objective": value}
	p.step(g, "", m, grad, next)
	return next
}

// turning is the objective to be maximised when the units that turned marks, one in every row, are turned.
func (g *graph) turning(m weights, v, turned node, method Method) node {
	other := g.add(v, g.had(turned, g.sub(g.num(1), g.add(v, v))))
	d := g.sub(g.freeEnergy(m, v), g.freeEnergy(m, other))
	if method == RM {
		d = g.apply(gorgonia.Square, g.apply(gorgonia.Sigmoid, d))
	} else {
		d = g.apply(gorgonia.Softplus, d)
	}
	return g.scale(g.mean(d), -float64(m.Visible.Count))
}

// ascent is the gradient of a value with respect to a machine's parameters.
func (g *graph) ascent(value node, m weights) gradient {
	if g.err != nil {
		return gradient{}
	}
	d, err := gorgonia.Grad(value, m.w, m.b, m.c)
	if g.err = err; err != nil {
		return gradient{}
	}
	return gradient{d[0], d[1], d[2]}
}
