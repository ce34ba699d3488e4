// Times gated iterations, each enqueued while the device runs the one before: an iteration takes
// the longer of the host's and the device's time, not their sum.
#pragma once

#include <array>
#include <cstddef>
#include <limits>

#include "abi/nvinfer_abi.hpp"
#include "cuda/iteration_timer.hpp"

namespace trtcore {

// Between any two iterations the gate is closed until the first has ended and the second is wholly
// enqueued, so a span holds no launch and no kernel of another iteration.
//
// It cannot come to a deadlock. While an iteration is enqueued, the one before it is already
// released, and ends whatever the host does. An enqueue that finds the launch queue full waits for
// that one at most; then the queue holds this iteration alone, as if nothing had overlapped. What
// still does not return waits for its own gate, and the gate's watchdog opens that.
class GatedLoop {
 public:
  // `gpu_ms` is for as many spans as iterations are asked for.
  GatedLoop(abi::ExecutionContext context, GatedTimer& timer, float* gpu_ms)
      : context_(context), timer_(timer), gpu_ms_(gpu_ms) {}
  // Lets everything run that is enqueued, also after a call that failed.
  ~GatedLoop();
  GatedLoop(GatedLoop const&) = delete;
  GatedLoop& operator=(GatedLoop const&) = delete;

  // Runs a chunk, as time_inference does, at whose end the device is idle. Returns how many
  // iterations are done; those before one that the watchdog released are whole, and count. Throws
  // RunFailure; the iterations before the failing one are whole.
  std::size_t run(std::size_t done, std::size_t count, Clock::time_point deadline);

 private:
  // A full launch queue makes an enqueue wait for the iteration before, and the watchdog counts
  // that too. Of its patience, three quarters are left to the enqueue. Longer iterations lose next
  // to nothing by not overlapping.
  static constexpr float kOverlapsUpToMs = StreamGate::kPatience.count() / 4.0F;

  struct Marks {
    cuda::Event start;
    cuda::Event end;
  };

  Marks& marks_of(std::size_t iteration) noexcept { return marks_[iteration % marks_.size()]; }
  void enqueue(std::size_t iteration);
  void enqueue_while_running(std::size_t iteration);
  void finish(std::size_t iteration);

  abi::ExecutionContext context_;
  GatedTimer& timer_;
  float* gpu_ms_;
  std::array<Marks, 2> marks_;  // of the iteration that runs and of the one being enqueued
  float last_ms_ = std::numeric_limits<float>::infinity();  // not known: the first runs alone
};

}  // namespace trtcore
