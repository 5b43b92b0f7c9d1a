// Multi-spin coding on periodic square and cubic lattices: 64 systems a word, or a system of 64 strips. Spins [sites][words],
// couplings [dims][sites][coupling words], planes of thresholds [33][classes][words]; see package multispin for the definitions.
//
// What a sweep costs: a thread turns the 64 bits of a word. It draws planes of random bits until every bit is decided, most
// significant first, 2 planes a Philox block. Half of the undecided bits are decided by each plane, so the 2,048 bits of a warp take 12
// or 13, and a sweep in two dimensions 10.7 instructions a flip by its machine code: see engine/cuda/targets.txt.
#include "philox.cuh"

struct Lattice {
  u32 size[3];  // z = 1 in two dimensions
  u32 words, couplingWords, strips, first;  // first: the number of the first word
};

__device__ __forceinline__ u64 rotate(u64 x, int turn) { return turn == 0 ? x : turn > 0 ? x << 1 | x >> 63 : x >> 1 | x << 63; }

// Bonds reads what a site sees; every word of unsatisfied bonds is one of its 2·dims.
template <int dims> struct Bonds {
  const u64 *spins, *couplings;
  const Lattice &l;
  u32 at[3], site, w;
  __device__ __forceinline__ u64 coupling(int k, u32 i) const {
    size_t place = (size_t)k * l.size[0] * l.size[1] * l.size[2] + i;
    return l.couplingWords == 0 ? 0 : l.couplingWords == 1 ? couplings[place] : couplings[place * l.words + w];
  }
  __device__ __forceinline__ u64 spin(u32 i) const { return spins[(size_t)i * l.words + w]; }
  __device__ __forceinline__ u32 stride(int k) const { return k == 0 ? 1 : k == 1 ? l.size[0] : l.size[0] * l.size[1]; }
  __device__ __forceinline__ u64 up(int k, u64 s) const {
    const u32 n = l.size[k];
    const bool across = at[k] == n - 1;
    const u64 other = spin(across ? site - (n - 1) * stride(k) : site + stride(k));
    return s ^ rotate(other, across && k == 0 && l.strips ? -1 : 0) ^ coupling(k, site);
  }
  __device__ __forceinline__ u64 down(int k, u64 s) const {
    const u32 n = l.size[k];
    const bool across = at[k] == 0;
    const u32 i = across ? site + (n - 1) * stride(k) : site - stride(k);
    return s ^ rotate(spin(i) ^ coupling(k, i), across && k == 0 && l.strips ? 1 : 0);
  }
};

// count adds 2·dims bits into three planes of a number for each of 64 systems.
template <int dims> __device__ __forceinline__ void count(const Bonds<dims> &b, u64 s, u64 &ones, u64 &twos, u64 &fours) {
  ones = twos = fours = 0;
#pragma unroll
  for (int k = 0; k < dims; k++) {
    const u64 x = b.up(k, s), y = b.down(k, s);
    const u64 half = x ^ y, carry = (x & y) | (ones & half);
    ones ^= half;
    fours |= twos & carry;
    twos ^= carry;
  }
}

// place finds the site of number t of one colour.
template <int dims> __device__ __forceinline__ void place(Bonds<dims> &b, u32 t, u32 colour) {
  const u32 half = b.l.size[0] / 2, row = t / half;
  b.at[1] = row % b.l.size[1];
  b.at[2] = row / b.l.size[1];
  b.at[0] = 2 * (t - row * half) + ((b.at[1] + b.at[2] + colour) & 1);
  b.site = row * b.l.size[0] + b.at[0];
}

enum { METROPOLIS, HEATBATH };

