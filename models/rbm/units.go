package rbm

import (
	"fmt"
	"math"
)

// Units is a kind of unit: its reference measure and, from it, A(x) = ln ∫ e^{xs} dρ(s), whose derivative is the mean of a unit
// in the field x.
type Units string

const (
	// Bernoulli units are 0 or 1: A = ln(1 + e^x), mean σ(x).
	Bernoulli Units = "bernoulli"
	// Ising units are ±1: A = ln 2cosh x, mean tanh x.
	Ising Units = "ising"
	// Gaussian units are real with the normal law as reference: A = x²/2, mean x, variance 1.
	Gaussian Units = "gaussian"
	// Potts units come in groups of q, of which one is 1 and the others 0: A = ln Σ e^{x_k}, mean softmax(x).
	Potts Units = "potts"
	// ReLU units are real, at least 0, with the normal density as reference: A = x²/2 + ln Φ(x), mean x + φ(x)/Φ(x).
	// They are the rectified units whose law is exact, not the noisy ones of Nair and Hinton 2010.
	ReLU Units = "relu"
)

// A Layer is a number of units of one kind. Its last Labels units, if any, are one Potts unit instead: the class.
type Layer struct {
	Units  Units
	Count  int // numbers in the layer's vector: Potts units count each of their states
	States int // of a Potts unit
	Labels int
}

// block is a part of a layer in which all units are of one kind.
type block struct {
	units    Units
	from, to int
	states   int
}

func (l Layer) blocks() []block {
	bs := []block{{l.Units, 0, l.Count - l.Labels, l.States}}
	if l.Labels > 0 {
		bs = append(bs, block{Potts, l.Count - l.Labels, l.Count, l.Labels})
	}
	return bs
}

// Check finds what is wrong with a layer; what names it.
func (l Layer) Check(what string) error {
	n := l.Count - l.Labels
	switch {
	case l.Labels < 0 || l.Labels == 1:
		return fmt.Errorf("rbm: %d classes in the %s layer: 0 or at least 2", l.Labels, what)
	case n < 1:
		return fmt.Errorf("rbm: %d %s units: at least 1", n, what)
	case l.Units == Potts && (l.States < 2 || n%l.States != 0):
		return fmt.Errorf("rbm: %d %s numbers in Potts units of %d states: at least 2 states, and a whole number of units", n, what, l.States)
	case l.Units != Potts && l.States != 0:
		return fmt.Errorf("rbm: %d states of %s units: only Potts units have them", l.States, l.Units)
	}
	switch l.Units {
	case Bernoulli, Ising, Gaussian, Potts, ReLU:
		return nil
	}
	return fmt.Errorf("rbm: %s units %q: bernoulli, ising, gaussian, potts or relu", what, l.Units)
}

// Discrete reports whether the layer has a finite number of states.
func (l Layer) Discrete() bool { return l.Units != Gaussian && l.Units != ReLU }

// LogPartition is Σ A(x) over the units of a layer in the field x.
func (l Layer) LogPartition(x []float64) float64 {
	sum := 0.0
	for _, b := range l.blocks() {
		sum += b.logPartition(x[b.from:b.to])
	}
	return sum
}

func (b block) logPartition(x []float64) (sum float64) {
	switch b.units {
	case Bernoulli:
		for _, x := range x {
			sum += softplus(x)
		}
	case Ising:
		for _, x := range x {
			sum += math.Abs(x) + math.Log1p(math.Exp(-2*math.Abs(x)))
		}
	case Gaussian:
		for _, x := range x {
			sum += x * x / 2
		}
	case ReLU:
		for _, x := range x {
			sum += logRectified(x)
		}
	case Potts:
		for k := 0; k < len(x); k += b.states {
			sum += logSumExp(x[k : k+b.states])
		}
	}
	return sum
}

// Means writes the means of the units in the field x.
func (l Layer) Means(dst, x []float64) {
	for _, b := range l.blocks() {
		d, x := dst[b.from:b.to], x[b.from:b.to]
		for i, y := range x {
			switch b.units {
			case Bernoulli:
				d[i] = 1 / (1 + math.Exp(-y))
			case Ising:
				d[i] = math.Tanh(y)
			case Gaussian:
				d[i] = y
			case ReLU:
				d[i] = y + math.Exp(-y*y/2-logPhi(y))/math.Sqrt(2*math.Pi)
			case Potts:
				k := i / b.states * b.states
				d[i] = math.Exp(y - logSumExp(x[k:k+b.states]))
			}
		}
	}
}

func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

// logPhi is ln Φ(x); far in the left tail from the asymptotic series of Mills' ratio.
func logPhi(x float64) float64 {
	if x > -20 {
		return math.Log(math.Erfc(-x/math.Sqrt2) / 2)
	}
	i := 1 / (x * x)
	return -x*x/2 - math.Log(-x) - math.Log(2*math.Pi)/2 + math.Log1p(-i*(1-3*i*(1-5*i*(1-7*i*(1-9*i)))))
}

// logRectified is x²/2 + ln Φ(x), without the cancellation of the two on the left.
func logRectified(x float64) float64 {
	if x > -20 {
		return x*x/2 + logPhi(x)
	}
	i := 1 / (x * x)
	return -math.Log(-x) - math.Log(2*math.Pi)/2 + math.Log1p(-i*(1-3*i*(1-5*i*(1-7*i*(1-9*i)))))
}

func logSumExp(x []float64) float64 {
	most := math.Inf(-1)
	for _, v := range x {
		most = max(most, v)
	}
	if math.IsInf(most, 0) {
		return most
	}
	sum := 0.0
	for _, v := range x {
		sum += math.Exp(v - most)
	}
	return most + math.Log(sum)
}
