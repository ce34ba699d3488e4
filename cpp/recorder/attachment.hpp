// A recorder connected to a context, for as long as this object lives.
#pragma once

#include <stdexcept>

#include "abi/nvinfer_abi.hpp"
#include "recorder/context_claim.hpp"
#include "recorder/layer_recorder.hpp"
#include "recorder/profiler_port.hpp"

namespace trtcore {

class Attachment {
 public:
  // Throws std::logic_error when another recorder is connected to the context.
  Attachment(LayerRecorder& recorder, abi::ExecutionContext const& context, abi::Layout layout)
      : claim_(context), port_(&ProfilerPort::of(context, layout)) {
    if (port_->connected()) throw std::logic_error("another recorder is attached to this context");
    port_->connect(recorder);
  }
  // The context may be gone: its port stays with it.
  ~Attachment() {
    if (port_ != nullptr) port_->disconnect();
  }
  Attachment(Attachment const&) = delete;
  Attachment& operator=(Attachment const&) = delete;

  // Ends it in a live context, which gets back the profiler that it had before.
  void end(abi::ExecutionContext const& context) noexcept {
    port_->disconnect();
    port_->leave(context);
    port_ = nullptr;
  }

 private:
  ContextClaim claim_;
  ProfilerPort* port_;  // null once ended: it may serve another context by then
};

}  // namespace trtcore
