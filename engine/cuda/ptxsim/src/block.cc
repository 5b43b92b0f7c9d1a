// Runs thread blocks. Lanes of a warp that part at a branch become fragments with program counters of their own; the
// fragment that is furthest behind runs first and joins another when it reaches the same instruction. A warp operation
// waits until every lane that its mask names is there, a barrier until every thread of the block is.
#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "order.h"

namespace sim {
namespace {

class Runner {
 public:
  Runner(const Function& fn, Block& b) : fn_(fn), code_(fn.code.data()), b_(b) {
    warps_.resize((b.dim.count() + kLanes - 1) / kLanes);
    // poison: what was never written is a wild value
    files_.assign(warps_.size() * stride(), 0xA5);
    for (size_t k = 0; k < warps_.size(); k++) {
      Warp& w = warps_[k];
      w.index = int(k);
      w.block = &b;
      w.file = reinterpret_cast<uint8_t*>((uintptr_t(files_.data()) + 63) / 64 * 64) + k * (stride() - 64);
      w.local.resize(size_t(fn.localBytes) * kLanes);
      w.localWritten.resize(w.local.size());
      for (auto& c : fn.constants) for (int l = 0; l < kLanes; l++) memcpy(w.file + c.offset + c.bytes * l, &c.bits, c.bytes);
    }
  }
  void run(Dim3 id, Dice& dice);
  uint64_t executed = 0;

