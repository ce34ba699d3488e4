// A libcupti without a GPU: it records a script of kernels each time that fake_cupti_run() is
// called while kernels are enabled. Buffers come back as CUPTI's do: when they are full or flushed,
// and on another thread.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "abi/cupti_abi.hpp"

using namespace trtcore::cupti;

namespace {

constexpr std::size_t kRecordBytes = 216;  // CUpti_ActivityKernel10, of CUDA 13.0
constexpr int kOtherKind = 1;
constexpr char const* kMemsetStep = "memset";  // a step of this name is no kernel
constexpr Result kInvalidKind = 21;
constexpr Result kManySubscribers = 39;

struct Step {
  std::string name;
  std::uint64_t gap_ns;
  std::uint64_t length_ns;
  std::uint32_t stream;
};

struct State {
  std::uint32_t version = 130001;
  std::string failing;
  Result failure = kSuccess;
  std::vector<Step> script;
  bool numbers_launches = true;
  std::size_t skip_record = 0;  // every so many'th record is lost, or has no times, if not 0
  std::size_t untimed_record = 0;
  bool holds_buffers = false;  // until the flush
  bool keeps_one = false;      // of each trace, for good

  RequestBuffer request = nullptr;
  CompleteBuffer complete = nullptr;
  bool is_subscribed = false;
  bool is_enabled = false;
  bool records_memsets = false;
  struct Buffer {
    std::uint8_t* memory = nullptr;
    std::size_t size = 0;
    std::size_t used = 0;
  };
  Buffer buffer;
  std::vector<Buffer> held;
  std::size_t dropped = 0;
  std::size_t records = 0;
  std::uint32_t launches = 0;
  std::atomic<int> completed{0};
} state;

Result answer(char const* call) { return state.failing == call ? state.failure : kSuccess; }

std::uint64_t now_ns() {
  auto const now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::nanoseconds(now).count());
}

void return_buffer(State::Buffer buffer) {
  if (buffer.memory == nullptr) return;
  std::thread([buffer] {
    ++state.completed;
    state.complete(nullptr, 0, buffer.memory, buffer.size, buffer.used);
  }).join();
}

void finish_buffer() {
  if (state.holds_buffers) {
    state.held.push_back(state.buffer);
  } else {
    return_buffer(state.buffer);
  }
  state.buffer = {};
}

void flush() {
  for (auto const& buffer : state.held) return_buffer(buffer);
  state.held.clear();
  return_buffer(state.buffer);
  state.buffer = {};
}

std::uint8_t* next_place() {
  State::Buffer& buffer = state.buffer;
  if (buffer.memory != nullptr && buffer.used + kRecordBytes > buffer.size) finish_buffer();
  if (buffer.memory == nullptr) {
    std::size_t most_records = 99;
    state.request(&buffer.memory, &buffer.size, &most_records);
    if (buffer.memory == nullptr) return nullptr;
    std::memset(buffer.memory, 0xee, buffer.size);
  }
  std::uint8_t* const place = buffer.memory + buffer.used;
  buffer.used += kRecordBytes;
  return place;
}

template <class Record>
void fill(Record& place, int kind, Step const& step, std::uint64_t start_ns) {
  bool const is_untimed = state.untimed_record != 0 && state.records % state.untimed_record == 0;
  place.kind = static_cast<std::uint32_t>(kind);
  place.start_ns = is_untimed ? 0 : start_ns;
  place.end_ns = is_untimed ? 0 : start_ns + step.length_ns;
  place.stream = step.stream;
  place.correlation = state.numbers_launches ? state.launches : 0;
}

bool is_recorded(Step const& step) {
  return step.name == kMemsetStep ? state.records_memsets : state.is_enabled;
}

