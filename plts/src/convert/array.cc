// Arrays, nested for more dimensions.

#include "convert/document.h"
#include "convert/families.h"

namespace plts {
namespace {

// Elements [*next, …) of one dimension and those below it.
v8::Local<v8::Value> pg_dimension(const Converter& element, const Conversion& c,
                                  const int* sizes, int dimensions, const Datum* values,
                                  const bool* nulls, int* next) {
  v8::Local<v8::Array> array = v8::Array::New(c.isolate, sizes[0]);
  for (int i = 0; i < sizes[0]; i++) {
    v8::Local<v8::Value> item;
    if (dimensions > 1) {
      item = pg_dimension(element, c, sizes + 1, dimensions - 1, values, nulls, next);
    } else {
      item = pg_to_js(element, c, {values[*next], nulls[*next]});
      ++*next;
    }
    if (!array->CreateDataProperty(c.context, static_cast<uint32_t>(i), item)
             .FromMaybe(false)) {
      throw Thrown{};
    }
  }
  return array;
}

struct Builder {
  const Converter* element;
  Datum* values = nullptr;
  bool* nulls = nullptr;
  int count = 0;
  int capacity = 0;
  int sizes[MAXDIM] = {};
  int dimensions = 0;
};

[[noreturn]] void pg_ragged(const Converter& converter) {
  ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
                  errmsg("a nested JavaScript array cannot become SQL type %s",
                         converter.sql_name),
                  errdetail("The arrays of one dimension must have the same length.")));
}

void pg_add(Builder* builder, NullableDatum value) {
  if (builder->count == builder->capacity) {
    builder->capacity = builder->capacity == 0 ? 16 : builder->capacity * 2;
    const auto capacity = static_cast<size_t>(builder->capacity);
    if (builder->values == nullptr) {
      builder->values = static_cast<Datum*>(palloc(capacity * sizeof(Datum)));
      builder->nulls = static_cast<bool*>(palloc(capacity * sizeof(bool)));
    } else {
      builder->values =
          static_cast<Datum*>(repalloc_huge(builder->values, capacity * sizeof(Datum)));
      builder->nulls =
          static_cast<bool*>(repalloc_huge(builder->nulls, capacity * sizeof(bool)));
    }
  }
  builder->values[builder->count] = value.value;
  builder->nulls[builder->count] = value.isnull;
  builder->count++;
}

void pg_collect(Builder* builder, const Converter& converter, const Conversion& c,
                v8::Local<v8::Array> array, int depth) {
  const uint32_t given = array->Length();
  if (given > MaxArraySize) {
    ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                    errmsg("a JavaScript array of %u elements cannot become SQL type "
                           "%s",
                           given, converter.sql_name),
                    errdetail("An array has at most %d elements.",
                              static_cast<int>(MaxArraySize))));
  }
  const auto length = static_cast<int>(given);
  if (depth >= MAXDIM) pg_ragged(converter);
  if (depth == builder->dimensions) {
    if (builder->count > 0) pg_ragged(converter);
    builder->sizes[builder->dimensions++] = length;
  } else if (builder->sizes[depth] != length) {
    pg_ragged(converter);
  }
  // Elements that are arrays in JavaScript themselves, a domain over an array among
  // them, do not open a dimension.
  const ToJsFunction to_js = builder->element->to_js;
  const bool nests = to_js != JsonbToJs && to_js != JsonToJs && to_js != ArrayToJs;
  for (int i = 0; i < length; i++) {
    if (i % 1024 == 1023) CHECK_FOR_INTERRUPTS();
    v8::Local<v8::Value> item =
        Checked(array->Get(c.context, static_cast<uint32_t>(i)));
    if (nests && item->IsProxy()) item = pg_plain(c, item);
    if (nests && item->IsArray()) {
      pg_collect(builder, converter, c, item.As<v8::Array>(), depth + 1);
    } else {
      if (depth + 1 != builder->dimensions) pg_ragged(converter);
      pg_add(builder, pg_to_datum(*builder->element, c, item));
    }
  }
}

}  // namespace

v8::Local<v8::Value> ArrayToJs(const Converter& converter, const Conversion& c,
                               Datum value) {
  const Converter& element = *converter.element;
  ArrayType* array = DatumGetArrayTypeP(value);
  if (ARR_NDIM(array) == 0) return v8::Array::New(c.isolate, 0);
  int16 length;
  bool by_value;
  char align;
  get_typlenbyvalalign(element.type, &length, &by_value, &align);
  Datum* values;
  bool* nulls;
  int count;
  deconstruct_array(array, element.type, length, by_value, align, &values, &nulls,
                    &count);
  int next = 0;
  return pg_dimension(element, c, ARR_DIMS(array), ARR_NDIM(array), values, nulls,
                      &next);
}

Datum ArrayToDatum(const Converter& converter, const Conversion& c,
                   v8::Local<v8::Value> value) {
  if (!value->IsArray()) pg_cannot_convert(converter, c, value);
  Builder builder;
  builder.element = converter.element;
  pg_collect(&builder, converter, c, value.As<v8::Array>(), 0);
  const Converter& element = *converter.element;
  if (builder.count == 0) return PointerGetDatum(construct_empty_array(element.type));
  int lower[MAXDIM];
  for (int& bound : lower) bound = 1;
  return PointerGetDatum(construct_md_array(
      builder.values, builder.nulls, builder.dimensions, builder.sizes, lower,
      element.type, element.length, element.by_value, element.align));
}

}  // namespace plts
