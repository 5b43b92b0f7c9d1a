// Sweeps of spins with dense couplings, for all systems and replicas. Per system: couplings [n][ld]; state [2][replicas][ld],
// spins then fields.
//
// Sites are visited in blocks of 64. dense_decide, a warp a replica, turns the spins of one block in order and keeps just the
// block's own fields up to date; dense_spread then adds the rows of the spins that turned to all other fields, in the same
// order, so that every field sees the same additions and roundings as in the definition. A row of couplings is fetched once
// for many replicas, a field is read and written once a block.
#include "chance.cuh"

constexpr int BLOCK = 64;   // sites
constexpr int WARPS = 8;    // replicas of a block of threads in dense_decide
constexpr int COLUMNS = 128;

// A replica's flips in a block of sites: bit k of turned is set when site k turned, of up when its new spin is +1.
struct Flips {
  unsigned long long turned, up;
};

// half is T/2 of a replica, float32(0.5/beta).
__device__ __forceinline__ float halfTemperature(const double *beta, const int *index, u32 temperatures, u32 replica) {
  u32 k = (u32)index[replica];
  if (k >= temperatures || !(beta[k] >= 0)) __trap();
  return (float)(.5 / beta[k]);
}

extern "C" __global__ void __launch_bounds__(WARPS * 32) dense_decide(float *state, const float *couplings, const double *beta, const int *index, Flips *flips,
    u32 n, u32 ld, u32 replicas, u32 temperatures, u32 rule, u32 site, u32 before, u32 k0, u32 k1, u32 c2, u32 c3) {
  __shared__ float j[BLOCK][BLOCK];
  const u32 system = blockIdx.y, lane = threadIdx.x & 31, r = blockIdx.x * WARPS + (threadIdx.x >> 5);
  const u32 sites = min(BLOCK, n - site);
  const float *rows = couplings + ((size_t)system * n + site) * ld + site;
  for (u32 e = threadIdx.x; e < sites * BLOCK; e += WARPS * 32) {
    u32 k = e / BLOCK, c = e % BLOCK;
    j[k][c] = c < sites ? rows[(size_t)k * ld + c] : 0.f;
  }
  __syncthreads();
  if (r >= replicas) return;
  float *spins = state + ((size_t)2 * system * replicas + r) * ld + site, *fields = spins + (size_t)replicas * ld;
  const float halfT = halfTemperature(beta, index, temperatures, system * replicas + r);
  const unsigned long long element = (unsigned long long)(before + system) * ((replicas + 63) / 64 * 64) + r;
  float s[2], h[2], limit[2];
  for (int half = 0; half < 2; half++) {
    u32 k = lane + 32 * half;
    s[half] = k < sites ? spins[k] : 1.f;
    h[half] = k < sites ? fields[k] : 0.f;
    limit[half] = k < sites ? threshold(rule, word32({k0, k1, c2, c3}, (unsigned long long)(site + k) << 34 | element), halfT) : 0.f;
  }
  unsigned long long turned = 0, up = 0;
  for (u32 k = 0; k < sites; k++) {
    const int half = k >> 5;
    const float mine = s[half];
    const bool turn = __shfl_sync(0xffffffffu, mine * h[half] <= limit[half] ? 1 : 0, k & 31);
    if (!turn) continue;
    const float d = -2.f * __shfl_sync(0xffffffffu, mine, k & 31);
    h[0] = h[0] + d * j[k][lane];
    h[1] = h[1] + d * j[k][lane + 32];
    if (lane == (k & 31)) s[half] = -mine;
    turned |= 1ull << k;
    if (d > 0) up |= 1ull << k;
  }
  for (int half = 0; half < 2; half++) {
    u32 k = lane + 32 * half;
    if (k >= sites) continue;
    spins[k] = s[half];
    fields[k] = h[half];
  }
  if (lane == 0) flips[system * replicas + r] = {turned, up};
}

// A block of threads takes a tile of columns and `group` replicas; the tile of the rows is in shared memory.
extern "C" __global__ void __launch_bounds__(COLUMNS) dense_spread(float *state, const float *couplings, const Flips *flips, u32 n, u32 ld, u32 replicas, u32 site, u32 group) {
  __shared__ float j[BLOCK][COLUMNS];
  const u32 system = blockIdx.z, c = blockIdx.x * COLUMNS + threadIdx.x, first = blockIdx.y * group, last = min(first + group, replicas);
  const u32 sites = min(BLOCK, n - site);
  if (c < ld)
    for (u32 k = 0; k < sites; k++) j[k][threadIdx.x] = couplings[((size_t)system * n + site + k) * ld + c];
  // each thread reads only the column that it wrote: no barrier
  if (c >= ld || (c >= site && c < site + sites)) return;
  float *h = state + ((size_t)(2 * system + 1) * replicas + first) * ld + c;
  for (u32 r = first; r < last; r++, h += ld) {
    Flips f = flips[system * replicas + r];
    if (!f.turned) continue;
    float x = *h;
    while (f.turned) {
      int k = __ffsll((long long)f.turned) - 1;
      f.turned &= f.turned - 1;
      x = x + ((f.up >> k & 1) ? 2.f : -2.f) * j[k][threadIdx.x];
    }
    *h = x;
  }
}

