// Stands in for TensorRT's library on a machine where it cannot start: the bindings import over it,
// and every factory logs what TensorRT logs there and gives a null pointer.

namespace {

// ILogger as TensorRT 11 and TensorRT-RTX have it: two methods of its interface and two destructors
// come first.
constexpr int kLog = 4;
enum Severity : int { kError = 1, kWarning = 2 };

void say(void* logger, Severity severity, char const* text) {
  auto** methods = *static_cast<void***>(logger);
  reinterpret_cast<void (*)(void*, int, char const*)>(methods[kLog])(logger, severity, text);
}

void* refuse(void* logger) {
  say(logger, kWarning,
      "Unable to determine GPU memory usage: CUDA driver version is insufficient for CUDA runtime "
      "version (CUDA error 35)");
  say(logger, kError, "createInfer: Error Code 6: API Usage Error (CUDA initialization failed)");
  return nullptr;
}

}  // namespace

extern "C" {
void* createInferBuilder_INTERNAL(void* logger, int) { return refuse(logger); }
void* createInferRuntime_INTERNAL(void* logger, int) { return refuse(logger); }
void* createInferRefitter_INTERNAL(void*, void*, int) { return nullptr; }
void* createNvOnnxParser_INTERNAL(void*, void*, int) { return nullptr; }
void* createNvOnnxParserRefitter_INTERNAL(void*, void*, int) { return nullptr; }
void* getPluginRegistry() { return nullptr; }
void* getBuilderPluginRegistry(int) { return nullptr; }
int getNvOnnxParserVersion() { return 0; }
bool initLibNvInferPlugins(void*, char const*) { return true; }
}
