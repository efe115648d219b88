// Plan: prepared statements, kept by their text.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "convert/converter.h"

namespace plts {

struct CallFrame;

// A statement whose parameter types the server has inferred. Kept across calls in a
// bounded cache, by its text and the search_path it was inferred under; another takes
// its place after any relation, schema or type may have changed. Immutable but for its
// converters and counters, so that whoever runs it is safe meanwhile.
struct Plan {
  SPIPlanPtr plan = nullptr;  // null for a text of several commands
  std::vector<Oid> types;
  // Of the parameters. Shared with whoever runs it: what he calls may bring new ones.
  std::shared_ptr<const std::vector<ConverterRef>> converters;
  uint64_t type_generation = 0;  // when they were last known to be current
  uint64_t catalog_generation = 0;
  uint64_t last_used = 0;
  std::string search_path;  // as the setting has it
  int users = 0;            // of PlanUse
  bool cached = true;       // false once another has its place

  ~Plan();
};

// While it lasts, the plan is not freed.
class PlanUse {
 public:
  explicit PlanUse(Plan* plan) noexcept : plan_(plan) { plan_->users++; }
  ~PlanUse() {
    if (--plan_->users == 0 && !plan_->cached) delete plan_;
  }
  PlanUse(const PlanUse&) = delete;
  PlanUse& operator=(const PlanUse&) = delete;
  Plan* operator->() const noexcept { return plan_; }
  Plan& operator*() const noexcept { return *plan_; }

 private:
  Plan* plan_;
};

// The plan for a text of `frame`, in the server's encoding, prepared under the current
// search_path where it is new. Needs SPI to be connected. Throws Error.
Plan* PlanFor(const CallFrame& frame, const std::string& sql);

// True while a pointer from PlanFor, got when PlansDropped() was `dropped`, is what
// PlanFor would answer again for the same text, role and schemas.
bool PlanIsCurrent(const Plan* plan, uint64_t dropped);
uint64_t PlansDropped();

// Registers for changes of relations and schemas, once a process. May ereport.
void pg_watch_relations();

}  // namespace plts
