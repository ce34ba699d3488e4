#include "recorder/profiler_port.hpp"

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace trtcore {
namespace {

template <class Interface>
class PortFor final : public ProfilerPort, public Interface {
 public:
  void* profiler() noexcept override { return static_cast<Interface*>(this); }
  void reportLayerTime(char const* layer_name, float ms) noexcept override {
    pass_on(layer_name, ms);
  }
};

// Reachable for ever, so that leak checkers see what it is: storage for the whole process.
struct Ports {
  std::mutex mutex;
  std::vector<std::unique_ptr<ProfilerPort>> all;
};

Ports& ports() {
  static Ports* const instance = new Ports();
  return *instance;
}

std::unique_ptr<ProfilerPort> make_port(abi::Layout layout) {
  if (layout == abi::Layout::v10) return std::make_unique<PortFor<abi::v10::IProfiler>>();
  return std::make_unique<PortFor<abi::v11::IProfiler>>();
}

}  // namespace

ProfilerPort& ProfilerPort::of(abi::ExecutionContext const& context, abi::Layout layout) {
  Ports& known = ports();
  std::lock_guard const lock(known.mutex);
  void* const current = context.get_profiler();
  for (auto const& port : known.all) {
    if (port->profiler() == current) return *port;
  }
  known.all.push_back(make_port(layout));
  ProfilerPort& port = *known.all.back();
  port.replaced_ = current;
  context.set_profiler(port.profiler());
  return port;
}

}  // namespace trtcore
