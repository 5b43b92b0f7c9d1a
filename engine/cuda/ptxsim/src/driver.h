// The state of the driver: contexts, their streams, and what is queued in them.
#pragma once
#include <cstdlib>
#include <functional>
#include <mutex>
#include <set>

#include "order.h"

#define API extern "C" __attribute__((visibility("default")))

namespace sim {

using Ptr = unsigned long long;
enum { kNoContext = 201, kInvalidHandle = 400, kNotReady = 600, kUnsupported = 801 };

// setting is a number from the environment.
inline uint64_t setting(const char* name, uint64_t otherwise) { const char* s = getenv(name); return s && *s ? strtoull(s, nullptr, 0) : otherwise; }
inline bool on(const char* name) { return setting(name, 0) != 0; }

struct Operation {
  uint64_t number;      // in the lane of its stream
  Clock before;
  std::string what;     // in words, for what meets it in a race
  std::function<void(Turn&)> run;
};

struct Stream {
  struct Context* context;
  int lane;
  bool blocking;         // by the null stream
  bool closed = false;   // destroyed by its owner, kept until it is empty
  Clock next;            // what comes before the next operation
  std::deque<Operation> queue;
};

struct Event { Context* context; Clock clock; };

struct Context {
  int device;
  int fault = 0;
  std::string why;
  std::vector<std::unique_ptr<Stream>> streams;  // the null stream first
  uint64_t turns = 0;                            // how often something was forced, for the dice
  size_t staged = 0;                             // bytes that wait in copies from memory that is not pinned
};

// A copy between the device and pinned memory that the host has not waited for.
struct Pinned {
  Context* context;
  int lane;
  uint64_t number;
  uint8_t* host;
  size_t bytes;
  bool in;                        // to the device
  bool checked = false;           // hash is that of the bytes at the call
  uint64_t hash = 0;
  std::vector<uint8_t> arrived;   // what has come from the device and is not shown to the host before it waits
};

struct State {
  std::recursive_mutex lock;
  std::map<const Function*, Context*> owner;
  std::vector<std::unique_ptr<Context>> contexts;  // in the order of their making
  std::set<Event*> events;
  struct Block { size_t bytes; Context* context; };
  std::map<uint64_t, Block> pinned;  // the host memory that the driver gave
  std::deque<Pinned> transfers;      // in the order of their calls
  std::string fault;
  uint64_t instructions = 0;
  std::map<int, uint64_t> launches;  // by device: what one device does depends on no other's pace
  std::map<int, uint64_t> waits;     // calls at which the host waits for the device or may have to
};
State& state();
Context* context();  // the calling thread's current one, which may be gone
inline bool isAlive(Context* c) { for (auto& o : state().contexts) if (o.get() == c) return true; return false; }
int report(int code, const std::string& what);

// call runs f with the current context, which must be alive and free of faults; a fault that f brings to light is its result.
template <class F> int call(F f) {
  std::lock_guard<std::recursive_mutex> g(state().lock);
  Context* c = context();
  if (!isAlive(c)) return kNoContext;
  int rc = 0;
  if (!c->fault) try { rc = f(c); } catch (Fault& e) { rc = report(e.code, e.what); }
  if (!c->fault || (rc && rc != kNotReady)) return rc;
  state().fault = c->why;
  return c->fault;
}
// wait is call for what makes the host wait for the device, or may.
template <class F> int wait(F f, bool counts = true) {
  return call([&](Context* c) { if (counts) state().waits[c->device]++; return f(c); });
}

// stream.cc: queues.
Stream* streamOf(Context* c, void* handle);  // it throws when there is none
Stream* openStream(Context* c, bool blocking);
// before is what comes before the next operation of a stream. The null stream and the blocking ones wait for each other.
Clock before(Context* c, Stream* s);
// submit queues an operation and says by which clock it is over.
Clock submit(Context* c, Stream* s, const std::string& what, std::function<void(Turn&)> run);
// perform is submit, and runs the operation after all that comes before it. What it throws is the caller's, not the context's.
void perform(Context* c, Stream* s, const std::string& what, std::function<void(Turn&)> run);
Clock everything(Context* c);                // what was issued in all its streams
void advance(Context* c, const Clock& goal); // runs what is queued, in an order that the dice choose, until `goal` is over
void cover(const Clock& goal);               // the host has waited for it
void drain(Context* c);                      // advance to everything, which is no promise that anyone waited
void abandon(Context* c, const Fault& f);    // the context has a fault: what is queued will never run

// copy.cc: what the host sees of pinned memory.
void settle();                               // after the host has waited
void releasePinned(Context* c);              // at the end of a context

}  // namespace sim
