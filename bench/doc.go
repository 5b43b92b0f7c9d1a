// Package bench times Cavity on work that is checked, compares backends, samplers and versions, and writes what it found as a
// table, JSON, benchstat's text and figures.
//
// A [Case] prepares [Work] on a backend. The runner finds how many steps make a repeat long enough to time, takes several
// repeats, and quotes the fastest with the spread of all, in processor time for one worker and wall time for more: on a shared
// machine the minimum is what the code costs and the spread is what the neighbours add. After the last repeat the work verifies its own result (an energy against the exact
// one, a checksum, a likelihood); a wrong result is a failure and not a time.
//
// The suite samplers compares samplers on one instance, each with the same time from a random state, its warm-up and
// measurements included, and as many replicas: effective values a second and the autocorrelation time of the energy, round
// trips, the deviation of free energies from the exact one, the time to the lowest energy. A chain whose autocorrelation time
// is too long for the time says so in place of a value, and an average six errors off the exact one is a failure.
package bench
