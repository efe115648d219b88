// Error: the one C++ exception of this extension, a PostgreSQL error that is on its way
// to the client or to a JavaScript catch.
#pragma once

#include "pg/pg.h"

namespace plts {

// Where an error arose, for the metrics; never told from its text.
enum class Origin : int {
  kPostgres,
  kJavaScript,
  kMemory,
  kTimeout,
  kCancel,
  kDiagnostics,
  kOther
};

// Owns an ErrorData in a memory context that lives as long as the backend, so that no
// rollback of a (sub)transaction can take it away. Thrown by value, caught by
// reference. Never crosses a V8 frame: V8's callbacks turn it into a JavaScript
// exception.
class Error {
 public:
  // Takes ownership of `data`, which CopyErrorData must have made in ErrorMemory().
  // `complete` says that its context lines were collected when it was raised.
  Error(ErrorData* data, bool complete) noexcept;
  Error(int sqlstate, std::string_view message, std::string_view detail = {},
        std::string_view hint = {});
  Error(Error&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        complete_(other.complete_),
        origin_(other.origin_) {}
  Error& operator=(Error&& other) noexcept;
  Error(const Error&) = delete;
  Error& operator=(const Error&) = delete;
  ~Error();

  int sqlstate() const noexcept { return data_->sqlerrcode; }
  const ErrorData& data() const noexcept { return *data_; }
  ErrorData& data() noexcept { return *data_; }
  bool complete() const noexcept { return complete_; }
  void MarkComplete() noexcept { complete_ = true; }
  Origin origin() const noexcept { return origin_; }
  void SetOrigin(Origin origin) noexcept { origin_ = origin; }

  // Cancel, timeout, termination: errors that no JavaScript may catch.
  bool Uncatchable() const noexcept;

  // Gives a field of data(), one of its texts, another text.
  static void Set(char** field, std::string_view text);

  // Appends a line to the CONTEXT that the client will see.
  void AddContext(std::string_view line);

  // Puts text where the line `before` is, the last but `skip` of those that are alike;
  // without such a line, or with none given, in front of the CONTEXT.
  void InsertContext(std::string_view text, std::string_view before = {}, int skip = 0);

  // A copy of the data in CurrentMemoryContext, for the rethrow after which no
  // destructor runs. May ereport.
  ErrorData* pg_copy() const;

 private:
  ErrorData* data_;
  bool complete_;
  Origin origin_ = Origin::kOther;
};

// Where the ErrorData of errors in flight live.
MemoryContext ErrorMemory();

// A string in ErrorMemory().
char* ErrorString(std::string_view text);

}  // namespace plts
