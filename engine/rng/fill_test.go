package rng

import (
	"math"
	"testing"

	"cavity/engine/cpu/level"
)

// filler is one Fill function beside its function of one element, both as bits.
type filler struct {
	name string
	fill func(s Stream, n int, offset uint64) []uint64
	at   func(s Stream, e uint64) uint64
}

func bits32(x []float32) []uint64 {
	b := make([]uint64, len(x))
	for i, v := range x {
		b[i] = uint64(math.Float32bits(v))
	}
	return b
}

func bits64(x []float64) []uint64 {
	b := make([]uint64, len(x))
	for i, v := range x {
		b[i] = math.Float64bits(v)
	}
	return b
}

// guarded calls f with the middle n entries of a longer slice and checks that it left the entries around them alone.
func guarded[T comparable](n int, mark T, f func(dst []T)) []T {
	x := make([]T, n+32)
	for i := range x {
		x[i] = mark
	}
	f(x[16 : 16+n : 16+n])
	for i, v := range x {
		if (i < 16 || i >= 16+n) && v != mark {
			panic("Fill wrote outside dst")
		}
	}
	return x[16 : 16+n]
}

var fillers = []filler{
	{"uint32", func(s Stream, n int, o uint64) []uint64 {
		var b []uint64
		for _, v := range guarded(n, 1234567, func(x []uint32) { s.FillUint32(x, o) }) {
			b = append(b, uint64(v))
		}
		return b
	}, func(s Stream, e uint64) uint64 { return uint64(s.Uint32(e)) }},
	{"float32", func(s Stream, n int, o uint64) []uint64 {
		return bits32(guarded(n, -7, func(x []float32) { s.FillFloat32(x, o) }))
	}, func(s Stream, e uint64) uint64 { return uint64(math.Float32bits(s.Float32(e))) }},
	{"normal32", func(s Stream, n int, o uint64) []uint64 {
		return bits32(guarded(n, -77, func(x []float32) { s.FillNormal32(x, o) }))
	}, func(s Stream, e uint64) uint64 { return uint64(math.Float32bits(s.Normal32(e))) }},
	{"bernoulli", func(s Stream, n int, o uint64) []uint64 {
		return bits32(guarded(n, -7, func(x []float32) { s.FillBernoulli(x, o, uint64(s.C2^0xB0000000)) }))
	}, func(s Stream, e uint64) uint64 {
		if s.Bernoulli(e, uint64(s.C2^0xB0000000)) {
			return uint64(math.Float32bits(1))
		}
		return 0
	}},
	{"float64", func(s Stream, n int, o uint64) []uint64 {
		return bits64(guarded(n, -7, func(x []float64) { s.FillFloat64(x, o) }))
	}, func(s Stream, e uint64) uint64 { return math.Float64bits(s.Float64(e)) }},
	{"normal64", func(s Stream, n int, o uint64) []uint64 {
		return bits64(guarded(n, -77, func(x []float64) { s.FillNormal64(x, o) }))
	}, func(s Stream, e uint64) uint64 { return math.Float64bits(s.Normal64(e)) }},
}

// TestFillEqualsElements: at every level, for lengths and offsets drawn from a fixed stream, a fill writes the bits of the functions of one
// element, and nothing else. The offsets reach across the end of the counter's first word (element 2³⁴ or 2³³) and into high sites.
func TestFillEqualsElements(t *testing.T) {
	draw := At(99, 0, SetupStage, 0)
	for _, l := range level.Available() {
		defer level.Use(l)()
		for _, f := range fillers {
			for trial := range uint64(150) {
				n := int(draw.Below(4*trial, 400))
				offset := uint64(draw.Below(4*trial+1, 1000))
				switch trial % 4 {
				case 1:
					offset &^= 63
				case 2:
					offset = 1<<(33+trial%8/4) - 300 + offset
				case 3:
					offset = Site(uint32(draw.Below(4*trial+2, 1<<30))) + offset
				}
				s := At(uint64(draw.Uint32(4*trial+3))<<20, trial<<30, uint8(trial), uint16(l))
				s.Check = trial%16 == 15
				for i, b := range f.fill(s, n, offset) {
					if want := f.at(s, offset+uint64(i)); b != want {
						t.Fatalf("%s on %v: %d elements from %d: element %d is %x, want %x", f.name, l, n, offset, i, b, want)
					}
				}
			}
		}
	}
}

