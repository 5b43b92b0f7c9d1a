package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Every mistake of a small source, by its key.
func TestMutants(t *testing.T) {
	const source = `template <int n> __device__ int f(const int (&a)[4], int i) {
  float x[2];  // a size is no index; a < b in a comment is no comparison
  if (i < 3 && a[i] == 2) return a[i];
  if (i < 3 && a[i] == 2) return a[i];
  __syncthreads();
  return i >= 0 ? b[a[i]] : 0;
}
extern "C" __global__ void __launch_bounds__(256) g(int *p) {
  for (int k = 0; k <= 3; k++) p[k] = 0;
}
`
	var got []string
	for _, m := range mutants(target{file: "x.cu"}, source) {
		name := strings.Split(m.key(), " | ")
		got = append(got, strings.Join(name[1:3], " "))
		if strings.Count(m.text, "\n") != strings.Count(source, "\n") || m.text == source {
			t.Errorf("%s: %s", m.key(), m.text)
		}
	}
	slices.Sort(got)
	want := []string{"f barrier 0", "f bound 0", "f bound 0", "f bound 1", "f index 0", "f index 0", "f index 0", "f index 1", "f index 1", "f index 2", "f index 3",
		"f turned 0", "f turned 0", "f turned 1", "f turned 2", "f turned 3", "g bound 0", "g index 0", "g turned 0"}
	if !slices.Equal(got, want) {
		t.Errorf("planted %q, want %q", got, want)
	}
}

// Every device source is a target, keys are unique, and the list names only what is there.
func TestTargets(t *testing.T) {
	t.Chdir("../../..")
	known, err := equivalents(equivalentList)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]bool{"engine/cuda/ptx/primitives.cuh": true, "engine/cuda/ptx/layer.cu": true} // generated; one line beside two headers
	for _, x := range targets {
		files[x.file] = true
		text, err := os.ReadFile(x.file)
		if err != nil {
			t.Fatal(err)
		}
		ms := mutants(x, string(text))
		seen := map[string]bool{}
		for _, m := range ms {
			if seen[m.key()] {
				t.Errorf("two mistakes are called %s", m.key())
			}
			seen[m.key()] = true
		}
		if err := known.place(x, ms); err != nil {
			t.Error(err)
		}
	}
	for _, pattern := range []string{"engine/cuda/ptx/*.cu*", "kernels/cuda/*.cu*"} {
		sources, _ := filepath.Glob(pattern)
		for _, s := range sources {
			if !files[s] {
				t.Errorf("no mistakes are planted in %s", s)
			}
		}
	}
}

func TestEquivalents(t *testing.T) {
	for text, want := range map[string]string{
		"head\na | f | bound 0 | x # because":           "",
		"head\na | f | bound 0 | x":                     "no reason",
		"head\na | f | bound 0 | x # ":                  "no reason",
		"head\na | x # because\nb | y # so\na | x # no": "listed before",
	} {
		if _, err := equivalents(text); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	l := list{"x.cu | f | bound 0 | x": "because"}
	if m := (mutant{target: target{file: "x.cu"}, place: "f", kind: "bound", before: "x"}); l.judge(m, survived) != "" || l.judge(m, wrong) == "" {
		t.Error("a listed mistake must survive")
	}
	if m := (mutant{target: target{file: "x.cu"}, place: "g", kind: "bound", before: "x"}); l.judge(m, survived) == "" || l.judge(m, stopped) != "" {
		t.Error("one that is not listed must not")
	}
	if err := l.place(target{file: "x.cu"}, nil); err == nil {
		t.Error("an entry that is nowhere went unnoticed")
	}
}
