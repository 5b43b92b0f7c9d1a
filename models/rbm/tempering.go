package rbm

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/kernels"
)

// A tempered walker at inverse temperature β has the law exp((1-β) b_A·v - β E(v, h)) over the reference measure: independent
// units of the data's means at β = 0, the machine at β = 1. With e = -(b-b_A)·v - c·h - v·W h it is exp(b_A·v - β e).

// ladder is the slot of the walkers' temperatures, number 0 being β = 1.
func (g *graph) ladder(chains, temperatures int) node {
	return g.Typed("ladder", tensor.Int32, kernels.LadderRows, chains, 1, temperatures)
}

// walkerTable gives every walker of a ladder its number of a table, [chains·temperatures, 1].
func (g *graph) walkerTable(ladder, table node, walkers int) node {
	at := g.Do(func() (node, error) { return gorgonia.Slice(ladder, gorgonia.S(kernels.LadderAt)) })
	at = g.Reshape(at, walkers, 1)
	return g.Do(func() (node, error) { return kernels.Lookup(table, at) })
}

// tempered is one step of walkers v: hidden units, an exchange of temperatures, visible units.
func (g *graph) tempered(m weights, v node, chains, temperatures int) map[string]node {
	walkers := chains * temperatures
	ladder, betas := g.ladder(chains, temperatures), g.Slot("betas", temperatures)
	base := g.Slot("base", m.Visible.Count)
	x := g.up(m, v)
	h := g.sample(m.Hidden, g.HadCol(x, g.walkerTable(ladder, betas, walkers)), hiddenStream)
	offset := g.Sub(m.b, base)
	e := g.Apply(gorgonia.Neg, g.Add(g.Sum(g.HadRow(v, offset), 1), g.Sum(g.Had(h, x), 1)))
	e = g.Apply(kernels.Widen, g.Reshape(e, chains, temperatures))
	exact := g.Typed("betas64", tensor.Float64, temperatures)
	next := g.Do(func() (node, error) { return kernels.Exchange(swapStream, ladder, e, exact) })
	field := g.AddRow(g.Mul(h, g.T(m.w)), offset)
	field = g.AddRow(g.HadCol(field, g.walkerTable(next, betas, walkers)), base)
	return map[string]node{"ladder": next, "v": g.sample(m.Visible, field, visibleStream)}
}

func (p *phases) temper(g *graph) map[string]node {
	return g.tempered(g.machine(*p.model, ""), p.v(g), p.Chains, p.Temperatures)
}

// coldest is 1/chains for the walkers at β = 1 and 0 for the others, [walkers, 1].
func (p *phases) coldest(g *graph) node {
	return g.walkerTable(g.ladder(p.Chains, p.Temperatures), g.Slot("cold", p.Temperatures), p.walkers())
}

// Betas are n inverse temperatures from 1 to 0, evenly spaced.
func Betas(n int) []float64 {
	b := make([]float64, n)
	for k := range b {
		b[k] = 1 - float64(k)/float64(max(1, n-1))
	}
	return b
}

// The second machine of deep tempering has the first one's hidden units as its visible ones.
func (p *phases) upperMachine() Machine {
	return Machine{Visible: Layer{Units: Bernoulli, Count: p.Hidden}, Hidden: Layer{Units: Bernoulli, Count: p.Upper}}
}

func (p *phases) u(g *graph) node { return g.Slot("u", p.Chains, p.Hidden) }

func (p *phases) upper(g *graph) map[string]node {
	return map[string]node{"u": g.again(g.machine(p.upperMachine(), "upper "), p.u(g))}
}

// again is a step of block Gibbs sampling.
func (g *graph) again(m weights, v node) node {
	h := g.sample(m.Hidden, g.up(m, v), hiddenStream)
	return g.sample(m.Visible, g.down(m, h), visibleStream)
}

func (p *phases) swap(g *graph) map[string]node {
	return g.swapped(g.machine(*p.model, ""), g.machine(p.upperMachine(), "upper "), p.v(g), p.u(g), p.Chains)
}

// swapped lets every chain v of a machine offer its hidden state h to a chain u of the upper machine. With p₁(h) and p₂(h) the
// marginals of the two machines the pair is swapped with probability min(1, p₁(u) p₂(h) / p₁(h) p₂(u)), which keeps both. Swaps are
// counted for every chain.
func (g *graph) swapped(m, upper weights, v, u node, chains int) map[string]node {
	h := g.sample(m.Hidden, g.up(m, v), hiddenStream)
	gain := func(h node) node { // ln p₂(h) - ln p₁(h)
		below := g.Add(g.Sum(g.HadRow(h, m.c), 1), g.logPartition(m.Visible, g.down(m, h)))
		return g.Sub(g.Apply(gorgonia.Neg, g.freeEnergy(upper, h)), below)
	}
	ratio := g.Apply(gorgonia.Exp, g.Sub(gain(h), gain(u)))
	chance := g.Do(func() (node, error) { return kernels.UniformLike(ratio, swapStream) })
	accept := g.Do(func() (node, error) { return gorgonia.Gt(ratio, chance, true) })
	moved := g.HadCol(g.Sub(u, h), g.Reshape(accept, chains, 1))
	up := g.Add(h, moved)
	return map[string]node{"v": g.sample(m.Visible, g.down(m, up), visibleStream), "u": g.Sub(u, moved),
		"swaps": g.Add(g.Slot("swaps", chains), accept)}
}

func (p *phases) updateUpper(g *graph) map[string]node {
	m := g.machine(p.upperMachine(), "upper ")
	h0, u := g.Slot("h0", p.Batch, p.Hidden), p.u(g)
	ph0 := g.Scale(g.means(m.Hidden, g.up(m, h0)), 1/float64(p.Batch))
	ph := g.Scale(g.means(m.Hidden, g.up(m, u)), 1/float64(p.Chains))
	grad := gradient{g.Sub(g.Mul(g.T(h0), ph0), g.Mul(g.T(u), ph)), g.Sub(g.Mean(h0, 0), g.Mean(u, 0)), g.Sub(g.Sum(ph0, 0), g.Sum(ph, 0))}
	next := map[string]node{}
	p.step(g, "upper ", m, grad, next)
	return next
}
