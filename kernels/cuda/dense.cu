// Sweeps of spins with dense couplings, for all systems and replicas. Per system: couplings [n][ld]; state [2][replicas][ld],
// spins then fields.
//
// Sites are visited in blocks of 128. dense_decide, a warp a replica, turns the spins of one block in order and keeps just the
// block's own fields up to date; dense_spread then adds the rows of the spins that turned to all other fields, in the same
// order, so that every field sees the same additions and roundings as in the definition. A row of couplings is fetched once
// for many replicas, a field is read and written once a block. A turned spin adds twice a coupling or subtracts it: doubling is exact,
// so one fused operation rounds as the definition does.
#include "chance.cuh"

constexpr int BLOCK = 128;  // sites, and columns of a tile
constexpr int WARPS = 8;
constexpr int PARTS = BLOCK / 32;
constexpr u32 FIRST = 0x80000000u, ALL = 0xffffffffu;

// A replica's flips in a block of sites, in order, four at a time: half of the place of a site's row in the shared tile, in bytes, and the
// sign bit where its new spin is -1, which doubling drops. The last four are filled up with a row of -0, which added to anything leaves it as it is.
struct alignas(16) Flips {
  u32 fours, unused[3];
  uint4 four[BLOCK / 4];
};

// half is T/2 of a replica, float32(0.5/beta).
__device__ __forceinline__ float halfTemperature(const double *beta, const int *index, u32 temperatures, u32 replica) {
  u32 k = (u32)index[replica];
  if (k >= temperatures || !(beta[k] >= 0)) __trap();
  return (float)(.5 / beta[k]);
}

// tile copies BLOCK columns from c0 on of the block's rows to shared memory, [BLOCK + 1][BLOCK]; what lies outside is -0.
__device__ __forceinline__ void tile(float4 *to, const float *rows, u32 sites, u32 c0, u32 ld) {
  const u32 lane = threadIdx.x & 31, c = c0 + 4 * lane;
  for (u32 k = threadIdx.x >> 5; k <= BLOCK; k += WARPS) to[k * 32 + lane] = k < sites && c < ld ? *(const float4 *)(rows + (size_t)k * ld + c) : make_float4(-0.f, -0.f, -0.f, -0.f);
  __syncthreads();
}

extern "C" __global__ void __launch_bounds__(WARPS * 32) dense_decide(float *state, const float *couplings, const double *beta, const int *index, Flips *flips,
    u32 n, u32 ld, u32 replicas, u32 temperatures, u32 rule, u32 site, u32 before, u32 k0, u32 k1, u32 c2, u32 c3) {
  extern __shared__ float4 shared[];
  const u32 system = blockIdx.y, lane = threadIdx.x & 31, r = blockIdx.x * WARPS + (threadIdx.x >> 5);
  const u32 sites = min(BLOCK, n - site);
  tile(shared, couplings + ((size_t)system * n + site) * ld, sites, site, ld);
  if (r >= replicas) return;
  float *spins = state + ((size_t)2 * system * replicas + r) * ld + site, *fields = spins + (size_t)replicas * ld;
  const float halfT = halfTemperature(beta, index, temperatures, system * replicas + r);
  const u64 element = (u64)(before + system) * ((replicas + 63) / 64 * 64) + r;
  float s[PARTS], h[PARTS], limit[PARTS];
#pragma unroll
  for (int p = 0; p < PARTS; p++) {
    const u32 k = 32 * p + lane;
    const bool inside = k < sites;
    s[p] = inside ? spins[k] : 0.f;
    h[p] = inside ? fields[k] : 0.f;
    limit[p] = inside ? threshold(rule, word32({k0, k1, c2, c3}, (u64)(site + k) << 34 | element), halfT) : -1.f;  // never turned
  }
  u32 *list = (u32 *)flips[system * replicas + r].four, count = 0;
#pragma unroll
  for (int p = 0; p < PARTS; p++) {
    u32 turned = 0;
    const u32 ups = __brev(__ballot_sync(ALL, s[p] > 0));
    if (32 * p < sites)
#pragma unroll 8
      for (int k = 0; k < 32; k++) {
        // the row is on its way while the site's own lane decides
        const float *row = (const float *)shared + (32 * p + k) * BLOCK + lane;
        float j[PARTS];
#pragma unroll
        for (int q = 0; q < PARTS; q++) j[q] = row[32 * q];
        const float d = ups << k & FIRST ? -2.f : 2.f;
        const bool turn = __any_sync(ALL, lane == k && s[p] * h[p] <= limit[p]);
#pragma unroll
        for (int q = 0; q < PARTS; q++) h[q] = turn ? __fmaf_rn(d, j[q], h[q]) : h[q];
        if (turn) turned |= FIRST >> k;
      }
    if (turned << lane & FIRST) {
      s[p] = -s[p];
      list[count + __popc(turned & ~(ALL >> lane))] = 2 * BLOCK * (32 * p + lane) | (s[p] < 0 ? FIRST : 0);
    }
    count += __popc(turned);
  }
#pragma unroll
  for (int p = 0; p < PARTS; p++) {
    const u32 k = 32 * p + lane;
    if (k >= sites) continue;
    spins[k] = s[p];
    fields[k] = h[p];
  }
  if (lane < (0 - count) % 4) list[count + lane] = 2 * BLOCK * BLOCK;
  if (lane == 0) flips[system * replicas + r].fours = (count + 3) / 4;
}

