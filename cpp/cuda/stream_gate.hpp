// Holds a stream until a whole iteration is queued on it, so that events time the device and not
// the launch overhead of the host. A watchdog releases a stream that is held too long, because
// an enqueue that synchronises would wait for the gate for ever.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include "cuda/cuda_driver.hpp"

namespace trtcore {

class StreamGate {
 public:
  // An iteration is enqueued in far less (1,000 launches of 10 us are 10 ms), and a run whose
  // enqueue waits for the gate goes on before a user takes it for hung.
  static constexpr std::chrono::milliseconds kPatience{100};

  StreamGate();
  ~StreamGate();
  StreamGate(StreamGate const&) = delete;
  StreamGate& operator=(StreamGate const&) = delete;

  void hold(cuda::Stream stream);
  // Called once all that the gate holds is enqueued: no enqueue waits for it any more, so the
  // watchdog leaves it closed until release().
  void all_queued() noexcept;
  void release() noexcept;
  // Whether the watchdog ever had to release the stream: spans timed since then are invalid.
  bool tripped() const noexcept { return tripped_; }

 private:
  using Clock = std::chrono::steady_clock;

  void watch();
  void open() noexcept;

  cuda::HostFlag flag_;
  std::mutex mutex_;              // the flag follows the ticket, and never goes back
  std::condition_variable wake_;  // the watchdog sleeps on it
  std::uint32_t ticket_ = 0;
  Clock::time_point held_since_{};
  bool is_watched_ = false;  // held, and not all is queued
  bool is_asleep_ = false;   // the watchdog, until the next hold() wakes it
  bool stop_ = false;
  std::atomic<bool> tripped_{false};
  std::thread watchdog_;
};

}  // namespace trtcore
