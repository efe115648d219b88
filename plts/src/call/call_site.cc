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

void pg_release_site(void* site) {
  ReleaseFunction(static_cast<CallSite*>(site)->body);
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
  const bool changed =
      !site->body->current || site->body->type_generation != TypeGeneration();
  if (changed && site->statement != StatementStart()) {
    FunctionBody* body = AcquireFunction(function);
    ReleaseFunction(site->body);
    site->body = body;
    site->row = nullptr;
    site->statement = StatementStart();
  }
  return *site;
}

const Converter& ResultOf(CallSite& site, FunctionCallInfo fcinfo) {
  if (site.body->result != nullptr) return *site.body->result;
  if (site.row == nullptr) {
    Guard([&] {
      Oid type;
      TupleDesc row = nullptr;
      get_call_result_type(fcinfo, &type, &row);
      site.row = row != nullptr ? pg_row_converter(row, fcinfo->flinfo->fn_mcxt)
                                : pg_converter(RECORDOID);
    });
  }
  return *site.row;
}

}  // namespace plts
