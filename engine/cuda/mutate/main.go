// Mutate tests the tests of the CUDA kernels: it plants one mistake at a time in a .cu file, compiles it, lets the emulator load the
// result in place of the committed PTX, and runs the tests that launch what changed, which must fail.
//
//	mutate [-every N] [-only PATTERN] [-v] TOOLS
//
// Mistakes are: a barrier deleted, a comparison turned round, a bound moved by one, an index moved by one (plant.go). A mistake that
// leaves the compiled code as it was is no mistake. Any other that the tests let pass must stand in equivalent.txt with the reason why
// it changes nothing; one that is listed but caught, or listed but nowhere in the sources, is an error too.
// TOOLS is the folder with the compiler and the emulator (make cuda).
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"sync"
	"time"
)

// A target is a file with the file to compile, where the mistakes are planted in a header, and the test program that must notice.
// The emulator replaces PTX that it gets as it was committed; what the program rewrites first, it must read itself.
type target struct {
	file, unit, program string
	rewritten           bool
}

var targets = []target{
	{"engine/cuda/ptx/gemm.cu", "", "engine", false},
	{"engine/cuda/ptx/move.cu", "", "engine", false},
	{"engine/cuda/ptx/random.cu", "", "engine", false},
	{"engine/cuda/ptx/philox.cuh", "kernels/cuda/dense.cu", "kernels", false},
	{"engine/cuda/ptx/normal.cuh", "engine/cuda/ptx/random.cu", "engine", false},
	{"engine/cuda/ptx/reduce.cu", "", "engine", false},
	{"engine/cuda/ptx/softmax.cu", "", "engine", false},
	{"kernels/cuda/chance.cuh", "kernels/cuda/dense.cu", "kernels", false},
	{"kernels/cuda/dense.cu", "", "kernels", false},
	{"kernels/cuda/exchange.cu", "", "kernels", false},
	{"kernels/cuda/lattice.cu", "", "kernels", false},
	{"kernels/cuda/lanes.cu", "", "kernels", false},
	{"kernels/cuda/sparse.cu", "", "kernels", false},
	{"kernels/cuda/cluster.cu", "", "kernels", false},
	{"kernels/cuda/sampling.cu", "", "kernels", false},
	{"kernels/cuda/minibatch.cu", "", "kernels", false},
	{"kernels/cuda/process.cu", "", "kernels", false},
	{"engine/cuda/ptx/layer.cuh", "engine/cuda/ptx/layer.cu", "engine", true},
}

// compiled is the file that the compiler gets.
func (t target) compiled() string {
	if t.unit != "" {
		return t.unit
	}
	return t.file
}

func main() {
	every := flag.Int("every", 1, "take every Nth mistake")
	only := flag.String("only", "", "take the mistakes whose keys match a regular expression, such as ^dense.cu")
	verbose := flag.Bool("v", false, "print every verdict")
	flag.Parse()
	if flag.NArg() != 1 || *every < 1 {
		fmt.Fprintln(os.Stderr, "usage: mutate [-every N] [-only PATTERN] [-v] TOOLS")
		os.Exit(2)
	}
	pattern, err := regexp.Compile(*only)
	ok := false
	if err == nil {
		ok, err = run(flag.Arg(0), *every, pattern, *verbose)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

func run(tools string, every int, only *regexp.Regexp, verbose bool) (ok bool, err error) {
	known, err := equivalents(equivalentList)
	if err != nil {
		return false, err
	}
	var mine []target
	var todo []mutant
	for _, t := range targets {
		text, err := os.ReadFile(t.file)
		if err != nil {
			return false, err
		}
		ms := mutants(t, string(text))
		if err := known.place(t, ms); err != nil {
			return false, err
		}
		before := len(todo)
		for _, m := range ms {
			if only.MatchString(m.key()) {
				todo = append(todo, m)
			}
		}
		if len(todo) > before {
			mine = append(mine, t)
		}
	}
	if len(mine) == 0 {
		return false, fmt.Errorf("no mistake matches %s", only)
	}
	b, err := newBench(tools, mine)
	if err != nil {
		return false, err
	}
	defer b.close()
	var sample []mutant
	for i := 0; i < len(todo); i += every {
		sample = append(sample, todo[i])
	}
	return b.all(sample, len(todo), known, verbose)
}

// all runs the mutants, two at a time, and reports.
func (b *bench) all(todo []mutant, of int, known list, verbose bool) (ok bool, err error) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	next, bad := 0, 0
	counts := map[verdict]int{}
	start := time.Now()
	for worker := range 2 {
		wg.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				stop := err != nil
				mu.Unlock()
				if i >= len(todo) || stop {
					return
				}
				v, failed := b.try(todo[i], worker)
				mu.Lock()
				if failed != nil && err == nil {
					err = fmt.Errorf("%s: %w", todo[i].key(), failed)
				}
				counts[v]++
				complaint := known.judge(todo[i], v)
				if complaint != "" {
					bad++
				} else if v == survived {
					counts[survived]--
					counts[listed]++
				}
				if complaint != "" || verbose {
					fmt.Printf("%s: %s:%d %s\n", v, todo[i].file, todo[i].line, todo[i].key())
				}
				if complaint != "" {
					fmt.Println("  " + complaint)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	fmt.Printf("%d mistakes of %d planted: %d gave wrong results, %d were stopped by the emulator, %d refused by the compiler, %d left the code as it was, %d listed as equivalent, %d not caught (%.0f s)\n",
		len(todo), of, counts[wrong], counts[stopped], counts[refused], counts[same], counts[listed], counts[survived], time.Since(start).Seconds())
	return bad == 0, err
}
