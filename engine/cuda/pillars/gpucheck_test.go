package pillars

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// sources is the root of the repository; a test that needs it is left out where the test program was copied to.
func sources(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "engine/cuda/check.sh")); err != nil {
		t.Skip("left out: the sources are not here")
	}
	return root
}

// tools makes a folder with those programs of this machine's PATH that are named, and nothing else.
func tools(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Skipf("left out: this machine has no %s", name)
		}
		if err := os.Symlink(path, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func script(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
}

// TestGPUCheck runs the file that is copied to machines with a GPU on the emulator, without Go and Python: it says that it is emulated,
// takes no time, and calls compute-sanitizer where it is installed.
func TestGPUCheck(t *testing.T) {
	sources(t)
	file := os.Getenv("CAVITY_GPU_CHECK")
	if file == "" {
		if os.Getenv("CAVITY_REQUIRE_CUDA") != "" && os.Getenv("CAVITY_LIBCUDA") != "" {
			t.Fatal("left out: CAVITY_GPU_CHECK names no file")
		}
		t.Skip("left out: CAVITY_GPU_CHECK names no file (make cuda-test)")
	}
	emulated(t)
	path := tools(t, "sh", "sed", "awk", "tar", "gzip", "mktemp", "rm", "cat", "dirname", "env")
	check := func(status int, env ...string) string {
		cmd := exec.Command(file, "TestRandom$|TestBackends/cuda/lookup|TestPillars/dmft_solve")
		cmd.Env = append([]string{"PATH=" + path, "CAVITY_LIBCUDA=" + os.Getenv("CAVITY_LIBCUDA"), "TMPDIR=" + t.TempDir(), "HOME=" + t.TempDir()}, env...)
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != status {
			t.Fatalf("%v: %s", err, out)
		}
		return string(out)
	}
	said := check(0)
	for _, want := range []string{"EMULATED: the device code", "left out: memcheck, racecheck and synccheck, for want of compute-sanitizer",
		"SK, N=8192", "EMULATED: left out: every row"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not in %s", want, said)
		}
	}
	for _, never := range []string{" met", "missed", "flips/ns: target", "go: ", "python"} {
		if strings.Contains(said, never) {
			t.Errorf("%q is in %s", never, said)
		}
	}
	log := filepath.Join(t.TempDir(), "log")
	script(t, path, "compute-sanitizer", `echo "$*" >>`+log+"\n")
	said = check(0)
	calls, err := os.ReadFile(log)
	if err != nil {
		t.Fatalf("compute-sanitizer was not called: %v: %s", err, said)
	}
	for _, tool := range []string{"memcheck", "racecheck", "synccheck"} {
		for _, program := range []string{"./engine", "./kernels"} {
			if !strings.Contains(string(calls), "--tool "+tool+" --error-exitcode 1 "+program+" ") {
				t.Errorf("no %s of %s in %s", tool, program, calls)
			}
		}
	}
	script(t, path, "compute-sanitizer", "echo found a race; exit 1\n")
	if said = check(1); !strings.Contains(said, "found a race") {
		t.Errorf("what compute-sanitizer found is not told: %s", said)
	}
	if said = check(1, "PTXSIM_DEVICES=0"); !strings.Contains(said, "gpu-check: no GPU: not available") {
		t.Errorf("without a device: %s", said)
	}
}

// TestCheckLeavesOut hides tools from check.sh: it says what it leaves out and passes, but fails where nothing may be left out, as
// under .ci/run.
func TestCheckLeavesOut(t *testing.T) {
	root := sources(t)
	for _, c := range []struct {
		name string
		have []string // scripts that stand for tools
		want string
	}{
		{"nothing", nil, "for want of Python 3 with pip, c++, cc, ar"},
		{"no compiler", []string{"python3"}, "for want of c++, cc, ar"},
		{"no C++ compiler", []string{"python3", "cc", "ar"}, "for want of c++"},
		{"no Python", []string{"c++", "cc", "ar"}, "for want of Python 3 with pip"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := tools(t, "sh", "bash", "dirname", "env")
			for _, tool := range c.have {
				script(t, path, tool, "exit 0\n")
			}
			script(t, path, "make", "exec "+filepath.Join(root, "engine/cuda/check.sh")+"\n") // of .ci/run, for the part in question
			for _, r := range []struct {
				program, set string
				status       int
			}{
				{"engine/cuda/check.sh", "CAVITY_REQUIRE_CUDA=", 0},
				{"engine/cuda/check.sh", "CAVITY_REQUIRE_CUDA=1", 1},
				{".ci/run", "CAVITY_REQUIRE_CUDA=", 1},
			} {
				cmd := exec.Command(filepath.Join(root, r.program))
				cmd.Env = []string{"PATH=" + path, "CC=", "CXX=", r.set}
				out, err := cmd.CombinedOutput()
				if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != r.status {
					t.Errorf("%s with %s ended with %v, want status %d: %s", r.program, r.set, err, r.status, out)
				}
				if want := "left out: the tests of the CUDA backend, " + c.want + "\n"; string(out) != want {
					t.Errorf("%s said %q, want %q", r.program, out, want)
				}
			}
		})
	}
}
