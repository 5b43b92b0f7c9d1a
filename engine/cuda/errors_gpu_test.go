//go:build gpu

package cuda

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"unsafe"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/cpu"
)

func copyBytes[T any](dst []T, src []byte) {
	copy(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(dst))), len(src)), src)
}

// TestMain lets the test program stand for a user's: with CAVITY_OPEN it opens that backend and says what happened.
func TestMain(m *testing.M) {
	if name := os.Getenv("CAVITY_OPEN"); name != "" {
		b, err := engine.Open(name, engine.Options{})
		if err != nil {
			os.Stdout.WriteString(err.Error())
			os.Exit(1)
		}
		os.Stdout.WriteString("opened " + b.Name() + ", products: " + b.(engine.Teller).Facts()["products"])
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestOpen asks for devices that are not there, one sentence each.
func TestOpen(t *testing.T) {
	emulated := strings.Contains(os.Getenv("CAVITY_LIBCUDA"), "ptxsim")
	for _, c := range []struct{ name, set, want string }{
		{"cuda", "CAVITY_LIBCUDA=/nowhere/libcuda.so.1", "no CUDA driver found"},
		{"cuda", "PTXSIM_DRIVER=10020", "too old: it supports CUDA 10.2, and 11.0 is needed"},
		{"cuda", "PTXSIM_DEVICES=0", "finds no device"},
		{"cuda", "PTXSIM_CAPABILITY=75", "has compute capability 7.5, and 8.0 is needed"},
		{"cuda:7", "PTXSIM_DEVICES=1", "no device 7: this machine has 1, the last is cuda:0"},
		{"cuda:1", "PTXSIM_DEVICES=2", "opened cuda:1"},
		{"cuda:x", "PTXSIM_DEVICES=1", `no device "x"`},
		{"cuda:0,1,own", "PTXSIM_DEVICES=2", "opened cuda:0,1"},
		{"cuda:0,1", "PTXSIM_DEVICES=1", "no device 1: this machine has 1, the last is cuda:0"},
		{"cuda:1,1", "PTXSIM_DEVICES=2", "device 1 is named twice"},
		{"cuda:0,own,tf32", "PTXSIM_DEVICES=1", "own and tf32 contradict each other"},
		{"cuda:tf32", "CAVITY_LIBCUBLAS=/nowhere/libcublas.so", "tf32 needs cuBLAS, which is not there: /nowhere/libcublas.so"},
		{"cuda:tf32", "CAVITY_LIBCUBLAS=libm.so.6", "libm.so.6 has no cublasCreate_v2"},
		{"cuda", "CAVITY_LIBCUBLAS=/nowhere/libcublas.so", "opened cuda:0, products: own kernels"},
		{"cuda", "PTXSIM_DEVICES=1", "opened cuda:0"},
	} {
		if !emulated && strings.HasPrefix(c.set, "PTXSIM") {
			continue // a real driver does not take orders
		}
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "CAVITY_OPEN="+c.name, c.set)
		out, _ := cmd.CombinedOutput()
		if !strings.Contains(string(out), c.want) || strings.Contains(string(out), "\n") {
			t.Errorf("%s with %s says %q, want one sentence with %q", c.name, c.set, out, c.want)
		}
	}
}

// fault is a launch that writes beyond its buffer.
const faulty = `.version 7.0
.target sm_80
.address_size 64
.visible .entry wild(.param .u64 p) {
.reg .b64 %a;
ld.param.u64 %a, [p];
st.global.u32 [%a+1048576], 1;
ret;
}
`

// TestFault plants a wild write, under the emulator only: a real device's context would be lost for the other tests.
func TestFault(t *testing.T) {
	if !strings.Contains(os.Getenv("CAVITY_LIBCUDA"), "ptxsim") {
		t.Skip("only under the emulator")
	}
	t.Setenv("PTXSIM_QUIET", "1")
	for _, blocking := range []string{"0", "1"} {
		t.Setenv("CUDA_LAUNCH_BLOCKING", blocking)
		opened, err := engine.Open("cuda", engine.Options{})
		if err != nil {
			t.Skip(err)
		}
		b := opened.(*backend)
		buf := empty(t, b, tensor.Float32, 4)
		p, err := b.prepare(Launch{Source: faulty, Entry: "wild", Args: []any{buf}}, "h = σ(v W)")
		if err != nil {
			t.Fatal(err)
		}
		b.first, b.last = p, p
		err = p.run()
		if (err != nil) != (blocking == "1") {
			t.Errorf("blocking %s: the launch returned %v", blocking, err)
		}
		if blocking == "0" {
			err = b.Sync()
			for _, want := range []string{"cuda:0", "kernel wild of h = σ(v W)", "an access outside of its memory"} {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%v does not say %q", err, want)
				}
			}
		}
		if err := buf.Mem.ReadAt(make([]byte, 16), 0); err == nil {
			t.Error("memory was read after a fault as if nothing had happened")
		}
		if err := b.Close(); err != nil {
			t.Errorf("closing told the fault again: %v", err)
		}
	}
}

