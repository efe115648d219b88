// Whereabouts: the map of the process's code, and a walk out of the C library.

#include "js/whereabouts.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <link.h>
#include <ucontext.h>
#include <unwind.h>

#include <cstdlib>
#include <cstring>

#include "js/entry.h"
#include "js/v8.h"

namespace plts {
namespace {

// Whose code: of a library, or of none, which is what V8 has compiled.
enum class Code : int { kCompiled, kV8, kLibc, kPostgres, kOther };

struct Segment {
  uintptr_t start;
  uintptr_t end;
  Code code;
};

// A backend has some dozens of libraries; those past the limit count as compiled code
// of V8's, which can be left as well.
constexpr int kMostSegments = 256;
Segment g_segments[kMostSegments];
int g_segment_count = 0;

// What FindWayOut noted.
uintptr_t g_place = 0;
Code g_code = Code::kOther;
v8::StateTag g_state = v8::OTHER;

// A function of each library that matters, by which it is known.
Code CodeOf(uintptr_t start, uintptr_t end) {
  struct Anchor {
    const void* function;
    Code code;
  };
  const Anchor anchors[] = {
      {reinterpret_cast<const void*>(&v8::V8::GetVersion), Code::kV8},
      {reinterpret_cast<const void*>(&std::malloc), Code::kLibc},
      {dlsym(RTLD_DEFAULT, "memset"), Code::kLibc},
      {reinterpret_cast<const void*>(&proc_exit), Code::kPostgres},
  };
  for (const Anchor& anchor : anchors) {
    const auto at = reinterpret_cast<uintptr_t>(anchor.function);
    if (at >= start && at < end) return anchor.code;
  }
  return Code::kOther;
}

int AddSegments(dl_phdr_info* info, size_t, void*) {
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const auto& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || !(segment.p_flags & PF_X)) continue;
    if (g_segment_count == kMostSegments) return 1;
    const uintptr_t start = info->dlpi_addr + segment.p_vaddr;
    const uintptr_t end = start + segment.p_memsz;
    g_segments[g_segment_count++] = {start, end, CodeOf(start, end)};
  }
  return 0;
}

Code CodeAt(uintptr_t address) {
  for (int i = 0; i < g_segment_count; i++) {
    const Segment& segment = g_segments[i];
    if (address >= segment.start && address < segment.end) return segment.code;
  }
  return Code::kCompiled;
}

// Whether V8 can be left when code of this kind is what runs, or what the C library
// would return to. A conversion may be in the middle of PostgreSQL's, unless V8 is
// what it has called.
bool CanLeave(Code code) {
  switch (g_world) {
    case World::kPostgres:
      return false;
    case World::kMixed:
      return code == Code::kV8 || code == Code::kCompiled;
    case World::kJavaScript:
      return code != Code::kPostgres;
  }
  return false;
}

struct Registers {
  uintptr_t pc;
  uintptr_t sp;
  uintptr_t fp;
  uintptr_t* link;  // where the architecture has such a register
};

Registers RegistersOf(void* context) {
  auto* user = static_cast<ucontext_t*>(context);
#if defined(__x86_64__)
  const auto& registers = user->uc_mcontext.gregs;
  return {static_cast<uintptr_t>(registers[REG_RIP]),
          static_cast<uintptr_t>(registers[REG_RSP]),
          static_cast<uintptr_t>(registers[REG_RBP]), nullptr};
#elif defined(__aarch64__)
  auto& machine = user->uc_mcontext;
  return {machine.pc, machine.sp, machine.regs[29],
          reinterpret_cast<uintptr_t*>(&machine.regs[30])};
#else
#error "say here how to read the registers of this architecture"
#endif
}

// Where the C library's function, which was interrupted, returns to in place of V8.
// Not called, so the stack is not aligned as a call would leave it.
#if defined(__x86_64__)
__attribute__((force_align_arg_pointer))
#endif
[[noreturn]] void
ReturnedFromLibc() {
  LeaveForGood(Escape::kUnresponsive);
}

// The walk from where the signal interrupted, up to the first caller that is not of the
// C library.
struct Walk {
  Registers from;
  bool begun = false;
  bool done = false;
};

