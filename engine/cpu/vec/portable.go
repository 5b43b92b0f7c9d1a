package vec

import "unsafe"

// findPortable returns a loop over the definition.
func findPortable(op, pattern string, dtype Dtype) (Func, bool) {
	for _, o := range unary {
		if o.name == op && pattern == "v" {
			return unaryLoop(o.f32, o.f64, dtype), true
		}
	}
	known := false
	for _, p := range Patterns(len(pattern)) {
		known = known || p == pattern
	}
	if !known {
		return nil, false
	}
	for _, o := range binary {
		if o.name == op && len(pattern) == 2 {
			return binaryLoop(o.f32, o.f64, strides(pattern), dtype), true
		}
	}
	for _, o := range ternary {
		if o.name == op && len(pattern) == 3 {
			return ternaryLoop(o.f32, o.f64, strides(pattern), dtype), true
		}
	}
	return nil, false
}

// strides gives 1 for every v and 0 for every s.
func strides(pattern string) (s [3]int) {
	for i := range pattern {
		if pattern[i] == 'v' {
			s[i] = 1
		}
	}
	return s
}

func unaryLoop(f32 func(float32) float32, f64 func(float64) float64, d Dtype) Func {
	if d == Float32 {
		return func(n int, out, a, _, _ unsafe.Pointer) { each1(n, out, a, f32) }
	}
	return func(n int, out, a, _, _ unsafe.Pointer) { each1(n, out, a, f64) }
}

func binaryLoop(f32 func(a, b float32) float32, f64 func(a, b float64) float64, s [3]int, d Dtype) Func {
	if d == Float32 {
		return func(n int, out, a, b, _ unsafe.Pointer) { each2(n, out, a, b, s, f32) }
	}
	return func(n int, out, a, b, _ unsafe.Pointer) { each2(n, out, a, b, s, f64) }
}

func ternaryLoop(f32 func(a, b, c float32) float32, f64 func(a, b, c float64) float64, s [3]int, d Dtype) Func {
	if d == Float32 {
		return func(n int, out, a, b, c unsafe.Pointer) { each3(n, out, a, b, c, s, f32) }
	}
	return func(n int, out, a, b, c unsafe.Pointer) { each3(n, out, a, b, c, s, f64) }
}

// view makes the n-1 strides and one element behind p a slice.
func view[T float32 | float64](n, stride int, p unsafe.Pointer) []T {
	return unsafe.Slice((*T)(p), (n-1)*stride+1)
}

func each1[T float32 | float64](n int, out, a unsafe.Pointer, f func(T) T) {
	if n <= 0 {
		return
	}
	o, x := view[T](n, 1, out), view[T](n, 1, a)
	for i := range o {
		o[i] = f(x[i])
	}
}

func each2[T float32 | float64](n int, out, a, b unsafe.Pointer, s [3]int, f func(a, b T) T) {
	if n <= 0 {
		return
	}
	o, x, y := view[T](n, 1, out), view[T](n, s[0], a), view[T](n, s[1], b)
	for i := range o {
		o[i] = f(x[i*s[0]], y[i*s[1]])
	}
}

func each3[T float32 | float64](n int, out, a, b, c unsafe.Pointer, s [3]int, f func(a, b, c T) T) {
	if n <= 0 {
		return
	}
	o, x, y, z := view[T](n, 1, out), view[T](n, s[0], a), view[T](n, s[1], b), view[T](n, s[2], c)
	for i := range o {
		o[i] = f(x[i*s[0]], y[i*s[1]], z[i*s[2]])
	}
}
