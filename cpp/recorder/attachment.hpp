// A recorder connected to a context, for as long as this object lives.
#pragma once

#include <stdexcept>

#include "abi/nvinfer_abi.hpp"
#include "recorder/layer_recorder.hpp"
#include "recorder/profiler_port.hpp"

namespace trtcore {

class Attachment {
 public:
  // Throws std::logic_error when another recorder is connected to the context.
  Attachment(LayerRecorder& recorder, abi::ExecutionContext const& context, abi::Layout layout)
      : port_(ProfilerPort::of(context, layout)) {
    if (port_.connected()) throw std::logic_error("another recorder is attached to this context");
    port_.connect(recorder);
  }
  ~Attachment() { port_.disconnect(); }
  Attachment(Attachment const&) = delete;
  Attachment& operator=(Attachment const&) = delete;

  // Gives a live context the profiler back that it had before; one cannot be taken away.
  void restore(abi::ExecutionContext const& context) const noexcept {
    if (port_.replaced() != nullptr) context.set_profiler(port_.replaced());
  }

 private:
  ProfilerPort& port_;
};

}  // namespace trtcore
