package pillars

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// command is the binary that `make cuda` built; the test is skipped without it, or fails where nothing may be left out.
func command(t *testing.T) string {
	t.Helper()
	path := os.Getenv("CAVITY_CUDA_BINARY")
	for _, name := range []string{"CAVITY_LIBCUDA", "PTXSIM_SEED"} {
		os.Getenv(name) // the driver reads them: tell the go command's test cache
	}
	if path == "" {
		if os.Getenv("CAVITY_REQUIRE_CUDA") != "" && os.Getenv("CAVITY_LIBCUDA") != "" {
			t.Fatal("left out: CAVITY_CUDA_BINARY names no command")
		}
		t.Skip("left out: CAVITY_CUDA_BINARY names no command (make cuda-test)")
	}
	return path
}

// TestPillars runs each command on both backends. Spin models whose fields have one definition print the same; what rests on sums
// in another order agrees to rounding, as long as nothing is sampled after it; a machine that samples after them agrees in law,
// and is only asked for a likelihood near the CPU's after a few updates.
func TestPillars(t *testing.T) {
	binary := command(t)
	for _, c := range []struct {
		args     string
		abs, rel float64
	}{
		{"temper --model ising2d --size 8 --temps 1.8:3.0:4 --warmup 20 --sweeps 40", 0, 0},
		{"temper --model ea3d --size 4 --systems 2 --temps 0.8:2.0:4 --warmup 20 --sweeps 40", 0, 0},
		{"temper --model sk --size 70 --temps 0.4:1.6:4 --warmup 10 --sweeps 20", 0, 0},
		{"temper --model hopfield --size 60 --patterns 3 --temps 0.2:1.0:4 --warmup 10 --sweeps 20", 0, 0},
		{"anneal --model ea3d --size 4 --method population --walkers 40 --sweeps 2 --cold 0.8", 0, 0},
		{"modes train --data digits --examples 200 --tests 50 --epochs 1 --batch 50 --layers 256,20,10 --modes 5", 1e-4, 1e-4},
		{"modes train --space weight --data digits --examples 200 --tests 50 --epochs 1 --batch 50 --layers 256,20,10", 1e-4, 1e-4},
		{"dmft solve --time 2 --trajectories 256", 1e-5, 1e-5},
		{"dmft network --time 1 --lyapunov-time 1 --size 64 --realisations 2", 1e-4, 1e-4},
		{"rbm train --data " + pictures(t) + " --epochs 1 --batch 100 --hidden 8", 2, .1},
	} {
		name := strings.Join(strings.Fields(c.args)[:3], " ")
		t.Run(name, func(t *testing.T) {
			want, got := result(t, binary, c.args, "cpu"), result(t, binary, c.args, "cuda")
			if s := differ("", want, got, c.abs, c.rel); s != "" {
				t.Error(s)
			}
		})
	}
}

