// Package dense holds the inner loops of sweeps over spins with dense couplings, over plain slices.
//
// # The move
//
// Site i of a replica with spin s = ±1 and local field h = Σ_j J_ij s_j + b_i turns its spin when s·h ≤ ℓ, the random
// threshold of package chance. Drawn a block ahead, the thresholds leave one multiplication, one comparison and one addition
// in the chain from site to site.
//
// # The fields
//
// The definition is plain: after a flip of site i, h_j += -2 s_i J_ij for all j, rounded to float32 each time, in the order
// of the flips. The fast version keeps that order and these roundings but postpones most of the work: it visits a block of
// sites while it keeps only the block's own fields up to date (lanes are replicas), then adds to every replica's fields all
// rows that its accepted flips call for, a tile of columns at a time with the fields in registers and the rows in L1.
// The sums are the same bit for bit, and a row of couplings is fetched once a sweep for all replicas.
//
// # Layout
//
// For a system of n sites and R replicas, with Stride(n) floats a row: couplings [n][stride]; state [2][R][stride], spins
// first and fields second; external fields [stride]. Columns from n on are zero. The couplings are symmetric with a zero diagonal.
package dense

//go:generate sh -c "cd .. && go run ./asmgen"
