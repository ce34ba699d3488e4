// Traces the kernels and memsets of this process with CUPTI while it is started. Its callbacks come
// on threads of CUPTI's and never touch Python.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "cuda/iteration_timer.hpp"
#include "kernels/cupti.hpp"
#include "kernels/kernel_log.hpp"

namespace trtcore {

// Only one trace can be started at a time in a process.
class KernelTrace {
 public:
  explicit KernelTrace(cupti::Library const& library) : library_(library) {}
  ~KernelTrace();
  KernelTrace(KernelTrace const&) = delete;
  KernelTrace& operator=(KernelTrace const&) = delete;

  // Forgets what was traced before. `iterations` is how many begin_iteration() calls to expect.
  void start(std::size_t iterations, std::size_t capacity);
  // What was traced is complete if the device was synchronised before. Harmless if not started.
  void stop();
  // Called by the loop that runs the iterations, when nothing is running on the device.
  void begin_iteration() noexcept;

  cupti::Library const& library() const noexcept { return library_; }
  bool is_started() const noexcept { return is_started_; }
  // Throws std::logic_error while the trace is started.
  KernelLog const& log() const;
  // Names of the kernels, demangled.
  std::vector<std::string> names() const;
  // Records for which CUPTI had no buffer.
  std::size_t dropped() const noexcept { return dropped_; }

 private:
  cupti::Result disable() noexcept;
  void release() noexcept;

  cupti::Library const& library_;
  cupti::Subscriber subscriber_ = nullptr;
  KernelLog log_;
  std::vector<std::uint64_t> begins_ns_;
  std::size_t dropped_ = 0;
  bool is_started_ = false;
};

// Another timer, with the iterations marked in a trace.
class TracedTimer final : public IterationTimer {
 public:
  TracedTimer(IterationTimer& inner, KernelTrace& trace) : inner_(inner), trace_(trace) {}
  void* stream() const noexcept override { return inner_.stream(); }
  void mark_start() override {
    trace_.begin_iteration();
    inner_.mark_start();
  }
  void mark_end() override { inner_.mark_end(); }
  void synchronize() override { inner_.synchronize(); }
  float span_ms() const override { return inner_.span_ms(); }
  void abandon() noexcept override { inner_.abandon(); }
  bool invalidated() const noexcept override { return inner_.invalidated(); }

 private:
  IterationTimer& inner_;
  KernelTrace& trace_;
};

}  // namespace trtcore
