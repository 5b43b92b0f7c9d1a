// Mutate tests the tests of the CUDA kernels: it plants one mistake at a time in a .cu file, compiles it, lets the emulator load the
// result in place of the committed PTX, and runs the tests that belong to the file, which must fail.
//
//	mutate [-every N] [-only FILE] TOOLS
//
// Mistakes are: a barrier deleted, a comparison turned round, a bound moved by one, an index moved by one. Those that change
// nothing are listed in equivalent.txt, each with the reason; one that is listed but caught is reported too.
// TOOLS is the folder with the compiler and the emulator (make cuda).
package main

import (
	"bytes"
	_ "embed" // the list
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

//go:embed equivalent.txt
var equivalentList string

// A target is a file with the file to compile, the test program and the tests that must notice.
type target struct{ file, unit, program, run string }

var targets = []target{
	{"engine/cuda/ptx/gemm.cu", "", "engine", "TestProducts"},
	{"engine/cuda/ptx/move.cu", "", "engine", "TestMove"},
	{"engine/cuda/ptx/random.cu", "", "engine", "TestRandom"},
	{"engine/cuda/ptx/philox.cuh", "kernels/cuda/dense.cu", "kernels", "TestBackends/cuda/dense|TestBrokenInput/dense"},
	{"engine/cuda/ptx/normal.cuh", "engine/cuda/ptx/random.cu", "engine", "TestRandom"},
	{"engine/cuda/ptx/reduce.cu", "", "engine", "TestReductions"},
	{"engine/cuda/ptx/softmax.cu", "", "engine", "TestConformance/(softmax|network)|TestSoftmax"},
	{"kernels/cuda/chance.cuh", "kernels/cuda/dense.cu", "kernels", "TestBackends/cuda/dense|TestBrokenInput/dense"},
	{"kernels/cuda/dense.cu", "", "kernels", "TestBackends/cuda/dense|TestBrokenInput/dense"},
	{"kernels/cuda/exchange.cu", "", "kernels", "TestBackends/cuda/(dense|lattice)|TestBrokenInput/(dense|lattice)"},
	{"kernels/cuda/lattice.cu", "", "kernels", "TestBackends/cuda/(lattice|shared)|TestBrokenInput/lattice"},
	{"kernels/cuda/lanes.cu", "", "kernels", "TestBackends/cuda/(hopfield|bits|counted)|TestBrokenInput/(hopfield|bits)"},
	{"kernels/cuda/sparse.cu", "", "kernels", "TestBackends/cuda/sparse|TestBrokenInput/sparse"},
	{"kernels/cuda/cluster.cu", "", "kernels", "TestBackends/cuda/clusters|TestBrokenInput/clusters"},
	{"kernels/cuda/sampling.cu", "", "kernels", "TestBackends/cuda/(rectified|categorical|watch|lookup|clusters)"},
	{"kernels/cuda/minibatch.cu", "", "kernels", "TestBackends/cuda/minibatch"},
	{"kernels/cuda/process.cu", "", "kernels", "TestBackends/cuda/(process|error)"},
	{"engine/cuda/ptx/layer.cuh", "engine/cuda/ptx/layer.cu", "engine", "TestLayers"},
}

// A mutant is one changed line.
type mutant struct {
	target
	line   int
	kind   string
	before string // the line
	text   string // the whole file
	nth    int    // among the same kind on the line
}

// key names a mutant in equivalent.txt, independent of line numbers.
func (m mutant) key() string {
	return fmt.Sprintf("%s | %s %d | %s", filepath.Base(m.file), m.kind, m.nth, strings.TrimSpace(m.before))
}

var replacements = []struct{ kind, from, to string }{
	{"barrier", "__syncthreads();", ""},
	{"barrier", "__syncwarp();", ""},
	{"turned", " < ", " >= "},
	{"turned", " <= ", " > "},
	{"turned", " > ", " <= "},
	{"turned", " >= ", " < "},
	{"turned", " == ", " != "},
	{"turned", " != ", " == "},
	{"bound", " < ", " <= "},
	{"bound", " >= ", " > "},
	{"bound", " > ", " >= "},
	{"bound", " <= ", " < "},
	{"index", "]", " + 1]"},
}

// mutants lists every place of a file where a replacement applies.
func mutants(t target, text string) (ms []mutant) {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		trimmed := strings.TrimSpace(line)
		code, _, _ := strings.Cut(line, "//")
		if strings.HasPrefix(trimmed, "#") || strings.HasPrefix(trimmed, "constexpr") || strings.HasPrefix(trimmed, "template") && !strings.Contains(line, "{ ") {
			continue
		}
		for _, r := range replacements {
			if r.kind == "bound" && i > 0 && strings.HasPrefix(strings.TrimSpace(lines[i-1]), "#pragma unroll") {
				continue // a step past an array of registers is undefined, and the compiler leaves it out
			}
			nth := 0
			for at := 0; ; {
				k := strings.Index(code[at:], r.from)
				if k < 0 {
					break
				}
				k += at
				at = k + len(r.from)
				if r.kind == "index" && !subscript(code, k) {
					continue
				}
				changed := append([]string{}, lines...)
				changed[i] = line[:k] + r.to + line[k+len(r.from):]
				ms = append(ms, mutant{t, i + 1, r.kind, line, strings.Join(changed, "\n"), nth})
				nth++
			}
		}
	}
	return ms
}

