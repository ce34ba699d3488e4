// The IProfiler that TensorRT holds in place of a recorder. A port lives as long as the process and
// outlives every context; it forwards calls while a recorder is connected and ignores them
// otherwise. TensorRT refuses to detach a profiler: a context that gives its port back, for others
// to use, gets the profiler that it had before, or one that does nothing.
#pragma once

#include <atomic>
#include <cstddef>

#include "abi/nvinfer_abi.hpp"
#include "recorder/layer_recorder.hpp"

namespace trtcore {

class ProfilerPort {
 public:
  // The port of a context: the one it holds already, or one that is set as its profiler.
  // Must not be called while the context runs.
  static ProfilerPort& of(abi::ExecutionContext const& context, abi::Layout layout);
  // Makes a context profile with nobody listening, unless it has a profiler: what it then costs is
  // the profiler's cost without us.
  static void profile_in_silence(abi::ExecutionContext const& context, abi::Layout layout);
  // How many there are in this process, held by a context or idle.
  static std::size_t count();

  ProfilerPort(ProfilerPort const&) = delete;
  ProfilerPort& operator=(ProfilerPort const&) = delete;
  virtual ~ProfilerPort() = default;

  void connect(LayerRecorder& recorder) noexcept { recorder_.store(&recorder); }
  void disconnect() noexcept { recorder_.store(nullptr); }
  bool connected() const noexcept { return recorder_.load() != nullptr; }
  // Restores the context's previous profiler, or sets the one that does nothing, unless another one
  // was set since.
  // Disconnect first: another context may get this port at once.
  void leave(abi::ExecutionContext const& context) noexcept;
  // The address to give to TensorRT.
  virtual void* profiler() noexcept = 0;

 protected:
  explicit ProfilerPort(abi::Layout layout) noexcept : layout_(layout) {}

  void pass_on(char const* layer_name, float ms) noexcept {
    LayerRecorder* const recorder = recorder_.load(std::memory_order_acquire);
    if (recorder != nullptr) recorder->record(layer_name, ms);
  }

 private:
  std::atomic<LayerRecorder*> recorder_{nullptr};
  abi::Layout const layout_;
  void* replaced_ = nullptr;  // the profiler that the context gets when this one leaves
};

}  // namespace trtcore
