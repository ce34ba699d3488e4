// Holds a stream until a whole iteration is queued on it, so that events time the device and not
// the rate at which the host launches. A watchdog releases a stream that is held too long, because
// an enqueue that synchronises would wait for the gate for ever.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <thread>

#include "cuda/cuda_driver.hpp"

namespace trtcore {

class StreamGate {
 public:
  static constexpr std::chrono::milliseconds kPatience{100};

  StreamGate();
  ~StreamGate();
  StreamGate(StreamGate const&) = delete;
  StreamGate& operator=(StreamGate const&) = delete;

  void hold(cuda::Stream stream);
  void release() noexcept;
  // Whether the watchdog ever had to release the stream: what was timed then is worth nothing.
  bool tripped() const noexcept { return tripped_; }

 private:
  using Clock = std::chrono::steady_clock;

  void watch() noexcept;
  void open() noexcept;

  cuda::HostFlag flag_;
  std::mutex mutex_;  // the flag follows the ticket, and never goes back
  std::uint32_t ticket_ = 0;
  Clock::time_point held_since_{};
  bool is_held_ = false;
  std::atomic<bool> tripped_{false};
  std::atomic<bool> stop_{false};
  std::thread watchdog_;
};

}  // namespace trtcore
