// The slice of nvinfer1's C++ ABI that trtcore uses, per layout. The only file that knows vtable
// slots. Source: the public headers of TensorRT 10.0 to 10.16, 11.0 and 11.1 (member order), read
// for the Itanium C++ ABI. tests/conformance compares them with what the bindings of each release
// compiled; layout 11 was also run against TensorRT-RTX 1.6.
#pragma once

#include <cstddef>
#include <cstdint>

namespace trtcore::abi {

enum class Layout : int { v10 = 10, v11 = 11 };

// Slots of apiv::VExecutionContext; 0 and 1 are its destructors.
struct ContextSlots {
  std::size_t set_profiler;
  std::size_t get_profiler;
  std::size_t get_name;
  std::size_t execute_v2;
  std::size_t set_enqueue_emits_profile;
  std::size_t get_enqueue_emits_profile;
  std::size_t report_to_profiler;
  std::size_t get_tensor_address;
  std::size_t enqueue_v3;
  std::size_t get_persistent_cache_limit;
};

// Layout 11 lacks allInputShapesSpecified (slot 13 of 10.x), so what follows it moves up by one.
constexpr ContextSlots slots_of(Layout layout) noexcept {
  return layout == Layout::v10 ? ContextSlots{5, 6, 9, 16, 18, 19, 20, 25, 37, 39}
                               : ContextSlots{5, 6, 9, 15, 17, 18, 19, 24, 36, 38};
}

namespace v10 {
class IProfiler {
 public:
  virtual void reportLayerTime(char const* layer_name, float ms) noexcept = 0;
  virtual ~IProfiler() = default;
};
}  // namespace v10

namespace v11 {
struct InterfaceInfo {
  char const* kind;
  std::int32_t major;
  std::int32_t minor;
};

class IProfiler {
 public:
  virtual std::int32_t getAPILanguage() const noexcept { return 0; }  // kCPP
  virtual InterfaceInfo getInterfaceInfo() const noexcept { return {"IProfiler", 1, 0}; }
  virtual ~IProfiler() = default;
  virtual void reportLayerTime(char const* layer_name, float ms) noexcept = 0;
};
}  // namespace v11

// Where an interface of nvinfer1 holds its implementation: behind the pointer to its own table.
constexpr std::size_t kImplementationOffset = 8;

// A non-owning view of a live nvinfer1::IExecutionContext.
class ExecutionContext {
 public:
  ExecutionContext(void* context, Layout layout) noexcept
      : impl_(static_cast<Head*>(context)->impl), slots_(slots_of(layout)) {}

  // Equal for two views of the same context.
  void const* identity() const noexcept { return impl_; }
  void set_profiler(void* profiler) const noexcept { call<void>(slots_.set_profiler, profiler); }
  void* get_profiler() const noexcept { return read<void*>(slots_.get_profiler); }
  char const* get_name() const noexcept { return read<char const*>(slots_.get_name); }
  void set_enqueue_emits_profile(bool emits) const noexcept {
    call<void>(slots_.set_enqueue_emits_profile, emits);
  }
  bool get_enqueue_emits_profile() const noexcept {
    return read<bool>(slots_.get_enqueue_emits_profile);
  }
  bool report_to_profiler() const noexcept { return call<bool>(slots_.report_to_profiler); }
  void const* get_tensor_address(char const* tensor) const noexcept {
    return call<void const*>(slots_.get_tensor_address, tensor, nullptr);
  }
  std::size_t get_persistent_cache_limit() const noexcept {
    return read<std::size_t>(slots_.get_persistent_cache_limit);
  }
  bool enqueue_v3(void* stream) const noexcept { return call<bool>(slots_.enqueue_v3, stream); }
  bool execute_v2(void* const* bindings) const noexcept {
    return call<bool>(slots_.execute_v2, bindings);
  }

 private:
  struct Head {
    void* vptr;
    void* impl;
  };
  static_assert(offsetof(Head, impl) == kImplementationOffset);

  template <class Result, class... Arguments>
  Result call(std::size_t slot, Arguments... arguments) const noexcept {
    using Function = Result (*)(void*, Arguments...);
    auto const* vtable = *static_cast<void* const* const*>(impl_);
    return reinterpret_cast<Function>(vtable[slot])(impl_, arguments...);
  }

  // Getters ignore the null that they are given beside the object. If the layout were not ours, the
  // slot could be a setter's: it would take null, and not what a register happens to hold.
  template <class Result>
  Result read(std::size_t slot) const noexcept {
    return call<Result>(slot, nullptr);
  }

  void* impl_;
  ContextSlots slots_;
};

}  // namespace trtcore::abi
