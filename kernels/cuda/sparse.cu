// Sweeps on graphs of any degree, lanes for replicas: state [systems][n][lanes]. A graph is offsets [n+1], neighbours [entries],
// order [n] and colours [colours+1], one for all systems or one each; see package sparse for the definitions.
#include "chance.cuh"

struct Model {
  u32 sites, entries, colours, lanes, replicas, each;  // each: 1 when every system has a graph of its own
};

__device__ __forceinline__ float field(const Model &m, const int *offsets, const int *neighbours, const float *weights, const float *s, u32 i, float h) {
  for (int k = offsets[i]; k < offsets[i + 1]; k++) h += weights[k] * s[(size_t)neighbours[k] * m.lanes];
  return h;
}

// A thread turns one site of a colour in one replica; blockIdx.y is the system.
extern "C" __global__ void __launch_bounds__(256) sparse_sweep(float *state, const float *weights, const float *external, const double *beta, const int *index, const int *offsets, const int *neighbours, const int *order, const int *colours,
    const Model m, u32 temperatures, u32 rule, u32 colour, u32 before, u32 k0, u32 k1, u32 c2, u32 c3) {
  const u32 e = blockIdx.x * blockDim.x + threadIdx.x, r = e % m.replicas, q = blockIdx.y, g = m.each * q;
  const int *starts = colours + (size_t)g * (m.colours + 1);
  const u32 k = (u32)starts[colour] + e / m.replicas;
  if (k >= (u32)starts[colour + 1]) return;
  const u32 i = (u32)order[(size_t)g * m.sites + k], t = (u32)index[q * m.replicas + r];
  if (t >= temperatures || !(beta[t] >= 0)) __trap();
  float *s = state + (size_t)q * m.sites * m.lanes + r;
  const float h = field(m, offsets + (size_t)g * (m.sites + 1), neighbours + (size_t)g * m.entries, weights + (size_t)q * m.entries, s, i, external[(size_t)q * m.sites + i]);
  const u64 element = (u64)(before + q) * ((m.replicas + 63) / 64 * 64) + r;
  const float limit = threshold(rule, word32({k0, k1, c2, c3}, (u64)k << 34 | element), (float)(.5 / beta[t]));
  float &mine = s[(size_t)i * m.lanes];
  if (mine * h <= limit) mine = -mine;
}

// H = -(½ Σ s Σ J s + Σ s b), sums over neighbours in float, over sites in double and in order; a thread a replica.
extern "C" __global__ void __launch_bounds__(256) sparse_energy(double *energy, const float *state, const float *weights, const float *external, const int *offsets, const int *neighbours, const Model m, u32 n) {
  const u32 e = blockIdx.x * blockDim.x + threadIdx.x, r = e % m.replicas, q = e / m.replicas, g = m.each * q;
  if (e >= n) return;
  const float *s = state + (size_t)q * m.sites * m.lanes + r;
  double pairs = 0, single = 0;
  for (u32 i = 0; i < m.sites; i++) {
    const float x = s[(size_t)i * m.lanes];
    pairs += (double)(x * field(m, offsets + (size_t)g * (m.sites + 1), neighbours + (size_t)g * m.entries, weights + (size_t)q * m.entries, s, i, 0.f));
    single += (double)(x * external[(size_t)q * m.sites + i]);
  }
  energy[e] = -(pairs / 2 + single);
}

// The overlap of bonds of every pair of copies a < b at every temperature, a warp an output; the sums are integers.
extern "C" __global__ void __launch_bounds__(256) sparse_links(double *out, const float *state, const int *walkers, const int *offsets, const int *neighbours, const Model m, u32 copies, u32 temperatures, u32 n) {
  const u32 at = blockIdx.x * 8 + (threadIdx.x >> 5), lane = threadIdx.x & 31;
  if (at >= n) return;
  const u32 t = at % temperatures, pairs = copies * (copies - 1) / 2, q = at / temperatures / pairs, g = m.each * q;
  u32 a = at / temperatures % pairs, b = 1;
  while (a >= b) a -= b++;
  const int *w = walkers + (size_t)q * copies * temperatures;
  const u32 wa = (u32)w[a * temperatures + t], wb = (u32)w[b * temperatures + t];
  if (wa >= temperatures || wb >= temperatures) __trap();
  const float *s = state + (size_t)q * m.sites * m.lanes;
  const u32 x = a * temperatures + wa, y = b * temperatures + wb;
  auto both = [&](u32 i) { return s[(size_t)i * m.lanes + x] * s[(size_t)i * m.lanes + y]; };
  const int *o = offsets + (size_t)g * (m.sites + 1);
  int sum = 0;
  for (u32 i = lane; i < m.sites; i += 32) {
    const float here = both(i);
    for (int k = o[i]; k < o[i + 1]; k++) sum += (int)(here * both((u32)neighbours[(size_t)g * m.entries + k]));
  }
  for (int d = 16; d > 0; d >>= 1) sum += __shfl_down_sync(0xffffffffu, sum, d);
  if (lane == 0) out[at] = o[m.sites] > 0 ? (double)sum / (double)o[m.sites] : 0;
}