void record(Step const& step, std::uint64_t start_ns) {
  ++state.records;
  ++state.launches;
  if (state.skip_record != 0 && state.records % state.skip_record == 0) return;
  std::uint8_t* const place = next_place();
  if (place == nullptr) {
    ++state.dropped;
    return;
  }
  if (step.name == kMemsetStep) {
    fill(*reinterpret_cast<MemsetRecord*>(place), kMemset, step, start_ns);
  } else {
    auto& kernel = *reinterpret_cast<KernelRecord*>(place);
    fill(kernel, kConcurrentKernel, step, start_ns);
    kernel.name = step.name.c_str();
  }
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {
void fake_cupti_reset(std::uint32_t version) {
  flush();
  state.version = version;
  state.failing.clear();
  state.script.clear();
  state.numbers_launches = true;
  state.skip_record = state.untimed_record = state.records = 0;
  state.is_subscribed = state.is_enabled = state.records_memsets = state.holds_buffers = false;
  state.keeps_one = false;
}
void fake_cupti_fail(char const* call, Result failure) {
  state.failing = call;
  state.failure = failure;
}
void fake_cupti_add(char const* name, std::uint64_t gap_ns, std::uint64_t length_ns,
                    std::uint32_t stream) {
  state.script.push_back({name, gap_ns, length_ns, stream});
}
void fake_cupti_number_launches(bool numbers) { state.numbers_launches = numbers; }
void fake_cupti_skip(std::size_t every) { state.skip_record = every; }
void fake_cupti_untime(std::size_t every) { state.untimed_record = every; }
void fake_cupti_hold() { state.holds_buffers = true; }
void fake_cupti_keep_one() { state.keeps_one = true; }
int fake_cupti_completed() { return state.completed; }
bool fake_cupti_is_subscribed() { return state.is_subscribed; }
bool fake_cupti_is_enabled() { return state.is_enabled || state.records_memsets; }
// As if another tool's buffer came back.
void fake_cupti_complete_foreign() {
  static std::uint64_t foreign[64] = {};
  state.complete(nullptr, 0, reinterpret_cast<std::uint8_t*>(foreign), sizeof foreign, 0);
}

void fake_cupti_run();
void fake_cupti_run_many(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) fake_cupti_run();
}

// One iteration: takes as long as its kernels do.
void fake_cupti_run() {
  std::uint64_t end_ns = now_ns();
  for (auto const& step : state.script) {
    std::uint64_t const start_ns = end_ns + step.gap_ns;
    end_ns = start_ns + step.length_ns;
    if (is_recorded(step)) record(step, start_ns);
  }
  while (now_ns() <= end_ns) {
  }
}

Result cuptiGetVersion(std::uint32_t* version) {
  *version = state.version;
  return answer("cuptiGetVersion");
}
Result cuptiGetResultString(Result result, char const** text) {
  *text = result == kManySubscribers ? "CUPTI_ERROR_MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED"
                                     : "CUPTI_ERROR_OF_THE_FAKE";
  return kSuccess;
}
Result cuptiGetTimestamp(std::uint64_t* ns) {
  *ns = now_ns();
  return kSuccess;
}
Result cuptiSubscribe(Subscriber* subscriber, Callback, void*) {
  if (state.is_subscribed) return kManySubscribers;
  Result const result = answer("cuptiSubscribe");
  state.is_subscribed = result == kSuccess;
  *subscriber = state.is_subscribed ? &state : nullptr;
  return result;
}
Result cuptiUnsubscribe(Subscriber) {
  state.is_subscribed = false;
  return kSuccess;
}
Result cuptiActivityRegisterCallbacks(RequestBuffer request, CompleteBuffer complete) {
  state.request = request;
  state.complete = complete;
  return answer("cuptiActivityRegisterCallbacks");
}
Result cuptiActivityEnable(int kind) {
  if (kind != kConcurrentKernel && kind != kMemset) return kInvalidKind;
  Result const result = answer("cuptiActivityEnable");
  if (state.keeps_one && kind == kConcurrentKernel) {
    std::uint8_t* memory = nullptr;
    std::size_t size = 0, most_records = 0;
    state.request(&memory, &size, &most_records);
  }
  (kind == kMemset ? state.records_memsets : state.is_enabled) = result == kSuccess;
  return result;
}
Result cuptiActivityDisable(int kind) {
  if (kind != kConcurrentKernel && kind != kMemset) return kInvalidKind;
  (kind == kMemset ? state.records_memsets : state.is_enabled) = false;
  return answer("cuptiActivityDisable");
}
Result cuptiActivityFlushAll(std::uint32_t flag) {
  flush();
  return answer(flag == kFlushForced ? "cuptiActivityFlushAll, forced" : "cuptiActivityFlushAll");
}
Result cuptiActivityGetNextRecord(std::uint8_t* buffer, std::size_t valid_size, void** record) {
  auto* const place = static_cast<std::uint8_t*>(*record);
  auto* const next = place == nullptr ? buffer : place + kRecordBytes;
  if (next + kRecordBytes > buffer + valid_size) return kMaxLimitReached;
  auto const kind = reinterpret_cast<KernelRecord*>(next)->kind;
  if (kind != kConcurrentKernel && kind != kMemset && kind != kOtherKind) return kInvalidKind;
  *record = next;
  return kSuccess;
}
Result cuptiActivityGetNumDroppedRecords(void*, std::uint32_t, std::size_t* dropped) {
  *dropped = state.dropped;
  state.dropped = 0;
  return answer("cuptiActivityGetNumDroppedRecords");
}
}
#pragma GCC visibility pop