// pictures writes 200 pictures of 8 × 8 bytes with horizontal bars, in the idx format: few enough for an emulator.
func pictures(t *testing.T) string {
	t.Helper()
	const n, side = 200, 8
	b := []byte{0, 0, 8, 3, 0, 0, 0, n, 0, 0, 0, side, 0, 0, 0, side}
	for i := range n {
		bars := byte(37 * i) // bit y: row y is lit
		for at := range side * side {
			b = append(b, 255*(bars>>(at/side)&1))
		}
	}
	path := filepath.Join(t.TempDir(), "bars.idx")
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestSeveral divides systems among two and three devices: the results are those of the CPU to the last bit, and a checkpoint of
// several devices goes on with one. What does not divide says so in a sentence.
func TestSeveral(t *testing.T) {
	binary := command(t)
	if !strings.Contains(os.Getenv("CAVITY_LIBCUDA"), "ptxsim") {
		t.Skip("only under the emulator, which has as many devices as one asks for")
	}
	t.Setenv("PTXSIM_DEVICES", "3")
	small := " --warmup 10 --sweeps 20"
	for args, backend := range map[string]string{
		"anneal --model ea3d --size 4 --systems 16 --walkers 8 --steps 6 --sweeps 2":                                                   "cuda:1,0",
		"anneal --model ea3d --size 4 --systems 9 --method population --walkers 64 --sweeps 1 --cold 1":                                "cuda:0,1,2",
		"anneal --model sk --size 40 --systems 3 --method population --walkers 20 --sweeps 1 --cold 0.8":                               "cuda:0,1",
		"anneal --model sk --size 40 --couplings pm1 --layout bits --systems 3 --method population --walkers 20 --sweeps 1 --cold 0.8": "cuda:0,1",
	} {
		if s := differ("", result(t, binary, args, "cpu"), result(t, binary, args, backend), 0, 0); s != "" {
			t.Errorf("%s on %s: %s", args, backend, s)
		}
	}
	for args, backend := range map[string]string{
		"temper --model ea3d --size 4 --systems 16 --temps 0.8:2.0:4":                             "cuda:0,1",
		"temper --model sk --size 70 --temps 0.4:1.6:4 --systems 5":                               "cuda:2,0",
		"temper --model sk --size 70 --couplings pm1 --layout bits --temps 0.4:1.6:4 --systems 5": "cuda:0,1,2",
		"temper --model hopfield --size 60 --patterns 3 --temps 0.2:1.0:4 --systems 3":            "cuda:0,1,2",
		"temper --model ea2d --size 6 --couplings gaussian --temps 0.8:2.0:4 --systems 4":         "cuda:0,1",
	} {
		if s := differ("", result(t, binary, args+small, "cpu"), result(t, binary, args+small, backend), 0, 0); s != "" {
			t.Errorf("%s on %s: %s", args, backend, s)
		}
	}
	for want, args := range map[string]string{
		"cuda:0,1: 1 systems in parts of at least 8: they divide among at most 1 devices":      "temper --model ising2d --size 8 --temps 1.8:3.0:4",
		"cuda:0,1: this computation does not divide into independent systems: name one device": "dmft solve --time 1 --trajectories 64",
	} {
		undivided(t, binary, args, want)
	}
	out := filepath.Join(t.TempDir(), "run")
	args := "temper --model sk --size 40 --systems 4 --temps 0.4:1.6:4 --warmup 10 --sweeps 300 --checkpoint-every 1ms --out " + out
	whole := result(t, binary, strings.Replace(args, out, filepath.Join(t.TempDir(), "whole"), 1), "cpu")
	if text, err := run(binary, args, "cuda:0,1", "PTXSIM_FAIL_AFTER=1500", "PTXSIM_QUIET=1"); err == nil {
		t.Fatalf("the planted fault did not stop the run: %s", text)
	}
	part, err := run(binary, args+" --resume", "cuda:1")
	if err != nil {
		t.Fatalf("resume: %v: %s", err, part)
	}
	if s := differ("", whole, decode(t, part), 0, 0); s != "" {
		t.Error(s)
	}
}

// undivided asks for two devices and is refused in one line.
func undivided(t *testing.T, binary, args, want string) {
	t.Helper()
	_, err := run(binary, args, "cuda:0,1")
	if exit, ok := err.(*exec.ExitError); !ok || !strings.Contains(string(exit.Stderr), want) || strings.Count(string(exit.Stderr), "\n") != 1 {
		t.Errorf("%s: %v does not say %q in one line", args, err, want)
	}
}

// TestSeveralModels divides chains, realisations and pictures: what is sampled after sums is to the last bit what one device gives, tables
// and arrays alike.
func TestSeveralModels(t *testing.T) {
	binary := command(t)
	if !strings.Contains(os.Getenv("CAVITY_LIBCUDA"), "ptxsim") {
		t.Skip("only under the emulator, which has as many devices as one asks for")
	}
	t.Setenv("PTXSIM_DEVICES", "3")
	dir, data := t.TempDir(), pictures(t)
	learn := "rbm train --data " + data + " --epochs 1 --batch 100 --hidden 8 --likelihood 0"
	result(t, binary, learn+" --out "+filepath.Join(dir, "machine"), "cpu")
	law := "modes train --space ensemble --data digits --examples 200 --tests 50 --epochs 1 --batch 50 --layers 256,20,10"
	result(t, binary, law+" --out "+filepath.Join(dir, "law"), "cpu")
	weights := func(of string) string { return " --weights " + filepath.Join(dir, of, "weights.safetensors") }
	for k, c := range []struct{ args, backend string }{
		{"rbm evaluate --temperatures 20 --chains 11 --burn 3 --examples 60 --data " + data + weights("machine"), "cuda:0,1"},
		{"rbm sample --chains 5 --temperatures 3 --steps 6" + weights("machine"), "cuda:2,0,1"},
		{"dmft network --time 1 --lyapunov-time 1 --size 40 --realisations 3 --spectrum", "cuda:0,1"},
		{"modes sample --networks 2 --data digits --tests 50" + weights("law"), "cuda:0,1"},
	} {
		one, several := filepath.Join(dir, fmt.Sprint("one", k)), filepath.Join(dir, fmt.Sprint("several", k))
		want, got := result(t, binary, c.args+" --out "+one, "cuda"), result(t, binary, c.args+" --out "+several, c.backend)
		if s := differ("", want, got, 0, 0); s != "" {
			t.Errorf("%s on %s: %s", c.args, c.backend, s)
		}
		a, err := os.ReadFile(filepath.Join(one, "series.npz"))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if b, _ := os.ReadFile(filepath.Join(several, "series.npz")); !bytes.Equal(a, b) {
			t.Errorf("%s on %s: other arrays", c.args, c.backend)
		}
	}
	const undividable = "cuda:0,1: this computation does not divide into independent systems: name one device"
	undivided(t, binary, learn, undividable)
	undivided(t, binary, law, undividable)
	undivided(t, binary, "dmft network --time 1 --size 10 --mean-field 64", "--mean-field solves for one population, which several devices cannot share")
	undivided(t, binary, "rbm sample --chains 1 --steps 6"+weights("machine"), "1 systems in parts of at least 1: they divide among at most 1 devices")
}

func run(binary, args, backend string, env ...string) ([]byte, error) {
	cmd := exec.Command(binary, append(strings.Fields(args), "--backend", backend, "--json", "--quiet", "--seed", "5")...)
	cmd.Env = append(os.Environ(), env...)
	return cmd.Output()
}

func result(t *testing.T, binary, args, backend string) any {
	t.Helper()
	text, err := run(binary, args, backend)
	if err != nil {
		detail := ""
		if exit, ok := err.(*exec.ExitError); ok {
			detail = string(exit.Stderr)
		}
		t.Fatalf("%s on %s: %v %s", args, backend, err, detail)
	}
	return decode(t, text)
}

func decode(t *testing.T, text []byte) any {
	t.Helper()
	var v any
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

// timing are the keys that say how a result was computed.
func timing(key string, _ any) bool {
	return strings.Contains(key, "second") || strings.Contains(key, "per_ns") || strings.HasSuffix(key, "_per_s") || key == "backend"
}

// differ names the first place where two results differ by more than abs + rel·|want|; times are not results.
func differ(path string, want, got any, abs, rel float64) string {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return fmt.Sprintf("%s: %v, want %v", path, got, want)
		}
		for _, m := range []map[string]any{w, g} { // how it was computed is not a result
			maps.DeleteFunc(m, timing)
			if none, ok := m["not_finite"].(map[string]any); ok { // rates of an emulation, and perhaps results
				if maps.DeleteFunc(none, timing); len(none) == 0 {
					delete(m, "not_finite")
				}
			}
		}
		if len(g) != len(w) {
			return fmt.Sprintf("%s: %v, want %v", path, got, want)
		}
		for k := range w {
			if s := differ(path+"."+k, w[k], g[k], abs, rel); s != "" {
				return s
			}
		}
		return ""
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return fmt.Sprintf("%s: %v, want %v", path, got, want)
		}
		for i := range w {
			if s := differ(fmt.Sprintf("%s[%d]", path, i), w[i], g[i], abs, rel); s != "" {
				return s
			}
		}
		return ""
	case float64:
		if g, ok := got.(float64); ok && math.Abs(g-w) <= abs+rel*math.Abs(w) {
			return ""
		}
	default:
		if want == got {
			return ""
		}
	}
	return fmt.Sprintf("%s: %v, want %v", path, got, want)
}

// TestEmulationIsNotTimed: the emulator computes, and says what it is, but neither rates nor benchmarks are taken of it.
func TestEmulationIsNotTimed(t *testing.T) {
	binary := command(t)
	emulated(t)
	sum := result(t, binary, "temper --model ising2d --size 8 --temps 1.8:3.0:4 --warmup 20 --sweeps 40", "cuda").(map[string]any)
	if rate, there := sum["flips_per_ns"]; !there || rate != nil {
		t.Errorf("a rate of %v", rate)
	}
	if device := sum["backend"].(map[string]any)["device"]; device != "PTX emulator (not a GPU)" {
		t.Errorf("the device is %v", device)
	}
	out, err := exec.Command(binary, "bench", "--suite", "engine", "--backends", "cuda", "--quick").CombinedOutput()
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 1 || !strings.Contains(string(out), "cuda:0 is an emulation, PTX emulator (not a GPU): it has no speed that could be measured") || strings.Contains(string(out), "FLOP") {
		t.Errorf("%v: %s", err, out)
	}
}
