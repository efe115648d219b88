// Metrics: what this backend has compiled and executed.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>

#include "pg/error.h"

namespace plts {

// A clock that is cheaper to read than the system's, where the processor has one. Its
// unit is found out when metrics are asked for.
inline uint64_t Ticks() noexcept {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#else
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000u +
         static_cast<uint64_t>(now.tv_nsec);
#endif
}

struct Latency {
  uint64_t total = 0;  // ticks, as all of them
  uint64_t last = 0;
  uint64_t max = 0;
};

struct Counter {
  uint64_t calls = 0;
  uint64_t errors = 0;
  Latency latency;
};

struct CompileMetrics : Counter {
  uint64_t diagnostics = 0;
  uint64_t sql = 0;
  uint64_t unknown = 0;
};

struct ExecuteMetrics : Counter {
  uint64_t timeout = 0;
  uint64_t memory = 0;
  uint64_t cancel = 0;
  uint64_t js_exception = 0;
  uint64_t sql = 0;
  uint64_t unknown = 0;
};

inline CompileMetrics g_compile_metrics;
inline ExecuteMetrics g_execute_metrics;

// Counts a compilation that failed, by where its error arose.
void CountCompileError(Origin origin) noexcept;

// Measures from its making to its end, whichever way that is.
class Measure {
 public:
  explicit Measure(Counter* counter) noexcept : counter_(counter), start_(Ticks()) {}
  ~Measure() {
    const uint64_t ticks = Ticks() - start_;
    counter_->calls++;
    counter_->latency.total += ticks;
    counter_->latency.last = ticks;
    if (ticks > counter_->latency.max) counter_->latency.max = ticks;
  }
  Measure(const Measure&) = delete;
  Measure& operator=(const Measure&) = delete;

 private:
  Counter* counter_;
  uint64_t start_;
};

// The JSON of plts.metrics().
std::string MetricsJson();

}  // namespace plts
