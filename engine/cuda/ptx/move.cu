// Strided copies: out[offOut + Σ i·strideOut] = in[offIn + Σ i·strideIn], a thread an element in row-major order of the shape.
typedef unsigned int u32;
typedef long long i64;

struct Layout {
  i64 in[6], out[6];  // strides in elements
  u32 size[6];        // the last axis runs fastest; unused axes come first with size 1
};

template <class T> __device__ __forceinline__ void move(T *out, const T *in, const Layout &l, u32 n) {
  u32 e = blockIdx.x * blockDim.x + threadIdx.x;
  if (e >= n) return;
  i64 from = 0, to = 0;
#pragma unroll
  for (int d = 5; d >= 0; d--) {
    u32 q = e / l.size[d], r = e - q * l.size[d];
    from += r * l.in[d];
    to += r * l.out[d];
    e = q;
  }
  out[to] = in[from];
}

#define MOVE(name, T) \
  extern "C" __global__ void __launch_bounds__(256) name(T *out, const T *in, const Layout l, u32 n) { move(out, in, l, n); }
MOVE(move8, unsigned char)
MOVE(move16, unsigned short)
MOVE(move32, u32)
MOVE(move64, unsigned long long)

// zero clears n 32-bit words and the bytes behind them.
extern "C" __global__ void __launch_bounds__(256) zero(u32 *out, u32 words, u32 bytes) {
  u32 e = blockIdx.x * blockDim.x + threadIdx.x;
  if (e < words) out[e] = 0;
  if (e < bytes) ((unsigned char *)(out + words))[e] = 0;
}
