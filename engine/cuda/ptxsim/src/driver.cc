// The CUDA driver interface over the interpreter: devices, contexts, modules and launches. Faults surface as on a real device, at
// a call after the operation has run. Settings come from the environment:
//   PTXSIM_SEED     order of warps, blocks and streams  PTXSIM_DEVICES  number of devices (default 1, 0 for none)
//   PTXSIM_MEMORY   bytes of memory of each device      PTXSIM_DRIVER   driver version, 13000 for 13.0
//   PTXSIM_LIMIT    thread instructions of a launch before it counts as endless
//   PTXSIM_CAPABILITY  compute capability, 90 for 9.0
//   PTXSIM_REPLACE  load another module in place of one, original.ptx:other.ptx
//   PTXSIM_DUMP    a folder that gets the text of every module that is loaded, under the name of its hash
//   PTXSIM_FAIL_AFTER  the launch of that number on device PTXSIM_FAIL_DEVICE (0) fails, as a device may at any time
//   PTXSIM_QUIET    1: do not print faults on stderr    PTXSIM_TRACE    1: print every launch
//   CUDA_LAUNCH_BLOCKING=1  operations run at their calls, and faults come back from these
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <unistd.h>

#include "driver.h"

namespace sim {

State& state() { static State s; return s; }
namespace { thread_local std::vector<Context*> current; }
Context* context() { return current.empty() ? nullptr : current.back(); }
int report(int code, const std::string& what) {
  state().fault = what;
  if (!on("PTXSIM_QUIET")) fprintf(stderr, "ptxsim: %s\n", what.c_str());
  return code;
}

namespace {

// replaced lets a test load another module in place of one: PTXSIM_REPLACE=original.ptx:other.ptx.
std::string replaced(const char* text) {
  const char* setting = getenv("PTXSIM_REPLACE");
  if (!setting) return text;
  auto read = [](const std::string& path) { std::ifstream f(path); return std::string(std::istreambuf_iterator<char>(f), {}); };
  const std::string s = setting;
  const size_t colon = s.find(':');
  return read(s.substr(0, colon)) == text ? read(s.substr(colon + 1)) : text;
}
// dump writes a module's text to the folder PTXSIM_DUMP, whole or not at all: several processes may write the same one.
void dump(const char* text) {
  const char* folder = getenv("PTXSIM_DUMP");
  if (!folder || !*folder) return;
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char* p = text; *p; p++) hash = (hash ^ uint8_t(*p)) * 0x100000001b3;
  char name[32];
  snprintf(name, sizeof name, "/%016llx.ptx", (unsigned long long)hash);
  const std::string path = std::string(folder) + name, part = path + "." + std::to_string(getpid());
  std::error_code failed;
  if (std::filesystem::exists(path, failed)) return;
  std::filesystem::create_directories(folder, failed);
  std::ofstream f(part);
  f << text << std::flush;
  if (f) std::filesystem::rename(part, path, failed);
  if (!f || failed) throw Fault{kInvalidValue, "cannot write " + path + ", which PTXSIM_DUMP asks for"};
}
int loadModule(void** out, const char* text) {
  return call([&](Context* c) {
    dump(text);
    auto m = parse(replaced(text).c_str(), c->device);
    int driver = int(setting("PTXSIM_DRIVER", 13000)), newest = driver / 1000 == 11 ? 70 + driver % 1000 / 10 : driver / 1000 >= 12 ? 99 : 65;
    if (m->version > newest) return report(222, "PTX version " + std::to_string(m->version) + " is newer than the driver");
    if (m->target > 90) return report(209, "PTX target is newer than the device");
    for (auto& f : m->functions) state().owner[f.second.get()] = c;
    for (auto& g : m->globals) g.second->owner = c;
    *out = m.release();
    return 0;
  });
}
int launchKernel(Function* f, Dim3 grid, Dim3 dim, uint32_t shared, void* stream, void** args) {
  return call([&](Context* c) {
    if (state().owner[f] != c) throw Fault{kInvalidHandle, "function of another context"};
    if (!grid.count() || !dim.count() || dim.count() > 1024 || dim.z > 64 || grid.y > 65535 || grid.z > 65535 || grid.x > 2147483647u)
      throw Fault{kInvalidValue, f->name + ": invalid launch shape " + std::to_string(grid.count()) + " blocks of " + std::to_string(dim.count())};
    if (int(dim.count()) > f->maxThreads) throw Fault{kInvalidValue, f->name + ": block larger than .maxntid"};
    if (shared > f->maxDynamicShared || f->staticShared + shared > 232448) throw Fault{kInvalidValue, f->name + ": too much shared memory"};
    std::vector<uint8_t> params(size_t(f->paramBytes) + 16);
    for (size_t k = 0; k < f->params.size(); k++) memcpy(params.data() + f->params[k].offset, args[k], size_t(f->params[k].size));
    const uint64_t nth = ++state().launches[c->device], seed = setting("PTXSIM_SEED", 1) * 1000003 + nth;
    const bool fail = nth == setting("PTXSIM_FAIL_AFTER", 0) && uint64_t(c->device) == setting("PTXSIM_FAIL_DEVICE", 0);
    submit(c, streamOf(c, stream), "kernel " + f->name, [=, params = std::move(params)](Turn& turn) {
      if (fail) throw Fault{kLaunchFailed, f->name + ": the fault that PTXSIM_FAIL_AFTER asked for"};
      auto trace = [&](uint64_t n) {
        if (on("PTXSIM_TRACE"))
          fprintf(stderr, "ptxsim: %s <<<%u,%u,%u; %u,%u,%u; %u>>> %llu instructions\n", f->name.c_str(), grid.x, grid.y, grid.z, dim.x, dim.y, dim.z, shared, (unsigned long long)n);
      };
      uint64_t n = 0;
      try { n = launch(*f, grid, dim, shared, params.data(), c->device, seed, turn); } catch (Fault&) { trace(0); throw; }  // also those that fault
      state().instructions += n;
      trace(n);
    });
    return 0;
  });
}

}  // namespace
}  // namespace sim

