// Operations of a warp: shuffles, votes, reductions. The scheduler has made sure that every lane of the member mask is here.
#include <algorithm>

#include "sim.h"

namespace sim {
namespace {

void shuffle(Warp& w, const Instr& I, Mask m) {
  uint32_t *d = I.d == kNone ? nullptr : w.at<uint32_t>(I.d), *a = w.at<uint32_t>(I.a), *b = w.at<uint32_t>(I.b), *c = w.at<uint32_t>(I.c);
  uint32_t value[kLanes];
  memcpy(value, a, sizeof value);
  Mask inRange = 0;
  each(m, [&](int l) {
    uint32_t segment = c[l] >> 8 & 31, clamp = c[l] & 31, last = (l & segment) | (clamp & ~segment), first = l & segment;
    int from = 0; bool ok = false;
    switch (I.mode) {
      case 0: from = l - int(b[l] & 31); ok = from >= int(last); break;              // up
      case 1: from = l + int(b[l] & 31); ok = from <= int(last); break;              // down
      case 2: from = l ^ int(b[l] & 31); ok = from <= int(last); break;              // bfly
      case 3: from = int(first | (b[l] & ~segment & 31)); ok = from <= int(last); break;  // idx
    }
    if (!ok) from = l;
    if (!(m >> from & 1)) throw Fault{kLaunchFailed, "shuffle reads lane " + std::to_string(from) + ", which does not take part"};
    if (d) d[l] = value[from];
    inRange |= Mask(ok) << l;
  });
  if (I.d2 != kNone) { uint32_t& p = *w.at<uint32_t>(I.d2); p = (p & ~m) | inRange; }
}
void vote(Warp& w, const Instr& I, Mask m) {
  Mask p = *w.at<uint32_t>(I.a);
  p = (I.srcNot ? ~p : p) & m;
  bool r = I.mode == 0 ? p != 0 : I.mode == 1 ? p == m : p == m || p == 0;
  if (I.mode == 3) { uint32_t* d = w.at<uint32_t>(I.d); each(m, [&](int l) { d[l] = p; }); return; }
  uint32_t& d = *w.at<uint32_t>(I.d);
  d = (d & ~m) | (r ? m : 0);
}
void reduce(Warp& w, const Instr& I, Mask m) {
  uint32_t *d = w.at<uint32_t>(I.d), *a = w.at<uint32_t>(I.a);
  bool sgn = I.ty == Ty::s32, first = true;
  uint32_t r = 0;
  each(m, [&](int l) {
    uint32_t x = a[l];
    if (first) { r = x; first = false; return; }
    switch (I.mode) {
      case 0: r += x; break; case 1: r &= x; break; case 2: r |= x; break; case 3: r ^= x; break;
      case 4: r = sgn ? uint32_t(std::min(int32_t(r), int32_t(x))) : std::min(r, x); break;
      default: r = sgn ? uint32_t(std::max(int32_t(r), int32_t(x))) : std::max(r, x);
    }
  });
  each(m, [&](int l) { d[l] = r; });
}
void activeMask(Warp& w, const Instr& I, Mask m) { uint32_t* d = w.at<uint32_t>(I.d); each(m, [&](int l) { d[l] = m; }); }

}  // namespace

Run warpOp(Instr& I, const Opcode& parts) {
  static const std::map<std::string, std::vector<const char*>> modes = {{"shfl", {"up", "down", "bfly", "idx"}},
      {"vote", {"any", "all", "uni", "ballot"}}, {"redux", {"add", "and", "or", "xor", "min", "max"}}};
  const std::string& op = parts[0];
  if (op == "activemask") return activeMask;
  auto it = modes.find(op);
  if (it == modes.end() || !suffix(parts, "sync")) return nullptr;
  I.flow = Flow::warpSync;
  for (size_t k = 0; k < it->second.size(); k++) if (suffix(parts, it->second[k])) I.mode = uint8_t(k);
  return op == "shfl" ? shuffle : op == "vote" ? vote : reduce;
}

}  // namespace sim
