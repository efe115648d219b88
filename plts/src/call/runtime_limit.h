// RuntimeLimit: plts.max_runtime_ms.
#pragma once

#include "pg/error.h"

namespace plts {

// Limits the time of the outermost call or compilation. Costs nothing while the setting
// is 0. The limit arrives as a cancel does, so whatever serves cancels serves it.
class RuntimeLimit {
 public:
  RuntimeLimit();
  ~RuntimeLimit();
  RuntimeLimit(const RuntimeLimit&) = delete;
  RuntimeLimit& operator=(const RuntimeLimit&) = delete;

  // Makes a cancel that this limit caused say so, and tells timeouts from cancels. A
  // cancel of PostgreSQL's that comes at the same time is what it was.
  void Explain(Error* error) const;

 private:
  bool armed_ = false;
};

// Runs `work` within the limit.
template <class Work>
auto WithinRuntimeLimit(Work&& work) -> decltype(work()) {
  const RuntimeLimit limit;
  try {
    return work();
  } catch (Error& error) {
    limit.Explain(&error);
    throw;
  }
}

}  // namespace plts
