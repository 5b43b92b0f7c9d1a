// Batches of rows of bytes, drawn without replacement by a keyed permutation; a block a row.
#include "philox.cuh"

enum { SCALED, THRESHOLD, SAMPLED };

// shuffled is where element i of n goes: a Feistel network of 2·half bits, walked until it falls below n.
__device__ __forceinline__ u64 shuffled(const Stream s, u64 i, u64 n, u32 half) {
  const u64 mask = ((u64)1 << half) - 1;
  do {
    u64 l = i >> half, r = i & mask;
    for (u32 f = 0; f < 4; f++) {
      const u64 next = l ^ (philox(s, (u32)r, f).x & mask);
      l = r;
      r = next;
    }
    i = l << half | r;
  } while (i >= n);
  return i;
}

template <class T> __device__ __forceinline__ T scaled(const float *table, u32 x);
template <> __device__ __forceinline__ float scaled<float>(const float *table, u32 x) { return table[x]; }
template <> __device__ __forceinline__ double scaled<double>(const float *, u32 x) { return (double)x / 255; }

template <class T>
__device__ __forceinline__ void minibatch(T *out, const unsigned char *data, const float *table, const u64 *limit, u32 rows, u32 width, u32 half, u32 pixels, u32 first, const Stream order, const Stream noise) {
  const u32 i = blockIdx.x;
  const u64 row = shuffled(order, (u64)first + i, rows, half), stride = (width + 63) / 64 * 64;
  for (u32 j = threadIdx.x; j < width; j += blockDim.x) {
    const u32 x = data[row * width + j];
    T y;
    if (pixels == SAMPLED) y = word32(noise, i * stride + j) < limit[x] ? 1 : 0;
    else y = pixels == SCALED ? scaled<T>(table, x) : (T)table[x];
    out[(size_t)i * width + j] = y;
  }
}
template <class T> __device__ __forceinline__ void labels(T *out, const unsigned char *data, u32 rows, u32 width, u32 half, u32 first, const Stream order) {
  const u64 row = shuffled(order, (u64)first + blockIdx.x, rows, half);
  for (u32 j = threadIdx.x; j < width; j += blockDim.x) out[(size_t)blockIdx.x * width + j] = data[row] == j ? 1 : 0;
}

#define MINIBATCH(bits, T) \
  extern "C" __global__ void __launch_bounds__(128) minibatch##bits(T *out, const unsigned char *data, const float *table, const u64 *limit, u32 rows, u32 width, u32 half, u32 pixels, u32 first, u32 o0, u32 o1, u32 o2, u32 o3, u32 k0, u32 k1, u32 c2, u32 c3) { \
    minibatch<T>(out, data, table, limit, rows, width, half, pixels, first, {o0, o1, o2, o3}, {k0, k1, c2, c3}); \
  } \
  extern "C" __global__ void __launch_bounds__(128) minibatch_labels##bits(T *out, const unsigned char *data, u32 rows, u32 width, u32 half, u32 first, u32 o0, u32 o1, u32 o2, u32 o3) { \
    labels<T>(out, data, rows, width, half, first, {o0, o1, o2, o3}); \
  }
MINIBATCH(32, float)
MINIBATCH(64, double)
