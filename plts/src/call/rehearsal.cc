// Rehearsal: what a call does, but for the catalogs, which the postmaster has not.

#include "call/rehearsal.h"

#include "call/invocation.h"
#include "compiler/artifact.h"

namespace plts {
namespace {

// Hashing needs one; outside of transactions there is none.
class OwnResources {
 public:
  OwnResources() {
    Guard([&] { owner_ = ResourceOwnerCreate(nullptr, "plts rehearsal"); });
    CurrentResourceOwner = owner_;
  }
  ~OwnResources() {
    CurrentResourceOwner = before_;
    ResourceOwnerDelete(owner_);
  }
  OwnResources(const OwnResources&) = delete;
  OwnResources& operator=(const OwnResources&) = delete;

 private:
  ResourceOwner before_ = CurrentResourceOwner;
  ResourceOwner owner_ = nullptr;
};

}  // namespace

void Rehearse(Realm& realm) {
  const OwnResources resources;
  FunctionBody body;
  body.name = "rehearsal";
  // The library of C++ looks for its own symbols when they are first used, in each of
  // the server's libraries.
  body.display_name = "plts." + body.name;
  body.title = "PL/TS function \"" + body.display_name + "\"";
  body.compiled_js = "export default async (ctx) => ctx.args;";
  // OpenSSL looks for an algorithm when it is first used.
  body.module_name = "plts:" + Sha256(body.compiled_js);
  RunCallIn(&realm, &body, [](const Invocation& call) {
    v8::Local<v8::Value> values[kBeforeArguments];
    CallHandler(call, values);
    return true;
  });
  Realms::Forget(body.serial);
}

}  // namespace plts
