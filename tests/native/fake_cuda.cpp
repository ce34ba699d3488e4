// A libcuda.so.1 without a GPU. One stream, whatever its handle, runs what it was given in order,
// as soon as it can: a wait holds back what comes after it until its word is reached, work does so
// for as long as it takes, an event takes the time at which the stream gets to it. A second stream
// is for work that a run forks and joins. All calls come from one thread.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <thread>

namespace {

using Clock = std::chrono::steady_clock;
using Word = std::atomic<std::uint32_t>;
constexpr int kFailure = 700;
constexpr int kNotReady = 600;
constexpr int kCaptureUnsupported = 900;

// What a stream gets to when an event was recorded on it. Recorded again, the event has another
// one.
struct Mark {
  Clock::time_point reached;
  bool is_reached = false;
};

struct Event {
  std::shared_ptr<Mark> mark;
};

// A wait for a word or for the mark of another stream, a mark to set, or work.
struct Step {
  Word* word = nullptr;
  std::uint32_t value = 0;
  std::shared_ptr<Mark> awaited;
  std::shared_ptr<Mark> mark;
  Clock::duration lasts{};
};

struct Stream {
  std::deque<Step> queue;
  Clock::time_point front_since{};  // when it got to what is at its front now
};

struct State {
  Stream main, forked;
  std::string failing;
  int succeed_before = 0;
  long runs = 0;
  long synchronize_at = -1;
  Clock::duration work{}, forked_work{};  // what a run gives to either stream
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

bool is_past(Stream const& stream) {
  Step const& step = stream.queue.front();
  if (step.word != nullptr) return static_cast<std::int32_t>(step.word->load() - step.value) >= 0;
  if (step.awaited != nullptr) return step.awaited->is_reached;
  return Clock::now() - stream.front_since >= step.lasts;
}

// When a step was over: of work and marks exactly, even where no call looked at that time.
Clock::time_point end_of(Step const& step, Clock::time_point since) {
  if (step.word != nullptr) return Clock::now();
  if (step.awaited != nullptr) return std::max(since, step.awaited->reached);
  return since + step.lasts;
}

bool advance(Stream& stream) {
  bool has_moved = false;
  for (; !stream.queue.empty() && is_past(stream); has_moved = true) {
    Step const& step = stream.queue.front();
    stream.front_since = end_of(step, stream.front_since);
    if (step.mark != nullptr) *step.mark = {stream.front_since, true};
    stream.queue.pop_front();
  }
  return has_moved;
}

void advance() {
  while (advance(state.main) || advance(state.forked)) continue;
}

void push(Stream& stream, Step const& step) {
  if (stream.queue.empty()) stream.front_since = Clock::now();
  stream.queue.push_back(step);
  advance();
}

std::shared_ptr<Mark> push_mark(Stream& stream) {
  auto const mark = std::make_shared<Mark>();
  push(stream, {nullptr, 0, nullptr, mark});
  return mark;
}

void push_wait(Stream& stream, std::shared_ptr<Mark> const& mark) {
  push(stream, {nullptr, 0, mark, nullptr});
}

void push_work(Stream& stream, Clock::duration lasts) {
  if (lasts.count() > 0) push(stream, {nullptr, 0, nullptr, nullptr, lasts});
}

void run_work() {
  bool const forks = state.forked_work.count() > 0;
  if (forks) push_wait(state.forked, push_mark(state.main));
  push_work(state.forked, state.forked_work);
  push_work(state.main, state.work);
  if (forks) push_wait(state.main, push_mark(state.forked));
}

void drain() {
  for (advance(); !state.main.queue.empty(); advance()) std::this_thread::yield();
}

// Waits until the stream has got to the event, or to the end of what it was given.
void reach(Event const& event) {
  auto const is_waiting = [&] { return event.mark != nullptr && !event.mark->is_reached; };
  for (advance(); is_waiting() && !state.main.queue.empty(); advance()) std::this_thread::yield();
}

template <class Test>
bool any_step(Test test) {
  advance();
  return std::any_of(state.main.queue.begin(), state.main.queue.end(), test);
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
// What a context's run can do: count itself, give the streams work, and wait for them in one of the
// runs.
void fake_cuda_run() {
  note('R');
  run_work();
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
void fake_cuda_work(long us, long forked_us) {
  state.work = std::chrono::microseconds(us);
  state.forked_work = std::chrono::microseconds(forked_us);
}
// The calls since the last time, a letter each: H holds the stream, E records an event, R runs,
// W waits for an event, T takes the time between two, S waits for the stream.
void fake_cuda_take_log(char* text, std::size_t size) {
  text[state.log.copy(text, size - 1)] = '\0';
  state.log.clear();
}
bool fake_cuda_is_held() {
  return any_step([](Step const&) { return true; });
}
int fake_cuda_alive() { return state.alive; }
int fake_cuda_freed_in_use() { return state.freed_in_use; }

int cuEventCreate(void** event, unsigned) { return make<Event>("cuEventCreate", event); }
int cuEventDestroy_v2(void* event) {
  auto const& mark = static_cast<Event*>(event)->mark;
  state.freed_in_use += any_step([&](Step const& step) { return mark && step.mark == mark; });
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
  static_cast<Event*>(event)->mark = push_mark(state.main);
  return 0;
}
int cuEventElapsedTime(float* ms, void* start, void* end) {
  note('T');
  auto const &first = static_cast<Event*>(start)->mark, &last = static_cast<Event*>(end)->mark;
  if (!first || !last || !first->is_reached || !last->is_reached) return kNotReady;
  *ms = std::chrono::duration<float, std::milli>(last->reached - first->reached).count();
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
  state.freed_in_use += any_step([&](Step const& step) { return step.word == memory; });
  return destroy<Word>(memory);
}
int cuMemHostGetDevicePointer_v2(unsigned long long* address, void* memory, unsigned) {
  *address = reinterpret_cast<std::uintptr_t>(memory);
  return answer("cuMemHostGetDevicePointer");
}
int cuStreamWaitValue32_v2(void*, unsigned long long address, std::uint32_t value, unsigned) {
  note('H');
  if (int const failure = answer("cuStreamWaitValue32")) return failure;
  push(state.main, {reinterpret_cast<Word*>(address), value, nullptr, nullptr});
  return 0;
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
