package vec

import (
	"math"
	"math/big"
)

// Functions in as many bits as it takes, by their series: the reference of the accuracy tests in float64.

// bits is the precision; argument reductions and differences lose some.
const bits = 320

func bf(x float64) *big.Float { return new(big.Float).SetPrec(bits).SetFloat64(x) }
func nf() *big.Float          { return new(big.Float).SetPrec(bits) }

func sumBig(x, y *big.Float) *big.Float       { return nf().Add(x, y) }
func timesBig(x, y *big.Float) *big.Float     { return nf().Mul(x, y) }
func overBig(x, y *big.Float) *big.Float      { return nf().Quo(x, y) }
func shiftBig(x *big.Float, n int) *big.Float { return nf().SetMantExp(x, n) }

// negligible says whether term no longer changes sum.
func negligible(term, sum *big.Float) bool {
	return term.Sign() == 0 || sum.Sign() != 0 && term.MantExp(nil) < sum.MantExp(nil)-bits-4
}

// oddSeries is Σ sign^i x^(2i+1)/(2i+1), the inverse (hyperbolic) tangent of x = 1/q.
func oddSeries(q float64, sign int) *big.Float {
	power, sum := overBig(bf(1), bf(q)), nf()
	for i := 1.0; ; i += 2 {
		term := overBig(power, bf(i))
		if negligible(term, sum) {
			return sum
		}
		sum.Add(sum, term)
		power.Quo(power, bf(float64(sign)*q*q))
	}
}

var (
	bigLn2 = shiftBig(oddSeries(3, 1), 1)
	bigPi  = shiftBig(sumBig(shiftBig(oddSeries(5, -1), 2), nf().Neg(oddSeries(239, -1))), 2) // Machin
)

func bigExp(x *big.Float) *big.Float {
	q, _ := overBig(x, bigLn2).Float64()
	n := math.Round(q)
	r := shiftBig(sumBig(x, timesBig(bf(-n), bigLn2)), -12)
	sum, term := bf(1), bf(1)
	for i := 1.0; ; i++ {
		term.Quo(term.Mul(term, r), bf(i))
		if negligible(term, sum) {
			break
		}
		sum.Add(sum, term)
	}
	for range 12 {
		sum.Mul(sum, sum)
	}
	return shiftBig(sum, int(n))
}

// bigLog improves a guess by Halley's iteration, which triples its digits.
func bigLog(x *big.Float, guess float64) *big.Float {
	y := bf(guess)
	for range 3 {
		e := bigExp(y)
		y.Add(y, shiftBig(overBig(sumBig(x, nf().Neg(e)), sumBig(x, e)), 1))
	}
	return y
}

func bigSin(x *big.Float) *big.Float {
	q, _ := overBig(x, bigPi).Float64()
	n := math.Round(q)
	r := sumBig(x, timesBig(bf(-n), bigPi))
	square := timesBig(r, r)
	sum, term := nf().Set(r), nf().Set(r)
	for i := 2.0; term.Sign() != 0; i += 2 {
		term.Quo(term.Mul(term, square), bf(-i*(i+1)))
		if negligible(term, sum) {
			break
		}
		sum.Add(sum, term)
	}
	if int64(n)%2 != 0 {
		sum.Neg(sum)
	}
	return sum
}

// bigErf is (2/√π) e^(-x²) Σ 2^i x^(2i+1)/(1·3·…·(2i+1)) for x of one sign: no cancellation.
func bigErf(x *big.Float) *big.Float {
	square := timesBig(x, x)
	sum, term := nf().Set(x), nf().Set(x)
	for i := 3.0; ; i += 2 {
		term.Quo(term.Mul(term, shiftBig(square, 1)), bf(i))
		if negligible(term, sum) {
			break
		}
		sum.Add(sum, term)
	}
	return overBig(shiftBig(timesBig(bigExp(nf().Neg(square)), sum), 1), nf().Sqrt(bigPi))
}

// bigErfc is the continued fraction e^(-x²)/√π · 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + …)))) for x >= 3, 1 - erf(x) below.
func bigErfc(x *big.Float) *big.Float {
	if x.Cmp(bf(3)) < 0 {
		return sumBig(bf(1), nf().Neg(bigErf(x)))
	}
	f := nf().Set(x)
	for i := 400.0; i > 0; i-- {
		f = sumBig(x, overBig(bf(i/2), f))
	}
	return overBig(bigExp(nf().Neg(timesBig(x, x))), timesBig(f, nf().Sqrt(bigPi)))
}

// exactly are the functions of which the accuracy is tested.
var exactly = map[string]func(x float64) *big.Float{
	"exp":   func(x float64) *big.Float { return bigExp(bf(x)) },
	"expm1": func(x float64) *big.Float { return sumBig(bigExp(bf(x)), bf(-1)) },
	"log":   func(x float64) *big.Float { return bigLog(bf(x), math.Log(x)) },
	"log1p": func(x float64) *big.Float { return bigLog(sumBig(bf(1), bf(x)), math.Log1p(x)) },
	"log2":  func(x float64) *big.Float { return overBig(bigLog(bf(x), math.Log(x)), bigLn2) },
	"sigmoid": func(x float64) *big.Float {
		return overBig(bf(1), sumBig(bf(1), bigExp(bf(-x))))
	},
	"softplus": func(x float64) *big.Float {
		if z := bigExp(bf(x)); x < -10 { // 2 artanh(z/(2 + z))
			s := overBig(z, sumBig(bf(2), z))
			square, sum, power := timesBig(s, s), nf().Set(s), nf().Set(s)
			for i := 3.0; !negligible(power, sum); i += 2 {
				power.Mul(power, square)
				sum.Add(sum, overBig(power, bf(i)))
			}
			return shiftBig(sum, 1)
		}
		return bigLog(sumBig(bf(1), bigExp(bf(x))), math.Max(x, 0)+math.Log1p(math.Exp(-math.Abs(x))))
	},
	"tanh": func(x float64) *big.Float {
		e := bigExp(bf(2 * x))
		return overBig(sumBig(e, bf(-1)), sumBig(e, bf(1)))
	},
	"sin":  func(x float64) *big.Float { return bigSin(bf(x)) },
	"cos":  func(x float64) *big.Float { return bigSin(sumBig(bf(x), shiftBig(bigPi, -1))) },
	"erf":  func(x float64) *big.Float { return bigErf(bf(x)) },
	"erfc": func(x float64) *big.Float { return bigErfc(bf(x)) },
	"normcdf": func(x float64) *big.Float {
		return shiftBig(bigErfc(overBig(bf(-x), nf().Sqrt(bf(2)))), -1)
	},
	"inversesqrt": func(x float64) *big.Float { return overBig(bf(1), nf().Sqrt(bf(x))) },
}
