// Kernels of samplers and learning machines that work element by element or row by row. before: the numbers of the stream that belong to
// elements, or rows, of a larger run that this is a part of.
#include "philox.cuh"
#include "primitives.cuh"

template <class T> __device__ __forceinline__ double uniform(const Stream s, u64 e);
template <> __device__ __forceinline__ double uniform<float>(const Stream s, u64 e) { return (double)unit32(word32(s, e)); }
template <> __device__ __forceinline__ double uniform<double>(const Stream s, u64 e) { return unit64(word64(s, e)); }

// categorical marks one state of every group, a thread a group.
template <class T> __device__ __forceinline__ void categorical(T *out, const T *in, u32 states, u32 groups, u64 before, const Stream s) {
  const u32 g = blockIdx.x * blockDim.x + threadIdx.x;
  if (g >= groups) return;
  const u64 first = (u64)g * states;
  const T *x = in + first;
  T most = x[0];
  for (u32 k = 1; k < states; k++) most = x[k] > most ? x[k] : most;
  double total = 0, sum = 0;
  for (u32 k = 0; k < states; k++) total += (double)vec_exp(x[k] - most);
  const double limit = uniform<T>(s, before + first) * total;
  u32 chosen = states - 1;
  for (u32 k = 0; k + 1 < states; k++) {
    sum += (double)vec_exp(x[k] - most);
    if (sum > limit) {
      chosen = k;
      break;
    }
  }
  for (u32 k = 0; k < states; k++) out[first + k] = k == chosen ? 1 : 0;
}

// one_hot draws a column of every row.
template <class T> __device__ __forceinline__ void oneHot(T *out, u32 rows, u32 cols, u64 before, const Stream s) {
  const u32 row = blockIdx.x * blockDim.x + threadIdx.x;
  if (row >= rows) return;
  const u32 chosen = (u32)__umul64hi(word64(s, before + row), cols);
  for (u32 k = 0; k < cols; k++) out[(size_t)row * cols + k] = k == chosen ? 1 : 0;
}

// watch_look notes a number outside of -limit … limit, or NaN; watch_note keeps the step if it is the first.
template <class T> __device__ __forceinline__ void look(int *found, const T *x, T limit, u32 n) {
  const u32 i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n && !(x[i] >= -limit && x[i] <= limit)) atomicOr(found, 1);
}
extern "C" __global__ void watch_note(long long *seen, int *found, u32 low, u32 high) {
  if (*found && *seen < 0) *seen = (long long)join(low, high);
  *found = 0;
}

// The law with density exp(xh - h²/2) on h ≥ 0, in double. Let r = e^{-z²}/(z √π erfc z) for z ≥ 2: the continued fraction
// 1 + y/(1 + 2y/(1 + 3y/ … )), y = 1/(2z²) (Abramowitz and Stegun 7.1.14), with as many terms as z = 2 needs.
__device__ double fraction(double z) {
  double f = 1;
  for (int k = 60; k > 0; k--) f = 1 + k / (2 * z * z) / f;
  return f;
}
const double rootPi = 1.7724538509055160;
// erfc z = 1 - (2/√π) z e^{-z²} Σ (2z²)^k / (1·3 … (2k+1)) below 2, where the difference costs two digits at most.
__device__ double complement(double z) {
  if (z >= 2) return vec_exp(-z * z) / (z * rootPi * fraction(z));
  if (z <= -6) return 2;
  double term = 1, sum = 1;
  for (int k = 1; k < 160; k++) {
    term *= 2 * z * z / (2 * k + 1);
    sum += term;
  }
  return 1 - 2 / rootPi * z * vec_exp(-z * z) * sum;
}
// logComplement is ln erfc z, and its derivative.
__device__ double logComplement(double z, double &slope) {
  if (z >= 2) {
    const double f = fraction(z);
    slope = -2 * z * f;
    return -z * z - vec_log(z * rootPi * f);
  }
  const double c = complement(z);
  slope = -2 / rootPi * vec_exp(-z * z) / c;
  return vec_log(c);
}
// inverse finds z with ln erfc z = l, l ≤ ln 2, by Newton's method: ln erfc is concave, so it goes there from one side.
__device__ double inverse(double l) {
  double z = l < -1 ? sqrt(-l) : 0;
  for (int k = 0; k < 60; k++) {
    double slope;
    const double step = (logComplement(z, slope) - l) / slope;
    z -= step;
    if (step < 1e-15 * (1 + (z < 0 ? -z : z)) && step > -1e-15 * (1 + (z < 0 ? -z : z))) break;
  }
  return z;
}
const double rootTwo = 1.4142135623730951;
// mills is the series of -x Φ(x)/φ(x) for x < -20.
__device__ double mills(double x) {
  const double i = 1 / (x * x);
  return 1 - i * (1 - 3 * i * (1 - 5 * i * (1 - 7 * i * (1 - 9 * i))));
}
enum { SAMPLE, MEAN, LOGARITHM };
__device__ double rectified(u32 what, double x, double u) {
  double slope;
  switch (what) {
    case SAMPLE: {
      if (x < -37) return vec_log1p(-u) / x;
      const double h = x + rootTwo * inverse(vec_log1p(-u) + logComplement(-x / rootTwo, slope));
      return h > 0 ? h : 0;
    }
    case MEAN: {
      if (x > -20) return x + vec_exp(-x * x / 2) / (rootPi / rootTwo) / complement(-x / rootTwo);
      const double m = mills(x);
      return -x * (1 - m) / m;
    }
  }
  if (x > -20) return x * x / 2 + logComplement(-x / rootTwo, slope) - 0.69314718055994531;
  return vec_log(mills(x) / -x) - 0.91893853320467274;
}
template <class T> __device__ __forceinline__ void rectifiedAll(T *out, const T *x, u32 what, u32 n, u64 before, const Stream s) {
  const u32 i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = (T)rectified(what, (double)x[i], what == SAMPLE ? unit64(word64(s, before + i)) : 0);
}

