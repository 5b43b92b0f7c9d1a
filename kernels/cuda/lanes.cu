// Models whose states have replicas as lanes: the Hopfield model in its low-rank form and dense couplings kept as bits. Per system:
// state [rows][lanes]; see packages lowrank and signs for the definitions.
#include "chance.cuh"
#include "normal.cuh"

__device__ __forceinline__ float halfTemperature(const double *beta, const int *index, u32 temperatures, u32 replica) {
  const u32 k = (u32)index[replica];
  if (k >= temperatures || !(beta[k] >= 0)) __trap();
  return (float)(.5 / beta[k]);
}

// element numbers the replicas of all systems for their random words.
__device__ __forceinline__ u64 element(u32 system, u32 replicas, u32 r) { return (u64)system * ((replicas + 63) / 64 * 64) + r; }
__device__ __forceinline__ u64 siteOf(u32 i, u64 element) { return (u64)i << 34 | element; }

// The Hopfield kernels take four threads a replica, thread q the patterns μ with μ mod 4 = q: the parts in which a field is summed.
// The overlaps (and λ) of the replicas of a block lie in shared memory, [μ][16].
constexpr int GROUP = 16;
enum { LITTLE = 2 };  // beside the rules

struct Hopfield {
  u32 sites, patterns, stride, replicas, lanes;  // stride: rows of overlaps
};

struct HopfieldLane {
  float *spins;         // of this replica, lanes apart
  const float *xi, *b;  // of its system
  float *x;             // [stride][GROUP], this replica's column
  u32 q, r;
  u64 first;
  float halfT;
  bool live;

  __device__ __forceinline__ float field(const Hopfield &m, u32 i, const float *x) const {
    float sum = 0;
    for (u32 mu = q; mu < m.stride; mu += 4) sum += xi[(size_t)i * m.stride + mu] * x[mu * GROUP];
    sum += __shfl_xor_sync(0xffffffffu, sum, 1);  // 0+1 and 2+3; addition commutes
    return sum + __shfl_xor_sync(0xffffffffu, sum, 2);
  }
  __device__ __forceinline__ void add(const Hopfield &m, u32 i, float d, float *x) const {
    for (u32 mu = q; mu < m.stride; mu += 4) x[mu * GROUP] += d * xi[(size_t)i * m.stride + mu];
  }
  __device__ __forceinline__ bool turns(u32 rule, u32 i, float s, float d, float shift, float scale, u32 w) const {
    const float sh = (s * d - shift) * scale + s * b[i];
    return sh <= threshold(rule, w, halfT);
  }
};

__device__ __forceinline__ HopfieldLane hopfieldLane(float *state, const float *patterns, const float *external, const double *beta, const int *index, float *shared, const Hopfield &m, u32 temperatures, u32 before) {
  const u32 system = blockIdx.y, column = threadIdx.x / 4, at = blockIdx.x * GROUP + column;
  HopfieldLane l;
  l.live = at < m.replicas;
  l.r = min(at, m.replicas - 1);  // idle threads join the shuffles but touch nobody's state
  l.q = threadIdx.x % 4;
  l.spins = state + (size_t)system * (m.sites + m.stride) * m.lanes + l.r;
  l.xi = patterns + (size_t)system * m.sites * m.stride;
  l.b = external + (size_t)system * m.sites;
  l.x = shared + column;
  l.first = element(before + system, m.replicas, l.r);
  l.halfT = halfTemperature(beta, index, temperatures, system * m.replicas + l.r);
  return l;
}

extern "C" __global__ void __launch_bounds__(4 * GROUP) hopfield_sweep(float *state, const float *patterns, const float *external, const double *beta, const int *index, const Hopfield m, u32 temperatures, u32 rule, float scale, u32 before, u32 k0, u32 k1, u32 c2, u32 c3) {
  extern __shared__ float shared[];
  HopfieldLane l = hopfieldLane(state, patterns, external, beta, index, shared, m, temperatures, before);
  float *overlaps = l.spins + (size_t)m.sites * m.lanes;
  for (u32 mu = l.q; mu < m.stride; mu += 4) l.x[mu * GROUP] = l.live ? overlaps[(size_t)mu * m.lanes] : 0.f;
  for (u32 i = 0; i < m.sites; i++) {
    const float s = l.live ? l.spins[(size_t)i * m.lanes] : 1.f;
    const float d = l.field(m, i, l.x);
    const bool turn = l.turns(rule, i, s, d, (float)m.patterns, scale, word32({k0, k1, c2, c3}, siteOf(i, l.first)));
    if (turn) l.add(m, i, -2.f * s, l.x);
    __syncwarp();
    if (turn && l.live && l.q == 0) l.spins[(size_t)i * m.lanes] = -s;
  }
  if (l.live)
    for (u32 mu = l.q; mu < m.stride; mu += 4) overlaps[(size_t)mu * m.lanes] = l.x[mu * GROUP];
}