// square is x ← x²/2 + 1 on n numbers.
func square(t testing.TB, b engine.Backend, n int) (*engine.Program, error) {
	t.Helper()
	g := gorgonia.NewGraph()
	x := gorgonia.NewTensor(g, tensor.Float32, 1, gorgonia.WithShape(n), gorgonia.WithName("x"))
	y, err := gorgonia.Square(x)
	if err == nil {
		y, err = gorgonia.Mul(y, gorgonia.NewConstant(float32(.5)))
	}
	if err == nil {
		y, err = gorgonia.Tanh(y)
	}
	if err != nil {
		t.Fatal(err)
	}
	return engine.Compile(engine.Plan{Stages: []engine.Stage{{Name: "s", Graph: g, Next: map[string]*gorgonia.Node{"x": y}, Repeat: 1}}}, b)
}

// TestResumeOnCPU saves on the device and goes on with the CPU: loops have the same bits on both.
func TestResumeOnCPU(t *testing.T) {
	b := openDevice(t)
	host := cpu.New(engine.Options{Workers: 1})
	defer host.Close()
	const n = 1000
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(i) / n
	}
	whole, part := make([]float32, n), make([]float32, n)
	onHost, err := square(t, host, n)
	if err != nil {
		t.Fatal(err)
	}
	onDevice, err := square(t, b, n)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	var saved bytes.Buffer
	err = errors.Join(onHost.Write("x", x), onHost.Step(ctx, 7), onHost.Read("x", whole),
		onDevice.Write("x", x), onDevice.Step(ctx, 4), onDevice.Save(&saved), onHost.Load(&saved), onHost.Step(ctx, 3), onHost.Read("x", part))
	if err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		if whole[i] != part[i] {
			t.Fatalf("element %d is %v after a resume, %v without", i, part[i], whole[i])
		}
	}
}

// A step allocates nothing and does not wait for the device.
func TestSteadyState(t *testing.T) {
	b := openDevice(t)
	p, err := square(t, b, 100)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if n := testing.AllocsPerRun(50, func() {
		if err := p.Step(ctx, 1); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a step", n)
	}
}

func TestRefusals(t *testing.T) {
	b := openDevice(t)
	x := empty(t, b, tensor.Float32, 4)
	half := engine.Operand{Kind: engine.Array, Buf: x}
	for want, s := range map[string]engine.Step{
		`no CUDA code for the elementwise function "root"`: &engine.Loop{N: 4, Cols: 4, Code: []engine.Instr{{Op: "root", NSrc: 2, Dst: half, Src: [3]engine.Operand{half, half}}}},
		"has no CUDA version":                              &engine.Call{Out: x},
		"random numbers of dtype":                          &engine.Random{Out: empty(t, b, tensor.Int32, 4)},
	} {
		if _, err := b.Lower(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
