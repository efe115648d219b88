// Metrics: their JSON.

#include "metrics.h"

#include <cstdio>
#include <initializer_list>

namespace plts {
namespace {

struct Moment {
  uint64_t ticks;
  double ms;
};

Moment Now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return {Ticks(), static_cast<double>(now.tv_sec) * 1e3 +
                       static_cast<double>(now.tv_nsec) / 1e6};
}

// When the library was loaded.
const Moment g_start = Now();

// Milliseconds in a tick, from what both clocks have done since then.
double TickLength() {
  Moment now = Now();
  // At least a millisecond apart, or the quotient means nothing.
  while (now.ms - g_start.ms < 1) now = Now();
  return (now.ms - g_start.ms) / static_cast<double>(now.ticks - g_start.ticks);
}

struct ErrorClass {
  const char* name;
  uint64_t count;
};

std::string CounterJson(const Counter& counter,
                        std::initializer_list<ErrorClass> classes) {
  char buffer[256];
  const double tick = TickLength();
  snprintf(buffer, sizeof(buffer),
           "{\"calls\":%llu,\"errors\":%llu,\"latency_ms\":{\"total\":%.6f,"
           "\"last\":%.6f,\"max\":%.6f},\"error_classes\":{",
           static_cast<unsigned long long>(counter.calls),
           static_cast<unsigned long long>(counter.errors),
           static_cast<double>(counter.latency.total) * tick,
           static_cast<double>(counter.latency.last) * tick,
           static_cast<double>(counter.latency.max) * tick);
  std::string out = buffer;
  bool first = true;
  for (const ErrorClass& c : classes) {
    if (!first) out += ',';
    first = false;
    out += std::string("\"") + c.name + "\":" + std::to_string(c.count);
  }
  return out + "}}";
}

}  // namespace

void CountCompileError(Origin origin) noexcept {
  CompileMetrics& metrics = g_compile_metrics;
  metrics.errors++;
  if (origin == Origin::kDiagnostics) {
    metrics.diagnostics++;
  } else if (origin == Origin::kPostgres) {
    metrics.sql++;
  } else {
    metrics.unknown++;
  }
}

std::string MetricsJson() {
  const CompileMetrics& c = g_compile_metrics;
  const ExecuteMetrics& e = g_execute_metrics;
  return "{\"compile\":" +
         CounterJson(
             c,
             {{"diagnostics", c.diagnostics}, {"sql", c.sql}, {"unknown", c.unknown}}) +
         ",\"execute\":" +
         CounterJson(e, {{"timeout", e.timeout},
                         {"memory", e.memory},
                         {"cancel", e.cancel},
                         {"js_exception", e.js_exception},
                         {"sql", e.sql},
                         {"unknown", e.unknown}}) +
         "}";
}

}  // namespace plts
