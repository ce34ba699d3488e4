#include "loop/execute_loop.hpp"

namespace trtcore {
namespace {

void start(Inference const& inference) {
  if (inference.graph != nullptr) {
    inference.graph->launch(inference.timer.stream());
  } else if (inference.bindings.empty()) {
    require(inference.context.enqueue_v3(inference.timer.stream()), "enqueueV3");
  } else {
    require(inference.context.execute_v2(inference.bindings.data()), "executeV2");
  }
}

// What lies between the marks of a timer; abandons it when an exception leaves the scope.
class Span {
 public:
  // No destructor runs after a constructor that throws, so the gate is released here.
  explicit Span(IterationTimer& timer) : timer_(timer) {
    try {
      timer_.mark_start();
    } catch (...) {
      timer_.abandon();
      throw;
    }
  }
  ~Span() {
    if (!ended_) timer_.abandon();
  }
  Span(Span const&) = delete;
  Span& operator=(Span const&) = delete;

  void end() {
    timer_.mark_end();
    ended_ = true;
    timer_.synchronize();
  }

 private:
  IterationTimer& timer_;
  bool ended_ = false;
};

void time_one_inference(Inference const& inference, InferenceTimes const& times, std::size_t i) {
  auto const begin = Clock::now();
  Span span(inference.timer);
  auto const before_enqueue = Clock::now();
  start(inference);
  auto const after_enqueue = Clock::now();
  span.end();
  times.wall_ms[i] = ms_between(begin, Clock::now());
  times.enqueue_ms[i] = ms_between(before_enqueue, after_enqueue);
  times.gpu_ms[i] = inference.timer.span_ms();
}

// executeV2 reports the layers itself; enqueueV3 does so on request, which keeps it asynchronous.
void profile_one_inference(Inference const& inference, LayerPassTimes const& times, std::size_t i) {
  auto const begin = Clock::now();
  Span span(inference.timer);
  start(inference);
  span.end();
  if (inference.bindings.empty()) {
    require(inference.context.report_to_profiler(), "reportToProfiler");
  }
  times.wall_ms[i] = ms_between(begin, Clock::now());
  times.gpu_ms[i] = inference.timer.span_ms();
}

bool is_faulted(LayerRecorder const* recorder) {
  return recorder != nullptr && recorder->is_faulted();
}

}  // namespace

// A chunk that stopped early is followed by another one, which has to stop before its first
// iteration: see run_in_chunks.
std::size_t time_inference(Inference const& inference, InferenceTimes const& times,
                           std::size_t done, std::size_t count, Clock::time_point deadline) {
  if (inference.timer.invalidated()) return done;
  do {
    run_one(inference.timer, done, [&] { time_one_inference(inference, times, done); });
    if (inference.timer.invalidated()) return done;
    ++done;
  } while (done < count && Clock::now() < deadline);
  return done;
}

std::size_t time_layers(Inference const& inference, LayerRecorder* recorder,
                        LayerPassTimes const& times, std::size_t done, std::size_t count,
                        Clock::time_point deadline) {
  if (inference.timer.invalidated() || is_faulted(recorder)) return done;
  do {
    if (recorder != nullptr) recorder->begin_iteration();
    run_one(inference.timer, done, [&] { profile_one_inference(inference, times, done); });
    if (inference.timer.invalidated()) return done;
    if (recorder != nullptr) recorder->end_iteration();
    if (is_faulted(recorder)) return done;
    ++done;
  } while (done < count && Clock::now() < deadline);
  return done;
}

}  // namespace trtcore