// subscript reports whether the bracket that closes at k holds the index of an expression: not a size in a declaration.
func subscript(code string, k int) bool {
	depth := 0
	for i := k; i >= 0; i-- {
		switch code[i] {
		case ']':
			depth++
		case '[':
			if depth--; depth == 0 {
				inside, before := code[i+1:k], code[:i]
				declared := strings.Contains(before, "__shared__") || strings.HasSuffix(strings.TrimSpace(code), ";") && declaration(before)
				return inside != "" && inside != "&" && !declared
			}
		}
	}
	return false
}

// declaration reports whether the text before a bracket is a type and a name.
func declaration(before string) bool {
	words := strings.Fields(strings.Map(func(r rune) rune {
		if strings.ContainsRune("*&,;(){}=", r) {
			return -1
		}
		return r
	}, before))
	types := map[string]bool{"float": true, "double": true, "u32": true, "u64": true, "int": true, "const": true, "T": true, "uint4": true}
	return len(words) > 0 && types[words[0]] && !strings.ContainsAny(before, "=")
}

// A bench is where mutants are compiled and run.
type bench struct{ root, tools, tmp string }

func main() {
	every := flag.Int("every", 1, "take every Nth mutant")
	only := flag.String("only", "", "take one file's mutants")
	flag.Parse()
	if flag.NArg() != 1 || *every < 1 {
		fmt.Fprintln(os.Stderr, "usage: mutate [-every N] [-only FILE] TOOLS")
		os.Exit(2)
	}
	survivors, err := run(flag.Arg(0), *every, *only)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
	if survivors > 0 {
		os.Exit(1)
	}
}

func run(tools string, every int, only string) (survivors int, err error) {
	b := bench{tools: tools}
	if b.root, err = os.Getwd(); err != nil {
		return 0, err
	}
	if b.tmp, err = os.MkdirTemp("", "mutate"); err != nil {
		return 0, err
	}
	defer os.RemoveAll(b.tmp)
	for name, pkg := range map[string]string{"engine": "./engine/cuda", "kernels": "./kernels/kerneltest"} {
		cmd := exec.Command("go", "test", "-c", "-tags", "gpu", "-o", filepath.Join(b.tmp, name), pkg)
		if out, err := cmd.CombinedOutput(); err != nil {
			return 0, fmt.Errorf("%s: %s", pkg, out)
		}
	}
	var todo []mutant
	for _, t := range targets {
		if only != "" && filepath.Base(t.file) != only {
			continue
		}
		text, err := os.ReadFile(t.file)
		if err != nil {
			return 0, err
		}
		if v := b.try(mutant{target: t, text: string(text)}, 0); v != "survived" {
			return 0, fmt.Errorf("%s without any mistake: %s", t.file, v)
		}
		todo = append(todo, mutants(t, string(text))...)
	}
	equivalent := map[string]bool{}
	for _, l := range strings.Split(equivalentList, "\n") {
		if key, reason, ok := strings.Cut(l, " # "); ok && strings.TrimSpace(reason) != "" {
			equivalent[strings.TrimSpace(key)] = true
		}
	}
	return b.all(todo, every, equivalent), nil
}

