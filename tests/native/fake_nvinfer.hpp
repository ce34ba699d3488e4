// An execution context with nvinfer1's own vtables, so that the native half can be driven without a
// GPU. The methods stand here in the order of NVIDIA's public headers; of those that trtcore does
// not use only the place counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "abi/nvinfer_abi.hpp"
#include "profiler_baselines.hpp"

namespace fake {

using LayerScript = std::vector<std::pair<std::string, float>>;

// What a context does, whatever its layout: a script of layers, and when to fail or change it.
struct Behaviour {
  trtcore::abi::Layout layout = trtcore::abi::Layout::v11;
  LayerScript layers;
  LayerScript changed_layers;  // reported from run `change_at` on
  long change_at = -1;
  long fail_at = -1;
  long interrupt_at = -1;  // the run in which Ctrl-C is pressed
  double busy_us = 0;
  void (*on_run)() = nullptr;             // what else a run does
  std::function<void()> on_set_profiler;  // what setProfiler does beside that, such as to log

  void* profiler = nullptr;
  IProfiler* instead = nullptr;  // hears the layers in place of the profiler, if not null
  std::string name;
  bool emits = true;
  std::size_t persistent_cache_limit = 0;
  bool takes_cache_limit = true;
  std::map<std::string, void const*> addresses;
  long runs = 0;

  void set_layers(LayerScript script) {
    layers = std::move(script);
    copied_ = nullptr;
  }
  bool run();
  bool report();

 private:
  // Two copies of every name, used in turn: the pointers differ from call to call, as TensorRT's
  // do.
  LayerScript copies_[2];
  LayerScript const* copied_ = nullptr;
};

[[noreturn]] inline void refuse(char const* method) noexcept {
  std::fprintf(stderr, "fake context: %s was called, which trtcore does not use\n", method);
  std::abort();
}

class VRoot {
 public:
  virtual ~VRoot() noexcept = default;
};

class Head : public VRoot {
 public:
  explicit Head(Behaviour& behaviour) : behaviour_(behaviour) {}
  virtual void getPImpl() noexcept { refuse("getPImpl"); }
  virtual void setDebugSync() noexcept { refuse("setDebugSync"); }
  virtual void getDebugSync() noexcept { refuse("getDebugSync"); }
  // TensorRT refuses to take a profiler away.
  virtual void setProfiler(void* profiler) noexcept {
    if (behaviour_.on_set_profiler) behaviour_.on_set_profiler();
    if (profiler != nullptr) behaviour_.profiler = profiler;
  }
  virtual void* getProfiler() const noexcept { return behaviour_.profiler; }
  virtual void getEngine() noexcept { refuse("getEngine"); }
  virtual void setName(char const* name) noexcept { behaviour_.name = name; }
  virtual char const* getName() const noexcept { return behaviour_.name.c_str(); }
  virtual void setDeviceMemory() noexcept { refuse("setDeviceMemory"); }
  virtual void getOptimizationProfile() noexcept { refuse("getOptimizationProfile"); }
  virtual void allInputDimensionsSpecified() noexcept { refuse("allInputDimensionsSpecified"); }

 protected:
  Behaviour& behaviour_;
};

// What layout 10 has one more of.
class HeadOf10 : public Head {
 public:
  using Head::Head;
  virtual void allInputShapesSpecified() noexcept { refuse("allInputShapesSpecified"); }
};

template <class Base>
class ContextAfter : public Base {
 public:
  using Base::Base;
  virtual void setErrorRecorder() noexcept { refuse("setErrorRecorder"); }
  virtual void getErrorRecorder() noexcept { refuse("getErrorRecorder"); }
  virtual bool executeV2(void* const*) noexcept {
    return this->behaviour_.run() && (!is_profiled() || this->behaviour_.report());
  }
  virtual void setOptimizationProfileAsync() noexcept { refuse("setOptimizationProfileAsync"); }
  virtual void setEnqueueEmitsProfile(bool emits) noexcept { this->behaviour_.emits = emits; }
  virtual bool getEnqueueEmitsProfile() const noexcept { return this->behaviour_.emits; }
  virtual bool reportToProfiler() const noexcept { return this->behaviour_.report(); }
  virtual void setInputShape() noexcept { refuse("setInputShape"); }
  virtual void getTensorShape() noexcept { refuse("getTensorShape"); }
  virtual void getTensorStrides() noexcept { refuse("getTensorStrides"); }
  virtual void setTensorAddress() noexcept { refuse("setTensorAddress"); }
  virtual void const* getTensorAddress(char const* tensor) const noexcept {
    auto const found = this->behaviour_.addresses.find(tensor);
    return found == this->behaviour_.addresses.end() ? nullptr : found->second;
  }
  virtual void setInputTensorAddress() noexcept { refuse("setInputTensorAddress"); }
  virtual void setOutputTensorAddress() noexcept { refuse("setOutputTensorAddress"); }
  virtual void inferShapes() noexcept { refuse("inferShapes"); }
  virtual void setInputConsumedEvent() noexcept { refuse("setInputConsumedEvent"); }
  virtual void getInputConsumedEvent() noexcept { refuse("getInputConsumedEvent"); }
  virtual void getOutputTensorAddress() noexcept { refuse("getOutputTensorAddress"); }
  virtual void setOutputAllocator() noexcept { refuse("setOutputAllocator"); }
  virtual void getOutputAllocator() noexcept { refuse("getOutputAllocator"); }
  virtual void getMaxOutputSize() noexcept { refuse("getMaxOutputSize"); }
  virtual void setTemporaryStorageAllocator() noexcept { refuse("setTemporaryStorageAllocator"); }
  virtual void getTemporaryStorageAllocator() noexcept { refuse("getTemporaryStorageAllocator"); }
  virtual bool enqueueV3(void*) noexcept {
    bool const emits = is_profiled() && this->behaviour_.emits;
    return this->behaviour_.run() && (!emits || this->behaviour_.report());
  }
  virtual void setPersistentCacheLimit(std::size_t bytes) noexcept {
    if (this->behaviour_.takes_cache_limit) this->behaviour_.persistent_cache_limit = bytes;
  }
  virtual std::size_t getPersistentCacheLimit() const noexcept {
    return this->behaviour_.persistent_cache_limit;
  }
  // Called where a table is off by one slot, see shifted_table.hpp.
  virtual bool setNvtxVerbosity(std::int32_t) noexcept { return true; }
  virtual std::int32_t getNvtxVerbosity() const noexcept { return 0; }

 private:
  bool is_profiled() const noexcept { return this->behaviour_.profiler != nullptr; }
};

using Context10 = ContextAfter<HeadOf10>;
using Context11 = ContextAfter<Head>;
// The slots of their tables: getNvtxVerbosity is the last.
constexpr std::size_t kMethodsOf10 = 42, kMethodsOf11 = 41;

}  // namespace fake
