// Compares trtcore's slice of nvinfer1 with headers of TensorRT: prints every difference, and exits
// with 1 if there is one. Types are compared while this is compiled.
#include <NvInfer.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <type_traits>
#include <typeinfo>

#include "slice.hpp"

namespace {

using Context = nvinfer1::apiv::VExecutionContext;
using Profiler = nvinfer1::IProfiler;

// Handles and enumerations are other types than our void* and int: what counts is how they are
// passed.
template <class Theirs, class Ours>
constexpr bool fits() {
  if constexpr (std::is_void_v<Theirs> || std::is_void_v<Ours>) {
    return std::is_same_v<Theirs, Ours>;
  } else {
    return sizeof(Theirs) == sizeof(Ours) && std::is_pointer_v<Theirs> == std::is_pointer_v<Ours> &&
           std::is_floating_point_v<Theirs> == std::is_floating_point_v<Ours>;
  }
}

template <class Theirs, class Ours>
struct Same : std::false_type {};
template <class R, class... A, class OurR, class... OurA>
struct Same<R(A...), OurR(OurA...)> {
  static constexpr bool all_fit() {
    if constexpr (sizeof...(A) == sizeof...(OurA)) {
      return fits<R, OurR>() && (fits<A, OurA>() && ...);
    }
    return false;
  }
  static constexpr bool value = all_fit();
};

template <class MemberPointer>
struct Function;
template <class R, class C, class... A>
struct Function<R (C::*)(A...)> {
  using type = R(A...);
};
template <class R, class C, class... A>
struct Function<R (C::*)(A...) const> {
  using type = R(A...);
};
template <class R, class C, class... A>
struct Function<R (C::*)(A...) noexcept> {
  using type = R(A...);
};
template <class R, class C, class... A>
struct Function<R (C::*)(A...) const noexcept> {
  using type = R(A...);
};

template <class MemberPointer, class Ours>
constexpr bool is = Same<typename Function<MemberPointer>::type, Ours>::value;

// As cpp/abi/nvinfer_abi.hpp calls them.
static_assert(is<decltype(&Context::setProfiler), void(void*)>);
static_assert(is<decltype(&Context::getProfiler), void*()>);
static_assert(is<decltype(&Context::getName), char const*()>);
static_assert(is<decltype(&Context::executeV2), bool(void* const*)>);
static_assert(is<decltype(&Context::setEnqueueEmitsProfile), void(bool)>);
static_assert(is<decltype(&Context::getEnqueueEmitsProfile), bool()>);
static_assert(is<decltype(&Context::reportToProfiler), bool()>);
static_assert(is<decltype(&Context::getTensorAddress), void const*(char const*)>);
static_assert(is<decltype(&Context::enqueueV3), bool(void*)>);
static_assert(is<decltype(&Context::getPersistentCacheLimit), std::size_t()>);
static_assert(is<decltype(&Profiler::reportLayerTime), void(char const*, float)>);

constexpr bool is_versioned = std::is_base_of_v<nvinfer1::IVersionedInterface, Profiler>;

// The pointer is a protected member: a derived class may say where it is.
struct Inside : nvinfer1::IExecutionContext {
  static std::size_t implementation() { return offsetof(Inside, mImpl); }
};

// A template, so that layout 10 need not have what only layout 11 has.
template <class P>
void add_versioned(conformance::Slice& slice) {
  if constexpr (std::is_base_of_v<nvinfer1::IVersionedInterface, P>) {
    using Info = nvinfer1::InterfaceInfo;
    static_assert(is<decltype(&P::getAPILanguage), std::int32_t()>);
    static_assert(std::is_same_v<decltype(Info::kind), char const*>);
    static_assert(offsetof(Info, kind) == 0 && offsetof(Info, major) == 8 &&
                  offsetof(Info, minor) == 12);
    slice.get_api_language = conformance::slot_of(&P::getAPILanguage);
    slice.get_interface_info = conformance::slot_of(&P::getInterfaceInfo);
    slice.interface_info_bytes = sizeof(Info);
    slice.cpp = static_cast<std::size_t>(nvinfer1::APILanguage::kCPP);
  }
}

conformance::Slice their_slice() {
  using conformance::slot_of;
  conformance::Slice slice{slot_of(&Context::setProfiler),
                           slot_of(&Context::getProfiler),
                           slot_of(&Context::getName),
                           slot_of(&Context::executeV2),
                           slot_of(&Context::setEnqueueEmitsProfile),
                           slot_of(&Context::getEnqueueEmitsProfile),
                           slot_of(&Context::reportToProfiler),
                           slot_of(&Context::getTensorAddress),
                           slot_of(&Context::enqueueV3),
                           slot_of(&Context::getPersistentCacheLimit),
                           Inside::implementation(),
                           slot_of(&Profiler::reportLayerTime),
                           0,
                           0,
                           0,
                           0,
                           typeid(nvinfer1::IExecutionContext).name(),
                           typeid(Profiler).name()};
  add_versioned<Profiler>(slice);
  return slice;
}

int differences = 0;

void compare(char const* what, std::size_t theirs, std::size_t ours) {
  if (theirs == ours) return;
  ++differences;
  std::printf("%s: %zu in the headers, %zu in cpp/abi\n", what, theirs, ours);
}

void compare(char const* what, char const* theirs, char const* ours) {
  if (std::strcmp(theirs, ours) == 0) return;
  ++differences;
  std::printf("%s: %s in the headers, %s in cpp/abi\n", what, theirs, ours);
}

}  // namespace

int main() {
  auto const theirs = their_slice();
  auto const ours = conformance::our_slice(is_versioned ? 11 : 10);
  std::printf("layout %d\n", is_versioned ? 11 : 10);
#define COMPARE(member) compare(#member, theirs.member, ours.member)
  COMPARE(set_profiler);
  COMPARE(get_profiler);
  COMPARE(get_name);
  COMPARE(execute_v2);
  COMPARE(set_enqueue_emits_profile);
  COMPARE(get_enqueue_emits_profile);
  COMPARE(report_to_profiler);
  COMPARE(get_tensor_address);
  COMPARE(enqueue_v3);
  COMPARE(get_persistent_cache_limit);
  COMPARE(implementation);
  COMPARE(report_layer_time);
  COMPARE(get_api_language);
  COMPARE(get_interface_info);
  COMPARE(interface_info_bytes);
  COMPARE(cpp);
  COMPARE(context_type);
  COMPARE(profiler_type);
  return differences == 0 ? 0 : 1;
}