// all runs the mutants, two at a time, and reports.
func (b *bench) all(todo []mutant, every int, equivalent map[string]bool) (bad int) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	next, caught, listed, refused := 0, 0, 0, 0
	start := time.Now()
	for worker := range 2 {
		wg.Go(func() {
			for {
				mu.Lock()
				i := next
				next += every
				mu.Unlock()
				if i >= len(todo) {
					return
				}
				m := todo[i]
				verdict := b.try(m, worker)
				mu.Lock()
				known := equivalent[m.key()]
				switch {
				case verdict == "survived" && known:
					listed++
				case verdict == "survived":
					bad++
					fmt.Printf("survived: %s:%d %s\n", m.file, m.line, m.key())
				case known:
					bad++
					fmt.Printf("listed as equivalent, but %s: %s\n", verdict, m.key())
				case verdict == "refused":
					refused++
				default:
					caught++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	fmt.Printf("%d mistakes of %d planted: %d caught, %d refused by the compiler, %d listed as equivalent, %d not caught (%.0f s)\n",
		caught+refused+listed+bad, len(todo), caught, refused, listed, bad, time.Since(start).Seconds())
	return bad
}

// try compiles a mutant and runs its tests: caught, refused (it does not compile), survived.
func (b *bench) try(m mutant, worker int) string {
	dir := filepath.Join(b.tmp, fmt.Sprint("w", worker))
	unit := m.unit
	if unit == "" {
		unit = m.file
	}
	if os.RemoveAll(dir) != nil || os.MkdirAll(dir, 0o755) != nil {
		return "not run"
	}
	source := filepath.Join(dir, filepath.Base(unit))
	// every header beside the mutant, or an include would find the committed one first
	headers, _ := filepath.Glob("engine/cuda/ptx/*.cuh")
	more, _ := filepath.Glob("kernels/cuda/*.cuh")
	for _, f := range append(append(headers, more...), "engine/cuda/ptx/gemm.cu", unit) {
		text, err := os.ReadFile(f)
		if err != nil || os.WriteFile(filepath.Join(dir, filepath.Base(f)), text, 0o644) != nil {
			return "not run"
		}
	}
	if os.WriteFile(filepath.Join(dir, filepath.Base(m.file)), []byte(m.text), 0o644) != nil {
		return "not run"
	}
	ptx := filepath.Join(dir, "mutant.ptx")
	nvcc := exec.Command(filepath.Join(b.tools, "cu13/nvidia/cu13/bin/nvcc"), "-O3", "-std=c++17", "-fmad=false", "-arch=compute_80",
		"-ptx", source, "-o", ptx)
	if nvcc.Run() != nil {
		return "refused"
	}
	text, err := os.ReadFile(ptx)
	if err != nil {
		return "not run"
	}
	committed, err := os.ReadFile(strings.TrimSuffix(unit, ".cu") + ".ptx")
	if err != nil {
		return "not run"
	}
	text = bytes.Replace(text, version(text), []byte(".version 7.0"), 1)
	if os.WriteFile(ptx, text, 0o644) != nil || os.WriteFile(filepath.Join(dir, "committed.ptx"), committed, 0o644) != nil {
		return "not run"
	}
	test := exec.Command(filepath.Join(b.tmp, m.program), "-test.run", m.run, "-test.timeout", "60s", "-test.failfast")
	test.Dir = map[string]string{"engine": "engine/cuda", "kernels": "kernels/kerneltest"}[m.program]
	test.Env = append(os.Environ(), "CAVITY_LIBCUDA="+filepath.Join(b.tools, "ptxsim/libcuda.so.1"), "CAVITY_REQUIRE_CUDA=1", "PTXSIM_QUIET=1",
		"PTXSIM_LIMIT=400000000", "PTXSIM_REPLACE="+filepath.Join(dir, "committed.ptx")+":"+ptx)
	if filepath.Base(unit) == "layer.cu" { // what is loaded is made of it
		test.Env = append(test.Env, "CAVITY_LAYER_PTX="+ptx)
	}
	if test.Run() != nil {
		return "caught"
	}
	return "survived"
}

func version(text []byte) []byte {
	i := bytes.Index(text, []byte(".version "))
	return text[i : i+bytes.IndexByte(text[i:], '\n')]
}
