package boltzmann

import (
	"fmt"
	"testing"

	"cavity/models/dataset"
)

// An update of a general machine on pictures of 28×28 pixels, on one worker and on two: mean field in 20 rounds, one sweep of 100
// chains, three kinds of couplings.
func BenchmarkUpdate(b *testing.B) {
	set, err := dataset.Digits(28, 500, 10, 1)
	if err != nil {
		b.Fatal(err)
	}
	for _, hidden := range []int{100, 500} {
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("784+%d/workers%d", hidden, workers), func(b *testing.B) {
				if testing.Short() && hidden > 100 {
					b.Skip("short")
				}
				tr, err := Training{Set: set, Hidden: hidden, Rate: .001, Seed: 1}.Start(open(b, workers))
				if err != nil {
					b.Fatal(err)
				}
				if err := tr.Program.Step(ctx, 3); err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				b.ResetTimer()
				if err := tr.Program.Step(ctx, b.N); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}