// turn adds a row to four fields of a replica.
__device__ __forceinline__ void turn(float4 &h, const float *column, u32 flip) {
  const float d = __uint_as_float(flip & FIRST | 0x40000000u);  // 2 or -2
  const float4 j = *(const float4 *)((const char *)column + 2 * flip);
  h = make_float4(__fmaf_rn(d, j.x, h.x), __fmaf_rn(d, j.y, h.y), __fmaf_rn(d, j.z, h.z), __fmaf_rn(d, j.w, h.w));
}

// A block of threads takes a tile of columns and every gridDim.y-th replica, so that hot and cold ones are shared out; a warp takes a
// replica at a time, four columns a thread. The tile of the rows is in shared memory.
extern "C" __global__ void __launch_bounds__(WARPS * 32, 3) dense_spread(float *state, const float *couplings, const Flips *flips, u32 n, u32 ld, u32 replicas, u32 site) {
  extern __shared__ float4 shared[];
  const u32 system = blockIdx.z, lane = threadIdx.x & 31, c = blockIdx.x * BLOCK + 4 * lane, step = gridDim.y * WARPS;
  if (blockIdx.x * BLOCK == site) return;  // dense_decide's own fields
  tile(shared, couplings + ((size_t)system * n + site) * ld, min(BLOCK, n - site), blockIdx.x * BLOCK, ld);
  if (c >= ld) return;
  flips += system * replicas;
  const float *column = (const float *)(shared + lane);
  for (u32 r = blockIdx.y + gridDim.y * (threadIdx.x >> 5); r < replicas; r += step) {
    const u32 fours = flips[r].fours;
    if (fours == 0) continue;
    float4 *at = (float4 *)(state + ((size_t)(2 * system + 1) * replicas + r) * ld + c), h = *at;
    uint4 next = flips[r].four[0];
    for (u32 k = 1; k <= fours; k++) {
      const uint4 now = next;
      if (k < fours) next = flips[r].four[k];
      turn(h, column, now.x);
      turn(h, column, now.y);
      turn(h, column, now.z);
      turn(h, column, now.w);
    }
    *at = h;
  }
}

// dense_fields computes the fields from scratch: h_c = b_c + Σ_i s_i J_ic, rounded after every site in order; four replicas a thread.
constexpr int QUAD = 4, COLUMNS = 128;
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