// With shared, the bits of a word have one random number and its own thresholds [classes][words] instead of planes.
template <int dims, int rule, bool shared>
__device__ __forceinline__ void sweep(u64 *spins, const u64 *couplings, const u64 *planes, const Lattice &l, u32 colour, const Stream stream) {
  constexpr int classes = rule == METROPOLIS ? dims : dims + 1;
  const u32 e = blockIdx.x * blockDim.x + threadIdx.x, n = l.size[0] / 2 * l.size[1] * l.size[2];
  if (e >= n * l.words) return;
  Bonds<dims> b = {spins, couplings, l, {0, 0, 0}, 0, e % l.words};
  place(b, e / l.words, colour);
  const u64 s = b.spin(b.site);
  u64 ones, twos, fours;
  count(b, s, ones, twos, fours);
  // is[c] marks the systems of class c: n = dims - unsatisfied is c+1 (Metropolis) or ±c (heat bath)
  u64 number[2 * dims + 1], is[classes];
#pragma unroll
  for (int u = 0; u <= 2 * dims; u++) number[u] = (u & 1 ? ones : ~ones) & (u & 2 ? twos : ~twos) & (u & 4 ? fours : ~fours);
  u64 flips = 0, complement = 0;
#pragma unroll
  for (int u = 0; u <= 2 * dims; u++) {
    if (rule == METROPOLIS && u >= dims) flips |= number[u];
    if (rule == HEATBATH && u > dims) complement |= number[u];
  }
#pragma unroll
  for (int c = 0; c < classes; c++) {
    const int d = rule == METROPOLIS ? c + 1 : c;
    is[c] = number[dims - d];
    if (rule == HEATBATH && d > 0) is[c] |= number[dims + d];
  }
  u64 undecided = ~flips, below = 0;
  const u64 *t = planes + b.w;
  if constexpr (shared) {
    const uint4 x = philox(stream, b.w | (b.site & 1) << 24, b.site >> 3);
    const u32 number = b.site & 4 ? b.site & 2 ? x.w : x.z : b.site & 2 ? x.y : x.x;
#pragma unroll
    for (int c = 0; c < classes; c++)
      if (number < t[(size_t)c * l.words]) below |= is[c];
  } else {
#pragma unroll
    for (int c = 0; c < classes; c++) below |= is[c] & t[(size_t)(32 * classes + c) * l.words];  // probability one
    undecided &= ~below;
    for (u32 q = 0; q < 16 && undecided; q++) {
      const uint4 x = philox(stream, (b.l.first + b.w) | q << 24, b.site);
#pragma unroll
      for (int h = 0; h < 2; h++) {
        const u64 random = h == 0 ? join(x.y, x.x) : join(x.w, x.z);
        u64 limit = 0;
#pragma unroll
        for (int c = 0; c < classes; c++) limit |= is[c] & t[(size_t)((2 * q + h) * classes + c) * l.words];
        below |= undecided & limit & ~random;
        undecided &= ~(limit ^ random);
      }
    }
  }
  spins[(size_t)b.site * l.words + b.w] = s ^ (flips | (below ^ complement));
}

#define SWEEP(name, dims, rule, shared) \
  extern "C" __global__ void __launch_bounds__(256) name(u64 *spins, const u64 *couplings, const u64 *planes, const Lattice l, u32 colour, u32 k0, u32 k1, u32 c2, u32 c3) { \
    sweep<dims, rule, shared>(spins, couplings, planes, l, colour, {k0, k1, c2, c3}); \
  }
SWEEP(lattice_metropolis2, 2, METROPOLIS, false)
SWEEP(lattice_metropolis3, 3, METROPOLIS, false)
SWEEP(lattice_heatbath2, 2, HEATBATH, false)
SWEEP(lattice_heatbath3, 3, HEATBATH, false)
SWEEP(lattice_metropolis2_shared, 2, METROPOLIS, true)
SWEEP(lattice_metropolis3_shared, 3, METROPOLIS, true)
SWEEP(lattice_heatbath2_shared, 2, HEATBATH, true)
SWEEP(lattice_heatbath3_shared, 3, HEATBATH, true)

// lattice_thresholds copies the thresholds of the words' temperatures, where the bits of a word share them; words beyond the labels
// get thresholds 0. A thread a word and class.
extern "C" __global__ void __launch_bounds__(256) lattice_thresholds(u64 *thresholds, const u64 *table, const int *labels, u32 labelled, u32 temperatures, u32 classes, u32 words) {
  const u32 i = blockIdx.x * blockDim.x + threadIdx.x, w = i % words, c = i / words;
  if (c >= classes) return;
  u64 t = 0;
  if (w < labelled) {
    const u32 k = (u32)labels[w];
    if (k >= temperatures) __trap();
    t = table[(size_t)k * classes + c];
  }
  thresholds[i] = t;
}

