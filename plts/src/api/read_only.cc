// ReadOnly: the checks behind statements, and the hooks.

#include "api/read_only.h"

#include <algorithm>

#include "pg/compat.h"
#include "pg/guard.h"
#include "pg/subtransaction.h"

extern "C" {
#include <catalog/objectaccess.h>
#include <nodes/memnodes.h>
#include <utils/fmgroids.h>
#include <utils/portal.h>
}

namespace plts {
namespace {

// By name: a portal may be gone when it is asked for again.
struct Cursors {
  std::vector<std::string> opened;  // by the read-only call that runs
  // Where statements have no subtransactions, by which what is new is told: the portals
  // that were there before the call.
  std::vector<Portal> before;
};

Cursors& TheCursors() {
  static Cursors* cursors = new Cursors();
  return *cursors;
}

bool IsOutermost(const CallFrame& frame) {
  return frame.read_only && (frame.previous == nullptr || !frame.previous->read_only);
}

bool IsReadOnly() { return g_frame != nullptr && g_frame->read_only; }

// PostgreSQL lists portals to SQL alone, but the memory of each is a child of one
// context, and is known by the portal's name.
MemoryContext TopPortalContext() {
  static MemoryContext found = nullptr;
  if (found != nullptr) return found;
  for (MemoryContext each = TopMemoryContext->firstchild; each != nullptr;
       each = each->nextchild) {
    if (std::strcmp(each->name, "TopPortalContext") == 0) found = each;
  }
  return found;
}

// Calls `visit` with each portal but the one that runs. May ereport.
template <class Visit>
void pg_each_portal(Visit&& visit) {
  const MemoryContext top = TopPortalContext();
  if (top == nullptr) return;
  const MemoryContext running =
      ActivePortal != nullptr ? ActivePortal->portalContext : nullptr;
  for (MemoryContext each = top->firstchild; each != nullptr; each = each->nextchild) {
    if (each == running || each->ident == nullptr) continue;
    // The client's unnamed portal shows another name here than it has, and is no cursor
    // of SQL.
    Portal portal = GetPortalByName(each->ident);
    if (portal != nullptr && portal->portalContext == each) visit(portal);
  }
}

// May ereport.
void pg_note_cursors() {
  Cursors& cursors = TheCursors();
  const bool told = SubtransactionsAllowed();
  const SubTransactionId current = GetCurrentSubTransactionId();
  pg_each_portal([&](Portal portal) {
    const bool old = told ? portal->createSubid != current
                          : std::find(cursors.before.begin(), cursors.before.end(),
                                      portal) != cursors.before.end();
    if (old) return;
    auto& opened = cursors.opened;
    if (std::find(opened.begin(), opened.end(), portal->name) == opened.end()) {
      opened.emplace_back(portal->name);
    }
  });
}

// What a command is called in an error, or nullptr where a read-only call may run it.
const char* RefusedCommand(const Node* statement) {
  switch (nodeTag(statement)) {
    case T_NotifyStmt:
      return "NOTIFY";
    case T_ListenStmt:
      return "LISTEN";
    case T_UnlistenStmt:
      return "UNLISTEN";
    case T_LockStmt:
      return reinterpret_cast<const LockStmt*>(statement)->mode > AccessShareLock
                 ? "LOCK TABLE in a mode stronger than ACCESS SHARE"
                 : nullptr;
    case T_DeclareCursorStmt: {
      const auto* declare = reinterpret_cast<const DeclareCursorStmt*>(statement);
      return declare->options & CURSOR_OPT_HOLD ? "DECLARE CURSOR … WITH HOLD"
                                                : nullptr;
    }
    case T_VariableSetStmt: {
      const auto* set = reinterpret_cast<const VariableSetStmt*>(statement);
      return set->kind == VAR_SET_MULTI &&
                     std::strcmp(set->name, "SESSION CHARACTERISTICS") == 0
                 ? "SET SESSION CHARACTERISTICS"
                 : nullptr;
    }
    default:
      return nullptr;
  }
}

// Functions that others notice, or that outlast the transaction, without an id of it.
bool IsRefusedFunction(Oid function) {
  switch (function) {
    case F_PG_NOTIFY:
    case kLogicalEmitTextMessage:
    case kLogicalEmitBytesMessage:
    case F_PG_ADVISORY_LOCK_INT8:
    case F_PG_ADVISORY_LOCK_SHARED_INT8:
    case F_PG_TRY_ADVISORY_LOCK_INT8:
    case F_PG_TRY_ADVISORY_LOCK_SHARED_INT8:
    case F_PG_ADVISORY_UNLOCK_INT8:
    case F_PG_ADVISORY_UNLOCK_SHARED_INT8:
    case F_PG_ADVISORY_LOCK_INT4_INT4:
    case F_PG_ADVISORY_LOCK_SHARED_INT4_INT4:
    case F_PG_TRY_ADVISORY_LOCK_INT4_INT4:
    case F_PG_TRY_ADVISORY_LOCK_SHARED_INT4_INT4:
    case F_PG_ADVISORY_UNLOCK_INT4_INT4:
    case F_PG_ADVISORY_UNLOCK_SHARED_INT4_INT4:
    case F_PG_ADVISORY_UNLOCK_ALL:
      return true;
    default:
      return false;
  }
}

constexpr char kHint[] = "Declare the function with mutation instead of query.";

ProcessUtility_hook_type g_next_utility = nullptr;
object_access_hook_type g_next_access = nullptr;

void OnUtility(PlannedStmt* planned, const char* query, bool read_only_tree,
               ProcessUtilityContext context, ParamListInfo params,
               QueryEnvironment* environment, DestReceiver* dest,
               QueryCompletion* completion) {
  if (IsReadOnly()) {
    const char* refused = RefusedCommand(planned->utilityStmt);
    if (refused != nullptr) {
      ereport(ERROR,
              (errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
               errmsg("a query handler cannot run %s", refused), errhint("%s", kHint)));
    }
  }
  const auto next =
      g_next_utility != nullptr ? g_next_utility : standard_ProcessUtility;
  next(planned, query, read_only_tree, context, params, environment, dest, completion);
}

void OnAccess(ObjectAccessType access, Oid kind, Oid object, int part, void* argument) {
  if (access == OAT_FUNCTION_EXECUTE && IsReadOnly() && IsRefusedFunction(object)) {
    ereport(ERROR, (errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
                    errmsg("a query handler cannot call %s", get_func_name(object)),
                    errhint("%s", kHint)));
  }
  if (g_next_access != nullptr) g_next_access(access, kind, object, part, argument);
}

}  // namespace

void pg_watch_read_only() {
  g_next_utility = ProcessUtility_hook;
  ProcessUtility_hook = OnUtility;
  g_next_access = object_access_hook;
  object_access_hook = OnAccess;
}

void BeginReadOnly() {
  Cursors& cursors = TheCursors();
  cursors.opened.clear();
  cursors.before.clear();
  if (SubtransactionsAllowed()) return;
  Guard([&] {
    pg_each_portal([&](Portal portal) { cursors.before.push_back(portal); });
  });
}

void pg_check_read_only(const CallFrame& frame) {
  if (!frame.read_only) return;
  pg_note_cursors();
  // Without a subtransaction the id would be the whole transaction's; that is parallel
  // mode, which cannot write anyway.
  if (!SubtransactionsAllowed() ||
      !TransactionIdIsValid(GetCurrentTransactionIdIfAny())) {
    return;
  }
  ereport(ERROR, (errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
                  errmsg("a query handler cannot write to the database"),
                  errhint("%s", kHint)));
}

void FinishReadOnly(const CallFrame& frame) {
  Cursors& cursors = TheCursors();
  if (cursors.opened.empty() || !IsOutermost(frame)) return;
  for (const std::string& name : cursors.opened) {
    bool open = false;
    Guard([&] { open = GetPortalByName(name.c_str()) != nullptr; });
    if (!open) continue;
    throw Error(ERRCODE_READ_ONLY_SQL_TRANSACTION,
                "a query handler cannot leave cursor \"" + name + "\" open",
                "Its query would run after the handler, when it could write.",
                "Close the cursor, or declare the function with mutation instead of "
                "query.");
  }
  cursors.opened.clear();
}

}  // namespace plts