// hopfield_block turns all spins given λ and counts the overlaps anew. In block sampling λ is drawn given the overlaps, with √T for
// its deviation; in Little's dynamics (rule 2) it is the old overlaps themselves.
extern "C" __global__ void __launch_bounds__(4 * GROUP) hopfield_block(float *state, const float *patterns, const float *external, const double *beta, const int *index, const Hopfield m, u32 temperatures, u32 rule, float scale, u32 before, u32 k0, u32 k1, u32 c2, u32 c3) {
  extern __shared__ float shared[];
  HopfieldLane l = hopfieldLane(state, patterns, external, beta, index, shared, m, temperatures, before);
  const Stream stream = {k0, k1, c2, c3};
  const bool little = rule == LITTLE;
  const float width = (float)sqrt(2. * (double)l.halfT), shift = little ? (float)m.patterns : 0.f;
  float *lambda = l.x + (size_t)m.stride * GROUP, *overlaps = l.spins + (size_t)m.sites * m.lanes;
  for (u32 mu = l.q; mu < m.stride; mu += 4) {
    const float old = l.live ? overlaps[(size_t)mu * m.lanes] : 0.f;
    lambda[mu * GROUP] = little ? old : old * scale + width * normal32(stream, siteOf(m.sites + mu, l.first));
    l.x[mu * GROUP] = 0;
  }
  for (u32 i = 0; i < m.sites; i++) {
    float s = l.live ? l.spins[(size_t)i * m.lanes] : 1.f;
    const float d = l.field(m, i, lambda);
    const bool turn = l.turns(HEATBATH, i, s, d, shift, scale, word32(stream, siteOf(i, l.first)));
    __syncwarp();
    if (turn) s = -s;
    if (turn && l.live && l.q == 0) l.spins[(size_t)i * m.lanes] = s;
    l.add(m, i, s, l.x);
  }
  if (l.live)
    for (u32 mu = l.q; mu < m.stride; mu += 4) overlaps[(size_t)mu * m.lanes] = l.x[mu * GROUP];
}

// hopfield_overlaps counts the overlaps from the spins, a thread an overlap; it stops at a pattern that is not ±1.
extern "C" __global__ void __launch_bounds__(256) hopfield_overlaps(float *state, const float *patterns, const Hopfield m, u32 systems) {
  const u32 e = blockIdx.x * blockDim.x + threadIdx.x, r = e % m.replicas, mu = e / m.replicas % m.stride, system = e / m.replicas / m.stride;
  if (system >= systems) return;
  float *s = state + (size_t)system * (m.sites + m.stride) * m.lanes + r;
  const float *xi = patterns + (size_t)system * m.sites * m.stride + mu;
  float sum = 0;
  for (u32 i = 0; i < m.sites; i++) {
    const float p = xi[(size_t)i * m.stride];
    if (mu < m.patterns ? p != 1.f && p != -1.f : p != 0.f) __trap();
    sum += s[(size_t)i * m.lanes] * p;
  }
  s[(size_t)(m.sites + mu) * m.lanes] = sum;
}

// hopfield_energy: H = -(1/2n) Σ M² + p/2 - Σ b s, the sums in order; a thread a replica.
extern "C" __global__ void __launch_bounds__(256) hopfield_energy(double *energy, const float *state, const float *external, const Hopfield m, u32 systems) {
  const u32 e = blockIdx.x * blockDim.x + threadIdx.x, r = e % m.replicas, system = e / m.replicas;
  if (system >= systems) return;
  const float *rows = state + (size_t)system * (m.sites + m.stride) * m.lanes + r;
  double h = 0;
  for (u32 mu = 0; mu < m.patterns; mu++) {
    const double x = rows[(size_t)(m.sites + mu) * m.lanes];
    h += x * x;
  }
  h = ((double)m.patterns - h / (double)m.sites) / 2;
  for (u32 i = 0; i < m.sites; i++) {
    const float b = external[(size_t)system * m.sites + i];
    if (b != 0) h -= (double)b * (double)rows[(size_t)i * m.lanes];
  }
  energy[e] = h;
}

