// Keeps a context to one recorder at a time, also where two threads attach to it at once.
#pragma once

#include "abi/nvinfer_abi.hpp"

namespace trtcore {

class ContextClaim {
 public:
  // Throws std::logic_error while another claim to the context lives.
  explicit ContextClaim(abi::ExecutionContext const& context);
  ~ContextClaim();
  ContextClaim(ContextClaim const&) = delete;
  ContextClaim& operator=(ContextClaim const&) = delete;

 private:
  void const* context_;
};

}  // namespace trtcore