#define SAMPLING(bits, T) \
  extern "C" __global__ void __launch_bounds__(256) categorical##bits(T *out, const T *in, u32 states, u32 groups, u64 before, u32 k0, u32 k1, u32 c2, u32 c3) { categorical(out, in, states, groups, before, {k0, k1, c2, c3}); } \
  extern "C" __global__ void __launch_bounds__(256) one_hot##bits(T *out, u32 rows, u32 cols, u64 before, u32 k0, u32 k1, u32 c2, u32 c3) { oneHot(out, rows, cols, before, {k0, k1, c2, c3}); } \
  extern "C" __global__ void __launch_bounds__(256) watch_look##bits(int *found, const T *x, T limit, u32 n) { look(found, x, limit, n); } \
  extern "C" __global__ void __launch_bounds__(128) rectified##bits(T *out, const T *x, u32 what, u32 n, u64 before, u32 k0, u32 k1, u32 c2, u32 c3) { rectifiedAll(out, x, what, n, before, {k0, k1, c2, c3}); }
SAMPLING(32, float)
SAMPLING(64, double)

extern "C" __global__ void __launch_bounds__(256) lookup(float *out, const float *table, const int *index, u32 size, u32 n) {
  const u32 i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  const u32 k = (u32)index[i];
  if (k >= size) __trap();
  out[i] = table[k];
}
extern "C" __global__ void __launch_bounds__(256) widen(double *out, const float *x, u32 n) {
  const u32 i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = (double)x[i];
}

// Every replica gets the state of its parent. Rows of a dense state belong to replicas; in a state with lanes the replicas are columns,
// and what is beyond them becomes 0.
extern "C" __global__ void __launch_bounds__(256) resample_rows(float *out, const float *in, const int *parents, u32 replicas, u32 stride) {
  const u32 row = blockIdx.y, column = blockIdx.x * blockDim.x + threadIdx.x, slab = row / replicas;
  if (column >= stride) return;
  const u32 p = (u32)parents[slab / 2 * replicas + row % replicas];
  if (p >= replicas) __trap();
  out[(size_t)row * stride + column] = in[((size_t)slab * replicas + p) * stride + column];
}
template <class T> __device__ __forceinline__ void resampleLanes(T *out, const T *in, const int *parents, u32 replicas, u32 rows, u32 stride, u32 n) {
  const u32 e = blockIdx.x * blockDim.x + threadIdx.x, r = e % stride, row = e / stride;
  if (e >= n) return;
  T x = 0;
  if (r < replicas) {
    const u32 p = (u32)parents[row / rows * replicas + r];
    if (p >= replicas) __trap();
    x = in[(size_t)row * stride + p];
  }
  out[e] = x;
}
extern "C" __global__ void __launch_bounds__(256) resample_lanes32(u32 *out, const u32 *in, const int *parents, u32 replicas, u32 rows, u32 stride, u32 n) { resampleLanes(out, in, parents, replicas, rows, stride, n); }
extern "C" __global__ void __launch_bounds__(256) resample_lanes64(u64 *out, const u64 *in, const int *parents, u32 replicas, u32 rows, u32 stride, u32 n) { resampleLanes(out, in, parents, replicas, rows, stride, n); }

// The place among all of the parent of replica i, of `total`; one beyond them keeps its own.
__device__ __forceinline__ u32 parentOf(const int *parents, u32 i, u32 replicas, u32 total) {
  if (i >= total) return i;
  const u32 p = (u32)parents[i];
  if (p >= replicas) __trap();
  return i / replicas * replicas + p;
}
// On a lattice a replica is a word of a site's, or a bit of one: a warp gathers the 64 bits of a word.
extern "C" __global__ void __launch_bounds__(256) resample_words(u64 *out, const u64 *in, const int *parents, u32 replicas, u32 total, u32 words, u32 n) {
  const u32 e = blockIdx.x * blockDim.x + threadIdx.x;
  if (e < n) out[e] = in[e - e % words + parentOf(parents, e % words, replicas, total)];
}
extern "C" __global__ void __launch_bounds__(256) resample_bits(u64 *out, const u64 *in, const int *parents, u32 replicas, u32 total, u32 words, u32 n) {
  const u32 e = blockIdx.x * 8 + (threadIdx.x >> 5), lane = threadIdx.x & 31;
  if (e >= n) return;
  u32 half[2];
  for (u32 k = 0; k < 2; k++) {
    const u32 p = parentOf(parents, e % words * 64 + 32 * k + lane, replicas, total);
    half[k] = __ballot_sync(0xffffffffu, in[e - e % words + p / 64] >> (p % 64) & 1);
  }
  if (lane == 0) out[e] = (u64)half[1] << 32 | half[0];
}
