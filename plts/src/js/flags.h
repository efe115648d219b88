// The V8 flags under which snapshots are built and loaded; both sides must agree.
#pragma once

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

}  // namespace plts
