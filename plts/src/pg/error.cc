// Error: ownership of ErrorData outside PostgreSQL's own error stack.

#include "pg/error.h"

#include <unordered_set>

namespace plts {
namespace {

// The copy of a constant that CopyErrorData has made in ErrorMemory(), which nothing of
// PostgreSQL's frees, becomes one that all errors share and that stays: the error stack
// refers to it after the Error is gone. There are as many as places that raise.
void Share(const char** text) noexcept {
  if (*text == nullptr) return;
  static auto* shared = new std::unordered_set<std::string>();
  try {
    const char* kept = shared->emplace(*text).first->c_str();
    pfree(const_cast<char*>(*text));
    *text = kept;
  } catch (const std::exception&) {
    // Without memory for the set the copy stays.
  }
}

}  // namespace

MemoryContext ErrorMemory() {
  static MemoryContext context = nullptr;
  if (context == nullptr) {
    context =
        AllocSetContextCreate(TopMemoryContext, "plts errors", ALLOCSET_SMALL_SIZES);
  }
  return context;
}

char* ErrorString(std::string_view text) {
  char* copy = static_cast<char*>(MemoryContextAlloc(ErrorMemory(), text.size() + 1));
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  return copy;
}

Error::Error(ErrorData* data, bool complete) noexcept
    : data_(data),
      complete_(complete),
      origin_(Uncatchable() ? Origin::kCancel : Origin::kPostgres) {
  // PostgreSQL forgets which timeout it was when it raises the error, and its texts are
  // translated; what they are translated from is not.
  if (data->sqlerrcode == ERRCODE_QUERY_CANCELED && data->message_id != nullptr &&
      std::strstr(data->message_id, "timeout") != nullptr) {
    origin_ = Origin::kTimeout;
  }
  for (const char** text :
       {&data->filename, &data->funcname, &data->domain, &data->context_domain}) {
    Share(text);
  }
  // For translators of messages; a format need not be a constant.
  if (data->message_id != nullptr) pfree(const_cast<char*>(data->message_id));
  data->message_id = nullptr;
}

Error::Error(int sqlstate, std::string_view message, std::string_view detail,
             std::string_view hint)
    : data_(static_cast<ErrorData*>(
          MemoryContextAllocZero(ErrorMemory(), sizeof(ErrorData)))),
      complete_(false) {
  data_->elevel = ERROR;
  data_->sqlerrcode = sqlstate;
  data_->assoc_context = ErrorMemory();
  data_->message = ErrorString(message);
  if (!detail.empty()) data_->detail = ErrorString(detail);
  if (!hint.empty()) data_->hint = ErrorString(hint);
}

Error& Error::operator=(Error&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(complete_, other.complete_);
  std::swap(origin_, other.origin_);
  return *this;
}

Error::~Error() {
  if (data_ == nullptr) return;
  data_->filename = data_->funcname = data_->domain = data_->context_domain = nullptr;
  FreeErrorData(data_);
}

bool Error::Uncatchable() const noexcept {
  switch (data_->sqlerrcode) {
    case ERRCODE_QUERY_CANCELED:
    case ERRCODE_ADMIN_SHUTDOWN:
    case ERRCODE_CRASH_SHUTDOWN:
    case ERRCODE_CANNOT_CONNECT_NOW:
    case ERRCODE_DATABASE_DROPPED:
    case ERRCODE_IDLE_SESSION_TIMEOUT:
      return true;
    default:
      return false;
  }
}

void Error::Set(char** field, std::string_view text) {
  char* const before = std::exchange(*field, ErrorString(text));
  if (before != nullptr) pfree(before);
}

void Error::AddContext(std::string_view line) {
  std::string text = data_->context != nullptr ? data_->context : "";
  if (!text.empty()) text += '\n';
  text += line;
  Set(&data_->context, text);
}

void Error::InsertContext(std::string_view text, std::string_view before, int skip) {
  std::string context = data_->context != nullptr ? data_->context : "";
  size_t place = 0;
  // From the end, line by line.
  for (size_t end = context.size(); !before.empty() && end != std::string::npos;) {
    const size_t newline = end == 0 ? std::string::npos : context.rfind('\n', end - 1);
    const size_t start = newline == std::string::npos ? 0 : newline + 1;
    if (std::string_view(context).substr(start, end - start) == before && skip-- == 0) {
      place = start;
      break;
    }
    end = newline;
  }
  std::string line(text);
  if (!context.empty()) line += '\n';
  context.insert(place, line);
  if (data_->context != nullptr) pfree(data_->context);
  data_->context = ErrorString(context);
}

ErrorData* Error::pg_copy() const {
  auto* copy = static_cast<ErrorData*>(palloc(sizeof(ErrorData)));
  *copy = *data_;
  for (char** text :
       {&copy->message, &copy->detail, &copy->detail_log, &copy->hint, &copy->context,
        &copy->schema_name, &copy->table_name, &copy->column_name, &copy->datatype_name,
        &copy->constraint_name, &copy->internalquery}) {
    if (*text != nullptr) *text = pstrdup(*text);
  }
  if (copy->backtrace != nullptr) copy->backtrace = pstrdup(copy->backtrace);
  copy->assoc_context = CurrentMemoryContext;
  return copy;
}

}  // namespace plts
