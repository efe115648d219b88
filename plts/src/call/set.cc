// Set: from an iterable, synchronous or not, into a tuplestore, a row at a time: the
// rows of a set are never in JavaScript all at once.

#include "call/set.h"

#include "call/arguments.h"
#include "call/driver.h"
#include "call/invocation.h"

namespace plts {
namespace {

// The tuplestore that rows go into. It is PostgreSQL's once it is handed over; before,
// it ends with this object.
class RowStore {
 public:
  // Throws Error where the caller cannot take a set.
  RowStore(FunctionCallInfo fcinfo, const Converter& converter)
      : info_(reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo)),
        converter_(converter) {
    if (info_ == nullptr || !IsA(info_, ReturnSetInfo)) {
      throw Error(ERRCODE_FEATURE_NOT_SUPPORTED,
                  "set-valued function called in context that cannot accept a set");
    }
    if ((info_->allowedModes & SFRM_Materialize) == 0) {
      throw Error(ERRCODE_FEATURE_NOT_SUPPORTED,
                  "materialize mode required, but it is not allowed in this context");
    }
    if (converter.base == RECORDOID && converter.row == nullptr) {
      throw Error(
          ERRCODE_FEATURE_NOT_SUPPORTED,
          "a set of records needs a list of their columns", {},
          "Name the columns after the call, as in FROM f() AS t(a int, b text), "
          "or declare RETURNS TABLE.");
    }
    Guard([&] {
      const MemoryContext before =
          MemoryContextSwitchTo(info_->econtext->ecxt_per_query_memory);
      descriptor_ = converter.row != nullptr ? CreateTupleDescCopy(converter.row)
                                             : pg_one_column(converter);
      store_ = tuplestore_begin_heap(
          (info_->allowedModes & SFRM_Materialize_Random) != 0, false, work_mem);
      MemoryContextSwitchTo(before);
      memory_ = AllocSetContextCreate(CurrentMemoryContext, "plts row",
                                      ALLOCSET_DEFAULT_SIZES);
    });
  }

  ~RowStore() {
    MemoryContextDelete(memory_);
    if (store_ == nullptr) return;
    try {
      Guard([&] { tuplestore_end(store_); });
    } catch (const Error&) {
      // The end of the transaction releases what is left.
    }
  }
  RowStore(const RowStore&) = delete;
  RowStore& operator=(const RowStore&) = delete;

  // Throws Error or Thrown.
  void Add(const Conversion& conversion, v8::Local<v8::Value> value) {
    try {
      Guard([&] { pg_add(conversion, value); }, World::kMixed);
    } catch (Error& error) {
      error.AddContext("row " + std::to_string(count_ + 1) + " of SQL type " +
                       converter_.sql_name);
      throw;
    }
    count_++;
  }

  void HandOver() {
    info_->returnMode = SFRM_Materialize;
    info_->setResult = std::exchange(store_, nullptr);
    info_->setDesc = descriptor_;
  }

 private:
  static TupleDesc pg_one_column(const Converter& converter) {
    TupleDesc row = CreateTemplateTupleDesc(1);
    TupleDescInitEntry(row, 1, "value", converter.type, -1, 0);
    return row;
  }

  void pg_add(const Conversion& conversion, v8::Local<v8::Value> value) {
    if (InterruptPending) CHECK_FOR_INTERRUPTS();
    const MemoryContext before = MemoryContextSwitchTo(memory_);
    NullableDatum row = pg_to_datum(converter_, conversion, value);
    if (converter_.row == nullptr) {
      tuplestore_putvalues(store_, descriptor_, &row.value, &row.isnull);
    } else if (row.isnull) {
      // NULL is a row of NULLs, as in PL/pgSQL.
      const auto count = static_cast<size_t>(descriptor_->natts);
      auto* values = static_cast<Datum*>(palloc0(count * sizeof(Datum)));
      auto* nulls = static_cast<bool*>(palloc(count * sizeof(bool)));
      std::memset(nulls, true, count);
      tuplestore_putvalues(store_, descriptor_, values, nulls);
    } else {
      HeapTupleData tuple = {};
      tuple.t_data = DatumGetHeapTupleHeader(row.value);
      tuple.t_len = HeapTupleHeaderGetDatumLength(tuple.t_data);
      tuplestore_puttuple(store_, &tuple);
    }
    MemoryContextSwitchTo(before);
    MemoryContextReset(memory_);
  }

