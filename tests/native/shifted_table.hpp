// A context whose virtual table is that of a release which put one method in, or took one out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace fake {

class ShiftedTable {
 public:
  // `methods` is how many the table has; `slot` is where one is put in, or the one taken out.
  ShiftedTable(void* object, std::size_t methods, std::size_t slot, bool inserts)
      : object_(object), original_(*table_of(object)) {
    // The offset to the top and the type information stand before the methods.
    table_.assign(original_ - kBefore, original_);
    for (std::size_t i = 0; i < methods; ++i) {
      if (i == slot && !inserts) continue;
      if (i == slot) table_.push_back(reinterpret_cast<void const*>(&added));
      table_.push_back(original_[i]);
    }
    *table_of(object) = table_.data() + kBefore;
  }
  // The destructors are called through the object's own table.
  ~ShiftedTable() { *table_of(object_) = original_; }
  ShiftedTable(ShiftedTable const&) = delete;
  ShiftedTable& operator=(ShiftedTable const&) = delete;

 private:
  using Table = void const* const*;
  static constexpr std::ptrdiff_t kBefore = 2;

  static std::uint64_t added(void*, void*) noexcept { return 0; }
  static Table* table_of(void* object) { return static_cast<Table*>(object); }

  void* object_;
  Table original_;
  std::vector<void const*> table_;
};

}  // namespace fake
