// Exchange of temperatures: a warp a ladder. The ladder is [rows][ladders][temperatures]. The pairs of one parity share no walker, so
// every lane takes its own; one thread after the other would wait for memory at every pair.
#include "chance.cuh"

enum { AT, WALKER, LABEL, ATTEMPTS, ACCEPTS, TRIPS, FROM_FIRST, FROM_LAST };

__device__ __forceinline__ void count(int &x) {
  if (x < 2147483647) x++;
}

extern "C" __global__ void __launch_bounds__(32) exchange(int *ladder, const double *energies, const double *beta, u32 ladders, u32 t, u64 before, u32 odd, u32 k0, u32 k1, u32 c2, u32 c3) {
  const u32 lane = threadIdx.x;
  const size_t n = (size_t)ladders * t, here = (size_t)blockIdx.x * t, first = before + here;  // before: of a larger run that this is a part of
  auto row = [&](int r, u32 j) -> int & { return ladder[r * n + here + j]; };
  for (u32 j = odd + 2 * lane; j + 1 < t; j += 64) {
    const u32 a = (u32)row(WALKER, j), b = (u32)row(WALKER, j + 1);
    if (a >= t || b >= t) __trap();
    count(row(ATTEMPTS, j));
    const double gain = (beta[j] - beta[j + 1]) * (energies[here + a] - energies[here + b]);
    if (!(gain >= (double)logUniform(word32({k0, k1, c2, c3}, first + j)))) continue;
    row(WALKER, j) = (int)b;
    row(WALKER, j + 1) = (int)a;
    row(AT, a) = (int)j + 1;
    row(AT, b) = (int)j;
    count(row(ACCEPTS, j));
  }
  __syncwarp();
  if (t > 1 && lane == 0) {
    int &cold = row(LABEL, (u32)row(WALKER, 0));
    if (cold == 2) count(row(TRIPS, (u32)row(WALKER, 0)));
    cold = 1;
    row(LABEL, (u32)row(WALKER, t - 1)) = 2;
  }
  __syncwarp();
  for (u32 j = lane; j < t; j += 32) {
    const int label = row(LABEL, (u32)row(WALKER, j));
    if (label == 1) count(row(FROM_FIRST, j));
    if (label == 2) count(row(FROM_LAST, j));
  }
}

// by_temperature puts values of walkers in the order of their temperatures; walkers is the ladder's row.
extern "C" __global__ void __launch_bounds__(256) by_temperature(double *out, const int *walkers, const double *values, u32 t, u32 n) {
  const u32 i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  const u32 w = (u32)walkers[i];
  if (w >= t) __trap();
  out[i] = values[i / t * t + w];
}
