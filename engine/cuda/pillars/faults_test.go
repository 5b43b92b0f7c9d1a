package pillars

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// emulated skips a test on a real device, which takes no orders.
func emulated(t *testing.T) {
	t.Helper()
	if !strings.Contains(os.Getenv("CAVITY_LIBCUDA"), "ptxsim") {
		t.Skip("only under the emulator")
	}
}

// failing runs a command that must fail with status 1 and one sentence on standard error, which it returns.
func failing(t *testing.T, binary, args, backend string, env ...string) string {
	t.Helper()
	text, err := run(binary, args, backend, append(env, "PTXSIM_QUIET=1")...)
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || exit.ExitCode() != 1 {
		t.Fatalf("ended with %v, want status 1: %s", err, text)
	}
	said := string(exit.Stderr)
	if !strings.HasPrefix(said, "cavity: ") || strings.Count(said, "\n") != 1 || len(text) > 0 {
		t.Fatalf("said %q and printed %q, want one sentence", said, text)
	}
	return said
}

// wild is the lattice kernels' module with the spins of a sweep written a gigabyte away.
func wild(t *testing.T) (original, other string) {
	t.Helper()
	original = filepath.Join(sources(t), "kernels/cuda/lattice.ptx")
	text, err := os.ReadFile(original)
	if err != nil {
		t.Fatal(err)
	}
	before, kernel, _ := strings.Cut(string(text), ".visible .entry lattice_metropolis2(")
	store := regexp.MustCompile(`(st\.global\.[bu]64\s*\[%rd\d+)(\])`)
	if !store.MatchString(kernel) {
		t.Fatal("lattice_metropolis2 stores no word")
	}
	first := true
	kernel = store.ReplaceAllStringFunc(kernel, func(s string) string {
		if !first {
			return s
		}
		first = false
		return store.ReplaceAllString(s, "$1+1073741824$2")
	})
	other = filepath.Join(t.TempDir(), "wild.ptx")
	if err := os.WriteFile(other, []byte(before+".visible .entry lattice_metropolis2("+kernel), 0o644); err != nil {
		t.Fatal(err)
	}
	return original, other
}

// TestNoDevice asks for what the machine cannot give: one sentence and status 1 each.
func TestNoDevice(t *testing.T) {
	binary := command(t)
	emulated(t)
	original, other := wild(t)
	const ising = "temper --model ising2d --size 8 --temps 1.8:3.0:4 --warmup 20 --sweeps 40"
	for _, c := range []struct{ name, args, backend, env, want string }{
		{"no driver", ising, "cuda", "CAVITY_LIBCUDA=/nowhere/libcuda.so.1", "no CUDA driver found"},
		{"old driver", ising, "cuda", "PTXSIM_DRIVER=10020", "driver is too old: it supports CUDA 10.2, and 11.0 is needed"},
		{"no device", ising, "cuda", "PTXSIM_DEVICES=0", "finds no device"},
		{"old device", ising, "cuda", "PTXSIM_CAPABILITY=75", "compute capability 7.5, and 8.0 is needed"},
		{"eighth device", ising, "cuda:7", "PTXSIM_DEVICES=1", "cuda:7|no device 7"},
		{"small device, spin", ising, "cuda", "PTXSIM_MEMORY=1000", "needs .* of device memory"},
		{"small device, rbm", "rbm train --data " + pictures(t) + " --epochs 1 --hidden 8", "cuda", "PTXSIM_MEMORY=1000", "of device memory"},
		{"small device, modes", "modes train --data digits --examples 50 --tests 50 --epochs 1 --batch 50 --layers 256,20,10", "cuda", "PTXSIM_MEMORY=1000", "of device memory"},
		{"small device, dmft", "dmft solve --time 2 --trajectories 256", "cuda", "PTXSIM_MEMORY=1000", "of device memory"},
		{"kernel that faults", ising, "cuda", "PTXSIM_REPLACE=" + original + ":" + other, "an access outside of its memory, in a kernel launched between kernel .* and kernel .*CUDA_LAUNCH_BLOCKING"},
		{"kernel that faults, named", ising, "cuda", "CUDA_LAUNCH_BLOCKING=1 PTXSIM_REPLACE=" + original + ":" + other, "kernel lattice_metropolis2 of LatticeSweep.*: an access outside of its memory"},
		{"device that fails", ising, "cuda", "PTXSIM_FAIL_AFTER=50", "cuda:0: .*the kernel failed on the device"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if said := failing(t, binary, c.args, c.backend, strings.Fields(c.env)...); !regexp.MustCompile(c.want).MatchString(said) {
				t.Errorf("said %q, want %q", said, c.want)
			}
		})
	}
}

