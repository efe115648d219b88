// CallSite: finding the body that a call runs.

#include "call/call_site.h"

#include "pg/guard.h"

namespace plts {
namespace {

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
    site->statement = GetCurrentStatementStartTimestamp();
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
  if (changed && site->statement != GetCurrentStatementStartTimestamp()) {
    FunctionBody* body = AcquireFunction(function->fn_oid);
    ReleaseFunction(site->body);
    site->body = body;
    site->statement = GetCurrentStatementStartTimestamp();
  }
  return *site;
}

}  // namespace plts
