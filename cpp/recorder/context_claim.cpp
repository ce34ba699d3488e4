#include "recorder/context_claim.hpp"

#include <mutex>
#include <stdexcept>
#include <unordered_set>

namespace trtcore {
namespace {

// Never destroyed: Python may let go of recorders after static destructors have run.
struct Claims {
  std::mutex mutex;
  std::unordered_set<void const*> contexts;
};

Claims& claims() {
  static Claims* const instance = new Claims();
  return *instance;
}

}  // namespace

ContextClaim::ContextClaim(abi::ExecutionContext const& context) : context_(context.identity()) {
  std::lock_guard const lock(claims().mutex);
  if (claims().contexts.insert(context_).second) return;
  throw std::logic_error("another recorder is attached to this context");
}

ContextClaim::~ContextClaim() {
  std::lock_guard const lock(claims().mutex);
  claims().contexts.erase(context_);
}

}  // namespace trtcore
