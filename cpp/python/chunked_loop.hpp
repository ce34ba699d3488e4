// Runs a native loop in chunks without the GIL; between chunks it checks for Ctrl-C and reports.
#pragma once

#include <pybind11/pybind11.h>

#include <chrono>
#include <cstddef>

#include "cuda/iteration_timer.hpp"

namespace trtcore {

namespace py = pybind11;

// Ctrl-C and progress bars respond within 50 ms, which feels immediate; taking the GIL costs
// microseconds, so 20 times a second it is lost in the times.
constexpr std::chrono::milliseconds kChunk{50};

struct Progress {
  std::size_t done = 0;
  bool interrupted = false;
};

// Whether Ctrl-C was pressed; any other exception of a signal handler is passed on.
inline bool take_interrupt() {
  if (PyErr_CheckSignals() == 0) return false;
  if (PyErr_ExceptionMatches(PyExc_KeyboardInterrupt) == 0) throw py::error_already_set();
  PyErr_Clear();
  return true;
}

inline bool interrupted_in(py::object const& report, std::size_t done) {
  try {
    if (!report.is_none()) report(done);
    return false;
  } catch (py::error_already_set& error) {
    if (!error.matches(PyExc_KeyboardInterrupt)) throw;
    return true;
  }
}

// `chunk(done, deadline)` does one iteration at least and returns the new number done; no progress
// means that it stopped early, in this chunk or at the end of the one before. `report` is called
// with that number after each chunk, unless it is None.
template <class Chunk>
Progress run_in_chunks(std::size_t count, py::object const& report, Chunk chunk) {
  Progress progress;
  while (progress.done < count && !progress.interrupted) {
    std::size_t const before = progress.done;
    {
      py::gil_scoped_release const release;
      progress.done = chunk(before, Clock::now() + kChunk);
    }
    if (progress.done == before) break;
    progress.interrupted = take_interrupt() || interrupted_in(report, progress.done);
  }
  return progress;
}

}  // namespace trtcore
