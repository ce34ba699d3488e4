// Where the time of an iteration is read: CUDA events on a stream, or the host's clock alone.
#pragma once

#include <chrono>
#include <limits>

#include "cuda/cuda_driver.hpp"
#include "cuda/stream_gate.hpp"

namespace trtcore {

using Clock = std::chrono::steady_clock;

inline float ms_between(Clock::time_point start, Clock::time_point end) noexcept {
  return std::chrono::duration<float, std::milli>(end - start).count();
}

class IterationTimer {
 public:
  virtual ~IterationTimer() = default;
  virtual void* stream() const noexcept = 0;
  virtual void mark_start() = 0;
  virtual void mark_end() = 0;
  virtual void synchronize() = 0;
  // Milliseconds between the marks; valid once synchronised.
  virtual float span_ms() const = 0;
  // Called instead of mark_end() when what was to be timed failed.
  virtual void abandon() noexcept {}
  // Whether the last span has to be discarded.
  virtual bool invalidated() const noexcept { return false; }
};

// A stream without events, which cost the host several microseconds each: for host times alone.
class StreamTimer final : public IterationTimer {
 public:
  explicit StreamTimer(cuda::Stream stream) : stream_(stream) {}
  void* stream() const noexcept override { return stream_; }
  void mark_start() override {}
  void mark_end() override {}
  void synchronize() override { cuda::synchronize(stream_); }
  float span_ms() const override { return std::numeric_limits<float>::quiet_NaN(); }

 private:
  cuda::Stream stream_;
};

class EventTimer : public IterationTimer {
 public:
  explicit EventTimer(cuda::Stream stream) : stream_(stream) {}
  void* stream() const noexcept override { return stream_; }
  void mark_start() override { start_.record(stream_); }
  void mark_end() override { end_.record(stream_); }
  void synchronize() override { cuda::synchronize(stream_); }
  float span_ms() const override { return end_.since(start_); }

 private:
  cuda::Stream stream_;
  cuda::Event start_;
  cuda::Event end_;
};

// The same with the stream held from mark to mark, so that the span holds no launch overhead.
class GatedTimer final : public EventTimer {
 public:
  using EventTimer::EventTimer;
  void mark_start() override {
    gate_.hold(stream());
    EventTimer::mark_start();
  }
  void mark_end() override {
    EventTimer::mark_end();
    gate_.release();
  }
  void abandon() noexcept override { gate_.release(); }
  bool invalidated() const noexcept override { return gate_.tripped(); }
  StreamGate& gate() noexcept { return gate_; }

 private:
  StreamGate gate_;
};

// For contexts that work on the host, such as those of the tests.
class HostTimer final : public IterationTimer {
 public:
  void* stream() const noexcept override { return nullptr; }
  void mark_start() override { start_ = Clock::now(); }
  void mark_end() override { end_ = Clock::now(); }
  void synchronize() override {}
  float span_ms() const override { return ms_between(start_, end_); }

 private:
  Clock::time_point start_;
  Clock::time_point end_;
};

}  // namespace trtcore
