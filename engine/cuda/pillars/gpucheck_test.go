package pillars

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
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
		"sk/N=8192", "EMULATED: left out: every row"} {
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

// TestTable reads a run of the benchmarks against the targets: a row for each that is listed, from what a benchmark says of its longest run,
// and a failure where one is missing.
func TestTable(t *testing.T) {
	root := sources(t)
	table := func(bench string) (string, int) {
		path := filepath.Join(t.TempDir(), "bench.txt")
		if err := os.WriteFile(path, []byte(bench), 0o644); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("awk", "-f", filepath.Join(root, "engine/cuda/table.awk"), filepath.Join(root, "engine/cuda/targets.txt"), path)
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil {
			t.Skipf("left out: no awk: %v", err)
		}
		return string(out), cmd.ProcessState.ExitCode()
	}
	sample, err := os.ReadFile("testdata/bench.txt")
	if err != nil {
		t.Fatal(err)
	}
	said, status := table(string(sample))
	want := []string{
		"BenchmarkCUDA/ising2d/L=1024/512_replicas        1200 flips/ns                            target 500      met",
		"BenchmarkCUDA/ea3d/L=32/512_replicas/tempering   299 flips/ns                             target 300      missed",
		"BenchmarkCUDA/sk/N=8192/1024_replicas            2.21 flips/ns                            target 2        met",
		"BenchmarkProducts/CD-1/own                       share of the float32 peak 0.55           target 0.5      met",
		"BenchmarkLoop                                    GB/s 2600                                target 2000     met",
		"BenchmarkCUDA/waits                              0 waits in 20 steps                      target 0        met",
	}
	if said != strings.Join(want, "\n")+"\n" || status != 0 {
		t.Errorf("status %d: %s", status, said)
	}
	without := strings.ReplaceAll(string(sample), "2.21 flips/ns: target of", "2.21 flips/ns, a target of")
	if said, status = table(strings.ReplaceAll(without, "1.9 flips/ns: target of", "1.9 flips/ns, a target of")); status == 0 || !strings.Contains(said, "BenchmarkCUDA/sk/N=8192/1024_replicas: not measured\n") {
		t.Errorf("without a row: status %d: %s", status, said)
	}
	if said, status = table(""); status == 0 || strings.Count(said, "not measured\n") != len(want) {
		t.Errorf("of nothing: status %d: %s", status, said)
	}
}

// TestRunFails lets each of the programs fail that gpu-run.sh calls: so does the script.
func TestRunFails(t *testing.T) {
	root := sources(t)
	text, err := os.ReadFile(filepath.Join(root, "engine/cuda/gpu-run.sh"))
	if err != nil {
		t.Fatal(err)
	}
	sample, err := os.ReadFile("testdata/bench.txt")
	if err != nil {
		t.Fatal(err)
	}
	engine, kernels, _ := strings.Cut(string(sample), "PASS\n")
	path := tools(t, "sh", "sed", "awk", "cat", "dirname", "env")
	for _, c := range []struct {
		broken string
		status int
	}{{"", 0}, {"cavity", 1}, {"engine -test.run .", 1}, {"engine -test.run ^$", 1}, {"kernels -test.run .", 1}, {"kernels -test.run ^$", 1}, {"pillars -test.run .", 1}} {
		dir := t.TempDir()
		script(t, dir, "run.sh", string(text))
		for program, says := range map[string]string{"cavity": "cuda    a card, products own kernels", "engine": engine, "kernels": kernels, "pillars": ""} {
			script(t, dir, program, "case \""+program+" $*\" in \""+c.broken+"\"*) [ -z \""+c.broken+"\" ] || exit 1 ;; esac\ncat <<'END'\n"+says+"\nEND\n")
		}
		for _, name := range []string{"targets.txt", "table.awk"} {
			data, err := os.ReadFile(filepath.Join(root, "engine/cuda", name))
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, name), data, 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.Command("sh", filepath.Join(dir, "run.sh"))
		cmd.Env = []string{"PATH=" + path}
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != c.status {
			t.Errorf("with %q broken: %v: %s", c.broken, err, out)
		}
		if c.broken == "" && !strings.HasSuffix(string(out), " 0 waits in 20 steps                      target 0        met\n") {
			t.Errorf("the table is not there: %s", out)
		}
	}
}

// TestAssemble lets ptx.sh read what an assembler says of its kernels: one that spills, or that it refuses, is an error.
func TestAssemble(t *testing.T) {
	root := sources(t)
	path := tools(t, "sh", "awk", "cat", "mktemp", "rm", "dirname", "basename")
	said := func(frame, stores string) string {
		return "ptxas info    : Compiling entry function 'f' for 'sm_90'\nptxas info    : Function properties for f\n    " + frame + " bytes stack frame, " + stores + " bytes spill stores, 0 bytes spill loads\nptxas info    : Used 32 registers\n"
	}
	for _, c := range []struct {
		says          string
		fails, status int
		want          string
	}{
		{said("0", "0"), 0, 0, ""},
		{said("0", "0") + said("8", "0"), 0, 1, "ptx.sh: a.ptx for sm_80: f uses local memory:    8 bytes stack frame"},
		{said("16", "12"), 0, 1, "12 bytes spill stores"},
		{"fatal: no such instruction\n", 1, 1, "fatal: no such instruction\nptx.sh: a.ptx does not assemble for sm_80"},
	} {
		bin := t.TempDir()
		if err := os.MkdirAll(filepath.Join(bin, "cu13/nvidia/cu13/bin"), 0o755); err != nil {
			t.Fatal(err)
		}
		script(t, filepath.Join(bin, "cu13/nvidia/cu13/bin"), "ptxas", "cat <<'END'\n"+c.says+"END\nexit "+strconv.Itoa(c.fails)+"\n")
		cmd := exec.Command(filepath.Join(root, "engine/cuda/ptx.sh"), "-assemble", bin, "a.ptx")
		cmd.Env = []string{"PATH=" + path}
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != c.status || !strings.Contains(string(out), c.want) || c.status == 0 && len(out) > 0 {
			t.Errorf("after %q: %v: %s", c.says, err, out)
		}
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
