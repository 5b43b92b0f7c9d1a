// What a product's kernel does with its results when it takes a loop along; gemm.cu includes it where LAYER is defined.
#pragma once

// mark is where the text of a loop takes the place of an instruction that does nothing: see layer.go. It may change v and read
// the element's number, row and column.
__device__ __forceinline__ void mark(float &v, u32 element, u32 row, u32 column) {
  asm volatile("mov.b32 %0, %0; // LOOP %0 %1 %2 %3" : "+f"(v) : "r"(element), "r"(row), "r"(column) : "memory");
}
__device__ __forceinline__ void mark(double &v, u32 element, u32 row, u32 column) {
  asm volatile("mov.b64 %0, %0; // LOOP %0 %1 %2 %3" : "+d"(v) : "r"(element), "r"(row), "r"(column) : "memory");
}

// finish gives every element to the loop, which stores what is wanted of it. The loop's text shall stand there once, so the elements go
// through shared memory, a row of each thread at a time; a warp has 4 rows of WORK/4 groups of 32 columns there, and takes 32 neighbours
// in memory at once.
template <class T, int HIGH, int WIDE, int WORK>
__device__ __forceinline__ void finish(T (&c)[WORK][WORK], T *C, u32 M, u32 N, u32 m0, u32 n0, T alpha, u32 accumulate) {
  constexpr int groups = WORK / 4;
  __shared__ T stage[HIGH * WIDE / 32][4][groups][32];
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, ty = warp / 2 * 4, tx = warp % 2 * 8;  // of the warp's first thread
#pragma unroll 1
  for (int i = 0; i < WORK; i++) {
#pragma unroll
    for (int k = 0; k < WORK; k++)
      if (k == i)
#pragma unroll
        for (int j = 0; j < WORK; j++) stage[warp][lane / 8][j / 4][lane % 8 * 4 + j % 4] = c[k][j];
    __syncwarp();
#pragma unroll 1
    for (int e = 0; e < 4 * groups; e++) {
      const u32 m = m0 + place<HIGH>(ty + e / groups, i), n = n0 + place<WIDE>(tx, e % groups * 4) + lane;
      if (m >= M || n >= N) continue;
      const T x = stage[warp][e / groups][e % groups][lane];
      T v = accumulate ? fused(alpha, x, C[(size_t)m * N + n]) : alpha * x;
      const u32 row = blockIdx.z * M + m;
      mark(v, row * N + n, row, n);
    }
    __syncwarp();
  }
}
