// Cursor: portals by their names, which are the only safe way to hold one: a rollback
// takes it away.

#include "api/cursor.h"

#include <algorithm>

#include "api/prepared.h"
#include "api/read_only.h"
#include "api/rows.h"
#include "api/savepoint.h"
#include "api/transition.h"
#include "call/function.h"
#include "pg/statement_context.h"

extern "C" {
#include <executor/execdesc.h>
#include <nodes/execnodes.h>
#include <utils/portal.h>
}

namespace plts {
namespace {

struct PortalName {
  char text[32];
};

PortalName NameOf(uint32_t cursor) {
  PortalName name;
  snprintf(name.text, sizeof(name.text), "plts cursor %u", cursor);
  return name;
}

// What SPI told the portal of transition tables goes with the connection.
void pg_keep_transition_tables(const CallFrame& frame, Portal portal) {
  if (portal->queryEnv == nullptr) return;
  const MemoryContext before = MemoryContextSwitchTo(portal->portalContext);
  portal->queryEnv = pg_transition_environment(&frame);
  MemoryContextSwitchTo(before);
  if (portal->queryDesc == nullptr) return;
  portal->queryDesc->queryEnv = portal->queryEnv;
  portal->queryDesc->estate->es_queryEnv = portal->queryEnv;
}

}  // namespace

uint32_t OpenCursor(Realm& realm, CallFrame& frame, const StatementText& text) {
  static uint32_t last = 0;
  const uint32_t cursor = ++last;
  const PortalName name = NameOf(cursor);
  Recoverable(realm, frame, [&] {
    WithConnection(frame, [&](Connection& connection) {
      Prepared& prepared = PreparedFor(realm, text.sql, &connection);
      const PlanUse plan(prepared.plan);
      if (plan->plan == nullptr) {
        throw Error(ERRCODE_INVALID_CURSOR_DEFINITION,
                    "a cursor takes one statement, not several");
      }
      connection.Open();
      Parameters parameters(*plan, text.params);
      parameters.Convert(realm);
      const bool stable = frame.body != nullptr && frame.body->read_only_spi;
      Guard([&] {
        Portal portal = SPI_cursor_open(name.text, plan->plan, parameters.values(),
                                        parameters.nulls(), stable);
        if (portal == nullptr) {
          elog(ERROR, "SPI_cursor_open failed: %s", SPI_result_code_string(SPI_result));
        }
        PinPortal(portal);
        pg_keep_transition_tables(frame, portal);
      });
    });
  });
  frame.cursors.push_back(cursor);
  return cursor;
}

v8::Local<v8::Value> FetchRows(Realm& realm, CallFrame& frame, uint32_t cursor,
                               uint32_t count) {
  const bool open = std::find(frame.cursors.begin(), frame.cursors.end(), cursor) !=
                    frame.cursors.end();
  const PortalName name = NameOf(cursor);
  v8::Local<v8::Value> result;
  Recoverable(realm, frame, [&] {
    WithConnection(frame, [&](Connection& connection) {
      connection.Open();
      Guard([&] {
        Portal portal = open ? SPI_cursor_find(name.text) : nullptr;
        if (portal == nullptr) {
          ereport(ERROR, (errcode(ERRCODE_INVALID_CURSOR_STATE),
                          errmsg("the cursor is closed"),
                          errdetail("It ends with its loop, and with a rollback of the "
                                    "savepoint that it was opened in.")));
        }
        pg_in_statement(portal->sourceText, [&] {
          SPI_cursor_fetch(portal, true, static_cast<long>(count));
        });
        pg_check_read_only(frame);
      });
      RowShape shape;
      result = RowsToJs(realm, &shape, SPI_tuptable, SPI_processed);
    });
  });
  return result;
}

void CloseCursor(CallFrame& frame, uint32_t cursor) {
  if (std::erase(frame.cursors, cursor) == 0) return;
  const PortalName name = NameOf(cursor);
  Guard([&] {
    Portal portal = GetPortalByName(name.text);
    if (portal == nullptr) return;
    if (portal->portalPinned) UnpinPortal(portal);
    PortalDrop(portal, false);
  });
}

void CloseCursors(CallFrame& frame) {
  while (!frame.cursors.empty()) CloseCursor(frame, frame.cursors.back());
}

}  // namespace plts
