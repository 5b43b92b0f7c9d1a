package vec

// Ref32 returns the float32 definition of an op: operands that it does not have are ignored.
func Ref32(op string) (f func(a, b, c float32) float32, ok bool) {
	for _, o := range unary {
		if o.name == op {
			return func(a, _, _ float32) float32 { return o.f32(a) }, true
		}
	}
	for _, o := range binary {
		if o.name == op {
			return func(a, b, _ float32) float32 { return o.f32(a, b) }, true
		}
	}
	for _, o := range ternary {
		if o.name == op {
			return o.f32, true
		}
	}
	return nil, false
}

// Ref64 returns the float64 definition of an op: operands that it does not have are ignored.
func Ref64(op string) (f func(a, b, c float64) float64, ok bool) {
	for _, o := range unary {
		if o.name == op {
			return func(a, _, _ float64) float64 { return o.f64(a) }, true
		}
	}
	for _, o := range binary {
		if o.name == op {
			return func(a, b, _ float64) float64 { return o.f64(a, b) }, true
		}
	}
	for _, o := range ternary {
		if o.name == op {
			return o.f64, true
		}
	}
	return nil, false
}
