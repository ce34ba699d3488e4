// NVIDIA's CUPTI, opened at run time: the extension neither links nor needs it.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "abi/cupti_abi.hpp"

namespace trtcore::cupti {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The first of the candidates (paths, or names for the loader) that opens; nothing in it is called.
// One that the process has loaded already comes before all of them, because two copies of CUPTI in
// one process conflict. Throws an Error if there is none.
std::string find(std::vector<std::string> const& candidates);

// The functions of CUPTI that are used.
struct Calls {
  // Throws an Error if one of them is not in the library.
  Calls(void* handle, std::string const& path);

  GetVersion get_version;
  GetResultString result_string;
  GetTimestamp timestamp;
  Subscribe subscribe;
  Unsubscribe unsubscribe;
  RegisterCallbacks register_callbacks;
  EnableActivity enable;
  DisableActivity disable;
  FlushAll flush_all;
  NextRecord next_record;
  CountDropped count_dropped;
};

// An open libcupti of a known version. Opened once and never closed: CUPTI keeps threads of its
// own until the process ends.
class Library {
 public:
  // Opens what find() finds, and asks for its version, which makes CUPTI set itself up.
  static Library const& open(std::vector<std::string> const& candidates);

  Library(Library const&) = delete;
  Library& operator=(Library const&) = delete;

  Calls const& calls() const noexcept { return calls_; }
  std::string const& path() const noexcept { return path_; }
  std::uint32_t version() const noexcept { return version_; }
  // Throws an Error that says what `call` ran into and what can be done about it.
  void check(Result result, char const* call) const;

 private:
  Library(void* handle, std::string path);

  std::string path_;
  Calls calls_;
  std::uint32_t version_ = 0;
};

}  // namespace trtcore::cupti
