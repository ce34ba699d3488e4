#include "loop/gated_loop.hpp"

#include "loop/run_failure.hpp"

namespace trtcore {

GatedLoop::~GatedLoop() {
  timer_.gate().release();
  try {
    timer_.synchronize();
  } catch (cuda::Error const&) {
    // Whatever failed was told by the call that failed first.
  }
}

std::size_t GatedLoop::run(std::size_t done, std::size_t count, Clock::time_point deadline) {
  if (timer_.invalidated()) return done;
  enqueue(done);
  bool is_whole = !timer_.invalidated();
  timer_.gate().release();
  while (is_whole) {
    bool const overlaps =
        done + 1 < count && last_ms_ <= kOverlapsUpToMs && Clock::now() < deadline;
    if (overlaps) enqueue_while_running(done + 1);
    is_whole = overlaps && !timer_.invalidated();
    finish(done);
    ++done;
  }
  return done;
}

void GatedLoop::enqueue(std::size_t iteration) {
  run_one(timer_, iteration, [&] {
    try {
      timer_.gate().hold(timer_.stream());
      marks_of(iteration).start.record(timer_.stream());
      require(context_.enqueue_v3(timer_.stream()), "enqueueV3");
      marks_of(iteration).end.record(timer_.stream());
      timer_.gate().all_queued();
    } catch (...) {
      timer_.gate().release();  // or whoever looks for the cause would wait for the stream for ever
      throw;
    }
  });
}

// The iteration before is waited for even if this one fails: it is whole then, or it is the one
// that failed, as an error of a kernel is told by whatever call comes next.
void GatedLoop::enqueue_while_running(std::size_t iteration) {
  try {
    enqueue(iteration);
  } catch (...) {
    finish(iteration - 1);
    throw;
  }
}

// The next iteration may begin before the times of this one are read: its events are others.
void GatedLoop::finish(std::size_t iteration) {
  run_one(timer_, iteration, [&] {
    Marks const& marks = marks_of(iteration);
    marks.end.synchronize();
    timer_.gate().release();
    last_ms_ = marks.end.since(marks.start);
    gpu_ms_[iteration] = last_ms_;
  });
}

}  // namespace trtcore