// lattice_planes turns the thresholds of the systems' temperatures into bit planes; a warp a word and class. A label is for all bits
// of a word when there are strips; systems beyond the labels get thresholds 0.
extern "C" __global__ void __launch_bounds__(256) lattice_planes(u64 *planes, const u64 *table, const int *labels, u32 systems, u32 temperatures, u32 classes, u32 words, u32 strips) {
  const u32 warp = blockIdx.x * 8 + (threadIdx.x >> 5), lane = threadIdx.x & 31, w = warp / classes, c = warp % classes;
  if (w >= words) return;
  u64 t[2];
  for (int half = 0; half < 2; half++) {
    const u32 i = strips ? w : 64 * w + 32 * half + lane;
    t[half] = 0;
    if (i >= systems) continue;
    const u32 k = (u32)labels[i];
    if (k >= temperatures) __trap();
    t[half] = table[(size_t)k * classes + c];
  }
  u64 mine = 0;  // lane p keeps plane p
#pragma unroll
  for (int p = 0; p < 32; p++) {
    const u32 lo = __ballot_sync(0xffffffffu, t[0] >> (31 - p) & 1), hi = __ballot_sync(0xffffffffu, t[1] >> (31 - p) & 1);
    if (lane == p) mine = join(lo, hi);
  }
  planes[(size_t)(lane * classes + c) * words + w] = mine;
  const u32 lo = __ballot_sync(0xffffffffu, t[0] >> 32 & 1), hi = __ballot_sync(0xffffffffu, t[1] >> 32 & 1);
  if (lane == 0) planes[(size_t)(32 * classes + c) * words + w] = join(lo, hi);
}

// Sums over a system's sites. A thread adds small numbers for 64 systems at once, in bit planes, over `each` sites, at most 36; the
// planes of a warp are added by full adders, then lane r adds counters r and 32+r to the totals, which start at zero.
constexpr int NARROW = 8, WIDE = 13;  // 7·36 < 2^8, 32 times as much < 2^13

// add takes a number of at most three planes.
template <int planes> __device__ __forceinline__ void add(u64 (&c)[WIDE], const u64 *x) {
  u64 carry = 0;
#pragma unroll
  for (int p = 0; p < NARROW; p++) {
    const u64 y = p < planes ? x[p] : 0, half = c[p] ^ y, next = (c[p] & y) | (carry & half);
    c[p] = half ^ carry;
    carry = next;
  }
}

__device__ __forceinline__ void total(int *out, u64 (&c)[WIDE], u32 w, bool strips) {
  const u32 lane = threadIdx.x & 31;
#pragma unroll
  for (int d = 1; d < 32; d <<= 1) {
    u64 carry = 0;
#pragma unroll
    for (int p = 0; p < WIDE; p++) {
      const u64 x = __shfl_xor_sync(0xffffffffu, c[p], d), half = c[p] ^ x, next = (c[p] & x) | (carry & half);
      c[p] = half ^ carry;
      carry = next;
    }
  }
  int sum[2] = {};
#pragma unroll
  for (int p = 0; p < WIDE; p++) {
    sum[0] += (int)(c[p] >> lane & 1) << p;
    sum[1] += (int)(c[p] >> (32 + lane) & 1) << p;
  }
  if (!strips) {
    atomicAdd(out + 64 * w + lane, sum[0]);
    atomicAdd(out + 64 * w + 32 + lane, sum[1]);
    return;
  }
  int all = sum[0] + sum[1];
  for (int d = 16; d > 0; d >>= 1) all += __shfl_down_sync(0xffffffffu, all, d);
  if (lane == 0) atomicAdd(out + w, all);
}

