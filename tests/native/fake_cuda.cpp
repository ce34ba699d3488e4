// A libcuda.so.1 without a GPU. One stream runs what it was given in order, as soon as it can: a
// wait holds back what comes after it until its word is reached, work does so for as long as it
// takes, an event takes the time at which the stream gets to it. All calls come from one thread.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <thread>

namespace {

using Clock = std::chrono::steady_clock;
using Word = std::atomic<std::uint32_t>;
constexpr int kFailure = 700;
constexpr int kNotReady = 600;
constexpr int kCaptureUnsupported = 900;

struct Event {
  Clock::time_point reached;
  bool is_reached = false;
};

// A wait if there is a word, an event's mark if there is an event, work otherwise.
struct Step {
  Word* word;
  std::uint32_t value;
  Event* event;
  Clock::duration lasts{};
};

struct State {
  std::deque<Step> queue;
  std::string failing;
  int succeed_before = 0;
  long runs = 0;
  long synchronize_at = -1;
  Clock::duration work{};           // what a run gives to the stream
  Clock::time_point front_since{};  // when the stream got to what is at its front now
  std::string log;
  bool is_capturing = false;
  bool is_capture_broken = false;
  int alive = 0;  // events, words, graphs and executables
  int freed_in_use = 0;
} state;

int answer(char const* call) {
  if (state.failing != call && state.failing != "*") return 0;
  return state.succeed_before-- > 0 ? 0 : kFailure;
}

bool is_past(Step const& step) {
  if (step.word == nullptr) return Clock::now() - state.front_since >= step.lasts;
  return static_cast<std::int32_t>(step.word->load() - step.value) >= 0;
}

// Work ends when its time is over, even where no call looked; a word is reached when one looks.
void advance() {
  while (!state.queue.empty() && is_past(state.queue.front())) {
    Step const& step = state.queue.front();
    state.front_since = step.word == nullptr ? state.front_since + step.lasts : Clock::now();
    if (step.event != nullptr) *step.event = {state.front_since, true};
    state.queue.pop_front();
  }
}

int push(Step const& step) {
  if (state.queue.empty()) state.front_since = Clock::now();
  state.queue.push_back(step);
  advance();
  return 0;
}

void drain() {
  for (advance(); !state.queue.empty(); advance()) std::this_thread::yield();
}

// Waits until the stream has got to the event, or to the end of what it was given.
void reach(Event const& event) {
  for (advance(); !event.is_reached && !state.queue.empty(); advance()) std::this_thread::yield();
}

void note(char letter) { state.log += letter; }

template <class Thing>
int make(char const* call, void** place) {
  if (int const failure = answer(call)) return failure;
  *place = new Thing();
  ++state.alive;
  return 0;
}

template <class Thing>
int destroy(void* thing) {
  delete static_cast<Thing*>(thing);
  --state.alive;
  return 0;
}

struct Graph {};
struct Executable {};

}  // namespace

#pragma GCC visibility push(default)
extern "C" {
// The call, or every call for "*", fails from now on, after so many succeeded.
void fake_cuda_fail(char const* call, int succeed_before) {
  state.failing = call;
  state.succeed_before = succeed_before;
}
// What a context's run can do: count itself, give the stream work, and wait for the stream in one
// of the runs.
void fake_cuda_run() {
  note('R');
  if (state.work.count() > 0) push({nullptr, 0, nullptr, state.work});
  if (state.runs++ != state.synchronize_at) return;
  if (state.is_capturing) {
    state.is_capture_broken = true;
  } else {
    drain();
  }
}
void fake_cuda_synchronize_at(long run) {
  state.runs = 0;
  state.synchronize_at = run;
}
void fake_cuda_work(long us) { state.work = std::chrono::microseconds(us); }
// The calls since the last time, a letter each: H holds the stream, E records an event, R runs,
// W waits for an event, T takes the time between two, S waits for the stream.
void fake_cuda_take_log(char* text, std::size_t size) {
  text[state.log.copy(text, size - 1)] = '\0';
  state.log.clear();
}
bool fake_cuda_is_held() {
  advance();
  return !state.queue.empty();
}
int fake_cuda_alive() { return state.alive; }
int fake_cuda_freed_in_use() { return state.freed_in_use; }

int cuEventCreate(void** event, unsigned) { return make<Event>("cuEventCreate", event); }
int cuEventDestroy_v2(void* event) {
  advance();
  state.freed_in_use += std::any_of(state.queue.begin(), state.queue.end(),
                                    [&](Step const& step) { return step.event == event; });
  return destroy<Event>(event);
}
int cuEventSynchronize(void* event) {
  note('W');
  reach(*static_cast<Event*>(event));
  return answer("cuEventSynchronize");
}
int cuEventRecord(void* event, void*) {
  note('E');
  if (int const failure = answer("cuEventRecord")) return failure;
  static_cast<Event*>(event)->is_reached = false;
  return push({nullptr, 0, static_cast<Event*>(event)});
}
int cuEventElapsedTime(float* ms, void* start, void* end) {
  note('T');
  auto const &first = *static_cast<Event*>(start), &last = *static_cast<Event*>(end);
  if (!first.is_reached || !last.is_reached) return kNotReady;
  *ms = std::chrono::duration<float, std::milli>(last.reached - first.reached).count();
  return answer("cuEventElapsedTime");
}
int cuStreamSynchronize(void*) {
  note('S');
  drain();
  return answer("cuStreamSynchronize");
}
int cuMemHostAlloc(void** memory, std::size_t, unsigned) {
  return make<Word>("cuMemHostAlloc", memory);
}
int cuMemFreeHost(void* memory) {
  advance();
  state.freed_in_use += std::any_of(state.queue.begin(), state.queue.end(),
                                    [&](Step const& step) { return step.word == memory; });
  return destroy<Word>(memory);
}
int cuMemHostGetDevicePointer_v2(unsigned long long* address, void* memory, unsigned) {
  *address = reinterpret_cast<std::uintptr_t>(memory);
  return answer("cuMemHostGetDevicePointer");
}
int cuStreamWaitValue32_v2(void*, unsigned long long address, std::uint32_t value, unsigned) {
  note('H');
  if (int const failure = answer("cuStreamWaitValue32")) return failure;
  return push({reinterpret_cast<Word*>(address), value, nullptr});
}
int cuStreamBeginCapture_v2(void*, int) {
  state.is_capturing = true;
  state.is_capture_broken = false;
  return answer("cuStreamBeginCapture");
}
int cuStreamEndCapture(void*, void** graph) {
  state.is_capturing = false;
  if (state.is_capture_broken) return kCaptureUnsupported;
  return make<Graph>("cuStreamEndCapture", graph);
}
int cuGraphInstantiateWithFlags(void** executable, void*, unsigned long long) {
  return make<Executable>("cuGraphInstantiate", executable);
}
int cuGraphLaunch(void*, void*) { return answer("cuGraphLaunch"); }
int cuGraphDestroy(void* graph) { return destroy<Graph>(graph); }
int cuGraphExecDestroy(void* executable) { return destroy<Executable>(executable); }
int cuGetErrorString(int status, char const** text) {
  *text = status == kCaptureUnsupported ? "not permitted in a capture" : "made up";
  return 0;
}
}
#pragma GCC visibility pop
