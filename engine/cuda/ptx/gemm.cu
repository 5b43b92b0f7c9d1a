// C = alpha·op(A)·op(B) + beta·C for row-major matrices, one after the other in a batch (blockIdx.z). An element of op(A) is
// A[m·rowA + k·colA], one of the strides being 1; transposition is a matter of strides.
//
// A block computes a TILE × TILE part of C, a thread WORK × WORK of it in registers. While it multiplies one slab of DEPTH
// columns of A and rows of B from shared memory, the next slab is on its way through registers into the other half.
// An element is one chain of fused multiply-adds in the order of k, so every tile size gives the same bits.
typedef unsigned int u32;
typedef long long i64;

__device__ __forceinline__ float fused(float a, float b, float c) { return __fmaf_rn(a, b, c); }
__device__ __forceinline__ double fused(double a, double b, double c) { return __fma_rn(a, b, c); }

// Slab moves a TILE × DEPTH part of an operand: fetch from memory into registers, put into shared memory as [k][m].
// Neighbouring threads read neighbouring addresses whichever stride is 1.
template <class T, int TILE, int DEPTH, int THREADS> struct Slab {
  static constexpr int each = TILE * DEPTH / THREADS;
  T r[each];
  __device__ __forceinline__ static int at(int j, bool byDepth, int &m) {
    int e = threadIdx.x + j * THREADS;
    m = byDepth ? e / DEPTH : e % TILE;
    return byDepth ? e % DEPTH : e / TILE;
  }
  __device__ __forceinline__ void fetch(const T *p, i64 strideM, i64 strideK, u32 m0, u32 k0, u32 sizeM, u32 sizeK) {
#pragma unroll
    for (int j = 0; j < each; j++) {
      int m, k = at(j, strideK == 1, m);
      bool inside = m0 + m < sizeM && k0 + k < sizeK;
      r[j] = inside ? p[(m0 + m) * strideM + (k0 + k) * strideK] : (T)0;
    }
  }
  __device__ __forceinline__ void put(T (*s)[TILE], bool byDepth) const {
#pragma unroll
    for (int j = 0; j < each; j++) {
      int m, k = at(j, byDepth, m);
      s[k][m] = r[j];
    }
  }
};

// The elements of a thread: groups of four, TILE/WORK·4 apart, so that a warp reads shared memory without conflicts.
template <int TILE, int WORK> __device__ __forceinline__ int place(int group, int i) { return (i / 4) * (TILE / WORK * 4) + group * 4 + i % 4; }

#ifdef LAYER
#include "layer.cuh"
#endif

template <class T, int TILE, int WORK, int DEPTH>
__device__ __forceinline__ void gemm(T *C, const T *A, const T *B, u32 M, u32 N, u32 K, i64 rowA, i64 colA, i64 rowB, i64 colB, i64 strideA, i64 strideB, T alpha, u32 accumulate) {
  constexpr int across = TILE / WORK, threads = across * across;
  __shared__ __align__(16) T a[2][DEPTH][TILE], b[2][DEPTH][TILE];
  A += blockIdx.z * strideA;
  B += blockIdx.z * strideB;
  C += (size_t)blockIdx.z * M * N;
  const u32 m0 = blockIdx.y * TILE, n0 = blockIdx.x * TILE;
  const int ty = threadIdx.x / across, tx = threadIdx.x % across;
  Slab<T, TILE, DEPTH, threads> nextA, nextB;
  T c[WORK][WORK];
#pragma unroll
  for (int i = 0; i < WORK; i++)
#pragma unroll
    for (int j = 0; j < WORK; j++) c[i][j] = 0;
  nextA.fetch(A, rowA, colA, m0, 0, M, K);
  nextB.fetch(B, colB, rowB, n0, 0, N, K);
  for (u32 k0 = 0, half = 0; k0 < K; k0 += DEPTH, half ^= 1) {
    nextA.put(a[half], colA == 1);
    nextB.put(b[half], rowB == 1);
    // one barrier a slab: whoever fills a half has passed the barrier after everybody's last use of it
    __syncthreads();
    if (k0 + DEPTH < K) {
      nextA.fetch(A, rowA, colA, m0, k0 + DEPTH, M, K);
      nextB.fetch(B, colB, rowB, n0, k0 + DEPTH, N, K);
    }
    const int depth = min(K - k0, (u32)DEPTH);
#pragma unroll 8
    for (int k = 0; k < depth; k++) {
      T x[WORK], y[WORK];
#pragma unroll
      for (int i = 0; i < WORK; i++) x[i] = a[half][k][place<TILE, WORK>(ty, i)], y[i] = b[half][k][place<TILE, WORK>(tx, i)];
#pragma unroll
      for (int i = 0; i < WORK; i++)
#pragma unroll
        for (int j = 0; j < WORK; j++) c[i][j] = fused(x[i], y[j], c[i][j]);
    }
  }
#ifdef LAYER
  finish<T, TILE, WORK, threads>(c, C, M, N, m0, n0, ty, tx, alpha, accumulate);
#else
#pragma unroll
  for (int i = 0; i < WORK; i++) {
    u32 m = m0 + place<TILE, WORK>(ty, i);
#pragma unroll
    for (int j = 0; j < WORK; j++) {
      u32 n = n0 + place<TILE, WORK>(tx, j);
      if (m >= M || n >= N) continue;
      T *p = C + (size_t)m * N + n;
      *p = accumulate ? fused(alpha, c[i][j], *p) : alpha * c[i][j];
    }
  }
#endif
}

#define GEMM(name, T, TILE, WORK, DEPTH) \
  extern "C" __global__ void __launch_bounds__(TILE / WORK * (TILE / WORK)) name(T *C, const T *A, const T *B, u32 M, u32 N, u32 K, i64 rowA, i64 colA, i64 rowB, i64 colB, i64 strideA, i64 strideB, T alpha, u32 accumulate) { \
    gemm<T, TILE, WORK, DEPTH>(C, A, B, M, N, K, rowA, colA, rowB, colB, strideA, strideB, alpha, accumulate); \
  }
#ifdef LAYER
GEMM(layer32_128, float, 128, 8, 8)
GEMM(layer32_64, float, 64, 4, 16)
GEMM(layer64_64, double, 64, 4, 8)
#else
GEMM(gemm32_128, float, 128, 8, 8)
GEMM(gemm32_64, float, 64, 4, 16)
GEMM(gemm64_64, double, 64, 4, 8)
#endif
