// Snapshot: a startup snapshot of V8 that lies beside the library.
#pragma once

#include "js/v8.h"
#include "pg/error.h"

namespace plts {

// Maps the file into memory, shared between backends, and keeps it for the life of the
// process: V8 reads from it whenever it makes a context.
class Snapshot {
 public:
  // `name` as in "realm.snapshot". Throws Error where the file cannot be read, or was
  // made by another V8 than the one that is loaded.
  explicit Snapshot(const char* name);

  v8::StartupData* data() const noexcept { return &data_; }

 private:
  mutable v8::StartupData data_;
};

// The folder that this library was loaded from.
const std::string& LibraryDirectory();

}  // namespace plts