 private:
  const Function& fn_;
  const Instr* code_;
  Block& b_;
  std::vector<Warp> warps_;
  std::vector<uint8_t> files_;
  size_t stride() const { return (fn_.fileBytes + 127) / 64 * 64 + 64; }
  void begin(Warp& w, Dim3 id);
  void slice(Warp& w, uint32_t quantum);
  bool step(Warp& w, size_t at);
  void look(Warp& w, const Instr& I, Mask lanes);
  void branch(Warp& w, size_t at, Mask taken, int target);
  bool synchronise(Warp& w, size_t at, Mask m);
  void join(Warp& w);
  bool runnable(const Warp& w) const { for (auto& f : w.fragments) if (f.state == Fragment::ready) return true; return false; }
  void release();
};

void Runner::begin(Warp& w, Dim3 id) {
  uint64_t threads = b_.dim.count(), first = uint64_t(w.index) * kLanes;
  w.present = threads - first >= kLanes ? kAll : (Mask(1) << (threads - first)) - 1;
  w.exited = 0;
  w.sync = 0;
  w.fragments.assign(1, {w.present, 0, Fragment::ready});
  for (uint32_t o : fn_.definedWords) *w.at<uint32_t>(o) = 0;
  std::fill(w.local.begin(), w.local.end(), 0xA5);
  std::fill(w.localWritten.begin(), w.localWritten.end(), 0);
  auto set = [&](Special s, auto f) { if (uint32_t o = fn_.special[int(s)]; o != kNone) for (uint32_t l = 0; l < kLanes; l++) w.at<uint32_t>(o)[l] = f(uint32_t(first) + l, l); };
  const Dim3 d = b_.dim, g = b_.grid;
  set(Special::tidX, [&](uint32_t t, uint32_t) { return t % d.x; });
  set(Special::tidY, [&](uint32_t t, uint32_t) { return t / d.x % d.y; });
  set(Special::tidZ, [&](uint32_t t, uint32_t) { return t / (d.x * d.y); });
  const uint32_t fixed[] = {d.x, d.y, d.z, id.x, id.y, id.z, g.x, g.y, g.z};
  for (int k = 0; k < 9; k++) set(Special(int(Special::ntidX) + k), [&](uint32_t, uint32_t) { return fixed[k]; });
  set(Special::laneid, [](uint32_t, uint32_t l) { return l; });
  set(Special::warpid, [&](uint32_t, uint32_t) { return uint32_t(w.index); });
  set(Special::nwarpid, [&](uint32_t, uint32_t) { return uint32_t(warps_.size()); });
  set(Special::maskEq, [](uint32_t, uint32_t l) { return 1u << l; });
  set(Special::maskLt, [](uint32_t, uint32_t l) { return (1u << l) - 1; });
  set(Special::maskLe, [](uint32_t, uint32_t l) { return (2u << l) - 1; });
  set(Special::maskGt, [](uint32_t, uint32_t l) { return ~((2u << l) - 1); });
  set(Special::maskGe, [](uint32_t, uint32_t l) { return ~((1u << l) - 1); });
}

// join merges fragments that have reached the same instruction and orders them by program counter.
void Runner::join(Warp& w) {
  auto& f = w.fragments;
  std::sort(f.begin(), f.end(), [](const Fragment& a, const Fragment& b) { return a.pc < b.pc; });
  for (size_t k = 0; k + 1 < f.size();) {
    if (f[k].pc != f[k + 1].pc || f[k].state == Fragment::atBarrier || f[k + 1].state == Fragment::atBarrier) { k++; continue; }
    f[k].lanes |= f[k + 1].lanes;
    f[k].state = Fragment::ready;  // a waiting warp operation looks again
    f.erase(f.begin() + long(k) + 1);
  }
}

void Runner::branch(Warp& w, size_t at, Mask taken, int target) {
  Fragment& f = w.fragments[at];
  if (taken == f.lanes) { f.pc = target; return; }
  f.lanes &= ~taken;
  f.pc++;
  if (taken) w.fragments.push_back({taken, target, Fragment::ready});
}

// synchronise runs a warp operation when all the lanes that it names are present, and puts the fragment to wait when not.
bool Runner::synchronise(Warp& w, size_t at, Mask m) {
  Fragment& f = w.fragments[at];
  const Instr& I = code_[f.pc];
  if (m) {
    Mask want = w.at<uint32_t>(I.e)[__builtin_ctz(m)];
    for (Mask k = m; k; k &= k - 1) {
      int l = __builtin_ctz(k);
      if (w.at<uint32_t>(I.e)[l] != want) throw Fault{kLaunchFailed, "lanes of one warp operation name different masks: " + *I.text};
      if (!(want >> l & 1)) throw Fault{kLaunchFailed, "lane " + std::to_string(l) + " takes part in a warp operation whose mask leaves it out: " + *I.text};
    }
    if (want & (w.exited | ~w.present)) throw Fault{kLaunchFailed, "warp operation names lanes that have left or never were: " + *I.text};
    if (want & ~m) { f.state = Fragment::atSync; return false; }
    w.sync++;
    I.run(w, I, m);
    w.sync++;
  }
  f.pc++;
  return true;
}

// look checks that the lanes of an instruction read what they have written, and notes what they write.
void Runner::look(Warp& w, const Instr& I, Mask lanes) {
  const Watch& watch = fn_.watches[size_t(I.watch) - 1];
  auto written = [&](uint32_t word) { return word == kNone ? kAll : *w.at<uint32_t>(word); };
  auto check = [&](const Watch::Register& r, Mask m) {
    if (Mask bad = m & ~written(r.word))
      throw Fault{kLaunchFailed, "register " + r.name + " is read before it is written by thread " + std::to_string(w.index * kLanes + __builtin_ctz(bad)) + ": " + *I.text};
  };
  check(watch.guard, lanes);
  if (I.guard != kNone) { Mask p = *w.at<uint32_t>(I.guard); lanes &= I.guardNot ? ~p : p; }
  for (auto& r : watch.uses) check(r, lanes);
  Mask known = kAll, p = I.copies && I.c != kNone ? *w.at<uint32_t>(I.c) ^ (I.srcNot ? kAll : 0) : 0;
  for (auto& s : watch.sources) known &= written(s.word) | ~((s.ifTrue ? p : 0) | (s.ifFalse ? ~p : 0));
  for (uint32_t o : watch.results) { uint32_t& word = *w.at<uint32_t>(o); word = (word & ~lanes) | (known & lanes); }
}

// step executes one instruction of a fragment; false when the fragment cannot go on.
bool Runner::step(Warp& w, size_t at) {
  Fragment& f = w.fragments[at];
  const Instr& I = code_[f.pc];
  Mask m = f.lanes;
  if (I.watch) [[unlikely]] look(w, I, m);
  if (I.guard != kNone) { Mask p = *w.at<uint32_t>(I.guard); m &= I.guardNot ? ~p : p; }
  executed += uint64_t(__builtin_popcount(m));
  switch (I.flow) {
    case Flow::plain:
      if (m) I.run(w, I, m);
      f.pc++;
      return true;
    case Flow::branch: branch(w, at, m, I.target); return true;
    case Flow::exit:
      w.exited |= m;
      f.lanes &= ~m;
      f.pc++;
      if (!f.lanes) { w.fragments.erase(w.fragments.begin() + long(at)); return false; }
      return true;
    case Flow::barrier:
      if (m != f.lanes) { if (m) throw Fault{kLaunchFailed, "barrier under a condition that not every lane fulfils: " + *I.text}; f.pc++; return true; }
      f.state = Fragment::atBarrier;
      return false;
    case Flow::warpSync: return synchronise(w, at, m);
  }
  return false;
}

// slice runs a warp for about quantum instructions, or until it waits or ends.
void Runner::slice(Warp& w, uint32_t quantum) {
  while (quantum-- > 0) {
    auto& f = w.fragments;
    if (f.size() == 1) {
      if (f[0].state != Fragment::ready || !step(w, 0)) return;
      continue;
    }
    if (f.empty()) return;
    join(w);
    size_t at = 0;
    while (at < f.size() && f[at].state != Fragment::ready) at++;
    if (at == f.size()) return;
    step(w, at);
  }
}

// release lets the block go on after a barrier, or says why it never will.
void Runner::release() {
  int pc = -1;
  for (Warp& w : warps_) {
    for (auto& f : w.fragments) if (f.state == Fragment::atSync)
      throw Fault{kLaunchFailed, "warp operation waits for lanes that never arrive: " + *code_[f.pc].text};
    for (auto& f : w.fragments) {
      if (pc >= 0 && f.pc != pc) throw Fault{kLaunchFailed, "threads of one block wait at different barriers: " + *code_[f.pc].text + " and " + *code_[pc].text};
      pc = f.pc;
    }
  }
  for (Warp& w : warps_)
    if (w.exited) throw Fault{kLaunchFailed, "barrier in a block some of whose threads have left: " + *code_[pc].text};
  for (Warp& w : warps_) {
    for (auto& f : w.fragments) { f.pc = pc + 1; f.state = Fragment::ready; }
    join(w);
  }
  b_.epoch++;
}

void Runner::run(Dim3 id, Dice& dice) {
  for (Warp& w : warps_) begin(w, id);
  std::vector<Warp*> live;
  for (;;) {
    live.clear();
    bool waiting = false;
    for (Warp& w : warps_) { if (runnable(w)) live.push_back(&w); waiting |= !w.fragments.empty(); }
    if (live.empty()) { if (!waiting) return; release(); continue; }
    while (!live.empty()) {
      uint32_t k = dice.below(uint32_t(live.size()));
      uint64_t before = executed;
      slice(*live[k], 1 + dice.below(96));
      if (executed - before > b_.budget) throw Fault{kTimeout, "the kernel does not end"};
      b_.budget -= executed - before;
      if (!runnable(*live[k])) { live[k] = live.back(); live.pop_back(); }
    }
  }
}

}  // namespace

uint64_t launch(const Function& fn, Dim3 grid, Dim3 dim, uint32_t dynamicShared, const uint8_t* params, int device, uint64_t seed, Turn& turn) {
  Block b;
  b.fn = &fn; b.grid = grid; b.dim = dim; b.params = params; b.device = device; b.turn = &turn; b.since = turn.since; b.copies = !turn.foreign.empty();
  const char* limit = getenv("PTXSIM_LIMIT");
  b.budget = limit ? strtoull(limit, nullptr, 0) : uint64_t(1) << 36;
  b.epoch = b.launchEpoch = turn.first;
  b.shared.resize(fn.staticShared + dynamicShared);
  for (auto& I : fn.code) I.near = nullptr;
  Dice dice(seed);
  // blocks in an order that a kernel must not depend on
  std::vector<uint32_t> order(grid.count());
  std::iota(order.begin(), order.end(), 0u);
  for (size_t k = order.size(); k > 1; k--) std::swap(order[k - 1], order[dice.below(uint32_t(k))]);
  Runner r(fn, b);
  try {
    for (uint32_t i : order) {
      b.firstEpoch = ++b.epoch;
      std::fill(b.shared.begin(), b.shared.end(), 0xA5);
      b.sharedShadow.resize(b.shared.size());
      r.run({i % grid.x, i / grid.x % grid.y, i / (grid.x * grid.y)}, dice);
    }
  } catch (Fault& f) {
    sim::order().epoch = b.epoch;
    throw Fault{f.code, fn.name + ": " + f.what};
  }
  sim::order().epoch = b.epoch;
  return r.executed;
}

}  // namespace sim
