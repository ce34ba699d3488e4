// What TensorRT holds in place of a recorder. TensorRT refuses to detach a profiler, so a port
// lives as long as the process and outlives every context; it passes calls on while a recorder is
// connected and does nothing otherwise.
#pragma once

#include <atomic>

#include "abi/nvinfer_abi.hpp"
#include "recorder/layer_recorder.hpp"

namespace trtcore {

class ProfilerPort {
 public:
  // The port of a context: the one it holds already, or a new one set as its profiler.
  // Must not be called while the context runs.
  static ProfilerPort& of(abi::ExecutionContext const& context, abi::Layout layout);

  ProfilerPort(ProfilerPort const&) = delete;
  ProfilerPort& operator=(ProfilerPort const&) = delete;
  virtual ~ProfilerPort() = default;

  void connect(LayerRecorder& recorder) noexcept { recorder_.store(&recorder); }
  void disconnect() noexcept { recorder_.store(nullptr); }
  bool connected() const noexcept { return recorder_.load() != nullptr; }
  // The profiler that the context had before this one; null if none.
  void* replaced() const noexcept { return replaced_; }
  // The address to give to TensorRT.
  virtual void* profiler() noexcept = 0;

 protected:
  ProfilerPort() = default;

  void pass_on(char const* layer_name, float ms) noexcept {
    LayerRecorder* const recorder = recorder_.load(std::memory_order_acquire);
    if (recorder != nullptr) recorder->record(layer_name, ms);
  }

 private:
  std::atomic<LayerRecorder*> recorder_{nullptr};
  void* replaced_ = nullptr;
};

}  // namespace trtcore
