// Populations of trajectories with memory: arrays have the m trajectories side by side. Sums over a population are in double and have
// one order each.
#include "normal.cuh"
#include "primitives.cuh"

// erf x, of IEEE operations only: below 3 the series (2/√π) x e^{-x²} Σ (2x²)^k / (1·3·5 … (2k+1)), whose terms are all of one
// sign; above, 1 - e^{-x²}/(x√π) / (1 + y/(1 + 2y/(1 + 3y/ … ))), y = 1/(2x²) (Abramowitz and Stegun 7.1.6 and 7.1.14).
__device__ double errorFunction(double x) {
  const double a = x < 0 ? -x : x;
  double y = 1;
  if (a < 3) {
    double term = 1, sum = 1;
    for (int k = 1; k < 70; k++) {
      term *= 2 * a * a / (2 * k + 1);
      sum += term;
    }
    y = 1.1283791670955126 * a * vec_exp(-a * a) * sum;
  } else if (a < 6) {
    double f = 1;
    for (int k = 24; k > 0; k--) f = 1 + k / (2 * a * a) / f;
    y = 1 - vec_exp(-a * a) / (1.7724538509055160 * a * f);
  } else if (a != a) {
    y = a;
  }
  return x < 0 ? -y : y;
}

__device__ __forceinline__ double blockSum(double x) {  // of 256 threads; the result is thread 0's
  __shared__ double part[8];
  for (int d = 16; d > 0; d >>= 1) x += __shfl_down_sync(0xffffffffu, x, d);
  if ((threadIdx.x & 31) == 0) part[threadIdx.x >> 5] = x;
  __syncthreads();
  double sum = 0;
  if (threadIdx.x == 0)
    for (int w = 0; w < 8; w++) sum += part[w];
  return sum;
}

extern "C" __global__ void __launch_bounds__(256) erf32(float *out, const float *x, u32 n) {
  const u32 i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = (float)errorFunction((double)x[i]);
}
extern "C" __global__ void __launch_bounds__(256) erf64(double *out, const double *x, u32 n) {
  const u32 i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = errorFunction(x[i]);
}

// copy_row copies a row of m numbers between arrays.
extern "C" __global__ void __launch_bounds__(256) copy_row(float *out, const float *in, u32 m, u32 to, u32 from) {
  const u32 i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < m) out[(size_t)to * m + i] = in[(size_t)from * m + i];
}

// correlate: C[i][k] = (1/m) Σ a[i] b[k] over the m trajectories of block blockIdx.z of all, a tile of 16 × 16 a block.
constexpr int TILE = 16;
extern "C" __global__ void __launch_bounds__(TILE * TILE) correlate(double *c, const float *a, const float *b, u32 n, u32 l, u32 m, u32 all) {
  __shared__ float x[TILE][TILE + 1], y[TILE][TILE + 1];
  const u32 row = threadIdx.x / TILE, column = threadIdx.x % TILE, i0 = blockIdx.y * TILE, k0 = blockIdx.x * TILE;
  a += (size_t)blockIdx.z * m, b += (size_t)blockIdx.z * m, c += (size_t)blockIdx.z * n * l;
  double sum = 0;
  for (u32 m0 = 0; m0 < m; m0 += TILE) {
    const bool inside = m0 + column < m;
    x[row][column] = inside && i0 + row < n ? a[(size_t)(i0 + row) * all + m0 + column] : 0.f;
    y[row][column] = inside && k0 + row < l ? b[(size_t)(k0 + row) * all + m0 + column] : 0.f;
    __syncthreads();
    for (int q = 0; q < TILE; q++) sum += (double)x[row][q] * (double)y[column][q];
    __syncthreads();
  }
  if (i0 + row < n && k0 + column < l) c[(size_t)(i0 + row) * l + k0 + column] = sum / (double)m;
}

// The factor of CausalRow: rows of n+3; row n is the present one, with the number of pivots before it, what is left, and whether it
// becomes a pivot in its last columns; row n+1 the pivots' times.
__device__ __forceinline__ u32 pivotsBefore(const double *factor, u32 n, u32 i) {
  const double *last = factor + (size_t)n * (n + 3);
  return i == 0 ? 0 : (u32)(last[n] + last[n + 2]);
}

