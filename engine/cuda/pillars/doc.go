// Package pillars holds the tests of what the CUDA backend is for: they run the finished command in small on all four kinds of model,
// compare what it prints with the CPU's, and count how often the host waits for the device.
package pillars
