package kernels_test

import (
	"context"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/kernels"
	"cavity/kernels/kerneltest"
)

// TestResample follows numbers that name their system, row and replica.
func TestResample(t *testing.T) {
	const systems, n, replicas = 2, 5, 20
	ld, lanes := kernels.DenseStride(n), kernels.LaneStride(replicas)
	dense := make([]float32, systems*2*replicas*ld)
	wide := make([]uint64, systems*n*lanes)
	parents := make([]int32, systems*replicas)
	for q := range systems {
		for r := range replicas {
			parents[q*replicas+r] = int32((7*r*r + q) % replicas)
			for i := range n {
				dense[((2*q+1)*replicas+r)*ld+i] = float32(1000*q + 30*i + r)
				wide[(q*n+i)*lanes+r] = uint64(1000*q + 30*i + r)
			}
		}
	}
	b, g := &inputs{t, map[string]any{}}, gorgonia.NewGraph()
	p := b.in(g, "parents", tensor.Int32, parents, systems, replicas)
	d := b.ok(kernels.DenseResample(b.in(g, "dense", tensor.Float32, dense, systems, 2, replicas, ld), p))
	w := b.ok(kernels.LaneResample(b.in(g, "wide", tensor.Uint64, wide, systems, n, lanes), p))
	stage := engine.Stage{Name: "resample", Graph: g, Repeat: 1, Next: map[string]*gorgonia.Node{"dense": d, "wide": w}}
	program, err := engine.Compile(engine.Plan{Stages: []engine.Stage{stage}}, kerneltest.Bound{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range b.data {
		if err := program.Write(name, x); err != nil {
			t.Fatal(err)
		}
	}
	if err := program.Step(context.Background(), 1); err != nil {
		t.Fatal(err)
	}
	if err := program.Read("dense", dense); err != nil {
		t.Fatal(err)
	}
	if err := program.Read("wide", wide); err != nil {
		t.Fatal(err)
	}
	for q := range systems {
		for r := range replicas {
			for i := range n {
				want := 1000*q + 30*i + (7*r*r+q)%replicas
				if got := dense[((2*q+1)*replicas+r)*ld+i]; got != float32(want) {
					t.Fatalf("dense: system %d replica %d site %d is %v, want %d", q, r, i, got, want)
				}
				if got := wide[(q*n+i)*lanes+r]; got != uint64(want) {
					t.Fatalf("lanes: system %d replica %d site %d is %v, want %d", q, r, i, got, want)
				}
			}
		}
	}
	parents[3] = replicas
	if err := program.Write("parents", parents); err != nil {
		t.Fatal(err)
	}
	if err := program.Step(context.Background(), 1); err == nil {
		t.Error("a parent that does not exist was accepted")
	}
}
