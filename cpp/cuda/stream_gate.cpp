#include "cuda/stream_gate.hpp"

namespace trtcore {
namespace {

constexpr std::chrono::milliseconds kLook{10};

}  // namespace

StreamGate::StreamGate() : watchdog_([this] { watch(); }) {}

StreamGate::~StreamGate() {
  stop_ = true;
  watchdog_.join();
  release();
}

// While the gate is open the watchdog leaves the ticket alone, so the driver is called unlocked.
void StreamGate::hold(cuda::Stream stream) {
  flag_.hold(stream, ++ticket_);
  std::lock_guard<std::mutex> const lock(mutex_);
  held_since_ = Clock::now();
  is_held_ = true;
}

void StreamGate::release() noexcept {
  std::lock_guard<std::mutex> const lock(mutex_);
  open();
}

void StreamGate::open() noexcept {
  is_held_ = false;
  flag_.set(ticket_);
}

void StreamGate::watch() noexcept {
  while (!stop_) {
    std::this_thread::sleep_for(kLook);
    std::lock_guard<std::mutex> const lock(mutex_);
    if (is_held_ && Clock::now() - held_since_ > kPatience) {
      tripped_ = true;
      open();
    }
  }
}

}  // namespace trtcore
