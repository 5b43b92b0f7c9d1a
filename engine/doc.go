// Package engine compiles gorgonia graphs once and runs them millions of times.
//
// A model describes one step of its physics as a [Plan]: stages, each a gorgonia graph whose inputs are named slots.
// [Compile] turns the plan into a [Program] on a [Backend]; [Program.Step] then runs it without allocating.
//
//	g := gorgonia.NewGraph()
//	x := gorgonia.NewVector(g, tensor.Float32, gorgonia.WithName("x"), gorgonia.WithShape(3))
//	y := gorgonia.Must(gorgonia.HadamardProd(x, gorgonia.NewConstant(float32(0.5))))
//	p, err := engine.Compile(engine.Plan{Stages: []engine.Stage{{
//		Name: "halve", Graph: g, Next: map[string]*gorgonia.Node{"x": y}, Repeat: 1}}}, backend)
//	err = p.Step(ctx, 10) // x is now x/1024
//
// # What survives a step
//
// Slots are arrays of the Program, shared by name among its stages. An input node of a graph reads the slot of its name;
// Stage.Next says which node's value replaces which slot when the stage's graph has run. A step runs every stage Repeat
// times, in order; a stage with Repeat 0 runs when [Program.Once] asks for it, to measure for example.
//
// # From graph to steps
//
// Lowering (lower.go, the only file that knows gorgonia's operations) decodes nodes into values of a small IR. Views -
// reshapes, transpositions, slices, broadcasts - become strides and cost nothing where their reader can follow them.
// Simplification folds numbers, lets a second product accumulate into a first, and replaces division by one number.
// Scheduling joins elementwise values of one depth and shape into one [Loop]. Memory is assigned by liveness, and a slot's next
// value is made in place where nobody needs the old one any more. What is left is a flat list of [Step] values that the
// backend prepares once. [Program.Explain] prints it.
//
// # Randomness, resume, workers
//
// A kernel may depend on its inputs and on the [Clock], nothing else. Random numbers are functions of seed, stage, pass,
// stream and element (package rng). Therefore the same seed gives the same bytes on reruns, with any number of workers, and
// after [Program.Save] and [Program.Load].
//
// # Backends
//
// A program chooses by importing: cavity/engine/cpu (package gemm and vec, nothing to install), cavity/engine/openblas,
// cavity/engine/tape (gorgonia's own machine, the oracle) and cavity/engine/cuda register themselves; [Open] opens by name.
// Package enginetest holds them all to one table of graphs.
package engine