// dense_fields computes the fields from scratch: h_c = b_c + Σ_i s_i J_ic, rounded after every site in order; four replicas a thread.
constexpr int QUAD = 4;
extern "C" __global__ void __launch_bounds__(COLUMNS) dense_fields(float *state, const float *couplings, const float *external, u32 n, u32 ld, u32 replicas) {
  __shared__ float s[QUAD][COLUMNS];
  const u32 system = blockIdx.z, c = blockIdx.x * COLUMNS + threadIdx.x, first = blockIdx.y * QUAD;
  const float *spins = state + ((size_t)2 * system * replicas + first) * ld, *rows = couplings + (size_t)system * n * ld;
  float h[QUAD];
  for (int q = 0; q < QUAD; q++) h[q] = c < ld ? external[(size_t)system * ld + c] : 0.f;
  for (u32 i0 = 0; i0 < n; i0 += COLUMNS) {
    for (int q = 0; q < QUAD; q++) s[q][threadIdx.x] = first + q < replicas && i0 + threadIdx.x < n ? spins[(size_t)q * ld + i0 + threadIdx.x] : 0.f;
    __syncthreads();
    if (c < ld)
      for (u32 i = 0; i < min((u32)COLUMNS, n - i0); i++) {
        float x = rows[(size_t)(i0 + i) * ld + c];
        for (int q = 0; q < QUAD; q++) h[q] = h[q] + s[q][i] * x;
      }
    __syncthreads();
  }
  float *out = state + ((size_t)(2 * system + 1) * replicas + first) * ld + c;
  for (int q = 0; q < QUAD; q++)
    if (c < ld && first + q < replicas) out[(size_t)q * ld] = h[q];
}

// dense_energy: H = -1/2 Σ s (h + b) in eight lanes, site i in lane i mod 8, added at the end in order; eight threads a replica.
extern "C" __global__ void __launch_bounds__(256) dense_energy(double *energy, const float *state, const float *external, u32 ld, u32 replicas, u32 total) {
  const u32 at = blockIdx.x * 32 + threadIdx.x / 8, lane = threadIdx.x % 8;
  const u32 q = min(at, total - 1), system = q / replicas, r = q % replicas;
  const float *s = state + ((size_t)2 * system * replicas + r) * ld, *h = s + (size_t)replicas * ld, *b = external + (size_t)system * ld;
  double sum = 0;
  for (u32 i = lane; i < ld; i += 8) sum += (double)s[i] * ((double)h[i] + (double)b[i]);
  double all = 0;
  for (int l = 0; l < 8; l++) all += __shfl_sync(0xffffffffu, sum, l, 8);
  if (lane == 0 && at < total) energy[at] = -all / 2;
}

// dense_magnetisation: the mean spin of a replica, a warp each.
extern "C" __global__ void __launch_bounds__(256) dense_magnetisation(double *m, const float *state, u32 n, u32 ld, u32 replicas, u32 total) {
  const u32 at = blockIdx.x * 8 + (threadIdx.x >> 5), lane = threadIdx.x & 31;
  if (at >= total) return;
  const float *s = state + ((size_t)2 * (at / replicas) * replicas + at % replicas) * ld;
  int sum = 0;
  for (u32 i = lane; i < n; i += 32) sum += (int)s[i];
  for (int d = 16; d > 0; d >>= 1) sum += __shfl_down_sync(0xffffffffu, sum, d);
  if (lane == 0) m[at] = (double)sum / (double)n;
}

// dense_overlaps: q of every pair of copies a < b at every temperature, a warp each; the sums are integers. walkers is the ladder's
// row of walkers, [systems][copies][temperatures].
extern "C" __global__ void __launch_bounds__(256) dense_overlaps(double *out, const float *state, const int *walkers, u32 n, u32 ld, u32 copies, u32 temperatures, u32 total) {
  const u32 at = blockIdx.x * 8 + (threadIdx.x >> 5), lane = threadIdx.x & 31;
  if (at >= total) return;
  const u32 t = at % temperatures, pairs = copies * (copies - 1) / 2, system = at / temperatures / pairs;
  u32 a = at / temperatures % pairs, b = 1;
  while (a >= b) a -= b++;
  const float *spins = state + (size_t)2 * system * copies * temperatures * ld;
  const int *w = walkers + (size_t)system * copies * temperatures;
  const float *x = spins + ((size_t)a * temperatures + (u32)w[a * temperatures + t]) * ld, *y = spins + ((size_t)b * temperatures + (u32)w[b * temperatures + t]) * ld;
  int sum = 0;
  for (u32 i = lane; i < n; i += 32) sum += (int)(x[i] * y[i]);
  for (int d = 16; d > 0; d >>= 1) sum += __shfl_down_sync(0xffffffffu, sum, d);
  if (lane == 0) out[at] = (double)sum / (double)n;
}
