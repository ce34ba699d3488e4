// The least that runs an engine: enqueue and synchronise, with nothing recorded.
// What the timed loops are compared with.
#pragma once

#include <dlfcn.h>

#include <chrono>
#include <stdexcept>
#include <vector>

#include "abi/nvinfer_abi.hpp"

namespace fake {

class BareDriver {
 public:
  void* make_event() const {
    void* event = nullptr;
    check(entry<int(void**, unsigned)>("cuEventCreate")(&event, 0));
    return event;
  }
  void destroy(void* event) const { entry<int(void*)>("cuEventDestroy_v2")(event); }
  template <class Function>
  Function* entry(char const* name) const {
    auto* const function = reinterpret_cast<Function*>(dlsym(library_, name));
    if (function == nullptr) throw std::runtime_error("there is no CUDA driver");
    return function;
  }
  static void check(int status) {
    if (status != 0) throw std::runtime_error("an iteration failed");
  }

 private:
  void* library_ = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
};

inline void run_bare(trtcore::abi::ExecutionContext const& context, void* stream, long iterations) {
  BareDriver const driver;
  auto* const synchronize = driver.entry<int(void*)>("cuStreamSynchronize");
  for (long i = 0; i < iterations; ++i) {
    BareDriver::check(context.enqueue_v3(stream) ? synchronize(stream) : -1);
  }
}

// Host times of iterations in ms, with events recorded: none; one at the end, the other before the
// clock is read; or both while the clock runs.
inline std::vector<float> time_bare(trtcore::abi::ExecutionContext const& context, void* stream,
                                    long iterations, int events) {
  using Clock = std::chrono::steady_clock;
  BareDriver const driver;
  auto* const synchronize = driver.entry<int(void*)>("cuStreamSynchronize");
  auto* const record = driver.entry<int(void*, void*)>("cuEventRecord");
  void *const start = driver.make_event(), *const end = driver.make_event();
  std::vector<float> wall_ms;
  for (long i = 0; i < iterations; ++i) {
    if (events == 1) BareDriver::check(record(start, stream));
    auto const begin = Clock::now();
    if (events == 2) BareDriver::check(record(start, stream));
    BareDriver::check(context.enqueue_v3(stream) ? 0 : -1);
    if (events != 0) BareDriver::check(record(end, stream));
    BareDriver::check(synchronize(stream));
    wall_ms.push_back(std::chrono::duration<float, std::milli>(Clock::now() - begin).count());
  }
  driver.destroy(start);
  driver.destroy(end);
  return wall_ms;
}

}  // namespace fake
