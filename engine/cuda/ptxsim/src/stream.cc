// Streams are queues: nothing in them runs before something forces it, and then the dice choose among the streams whose next
// operation has all that comes before it behind it. See order.h for what comes before what.
#include "driver.h"

namespace sim {

namespace {

constexpr size_t kQueue = 1024;  // operations of a stream; one more runs some first, as a device's queue makes the host wait

// ready says whether the next operation of a stream may run.
bool ready(const Stream& s) { return !s.queue.empty() && order().isOver(s.queue.front().before); }

std::vector<Stream*> readyIn(Context* c) {
  std::vector<Stream*> found;
  for (auto& s : c->streams) if (ready(*s)) found.push_back(s.get());
  return found;
}

// needed are the streams that can bring `goal` nearer now, those of other contexts too: events reach beyond a context.
std::vector<Stream*> needed(Clock goal) {
  for (bool more = true; more;) {
    more = false;
    for (auto& c : state().contexts)
      for (auto& s : c->streams) {
        if (s->queue.empty() || at(goal, size_t(s->lane)) < s->queue.front().number) continue;
        // clocks of one stream only grow, so the last operation that counts knows all that is needed
        const size_t last = std::min(s->queue.size(), size_t(at(goal, size_t(s->lane)) - s->queue.front().number) + 1) - 1;
        Clock with = goal;
        join(with, s->queue[last].before);
        if (with != goal) { goal = with; more = true; }
      }
  }
  std::vector<Stream*> found;
  for (auto& c : state().contexts)
    for (auto& s : c->streams)
      if (ready(*s) && s->queue.front().number <= at(goal, size_t(s->lane))) found.push_back(s.get());
  return found;
}

// runNext runs the next operation of a stream; what it throws is the caller's.
void runNext(Stream* s) {
  const Operation op = std::move(s->queue.front());
  s->queue.pop_front();
  Turn turn = order().begin(s->lane, op.number, op.before);
  try {
    if (op.run) op.run(turn);
  } catch (Fault& f) {
    order().end(turn, op.what);
    throw Fault{f.code, op.run && f.what.rfind("race between", 0) == 0 ? op.what + ": " + f.what : f.what};
  }
  order().end(turn, op.what);
}
void runQueued(Stream* s) {
  Context* c = s->context;
  try { runNext(s); } catch (Fault& f) { abandon(c, f); }
}

// sweep lets go of streams that were destroyed and are empty, and of the past that nothing can meet any more.
void sweep() {
  Clock floor = order().host;
  for (auto& c : state().contexts)
    for (size_t k = 0; k < c->streams.size(); k++) {
      Stream& s = *c->streams[k];
      if (!s.queue.empty()) {
        floor.resize(order().lanes.size());
        for (size_t l = 0; l < floor.size(); l++) floor[l] = std::min(floor[l], at(s.queue.front().before, l));
      } else if (s.closed) {
        order().give(s.lane);
        c->streams.erase(c->streams.begin() + long(k--));
      }
    }
  order().prune(floor);
}

Dice dice(Context* c) { return Dice((setting("PTXSIM_SEED", 1) * 1000003 + uint64_t(c->device)) * 1000003 + ++c->turns); }

}  // namespace

Clock before(Context* c, Stream* s) {
  Clock b = s->next;
  join(b, order().host);
  Stream* null = c->streams[0].get();
  if (s == null) { for (auto& o : c->streams) if (o->blocking) join(b, o->next); }
  else if (s->blocking) join(b, null->next);
  return b;
}

Stream* openStream(Context* c, bool blocking) {
  c->streams.push_back(std::make_unique<Stream>(Stream{c, order().take(), blocking, false, {}, {}}));
  return c->streams.back().get();
}

Stream* streamOf(Context* c, void* handle) {
  if (!handle || handle == (void*)1) return c->streams[0].get();
  if (handle == (void*)2) throw Fault{kInvalidHandle, "the emulator has no default streams of threads"};
  for (auto& s : c->streams) if (s.get() == handle && !s->closed) return s.get();
  throw Fault{kInvalidHandle, "no such stream in the current context"};
}

// issue puts an operation at the end of a queue.
static Clock issue(Context* c, Stream* s, const std::string& what, std::function<void(Turn&)> run) {
  const size_t lane = size_t(s->lane);
  s->next = before(c, s);
  s->queue.push_back({++order().lanes[lane].issued, s->next, what, std::move(run)});
  s->next.resize(std::max(s->next.size(), lane + 1));
  s->next[lane] = s->queue.back().number;
  return s->next;
}

Clock submit(Context* c, Stream* s, const std::string& what, std::function<void(Turn&)> run) {
  while (s->queue.size() >= kQueue) {
    Clock first = s->queue.front().before;
    first.resize(order().lanes.size());
    first[size_t(s->lane)] = s->queue.front().number;
    advance(c, first);
  }
  if (c->fault) return s->next;
  const Clock over = issue(c, s, what, std::move(run));
  if (on("CUDA_LAUNCH_BLOCKING")) { advance(c, over); cover(over); }
  return over;
}

void perform(Context* c, Stream* s, const std::string& what, std::function<void(Turn&)> run) {
  const Clock first = before(c, s);
  advance(c, first);
  cover(first);
  if (c->fault) return;
  const Clock over = issue(c, s, what, std::move(run));
  runNext(s);
  cover(over);
}

Clock everything(Context* c) {
  Clock all;
  for (auto& s : c->streams) join(all, s->next);
  return all;
}

void advance(Context* c, const Clock& goal) {
  Dice d = dice(c);
  const bool eager = d.below(2);  // other streams get their turns too, or fall behind
  while (!order().isOver(goal)) {
    auto streams = needed(goal);
    if (streams.empty()) throw Fault{kLaunchFailed, "the emulator's streams wait for each other"};  // events cannot make a circle
    if (eager) for (Stream* s : readyIn(c)) streams.push_back(s);
    runQueued(streams[d.below(uint32_t(streams.size()))]);
  }
}

void cover(const Clock& goal) {
  join(order().host, goal);
  settle();
  sweep();
}

void drain(Context* c) { advance(c, everything(c)); }

void abandon(Context* c, const Fault& f) {
  // what is wrong with a copy when it runs comes to light as a device's faults do
  if (!c->fault) { c->fault = report(f.code == kInvalidValue ? int(kLaunchFailed) : f.code, f.what); c->why = f.what; }
  for (auto& s : c->streams) {
    s->queue.clear();
    order().lanes[size_t(s->lane)].done = order().lanes[size_t(s->lane)].issued;
  }
  std::erase_if(state().transfers, [&](const Pinned& p) { return p.context == c; });
}

namespace {

// peek lets the device go on for a while, and says whether a clock is over: the host that asks may see it at any stage.
int peek(Context* c, const Clock& goal) {
  Dice d = dice(c);
  for (uint32_t n = d.below(4); n > 0; n--) {
    auto streams = readyIn(c);
    if (streams.empty()) streams = needed(goal);
    if (streams.empty()) break;
    runQueued(streams[d.below(uint32_t(streams.size()))]);
  }
  if (!order().isOver(goal)) return kNotReady;
  cover(goal);
  return 0;
}
int waitFor(Context* c, const Clock& goal) {
  advance(c, goal);
  cover(goal);
  return c->fault;
}
// A stream is done when what would come before its next operation is.
Clock issuedIn(Context* c, Stream* s) { return s == c->streams[0].get() ? before(c, s) : s->next; }

Event* eventOf(void* handle) {
  if (!state().events.count((Event*)handle)) throw Fault{kInvalidHandle, "no such event"};
  return (Event*)handle;
}

}  // namespace
}  // namespace sim