// causal_products: Σ φ(i) φ(t) for the present and all pivots, a block each; the present is number n.
extern "C" __global__ void __launch_bounds__(256) causal_products(double *products, const double *factor, const float *history, u32 n, u32 m, u32 i) {
  const u32 p = blockIdx.x;
  if (p < n && p >= pivotsBefore(factor, n, i)) return;
  const u32 t = p == n ? i : (u32)factor[(size_t)(n + 1) * (n + 3) + p];
  double sum = 0;
  for (u32 k = threadIdx.x; k < m; k += 256) sum += (double)history[(size_t)t * m + k] * (double)history[(size_t)i * m + k];
  sum = blockSum(sum);
  if (threadIdx.x == 0) products[p] = sum;
}

// causal_extend computes the row of step i, one warp: the products of a row with those before it are its inner loop.
extern "C" __global__ void __launch_bounds__(32) causal_extend(double *factor, const double *products, u32 n, u32 m, double gain, double tolerance, u32 i) {
  const u32 lane = threadIdx.x, pivots = pivotsBefore(factor, n, i), ld = n + 3;
  const double scale = gain / (double)m, variance = scale * products[n];
  double *l = factor + (size_t)n * ld, left = variance;
  __syncwarp();
  for (u32 p = 0; p < pivots; p++) {
    const double *b = factor + (size_t)p * ld;
    double x = 0;
    for (u32 q = lane; q < p; q += 32) x += b[q] * l[q];
    for (int d = 16; d > 0; d >>= 1) x += __shfl_xor_sync(0xffffffffu, x, d);
    x = (scale * products[p] - x) / b[p];
    if (lane == 0) l[p] = x;
    left -= x * x;
    __syncwarp();
  }
  left = left > 0 ? left : 0;
  const bool pivot = left > tolerance * variance;
  if (pivot)
    for (u32 q = lane; q < pivots; q += 32) factor[(size_t)pivots * ld + q] = l[q];
  if (lane != 0) return;
  l[n] = (double)pivots;
  l[n + 1] = sqrt(left);
  l[n + 2] = pivot ? 1 : 0;
  if (!pivot) return;
  factor[(size_t)pivots * ld + pivots] = l[n + 1];
  factor[(size_t)(n + 1) * ld + pivots] = (double)i;
}

// causal_field draws the present value of every trajectory, a thread each.
extern "C" __global__ void __launch_bounds__(256) causal_field(float *bank, const double *factor, const float *normal, u32 n, u32 m) {
  const u32 k = blockIdx.x * blockDim.x + threadIdx.x;
  if (k >= m) return;
  const double *l = factor + (size_t)n * (n + 3);
  const u32 pivots = (u32)l[n];
  double sum = l[n + 1] * (double)normal[k];
  for (u32 p = 0; p < pivots; p++) sum += l[p] * (double)bank[(size_t)p * m + k];
  bank[(size_t)n * m + k] = (float)sum;
  if (l[n + 2] == 1) bank[(size_t)pivots * m + k] = normal[k];
}

// response_row: R(i, s) = <slope χ(i, s)> at the kept times, a block each, 0 elsewhere; slots [n][n] holds the place of time s at step i, or -1.
extern "C" __global__ void __launch_bounds__(256) response_row(double *r, const float *state, const float *slope, const int *slots, u32 n, u32 places, u32 m, u32 i) {
  const int slot = slots[(size_t)i * n + blockIdx.x];
  double sum = 0;
  if (slot >= 0) {
    const float *chi = state + ((size_t)slot * (places + 1) + places) * m;
    for (u32 k = threadIdx.x; k < m; k += 256) sum += (double)slope[k] * (double)chi[k];
  }
  sum = blockSum(sum);
  if (threadIdx.x == 0) r[(size_t)i * n + blockIdx.x] = slot >= 0 ? sum / (double)m : 0;
}

// A Drop makes the value at a dropped time of those at up to eight others.
struct Drop {
  int time, slot, near, columns, firstColumn;  // near: how many
  int nearTimes[8], nearSlots[8];
  double weights[8];
};

// response_fill completes row i from its kept times: drops may lean on later ones, so one thread does all in order.
extern "C" __global__ void response_fill(double *r, const Drop *drops, const int *gone, u32 n, u32 i) {
  double *row = r + (size_t)i * n;
  for (int d = gone[i] - 1; d >= 0; d--) {
    double sum = 0;
    for (int a = 0; a < drops[d].near; a++) sum += drops[d].weights[a] * row[drops[d].nearTimes[a]];
    row[drops[d].time] = sum;
  }
}

// A Step of the plan: the kept times are times[first … first+kept), with their places and from where each column's share begins.
struct Step {
  int first, kept, slot, firstDrop, drops;
};

