package main

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// verdict is what became of a mutant.
type verdict string

const (
	wrong    verdict = "wrong result" // a test failed
	stopped  verdict = "stopped"      // the emulator found a fault: out of bounds, a race, no end, …
	refused  verdict = "does not compile"
	same     verdict = "same code" // the compiler makes of it what it made before
	survived verdict = "survived"  // all tests passed
	listed   verdict = "listed"    // survived, as equivalent.txt says
)

// A test is what `-test.run` can single out.
type test struct {
	name     string
	launches map[string]bool // entry points
	work     int64           // thread instructions: what it costs, on a busy machine too
	longest  int64           // of them in one launch
}

// A bench is where mutants are compiled and run.
type bench struct {
	root, tools, tmp string
	tests            map[string][]test            // by program
	committed        map[string]map[string]string // entry points of the committed PTX, by compiled file
}

var programs = map[string]struct{ pkg, run, skip string }{
	"engine":  {"./engine/cuda", "TestConformance|TestProducts|TestPieces|TestMove|TestRandom|TestReductions|TestSoftmax|TestLayers|TestAnnealing", "^$"},
	"kernels": {"./kernels/kerneltest", "TestBackends/cuda|TestBroken", "TestBackends/(cpu|openblas|tape)"},
}

// budgets are the thread instructions of the first rounds of tests; most mistakes are caught there.
var budgets = []int64{1e6, 1e7, 1e8}

// newBench builds the test programs and notes which tests launch which entry points.
func newBench(tools string, ts []target) (*bench, error) {
	b := &bench{tests: map[string][]test{}, committed: map[string]map[string]string{}}
	var err error
	if b.tools, err = filepath.Abs(tools); err != nil {
		return nil, err
	}
	if b.root, err = os.Getwd(); err != nil {
		return nil, err
	}
	if b.tmp, err = os.MkdirTemp("", "mutate"); err != nil {
		return nil, err
	}
	for _, t := range ts {
		if b.tests[t.program] == nil {
			if err := b.build(t.program); err != nil {
				b.close()
				return nil, err
			}
		}
		text, err := os.ReadFile(strings.TrimSuffix(t.compiled(), ".cu") + ".ptx")
		if err != nil {
			b.close()
			return nil, err
		}
		b.committed[t.compiled()] = entries(string(text))
		source, err := os.ReadFile(t.file)
		if err == nil {
			err = b.unchanged(mutant{target: t, text: string(source)})
		}
		if err != nil {
			b.close()
			return nil, err
		}
	}
	return b, nil
}

func (b *bench) close() { os.RemoveAll(b.tmp) }

// build compiles a test program and runs its tests without a mistake.
func (b *bench) build(program string) error {
	p := programs[program]
	build := exec.Command("go", "test", "-c", "-tags", "gpu", "-o", filepath.Join(b.tmp, program), p.pkg)
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", p.pkg, err, out)
	}
	out, err := b.command(program, p.run, "-test.v", "-test.skip", p.skip, "PTXSIM_TRACE=1").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s without any mistake: %w: %s", p.pkg, err, out[max(0, len(out)-2000):])
	}
	b.tests[program], err = coverage(out)
	return err
}

// ptx is the committed PTX of a target.
func (b *bench) ptx(t target) string {
	return strings.TrimSuffix(filepath.Join(b.root, t.compiled()), ".cu") + ".ptx"
}

// unchanged compiles a file without a mistake, which must give the committed code.
func (b *bench) unchanged(m mutant) error {
	text, err := b.compile(m, filepath.Join(b.tmp, "unchanged"))
	if err == nil && (text == "" || len(differing(b.committed[m.compiled()], entries(text))) > 0) {
		err = fmt.Errorf("%s does not compile to the committed code: run make cuda-ptx", m.compiled())
	}
	return err
}

// command is a run of a test program: arguments with a dash, settings with an equals sign.
func (b *bench) command(program, run string, more ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(b.tmp, program), "-test.run", run, "-test.timeout", "300s")
	c.Dir = filepath.Join(b.root, programs[program].pkg)
	c.Env = append(os.Environ(), "CAVITY_LIBCUDA="+filepath.Join(b.tools, "ptxsim/libcuda.so.1"), "CAVITY_REQUIRE_CUDA=1", "PTXSIM_QUIET=1")
	for _, m := range more {
		if strings.Contains(m, "=") && !strings.HasPrefix(m, "-") {
			c.Env = append(c.Env, m)
		} else {
			c.Args = append(c.Args, m)
		}
	}
	return c
}

var (
	begun    = regexp.MustCompile(`^=== (?:RUN|CONT|NAME) +(\S+)`)
	fault    = regexp.MustCompile(`an access outside of its memory|a misaligned access|the kernel failed on the device|the kernel ran too long`)
	launched = regexp.MustCompile(`^ptxsim: (\w+) <<<.*>>> (\d+) instructions`)
)

