package vec

// The registry: asmgen reads these three tables and compiles the float32 and the float64 definition of each op.
var unary = []struct {
	name string
	f32  func(float32) float32
	f64  func(float64) float64
}{
	{"mov", mov32, mov64}, {"neg", neg32, neg64}, {"abs", abs32, abs64}, {"sign", sign32, sign64}, {"step", step32, step64}, {"relu", relu32, relu64},
	{"floor", floor32, floor64}, {"ceil", ceil32, ceil64},
	{"square", square32, square64}, {"cube", cube32, cube64}, {"sqrt", sqrt32, sqrt64}, {"inverse", inverse32, inverse64}, {"inversesqrt", inverseSqrt32, inverseSqrt64},
	{"exp", exp32, exp64}, {"expm1", expm132, expm164}, {"log", log32, log64}, {"log1p", log1p32, log1p64}, {"log2", log232, log264},
	{"sigmoid", sigmoid32, sigmoid64}, {"softplus", softplus32, softplus64}, {"tanh", tanh32, tanh64}, {"sin", sin32, sin64}, {"cos", cos32, cos64},
	{"erf", erf32, erf64}, {"erfc", erfc32, erfc64}, {"normcdf", normcdf32, normcdf64},
}

var binary = []struct {
	name string
	f32  func(a, b float32) float32
	f64  func(a, b float64) float64
}{
	{"add", add32, add64}, {"sub", sub32, sub64}, {"mul", mul32, mul64}, {"div", div32, div64}, {"min", smaller32, smaller64}, {"max", larger32, larger64},
	{"gt", gt32, gt64}, {"gte", gte32, gte64}, {"lt", lt32, lt64}, {"lte", lte32, lte64}, {"eq", eq32, eq64}, {"ne", ne32, ne64},
	{"bernoulli", bernoulli32, bernoulli64}, {"spin", spin32, spin64}, {"pow", pow32, pow64},
}

var ternary = []struct {
	name string
	f32  func(a, b, c float32) float32
	f64  func(a, b, c float64) float64
}{
	{"fma", muladd32, muladd64}, {"fnma", mulsub32, mulsub64}, {"select", select32, select64},
}
