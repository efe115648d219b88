// CallSite: finding the body that a call runs.

#include "call/call_site.h"

#include "pg/guard.h"

namespace plts {
namespace {

// When the statement that runs began. A cursor's query is one statement, however many
// others fetch from it: its portal tells.
TimestampTz StatementStart() noexcept {
  return ActivePortal != nullptr ? ActivePortal->creation_time
                                 : GetCurrentStatementStartTimestamp();
}

void pg_release_site(void* argument) {
  const auto* site = static_cast<CallSite*>(argument);
  ReleaseConverter(site->row);
  ReleaseFunction(site->body);
}

CallSite& NewSite(FmgrInfo* function) {
  FunctionBody* body = AcquireFunction(function);
  try {
    CallSite* site = nullptr;
    Guard([&] {
      site = static_cast<CallSite*>(
          MemoryContextAllocZero(function->fn_mcxt, sizeof(CallSite)));
      site->release.func = pg_release_site;
      site->release.arg = site;
      MemoryContextRegisterResetCallback(function->fn_mcxt, &site->release);
    });
    site->body = body;
    site->statement = StatementStart();
    function->fn_extra = site;
    return *site;
  } catch (...) {
    ReleaseFunction(body);
    throw;
  }
}

}  // namespace

CallSite& SiteOf(FmgrInfo* function) {
  auto* site = static_cast<CallSite*>(function->fn_extra);
  if (site == nullptr) return NewSite(function);
  const bool changed = !IsCurrent(*site->body) || !IsCurrent(site->row);
  if (changed && site->statement != StatementStart()) {
    FunctionBody* body = AcquireFunction(function);
    ReleaseFunction(site->body);
    site->body = body;
    ReleaseConverter(std::exchange(site->row, nullptr));
    site->statement = StatementStart();
  }
  return *site;
}

ConverterRef ResultOf(CallSite& site, FunctionCallInfo fcinfo) {
  if (site.body->result != nullptr) return site.body->result;
  if (site.row == nullptr) {
    Guard([&] {
      Oid type;
      TupleDesc row = nullptr;
      get_call_result_type(fcinfo, &type, &row);
      const Converter* converter =
          row != nullptr ? pg_row_converter(row) : pg_converter(RECORDOID);
      KeepConverter(converter);
      site.row = converter;
    });
  }
  return site.row;
}

}  // namespace plts
