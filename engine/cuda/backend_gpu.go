//go:build gpu

package cuda

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"gorgonia.org/cu"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/rng"
)

func init() {
	engine.Register(engine.Driver{
		Name:      "cuda",
		Available: available,
		Open: func(arg string, o engine.Options) (engine.Backend, error) {
			c, err := parse(arg)
			if err != nil {
				return nil, err
			}
			if len(c.devices) > 1 {
				return openSeveral(c, o)
			}
			return openOne(c, o)
		},
		Describe: describe,
	})
}

// A choice is what follows the colon in --backend cuda:…: devices and words about their products.
type choice struct {
	devices   []int
	own, tf32 bool
}

func openOne(c choice, o engine.Options) (*backend, error) {
	d, err := open(c.devices[0])
	if err != nil {
		return nil, err
	}
	b := &backend{device: d, notice: o.Notice}
	if err := d.openProducts(c.own, c.tf32); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

func parse(arg string) (c choice, err error) {
	for _, word := range strings.Split(arg, ",") {
		switch word {
		case "":
		case "own":
			c.own = true
		case "tf32":
			c.tf32 = true
		default:
			n, err := strconv.Atoi(word)
			if err != nil || n < 0 {
				return c, fmt.Errorf("cuda: no device %q: write cuda, cuda:0, cuda:1, …, several as in cuda:0,1, with own (own products) or tf32 after a comma where wanted", word)
			}
			if slices.Contains(c.devices, n) {
				return c, fmt.Errorf("cuda: device %d is named twice", n)
			}
			c.devices = append(c.devices, n)
		}
	}
	if len(c.devices) == 0 {
		c.devices = []int{0}
	}
	if c.own && c.tf32 {
		return c, errors.New("cuda: own and tf32 contradict each other: own products are float32")
	}
	return c, nil
}

// describe tells the first device's name and the properties of all.
func describe() (string, map[string]string) {
	n, err := cu.NumDevices()
	if err != nil || n == 0 {
		return "none", nil
	}
	details := map[string]string{"driver": "CUDA " + release(cu.Version()), "devices": fmt.Sprint(n)}
	details["products"] = "own kernels"
	if lib, err := blasLibrary(); err == nil {
		details["products"] = blasVersion(lib)
	}
	first := ""
	for i := range n {
		dev, err := cu.GetDevice(i)
		if err != nil {
			continue
		}
		name, _ := dev.Name()
		name = strings.TrimRight(name, "\x00")
		if i == 0 {
			first = name
		}
		bytes, _ := dev.TotalMem()
		cc := capability(dev)
		details[fmt.Sprintf("cuda:%d", i)] = fmt.Sprintf("%s, compute capability %d.%d, %s", name, cc/10, cc%10, size(int(bytes)))
	}
	return first, details
}

// backend runs steps on one device and one stream; a second one serves copies that need not wait for the steps.
type backend struct {
	*device
	first, last *prepared // launched since the last synchronisation
	newest      *kept     // the copy taken last
	faulted     bool      // and told
	waits       int       // of the host for the device
	notice      func(text string)
}

// Name is "cuda:0" for the first device.
func (b *backend) Name() string { return fmt.Sprintf("cuda:%d", b.index) }

// Facts are the device and whose products it uses.
func (b *backend) Facts() map[string]string {
	return map[string]string{"name": b.Name(), "device": b.name, "products": b.products.String()}
}

// Emulates tells whether the device is the emulator, which says so in its name.
func (b *backend) Emulates() (device string, emulated bool) {
	return b.name, strings.Contains(b.name, "not a GPU")
}

// Multiprocessors is how many blocks the device runs at least at a time.
func (b *backend) Multiprocessors() int { return b.multiprocessors }

// Close waits for the device and gives everything back. A fault is an error of Close unless it was one before.
func (b *backend) Close() error {
	if err := b.close(); !b.faulted {
		return err
	}
	return nil
}

// memory is one allocation on the device; it is freed when nothing refers to it.
type memory struct {
	b     *backend
	ptr   cu.DevicePtr
	bytes int
}

// Alloc takes zeroed memory of the device.
func (b *backend) Alloc(dt tensor.Dtype, n int) (engine.Buffer, error) {
	m := &memory{b: b, bytes: max(n*int(dt.Size()), 1)}
	var err error
	if m.ptr, err = b.alloc(m.bytes); err != nil {
		return engine.Buffer{}, fmt.Errorf("%s: %w", b.Name(), err)
	}
	runtime.SetFinalizer(m, func(m *memory) { m.b.retire(m.ptr) })
	return engine.Buffer{Dtype: dt, Shape: []int{n}, Mem: m}, nil
}

// Upload copies a slice of numbers to the device.
func (b *backend) Upload(data any) (engine.Buffer, error) {
	h, err := hostBuffer(data)
	if err != nil {
		return h, err
	}
	buf, err := b.Alloc(h.Dtype, h.Len())
	if err != nil || h.Len() == 0 {
		return buf, err
	}
	return buf, buf.Mem.WriteAt(unsafe.Slice((*byte)(h.Host()), h.Bytes()), 0)
}

func hostBuffer(data any) (engine.Buffer, error) {
	switch x := data.(type) {
	case []float32:
		return engine.HostBuffer(x, len(x))
	case []float64:
		return engine.HostBuffer(x, len(x))
	case []int8:
		return engine.HostBuffer(x, len(x))
	case []uint8:
		return engine.HostBuffer(x, len(x))
	case []int32:
		return engine.HostBuffer(x, len(x))
	case []uint32:
		return engine.HostBuffer(x, len(x))
	case []int64:
		return engine.HostBuffer(x, len(x))
	case []uint64:
		return engine.HostBuffer(x, len(x))
	}
	return engine.Buffer{}, fmt.Errorf("cuda: no constant data of type %T", data)
}

// Sync waits until everything launched is done. A fault of a kernel shows here.
func (b *backend) Sync() error {
	b.waits++
	err := b.do(b.stream.Synchronize)
	first, last := b.first, b.last
	b.first, b.last = nil, nil
	if err == nil {
		return nil
	}
	b.faulted = true
	if first == nil {
		return fmt.Errorf("%s: %w", b.Name(), explain(err))
	}
	if first == last {
		return fmt.Errorf("%s: %s: %w", b.Name(), first.label, explain(err))
	}
	return fmt.Errorf("%s: %w, in a kernel launched between %s and %s (CUDA_LAUNCH_BLOCKING=1 names it)", b.Name(), explain(err), first.label, last.label)
}

// explain says in words what a kernel did.
func explain(err error) error {
	for code, words := range map[error]string{
		cu.IllegalAddress:       "an access outside of its memory",
		cu.MisalignedAddress:    "a misaligned access",
		cu.LaunchFailed:         "the kernel failed on the device",
		cu.LaunchTimeout:        "the kernel ran too long",
		cu.EccUncorrectable:     "the device's memory is damaged (ECC)",
		cu.LaunchOutOfResources: "the kernel needs more registers or shared memory than the device has",
	} {
		if err.Error() == code.Error() {
			return errors.New(words)
		}
	}
	return err
}

// prepared is a launch whose arguments stand ready in C memory.
type prepared struct {
	runner
	cells   []unsafe.Pointer // of the arguments
	label   string
	clocked []clockedArg
	when    func(*engine.Clock) bool
	keep    []engine.Buffer
}

// runner starts prepared work on the stream.
type runner interface{ run() error }

// clockedArg is an argument that changes with the clock: four words of a stream, or one word.
type clockedArg struct {
	cell   int
	stream uint16
	word   Word
}

// Lower prepares a step.
func (b *backend) Lower(s engine.Step) (engine.Launch, error) {
	ps, err := b.prepareStep(s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	blocking := os.Getenv("CUDA_LAUNCH_BLOCKING") == "1"
	return func(c *engine.Clock) error {
		for _, p := range ps {
			if p.when != nil && !p.when(c) {
				continue
			}
			p.set(c)
			b.note(p)
			if err := p.run(); err != nil {
				if blocking {
					b.faulted = true
					return fmt.Errorf("%s: %s: %w", b.Name(), p.label, explain(err))
				}
				// an earlier kernel may be to blame: the stream knows
				if e := b.Sync(); e != nil {
					return e
				}
				return fmt.Errorf("%s: %s does not start: %w", b.Name(), p.label, explain(err))
			}
		}
		return nil
	}, nil
}

// note remembers a launch for errors.
func (b *backend) note(p *prepared) {
	if b.first == nil {
		b.first = p
	}
	if b.newest != nil && b.newest.later == nil {
		b.newest.later = p
	}
	b.last = p
}

// Fuses says whether a product takes a loop along; those of cuBLAS take none.
func (b *backend) Fuses(f *engine.Fused) bool { return b.products.lib == nil && fuses(f) }

// prepareStep is a call of cuBLAS or the launches of kernels.
func (b *backend) prepareStep(s engine.Step) (ps []*prepared, err error) {
	if product, ok := s.(*engine.Product); ok {
		if p, err := b.lowerProduct(product); p != nil || err != nil {
			return []*prepared{p}, err
		}
	}
	launches, err := lower(b, s)
	if err != nil {
		return nil, err
	}
	for _, l := range launches {
		p, err := b.prepare(l, s.Label())
		if err != nil {
			return nil, err
		}
		ps = append(ps, p)
	}
	return ps, nil
}

// prepare writes the arguments that do not change and notes those that do.
func (b *backend) prepare(l Launch, label string) (*prepared, error) {
	if err := l.Check(); err != nil {
		return nil, err
	}
	fn, err := b.function(l.Source, l.Entry)
	if err != nil {
		return nil, err
	}
	p := &prepared{label: fmt.Sprintf("kernel %s of %s", l.Entry, label), when: l.When}
	var values [][]byte
	for _, a := range l.Args {
		switch a := a.(type) {
		case Stream:
			p.clocked = append(p.clocked, clockedArg{cell: len(values), stream: uint16(a)})
			values = append(values, make([]byte, 4), make([]byte, 4), make([]byte, 4), make([]byte, 4))
		case Word:
			p.clocked = append(p.clocked, clockedArg{cell: len(values), word: a})
			values = append(values, make([]byte, 4))
		case engine.Buffer:
			m, ok := a.Mem.(*memory)
			if !ok || m.b != b {
				return nil, fmt.Errorf("%s: a buffer that is not this device's", l.Entry)
			}
			p.keep = append(p.keep, a)
			values = append(values, bytesOf(uint64(m.ptr)+uint64(a.Off)))
		default:
			v, err := scalar(a)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", l.Entry, err)
			}
			values = append(values, v)
		}
	}
	sizes := make([]int, len(values))
	for i, v := range values {
		sizes[i] = len(v)
	}
	start, err := b.newStarter(l, fn, sizes)
	if err != nil {
		return nil, err
	}
	p.runner, p.cells = start, start.cells
	for i, v := range values {
		copy(unsafe.Slice((*byte)(p.cells[i]), len(v)), v)
	}
	return p, nil
}

func scalar(a any) ([]byte, error) {
	switch a := a.(type) {
	case []byte:
		return a, nil
	case uint32:
		return bytesOf(a), nil
	case int32:
		return bytesOf(a), nil
	case uint64:
		return bytesOf(a), nil
	case int64:
		return bytesOf(a), nil
	case float32:
		return bytesOf(a), nil
	case float64:
		return bytesOf(a), nil
	}
	return nil, fmt.Errorf("an argument of type %T", a)
}

func bytesOf[T any](v T) []byte {
	b := make([]byte, unsafe.Sizeof(v))
	*(*T)(unsafe.Pointer(&b[0])) = v
	return b
}

// set writes the words that depend on the clock. The driver copies arguments when it launches.
func (p *prepared) set(c *engine.Clock) {
	for _, a := range p.clocked {
		if a.word != nil {
			*(*uint32)(p.cells[a.cell]) = a.word(c)
			continue
		}
		s := rng.At(c.Seed, c.Pass, c.Stage, a.stream)
		for i, w := range [4]uint32{s.K0, s.K1, s.C2, s.C3} {
			*(*uint32)(p.cells[a.cell+i]) = w
		}
	}
}
