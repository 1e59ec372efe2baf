/* pickle_value: making and asking the values of pickles. */
#include <string.h>

#include "weights/pickle.h"

void pickle_list_add(arena *a, pickle_list *l, pickle_value v) {
    ARENA_PUSH(a, l->items, l->count, l->capacity, v);
}

pickle_value pickle_tuple_of(arena *a, const pickle_value *items, size_t count) {
    pickle_value v = {.kind = PICKLE_TUPLE, .as.list = ARENA_NEW(a, pickle_list)};
    v.as.list->count = v.as.list->capacity = count;
    if (count) v.as.list->items = arena_copy(a, items, count * sizeof *items);
    return v;
}

pickle_value pickle_dict_new(arena *a) {
    return (pickle_value){.kind = PICKLE_DICT, .as.list = ARENA_NEW(a, pickle_list)};
}

pickle_value pickle_object_new(arena *a, const char *class_name, pickle_value args) {
    pickle_value v = {.kind = PICKLE_OBJECT, .as.object = ARENA_NEW(a, pickle_object)};
    v.as.object->class_name = class_name;
    v.as.object->args = args;
    return v;
}

static bool has_text(pickle_value v) { return v.kind == PICKLE_TEXT || v.kind == PICKLE_BYTES; }

bool pickle_is_text(pickle_value v, const char *text) {
    size_t length = strlen(text);
    return has_text(v) && v.as.text->length == length &&
           memcmp(v.as.text->bytes, text, length) == 0;
}

const char *pickle_string(arena *a, pickle_value v) {
    if (!has_text(v) || memchr(v.as.text->bytes, 0, v.as.text->length)) return NULL;
    return arena_strndup(a, v.as.text->bytes, v.as.text->length);
}

bool pickle_integer(pickle_value v, int64_t *integer) {
    if (v.kind != PICKLE_INTEGER && v.kind != PICKLE_BOOL) return false;
    *integer = v.kind == PICKLE_BOOL ? v.as.boolean : v.as.integer;
    return true;
}

const pickle_value *pickle_get(pickle_value v, const char *key) {
    if (v.kind != PICKLE_DICT) return NULL;
    for (size_t i = v.as.list->count; i >= 2; i -= 2)
        if (pickle_is_text(v.as.list->items[i - 2], key)) return &v.as.list->items[i - 1];
    return NULL;
}
