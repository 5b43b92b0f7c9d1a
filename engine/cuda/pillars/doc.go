// Package pillars holds the test that runs the finished command, built with the CUDA backend, in small on all four kinds of model,
// and compares what it prints with the CPU's.
package pillars
