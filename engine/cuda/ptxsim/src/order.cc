// Clocks of streams and races between them; see order.h.
#include "order.h"

#include <algorithm>

namespace sim {

Order& order() { static Order o; return o; }

void join(Clock& a, const Clock& b) {
  if (a.size() < b.size()) a.resize(b.size());
  for (size_t k = 0; k < b.size(); k++) a[k] = std::max(a[k], b[k]);
}

// A lane whose stream is gone serves another once the host has waited for all of it: until then it holds what may be in a race.
int Order::take() {
  size_t k = 0;
  while (k < lanes.size() && (lanes[k].taken || at(host, k) < lanes[k].issued)) k++;
  if (k == lanes.size()) lanes.emplace_back();
  lanes[k].taken = true;
  return int(k);
}

bool Order::isOver(const Clock& c) const {
  for (size_t k = 0; k < c.size(); k++) if (lanes[k].done < c[k]) return false;
  return true;
}

// The operations of a lane run in order: those after `number` are the end of its past.
static size_t firstAfter(const std::deque<Past>& past, uint64_t number) {
  return past.empty() || number < past.front().number ? 0 : std::min(past.size(), size_t(number - past.front().number) + 1);
}

Turn Order::begin(int lane, uint64_t number, const Clock& before) {
  Turn t;
  t.before = before;
  t.lane = lane;
  t.number = number;
  t.first = ++epoch;
  for (size_t k = 0; k < lanes.size(); k++) {
    const Lane& l = lanes[k];
    const size_t i = firstAfter(l.past, at(before, k));
    if (i == l.past.size()) continue;
    t.since = std::min(t.since, l.past[i].first);
    for (size_t r = l.ranges.size(); r-- > 0 && l.ranges[r].number >= l.past[i].number;)
      t.foreign.push_back({l.ranges[r].from, l.ranges[r].to, l.ranges[r].write, &l.past[l.ranges[r].number - l.past.front().number]});
  }
  return t;
}

void Order::end(const Turn& t, const std::string& what) {
  Lane& l = lanes[size_t(t.lane)];
  l.done = t.number;
  l.past.push_back({t.number, t.first, epoch, what});
}

void Order::prune(const Clock& floor) {
  for (size_t k = 0; k < lanes.size(); k++) {
    const uint64_t n = std::min(at(host, k), at(floor, k));
    auto& [issued, done, taken, past, ranges] = lanes[k];
    while (!past.empty() && past.front().number <= n) past.pop_front();
    while (!ranges.empty() && ranges.front().number <= n) ranges.pop_front();
  }
}

// New memory at an old address has no past.
void Order::forget(uint64_t from, size_t bytes) {
  for (Lane& l : lanes) std::erase_if(l.ranges, [&](const Range& r) { return r.from < from + bytes && from < r.to; });
}

const Past* Turn::unordered(uint32_t e) {
  if (e - low_ <= high_ - low_ && low_ <= high_) return answer_;
  answer_ = nullptr;
  low_ = high_ = e;
  auto& lanes = order().lanes;
  for (size_t k = 0; k < lanes.size(); k++) {
    auto& past = lanes[k].past;
    auto it = std::upper_bound(past.begin(), past.end(), e, [](uint32_t x, const Past& p) { return x < p.first; });
    if (it == past.begin() || (--it)->last < e) continue;
    low_ = it->first;
    high_ = it->last;
    if (it->number > at(before, k)) answer_ = &*it;
  }
  return answer_;
}

void Turn::touch(Allocation& a, uint64_t from, size_t bytes, bool write) {
  const uint64_t to = from + bytes;
  auto meet = [&](const Past& p) {
    throw Fault{kLaunchFailed, "race between streams: it " + std::string(write ? "writes" : "reads") + " bytes that " + p.what +
        " touched, with no event and no wait in between"};
  };
  for (auto& f : foreign) if ((write || f.write) && f.from < to && from < f.to) meet(*f.past);
  if (since <= order().epoch)
    a.shadow.visit(from - a.base, bytes, [&](const Trace& t, bool wrote) {
      if (t.epoch < since || !(write || wrote)) return;
      if (const Past* p = unordered(t.epoch)) meet(*p);
    });
  auto& ranges = order().lanes[size_t(lane)].ranges;
  if (!ranges.empty() && ranges.back().number == number && ranges.back().write == write && ranges.back().to == from) ranges.back().to = to;
  else ranges.push_back({from, to, number, write});
  if (ranges.size() > 1 << 16) ranges.pop_front();  // a race with what is so long ago goes unseen
}

}  // namespace sim