  ReturnSetInfo* info_;
  const Converter& converter_;
  TupleDesc descriptor_ = nullptr;
  Tuplestorestate* store_ = nullptr;
  MemoryContext memory_ = nullptr;  // of one row
  uint64_t count_ = 0;
};

// What plts/ts/realm/src/rows.ts makes of the result: functions to step and to stop
// with, and the value that stands for the end.
class RowIterator {
 public:
  // Throws Error where the result is no set, Thrown where asking it threw.
  RowIterator(const Invocation& call, v8::Local<v8::Value> result) : call_(call) {
    v8::Local<v8::Context> context = call.realm.context();
    v8::Local<v8::Value> opened = Checked(
        call.realm.open_rows()->Call(context, v8::Undefined(isolate()), 1, &result));
    if (!opened->IsObject()) {
      throw Error(ERRCODE_DATATYPE_MISMATCH,
                  "function " + call.body.display_name + " returns a set, but " +
                      JsToDisplay(isolate(), opened),
                  {},
                  "Return an array or any other iterable of rows, or yield them one by "
                  "one.");
    }
    const auto member = [&](const char* name) {
      return Checked(opened.As<v8::Object>()->Get(context, Name(isolate(), name)));
    };
    step_ = member("step").As<v8::Function>();
    stop_ = member("stop").As<v8::Function>();
    end_ = member("end");
  }

  // The next row, waited for where it is a promise; empty at the end.
  v8::Local<v8::Value> Next() {
    v8::Local<v8::Value> row = Settle(call_.realm, call_.frame, Call(step_));
    return row == end_ ? v8::Local<v8::Value>() : row;
  }

  // Lets the iterable release what it holds after a row was refused. ctx works no more:
  // the statement has failed already. What this throws in JavaScript is of no interest
  // any more; Error only for what no JavaScript may catch.
  void Stop() {
    call_.frame.token = 0;
    call_.frame.requests.clear();
    call_.frame.next_request = 0;
    const v8::TryCatch try_catch(isolate());
    try {
      Settle(call_.realm, call_.frame, Call(stop_));
    } catch (const Thrown&) {
      if (call_.realm.isolate().terminated()) {
        throw call_.realm.isolate().TakeTermination();
      }
    } catch (const Error& error) {
      if (error.Uncatchable() || call_.realm.isolate().doomed()) throw;
    }
  }

 private:
  v8::Isolate* isolate() const { return call_.realm.v8(); }
  v8::Local<v8::Value> Call(v8::Local<v8::Function> function) {
    return Checked(
        function->Call(call_.realm.context(), v8::Undefined(isolate()), 0, nullptr));
  }

  const Invocation& call_;
  v8::Local<v8::Function> step_;
  v8::Local<v8::Function> stop_;
  v8::Local<v8::Value> end_;
};

// Adds a row; where it is refused, stops the iterable before the error goes on.
void AddRow(const Invocation& call, RowIterator& rows, RowStore& store,
            v8::Local<v8::Value> row) {
  Realm& realm = call.realm;
  v8::TryCatch try_catch(realm.v8());
  try {
    store.Add({realm.v8(), realm.context()}, row);
    // A getter that the conversion ran may have been what was stopped.
    if (realm.isolate().terminated()) throw realm.isolate().TakeTermination();
  } catch (const Thrown&) {
    Error error = ExceptionToError(&realm, &realm.isolate(), try_catch);
    if (!error.Uncatchable() && !realm.isolate().doomed()) rows.Stop();
    throw error;
  } catch (const Error& error) {
    if (!error.Uncatchable() && !realm.isolate().doomed()) rows.Stop();
    throw;
  }
}

}  // namespace

void CallForSet(CallSite& site, FunctionCallInfo fcinfo) {
  const ConverterRef converter = ResultOf(site, fcinfo);
  RowStore store(fcinfo, *converter);
  RunCall(site.body, [&](const Invocation& call) {
    v8::Local<v8::Value> values[kBeforeArguments + FUNC_MAX_ARGS];
    ConvertArguments(call.realm, call.body, fcinfo, values + kBeforeArguments);
    RowIterator rows(call, CallHandler(call, values));
    for (;;) {
      const v8::HandleScope handles(call.realm.v8());
      v8::Local<v8::Value> row = rows.Next();
      if (row.IsEmpty()) return true;
      AddRow(call, rows, store, row);
    }
  });
  store.HandOver();
}

}  // namespace plts
