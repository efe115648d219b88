// Plan: prepared statements, kept by their text.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "convert/converter.h"

namespace plts {

struct CallFrame;

// A statement whose parameter types the server has inferred. Kept across calls in a
// bounded cache, by its text and the search_path it was inferred under; inferred again
// after any relation or type may have changed. Never freed while it runs.
struct Plan {
  SPIPlanPtr plan = nullptr;
  std::vector<Oid> types;
  std::vector<const Converter*> converters;
  uint64_t type_generation = 0;
  uint64_t relation_generation = 0;
  uint64_t last_used = 0;
  int running = 0;
  int statements = 1;  // how many commands the text has

  ~Plan();
};

// The plan for a text of `frame`, prepared under the current search_path where it is
// new. Needs SPI to be connected. Throws Error.
Plan& PlanFor(const CallFrame* frame, const std::string& sql);

// Registers for changes of relations, once a process. May ereport.
void pg_watch_relations();

}  // namespace plts
