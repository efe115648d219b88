// Prepared: what a realm remembers of the statements that its functions run.
#pragma once

#include "api/plan.h"
#include "api/rows.h"
#include "js/realm.h"

namespace plts {

// One text, by the JavaScript string that it is: a literal is the same string in every
// call, so that neither its bytes nor its plan have to be looked for.
struct Prepared {
  v8::Global<v8::String> text;
  std::string sql;   // in the server's encoding
  size_t bytes = 0;  // of the text in UTF-8
  Plan* plan = nullptr;
  uint64_t dropped = 0;  // PlansDropped() when the plan was found
  Oid role = InvalidOid;
  RowShape shape;  // of the rows that it gave last
};

// A table that forgets: each text has one place, which another may take.
struct PreparedTable {
  static constexpr size_t kSize = 256;
  Prepared places[kSize];
};

// SPI, connected while it is needed; see WithConnection.
class Connection {
 public:
  explicit Connection(const CallFrame& frame) : frame_(frame) {}
  void Open();
  void Close();
  // The same inside of a Guard. May ereport.
  void pg_open();
  const CallFrame& frame() const noexcept { return frame_; }

 private:
  const CallFrame& frame_;
  bool opened_ = false;
};

// Runs `body(connection)` and closes what it has opened. PostgreSQL's error leaves that
// to the subtransaction, or to the transaction where there is none; what JavaScript
// throws leaves nothing behind.
template <class Body>
void WithConnection(const CallFrame& frame, Body&& body) {
  Connection connection(frame);
  try {
    body(connection);
  } catch (const Error&) {
    throw;
  } catch (...) {
    connection.Close();
    throw;
  }
  connection.Close();
}

// The statement of this text, known or new; a new one opens the connection. The place
// is the realm's: its next statement may take it. Throws Error.
Prepared& PreparedFor(Realm& realm, v8::Local<v8::String> text, Connection* connection);

// The parameters of one execution, as SPI wants them.
class Parameters {
 public:
  // Throws Error where there are too many, or not as many as the plan has.
  Parameters(const Plan& plan, v8::Local<v8::Value> given);

  // Runs inside Guard(…, World::kMixed).
  void pg_convert(const Conversion& conversion);
  // The same with a Guard of its own. Throws Error or Thrown.
  void Convert(Realm& realm);
  // Says in the error of pg_convert which parameter it was.
  void NameParameter(Error* error) const;

  Datum* values() noexcept { return values_; }
  const char* nulls() const noexcept { return nulls_; }
  bool converting() const noexcept { return at_ < count_; }

 private:
  static constexpr uint32_t kFew = 16;

  const std::shared_ptr<const std::vector<ConverterRef>> converters_;
  v8::Local<v8::Value> given_;
  uint32_t count_;
  uint32_t at_ = 0;
  Datum* values_ = few_values_;
  char* nulls_ = few_nulls_;  // 'n' or ' '
  Datum few_values_[kFew];
  char few_nulls_[kFew];
};

}  // namespace plts