// coverage reads a run's output: the tests, and the emulator's lines about launches in between. What costs least comes first.
func coverage(out []byte) (ts []test, err error) {
	at := map[string]*test{}
	var order []string
	now := ""
	s := bufio.NewScanner(bytes.NewReader(out))
	for s.Scan() {
		if m := begun.FindStringSubmatch(s.Text()); m != nil {
			if now = m[1]; at[now] == nil {
				at[now] = &test{name: now, launches: map[string]bool{}}
				order = append(order, now)
			}
		} else if m := launched.FindStringSubmatch(s.Text()); m != nil && at[now] != nil {
			at[now].launches[m[1]] = true
			n, _ := strconv.ParseInt(m[2], 10, 64)
			at[now].work += n
			at[now].longest = max(at[now].longest, n)
		}
	}
	for _, name := range order {
		if len(at[name].launches) > 0 {
			ts = append(ts, *at[name])
		}
	}
	if len(ts) == 0 {
		return nil, fmt.Errorf("no test launched anything: is this the emulator?")
	}
	slices.SortStableFunc(ts, func(a, b test) int { return cmp.Compare(a.work, b.work) })
	return ts, s.Err()
}

// A round is some tests, as a pattern for -test.run.
type round struct {
	pattern string
	longest int64
	work    int64
}

func (r *round) add(t test) {
	var levels []string
	for _, l := range strings.Split(t.name, "/") {
		levels = append(levels, "^"+regexp.QuoteMeta(l)+"$")
	}
	if r.pattern != "" {
		r.pattern += "|"
	}
	r.pattern += strings.Join(levels, "/")
	r.longest, r.work = max(r.longest, t.longest), r.work+t.work
}

// rounds are the tests that launch any of the entry points: cheap ones first, broken input, which few mistakes need, last.
func (b *bench) rounds(program string, changed map[string]bool) (rs []round) {
	rs = make([]round, len(budgets)+2)
	for _, t := range b.tests[program] {
		touches := false
		for e := range changed {
			touches = touches || t.launches[e]
		}
		if !touches {
			continue
		}
		at := len(rs) - 1
		if !strings.HasPrefix(t.name, "TestBroken") {
			for at = 0; at < len(budgets) && rs[at].work+t.work > budgets[at]; at++ {
			}
		}
		rs[at].add(t)
	}
	return slices.DeleteFunc(rs, func(r round) bool { return r.pattern == "" })
}

// try compiles a mutant and runs its tests.
func (b *bench) try(m mutant, worker int) (verdict, error) {
	dir := filepath.Join(b.tmp, fmt.Sprint("w", worker))
	text, err := b.compile(m, dir)
	if err != nil || text == "" {
		return refused, err
	}
	changed := differing(b.committed[m.compiled()], entries(text))
	if len(changed) == 0 {
		return same, nil
	}
	replace := "PTXSIM_REPLACE=" + b.ptx(m.target) + ":" + filepath.Join(dir, "mutant.ptx")
	if m.rewritten {
		replace = "CAVITY_LAYER_PTX=" + filepath.Join(dir, "mutant.ptx")
	}
	for _, r := range b.rounds(m.program, changed) {
		// a launch may take four times as long as any did without the mistake, and what stopped at once has no length
		out, err := b.command(m.program, r.pattern, "-test.failfast", replace, fmt.Sprint("PTXSIM_LIMIT=", max(4*r.longest, 1e7))).CombinedOutput()
		if err == nil {
			continue
		}
		if _, ok := err.(*exec.ExitError); !ok || bytes.Contains(out, []byte("does not translate")) {
			return survived, fmt.Errorf("%w: %s", err, out[:min(len(out), 1000)])
		}
		if fault.Match(out) {
			return stopped, nil
		}
		return wrong, nil
	}
	return survived, nil
}

// compile makes the mutant's PTX in dir, or nothing when the compiler refuses it.
func (b *bench) compile(m mutant, dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	// all that is included lies beside the mutant, or an include would find the committed one first
	headers, _ := filepath.Glob("engine/cuda/ptx/*.cu*")
	more, _ := filepath.Glob("kernels/cuda/*.cuh")
	for _, f := range append(append(headers, more...), m.compiled()) {
		text, err := os.ReadFile(f)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, filepath.Base(f)), text, 0o644)
		}
		if err != nil {
			return "", err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, filepath.Base(m.file)), []byte(m.text), 0o644); err != nil {
		return "", err
	}
	ptx := filepath.Join(dir, "mutant.ptx")
	nvcc := exec.Command(filepath.Join(b.tools, "cu13/nvidia/cu13/bin/nvcc"), "-O3", "-std=c++17", "-fmad=false", "-arch=compute_80",
		"-ptx", filepath.Join(dir, filepath.Base(m.compiled())), "-o", ptx)
	if err := nvcc.Run(); err != nil {
		if _, ok := err.(*exec.ExitError); ok {
			return "", nil
		}
		return "", err
	}
	text, err := os.ReadFile(ptx)
	if err != nil {
		return "", err
	}
	text = version.ReplaceAll(text, []byte(".version 7.0"))
	return string(text), os.WriteFile(ptx, text, 0o644)
}

var (
	version = regexp.MustCompile(`(?m)^\.version .*$`)
	comment = regexp.MustCompile(`(?m)^[ \t]*(//.*)?\n`) // and empty lines
)

// entries cuts PTX into its entry points, and what stands before them under the name "".
func entries(text string) map[string]string {
	parts := strings.Split(comment.ReplaceAllString(text, ""), ".visible .entry ")
	es := map[string]string{"": parts[0]}
	for _, p := range parts[1:] {
		name, _, _ := strings.Cut(p, "(")
		es[name] = p
	}
	return es
}

// differing names the entry points that are not the same; all when what stands before them is not.
func differing(a, b map[string]string) map[string]bool {
	d := map[string]bool{}
	for name, text := range a {
		if name != "" && (text != b[name] || a[""] != b[""]) {
			d[name] = true
		}
	}
	return d
}
