// Softmax of rows, its logarithm, and their gradients: a warp a row.
#include "primitives.cuh"
typedef unsigned int u32;

template <class T> __device__ __forceinline__ T warpSum(T x) {
  for (int d = 16; d > 0; d >>= 1) x += __shfl_xor_sync(0xffffffffu, x, d);
  return x;
}
template <class T> __device__ __forceinline__ T warpMax(T x) {
  for (int d = 16; d > 0; d >>= 1) {
    T y = __shfl_xor_sync(0xffffffffu, x, d);
    x = y > x || y != y ? y : x;
  }
  return x;
}

template <class T> __device__ __forceinline__ void softmax(T *out, const T *in, u32 rows, u32 cols, u32 log) {
  u32 r = blockIdx.x * 4 + (threadIdx.x >> 5), lane = threadIdx.x & 31;
  if (r >= rows) return;
  const T *x = in + (size_t)r * cols;
  T *y = out + (size_t)r * cols;
  T top = x[0];
  for (u32 i = lane; i < cols; i += 32) top = x[i] > top || x[i] != x[i] ? x[i] : top;
  top = warpMax(top);
  T sum = 0;
  for (u32 i = lane; i < cols; i += 32) sum += vec_exp(x[i] - top);
  sum = warpSum(sum);
  T shift = top + (log ? vec_log(sum) : (T)0);
  for (u32 i = lane; i < cols; i += 32) y[i] = log ? x[i] - shift : vec_exp(x[i] - top) / sum;
}

// gradient: y (g - Σ y g), or g - e^y Σ g for the logarithm; y is the softmax's own result.
template <class T> __device__ __forceinline__ void gradient(T *out, const T *y, const T *g, u32 rows, u32 cols, u32 log) {
  u32 r = blockIdx.x * 4 + (threadIdx.x >> 5), lane = threadIdx.x & 31;
  if (r >= rows) return;
  size_t at = (size_t)r * cols;
  T sum = 0;
  for (u32 i = lane; i < cols; i += 32) sum += log ? g[at + i] : y[at + i] * g[at + i];
  sum = warpSum(sum);
  for (u32 i = lane; i < cols; i += 32) out[at + i] = log ? g[at + i] - vec_exp(y[at + i]) * sum : y[at + i] * (g[at + i] - sum);
}

#define SOFTMAX(bits, T) \
  extern "C" __global__ void __launch_bounds__(128, 1) softmax##bits(T *out, const T *in, u32 rows, u32 cols, u32 log) { softmax(out, in, rows, cols, log); } \
  extern "C" __global__ void __launch_bounds__(128) softmax_gradient##bits(T *out, const T *y, const T *g, u32 rows, u32 cols, u32 log) { gradient(out, y, g, rows, cols, log); }
SOFTMAX(32, float)
SOFTMAX(64, double)
