// Loads, stores and atomics, each checked: inside a live allocation, aligned, written before it is read, and not in a race.
#include <algorithm>
#include <cstdlib>

#include "order.h"

namespace sim {

void Shadow::resize(size_t bytes) {
  written.assign((bytes + 3) / 4, 0);
  pages.clear();
  pages.resize((written.size() + kPage - 1) / kPage);
  otherReads.clear();
}

void Shadow::mark(size_t from, size_t bytes) {
  size_t end = from + bytes;
  while (from < end && from % 4) { written[from / 4] |= bytesMask(from, 1); from++; }
  if (end - from >= 4) { memset(&written[from / 4], 15, (end - from) / 4); from += (end - from) / 4 * 4; }
  for (; from < end; from++) written[from / 4] |= bytesMask(from, 1);
}
bool Shadow::isWritten(size_t from, size_t bytes) const {
  if (bytes >= 4) { for (size_t k = 0; k < bytes; k += 4) if (written[(from + k) / 4] != 15) return false; return true; }
  uint8_t m = bytesMask(from, bytes);
  return (written[from / 4] & m) == m;
}
size_t Shadow::firstUnwritten(size_t from, size_t bytes) const {
  for (const size_t end = from + bytes; from < end;) {
    const size_t n = std::min(end, (from / 4 + 1) * 4) - from;
    if (!isWritten(from, n == 4 ? 4 : 1)) { for (; isWritten(from, 1); from++) {} return from; }
    from += n == 4 ? 4 : 1;
  }
  return from;
}
Cell& Shadow::cell(size_t word) {
  auto& p = pages[word / kPage];
  if (!p) p = std::make_unique<Cell[]>(kPage);
  return p[word % kPage];
}

void Shadow::keepRead(size_t word, const Trace& t) {
  otherReads.resize(pages.size());
  auto& p = otherReads[word / kPage];
  if (!p) p = std::make_unique<Trace[]>(kPage);
  p[word % kPage] = t;
}
const Trace* Shadow::otherRead(size_t word) const {
  return otherReads.empty() || !otherReads[word / kPage] ? nullptr : &otherReads[word / kPage][word % kPage];
}

Memory& memory() { static Memory m; return m; }

Allocation* Memory::add(size_t bytes, int device) {
  void* p = aligned_alloc(512, (bytes + 511) / 512 * 512);
  if (!p) throw Fault{kOutOfMemory, "out of host memory"};
  memset(p, 0xA5, bytes);
  auto a = std::make_unique<Allocation>();
  a->base = uint64_t(p); a->bytes = bytes; a->device = device;
  a->shadow.resize(bytes);
  used[device] += bytes;
  Allocation* raw = a.get();
  live[raw->base] = std::move(a);
  return raw;
}
bool Memory::remove(uint64_t base) {
  auto it = live.find(base);
  if (it == live.end()) return false;
  used[it->second->device] -= it->second->bytes;
  order().forget(base, it->second->bytes);
  free((void*)base);
  live.erase(it);
  return true;
}
void Memory::removeAll(const void* owner) {
  std::vector<uint64_t> bases;
  for (auto& [base, a] : live) if (a->owner == owner) bases.push_back(base);
  for (uint64_t b : bases) remove(b);
}
Allocation* Memory::find(uint64_t address, size_t bytes) {
  auto it = live.upper_bound(address);
  if (it == live.begin()) return nullptr;
  Allocation* a = (--it)->second.get();
  return address >= a->base && address + bytes <= a->base + a->bytes && address + bytes >= address ? a : nullptr;
}

namespace {

struct Place { uint8_t* host; Shadow* shadow; size_t offset; uint8_t* flags = nullptr; };  // flags: of local bytes, written or not

std::string hex(uint64_t v) { char s[24]; snprintf(s, sizeof s, "0x%llx", (unsigned long long)v); return s; }

[[noreturn]] void bad(int code, Warp& w, const Instr& I, int lane, const std::string& why) {
  throw Fault{code, why + " by thread " + std::to_string(w.index * kLanes + lane) + ": " + *I.text};
}

Place locate(Warp& w, const Instr& I, int lane, uint64_t address, int bytes) {
  Block& b = *w.block;
  Space space = I.space;
  if (space == Space::generic) {
    if (address - kSharedWindow < kWindow) { space = Space::shared; address -= kSharedWindow; }
    else if (address - kLocalWindow < kWindow) { space = Space::local; address -= kLocalWindow; }
  }
  if (address & uint64_t(bytes - 1)) bad(kMisaligned, w, I, lane, "misaligned access of " + std::to_string(bytes) + " bytes at " + hex(address));
  if (space == Space::shared) {
    if (address + bytes > b.shared.size() || address + bytes < address)
      bad(kIllegalAddress, w, I, lane, "shared access at " + std::to_string(int64_t(address)) + " outside of " + std::to_string(b.shared.size()) + " bytes");
    return {b.shared.data() + address, &b.sharedShadow, size_t(address)};
  }
  if (space == Space::local) {
    if (address + bytes > b.fn->localBytes || address + bytes < address) bad(kIllegalAddress, w, I, lane, "local access out of bounds");
    const size_t at = size_t(lane) * b.fn->localBytes + address;
    return {w.local.data() + at, nullptr, 0, w.localWritten.data() + at};
  }
  const Allocation* a = I.near;
  if (!a || address < a->base || address + bytes > a->base + a->bytes) {
    a = memory().find(address, bytes);
    if (!a) {
      auto it = memory().live.upper_bound(address);
      std::string where;
      if (it != memory().live.begin()) { --it; where = ", " + std::to_string(int64_t(address - it->second->base)) + " bytes into an allocation of " + std::to_string(it->second->bytes); }
      bad(kIllegalAddress, w, I, lane, "global access at " + hex(address) + " outside of every allocation" + where);
    }
    if (a->device != b.device) bad(kIllegalAddress, w, I, lane, "access to the memory of another device");
    I.near = a;
  }
  return {(uint8_t*)address, &a->shadow, size_t(address - a->base)};
}

struct Access { Warp& w; const Instr& I; int lane; uint16_t thread; };

enum class Party : uint8_t { none, thread, block, stream };

[[noreturn]] void race(const Access& x, const char* what, const Trace& t, Party who) {
  const std::string start = std::string("race: ") + what + " of a word that ";
  if (who == Party::stream)
    bad(kLaunchFailed, x.w, x.I, x.lane, start + x.w.block->turn->unordered(t.epoch)->what + " touched on another stream, with no event and no wait in between");
  bad(kLaunchFailed, x.w, x.I, x.lane, start + (who == Party::block ? "another block" : t.flags & kManyWarps ? "several warps" : "thread " + std::to_string(t.thread)) +
      " touched without a barrier in between");
}

// conflict says with whom an access now by x.thread is unordered, when it is with the traced one.
Party conflict(const Access& x, const Trace& t, uint8_t bytes) {
  const Block& b = *x.w.block;
  if (!(t.bytes & bytes)) return Party::none;
  if (t.epoch < b.launchEpoch) return t.epoch >= b.since && b.turn->unordered(t.epoch) ? Party::stream : Party::none;
  if (t.epoch < b.firstEpoch || (t.flags & kOtherBlock)) return Party::block;
  if (t.epoch < b.epoch) return Party::none;
  if (t.flags & kManyWarps) return Party::thread;
  bool sameWarp = t.thread / kLanes == x.thread / kLanes;
  if (!sameWarp) return Party::thread;
  if (t.sync != x.w.sync) return Party::none;
  return t.thread != x.thread || (t.flags & kManyThreads) ? Party::thread : Party::none;
}

void noteRead(const Access& x, Shadow& s, size_t word, uint8_t bytes, bool atomic) {
  const Block& b = *x.w.block;
  Cell& c = s.cell(word);
  if (!(atomic && (c.write.flags & kAtomic)))
    if (Party p = conflict(x, c.write, bytes); p != Party::none) race(x, "read", c.write, p);
  Trace& r = c.read;
  uint8_t flags = 0;
  if (r.epoch < b.launchEpoch && r.epoch >= b.since && b.turn->unordered(r.epoch)) s.keepRead(word, r);
  if (r.epoch >= b.launchEpoch && (r.epoch < b.firstEpoch || (r.flags & kOtherBlock))) flags |= kOtherBlock;
  bool now = r.epoch == b.epoch;
  if (now && (r.thread / kLanes != x.thread / kLanes || (r.flags & kManyWarps))) flags |= kManyWarps;
  else if (now && r.sync == x.w.sync && (r.thread != x.thread || (r.flags & kManyThreads))) flags |= kManyThreads;
  if (atomic && (r.epoch < b.launchEpoch || (r.flags & kAtomic))) flags |= kAtomic;  // all readers of this launch
  if (now) bytes |= r.bytes;
  r = {b.epoch, x.w.sync, x.thread, bytes, flags};
}

// same: the bytes stored are those already there, which makes two unordered writes harmless.
void noteWrite(const Access& x, Shadow& s, size_t word, uint8_t bytes, bool atomic, bool same) {
  const Block& b = *x.w.block;
  Cell& c = s.cell(word);
  if (!same && !(atomic && (c.write.flags & kAtomic)))
    if (Party p = conflict(x, c.write, bytes); p != Party::none) race(x, "write", c.write, p);
  if (!(atomic && (c.read.flags & kAtomic)))
    if (Party p = conflict(x, c.read, bytes); p != Party::none) race(x, "write", c.read, p);
  if (!s.otherReads.empty())
    if (const Trace* t = s.otherRead(word); t && !(atomic && (t->flags & kAtomic)))
      if (Party p = conflict(x, *t, bytes); p != Party::none) race(x, "write", *t, p);
  c.write = {b.epoch, x.w.sync, x.thread, bytes, uint8_t(atomic ? kAtomic : 0)};
}

// checkCopies is the same for what copies and fills of other streams touched.
void checkCopies(const Access& x, const Place& p, int bytes, bool write) {
  const uint64_t from = uint64_t(p.host), to = from + uint64_t(bytes);
  for (auto& f : x.w.block->turn->foreign)
    if ((write || f.write) && f.from < to && from < f.to)
      bad(kLaunchFailed, x.w, x.I, x.lane, std::string("race: ") + (write ? "write" : "read") + " of a word that " + f.past->what + " touched on another stream, with no event and no wait in between");
}

// Bytes of one element within a word; elements of eight bytes cover two whole words.
void checkRead(const Access& x, const Place& p, int bytes, bool atomic) {
  const bool known = p.shadow ? p.shadow->isWritten(p.offset, bytes) : std::count(p.flags, p.flags + bytes, 1) == bytes;
  if (!known) bad(kLaunchFailed, x.w, x.I, x.lane, "read of memory that was never written");
  if (!p.shadow) return;
  if (x.w.block->copies) checkCopies(x, p, bytes, false);
  if (bytes <= 4) return noteRead(x, *p.shadow, p.offset / 4, bytesMask(p.offset, bytes), atomic);
  for (int k = 0; k < bytes; k += 4) noteRead(x, *p.shadow, (p.offset + k) / 4, 15, atomic);
}
void checkWrite(const Access& x, const Place& p, int bytes, bool atomic, bool same) {
  if (!p.shadow) { memset(p.flags, 1, bytes); return; }
  p.shadow->mark(p.offset, bytes);
  if (x.w.block->copies) checkCopies(x, p, bytes, true);
  if (bytes <= 4) return noteWrite(x, *p.shadow, p.offset / 4, bytesMask(p.offset, bytes), atomic, same);
  for (int k = 0; k < bytes; k += 4) noteWrite(x, *p.shadow, (p.offset + k) / 4, 15, atomic, same);
}

uint64_t addressOf(Warp& w, const Instr& I, int l) {
  if (I.a == kNone) return uint64_t(I.disp);
  return (I.wideAddress ? w.at<uint64_t>(I.a)[l] : w.at<uint32_t>(I.a)[l]) + uint64_t(I.disp);
}
uint64_t widen(uint64_t v, Ty t) {
  int bits = 8 * size(t);
  return isSigned(t) && bits < 64 && (v >> (bits - 1) & 1) ? v | ~uint64_t(0) << bits : v;
}
Access accessOf(Warp& w, const Instr& I, int l) { return {w, I, l, uint16_t(w.index * kLanes + l)}; }

void loadParam(Warp& w, const Instr& I, Mask m) {
  int n = size(I.ty);
  for (int k = 0; k < I.lanesOf; k++) {
    if (I.vec[k] == kNone) continue;
    uint64_t v = 0;
    memcpy(&v, w.block->params + I.disp + k * n, n);
    v = widen(v, I.ty);
    each(m, [&](int l) { memcpy(w.file + I.vec[k] + I.width[k] * l, &v, I.width[k]); });
  }
}
template <class T> void load(Warp& w, const Instr& I, Mask m) {
  constexpr int n = sizeof(T);
  each(m, [&](int l) {
    Place p = locate(w, I, l, addressOf(w, I, l), n * I.lanesOf);
    Access x = accessOf(w, I, l);
    for (int k = 0; k < I.lanesOf; k++, p.host += n, p.offset += n, p.flags += p.flags ? n : 0) {
      checkRead(x, p, n, I.mode);
      if (I.vec[k] == kNone) continue;
      T v;
      memcpy(&v, p.host, n);
      if (I.width[k] == n) { w.at<T>(I.vec[k])[l] = v; continue; }
      const uint64_t wide = widen(v, I.ty);
      memcpy(w.file + I.vec[k] + I.width[k] * l, &wide, I.width[k]);
    }
  });
}
template <class T> void store(Warp& w, const Instr& I, Mask m) {
  constexpr int n = sizeof(T);
  each(m, [&](int l) {
    Place p = locate(w, I, l, addressOf(w, I, l), n * I.lanesOf);
    if (I.near && I.space != Space::shared && I.near->constant) bad(kIllegalAddress, w, I, l, "write to constant memory");
    Access x = accessOf(w, I, l);
    for (int k = 0; k < I.lanesOf; k++, p.host += n, p.offset += n, p.flags += p.flags ? n : 0) {
      T v, old;
      memcpy(&v, w.file + I.vec[k] + I.width[k] * l, n);
      memcpy(&old, p.host, n);
      checkWrite(x, p, n, false, old == v);
      memcpy(p.host, &v, n);
    }
  });
}
Run byWidth(Ty t, bool stores) {
  switch (size(t)) {
    case 1: return stores ? store<uint8_t> : load<uint8_t>;
    case 2: return stores ? store<uint16_t> : load<uint16_t>;
    case 4: return stores ? store<uint32_t> : load<uint32_t>;
    case 8: return stores ? store<uint64_t> : load<uint64_t>;
    default: return nullptr;
  }
}

enum Atomic : uint8_t { aAdd, aMin, aMax, aAnd, aOr, aXor, aExch, aCas, aInc, aDec };
template <class T> T update(uint8_t mode, T old, T v, T other) {
  switch (mode) {
    case aAdd: return old + v;
    case aMin: return std::min(old, v);
    case aMax: return std::max(old, v);
    case aExch: return v;
    case aCas: return old == v ? other : old;
  }
  if constexpr (std::is_integral_v<T>) switch (mode) {
    case aAnd: return old & v;
    case aOr: return old | v;
    case aXor: return old ^ v;
    case aInc: return old >= v ? T(0) : T(old + 1);
    case aDec: return old == 0 || old > v ? v : T(old - 1);
  }
  return old;
}
template <class T> void atomic(Warp& w, const Instr& I, Mask m) {
  each(m, [&](int l) {
    Place p = locate(w, I, l, addressOf(w, I, l), sizeof(T));
    Access x = accessOf(w, I, l);
    if (!p.shadow) bad(kIllegalAddress, w, I, l, "atomic on local memory");
    if (!p.shadow->isWritten(p.offset, sizeof(T))) bad(kLaunchFailed, w, I, l, "atomic on memory that was never written");
    checkWrite(x, p, sizeof(T), true, false);
    T old;
    memcpy(&old, p.host, sizeof old);
    T now = update<T>(I.mode, old, w.at<T>(I.b)[l], I.c == kNone ? T() : w.at<T>(I.c)[l]);
    memcpy(p.host, &now, sizeof now);
    if (I.d != kNone) w.at<T>(I.d)[l] = old;
  });
}

}  // namespace

// memoryOp decodes ld, st, atom and red; nullptr for a form that is not known.
Run memoryOp(Instr& I, const Opcode& parts) {
  const std::string& op = parts[0];
  auto has = [&](const char* s) { return suffix(parts, s); };
  I.lanesOf = has("v4") ? 4 : has("v2") ? 2 : 1;
  if (op == "ld" && I.space == Space::param) return loadParam;
  if (op == "ld") { I.mode = has("volatile") || has("relaxed") || has("acquire"); return byWidth(I.ty, false); }  // 1: may meet atomics
  if (op == "st") return I.space == Space::param || I.space == Space::constant ? nullptr : byWidth(I.ty, true);
  static const char* const names[] = {"add", "min", "max", "and", "or", "xor", "exch", "cas", "inc", "dec"};
  I.mode = 255;
  for (uint8_t k = 0; k < 10; k++) if (has(names[k])) I.mode = k;
  if (I.mode == 255) return nullptr;
  switch (I.ty) {
    case Ty::u32: case Ty::b32: return atomic<uint32_t>;
    case Ty::s32: return atomic<int32_t>;
    case Ty::u64: case Ty::b64: return atomic<uint64_t>;
    case Ty::s64: return atomic<int64_t>;
    case Ty::f32: return I.mode == aAdd ? atomic<float> : nullptr;
    case Ty::f64: return I.mode == aAdd ? atomic<double> : nullptr;
    default: return nullptr;
  }
}

}  // namespace sim