// Mean spins and overlaps of a state whose first rows are spins; the sums are integers. A thread an output.
extern "C" __global__ void __launch_bounds__(256) lane_magnetisation(double *out, const float *state, u32 sites, u32 rows, u32 lanes, u32 replicas, u32 n) {
  const u32 e = blockIdx.x * blockDim.x + threadIdx.x;
  if (e >= n) return;
  const float *s = state + (size_t)(e / replicas) * rows * lanes + e % replicas;
  int sum = 0;
  for (u32 i = 0; i < sites; i++) sum += (int)s[(size_t)i * lanes];
  out[e] = (double)sum / (double)sites;
}

// pairOf finds the lanes of output e: (system, pair of copies a < b, temperature), pairs (0,1), (0,2), (1,2), …
struct Lanes { u32 system, a, b; };
__device__ __forceinline__ Lanes pairOf(const int *walkers, u32 e, u32 copies, u32 temperatures) {
  const u32 t = e % temperatures, pairs = copies * (copies - 1) / 2, system = e / temperatures / pairs;
  u32 a = e / temperatures % pairs, b = 1;
  while (a >= b) a -= b++;
  const int *w = walkers + (size_t)system * copies * temperatures;
  const u32 x = (u32)w[a * temperatures + t], y = (u32)w[b * temperatures + t];
  if (x >= temperatures || y >= temperatures) __trap();
  return {system, a * temperatures + x, b * temperatures + y};
}
extern "C" __global__ void __launch_bounds__(256) lane_overlaps(double *out, const float *state, const int *walkers, u32 sites, u32 rows, u32 lanes, u32 copies, u32 temperatures, u32 n) {
  const u32 e = blockIdx.x * blockDim.x + threadIdx.x;
  if (e >= n) return;
  const Lanes p = pairOf(walkers, e, copies, temperatures);
  const float *s = state + (size_t)p.system * rows * lanes;
  int sum = 0;
  for (u32 i = 0; i < sites; i++) sum += (int)(s[(size_t)i * lanes + p.a] * s[(size_t)i * lanes + p.b]);
  out[e] = (double)sum / (double)sites;
}

// Couplings as bits. A warp a replica; lane l keeps words l, l+32, … of the replica's spins in `mine`, a row of its own, so that a row of
// couplings is read once by 32 neighbours. Bits of a state are +1 when set.
struct Bits {
  u32 sites, words, replicas, lanes, temperatures;
};

__device__ __forceinline__ int bitSpin(u64 word, u32 i) { return (int)(word >> (i % 64) & 1) * 2 - 1; }

// field is Σ_j ε_ij s_j in all lanes, and s_i.
__device__ __forceinline__ int bitField(const Bits &m, const u64 *row, const u64 *mine, u32 i, int &spin) {
  const u32 lane = threadIdx.x & 31;
  int differ = 0, s = 0;
  for (u32 k = lane; k < m.words; k += 32) {
    const u64 x = mine[k];
    differ += __popcll(row[k] ^ x);
    if (k == i / 64) s = bitSpin(x, i);
  }
  for (int d = 16; d > 0; d >>= 1) differ += __shfl_xor_sync(0xffffffffu, differ, d);
  spin = __shfl_sync(0xffffffffu, s, i / 64 % 32);
  return (int)m.sites - 2 * differ + spin;
}

