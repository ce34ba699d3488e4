#include "execute_loop.hpp"

#include <string>

namespace trtcore {
namespace {

void require(bool succeeded, char const* call, std::size_t iteration) {
  if (!succeeded) {
    throw RunFailure(std::string(call) + " failed in iteration " + std::to_string(iteration));
  }
}

void start(Inference const& inference, std::size_t iteration) {
  if (inference.bindings.empty()) {
    require(inference.context.enqueue_v3(inference.timeline.stream()), "enqueueV3", iteration);
  } else {
    require(inference.context.execute_v2(inference.bindings.data()), "executeV2", iteration);
  }
}

void time_one_inference(Inference const& inference, InferenceTimes const& times, std::size_t i) {
  Timeline& timeline = inference.timeline;
  auto const begin = Clock::now();
  timeline.mark_start();
  auto const before_enqueue = Clock::now();
  start(inference, i);
  auto const after_enqueue = Clock::now();
  timeline.mark_end();
  timeline.synchronize();
  times.wall_ms[i] = ms_between(begin, Clock::now());
  times.enqueue_ms[i] = ms_between(before_enqueue, after_enqueue);
  times.gpu_ms[i] = timeline.span_ms();
}

// executeV2 reports the layers itself; enqueueV3 does so on request, which keeps it asynchronous.
void run_profiled(Inference const& inference, std::size_t iteration) {
  start(inference, iteration);
  if (!inference.bindings.empty()) return;
  inference.timeline.synchronize();
  require(inference.context.report_to_profiler(), "reportToProfiler", iteration);
}

}  // namespace

std::size_t time_inference(Inference const& inference, InferenceTimes const& times,
                           std::size_t done, std::size_t count, Clock::time_point deadline) {
  while (done < count && Clock::now() < deadline) {
    time_one_inference(inference, times, done);
    ++done;
  }
  return done;
}

std::size_t time_layers(Inference const& inference, LayerRecorder* recorder, float* wall_ms,
                        std::size_t done, std::size_t count, Clock::time_point deadline) {
  while (done < count && Clock::now() < deadline) {
    if (recorder != nullptr) recorder->begin_iteration();
    auto const begin = Clock::now();
    run_profiled(inference, done);
    wall_ms[done] = ms_between(begin, Clock::now());
    if (recorder != nullptr) {
      recorder->end_iteration();
      if (recorder->fault().kind != Fault::Kind::none) return done;
    }
    ++done;
  }
  return done;
}

}  // namespace trtcore