// lattice_unsatisfied counts unsatisfied bonds: the sites of even x+y+z see every bond once. blockIdx.y is the word.
template <int dims> __device__ __forceinline__ void unsatisfied(int *out, const u64 *spins, const u64 *couplings, const Lattice &l, u32 each) {
  const u32 n = l.size[0] / 2 * l.size[1] * l.size[2], first = (blockIdx.x * 8 + (threadIdx.x >> 5)) * 32 * each + (threadIdx.x & 31);
  Bonds<dims> b = {spins, couplings, l, {0, 0, 0}, 0, blockIdx.y};
  u64 c[WIDE] = {};
  for (u32 t = first; t < min(n, first + 32 * each); t += 32) {
    place(b, t, 0);
    u64 x[3];
    count(b, b.spin(b.site), x[0], x[1], x[2]);
    add<3>(c, x);
  }
  __syncwarp();
  total(out, c, blockIdx.y, l.strips);
}
extern "C" __global__ void __launch_bounds__(256) lattice_unsatisfied2(int *out, const u64 *spins, const u64 *couplings, const Lattice l, u32 each) { unsatisfied<2>(out, spins, couplings, l, each); }
extern "C" __global__ void __launch_bounds__(256) lattice_unsatisfied3(int *out, const u64 *spins, const u64 *couplings, const Lattice l, u32 each) { unsatisfied<3>(out, spins, couplings, l, each); }

// lattice_down counts the spins -1.
extern "C" __global__ void __launch_bounds__(256) lattice_down(int *out, const u64 *spins, u32 sites, u32 words, u32 strips, u32 each) {
  const u32 first = (blockIdx.x * 8 + (threadIdx.x >> 5)) * 32 * each + (threadIdx.x & 31);
  u64 c[WIDE] = {};
  for (u32 i = first; i < min(sites, first + 32 * each); i += 32) {
    const u64 x = spins[(size_t)i * words + blockIdx.y];
    add<1>(c, &x);
  }
  __syncwarp();
  total(out, c, blockIdx.y, strips);
}

// lattice_affine turns counts into results, (a count + b)/c, and leaves zeros for the next time. A system's count is an integer, so only
// the division rounds. There are more systems than outputs where the last word is not full.
extern "C" __global__ void __launch_bounds__(256) lattice_affine(double *out, int *counts, double a, double b, double c, u32 n, u32 systems) {
  const u32 i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = (a * counts[i] + b) / c;
  if (i < systems) counts[i] = 0;
}

// Pair is two walkers at one temperature in the copies a < b of a system: output number i is (system, pair, temperature), the pairs
// being (0,1), (0,2), (1,2), …
struct Pair {
  u32 a, b;  // numbers of the replicas among all
  __device__ __forceinline__ Pair(const int *walkers, u32 i, u32 copies, u32 temperatures) {
    const u32 t = i % temperatures, pairs = copies * (copies - 1) / 2, q = i / temperatures / pairs;
    u32 x = i / temperatures % pairs, y = 1;
    while (x >= y) x -= y++;
    const u32 first = (q * copies + x) * temperatures, second = (q * copies + y) * temperatures;
    a = first + (u32)walkers[first + t];
    b = second + (u32)walkers[second + t];
    if (a - first >= temperatures || b - second >= temperatures) __trap();
  }
};

// differ is where the two walkers' words differ: 64 bits with strips, bit 0 without.
struct Differ {
  u32 a, b, ra, rb;
  bool strips;
  __device__ __forceinline__ Differ(const Pair p, bool strips) : a(strips ? p.a : p.a / 64), b(strips ? p.b : p.b / 64), ra(strips ? 0 : p.a % 64), rb(strips ? 0 : p.b % 64), strips(strips) {}
  __device__ __forceinline__ u64 operator()(const u64 *spins, u32 site, u32 words) const {
    const u64 x = spins[(size_t)site * words + a] >> ra ^ spins[(size_t)site * words + b] >> rb;
    return strips ? x : x & 1;
  }
};

__device__ __forceinline__ int warpSum(int x) {
  for (int d = 16; d > 0; d >>= 1) x += __shfl_down_sync(0xffffffffu, x, d);
  return x;
}

