// OwnedMemory: a memory context that belongs to one C++ object.
#pragma once

#include "pg/pg.h"

namespace plts {

// Deletes its context with itself. Movable; empty until it is given one.
class OwnedMemory {
 public:
  OwnedMemory() = default;
  explicit OwnedMemory(MemoryContext memory) : memory_(memory) {}
  OwnedMemory(OwnedMemory&& other) noexcept
      : memory_(std::exchange(other.memory_, nullptr)) {}
  OwnedMemory& operator=(OwnedMemory&& other) noexcept {
    std::swap(memory_, other.memory_);
    return *this;
  }
  ~OwnedMemory() {
    if (memory_ != nullptr) MemoryContextDelete(memory_);
  }
  MemoryContext get() const noexcept { return memory_; }

 private:
  MemoryContext memory_ = nullptr;
};

}  // namespace plts
