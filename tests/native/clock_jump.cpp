// Preloaded into a process, makes a chunk's time run out whenever a clock is read: as if the
// process had been put off for so long in between.
#include <dlfcn.h>
#include <time.h>

#include <atomic>

namespace {

constexpr long kStepMs = 60;  // more than a chunk has

}  // namespace

extern "C" __attribute__((visibility("default"))) int clock_gettime(clockid_t clock,
                                                                    timespec* time) noexcept {
  using Function = int (*)(clockid_t, timespec*);
  static auto const real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "clock_gettime"));
  static std::atomic<long> ms{0};
  int const status = real(clock, time);
  if (clock == CLOCK_MONOTONIC) {
    long const later_ms = ms += kStepMs;
    long const nanoseconds = time->tv_nsec + later_ms % 1000 * 1'000'000;
    time->tv_sec += later_ms / 1000 + nanoseconds / 1'000'000'000;
    time->tv_nsec = nanoseconds % 1'000'000'000;
  }
  return status;
}
