// C = alpha·op(A)·op(B) + beta·C for row-major matrices, one after the other in a batch. An element of op(A) is A[m·rowA + k·colA],
// one of the strides being 1; transposition is a matter of strides.
//
// A block computes a part of C of HEIGHT rows and 16·WORK columns, a thread WORK × WORK elements of it in registers. While it multiplies
// one slab of DEPTH columns of A and rows of B from shared memory, the next slab is on its way through registers into the other half.
// An element is one chain of fused multiply-adds in the order of k, so every tile size gives the same bits. Where the sum over k is cut
// into pieces, blockIdx.z counts them within the batch; each is a chain of its own, and gemm_sum adds them up in order.
//
// With VECTOR = 4 whatever lies side by side in memory moves four at a time: leading dimensions and extents are multiples of 4 then, and
// addresses of 16 bytes.
typedef unsigned int u32;
typedef long long i64;

__device__ __forceinline__ float fused(float a, float b, float c) { return __fmaf_rn(a, b, c); }
__device__ __forceinline__ double fused(double a, double b, double c) { return __fma_rn(a, b, c); }

template <class T, int VECTOR> struct alignas(sizeof(T) * VECTOR) Pack { T x[VECTOR]; };

// Slab moves a LENGTH × DEPTH part of an operand: fetch from memory into registers, put into shared memory as [k][m]. Neighbouring
// threads read neighbouring addresses whichever stride is 1. A row of shared memory is 16 bytes longer than LENGTH, so that a warp that
// fetched along k puts its numbers into different banks.
template <class T, int LENGTH, int DEPTH, int THREADS, int VECTOR> struct Slab {
  typedef Pack<T, VECTOR> Vector;
  static constexpr int each = LENGTH * DEPTH / THREADS / VECTOR, row = LENGTH + 16 / sizeof(T);
  static constexpr u32 acrossK = DEPTH / VECTOR, acrossM = LENGTH / VECTOR, stepM = THREADS / acrossK, stepK = THREADS / acrossM;
  const T *p;             // the operand
  u32 from, step, ahead;  // this thread's first vector of the next slab, to its next vector, to the next slab
  u32 at, lines;          // where its first vector lies in a slab; how many of its vectors lie inside, were the slab deep enough
  bool byDepth;
  Vector r[each];

  __device__ __forceinline__ u32 k() const { return byDepth ? threadIdx.x % acrossK * VECTOR : threadIdx.x / acrossM; }

  __device__ __forceinline__ Slab(const T *p, u32 strideM, u32 strideK, u32 m0, u32 k0, u32 sizeM) : p(p) {
    byDepth = strideK == 1;
    const u32 m = byDepth ? threadIdx.x / acrossK : threadIdx.x % acrossM * VECTOR;
    at = k() * row + m;
    m0 += m;
    from = m0 * strideM + (k0 + k()) * strideK;
    step = byDepth ? stepM * strideM : stepK * strideK;
    ahead = DEPTH * strideK;
    const u32 left = m0 < sizeM ? sizeM - m0 : 0;
    lines = byDepth ? (left + stepM - 1) / stepM : left ? each : 0;
  }
  // depth is what is left of k; beyond the operand there are blanks.
  __device__ __forceinline__ void fetch(u32 depth, T blank) {
    u32 inside = lines;
    if (depth < DEPTH) {
      const u32 left = k() < depth ? depth - k() : 0;
      inside = byDepth ? (left ? lines : 0) : min(lines, (left + stepK - 1) / stepK);
    }
#pragma unroll
    for (int j = 0; j < each; j++) {
#pragma unroll
      for (int v = 0; v < VECTOR; v++) r[j].x[v] = blank;
      if (j < inside) r[j] = *(const Vector *)(p + (from + j * step));
    }
    from += ahead;
  }
  __device__ __forceinline__ void put(T (*s)[row]) const {
    T *to = s[0] + at;
#pragma unroll
    for (int j = 0; j < each; j++) {
      if (!byDepth) *(Vector *)(to + j * stepK * row) = r[j];
      else
#pragma unroll
        for (int v = 0; v < VECTOR; v++) to[v * row + j * stepM] = r[j].x[v];
    }
  }
};

// The elements of a thread: groups of four, GROUPS·4 apart. The 32 threads of a warp read four groups of A and eight of B side by side.
template <int GROUPS> __device__ __forceinline__ int place(int group, int i) { return (i / 4) * (GROUPS * 4) + group * 4 + i % 4; }

#ifdef LAYER
#include "layer.cuh"
#endif