// TestLevelsAgree compares long fills of every level with portable Go bit for bit.
func TestLevelsAgree(t *testing.T) {
	const n = 1<<16 + 13
	s := At(0x9876543210, 1<<33, 7, 1)
	for _, f := range fillers {
		undo := level.Use(level.Portable)
		want := f.fill(s, n, 5)
		undo()
		for _, l := range level.Available() {
			defer level.Use(l)()
			for i, b := range f.fill(s, n, 5) {
				if b != want[i] {
					t.Fatalf("%s on %v: element %d is %x, portable %x", f.name, l, i+5, b, want[i])
				}
			}
		}
	}
}

// TestPinned holds the first bits of one stream, so that a change of the definition, which would break every resumed run, is noticed.
func TestPinned(t *testing.T) {
	s := At(0x0123456789ABCDEF, 5, 2, 3)
	for i, want := range [6][3]uint64{
		{0xbea3b976, 0xa3c94bb0, 0xe31600b3},
		{0x3f3ea3b9, 0x3f23c94b, 0x3f631600},
		{0xbf12dd79, 0xbf01f52c, 0xbe8fb7e8},
		{0, 0x3f800000, 0},
		{0x3fe44c167f77d477, 0x3fdc913fc1f21bd4, 0x3fe240b489ee6924},
		{0x3fe7efcfa1c4dcc8, 0x3fe0f0e6c541e791, 0xbfd4aa5ee8c3d923},
	} {
		f := fillers[i]
		if got := [3]uint64{f.at(s, 0), f.at(s, 17), f.at(s, 1000)}; got != want {
			t.Errorf("%s: elements 0, 17 and 1000 are %#x, were %#x", f.name, got, want)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	x32, x64, u, p := make([]float32, 999), make([]float64, 999), make([]uint32, 999), make([]int32, 99)
	for _, l := range level.Available() {
		undo := level.Use(l)
		if n := testing.AllocsPerRun(10, func() {
			s := At(1, 2, 3, 4)
			s.FillUint32(u, 3)
			s.FillFloat32(x32, 3)
			s.FillNormal32(x32, 3)
			s.FillFloat64(x64, 3)
			s.FillNormal64(x64, 3)
			s.FillBernoulli(x32, 3, 1<<31)
			s.Permutation(p)
		}); n != 0 {
			t.Errorf("%v: %v allocations", l, n)
		}
		undo()
	}
}

func BenchmarkFill(b *testing.B) {
	const n = 1 << 13
	u, x32, x64 := make([]uint32, n), make([]float32, n), make([]float64, n)
	for _, l := range level.Available() {
		for _, c := range []struct {
			name string
			fill func(s Stream)
		}{
			{"uint32", func(s Stream) { s.FillUint32(u, 0) }},
			{"float32", func(s Stream) { s.FillFloat32(x32, 0) }},
			{"normal32", func(s Stream) { s.FillNormal32(x32, 0) }},
			{"bernoulli", func(s Stream) { s.FillBernoulli(x32, 0, 1<<30) }},
			{"float64", func(s Stream) { s.FillFloat64(x64, 0) }},
			{"normal64", func(s Stream) { s.FillNormal64(x64, 0) }},
		} {
			b.Run(c.name+"/"+l.String(), func(b *testing.B) {
				defer level.Use(l)()
				b.ReportAllocs()
				var pass uint64
				for b.Loop() {
					pass++
					c.fill(At(1, pass, 0, 0))
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/element")
			})
		}
	}
}

func BenchmarkElement(b *testing.B) {
	s := At(1, 2, 3, 4)
	var e uint64
	var sum float64
	for _, c := range []struct {
		name string
		at   func(e uint64) float64
	}{
		{"uint32", func(e uint64) float64 { return float64(s.Uint32(e)) }},
		{"float64", s.Float64}, {"normal64", s.Normal64},
		{"normal32", func(e uint64) float64 { return float64(s.Normal32(e)) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				e++
				sum += c.at(e)
			}
		})
	}
	if math.IsNaN(sum) {
		b.Fatal("not a number")
	}
}

func BenchmarkPermutation1000(b *testing.B) {
	p := make([]int32, 1000)
	for b.Loop() {
		At(1, 2, 3, 4).Permutation(p)
	}
}
