// Cluster moves on graphs, lanes for replicas: state [systems][n][lanes].
#include "chance.cuh"

struct Model {
  u32 sites, entries, edges, lanes, replicas, each;  // edges: of the largest graph; each: 1 when every system has a graph of its own
};
struct Edge {
  int i, j, entry;  // i < 0: none, in a graph with fewer edges
};

__device__ __forceinline__ float halfTemperature(const double *beta, const int *index, u32 temperatures, u32 replica) {
  const u32 k = (u32)index[replica];
  if (k >= temperatures || !(beta[k] >= 0)) __trap();
  return (float)(.5 / beta[k]);
}

// Forest is the sites of one replica, and the external field as site n, each with a site of the same cluster that is not above it.
// Threads join clusters at the same time: a root only ever gets a lower parent, so the roots in the end are the lowest sites of
// their clusters whatever the order.
struct Forest {
  int *parent;
  u32 stride;
  __device__ __forceinline__ int root(int i) const {
    for (int p; (p = *(volatile int *)&parent[(size_t)i * stride]) != i;) i = p;
    return i;
  }
  __device__ __forceinline__ void join(int i, int j) const {
    for (;;) {
      i = root(i), j = root(j);
      if (i == j) return;
      const int high = max(i, j), low = min(i, j), before = atomicMin(&parent[(size_t)high * stride], low);
      if (before == high) return;
      i = before, j = low;  // another thread was first: its parent joins ours
    }
  }
};
__device__ __forceinline__ Forest forest(int *parent, const Model &m, u32 system, u32 r) { return {parent + (size_t)system * (m.sites + 1) * m.replicas + r, m.replicas}; }

__device__ __forceinline__ u32 wordOf(const Model &m, const Stream s, u32 system, u32 r, u32 site) {
  return word32(s, (u64)site << 34 | ((u64)system * ((m.replicas + 63) / 64 * 64) + r));
}

extern "C" __global__ void __launch_bounds__(256) cluster_reset(int *parent, const Model m) {
  const u32 e = blockIdx.x * blockDim.x + threadIdx.x, r = e % m.replicas, i = e / m.replicas;
  if (i <= m.sites) *&forest(parent, m, blockIdx.y, r).parent[(size_t)i * m.replicas] = (int)i;
}

// cluster_bonds joins the ends of the edges that are bonds, and sites with the field: item e is edge e, item edges + i the field of i.
extern "C" __global__ void __launch_bounds__(256) cluster_bonds(int *parent, const float *state, const float *weights, const float *external, const double *beta, const int *index, const Edge *edges,
    const Model m, u32 temperatures, u32 k0, u32 k1, u32 c2, u32 c3) {
  const u32 e = blockIdx.x * blockDim.x + threadIdx.x, r = e % m.replicas, item = e / m.replicas, q = blockIdx.y;
  if (item >= m.edges + m.sites) return;
  const float *s = state + (size_t)q * m.sites * m.lanes + r;
  int i, j = (int)m.sites;
  float gain;
  if (item < m.edges) {
    const Edge edge = edges[(size_t)m.each * q * m.edges + item];
    if (edge.i < 0) return;
    i = edge.i, j = edge.j;
    gain = weights[(size_t)q * m.entries + edge.entry] * s[(size_t)i * m.lanes] * s[(size_t)j * m.lanes];
  } else {
    i = (int)(item - m.edges);
    gain = external[(size_t)q * m.sites + i] * s[(size_t)i * m.lanes];
  }
  const float limit = threshold(METROPOLIS, wordOf(m, {k0, k1, c2, c3}, q, r, item), halfTemperature(beta, index, temperatures, q * m.replicas + r));
  if (gain > limit) forest(parent, m, q, r).join(i, j);
}

// cluster_turn throws the coin of every site's cluster; what is bound to the field stays.
extern "C" __global__ void __launch_bounds__(256) cluster_turn(float *state, int *parent, const Model m, u32 k0, u32 k1, u32 c2, u32 c3) {
  const u32 e = blockIdx.x * blockDim.x + threadIdx.x, r = e % m.replicas, i = e / m.replicas, q = blockIdx.y;
  if (i >= m.sites) return;
  const Forest f = forest(parent, m, q, r);
  const int root = f.root((int)i);
  if (root == f.root((int)m.sites) || !(wordOf(m, {k0, k1, c2, c3}, q, r, m.edges + m.sites + (u32)root) & 1)) return;
  float &s = state[((size_t)q * m.sites + i) * m.lanes + r];
  s = -s;
}

