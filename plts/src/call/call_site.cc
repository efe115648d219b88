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
  FunctionBody* body = AcquireFunction(function->fn_oid);
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
    FunctionBody* body = AcquireFunction(function->fn_oid);
    ReleaseFunction(site->body);
    site->body = body;
    site->statement = StatementStart();
  }
  return *site;
}

}  // namespace plts
