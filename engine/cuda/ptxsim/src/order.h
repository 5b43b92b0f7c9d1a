// What comes before what among the operations of streams, by vector clocks, and the races that follow from it.
//
// Every stream has a lane, which numbers its operations from 1. A Clock says for every lane how many of its operations are
// over. The clock of an operation is fixed when it is issued: what stands before it in its stream, what the events say that
// the stream was told to wait for, what the null stream demands, and what the host had waited for. So the verdict on two
// operations does not depend on when the emulator happens to run them.
//
// A race is two operations neither of which comes before the other, one of which writes what the other touches. For kernels
// the traces in Shadow say who touched a word: their epochs tell the operation. Copies and fills are ranges of bytes.
#pragma once
#include "sim.h"

namespace sim {

using Clock = std::vector<uint64_t>;  // lanes beyond its end: none
inline uint64_t at(const Clock& c, size_t lane) { return lane < c.size() ? c[lane] : 0; }
void join(Clock& a, const Clock& b);  // what comes before a or before b

struct Past { uint64_t number; uint32_t first, last; std::string what; };  // an operation that has run, and its epochs
struct Range { uint64_t from, to, number; bool write; };                   // what a copy or fill touched
struct Lane {
  uint64_t issued = 0, done = 0;
  bool taken = false;
  std::deque<Past> past;      // what something yet to come may be in a race with
  std::deque<Range> ranges;
};

// Turn is an operation while it runs.
struct Turn {
  Clock before;
  int lane = 0;
  uint64_t number = 0;
  uint32_t first = 0, since = ~uint32_t(0);  // its first epoch; the first of an operation that does not come before it
  struct Foreign { uint64_t from, to; bool write; const Past* past; };
  std::vector<Foreign> foreign = {};         // what such copies and fills touched
  // unordered finds the operation of an epoch among those that do not come before this one; nullptr if it is none of them.
  const Past* unordered(uint32_t epoch);
  // touch checks an access of this operation, which is no kernel, to a range of an allocation, and notes it.
  void touch(Allocation& a, uint64_t from, size_t bytes, bool write);

 private:
  uint32_t low_ = 1, high_ = 0;  // epochs of the answer before
  const Past* answer_ = nullptr;
};

struct Order {
  std::vector<Lane> lanes;
  Clock host;                 // what the host has waited for
  uint32_t epoch = 1;         // of the traces: over all operations, so that those of the past are recognised
  int take();                 // a lane for a new stream
  void give(int lane) { lanes[size_t(lane)].taken = false; }
  bool isOver(const Clock& c) const;
  Turn begin(int lane, uint64_t number, const Clock& before);
  void end(const Turn& t, const std::string& what);
  // prune forgets what comes before all that is yet to come; floor is what comes before every operation that waits to run.
  void prune(const Clock& floor);
  void forget(uint64_t from, size_t bytes);  // of freed memory
};
Order& order();

}  // namespace sim
