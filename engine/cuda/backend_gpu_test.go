//go:build gpu

package cuda

import (
	"os"
	"testing"

	"cavity/engine"
	"cavity/engine/enginetest"
)

// openDevice opens the first device with own products: a GPU, or the emulator that CAVITY_LIBCUDA names.
func openDevice(t testing.TB) *backend { t.Helper(); return openAs(t, "cuda:own") }

func openAs(t testing.TB, name string) *backend {
	t.Helper()
	for _, name := range []string{"CAVITY_LIBCUDA", "CAVITY_LIBCUBLAS", "PTXSIM_SEED"} {
		os.Getenv(name) // the driver reads them in C: tell the go command's test cache
	}
	b, err := engine.Open(name, engine.Options{})
	if err != nil {
		if os.Getenv("CAVITY_REQUIRE_CUDA") != "" {
			t.Fatalf("left out: %v", err)
		}
		t.Skipf("left out: %v", err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b.(*backend)
}

func TestConformance(t *testing.T) {
	enginetest.Run(t, openDevice(t), enginetest.Plain{})
}
