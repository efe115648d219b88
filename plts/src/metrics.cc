// Metrics: their JSON.

#include "metrics.h"

#include <cstdio>
#include <initializer_list>

namespace plts {
namespace {

struct ErrorClass {
  const char* name;
  uint64_t count;
};

std::string CounterJson(const Counter& counter,
                        std::initializer_list<ErrorClass> classes) {
  char buffer[256];
  std::snprintf(buffer, sizeof(buffer),
                "{\"calls\":%llu,\"errors\":%llu,\"latency_ms\":{\"total\":%.6f,"
                "\"last\":%.6f,\"max\":%.6f},\"error_classes\":{",
                static_cast<unsigned long long>(counter.calls),
                static_cast<unsigned long long>(counter.errors), counter.latency.total,
                counter.latency.last, counter.latency.max);
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

std::string MetricsJson() {
  const CompileMetrics& c = g_compile_metrics;
  const ExecuteMetrics& e = g_execute_metrics;
  return "{\"compile\":" +
         CounterJson(c, {{"diagnostics", c.diagnostics},
                         {"sql", c.sql},
                         {"unknown", c.unknown}}) +
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
