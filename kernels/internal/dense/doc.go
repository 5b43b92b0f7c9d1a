// Package dense holds the inner loops of sweeps over spins with dense couplings, over plain slices.
//
// # The move
//
// For site i of replica r with spin s = ±1 and local field h = Σ_j J_ij s_j + b_i a sweep turns the spin when
//
//	s·h ≤ ℓ,   ℓ = -(T/2) ln u                 Metropolis: probability min(1, exp(-2 s h/T))
//	           ℓ = -(T/2) (ln u - ln(1-u))     heat bath:  probability 1/(1 + exp(2 s h/T))
//
// so that the random threshold ℓ depends on no spin and can be drawn for many sites ahead, and the chain from one site to
// the next is one multiplication, one comparison and one addition. u comes from the 32-bit word w of (site, replica):
// u = max(float32(w), 1/2)·2^-32 and 1-u likewise from the complement of w. Probabilities below 2^-33 count as zero.
// The logarithm is a fixed sequence of IEEE operations (see logUniform), so every backend takes the same decisions.
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
