package dmft

// Change is the root mean square change of C and of R in one iteration.
type Change struct{ C, R float64 }
