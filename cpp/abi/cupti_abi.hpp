// The slice of CUPTI's C interface that kernel times need. The only file that knows the layout of
// its records; tests/native/test_cupti_headers.py compares it with NVIDIA's own header.
#pragma once

#include <cstddef>
#include <cstdint>

namespace trtcore::cupti {

using Result = int;
using Subscriber = void*;

constexpr Result kSuccess = 0;             // CUPTI_SUCCESS
constexpr Result kMaxLimitReached = 12;    // CUPTI_ERROR_MAX_LIMIT_REACHED
constexpr int kMemset = 2;                 // CUPTI_ACTIVITY_KIND_MEMSET
constexpr int kConcurrentKernel = 10;      // CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL
constexpr std::uint32_t kFlushForced = 1;  // CUPTI_ACTIVITY_FLAG_FLUSH_FORCED

// The head of CUpti_ActivityKernel4 (CUDA 9.0) to CUpti_ActivityKernel13 (CUDA 13.5), each of which
// only appends to the one before.
struct KernelRecord {
  std::uint32_t kind;
  unsigned char configuration[12];
  std::uint64_t start_ns;
  std::uint64_t end_ns;
  unsigned char completion[16];
  std::uint32_t stream;
  unsigned char launch_configuration[40];
  std::uint32_t correlation;
  unsigned char grid[8];
  char const* name;
};

static_assert(offsetof(KernelRecord, kind) == 0);
static_assert(offsetof(KernelRecord, start_ns) == 16);
static_assert(offsetof(KernelRecord, end_ns) == 24);
static_assert(offsetof(KernelRecord, stream) == 48);
static_assert(offsetof(KernelRecord, correlation) == 92);
static_assert(offsetof(KernelRecord, name) == 104);

// The head of CUpti_ActivityMemset (CUDA 4.0) to CUpti_ActivityMemset5 (CUDA 13.5).
struct MemsetRecord {
  std::uint32_t kind;
  unsigned char fill[12];
  std::uint64_t start_ns;
  std::uint64_t end_ns;
  unsigned char place[8];
  std::uint32_t stream;
  std::uint32_t correlation;
};

static_assert(offsetof(MemsetRecord, kind) == offsetof(KernelRecord, kind));
static_assert(offsetof(MemsetRecord, start_ns) == 16);
static_assert(offsetof(MemsetRecord, end_ns) == 24);
static_assert(offsetof(MemsetRecord, stream) == 40);
static_assert(offsetof(MemsetRecord, correlation) == 44);

// Versions as cuptiGetVersion returns them: 18 to 28 came with CUDA 12.0 to 12.9, xxyyzz with CUDA
// xx.yy from 13.0 on.
constexpr bool is_known_version(std::uint32_t version) noexcept {
  return (version >= 18 && version <= 28) || (version >= 130000 && version < 130600);
}

using Callback = void (*)(void* user_data, int domain, std::uint32_t id, void const* data);
using RequestBuffer = void (*)(std::uint8_t** buffer, std::size_t* size, std::size_t* most_records);
using CompleteBuffer = void (*)(void* context, std::uint32_t stream, std::uint8_t* buffer,
                                std::size_t size, std::size_t valid_size);

using GetVersion = Result (*)(std::uint32_t* version);
using GetResultString = Result (*)(Result result, char const** text);
using GetTimestamp = Result (*)(std::uint64_t* ns);
using Subscribe = Result (*)(Subscriber* subscriber, Callback callback, void* user_data);
using Unsubscribe = Result (*)(Subscriber subscriber);
using RegisterCallbacks = Result (*)(RequestBuffer request, CompleteBuffer complete);
using EnableActivity = Result (*)(int kind);
using DisableActivity = Result (*)(int kind);
using FlushAll = Result (*)(std::uint32_t flag);
using NextRecord = Result (*)(std::uint8_t* buffer, std::size_t valid_size, void** record);
using CountDropped = Result (*)(void* context, std::uint32_t stream, std::size_t* dropped);

}  // namespace trtcore::cupti
