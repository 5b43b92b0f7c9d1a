// Registers that are read before they are written. Which reads can never meet such a register is proved when the text is read, over
// all paths of one thread; in what the compiler makes that is all of them, and costs nothing. The other registers get a
// word of 32 bits each, one a lane, that says whether it was written, and the other reads look there.
//
// Moves and selections hand on what was never written: compilers fill the parts of a value that nobody uses in that way. Any other
// use is a fault: in an address, a stored value, arithmetic, a comparison, a condition, an operation of the warp.
#include "parser.h"

namespace sim {
namespace {

using Bits = std::vector<uint64_t>;
bool has(const Bits& b, int k) { return b[size_t(k) / 64] >> (k % 64) & 1; }
void put(Bits& b, int k, bool v) { uint64_t m = uint64_t(1) << (k % 64); if (v) b[size_t(k) / 64] |= m; else b[size_t(k) / 64] &= ~m; }

class Definitions {
 public:
  Definitions(Function& f, const std::map<uint32_t, std::string>& registers) : f_(f) {
    for (auto& [offset, name] : registers) { number_[offset] = int(names_.size()); names_.push_back(&name); }
  }
  void run();

 private:
  Function& f_;
  std::unordered_map<uint32_t, int> number_;  // of the register at an offset; constants and special registers have none
  std::vector<const std::string*> names_;
  std::vector<Bits> in_;                      // by instruction where a block begins, empty elsewhere: what is surely written
  int find(uint32_t offset) const { auto it = number_.find(offset); return offset == kNone || it == number_.end() ? -1 : it->second; }
  template <class F> void uses(const Instr& I, F f) const;
  template <class F> void results(const Instr& I, F f) const;
  bool sure(const Instr& I, const Bits& b) const;
  void apply(const Instr& I, Bits& b) const;
  template <class F> void follow(size_t at, F edge) const;
  void solve();
  template <class F> void visit(F f) const;
};

// uses calls f for the registers that an instruction reads besides its condition, results for those that it writes.
template <class F> void Definitions::uses(const Instr& I, F f) const {
  for (uint32_t o : {I.a, I.b, I.c, I.e}) if (int r = find(o); r >= 0) f(r);
  if (!I.vecWritten) for (uint32_t o : I.vec) if (int r = find(o); r >= 0) f(r);
}
template <class F> void Definitions::results(const Instr& I, F f) const {
  for (uint32_t o : {I.d, I.d2}) if (int r = find(o); r >= 0) f(r);
  if (I.vecWritten) for (uint32_t o : I.vec) if (int r = find(o); r >= 0) f(r);
}

// sure says whether the results of an instruction are written once it has run: those of a copy only if its sources are.
bool Definitions::sure(const Instr& I, const Bits& b) const {
  bool all = true;
  if (I.copies) uses(I, [&](int r) { all &= has(b, r); });
  return all;
}
void Definitions::apply(const Instr& I, Bits& b) const {
  const bool s = sure(I, b);
  results(I, [&](int r) { if (!s || I.guard == kNone) put(b, r, s); });
}

// follow calls edge with the instructions that may come after one.
template <class F> void Definitions::follow(size_t at, F edge) const {
  const Instr& I = f_.code[at];
  if (I.flow == Flow::branch) edge(size_t(I.target));
  if ((I.flow != Flow::branch && I.flow != Flow::exit) || I.guard != kNone) if (at + 1 < f_.code.size()) edge(at + 1);
}

void Definitions::solve() {
  std::vector<bool> begins(f_.code.size());
  for (size_t k = 0; k < f_.code.size(); k++)
    if (f_.code[k].flow == Flow::branch || f_.code[k].flow == Flow::exit) {
      if (k + 1 < f_.code.size()) begins[k + 1] = true;
      if (f_.code[k].target >= 0) begins[size_t(f_.code[k].target)] = true;
    }
  in_.assign(f_.code.size(), {});
  in_[0].assign(names_.size() / 64 + 1, 0);
  std::vector<size_t> todo{0};
  while (!todo.empty()) {
    size_t at = todo.back();
    todo.pop_back();
    Bits b = in_[at];
    for (;; at++) {
      apply(f_.code[at], b);
      if (at + 1 < f_.code.size() && !begins[at + 1]) continue;
      follow(at, [&](size_t to) {
        if (in_[to].empty()) { in_[to] = b; todo.push_back(to); return; }
        Bits both = in_[to];
        for (size_t k = 0; k < both.size(); k++) both[k] &= b[k];
        if (both != in_[to]) { in_[to] = both; todo.push_back(to); }
      });
      break;
    }
  }
}

// visit calls f(instruction, what is surely written before it) for all that can be reached.
template <class F> void Definitions::visit(F f) const {
  Bits b;
  for (size_t k = 0; k < f_.code.size(); k++) {
    if (!in_[k].empty()) b = in_[k];
    if (b.empty()) continue;
    f(f_.code[k], b);
    apply(f_.code[k], b);
    const Flow flow = f_.code[k].flow;
    if ((flow == Flow::branch || flow == Flow::exit) && f_.code[k].guard == kNone) b.clear();  // the next is reached in other ways or not
  }
}

void Definitions::run() {
  solve();
  // the registers of which a use that matters is not proved, and those from which copies may bring it
  std::vector<bool> tracked(names_.size());
  bool any = false, more = true;
  auto track = [&](int r) { if (!tracked[size_t(r)]) tracked[size_t(r)] = any = more = true; };
  visit([&](const Instr& I, const Bits& b) {
    if (int g = find(I.guard); g >= 0 && !has(b, g)) track(g);
    if (int p = find(I.c); I.copies && p >= 0 && !has(b, p)) track(p);
    if (!I.copies) uses(I, [&](int r) { if (!has(b, r)) track(r); });
  });
  if (!any) return;
  while (more) {
    more = false;
    visit([&](const Instr& I, const Bits& b) {
      bool reaches = false;
      results(I, [&](int r) { reaches |= bool(tracked[size_t(r)]); });
      if (I.copies && reaches) uses(I, [&](int r) { if (!has(b, r)) track(r); });
    });
  }
  std::vector<uint32_t> word(names_.size(), kNone);
  for (size_t r = 0; r < word.size(); r++)
    if (tracked[r]) { word[r] = f_.fileBytes = (f_.fileBytes + 63) / 64 * 64; f_.fileBytes += 4; f_.definedWords.push_back(word[r]); }
  visit([&](const Instr& I, const Bits& b) {
    Watch w;
    auto read = [&](int r) { return Watch::Register{has(b, r) ? kNone : word[size_t(r)], *names_[size_t(r)]}; };
    if (int g = find(I.guard); g >= 0) w.guard = read(g);
    if (int p = find(I.c); I.copies && p >= 0) w.uses.push_back(read(p));
    if (!I.copies) uses(I, [&](int r) { if (!has(b, r)) w.uses.push_back(read(r)); });
    results(I, [&](int r) { if (tracked[size_t(r)]) w.results.push_back(word[size_t(r)]); });
    if (I.copies && !w.results.empty())
      uses(I, [&](int r) { if (find(I.c) != r) w.sources.push_back({read(r).word, I.c == kNone || find(I.a) == r, I.c == kNone || find(I.b) == r}); });
    if (w.guard.word == kNone && w.uses.empty() && w.results.empty()) return;
    f_.watches.push_back(std::move(w));
    const_cast<Instr&>(I).watch = int(f_.watches.size());
  });
}

}  // namespace

void findUndefined(Function& f, const std::map<uint32_t, std::string>& registers) { Definitions(f, registers).run(); }

}  // namespace sim
