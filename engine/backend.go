package engine

import (
	"fmt"
	"sort"
	"strings"
	"sync"

	"gorgonia.org/tensor"
)

// A Backend owns memory and turns finished steps of the IR into launches. It never sees a gorgonia operation, which is
// what makes fusion possible. A step that it has no code for is an error that names the model's operation; there is
// no silent fall-back.
type Backend interface {
	Name() string
	Alloc(dt tensor.Dtype, n int) (Buffer, error) // zeroed
	Lower(s Step) (Launch, error)
	Close() error
}

// A Launch does one step's work. It is prepared once and called every time; it does not allocate.
type Launch func(c *Clock) error

// A GraphBackend runs a stage's gorgonia graph whole instead of its lowered steps: the tape backend, our oracle.
type GraphBackend interface {
	Backend
	LowerGraph(s Stage, slot func(name string) Buffer) (Launch, error)
}

// A Syncer is a backend whose launches return before the work is done; the Program calls Sync before it reads. Writes take effect after
// what was launched before them, and need not wait for it.
type Syncer interface {
	Backend
	Sync() error
}

// A Rehearser is a backend whose memory is scarce. Compile first runs against what Rehearse gives, which takes the same steps and adds
// up what they need without allocating anything, then asks fits, and only then begins; so a plan that is too large is refused whole.
type Rehearser interface {
	Backend
	Rehearse() (rehearsal Backend, fits func() error)
}

// A Teller is a backend that has more to say about how it computes than its name, such as whose products it uses: facts for meta.json.
type Teller interface {
	Backend
	Facts() map[string]string
}

// An Emulator is a backend that may run on an emulation of its device, for tests. It computes the same, but its speed is nobody's.
type Emulator interface {
	Backend
	Emulates() (device string, emulated bool)
}

// Emulates names the device that a backend only emulates; emulated is false where it does not.
func Emulates(b Backend) (device string, emulated bool) {
	if e, ok := b.(Emulator); ok {
		return e.Emulates()
	}
	return "", false
}

// Options configure a backend when it is opened.
type Options struct {
	Workers int               // goroutines; 0 means all cores
	Notice  func(text string) // hears what a user should know before a run, such as the memory that it needs; nil for nobody
}

// Driver describes a backend that can be opened by name.
type Driver struct {
	Name      string                                          // "cpu", "openblas", "tape", "cuda"
	Available func() error                                    // nil, or why not, in a sentence
	Open      func(arg string, o Options) (Backend, error)    // arg is what follows a colon: "1" in "cuda:1"
	Describe  func() (name string, details map[string]string) // what it runs on, for `cavity devices` and meta.json
}

var (
	driversMu sync.Mutex
	drivers   = map[string]Driver{}
)

// Register makes a backend known; packages of backends call it from init.
func Register(d Driver) {
	driversMu.Lock()
	defer driversMu.Unlock()
	drivers[d.Name] = d
}

// Drivers lists the registered backends by name.
func Drivers() []Driver {
	driversMu.Lock()
	defer driversMu.Unlock()
	var ds []Driver
	for _, d := range drivers {
		ds = append(ds, d)
	}
	sort.Slice(ds, func(i, j int) bool { return ds[i].Name < ds[j].Name })
	return ds
}

// A DeviceError is what a device told when its memory was read or written, or when the host waited for it: often the fault of a
// kernel that was launched long before.
type DeviceError struct{ Err error }

func (e *DeviceError) Error() string { return e.Err.Error() }

func (e *DeviceError) Unwrap() error { return e.Err }

func broken(err error) error {
	if err == nil {
		return nil
	}
	return &DeviceError{err}
}

// A Shortage is an error of a device that has too little memory for what was asked of it: another may have enough.
type Shortage string

func (s Shortage) Error() string { return string(s) }

// Open opens a backend by name, such as "cpu", "openblas", "tape" or "cuda:1".
func Open(name string, o Options) (Backend, error) {
	if o.Workers < 0 {
		return nil, fmt.Errorf("engine: %d workers: at least 1, or 0 for all cores", o.Workers)
	}
	kind, arg, _ := strings.Cut(name, ":")
	driversMu.Lock()
	d, ok := drivers[kind]
	driversMu.Unlock()
	if !ok {
		var names []string
		for _, d := range Drivers() {
			names = append(names, d.Name)
		}
		return nil, fmt.Errorf("engine: no backend %q; there are %s", name, strings.Join(names, ", "))
	}
	if err := d.Available(); err != nil {
		return nil, fmt.Errorf("engine: backend %s: %w", kind, err)
	}
	return d.Open(arg, o)
}