// Overlaps of spins (links = 0) or of the products of neighbours, a warp an output; norm is the number of terms.
extern "C" __global__ void __launch_bounds__(256) lattice_overlaps(double *out, const u64 *spins, const int *walkers, const Lattice l, u32 links, u32 dims, u32 copies, u32 temperatures, double norm, u32 n) {
  const u32 i = blockIdx.x * 8 + (threadIdx.x >> 5), lane = threadIdx.x & 31, sites = l.size[0] * l.size[1] * l.size[2];
  if (i >= n) return;
  const Differ differ(Pair(walkers, i, copies, temperatures), l.strips);
  int sum = 0;
  for (u32 site = lane; site < sites; site += 32) {
    const u64 here = differ(spins, site, l.words);
    if (!links) {
      sum += __popcll(here);
      continue;
    }
    u32 stride = 1, rest = site;
    for (u32 k = 0; k < dims; k++) {
      const bool across = rest % l.size[k] == l.size[k] - 1;
      const u64 there = differ(spins, across ? site - (l.size[k] - 1) * stride : site + stride, l.words);
      sum += __popcll(here ^ rotate(there, across && k == 0 && l.strips ? -1 : 0));
      rest /= l.size[k];
      stride *= l.size[k];
    }
  }
  sum = warpSum(sum);
  if (lane == 0) out[i] = (norm - 2. * sum) / norm;
}

// Sums over the slices perpendicular to each axis, a block an output; the counters are in shared memory.
extern "C" __global__ void __launch_bounds__(256) lattice_slices(double *out, const u64 *spins, const int *walkers, const Lattice l, u32 dims, u32 copies, u32 temperatures, u32 width) {
  extern __shared__ int down[];
  const u32 sites = l.size[0] * l.size[1] * l.size[2], across = l.size[0] * (l.strips ? 64 : 1);
  for (u32 k = threadIdx.x; k < width; k += blockDim.x) down[k] = 0;
  __syncthreads();
  const Differ differ(Pair(walkers, blockIdx.x, copies, temperatures), l.strips);
  for (u32 site = threadIdx.x; site < sites; site += blockDim.x) {
    const u64 x = differ(spins, site, l.words);
    const u32 row = site / l.size[0];
    for (u64 rest = x; rest; rest &= rest - 1) atomicAdd(&down[site % l.size[0] + (__ffsll((long long)rest) - 1) * l.size[0]], 1);
    const int n = __popcll(x);
    if (n == 0) continue;
    atomicAdd(&down[across + row % l.size[1]], n);
    if (dims == 3) atomicAdd(&down[across + l.size[1] + row / l.size[1]], n);
  }
  __syncthreads();
  const u32 spinsOf = sites * (l.strips ? 64 : 1);
  for (u32 k = threadIdx.x; k < width; k += blockDim.x) {
    const u32 length = k < across ? across : k < across + l.size[1] ? l.size[1] : l.size[2];
    out[(size_t)blockIdx.x * width + k] = (double)((int)(spinsOf / length) - 2 * down[k]);
  }
}

// lattice_step is the spin one step along an axis from spin i of a system: a site, or with strips bit i%64 of site i/64.
__device__ __forceinline__ u32 lattice_step(const Lattice &l, u32 i, u32 k, bool up) {
  const u32 site = l.strips ? i >> 6 : i, stride = k == 0 ? 1 : k == 1 ? l.size[0] : l.size[0] * l.size[1], n = l.size[k], at = site / stride % n;
  const bool across = at == (up ? n - 1 : 0);
  const u32 to = up ? (across ? site - (n - 1) * stride : site + stride) : (across ? site + (n - 1) * stride : site - stride);
  if (!l.strips) return to;
  const u32 bit = i & 63;
  return to << 6 | (across && k == 0 ? (up ? bit + 1 : bit + 63) & 63 : bit);
}

