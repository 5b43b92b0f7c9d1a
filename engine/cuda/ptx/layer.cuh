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

// finish gives a thread's elements, one after the other, to the loop, which stores what is wanted of them. The loop's text shall stand
// there once, so the elements go row by row through a column of shared memory that only this thread uses.
template <class T, int TILE, int WORK, int THREADS>
__device__ __forceinline__ void finish(T (&c)[WORK][WORK], T *C, u32 M, u32 N, u32 m0, u32 n0, int ty, int tx, T alpha, u32 accumulate) {
  __shared__ T stage[WORK][THREADS];
#pragma unroll 1
  for (int i = 0; i < WORK; i++) {
#pragma unroll
    for (int k = 0; k < WORK; k++)
      if (k == i)
#pragma unroll
        for (int j = 0; j < WORK; j++) stage[j][threadIdx.x] = c[k][j];
    const u32 m = m0 + place<TILE, WORK>(ty, i);
    if (m >= M) continue;
#pragma unroll 1
    for (int j = 0; j < WORK; j++) {
      const u32 n = n0 + place<TILE, WORK>(tx, j);
      if (n >= N) continue;
      T v = alpha * stage[j][threadIdx.x];
      if (accumulate) v = fused(alpha, stage[j][threadIdx.x], C[(size_t)m * N + n]);
      const u32 row = blockIdx.z * M + m;
      mark(v, row * N + n, row, n);
    }
  }
}
