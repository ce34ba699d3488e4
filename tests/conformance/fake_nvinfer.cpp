// A library in place of libnvinfer, its parser and its plugins. Every virtual function of its
// objects notes its slot and then does what fake.py asked of it, so that NVIDIA's own Python
// bindings tell which slot each of their calls was compiled to. Nothing of NVIDIA's is in it.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

namespace {

using Word = std::uint64_t;

// More than any interface of TensorRT 10 or 11 has; fake.py gives the kinds their names.
constexpr std::size_t kSlots = 192;
constexpr std::size_t kKinds = 12;
// Words and texts that setters keep for getters.
constexpr std::size_t kCells = 16;

// In the order of `Action` in fake.py.
enum class Action : int {
  give,         // returns `value`
  make,         // returns a new object of kind `value`, which the caller owns
  keep,         // cell `value` becomes the argument
  keep_flag,    // the same of a bool, of which only the low byte of its register is defined
  keep_second,  // the same of the second argument
  keep_text,    // text `value` becomes the argument
  kept,         // returns cell `value`
  kept_text,    // returns text `value`
  enqueue,      // reports the layers if flag `value` is set, and succeeds
  report,       // reports the layers to the profiler
  refuse,       // logs text `value` as an error, and returns null
};

struct Rule {
  Action action = Action::give;
  Word value = 0;
};

struct Call {
  std::int32_t kind, slot;
  Word first, second;
};

std::array<std::array<Rule, kSlots>, kKinds> rules;
std::array<Word, kCells> cells;
std::array<std::string, kCells> texts;
std::vector<Call> calls;
std::vector<std::string> layers;
std::size_t profiler_cell = 0;
// The first method of an interface that the application implements, such as ILogger's `log`: where
// those are versioned, the destructors and two methods stand before it.
std::size_t callback_slot = 0;

// A profiler is the application's: its table is that of NVIDIA's bindings, or ours.
Word report() {
  auto* const profiler = reinterpret_cast<void*>(cells[profiler_cell]);
  if (profiler == nullptr) return 0;
  using ReportLayerTime = void (*)(void*, char const*, float);
  auto const* const table = *static_cast<void* const* const*>(profiler);
  auto const call = reinterpret_cast<ReportLayerTime>(table[callback_slot]);
  float ms = 0.5F;
  for (auto const& layer : layers) call(profiler, layer.c_str(), ms++);
  return 1;
}

Word make_interface(Word kind);
Word refuse(char const* reason);

Word follow(Rule const& rule, Word first, Word second) {
  auto const text = [](Word word) { return reinterpret_cast<char const*>(word); };
  switch (rule.action) {
    case Action::give:
      return rule.value;
    case Action::make:
      return make_interface(rule.value);
    case Action::keep:
      cells[rule.value] = first;
      return 1;
    case Action::keep_flag:
      cells[rule.value] = first & 0xff;
      return 1;
    case Action::keep_second:
      cells[rule.value] = second;
      return 1;
    case Action::keep_text:
      texts[rule.value] = first != 0 ? text(first) : "";
      return 1;
    case Action::kept:
      return cells[rule.value];
    case Action::kept_text:
      return reinterpret_cast<Word>(texts[rule.value].c_str());
    case Action::enqueue:
      return cells[rule.value] == 0 || report();
    case Action::report:
      return report();
    case Action::refuse:
      return refuse(texts[rule.value].c_str());
  }
  return 0;
}

// By template and not by a member of the object: where a result is returned through memory, the
// first argument is the place of the result.
template <std::size_t Kind, std::size_t Slot>
Word method(void*, Word first, Word second) {
  calls.push_back(
      {static_cast<std::int32_t>(Kind), static_cast<std::int32_t>(Slot), first, second});
  return follow(rules[Kind][Slot], first, second);
}

using Method = Word (*)(void*, Word, Word);

struct WithTypeInfo {
  virtual ~WithTypeInfo() = default;
};

// A virtual table as the Itanium C++ ABI has it: pybind11 asks objects for their type.
struct Table {
  std::ptrdiff_t offset_to_top = 0;
  std::type_info const* type = &typeid(WithTypeInfo);
  std::array<Method, kSlots> methods;
};

template <std::size_t Kind, std::size_t... Slots>
Table make_table(std::index_sequence<Slots...>) {
  Table table;
  table.methods = {&method<Kind, Slots>...};
  return table;
}

template <std::size_t... Kinds>
std::array<Table, sizeof...(Kinds)> make_tables(std::index_sequence<Kinds...>) {
  return {make_table<Kinds>(std::make_index_sequence<kSlots>())...};
}

auto const tables = make_tables(std::make_index_sequence<kKinds>());

// An object that is reached through its own table: what an interface of the application holds, or
// an interface that has no more than its table.
struct Bare {
  Method const* table;
};

// What the bindings hold of most interfaces: a destructor, and the implementation at byte 8.
struct Interface {
  explicit Interface(Bare* bare) : implementation(bare) {}
  virtual ~Interface() = default;
  Bare* implementation;
  // Derived interfaces have pointers of their own to the same implementation.
  std::array<void*, 4> more{};
};

Bare* bare(int kind) { return new Bare{tables[static_cast<std::size_t>(kind)].methods.data()}; }

Word make_interface(Word kind) {
  return reinterpret_cast<Word>(new Interface(bare(static_cast<int>(kind))));
}

void* logger = nullptr;

void log(int severity, char const* message) {
  using Log = void (*)(void*, std::int32_t, char const*);
  auto const* const table = *static_cast<void* const* const*>(logger);
  reinterpret_cast<Log>(table[callback_slot])(logger, severity, message);
}

Word refuse(char const* reason) {
  constexpr int kError = 1;
  log(kError, reason);
  return 0;
}

struct Refusal {
  std::string reason;
  int severity = 0;
};
std::array<Refusal, kKinds> refusals;

// A factory gives an object, or null after it has logged why.
void* make(int kind, void* given_logger) {
  logger = given_logger;
  Refusal const& refusal = refusals[static_cast<std::size_t>(kind)];
  if (refusal.reason.empty()) return new Interface(bare(kind));
  log(refusal.severity, refusal.reason.c_str());
  return nullptr;
}

// Kinds that the library itself makes, as fake.py numbers them.
constexpr int kRuntime = 0, kBuilder = 1, kRegistry = 2, kParser = 3;

}  // namespace