using namespace sim;

API int cuInit(unsigned) { return setting("PTXSIM_DEVICES", 1) ? 0 : 100; }
API int cuDriverGetVersion(int* v) { *v = int(setting("PTXSIM_DRIVER", 13000)); return 0; }
API int cuDeviceGetCount(int* n) { *n = int(setting("PTXSIM_DEVICES", 1)); return *n ? 0 : 100; }
API int cuDeviceGet(int* d, int k) { if (k < 0 || uint64_t(k) >= setting("PTXSIM_DEVICES", 1)) return 101; *d = k; return 0; }
API int cuDeviceGetName(char* s, int n, int) { snprintf(s, size_t(n), "PTX emulator (not a GPU)"); return 0; }
API int cuDeviceGetAttribute(int* v, int a, int) {
  static const std::map<int, int> known = {{1, 1024}, {2, 1024}, {3, 1024}, {4, 64}, {5, 2147483647}, {6, 65535}, {7, 65535}, {8, 49152},
      {10, 32}, {12, 65536}, {16, 4}, {39, 2048}, {81, 233472}, {97, 232448}};
  const int capability = int(setting("PTXSIM_CAPABILITY", 90));
  if (a == 75 || a == 76) { *v = a == 75 ? capability / 10 : capability % 10; return 0; }
  auto it = known.find(a);
  *v = it == known.end() ? 0 : it->second;
  return 0;
}
API int cuDeviceComputeCapability(int* major, int* minor, int) { return cuDeviceGetAttribute(major, 75, 0) || cuDeviceGetAttribute(minor, 76, 0); }
API int cuCtxCreate_v2(void** out, unsigned, int device) {
  if (device < 0 || uint64_t(device) >= setting("PTXSIM_DEVICES", 1)) return 101;
  std::lock_guard<std::recursive_mutex> g(state().lock);
  state().contexts.push_back(std::make_unique<Context>(Context{device, 0, {}, {}}));
  Context* c = state().contexts.back().get();
  openStream(c, true);
  current.push_back(c);
  *out = c;
  return 0;
}
API int cuCtxDestroy_v2(void* p) {
  std::lock_guard<std::recursive_mutex> g(state().lock);
  auto* c = (Context*)p;
  if (!isAlive(c)) return kNoContext;
  drain(c);
  cover(everything(c));
  releasePinned(c);
  memory().removeAll(p);
  for (auto& s : c->streams) { order().lanes[size_t(s->lane)].past.clear(); order().give(s->lane); }
  std::erase_if(state().owner, [&](auto& o) { return o.second == c; });
  std::erase_if(state().contexts, [&](auto& o) { return o.get() == c; });
  current.erase(std::remove(current.begin(), current.end(), c), current.end());
  return 0;
}
API int cuCtxSetCurrent(void* p) { current.clear(); if (p) current.push_back((Context*)p); return 0; }
API int cuCtxGetCurrent(void** p) { *p = context(); return 0; }
API int cuCtxPushCurrent_v2(void* p) { current.push_back((Context*)p); return 0; }
API int cuCtxPopCurrent_v2(void** p) { if (current.empty()) return kNoContext; if (p) *p = current.back(); current.pop_back(); return 0; }
API int cuCtxGetDevice(int* d) { if (!context()) return kNoContext; *d = context()->device; return 0; }
API int cuModuleLoadData(void** m, const void* image) { return loadModule(m, (const char*)image); }
API int cuModuleLoadDataEx(void** m, const void* image, unsigned, int*, void**) { return loadModule(m, (const char*)image); }
API int cuModuleUnload(void* p) {
  return wait([&](Context* c) {
    drain(c);
    auto* m = (Module*)p;
    for (auto& g : m->globals) memory().remove(g.second->base);
    for (auto& f : m->functions) state().owner.erase(f.second.get());
    delete m;
    return 0;
  });
}
API int cuModuleGetFunction(void** f, void* m, const char* name) {
  auto& all = ((Module*)m)->functions;
  auto it = all.find(name);
  if (it == all.end()) return 500;
  *f = it->second.get();
  return 0;
}
API int cuModuleGetGlobal_v2(Ptr* p, size_t* n, void* m, const char* name) {
  auto& all = ((Module*)m)->globals;
  auto it = all.find(name);
  if (it == all.end()) return 500;
  if (p) *p = it->second->base;
  if (n) *n = it->second->bytes;
  return 0;
}
API int cuFuncSetAttribute(void* f, int attribute, int value) {
  if (attribute != 8 || value < 0 || value > 232448) return kInvalidValue;
  ((Function*)f)->maxDynamicShared = uint32_t(value);
  return 0;
}
API int cuFuncGetAttribute(int* v, int attribute, void* f) {
  auto* fn = (Function*)f;
  *v = attribute == 0 ? fn->maxThreads : attribute == 1 ? int(fn->staticShared) : attribute == 8 ? int(fn->maxDynamicShared) : 0;
  return 0;
}
API int cuLaunchKernel(void* f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, void* stream, void** args, void** extra) {
  if (extra) return kInvalidValue;
  return launchKernel((Function*)f, {gx, gy, gz}, {bx, by, bz}, shared, stream, args);
}
API int cuGetErrorString(int, const char** s) { *s = "see ptxsimFault"; return 0; }
API int cuGetErrorName(int, const char** s) { *s = "CUDA_ERROR"; return 0; }

// Beyond the driver interface, for tests: why the last call failed, how much was executed, and how often the host waited.
API const char* ptxsimFault() { return state().fault.c_str(); }
API unsigned long long ptxsimInstructions() { return state().instructions; }
API unsigned long long ptxsimLaunches(int device) { return state().launches[device]; }
API unsigned long long ptxsimWaits(int device) { return state().waits[device]; }
