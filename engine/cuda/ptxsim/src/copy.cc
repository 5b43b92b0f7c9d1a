// Memory of the device and of the host, copies and fills.
//
// Which host memory a copy names decides what its call means. Memory that the driver gave is pinned: the device reads and
// writes it whenever the copy runs, so until the host has waited for the copy it must not write the source, which is checked
// when it waits, and sees 0xA5 in the destination. Other memory goes through a buffer of the driver's: a copy to the device
// has taken the bytes when the call returns, one from the device has brought them.
//
// Calls that are not asynchronous work on the null stream, and make the host wait only as far as the driver promises: for
// bytes that reach the host or come from pinned memory, and for what precedes a copy to the device, not for fills and copies
// on the device.
#include <algorithm>

#include "driver.h"

namespace sim {
namespace {

constexpr size_t kStaged = size_t(64) << 20;  // bytes that copies to the device may hold back

size_t capacity() { return setting("PTXSIM_MEMORY", size_t(4) << 30); }

// isPinned says whether the driver gave all of these host bytes.
bool isPinned(const void* p, size_t n) {
  std::lock_guard<std::recursive_mutex> g(state().lock);
  auto it = state().pinned.upper_bound(uint64_t(p));
  if (it == state().pinned.begin()) return false;
  --it;
  return uint64_t(p) + n <= it->first + it->second.bytes;
}

Allocation* range(const Context* c, uint64_t p, size_t n, const char* what) {
  Allocation* a = memory().find(p, n);
  if (!a) throw Fault{kInvalidValue, std::string(what) + " outside of every allocation"};
  if (a->device != c->device) throw Fault{kInvalidValue, std::string(what) + " on another device"};
  return a;
}
void checkWritten(const Allocation* a, size_t from, size_t n) {
  if (size_t k = a->shadow.firstUnwritten(from, n); k != from + n)
    throw Fault{kInvalidValue, "copy from the device of byte " + std::to_string(k) + " of an allocation of " + std::to_string(a->bytes) + ", which was never written"};
}

// read and write are the device's side of a copy: they check, and the host's side is `host`.
void write(Turn& t, const Context* c, uint64_t d, const void* host, size_t n) {
  Allocation* a = range(c, d, n, "copy to the device");
  t.touch(*a, d, n, true);
  memcpy((void*)d, host, n);
  a->shadow.mark(d - a->base, n);
}
void read(Turn& t, const Context* c, void* host, uint64_t s, size_t n) {
  Allocation* a = range(c, s, n, "copy from the device");
  checkWritten(a, s - a->base, n);
  t.touch(*a, s, n, false);
  memcpy(host, (void*)s, n);
}

uint64_t hashOf(const uint8_t* p, size_t n) {
  uint64_t h = n, v;
  for (; n >= 8; p += 8, n -= 8) { memcpy(&v, p, 8); h = (h ^ v) * 0x9e3779b97f4a7c15; h ^= h >> 29; }
  v = 0;
  memcpy(&v, p, n);
  return (h ^ v) * 0x9e3779b97f4a7c15;
}
std::string bytesOf(size_t n) { return std::to_string(n) + " bytes"; }

bool overlap(const Pinned& p, const void* host, size_t n) { return p.host < (const uint8_t*)host + n && (const uint8_t*)host < p.host + p.bytes; }
bool isSource(const void* host, size_t n) {
  for (auto& p : state().transfers) if (p.in && overlap(p, host, n)) return true;
  return false;
}
bool changed(const Pinned& p) { return p.checked && hashOf(p.host, p.bytes) != p.hash; }
Fault early(const Pinned& p) {
  return {kLaunchFailed, "the host changed pinned memory before it had waited for the copy of " + bytesOf(p.bytes) + " from there to the device"};
}

// show puts what has come from the device where the host sees it. A copy from there to the device is over, or awaits these bytes.
void show(Pinned& p) {
  for (auto& q : state().transfers)
    if (q.in && overlap(q, p.host, p.bytes)) { if (changed(q)) throw early(q); q.checked = false; }
  memcpy(p.host, p.arrived.data(), p.arrived.size());
  p.arrived.clear();
}

// meet refuses a copy that no event and no wait orders with another of the same pinned memory.
void meet(Context* c, Stream* s, const void* host, size_t n, bool in) {
  const Clock b = before(c, s);
  for (auto& p : state().transfers)
    if (!(in && p.in) && overlap(p, host, n) && at(b, size_t(p.lane)) < p.number)
      throw Fault{kLaunchFailed, "race between streams: two copies of the same pinned memory, with no event and no wait in between"};
}
// enter finds the transfer that runs. What has come before it to the same memory is what it meets there.
Pinned& enter(Turn& t, const void* host, size_t n) {
  Pinned* own = nullptr;
  for (auto& p : state().transfers) {
    if (p.lane == t.lane && p.number == t.number) own = &p;
    else if (!p.arrived.empty() && overlap(p, host, n)) show(p);
  }
  return *own;
}
// expect notes a transfer whose operation is about to be issued.
Pinned& expect(Context* c, Stream* s, void* host, size_t n, bool in) {
  state().transfers.push_back({c, s->lane, order().lanes[size_t(s->lane)].issued + 1, (uint8_t*)host, n, in, false, 0, {}});
  return state().transfers.back();
}

void copyFromPinned(Context* c, Stream* s, uint64_t d, const void* host, size_t n) {
  Pinned& p = expect(c, s, const_cast<void*>(host), n, true);
  p.checked = true;
  p.hash = hashOf(p.host, n);
  submit(c, s, "a copy of " + bytesOf(n) + " to the device", [=](Turn& t) {
    if (const Pinned& p = enter(t, host, n); changed(p)) throw early(p);
    write(t, c, d, host, n);
  });
}
void copyToPinned(Context* c, Stream* s, void* host, uint64_t from, size_t n) {
  if (!isSource(host, n)) memset(host, 0xA5, n);
  expect(c, s, host, n, false);
  submit(c, s, "a copy of " + bytesOf(n) + " from the device", [=](Turn& t) {
    Pinned& p = enter(t, host, n);
    p.arrived.resize(n);
    read(t, c, p.arrived.data(), from, n);
  });
}
void copyFromPageable(Context* c, Stream* s, uint64_t d, const void* host, size_t n) {
  auto bytes = std::make_shared<std::vector<uint8_t>>((const uint8_t*)host, (const uint8_t*)host + n);
  c->staged += n;
  const Clock over = submit(c, s, "a copy of " + bytesOf(n) + " to the device", [=](Turn& t) { c->staged -= n; write(t, c, d, bytes->data(), n); });
  if (c->staged > kStaged) advance(c, over);
}

int copyIn(uint64_t d, const void* host, size_t n, void* stream, bool async) {
  const bool pinned = isPinned(host, n);
  return wait([&](Context* c) {
    if (!n) return 0;
    range(c, d, n, "copy to the device");
    Stream* s = streamOf(c, stream);
    if (pinned) meet(c, s, host, n, true);
    if (async && pinned) { copyFromPinned(c, s, d, host, n); return 0; }
    if (!async) perform(c, s, "a wait", [](Turn&) {});
    if (!async && pinned) perform(c, s, "a copy of " + bytesOf(n) + " to the device", [=](Turn& t) { write(t, c, d, host, n); });
    else copyFromPageable(c, s, d, host, n);
    return 0;
  }, !(async && pinned));
}
int copyOut(void* host, uint64_t from, size_t n, void* stream, bool async) {
  const bool pinned = isPinned(host, n);
  return wait([&](Context* c) {
    if (!n) return 0;
    range(c, from, n, "copy from the device");
    Stream* s = streamOf(c, stream);
    if (pinned) meet(c, s, host, n, false);
    if (async && pinned) copyToPinned(c, s, host, from, n);
    else perform(c, s, "a copy of " + bytesOf(n) + " from the device", [=](Turn& t) { read(t, c, host, from, n); });
    return 0;
  }, !(async && pinned));
}
int copyWithin(uint64_t d, uint64_t from, size_t n, void* stream, bool async) {
  return wait([&](Context* c) {
    if (!n) return 0;
    range(c, d, n, "copy on the device");
    range(c, from, n, "copy on the device");
    if (d < from + n && from < d + n && d != from) throw Fault{kInvalidValue, "copy on the device between ranges that overlap"};
    submit(c, streamOf(c, stream), "a copy of " + bytesOf(n) + " on the device", [=](Turn& t) {
      Allocation *to = range(c, d, n, "copy on the device"), *a = range(c, from, n, "copy on the device");
      t.touch(*a, from, n, false);
      t.touch(*to, d, n, true);
      memmove((void*)d, (void*)from, n);
      const size_t at = from - a->base;
      if (a->shadow.firstUnwritten(at, n) == at + n) return to->shadow.mark(d - to->base, n);
      for (size_t k = 0; k < n; k++) if (a->shadow.isWritten(at + k, 1)) to->shadow.mark(d - to->base + k, 1);
    });
    return 0;
  }, !async);
}
template <class T> int fill(uint64_t d, T v, size_t n, void* stream, bool async) {
  return wait([&](Context* c) {
    if (!n) return 0;
    range(c, d, n * sizeof(T), "fill");
    submit(c, streamOf(c, stream), "a fill of " + bytesOf(n * sizeof(T)), [=](Turn& t) {
      Allocation* a = range(c, d, n * sizeof(T), "fill");
      t.touch(*a, d, n * sizeof(T), true);
      std::fill_n((T*)d, n, v);
      a->shadow.mark(d - a->base, n * sizeof(T));
    });
    return 0;
  }, !async);
}

}  // namespace

void settle() {
  auto& all = state().transfers;
  auto covered = [](const Pinned& p) { return p.number <= at(order().host, size_t(p.lane)); };
  for (auto& p : all) if (p.in && covered(p) && changed(p)) { abandon(p.context, early(p)); return settle(); }
  for (auto& p : all) if (!p.in && covered(p) && !p.arrived.empty()) show(p);
  std::erase_if(all, covered);
}

void releasePinned(Context* c) {
  std::erase_if(state().transfers, [&](const Pinned& p) { return p.context == c; });
  std::erase_if(state().pinned, [&](auto& p) {
    if (p.second.context != c) return false;
    memset((void*)p.first, 0xA5, p.second.bytes);
    free((void*)p.first);
    return true;
  });
}

}  // namespace sim

