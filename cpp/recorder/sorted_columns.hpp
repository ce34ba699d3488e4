// Sorts several columns at once by a sorting network.
#pragma once

#include <algorithm>
#include <cstddef>

namespace trtcore {

// Eight doubles fill a cache line, and two AVX2 registers or one AVX-512 register.
constexpr std::size_t kTileColumns = 8;

// Leaves the smaller of each pair above. The copies tell the compiler that rows do not overlap.
inline void exchange_rows(double* upper, double* lower) noexcept {
  double a[kTileColumns], b[kTileColumns];
  std::copy_n(upper, kTileColumns, a);
  std::copy_n(lower, kTileColumns, b);
  for (std::size_t i = 0; i < kTileColumns; ++i) {
    upper[i] = std::min(a[i], b[i]);
    lower[i] = std::max(a[i], b[i]);
  }
}

// Sorts each column of a (rows, kTileColumns) tile, C order, by Batcher's merge exchange (Knuth
// 5.2.2, algorithm M): which rows are compared does not depend on what they hold.
inline void sort_columns(double* tile, std::size_t rows) noexcept {
  std::size_t top = 1;
  while (2 * top < rows) top *= 2;
  for (std::size_t p = top; p > 0; p /= 2) {
    std::size_t r = 0, d = p;
    for (std::size_t q = top;; d = q - p, q /= 2, r = p) {
      for (std::size_t i = 0; i + d < rows; ++i) {
        if ((i & p) == r) exchange_rows(tile + i * kTileColumns, tile + (i + d) * kTileColumns);
      }
      if (q == p) break;
    }
  }
}

}  // namespace trtcore
