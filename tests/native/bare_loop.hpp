// The least that runs an engine: enqueue and synchronise, with nothing timed and nothing recorded.
// What the timed loops are compared with.
#pragma once

#include <dlfcn.h>

#include <stdexcept>

#include "abi/nvinfer_abi.hpp"

namespace fake {

inline void run_bare(trtcore::abi::ExecutionContext const& context, void* stream, long iterations) {
  void* const driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (driver == nullptr) throw std::runtime_error("there is no CUDA driver");
  auto* const synchronize = reinterpret_cast<int (*)(void*)>(dlsym(driver, "cuStreamSynchronize"));
  for (long i = 0; i < iterations; ++i) {
    if (!context.enqueue_v3(stream) || synchronize(stream) != 0) {
      throw std::runtime_error("an iteration failed");
    }
  }
}

}  // namespace fake
