// Package openblas multiplies matrices with a libopenblas that is found when the program runs; nothing is linked and no cgo is needed.
//
// OpenBLAS chooses its kernels once, when it is loaded, and may not know a new processor: on one with AVX-512 that it did not know it chose
// kernels of 2004 and was four times slower. [Open] therefore names the core type that fits the processor's flags before it loads the library,
// unless OPENBLAS_CORETYPE is set, and [Library] says which one was taken.
package openblas

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/ebitengine/purego"

	"cavity/engine/cpu/level"
)

// Variable names a libopenblas to load instead of those in the usual places.
const Variable = "CAVITY_OPENBLAS"

// A Library is a loaded libopenblas. Its functions may be called by many goroutines.
type Library struct {
	Path   string // what was loaded
	Core   string // whose kernels it uses, such as SkylakeX
	Config string // version and build options

	sgemm, dgemm uintptr
	threads      func() int32
	setThreads   func(int32)
}

var open = sync.OnceValues(load)

// Open loads libopenblas, once in a process, and gives it one thread unless OPENBLAS_NUM_THREADS is set.
// It sets OPENBLAS_CORETYPE and OPENBLAS_NUM_THREADS in the environment where they are missing.
// When there is no library the error says so and names the remedy.
func Open() (*Library, error) { return open() }

// Threads is the number of threads that one product uses.
func (l *Library) Threads() int { return int(l.threads()) }

// SetThreads changes the number of threads that one product uses.
func (l *Library) SetThreads(n int) error {
	if n < 1 {
		return fmt.Errorf("openblas: %d threads: at least 1", n)
	}
	l.setThreads(int32(n))
	return nil
}

// coreType is the core whose kernels use the instructions of l, or "" to let OpenBLAS choose.
func coreType(l level.Level) string {
	switch l {
	case level.AVX512:
		return "SkylakeX"
	case level.AVX2:
		return "Haswell"
	}
	return ""
}

// names lists what to try, in order: names are looked up by the dynamic linker.
func names() []string {
	if path := os.Getenv(Variable); path != "" {
		return []string{path}
	}
	if runtime.GOOS == "darwin" {
		return []string{"libopenblas.dylib", "/opt/homebrew/opt/openblas/lib/libopenblas.dylib", "/usr/local/opt/openblas/lib/libopenblas.dylib"}
	}
	list := []string{"libopenblas.so.0", "libopenblas.so", "libopenblasp.so.0"}
	for _, dir := range []string{"/usr/lib/*/openblas*", "/usr/lib64", "/usr/lib", "/usr/local/lib", "/opt/OpenBLAS/lib"} {
		found, _ := filepath.Glob(filepath.Join(dir, "libopenblas*.so*")) // the patterns are good: no error to expect
		list = append(list, found...)
	}
	return list
}

func load() (*Library, error) {
	for name, value := range map[string]string{"OPENBLAS_CORETYPE": coreType(level.Of()), "OPENBLAS_NUM_THREADS": "1"} {
		if os.Getenv(name) == "" && value != "" {
			if err := os.Setenv(name, value); err != nil {
				return nil, fmt.Errorf("openblas: %w", err)
			}
		}
	}
	var failed error
	for _, name := range names() {
		handle, err := purego.Dlopen(name, purego.RTLD_NOW|purego.RTLD_LOCAL)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		return bind(name, handle)
	}
	if os.Getenv(Variable) != "" {
		return nil, fmt.Errorf("openblas: cannot load the library that %s names: %w", Variable, failed)
	}
	return nil, fmt.Errorf("openblas: no libopenblas on this machine: install it (Debian: libopenblas0) or name its file in %s", Variable)
}

// bind finds the functions. Builds with 64-bit integers may end their names in 64_.
func bind(path string, handle uintptr) (*Library, error) {
	l := &Library{Path: path}
	symbol := func(name string) (uintptr, error) {
		for _, suffix := range []string{"", "64_", "_64_"} {
			if at, err := purego.Dlsym(handle, name+suffix); err == nil {
				return at, nil
			}
		}
		return 0, fmt.Errorf("openblas: %s has no function %s", path, name)
	}
	var core, config func() string
	for _, f := range []struct {
		name string
		fn   any
	}{{"openblas_get_corename", &core}, {"openblas_get_config", &config}, {"openblas_get_num_threads", &l.threads}, {"openblas_set_num_threads", &l.setThreads}} {
		at, err := symbol(f.name)
		if err != nil {
			return nil, err
		}
		purego.RegisterFunc(f.fn, at)
	}
	var err error
	if l.sgemm, err = symbol("sgemm_"); err != nil {
		return nil, err
	}
	if l.dgemm, err = symbol("dgemm_"); err != nil {
		return nil, err
	}
	l.Core, l.Config = core(), strings.TrimSpace(config())
	return l, nil
}
