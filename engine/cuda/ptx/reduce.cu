// Sums and maxima over the middle axis of [outer, axis, inner]. The axis is cut into chunks, blockIdx.y each; a second launch
// adds up the chunks. Every sum has one order, whatever the device.
typedef unsigned int u32;

struct Sum { template <class T> static __device__ T f(T a, T b) { return a + b; } };
struct Max { template <class T> static __device__ T f(T a, T b) { return a > b || a != a ? a : b; } };  // NaN stays

// inner > 1: a thread an output, neighbours read neighbours. out is [chunk, outer, inner].
template <class Op, class T> __device__ __forceinline__ void columns(T *out, const T *in, u32 outer, u32 axis, u32 inner, u32 chunk) {
  u32 k = blockIdx.x * blockDim.x + threadIdx.x, width = outer * inner;
  if (k >= width) return;
  u32 o = k / inner, i = k - o * inner;
  u32 from = blockIdx.y * chunk, to = min(from + chunk, axis);
  const T *p = in + ((size_t)o * axis + from) * inner + i;
  T s = *p;
  for (u32 a = from + 1; a < to; a++) s = Op::f(s, *(p += inner));
  out[(size_t)blockIdx.y * width + k] = s;
}

// inner = 1: a block of 128 threads a row (and chunk of it).
template <class Op, class T> __device__ __forceinline__ void row(T *out, const T *in, u32 outer, u32 axis, u32 chunk) {
  __shared__ T part[4];
  u32 from = blockIdx.y * chunk, to = min(from + chunk, axis), lane = threadIdx.x & 31;
  const T *p = in + (size_t)blockIdx.x * axis;
  // threads beyond a short chunk repeat its first element for a maximum and hold 0 for a sum
  T s = Op::f((T)0, (T)-1) == (T)0 ? p[from] : (T)0;
  for (u32 a = from + threadIdx.x; a < to; a += 128) s = Op::f(s, p[a]);
  for (int d = 16; d > 0; d >>= 1) s = Op::f(s, __shfl_down_sync(0xffffffffu, s, d));
  if (lane == 0) part[threadIdx.x >> 5] = s;
  __syncthreads();
  if (threadIdx.x == 0) out[(size_t)blockIdx.y * outer + blockIdx.x] = Op::f(Op::f(part[0], part[1]), Op::f(part[2], part[3]));
}

#define REDUCE(name, Op, T) \
  extern "C" __global__ void __launch_bounds__(256) name##_columns(T *out, const T *in, u32 outer, u32 axis, u32 inner, u32 chunk) { columns<Op>(out, in, outer, axis, inner, chunk); } \
  extern "C" __global__ void __launch_bounds__(128) name##_row(T *out, const T *in, u32 outer, u32 axis, u32 chunk) { row<Op>(out, in, outer, axis, chunk); }
REDUCE(sum32, Sum, float)
REDUCE(sum64, Sum, double)
REDUCE(max32, Max, float)
REDUCE(max64, Max, double)
