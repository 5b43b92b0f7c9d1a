package kernels

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/kernels/internal/rows"
)

// causalField draws a Gaussian field given its own past.
type causalField struct {
	op
	n, m int
}

// CausalField draws the value at the present step of m independent copies of the Gaussian field whose Cholesky row [CausalRow] has found,
// given what was drawn before, and leaves it in the last row of the bank; the rows before it are the normal numbers of the pivots.
//
//	bank    float32 [n+1, m]      advanced in place; any value to begin with
//	factor  float64 [n+2, n+3]    of CausalRow
//	normal  float32 [m]           independent normal numbers, new in every step
func CausalField(bank, factor, normal *gorgonia.Node) (*gorgonia.Node, error) {
	if err := operand("causal field", "bank", bank, tensor.Float32, anySize, anySize); err != nil {
		return nil, err
	}
	n, m := bank.Shape()[0]-1, bank.Shape()[1]
	if err := first(
		operand("causal field", "factor", factor, tensor.Float64, n+2, n+3),
		operand("causal field", "normal", normal, tensor.Float32, m),
		needTrajectories("causal field", m),
	); err != nil {
		return nil, err
	}
	k := &causalField{newOp("CausalField{}", tensor.Float32, bank.Shape(), bank, factor, normal), n, m}
	return gorgonia.ApplyOp(k, bank, factor, normal)
}

// InPlace is the bank.
func (k *causalField) InPlace() int { return 0 }

// Host is the definition.
func (k *causalField) Host(_ engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	bank, normal := engine.Slice[float32](out), engine.Slice[float32](in[2])
	l := causalFactor{engine.Slice[float64](in[1]), k.n}.row(k.n)
	pivots := int(l[k.n])
	for m := range k.m {
		sum := l[k.n+1] * float64(normal[m])
		for p := range pivots {
			sum += l[p] * float64(bank[p*k.m+m])
		}
		bank[k.n*k.m+m] = float32(sum)
		if l[k.n+2] == 1 {
			bank[pivots*k.m+m] = normal[m]
		}
	}
	return nil
}

// Bind takes the population piece by piece.
func (k *causalField) Bind(w engine.Workers, out engine.Buffer, in []engine.Buffer) (func(*engine.Clock) error, error) {
	bank, normal := engine.Slice[float32](out), engine.Slice[float32](in[2])
	l := causalFactor{engine.Slice[float64](in[1]), k.n}.row(k.n)
	at, weights := make([]int, k.n), make([]float32, k.n)
	for p := range at {
		at[p] = p * k.m
	}
	var pivots int
	task := func(t, _ int) {
		lo, hi := t*piece, min((t+1)*piece, k.m)
		field := bank[k.n*k.m+lo : k.n*k.m+hi]
		clear(field)
		rows.Add(field, normal[lo:hi], float32(l[k.n+1]))
		rows.Combine(field, bank[lo:], at[:pivots], weights[:pivots])
		if l[k.n+2] == 1 {
			copy(bank[pivots*k.m+lo:pivots*k.m+hi], normal[lo:hi])
		}
	}
	return func(*engine.Clock) error {
		pivots = int(l[k.n])
		for p := range pivots {
			weights[p] = float32(l[p])
		}
		w.Do(pieces(k.m), task)
		return nil
	}, nil
}
