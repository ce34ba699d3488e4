#include "recorder/profiler_port.hpp"

#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

namespace trtcore {
namespace {

template <class Interface, abi::Layout kLayout>
class PortFor final : public ProfilerPort, public Interface {
 public:
  PortFor() noexcept : ProfilerPort(kLayout) {}
  void* profiler() noexcept override { return static_cast<Interface*>(this); }
  void reportLayerTime(char const* layer_name, float ms) noexcept override {
    pass_on(layer_name, ms);
  }
};

// What a context keeps when its port goes on to another context: it hears nothing. One serves all
// contexts and threads, so that a process that makes contexts for years takes no memory for them.
template <class Interface>
class Silence final : public Interface {
 public:
  void reportLayerTime(char const*, float) noexcept override {}
};

// Never destroyed, as a context may outlive static destructors.
template <class Interface>
void* silence_of() {
  static Interface* const instance = new Silence<Interface>();
  return instance;
}

void* silence(abi::Layout layout) {
  return layout == abi::Layout::v10 ? silence_of<abi::v10::IProfiler>()
                                    : silence_of<abi::v11::IProfiler>();
}

std::unique_ptr<ProfilerPort> make_port(abi::Layout layout) {
  if (layout == abi::Layout::v10) {
    return std::make_unique<PortFor<abi::v10::IProfiler, abi::Layout::v10>>();
  }
  return std::make_unique<PortFor<abi::v11::IProfiler, abi::Layout::v11>>();
}

// All ports. Its lock is never held while TensorRT is called: TensorRT may log, a logger written in
// Python lets other threads run, and one of those may come here with the GIL.
class Ports {
 public:
  // Null if the profiler is no port.
  ProfilerPort* find(void* profiler) {
    std::lock_guard const lock(mutex_);
    auto const found = by_profiler_.find(profiler);
    return found == by_profiler_.end() ? nullptr : found->second.get();
  }

  // A port that no context holds.
  ProfilerPort& take(abi::Layout layout) {
    std::lock_guard const lock(mutex_);
    auto& idle = idle_[layout];
    if (idle.empty()) return make(layout, idle);
    ProfilerPort& port = *idle.back();
    idle.pop_back();
    return port;
  }

  void give_back(ProfilerPort& port, abi::Layout layout) noexcept {
    std::lock_guard const lock(mutex_);
    idle_.find(layout)->second.push_back(&port);
  }

  std::size_t count() {
    std::lock_guard const lock(mutex_);
    return by_profiler_.size();
  }

 private:
  using Idle = std::vector<ProfilerPort*>;

  // Makes room in the list of idle ports too, so that giving back cannot fail.
  ProfilerPort& make(abi::Layout layout, Idle& idle) {
    idle.reserve(by_profiler_.size() + 1);
    auto port = make_port(layout);
    void* const profiler = port->profiler();
    return *by_profiler_.emplace(profiler, std::move(port)).first->second;
  }

  std::mutex mutex_;
  std::unordered_map<void*, std::unique_ptr<ProfilerPort>> by_profiler_;
  std::unordered_map<abi::Layout, Idle> idle_;
};

// Never destroyed, as contexts may outlive static destructors; the pointer keeps it reachable for
// leak checkers.
Ports& ports() {
  static Ports* const instance = new Ports();
  return *instance;
}

}  // namespace

ProfilerPort& ProfilerPort::of(abi::ExecutionContext const& context, abi::Layout layout) {
  void* const current = context.get_profiler();
  if (ProfilerPort* const port = ports().find(current)) return *port;
  ProfilerPort& port = ports().take(layout);
  port.replaced_ = current == nullptr ? silence(layout) : current;
  context.set_profiler(port.profiler());
  return port;
}

void ProfilerPort::profile_in_silence(abi::ExecutionContext const& context, abi::Layout layout) {
  if (context.get_profiler() == nullptr) context.set_profiler(silence(layout));
}

std::size_t ProfilerPort::count() { return ports().count(); }

void ProfilerPort::leave(abi::ExecutionContext const& context) noexcept {
  if (context.get_profiler() == profiler()) context.set_profiler(replaced_);
  ports().give_back(*this, layout_);
}

}  // namespace trtcore
