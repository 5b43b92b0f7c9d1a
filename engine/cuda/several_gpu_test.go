//go:build gpu

package cuda_test

import (
	"os"
	"strings"
	"testing"

	"cavity/engine"
	"cavity/kernels/kerneltest"
)

// emulatedDevices gives the emulator three devices; the test is left out on a machine with a driver of its own.
func emulatedDevices(t *testing.T) {
	t.Helper()
	if !strings.Contains(os.Getenv("CAVITY_LIBCUDA"), "ptxsim") {
		t.Skip("only under the emulator, which has as many devices as one asks for")
	}
	t.Setenv("PTXSIM_DEVICES", "3")
}

func opened(t *testing.T, name string) engine.Backend {
	t.Helper()
	b, err := engine.Open(name, engine.Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// Random numbers do not depend on how many devices share the systems: tensors, the samples of fused layers, kernels that draw their own.
func TestDividedRandom(t *testing.T) {
	emulatedDevices(t)
	kerneltest.Divided(t, opened(t, "cuda:own"), opened(t, "cuda:0,1,own"), opened(t, "cuda:2,0,1,own"))
}
