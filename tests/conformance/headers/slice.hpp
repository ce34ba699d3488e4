// What is compared: trtcore's slice of nvinfer1, as its own headers have it. Those cannot be
// included beside NVIDIA's, because both declare nvinfer1.
#pragma once

#include <cstddef>
#include <cstring>

namespace conformance {

// Where a virtual function stands in the table. In the Itanium C++ ABI a pointer to one holds the
// offset, on x86-64 plus 1.
template <class MemberPointer>
std::size_t slot_of(MemberPointer pointer) {
  std::size_t word;
  static_assert(sizeof(pointer) >= sizeof(word));
  std::memcpy(&word, &pointer, sizeof(word));
  return word / sizeof(void*);
}

struct Slice {
  // apiv::VExecutionContext
  std::size_t set_profiler, get_profiler, get_name, execute_v2, set_enqueue_emits_profile,
      get_enqueue_emits_profile, report_to_profiler, get_tensor_address, enqueue_v3,
      get_persistent_cache_limit;
  // IExecutionContext: where the pointer to that one lies
  std::size_t implementation;
  // IProfiler; the last three are 0 where it is not versioned
  std::size_t report_layer_time, get_api_language, get_interface_info, interface_info_bytes;
  std::size_t cpp;  // the value of APILanguage for C++
  char const *context_type, *profiler_type;
};

// Of layout 10 or 11.
Slice our_slice(int layout);

}  // namespace conformance