// lattice_cluster finds the connected cluster of differing spins that a pair of copies will exchange, a block a pair: its size in
// found[e] and its spins in queue[e·spins], …, in no order; left[e·words], … are the differing spins not yet reached. The block goes
// through the cluster shell by shell, so that a chain of reads is as long as the cluster is wide.
extern "C" __global__ void __launch_bounds__(128) lattice_cluster(const u64 *spins, const int *walkers, const Lattice l, int *found, u32 *left, int *queue, u32 dims, u32 copies, u32 temperatures, u32 odd, u32 k0, u32 k1, u32 c2, u32 c3) {
  __shared__ u32 differing, reached;
  const u32 e = blockIdx.x, lane = threadIdx.x & 31, warp = threadIdx.x >> 5, pairs = copies / 2;
  const u32 t = e % temperatures, c = 2 * (e / temperatures % pairs) + odd, q = e / temperatures / pairs, base = (q * copies + c) * temperatures;
  if (threadIdx.x == 0) found[e] = 0, differing = 0, reached = 0;
  __syncthreads();
  if (c + 1 >= copies) return;
  const u32 wa = (u32)walkers[base + t], wb = (u32)walkers[base + temperatures + t];
  if (wa >= temperatures || wb >= temperatures) __trap();
  const u32 a = base + wa, b = base + temperatures + wb, spinsOfOne = l.size[0] * l.size[1] * l.size[2] * (l.strips ? 64 : 1), words = (spinsOfOne + 31) / 32;
  left += (size_t)e * words, queue += (size_t)e * spinsOfOne;
  for (u32 word = warp; word < words; word += 4) {
    const u32 i = 32 * word + lane;
    const u64 *s = spins + (size_t)(l.strips ? i >> 6 : i) * l.words;
    const bool differs = i < spinsOfOne && ((l.strips ? (s[a] ^ s[b]) >> (i & 63) : s[a >> 6] >> (a & 63) ^ s[b >> 6] >> (b & 63)) & 1);
    const u32 all = __ballot_sync(0xffffffffu, differs);
    if (lane == 0) {
      left[word] = all;
      atomicAdd(&differing, __popc(all));
    }
  }
  __syncthreads();
  if (differing == 0) return;
  if (warp == 0) {
    // the cluster of one of the differing spins, drawn by its number
    u32 skip = (u32)((u64)word32({k0, k1, c2, c3}, (u64)base + t) * differing >> 32);
    for (u32 first = 0;; first += 32) {
      const u32 word = first + lane, bits = word < words ? left[word] : 0;
      u32 before = __popc(bits);
      for (int d = 1; d < 32; d <<= 1) {
        const u32 x = __shfl_up_sync(0xffffffffu, before, d);
        if (lane >= d) before += x;
      }
      const u32 sum = __shfl_sync(0xffffffffu, before, 31);
      if (sum <= skip) {
        skip -= sum;
        continue;
      }
      before -= __popc(bits);
      if (before <= skip && skip < before + __popc(bits)) {
        u32 rest = bits;
        for (u32 k = before; k < skip; k++) rest &= rest - 1;
        queue[0] = (int)(32 * word + 31 - __clz(rest & (0 - rest)));
        left[word] = bits & ~(rest & (0 - rest));
        reached = 1;
      }
      break;
    }
  }
  __syncthreads();
  for (u32 from = 0, to = 1; from < to;) {
    for (u32 at = from + threadIdx.x; at < to; at += 128)
      for (u32 k = 0; k < 2 * dims; k++) {
        const u32 j = lattice_step(l, (u32)queue[at], k >> 1, k & 1), bit = 1u << (j & 31);
        if (atomicAnd(&left[j >> 5], ~bit) & bit) queue[atomicAdd(&reached, 1)] = (int)j;
      }
    __syncthreads();
    from = to, to = reached;
    __syncthreads();
  }
  if (threadIdx.x == 0) found[e] = (int)reached;
}

// lattice_exchange turns the spins of the clusters in both copies, a block a pair. Pairs share words of spins.
extern "C" __global__ void __launch_bounds__(128) lattice_exchange(u64 *spins, const int *walkers, const Lattice l, const int *found, const int *queue, u32 copies, u32 temperatures, u32 odd) {
  const u32 e = blockIdx.x, pairs = copies / 2, spinsOfOne = l.size[0] * l.size[1] * l.size[2] * (l.strips ? 64 : 1);
  if (found[e] == 0) return;
  const u32 t = e % temperatures, c = 2 * (e / temperatures % pairs) + odd, base = (e / temperatures / pairs * copies + c) * temperatures;
  const u32 pair[2] = {base + (u32)walkers[base + t], base + temperatures + (u32)walkers[base + temperatures + t]};
  for (u32 at = threadIdx.x; at < (u32)found[e]; at += 128) {
    const u32 i = (u32)queue[(size_t)e * spinsOfOne + at];
    for (int k = 0; k < 2; k++) {
      const u32 w = l.strips ? pair[k] : pair[k] >> 6, bit = l.strips ? i & 63 : pair[k] & 63;
      atomicXor((unsigned long long *)spins + (size_t)(l.strips ? i >> 6 : i) * l.words + w, 1ull << bit);
    }
  }
}
