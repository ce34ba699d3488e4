#include "gate.hpp"

namespace trtcore {
namespace {

constexpr std::chrono::milliseconds kLook{10};

}  // namespace

Gate::Gate() : watchdog_([this] { watch(); }) {}

Gate::~Gate() {
  stop_ = true;
  watchdog_.join();
  release();
}

void Gate::hold(cuda::Stream stream) {
  flag_.hold(stream, ++ticket_);
  held_since_ = Clock::now().time_since_epoch().count();
}

void Gate::release() noexcept {
  held_since_ = 0;
  flag_.set(ticket_);
}

void Gate::watch() noexcept {
  while (!stop_) {
    std::this_thread::sleep_for(kLook);
    Clock::rep const since = held_since_;
    if (since == 0) continue;
    if (Clock::now().time_since_epoch() - Clock::duration(since) > kPatience) {
      tripped_ = true;
      release();
    }
  }
}

}  // namespace trtcore