// cluster_wolff grows one cluster and turns it, a thread a replica: its sum over the field has the order in which sites are found.
// in marks the cluster's sites, queue lists them.
extern "C" __global__ void __launch_bounds__(128) cluster_wolff(float *state, const float *weights, const float *external, const double *beta, const int *index, const int *offsets, const int *neighbours, const int *edgeOf,
    int *in, int *queue, const Model m, u32 temperatures, u32 systems, u32 k0, u32 k1, u32 c2, u32 c3) {
  const u32 e = blockIdx.x * blockDim.x + threadIdx.x, r = e % m.replicas, q = e / m.replicas;
  if (q >= systems) return;
  const Stream stream = {k0, k1, c2, c3};
  const u64 item = (u64)(q * ((m.replicas + 63) / 64 * 64) + r) << 34;  // edges are elements of the replica
  const float halfT = halfTemperature(beta, index, temperatures, e);
  float *s = state + (size_t)q * m.sites * m.lanes + r;
  offsets += (size_t)m.each * q * (m.sites + 1), neighbours += (size_t)m.each * q * m.entries, edgeOf += (size_t)m.each * q * m.entries;
  const u32 all = systems * m.replicas;
  in += e, queue += e;
  for (u32 i = 0; i < m.sites; i++) in[(size_t)i * all] = 0;
  const u32 seed = (u32)((u64)word32(stream, item + m.edges + m.sites) * m.sites >> 32);
  queue[0] = (int)seed;
  in[(size_t)seed * all] = 1;
  float field = 0;
  u32 found = 1;
  for (u32 at = 0; at < found; at++) {
    const int i = queue[(size_t)at * all];
    const float mine = s[(size_t)i * m.lanes];
    field += external[(size_t)q * m.sites + i] * mine;
    for (int k = offsets[i]; k < offsets[i + 1]; k++) {
      const int j = neighbours[k];
      if (in[(size_t)j * all] != 0) continue;
      if (!(weights[(size_t)q * m.entries + k] * mine * s[(size_t)j * m.lanes] > threshold(METROPOLIS, word32(stream, item + (u32)edgeOf[k]), halfT))) continue;
      in[(size_t)j * all] = 1;
      queue[(size_t)found++ * all] = j;
    }
  }
  if (field > threshold(METROPOLIS, word32(stream, item + m.edges + m.sites + 1), halfT)) return;
  for (u32 at = 0; at < found; at++) {
    float &x = s[(size_t)queue[(size_t)at * all] * m.lanes];
    x = -x;
  }
}

// cluster_houdayer exchanges a connected cluster of the sites where two copies differ, a thread a pair; sites of the cluster are marked
// by doubled spins until it is complete.
extern "C" __global__ void __launch_bounds__(128) cluster_houdayer(float *state, const int *walkers, const int *offsets, const int *neighbours, int *queue, const Model m, u32 copies, u32 temperatures, u32 all, u32 odd, u32 k0, u32 k1, u32 c2, u32 c3) {
  const u32 e = blockIdx.x * blockDim.x + threadIdx.x, pairs = copies / 2;
  if (e >= all) return;
  const u32 t = e % temperatures, a = 2 * (e / temperatures % pairs) + odd, q = e / temperatures / pairs;
  if (a + 1 >= copies) return;
  const int *w = walkers + (size_t)q * copies * temperatures;
  const u32 wa = (u32)w[a * temperatures + t], wb = (u32)w[(a + 1) * temperatures + t];
  if (wa >= temperatures || wb >= temperatures) __trap();
  float *x = state + (size_t)q * m.sites * m.lanes + a * temperatures + wa, *y = state + (size_t)q * m.sites * m.lanes + (a + 1) * temperatures + wb;
  offsets += (size_t)m.each * q * (m.sites + 1), neighbours += (size_t)m.each * q * m.entries;
  queue += e;
  u32 count = 0;
  for (u32 i = 0; i < m.sites; i++) count += x[(size_t)i * m.lanes] != y[(size_t)i * m.lanes];
  if (count == 0) return;
  u32 skip = (u32)((u64)word32({k0, k1, c2, c3}, ((u64)q * copies + a) * temperatures + t) * count >> 32), seed = 0;
  for (;; seed++)
    if (x[(size_t)seed * m.lanes] != y[(size_t)seed * m.lanes] && skip-- == 0) break;
  u32 found = 1;
  queue[0] = (int)seed;
  x[(size_t)seed * m.lanes] *= 2;
  for (u32 at = 0; at < found; at++) {
    const int i = queue[(size_t)at * all];
    for (int k = offsets[i]; k < offsets[i + 1]; k++) {
      const int j = neighbours[k];
      float &u = x[(size_t)j * m.lanes];
      if (u != -y[(size_t)j * m.lanes]) continue;
      u *= 2;
      queue[(size_t)found++ * all] = j;
    }
  }
  for (u32 at = 0; at < found; at++) {
    const size_t i = (size_t)queue[(size_t)at * all] * m.lanes;
    const float mine = y[i];
    x[i] = mine;
    y[i] = -mine;
  }
}