// bits_sweep; with `count` it only counts the sum over pairs anew.
extern "C" __global__ void __launch_bounds__(128) bits_sweep(u64 *state, const u64 *couplings, const float *external, const double *beta, const int *index, u64 *scratch, const Bits m, u32 rule, float strength, u32 count, u32 before, u32 k0, u32 k1, u32 c2, u32 c3) {
  const u32 system = blockIdx.y, r = blockIdx.x * 4 + (threadIdx.x >> 5), lane = threadIdx.x & 31;
  if (r >= m.replicas) return;
  u64 *s = state + (size_t)system * (m.words + 1) * m.lanes + r, *mine = scratch + ((size_t)system * m.replicas + r) * m.words;
  const u64 *j = couplings + (size_t)system * m.sites * m.words;
  for (u32 k = lane; k < m.words; k += 32) mine[k] = s[(size_t)k * m.lanes];
  const float halfT = halfTemperature(beta, index, m.temperatures, system * m.replicas + r);
  const u64 e = element(before + system, m.replicas, r);
  long long change = 0;
  for (u32 i = 0; i < m.sites; i++) {
    int spin;
    const int field = bitField(m, j + (size_t)i * m.words, mine, i, spin);
    if (count) {
      change += spin * field;
      continue;
    }
    const float limit = threshold(rule, word32({k0, k1, c2, c3}, siteOf(i, e)), halfT);
    if (!((float)(spin * field) * strength + (float)spin * external[(size_t)system * m.sites + i] <= limit)) continue;
    change -= 2 * spin * field;
    if (lane == i / 64 % 32) mine[i / 64] ^= 1ull << (i % 64);
  }
  if (!count)
    for (u32 k = lane; k < m.words; k += 32) s[(size_t)k * m.lanes] = mine[k];
  u64 *pairs = s + (size_t)m.words * m.lanes;
  if (lane == 0) *pairs = count ? (u64)(change / 2) : *pairs + (u64)change;
}

extern "C" __global__ void __launch_bounds__(256) bits_energy(double *energy, const u64 *state, const float *external, const Bits m, double strength, u32 n) {
  const u32 e = blockIdx.x * blockDim.x + threadIdx.x;
  if (e >= n) return;
  const u32 r = e % m.replicas, system = e / m.replicas;
  const u64 *s = state + (size_t)system * (m.words + 1) * m.lanes + r;
  double h = -strength * (double)(long long)s[(size_t)m.words * m.lanes];
  for (u32 i = 0; i < m.sites; i++) {
    const float b = external[(size_t)system * m.sites + i];
    if (b != 0) h -= (double)b * (double)bitSpin(s[(size_t)(i / 64) * m.lanes], i);
  }
  energy[e] = h;
}

extern "C" __global__ void __launch_bounds__(256) bits_magnetisation(double *out, const u64 *state, const Bits m, u32 n) {
  const u32 e = blockIdx.x * blockDim.x + threadIdx.x;
  if (e >= n) return;
  const u64 *s = state + (size_t)(e / m.replicas) * (m.words + 1) * m.lanes + e % m.replicas;
  int up = 0;
  for (u32 k = 0; k < m.words; k++) up += __popcll(s[(size_t)k * m.lanes]);
  out[e] = 2 * (double)up / (double)m.sites - 1;
}

extern "C" __global__ void __launch_bounds__(256) bits_overlaps(double *out, const u64 *state, const int *walkers, const Bits m, u32 copies, u32 n) {
  const u32 e = blockIdx.x * blockDim.x + threadIdx.x;
  if (e >= n) return;
  const Lanes p = pairOf(walkers, e, copies, m.temperatures);
  const u64 *s = state + (size_t)p.system * (m.words + 1) * m.lanes;
  int differ = 0;
  for (u32 k = 0; k < m.words; k++) differ += __popcll(s[(size_t)k * m.lanes + p.a] ^ s[(size_t)k * m.lanes + p.b]);
  out[e] = 1 - 2 * (double)differ / (double)m.sites;
}

// Sums of s^a s^b over the slices of a periodic lattice side^dims perpendicular to each axis, a block an output.
extern "C" __global__ void __launch_bounds__(256) lane_slices(double *out, const float *state, const int *walkers, u32 side, u32 dims, u32 sites, u32 rows, u32 lanes, u32 copies, u32 temperatures) {
  extern __shared__ int sums[];
  const u32 width = dims * side;
  for (u32 k = threadIdx.x; k < width; k += blockDim.x) sums[k] = 0;
  __syncthreads();
  const Lanes p = pairOf(walkers, blockIdx.x, copies, temperatures);
  const float *s = state + (size_t)p.system * rows * lanes;
  for (u32 i = threadIdx.x; i < sites; i += blockDim.x) {
    const int both = (int)(s[(size_t)i * lanes + p.a] * s[(size_t)i * lanes + p.b]);
    u32 rest = i;
    for (u32 axis = 0; axis < dims; axis++, rest /= side) atomicAdd(&sums[axis * side + rest % side], both);
  }
  __syncthreads();
  for (u32 k = threadIdx.x; k < width; k += blockDim.x) out[(size_t)blockIdx.x * width + k] = (double)sums[k];
}
