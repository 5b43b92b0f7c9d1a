// Random numbers of package rng: Philox4x32 with seven rounds, and what is made of its words, bit for bit.
#pragma once

typedef unsigned int u32;
typedef unsigned long long u64;

// Stream is rng.Stream: the key and the upper half of the counter, as the launch passes them.
struct Stream {
  u32 k0, k1, c2, c3;
};

__device__ __forceinline__ uint4 philox(const Stream s, u32 c0, u32 c1) {
  u32 c2 = s.c2, c3 = s.c3, k0 = s.k0, k1 = s.k1;
#pragma unroll
  for (int round = 0; round < 7; round++) {
    u32 h0 = __umulhi(c0, 0xD2511F53u), l0 = c0 * 0xD2511F53u, h1 = __umulhi(c2, 0xCD9E8D57u), l1 = c2 * 0xCD9E8D57u;
    c0 = h1 ^ c1 ^ k0;
    c1 = l1;
    c2 = h0 ^ c3 ^ k1;
    c3 = l0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return make_uint4(c0, c1, c2, c3);
}

// word32 is word (e/16)%4 of counter 16*(e/64) + e%16: element e of a tensor of 32-bit numbers.
__device__ __forceinline__ u32 word32(const Stream s, u64 e) {
  u64 c = e >> 6 << 4 | (e & 15);
  uint4 w = philox(s, (u32)c, (u32)(c >> 32));
  u32 k = (u32)(e >> 4) & 3;
  return k == 0 ? w.x : k == 1 ? w.y : k == 2 ? w.z : w.w;
}

__device__ __forceinline__ float unit32(u32 w) { return (float)(w >> 8) * 0x1p-24f; }
__device__ __forceinline__ double unit64(u64 w) { return (double)(w >> 11) * 0x1p-53; }
__device__ __forceinline__ u64 join(u32 lo, u32 hi) { return (u64)hi << 32 | lo; }

// word64 joins words 2h and 2h+1 of counter 8*(e/16) + e%8, h = (e/8)%2: element e of a tensor of 64-bit numbers.
__device__ __forceinline__ u64 word64(const Stream s, u64 e) {
  const u64 c = e >> 4 << 3 | (e & 7);
  const uint4 w = philox(s, (u32)c, (u32)(c >> 32));
  return e >> 3 & 1 ? join(w.z, w.w) : join(w.x, w.y);
}
