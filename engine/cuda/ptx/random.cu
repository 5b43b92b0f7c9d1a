// Tensors of random numbers: elements first … first+n-1 of a stream. A thread takes one counter and writes the elements that its four words
// belong to; the threads of half a warp write sixteen neighbours.
#include "normal.cuh"

#define KERNEL extern "C" __global__ void __launch_bounds__(256)
#define STREAM u32 k0, u32 k1, u32 c2, u32 c3

// counter of this thread, from the first of the group of 64 or 16 elements that element first is in
__device__ __forceinline__ u64 counter32(u64 first) { return (first >> 6 << 4) + (u64)blockIdx.x * blockDim.x + threadIdx.x; }
__device__ __forceinline__ u64 counter64(u64 first) { return (first >> 4 << 3) + (u64)blockIdx.x * blockDim.x + threadIdx.x; }

// store32 writes word w of counter c to its element of out.
template <class T> __device__ __forceinline__ void store32(T *out, u64 n, u64 first, u64 c, int w, T v) {
  u64 e = (c >> 4 << 6 | (u64)w << 4 | (c & 15)) - first;  // those before first are beyond n
  if (e < n) out[e] = v;
}
template <class T> __device__ __forceinline__ void store64(T *out, u64 n, u64 first, u64 c, int h, T v) {
  u64 e = (c >> 3 << 4 | (u64)h << 3 | (c & 7)) - first;
  if (e < n) out[e] = v;
}

KERNEL random_bits32(u32 *out, u64 n, u64 first, STREAM) {
  u64 c = counter32(first);
  uint4 w = philox({k0, k1, c2, c3}, (u32)c, (u32)(c >> 32));
  store32(out, n, first, c, 0, w.x);
  store32(out, n, first, c, 1, w.y);
  store32(out, n, first, c, 2, w.z);
  store32(out, n, first, c, 3, w.w);
}

KERNEL random_uniform32(float *out, u64 n, u64 first, STREAM) {
  u64 c = counter32(first);
  uint4 w = philox({k0, k1, c2, c3}, (u32)c, (u32)(c >> 32));
  store32(out, n, first, c, 0, unit32(w.x));
  store32(out, n, first, c, 1, unit32(w.y));
  store32(out, n, first, c, 2, unit32(w.z));
  store32(out, n, first, c, 3, unit32(w.w));
}

KERNEL random_normal32(float *out, u64 n, u64 first, STREAM) {
  u64 c = counter32(first);
  uint4 w = philox({k0, k1, c2, c3}, (u32)c, (u32)(c >> 32));
  float x, y;
  boxMuller32(w.x, w.y, x, y);
  store32(out, n, first, c, 0, x);
  store32(out, n, first, c, 1, y);
  boxMuller32(w.z, w.w, x, y);
  store32(out, n, first, c, 2, x);
  store32(out, n, first, c, 3, y);
}

KERNEL random_uniform64(double *out, u64 n, u64 first, STREAM) {
  u64 c = counter64(first);
  uint4 w = philox({k0, k1, c2, c3}, (u32)c, (u32)(c >> 32));
  store64(out, n, first, c, 0, unit64(join(w.x, w.y)));
  store64(out, n, first, c, 1, unit64(join(w.z, w.w)));
}

KERNEL random_normal64(double *out, u64 n, u64 first, STREAM) {
  u64 c = counter64(first);
  uint4 w = philox({k0, k1, c2, c3}, (u32)c, (u32)(c >> 32));
  double x, y;
  boxMuller64(join(w.x, w.y), join(w.z, w.w), x, y);
  store64(out, n, first, c, 0, x);
  store64(out, n, first, c, 1, y);
}
