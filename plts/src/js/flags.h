// What the builder of snapshots and the backends that load them must agree on: V8's
// flags and the form of the file.
#pragma once

#include <cstdint>

namespace plts {

// --single-threaded: no V8 thread may exist in a backend, where it could take one of
// PostgreSQL's signals; V8 crashes with the single-threaded platform without it.
//
// --no-harmony-*: these features would add globals each time a context is made, which
// aborts on the frozen intrinsics of our snapshot. The realm brings its own versions.
//
// --no-incremental-marking: making a context from a snapshot while V8 marks in steps
// crashes in its marker. Nobody waits between the steps of a backend's collection.
//
// (--no-harmony-error-cause is not needed: that feature adds no globals.)
//
// --stack-size is not among them: the limit is set from PostgreSQL's at each entry.
inline constexpr char kV8Flags[] =
    "--single-threaded"
    " --no-incremental-marking"
    " --no-harmony-relative-indexing-methods"
    " --no-harmony-array-find-last"
    " --no-harmony-object-has-own"
    " --no-harmony-sharedarraybuffer"
    " --no-harmony-atomics"
    " --no-expose-wasm"
    " --no-verify-snapshot-checksum";

// What follows the blob in the file of a snapshot, so that one that was cut short is
// told: V8 itself would find out by crashing.
struct SnapshotTrailer {
  char mark[8];
  uint64_t size;  // of the blob, in bytes
};
inline constexpr char kSnapshotMark[8] = {'p', 'l', 't', 's', 's', 'n', 'a', 'p'};

}  // namespace plts