#define EXPORTED extern "C" __attribute__((visibility("default")))

// What the bindings link.
EXPORTED void* createInferRuntime_INTERNAL(void* own, int) { return make(kRuntime, own); }
EXPORTED void* createInferBuilder_INTERNAL(void* own, int) { return make(kBuilder, own); }
EXPORTED void* createInferRefitter_INTERNAL(void*, void*, int) { return nullptr; }
EXPORTED void* getPluginRegistry() { return bare(kRegistry); }
EXPORTED void* getBuilderPluginRegistry(int) { return bare(kRegistry); }
EXPORTED void* createNvOnnxParser_INTERNAL(void*, void*, int) { return bare(kParser); }
EXPORTED void* createNvOnnxParserRefitter_INTERNAL(void*, void*, int) { return nullptr; }
EXPORTED int getNvOnnxParserVersion() { return 0; }
EXPORTED bool initLibNvInferPlugins(void*, char const*) { return true; }

// What fake.py calls.
EXPORTED void fake_rule(int kind, int slot, int action, Word value) {
  rules[static_cast<std::size_t>(kind)][static_cast<std::size_t>(slot)] = {
      static_cast<Action>(action), value};
}
EXPORTED void* fake_interface(int kind) { return new Interface(bare(kind)); }
EXPORTED void fake_text(int cell, char const* text) {
  texts[static_cast<std::size_t>(cell)] = text;
}
EXPORTED void fake_refuse(int kind, int severity, char const* reason) {
  refusals[static_cast<std::size_t>(kind)] = {reason, severity};
}
EXPORTED void fake_layer(char const* name) { layers.emplace_back(name); }
EXPORTED void fake_profiler(std::size_t cell) { profiler_cell = cell; }
EXPORTED void fake_callbacks(std::size_t slot) { callback_slot = slot; }
// Moves the calls since the last time into `room`; returns how many there were.
EXPORTED std::size_t fake_calls(Call* room, std::size_t most) {
  std::size_t count = 0;
  for (auto const& call : calls) {
    if (count < most) room[count++] = call;
  }
  calls.clear();
  return count;
}
