#include "cuda/stream_gate.hpp"

namespace trtcore {

StreamGate::StreamGate() : watchdog_([this] { watch(); }) {}

StreamGate::~StreamGate() {
  {
    std::lock_guard<std::mutex> const lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  watchdog_.join();
  release();
}

// While the gate is open the watchdog leaves the ticket alone, so the driver is called unlocked.
void StreamGate::hold(cuda::Stream stream) {
  flag_.hold(stream, ++ticket_);
  bool wakes = false;
  {
    std::lock_guard<std::mutex> const lock(mutex_);
    held_since_ = Clock::now();
    is_watched_ = true;
    wakes = is_asleep_;
  }
  if (wakes) wake_.notify_one();
}

void StreamGate::all_queued() noexcept {
  std::lock_guard<std::mutex> const lock(mutex_);
  is_watched_ = false;
}

void StreamGate::release() noexcept {
  std::lock_guard<std::mutex> const lock(mutex_);
  open();
}

void StreamGate::open() noexcept {
  is_watched_ = false;
  flag_.set(ticket_);
}

// Checks once per kPatience while streams are held, so that hold() need not wake it each time, and
// sleeps once no stream was held between two checks.
void StreamGate::watch() {
  std::unique_lock<std::mutex> lock(mutex_);
  Clock::time_point seen = held_since_;
  while (!stop_) {
    if (!is_watched_ && held_since_ == seen) {
      is_asleep_ = true;
      wake_.wait(lock, [this] { return stop_ || is_watched_; });
      is_asleep_ = false;
    }
    seen = held_since_;
    auto const next_look = (is_watched_ ? held_since_ : Clock::now()) + kPatience;
    wake_.wait_until(lock, next_look, [this] { return stop_; });
    if (is_watched_ && Clock::now() - held_since_ >= kPatience) {
      tripped_ = true;
      open();
    }
  }
}

}  // namespace trtcore
