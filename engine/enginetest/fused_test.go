package enginetest

import (
	"slices"
	"testing"

	"cavity/engine"
)

// fusing is Plain with products and loops joined, element by element from the last to the first and with nothing stored that the loop
// does not store: whatever a fused step leaves out or does too early shows in a result.
type fusing struct {
	Plain
	fused *int
}

func (f fusing) Fuses(*engine.Fused) bool { *f.fused++; return true }

func (f fusing) Lower(s engine.Step) (engine.Launch, error) {
	fused, ok := s.(*engine.Fused)
	if !ok {
		return f.Plain.Lower(s)
	}
	p, l := fused.Product, *fused.Loop
	value := func(like engine.Buffer) engine.Buffer { return engine.NewHostBuffer(like.Dtype, l.N) }
	c := value(p.C)
	u := make([]engine.Buffer, len(fused.Random))
	for i, r := range fused.Random {
		u[i] = value(r.Out)
	}
	l.Code = slices.Clone(l.Code)
	stored := false
	for k := range l.Code {
		in := &l.Code[k]
		for a := range in.Src[:in.NSrc] {
			o := &in.Src[a]
			if o.Kind != engine.Temp && !stored && o.Buf.Same(p.C) {
				o.Buf = c
			}
			for i, r := range fused.Random {
				if o.Kind != engine.Temp && o.Buf.Same(r.Out) {
					o.Buf = u[i]
				}
			}
		}
		stored = stored || in.Dst.Kind != engine.Temp && in.Dst.Buf.Same(p.C)
	}
	return func(clock *engine.Clock) error {
		for i, r := range fused.Random {
			if err := random(&engine.Random{Law: r.Law, Stream: r.Stream, Out: u[i]}, clock); err != nil {
				return err
			}
		}
		temps := make([]float64, l.Temps)
		for e := l.N - 1; e >= 0; e-- {
			set(c, e, productElement(p, e/(p.M*p.N), e/p.N%p.M, e%p.N))
			loopElement(&l, e, temps)
		}
		return nil
	}, nil
}

// TestFused: joining products with loops changes no result of any case, and happens in many.
func TestFused(t *testing.T) {
	n := 0
	Run(t, fusing{fused: &n}, Plain{})
	if n < 20 {
		t.Errorf("%d products were joined with loops in all cases", n)
	}
}