template <class T, int HEIGHT, int WORK, int DEPTH, int VECTOR>
__device__ __forceinline__ void gemm(T *C, const T *A, const T *B, u32 M, u32 N, u32 K, u32 rowA, u32 colA, u32 rowB, u32 colB, i64 strideA, i64 strideB, T alpha, u32 accumulate, u32 pieces, u32 piece) {
  constexpr int high = HEIGHT / WORK, wide = 16, threads = high * wide, width = wide * WORK;
  typedef Slab<T, HEIGHT, DEPTH, threads, VECTOR> SlabA;
  typedef Slab<T, width, DEPTH, threads, VECTOR> SlabB;
  __shared__ __align__(16) T a[2][DEPTH][SlabA::row], b[2][DEPTH][SlabB::row];
  const u32 m0 = blockIdx.y * HEIGHT, n0 = blockIdx.x * width, first = blockIdx.z % pieces * piece, end = min(K, first + piece);
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, ty = warp / 2 * 4 + lane / 8, tx = warp % 2 * 8 + lane % 8;
  SlabA nextA(A + blockIdx.z / pieces * strideA, rowA, colA, m0, first, M);
  SlabB nextB(B + blockIdx.z / pieces * strideB, colB, rowB, n0, first, N);
  C += (size_t)blockIdx.z * M * N;
  T c[WORK][WORK];
#pragma unroll
  for (int i = 0; i < WORK; i++)
#pragma unroll
    for (int j = 0; j < WORK; j++) c[i][j] = 0;
  // -0·0 added to anything leaves it as it is, -0 too: blanks are no part of the chain
  const T blankA = -(T)0, blankB = 0;
  nextA.fetch(end - first, blankA);
  nextB.fetch(end - first, blankB);
  for (u32 k0 = first, half = 0; k0 < end; k0 += DEPTH, half ^= 1) {
    nextA.put(a[half]);
    nextB.put(b[half]);
    // one barrier a slab: whoever fills a half has passed the barrier after everybody's last use of it
    __syncthreads();
    if (k0 + DEPTH < end) {
      nextA.fetch(end - k0 - DEPTH, blankA);
      nextB.fetch(end - k0 - DEPTH, blankB);
    }
#pragma unroll
    for (int k = 0; k < DEPTH; k++) {
      T x[WORK], y[WORK];
#pragma unroll
      for (int i = 0; i < WORK; i++) x[i] = a[half][k][place<high>(ty, i)], y[i] = b[half][k][place<wide>(tx, i)];
#pragma unroll
      for (int i = 0; i < WORK; i++)
#pragma unroll
        for (int j = 0; j < WORK; j++) c[i][j] = fused(x[i], y[j], c[i][j]);
    }
  }
#ifdef LAYER
  finish<T, high, wide, WORK>(c, C, M, N, m0, n0, alpha, accumulate);
#else
#pragma unroll
  for (int i = 0; i < WORK; i++) {
    const u32 m = m0 + place<high>(ty, i);
#pragma unroll
    for (int j = 0; j < WORK; j += VECTOR) {
      const u32 n = n0 + place<wide>(tx, j);
      if (m >= M || n >= N) continue;
      Pack<T, VECTOR> *p = (Pack<T, VECTOR> *)(C + (size_t)m * N + n), old = {}, out;
      if (accumulate) old = *p;
#pragma unroll
      for (int v = 0; v < VECTOR; v++) out.x[v] = accumulate ? fused(alpha, c[i][j + v], old.x[v]) : alpha * c[i][j + v];
      *p = out;
    }
  }
#endif
}

// RESIDENT blocks a multiprocessor find registers enough.
#define GEMM(name, T, HEIGHT, WORK, DEPTH, VECTOR, RESIDENT) \
  extern "C" __global__ void __launch_bounds__(HEIGHT / WORK * 16, RESIDENT) name(T *C, const T *A, const T *B, u32 M, u32 N, u32 K, u32 rowA, u32 colA, u32 rowB, u32 colB, i64 strideA, i64 strideB, T alpha, u32 accumulate, u32 pieces, u32 piece) { \
    gemm<T, HEIGHT, WORK, DEPTH, VECTOR>(C, A, B, M, N, K, rowA, colA, rowB, colB, strideA, strideB, alpha, accumulate, pieces, piece); \
  }
#ifdef LAYER
GEMM(layer32_large, float, 64, 8, 8, 1, 2)
GEMM(layer32_large_vectors, float, 64, 8, 8, 4, 2)
GEMM(layer32_small, float, 64, 4, 16, 1, 2)
GEMM(layer32_small_vectors, float, 64, 4, 16, 4, 2)
GEMM(layer64_small, double, 64, 4, 8, 1, 2)
#else
GEMM(gemm32_large, float, 64, 8, 8, 1, 2)
GEMM(gemm32_large_vectors, float, 64, 8, 8, 4, 3)
GEMM(gemm32_small, float, 64, 4, 16, 1, 4)
GEMM(gemm32_small_vectors, float, 64, 4, 16, 4, 4)
GEMM(gemm64_small, double, 64, 4, 8, 1, 2)

// gemm_sum adds up the pieces of every element, [batch][pieces][n] to [batch][n]; a thread an element, blockIdx.y in the batch.
template <class T> __device__ __forceinline__ void sum(T *C, const T *parts, u32 n, u32 pieces, T alpha, u32 accumulate) {
  const u32 e = blockIdx.x * blockDim.x + threadIdx.x;
  if (e >= n) return;
  const T *p = parts + (size_t)blockIdx.y * pieces * n + e;
  T s = *p;
  for (u32 i = 1; i < pieces; i++) s += *(p += n);
  T *out = C + (size_t)blockIdx.y * n + e;
  *out = accumulate ? fused(alpha, s, *out) : alpha * s;
}
extern "C" __global__ void __launch_bounds__(256) gemm_sum32(float *C, const float *parts, u32 n, u32 pieces, float alpha, u32 accumulate) { sum(C, parts, n, pieces, alpha, accumulate); }
extern "C" __global__ void __launch_bounds__(256) gemm_sum64(double *C, const double *parts, u32 n, u32 pieces, double alpha, u32 accumulate) { sum(C, parts, n, pieces, alpha, accumulate); }
#endif
