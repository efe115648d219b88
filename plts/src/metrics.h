// Metrics: what this backend has compiled and executed.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>

namespace plts {

struct Latency {
  double total = 0;  // milliseconds, as all of them
  double last = 0;
  double max = 0;
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

// Measures from its making to its end, whichever way that is.
class Measure {
 public:
  explicit Measure(Counter* counter) noexcept : counter_(counter) {
    clock_gettime(CLOCK_MONOTONIC, &start_);
  }
  ~Measure() {
    timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    const double ms = static_cast<double>(end.tv_sec - start_.tv_sec) * 1e3 +
                      static_cast<double>(end.tv_nsec - start_.tv_nsec) / 1e6;
    counter_->calls++;
    counter_->latency.total += ms;
    counter_->latency.last = ms;
    if (ms > counter_->latency.max) counter_->latency.max = ms;
  }
  Measure(const Measure&) = delete;
  Measure& operator=(const Measure&) = delete;

 private:
  Counter* counter_;
  timespec start_;
};

// The JSON of plts.metrics().
std::string MetricsJson();

}  // namespace plts