using namespace sim;

API int cuDeviceTotalMem_v2(size_t* n, int) { *n = capacity(); return 0; }
API int cuMemGetInfo_v2(size_t* free, size_t* total) {
  return call([&](Context* c) { *total = capacity(); *free = *total - std::min(*total, memory().used[c->device]); return 0; });
}
API int cuMemAlloc_v2(Ptr* p, size_t n) {
  return call([&](Context* c) {
    if (!n) throw Fault{kInvalidValue, "allocation of no bytes"};
    if (memory().used[c->device] + n > capacity()) return int(kOutOfMemory);
    Allocation* a = memory().add(n, c->device);
    a->owner = c;
    *p = a->base;
    return 0;
  });
}
// The driver lets the device finish first, but does not say so: a program must not take a free for a wait, so that no race is forgiven.
API int cuMemFree_v2(Ptr p) {
  return wait([&](Context* c) { drain(c); return c->fault || memory().remove(p) ? 0 : report(kInvalidValue, "free of what was never allocated"); });
}
API int cuMemAllocHost_v2(void** p, size_t n) {
  return call([&](Context* c) {
    if (!n) throw Fault{kInvalidValue, "allocation of no bytes"};
    if (!(*p = malloc(n))) return int(kOutOfMemory);
    state().pinned[uint64_t(*p)] = {n, c};
    return 0;
  });
}
API int cuMemHostAlloc(void** p, size_t n, unsigned) { return cuMemAllocHost_v2(p, n); }
// Host memory may be given back from anywhere, also after a fault.
API int cuMemFreeHost(void* p) {
  std::lock_guard<std::recursive_mutex> g(state().lock);
  auto it = state().pinned.find(uint64_t(p));
  if (it == state().pinned.end()) return kInvalidValue;
  Context* c = it->second.context;
  state().waits[c->device]++;
  std::set<Context*> users;
  for (auto& t : state().transfers) if (overlap(t, p, it->second.bytes)) users.insert(t.context);
  for (Context* user : users) drain(user);
  std::erase_if(state().transfers, [&](const Pinned& t) { return overlap(t, p, it->second.bytes); });
  state().pinned.erase(it);
  free(p);
  return c->fault;
}
API int cuMemcpyHtoD_v2(Ptr d, const void* s, size_t n) { return copyIn(d, s, n, nullptr, false); }
API int cuMemcpyDtoH_v2(void* d, Ptr s, size_t n) { return copyOut(d, s, n, nullptr, false); }
API int cuMemcpyDtoD_v2(Ptr d, Ptr s, size_t n) { return copyWithin(d, s, n, nullptr, false); }
API int cuMemcpyHtoDAsync_v2(Ptr d, const void* s, size_t n, void* stream) { return copyIn(d, s, n, stream, true); }
API int cuMemcpyDtoHAsync_v2(void* d, Ptr s, size_t n, void* stream) { return copyOut(d, s, n, stream, true); }
API int cuMemcpyDtoDAsync_v2(Ptr d, Ptr s, size_t n, void* stream) { return copyWithin(d, s, n, stream, true); }
API int cuMemsetD8_v2(Ptr d, unsigned char v, size_t n) { return fill(d, v, n, nullptr, false); }
API int cuMemsetD32_v2(Ptr d, unsigned v, size_t n) { return fill(d, v, n, nullptr, false); }
API int cuMemsetD8Async(Ptr d, unsigned char v, size_t n, void* stream) { return fill(d, v, n, stream, true); }
API int cuMemsetD32Async(Ptr d, unsigned v, size_t n, void* stream) { return fill(d, v, n, stream, true); }

// For other stand-ins, such as that of cuBLAS: work that is queued in a stream like a kernel and reaches memory through the two calls
// below, each of which returns 0 or why it cannot. What `work` returns is the fault it ends with, and `end` frees its data.
namespace { struct { Turn* turn = nullptr; Context* context = nullptr; } running; }
API int ptxsimWork(void* stream, const char* what, int (*work)(void*), void* data, void (*end)(void*)) {
  std::shared_ptr<void> keep(data, end);
  return call([&](Context* c) {
    submit(c, streamOf(c, stream), what, [=, name = std::string(what)](Turn& t) {
      running = {&t, c};
      const int rc = work(keep.get());
      running = {};
      if (rc) throw Fault{rc, name + ": " + state().fault};
    });
    return 0;
  });
}
API int ptxsimRead(void* host, Ptr s, size_t n) {
  try { read(*running.turn, running.context, host, s, n); return 0; } catch (Fault& f) { return report(f.code, f.what); }
}
API int ptxsimWrite(Ptr d, const void* host, size_t n) {
  try { write(*running.turn, running.context, d, host, n); return 0; } catch (Fault& f) { return report(f.code, f.what); }
}