using namespace sim;

API int cuStreamCreate(void** s, unsigned flags) {
  return call([&](Context* c) {
    if (flags > 1) throw Fault{kInvalidValue, "unknown flags of a stream"};
    *s = openStream(c, flags == 0);
    return 0;
  });
}
API int cuStreamCreateWithPriority(void** s, unsigned flags, int) { return cuStreamCreate(s, flags); }
API int cuStreamDestroy_v2(void* s) {
  return call([&](Context* c) {
    if (streamOf(c, s) == c->streams[0].get()) throw Fault{kInvalidHandle, "the null stream cannot be destroyed"};
    streamOf(c, s)->closed = true;  // what is in it still runs
    sweep();
    return 0;
  });
}
API int cuStreamSynchronize(void* s) { return wait([&](Context* c) { return waitFor(c, issuedIn(c, streamOf(c, s))); }); }
API int cuStreamQuery(void* s) { return call([&](Context* c) { return peek(c, issuedIn(c, streamOf(c, s))); }); }
API int cuCtxSynchronize() { return wait([](Context* c) { return waitFor(c, everything(c)); }); }
API int cuStreamWaitEvent(void* s, void* e, unsigned) {
  return call([&](Context* c) {
    join(streamOf(c, s)->next, eventOf(e)->clock);  // of the last record before this call; none is no wait
    return 0;
  });
}

API int cuEventCreate(void** e, unsigned flags) {
  return call([&](Context* c) {
    if (flags > 7) throw Fault{kInvalidValue, "unknown flags of an event"};
    *e = *state().events.insert(new Event{c, {}}).first;
    return 0;
  });
}
API int cuEventDestroy_v2(void* e) {
  return call([&](Context*) {
    Event* event = eventOf(e);
    state().events.erase(event);
    delete event;
    return 0;
  });
}
API int cuEventRecord(void* e, void* s) {
  return call([&](Context* c) {
    Event* event = eventOf(e);
    if (event->context != c) throw Fault{kInvalidHandle, "record of another context's event"};
    event->clock = submit(c, streamOf(c, s), "an event", nullptr);
    return 0;
  });
}
API int cuEventSynchronize(void* e) { return wait([&](Context* c) { return waitFor(c, eventOf(e)->clock); }); }
API int cuEventQuery(void* e) { return call([&](Context* c) { return peek(c, eventOf(e)->clock); }); }
// No time is ever taken from an emulation.
API int cuEventElapsedTime(float*, void*, void*) { return kUnsupported; }
