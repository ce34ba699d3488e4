// The timed loops. Each runs a chunk of iterations: one at least, then until `count` are done or
// the deadline has passed, so that the caller can look for Ctrl-C in between. Nothing in them
// allocates or touches Python.
#pragma once

#include <cstddef>
#include <vector>

#include "abi/nvinfer_abi.hpp"
#include "cuda/iteration_timer.hpp"
#include "loop/run_failure.hpp"
#include "recorder/layer_recorder.hpp"

namespace trtcore {

// One inference, asked for in one of three ways: enqueueV3 on the timer's stream; executeV2,
// which is synchronous by itself and takes the device addresses of all I/O tensors; or the launch
// of a graph that was captured from the context.
struct Inference {
  abi::ExecutionContext context;
  IterationTimer& timer;
  std::vector<void*> bindings = {};    // executeV2 if not empty
  cuda::Graph const* graph = nullptr;  // a launch if not null
};

// Arrays of at least `count` floats.
struct InferenceTimes {
  float* wall_ms;
  float* enqueue_ms;
  float* gpu_ms;
};

struct LayerPassTimes {
  float* wall_ms;
  float* gpu_ms;
};

// Times whole iterations of a context that never had a profiler. Returns how many are done; stops
// at the first one that the timer invalidated. Throws RunFailure, as time_layers does.
std::size_t time_inference(Inference const& inference, InferenceTimes const& times,
                           std::size_t done, std::size_t count, Clock::time_point deadline);

// Times the layers of a profiled context; `recorder` may be null (then only the loop is timed).
// Stops at the first iteration that the recorder finds at fault or the timer invalidated.
std::size_t time_layers(Inference const& inference, LayerRecorder* recorder,
                        LayerPassTimes const& times, std::size_t done, std::size_t count,
                        Clock::time_point deadline);

}  // namespace trtcore