// response_step advances the tangents and the memory of every trajectory, a thread each: state [places+1][places+1][m].
extern "C" __global__ void __launch_bounds__(128) response_step(float *state, const double *r, const float *slope, const float *phi, const Step *steps, const int *times, const int *slots, const int *from,
    const Drop *drops, const int *columns, u32 n, u32 places, u32 m, float leak, double gain, u32 i) {
  const u32 k = blockIdx.x * blockDim.x + threadIdx.x;
  if (k >= m) return;
  const Step step = steps[i];
  const double *row = r + (size_t)i * n;
  const int own = (int)places;
  times += step.first, slots += step.first, from += step.first;
  auto at = [&](int column, int slot) -> float & { return state[((size_t)column * (places + 1) + slot) * m + k]; };
  double force = 0;
  for (int a = 0; a < step.kept; a++) force += row[times[a]] * (double)at(own, slots[a]);
  at(own, own) = (float)force;
  at(own, step.slot) = phi[k];
  for (int b = 0; b < step.kept; b++) {
    const int column = slots[b];
    const float chi = at(column, own);
    at(column, step.slot) = slope[k] * chi;
    double sum = 0;
    for (int a = from[b]; a < step.kept; a++) sum += row[times[a]] * (double)at(column, slots[a]);
    at(column, own) = (float)((double)leak * (double)chi + gain * sum);
    at(step.slot, column) = 0;
  }
  at(step.slot, step.slot) = 0;
  at(step.slot, own) = 1;
  for (int d = step.firstDrop; d < step.firstDrop + step.drops; d++) {
    const Drop &drop = drops[d];
    for (int b = -1; b < drop.columns; b++) {
      const int column = b < 0 ? own : columns[drop.firstColumn + b];
      const float x = at(column, drop.slot);
      for (int a = 0; a < drop.near; a++) at(column, drop.nearSlots[a]) += (float)drop.weights[a] * x;
    }
  }
}

// field_factor: L Lᵀ = gain C + (variance + jitter gain C_ii) δ, one block, column by column; lt is scratch memory for the
// transpose of L and left [n] what is left of the diagonal. Every element is the same chain of operations as by rows.
extern "C" __global__ void __launch_bounds__(512) field_factor(float *out, const double *c, double *lt, double *left, u32 n, double gain, double variance, double jitter) {
  for (u32 i = threadIdx.x; i < n; i += blockDim.x) left[i] = gain * c[(size_t)i * n + i] * (1 + jitter) + variance;
  __syncthreads();
  for (u32 j = 0; j < n; j++) {
    const double floor = (gain * c[(size_t)j * n + j] * (1 + jitter) + variance) * jitter, d = left[j];
    // not a number, or negative beyond rounding: the covariance is not positive
    const double limit = 1e3 * floor > 1e-12 ? 1e3 * floor : 1e-12;
    if (!(d >= -limit)) __trap();
    const double root = sqrt(d > floor ? d : floor);
    for (u32 i = j + threadIdx.x; i < n; i += blockDim.x) {
      double x = root;
      if (i > j) {
        x = gain * c[(size_t)i * n + j];
        for (u32 q = 0; q < j; q++) x -= lt[(size_t)q * n + i] * lt[(size_t)q * n + j];
        x = root > 0 ? x / root : 0;
        left[i] -= x * x;
      }
      lt[(size_t)j * n + i] = x;
      out[(size_t)i * n + j] = (float)x;
      if (i > j) out[(size_t)j * n + i] = 0.f;
    }
    __syncthreads();
  }
}

// elliptic draws J_ij and J_ji of matrices [n][n] from the normal numbers of their elements; blockIdx.y is the matrix. before: the numbers of the matrices
// of a larger run that this is a part of.
extern "C" __global__ void __launch_bounds__(256) elliptic(float *j, u32 n, float symmetric, float antisymmetric, u64 before, u32 k0, u32 k1, u32 c2, u32 c3) {
  const u32 e = blockIdx.x * blockDim.x + threadIdx.x, row = e / n, column = e % n;
  if (row >= n || row > column) return;
  const Stream s = {k0, k1, c2, c3};
  const u64 first = (u64)blockIdx.y * n * n, above = first + (u64)row * n + column, below = first + (u64)column * n + row;
  if (row == column) {
    j[above] = 0;
    return;
  }
  const float a = symmetric * normal32(s, before + above), b = antisymmetric * normal32(s, before + below);
  j[above] = a + b;
  j[below] = a - b;
}
