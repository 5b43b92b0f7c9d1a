package main

import (
	"context"

	"cavity/engine/store"
	"cavity/models/spin"
)

// exact solves small instances by enumeration, the square Ising lattice by Kaufman's formula and the random energy model.
type exact struct {
	common
	spinModel
	Rem    int    `placeholder:"N" help:"Solve a sample of the random energy model of N spins instead of --model."`
	Temps  string `default:"0.8:2.0:16" placeholder:"LO:HI:N" help:"Temperatures: lo:hi:n or a list such as 0.8,1.0,1.3."`
	Ladder string `default:"geometric" enum:"geometric,linear" help:"Spacing of lo:hi:n: geometric or linear."`

	model spin.Model
	temps []float64
}

func (v *exact) Run(f *frame) error { return f.compute(v) }

func (v *exact) validate() (err error) {
	if v.temps, err = spin.ParseTemperatures(v.Temps, v.Ladder == "linear"); err != nil {
		return misusef("--temps: %w", err)
	}
	if v.Rem != 0 {
		if err := (spin.RandomEnergy{N: v.Rem}).Check(); err != nil {
			return misuse{err}
		}
		return nil
	}
	if v.model, err = v.spinModel.open(); err != nil {
		return err
	}
	if !v.kaufman() && v.model.Spins() > spin.MaxEnumerate {
		return misusef("%s has %d spins: enumeration goes up to %d", v.model.Name(), v.model.Spins(), spin.MaxEnumerate)
	}
	return nil
}

func (v *exact) kaufman() bool {
	m, ok := v.model.(spin.Ising)
	return ok && m.D == 2
}

func (v *exact) compute(_ context.Context, s *session) (*result, error) {
	if v.Rem != 0 {
		m := spin.RandomEnergy{N: v.Rem}
		rows, g, err := m.Solve(s.Seed, 0, v.temps)
		if err != nil {
			return nil, err
		}
		return v.tell(m.Name(), rows, store.Summary{{Key: "energy", Value: g.Energy}, {Key: "per_spin", Value: g.Energy / float64(v.Rem)}}), nil
	}
	var rows []spin.Exact
	n := float64(v.model.Spins())
	ground := store.Summary{{Key: "energy", Value: -2 * n}, {Key: "per_spin", Value: -2.0}}
	if v.kaufman() {
		for _, t := range v.temps {
			x, err := spin.Kaufman(v.Size, t)
			if err != nil {
				return nil, err
			}
			rows = append(rows, x)
		}
	} else {
		c, err := v.model.Couplings(s.Seed, 0)
		if err != nil {
			return nil, err
		}
		var g spin.Ground
		if rows, g, err = spin.Enumerate(c, v.temps); err != nil {
			return nil, err
		}
		ground = store.Summary{{Key: "energy", Value: g.Energy}, {Key: "per_spin", Value: g.Energy / n}, {Key: "states", Value: g.States}}
		if f, ok := v.model.(*spin.File); ok && f.MaxCut {
			ground.Set("max_cut", f.Cut(g.Energy))
		}
	}
	return v.tell(v.model.Name(), rows, ground), nil
}

// tell lists the exact averages.
func (v *exact) tell(model string, rows []spin.Exact, ground store.Summary) *result {
	out := &result{}
	out.Summary.Set("model", model)
	out.Summary.Set("temperatures", v.temps)
	for _, c := range []struct {
		key string
		of  func(x spin.Exact) float64
	}{{"log_z", func(x spin.Exact) float64 { return x.LogZ }}, {"energy", func(x spin.Exact) float64 { return x.Energy }},
		{"specific_heat", func(x spin.Exact) float64 { return x.SpecificHeat }}, {"free_energy", func(x spin.Exact) float64 { return x.FreeEnergy }}} {
		var column []float64
		for _, x := range rows {
			column = append(column, c.of(x))
		}
		out.Summary.Set(c.key, column)
		out.Series = append(out.Series, store.Of(c.key, column))
	}
	out.Series = append(out.Series, store.Of("temperatures", v.temps))
	out.Summary.Set("ground_state", ground)
	return out
}