// The place that holds the address to which the last callee returns. It is told by its
// content: what the unwinder says is not taken on trust.
uintptr_t* ReturnSlot(const Walk& walk, uintptr_t callee_frame, uintptr_t address) {
  if (walk.from.link != nullptr) {
    return *walk.from.link == address ? walk.from.link : nullptr;
  }
  auto* slot = reinterpret_cast<uintptr_t*>(callee_frame) - 1;
  const auto at = reinterpret_cast<uintptr_t>(slot);
  if (at < walk.from.sp || at >= reinterpret_cast<uintptr_t>(g_entry)) return nullptr;
  return *slot == address ? slot : nullptr;
}

_Unwind_Reason_Code Visit(_Unwind_Context* frame, void* argument) {
  Walk& walk = *static_cast<Walk*>(argument);
  const uintptr_t address = _Unwind_GetIP(frame);
  if (!walk.begun) {
    // The handler's own frames come first.
    walk.begun = address == walk.from.pc;
    return _URC_NO_REASON;
  }
  const Code code = CodeAt(address);
  if (code == Code::kLibc) return _URC_NO_REASON;
  if (CanLeave(code)) {
    uintptr_t* slot = ReturnSlot(walk, _Unwind_GetCFA(frame), address);
    if (slot != nullptr) {
      *slot = reinterpret_cast<uintptr_t>(&ReturnedFromLibc);
      walk.done = true;
    }
  }
  return _URC_NORMAL_STOP;
}

_Unwind_Reason_Code VisitNothing(_Unwind_Context*, void*) { return _URC_NORMAL_STOP; }

void Note(const Registers& registers, Code code) {
  g_place = registers.pc;
  g_code = code;
  g_state = v8::OTHER;
  v8::Isolate* isolate = v8::Isolate::TryGetCurrent();
  if (isolate == nullptr) return;
  v8::RegisterState state;
  state.pc = reinterpret_cast<void*>(registers.pc);
  state.sp = reinterpret_cast<void*>(registers.sp);
  state.fp = reinterpret_cast<void*>(registers.fp);
  v8::SampleInfo sample = {};
  sample.vm_state = v8::OTHER;
  void* frames[1];
  isolate->GetStackSample(state, frames, 0, &sample);
  g_state = sample.vm_state;
}

// The name of what was interrupted, as far as its library tells.
std::string NameOfPlace() {
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(g_place), &info) == 0) return {};
  if (info.dli_sname == nullptr) {
    const char* slash = std::strrchr(info.dli_fname, '/');
    return slash != nullptr ? slash + 1 : info.dli_fname;
  }
  int status = 0;
  char* demangled = abi::__cxa_demangle(info.dli_sname, nullptr, nullptr, &status);
  std::string name = demangled != nullptr ? demangled : info.dli_sname;
  std::free(demangled);
  return name;
}

const char* Activity() {
  switch (g_state) {
    case v8::GC:
      return "V8 was collecting garbage.";
    case v8::PARSER:
    case v8::BYTECODE_COMPILER:
    case v8::COMPILER:
      return "V8 was compiling.";
    default:
      break;
  }
  switch (g_code) {
    case Code::kLibc:
      return "A builtin function of V8 was in the C library.";
    case Code::kCompiled:
      return "Compiled JavaScript or a regular expression was running.";
    default:
      return "A builtin function of V8 was running.";
  }
}

}  // namespace

void FindCode() {
  g_segment_count = 0;
  dl_iterate_phdr(AddSegments, nullptr);
  // Whatever the unwinder does when it is first used must not happen in a handler.
  _Unwind_Backtrace(VisitNothing, nullptr);
}

WayOut FindWayOut(void* context) {
  const Registers registers = RegistersOf(context);
  const Code code = CodeAt(registers.pc);
  if (code != Code::kLibc) {
    if (!CanLeave(code)) return WayOut::kNone;
    Note(registers, code);
    return WayOut::kAtOnce;
  }
  Walk walk{registers};
  _Unwind_Backtrace(Visit, &walk);
  if (!walk.done) return WayOut::kNone;
  Note(registers, code);
  return WayOut::kArranged;
}

std::string DescribeWhereabouts() {
  const std::string name = NameOfPlace();
  std::string text = Activity();
  if (!name.empty()) text += " It was in \"" + name + "\".";
  return text;
}

}  // namespace plts
