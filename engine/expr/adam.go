package expr

import "gorgonia.org/gorgonia"

// AdamPowers are the slots of β₁ᵗ and β₂ᵗ, scalars that must be 1 before the first update.
var AdamPowers = []string{"beta1^t", "beta2^t"}

// Adam is an update of parameters by their gradients (Kingma, Ba 2015). With t updates made,
//
//	m ← β₁ m + (1-β₁) g,  v ← β₂ v + (1-β₂) g²,  direction = m/(1-β₁ᵗ) / (√(v/(1-β₂ᵗ)) + ε)
//
// for β₁ = .9, β₂ = .999, ε = 1e-8. The moments of a parameter p are the slots m.p and v.p, zero before the first update.
type Adam struct {
	g      *Graph
	next   map[string]Node
	c1, c2 Node
}

const (
	beta1, beta2, epsilon = .9, .999, 1e-8

	// speck is added to every gradient. It keeps the moments of parameters whose gradient has become zero, as behind a dead unit,
	// from fading through subnormal numbers, on which processors take a hundred times as long: a long training took twice as
	// long without. Directions change by 1e-9.
	speck = 1e-17
)

// Adam begins an update, whose slots go into next.
func (g *Graph) Adam(next map[string]Node) *Adam {
	p1, p2 := g.Scale(g.Slot(AdamPowers[0]), beta1), g.Scale(g.Slot(AdamPowers[1]), beta2)
	next[AdamPowers[0]], next[AdamPowers[1]] = p1, p2
	return &Adam{g: g, next: next, c1: g.Sub(g.Num(1), p1), c2: g.Sub(g.Num(1), p2)}
}

// Direction is what a parameter is to be moved against, times the learning rate.
func (a *Adam) Direction(parameter, gradient Node) Node {
	g := a.g
	if g.err != nil {
		return nil
	}
	name, shape := parameter.Name(), parameter.Shape()
	d := g.Add(gradient, g.Num(speck))
	m := g.Add(g.Scale(g.Slot("m."+name, shape...), beta1), g.Scale(d, 1-beta1))
	v := g.Add(g.Scale(g.Slot("v."+name, shape...), beta2), g.Scale(g.Apply(gorgonia.Square, d), 1-beta2))
	a.next["m."+name], a.next["v."+name] = m, v
	return g.Div(g.Div(m, a.c1), g.Add(g.Apply(gorgonia.Sqrt, g.Div(v, a.c2)), g.Num(epsilon)))
}