// TestResumeOnCPU: a run that a fault of the device ends keeps its checkpoint, and the CPU goes on from it: exactly where the fields of
// the spins have one definition, to rounding where sums have two orders.
func TestResumeOnCPU(t *testing.T) {
	binary := command(t)
	emulated(t)
	for _, c := range []struct {
		args     string
		launch   int // that fails: late in the run
		abs, rel float64
	}{
		{"temper --model ising2d --size 8 --temps 1.8:3.0:4 --warmup 20 --sweeps 400", 2000, 0, 0},
		// one update goes over all examples, so that its sums, not its samples, tell the backends apart; the likelihood is drawn
		{"rbm train --data " + pictures(t) + " --epochs 4 --batch 100 --hidden 8", 70, 2, .1},
		{"modes train --data digits --examples 200 --tests 50 --epochs 3 --batch 50 --layers 256,20,10 --modes 5", 230, 1e-4, 1e-4},
		{"dmft solve --time 2 --trajectories 256", 600, 1e-5, 1e-5},
	} {
		t.Run(strings.Fields(c.args)[0], func(t *testing.T) {
			dir := t.TempDir()
			args := c.args + " --checkpoint-every 1ms --out "
			whole := result(t, binary, args+filepath.Join(dir, "whole"), "cpu")
			args += filepath.Join(dir, "run")
			said := failing(t, binary, args, "cuda", fmt.Sprint("PTXSIM_FAIL_AFTER=", c.launch))
			if !strings.Contains(said, "cuda:0: ") || !strings.Contains(said, "the kernel failed on the device") {
				t.Errorf("said %q", said)
			}
			if _, err := os.Stat(filepath.Join(dir, "run", "state.ckpt")); err != nil {
				t.Fatalf("the checkpoint is gone: %v", err)
			}
			again := result(t, binary, args+" --resume", "cpu")
			if s := differ("", whole, again, c.abs, c.rel); s != "" {
				t.Error(s)
			}
		})
	}
}

// A run on two devices ends when one of them fails, and on a third there is nothing to ask for.
func TestSeveralDevices(t *testing.T) {
	binary := command(t)
	emulated(t)
	const args = "temper --model ising2d --size 8 --temps 1.8:3.0:4 --warmup 20 --sweeps 40"
	first, err := run(binary, args, "cuda:0", "PTXSIM_DEVICES=2")
	if err != nil {
		t.Fatal(err)
	}
	second, err := run(binary, args, "cuda:1", "PTXSIM_DEVICES=2", "PTXSIM_FAIL_AFTER=1", "PTXSIM_FAIL_DEVICE=0")
	if err != nil {
		t.Fatal(err)
	}
	if s := differ("", decode(t, first), decode(t, second), 0, 0); s != "" {
		t.Errorf("the second device is another physics: %s", s)
	}
	if said := failing(t, binary, args, "cuda:1", "PTXSIM_DEVICES=2", "PTXSIM_FAIL_AFTER=50", "PTXSIM_FAIL_DEVICE=1"); !strings.Contains(said, "cuda:1: ") {
		t.Errorf("said %q", said)
	}
}
