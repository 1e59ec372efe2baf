/* safetensors: reads the format of https://github.com/huggingface/safetensors, in memory.
 *
 * Eight bytes, little-endian: the header's length N; N bytes of JSON, {"name": {"dtype": "F32", "shape": [24, 6],
 * "data_offsets": [begin, end]}, …, "__metadata__": {"key": "text", …}}; then the data, in which the offsets count.
 * Everything is checked as strictly as the format's own library does: the tensors cover the data without overlaps and
 * without holes, and each has exactly the bytes that its shape and type need. The header goes through jansson; every
 * number in it is checked before anything points into the data.
 */
#include "weights/readers.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH_BYTES = 8, LARGEST_HEADER = 100 * 1000 * 1000 }; /* the format's own limit */

typedef struct {
    arena *arena;
    tensor_storage *data; /* what stands behind the header */
} reader;

/* Where a tensor lies in the data; begin <= end <= data_size. */
typedef struct {
    const char *name;
    uint64_t begin, end;
} extent;

__attribute__((format(printf, 3, 4))) static const char *problem_with(const reader *r, const char *name,
                                                                      const char *format, ...) {
    va_list args;
    va_start(args, format);
    const char *what = arena_vprintf(r->arena, format, args);
    va_end(args);
    return arena_printf(r->arena, "tensor %s %s", tensor_name_quoted(r->arena, name), what);
}

/* A member that must be an integer of at least 0. */
static bool natural(const json_t *value, uint64_t *number) {
    if (!json_is_integer(value) || json_integer_value(value) < 0) return false;
    *number = (uint64_t)json_integer_value(value);
    return true;
}

static const char *read_dtype(const reader *r, const char *name, const json_t *value, tensor *t, unsigned *bytes_each) {
    if (!json_is_string(value)) return problem_with(r, name, "has no \"dtype\"");
    const char *dtype = json_string_value(value);
    const element_type *type = element_of_safetensors(dtype);
    if (type) {
        t->dtype = type->dtype;
        t->dtype_name = type->name;
        *bytes_each = type->bytes;
        return NULL;
    }
    return problem_with(r, name, "has the unknown element type %s", tensor_name_quoted(r->arena, dtype));
}

static const char *read_shape(const reader *r, const char *name, const json_t *value, tensor *t) {
    if (!json_is_array(value)) return problem_with(r, name, "has no \"shape\"");
    if (json_array_size(value) > TENSOR_MAX_RANK)
        return problem_with(r, name, "has %zu dimensions, more than the %d that nnc reads", json_array_size(value),
                            TENSOR_MAX_RANK);
    int64_t shape[TENSOR_MAX_RANK];
    unsigned rank = (unsigned)json_array_size(value);
    for (unsigned i = 0; i < rank; i++) {
        uint64_t size;
        if (!natural(json_array_get(value, i), &size))
            return problem_with(r, name, "has a shape that holds something else than integers from 0 up");
        shape[i] = (int64_t)size;
    }
    return tensor_set_shape(t, shape, rank) ? NULL : problem_with(r, name, "has more elements than can be counted");
}

static const char *read_tensor(const reader *r, const char *name, const json_t *value, tensor *t, extent *e) {
    if (!json_is_object(value)) return problem_with(r, name, "is described by something else than an object");
    *t = (tensor){.name = arena_strdup(r->arena, name)};
    unsigned bytes_each = 0;
    const char *problem = read_dtype(r, name, json_object_get(value, "dtype"), t, &bytes_each);
    if (!problem) problem = read_shape(r, name, json_object_get(value, "shape"), t);
    if (problem) return problem;

    const json_t *offsets = json_object_get(value, "data_offsets");
    uint64_t begin, end, needed;
    if (!json_is_array(offsets) || json_array_size(offsets) != 2 || !natural(json_array_get(offsets, 0), &begin) ||
        !natural(json_array_get(offsets, 1), &end))
        return problem_with(r, name, "has no \"data_offsets\" of two integers from 0 up");
    if (begin > end)
        return problem_with(r, name, "ends before it begins: data_offsets [%" PRIu64 ", %" PRIu64 "]", begin, end);
    if (__builtin_mul_overflow((uint64_t)t->elements, (uint64_t)bytes_each, &needed))
        return problem_with(r, name, "has more bytes than can be counted");
    if (end - begin != needed)
        return problem_with(
            r, name, "needs %" PRIu64 " bytes for %s %s, but its data_offsets [%" PRIu64 ", %" PRIu64 "] hold %" PRIu64,
            needed, t->dtype_name, tensor_shape_string(r->arena, t->shape, t->rank), begin, end, end - begin);
    t->storage = r->data;
    t->offset = begin;
    *e = (extent){t->name, begin, end};
    return NULL;
}

static int by_extent(const void *left, const void *right) {
    const extent *a = left, *b = right;
    if (a->begin != b->begin) return a->begin < b->begin ? -1 : 1;
    if (a->end != b->end) return a->end < b->end ? -1 : 1;
    return strcmp(a->name, b->name);
}

/* The tensors must lie in the data, without overlaps and without holes. Sorts the extents. */
static const char *check_extents(const reader *r, extent *extents, size_t count) {
    uint64_t described = 0, done = 0;
    for (size_t i = 0; i < count; i++)
        if (extents[i].end > described) described = extents[i].end;
    if (described > r->data->size)
        return arena_printf(r->arena,
                            "the file is truncated: its header describes %" PRIu64
                            " bytes of tensors, but only %" PRIu64 " bytes follow it",
                            described, r->data->size);
    if (count) qsort(extents, count, sizeof *extents, by_extent);
    for (size_t i = 0; i < count; i++) {
        if (extents[i].begin < done)
            return arena_printf(r->arena, "tensors %s and %s overlap at byte %" PRIu64 " of the data",
                                tensor_name_quoted(r->arena, extents[i - 1].name),
                                tensor_name_quoted(r->arena, extents[i].name), extents[i].begin);
        if (extents[i].begin > done)
            return arena_printf(r->arena, "bytes %" PRIu64 " to %" PRIu64 " of the data belong to no tensor", done,
                                extents[i].begin);
        done = extents[i].end;
    }
    if (done < r->data->size)
        return arena_printf(r->arena, "the last %" PRIu64 " bytes of the file belong to no tensor",
                            r->data->size - done);
    return NULL;
}

static const char *check_metadata(const reader *r, json_t *metadata) {
    const char *key;
    json_t *value;
    if (!json_is_object(metadata)) return "the header's \"__metadata__\" is not an object";
    json_object_foreach(metadata, key, value) if (!json_is_string(value)) return arena_printf(
        r->arena, "the header's \"__metadata__\" has %s, which is not a string", tensor_name_quoted(r->arena, key));
    return NULL;
}

static const char *read_header(const reader *r, json_t *header, tensor_file *to) {
    size_t room = json_object_size(header), count = 0;
    tensor *tensors = ARENA_ARRAY(r->arena, tensor, room);
    extent *extents = ARENA_ARRAY(r->arena, extent, room);
    const char *name, *problem;
    json_t *value;
    json_object_foreach(header, name, value) {
        if (!strcmp(name, "__metadata__")) {
            problem = check_metadata(r, value);
        } else {
            problem = read_tensor(r, name, value, &tensors[count], &extents[count]);
            count++;
        }
        if (problem) return problem;
    }
    problem = check_extents(r, extents, count);
    if (problem) return problem;
    tensor_dict *dict = ARENA_NEW(r->arena, tensor_dict);
    *dict = tensor_dict_new("", tensors, count);
    to->dicts = dict;
    to->dict_count = 1;
    return NULL;
}

static const char *json_problem(arena *a, const json_error_t *error) {
    const char *what;
    switch (json_error_code(error)) {
    case json_error_duplicate_key: what = "it has a name twice"; break;
    case json_error_invalid_utf8: what = "it is not valid UTF-8"; break;
    case json_error_null_character:
    case json_error_null_byte_in_key: what = "a name holds a NUL character"; break;
    case json_error_numeric_overflow: what = "a number is too large"; break;
    case json_error_stack_overflow: what = "it is nested too deeply"; break;
    case json_error_premature_end_of_input: what = "it ends too early"; break;
    case json_error_end_of_input_expected: what = "something follows its end"; break;
    default: what = "it is not valid JSON"; break;
    }
    return arena_printf(a, "the header cannot be read: %s (at byte %d of the header)", what, error->position);
}

const char *safetensors_read(arena *a, tensor_file *to) {
    const unsigned char *bytes = to->bytes;
    size_t size = to->size;
    to->format = "a safetensors file";
    if (size < LENGTH_BYTES)
        return arena_printf(a, "not a safetensors file: it has %zu bytes, and the header's length alone takes %d", size,
                            LENGTH_BYTES);
    uint64_t length = 0;
    for (unsigned i = 0; i < LENGTH_BYTES; i++) length |= (uint64_t)bytes[i] << (8 * i);
    size_t behind = size - LENGTH_BYTES;
    if (length > LARGEST_HEADER)
        return arena_printf(a, "not a safetensors file: its header would have %" PRIu64 " bytes, and %d is the most",
                            length, LARGEST_HEADER);
    if (length > behind)
        return arena_printf(a, "the file is truncated: its header should have %" PRIu64 " bytes, but only %zu follow",
                            length, behind);
    if (length == 0 || bytes[LENGTH_BYTES] != '{')
        return "not a safetensors file: its header does not begin with \"{\"";

    tensor_storage *data = ARENA_NEW(a, tensor_storage);
    *data = (tensor_storage){.bytes = bytes + LENGTH_BYTES + length, .size = behind - length};
    const reader r = {a, data};
    json_error_t error;
    json_t *header = json_loadb((const char *)bytes + LENGTH_BYTES, (size_t)length, JSON_REJECT_DUPLICATES, &error);
    if (!header) return json_problem(a, &error);
    const char *problem = read_header(&r, header, to);
    json_decref(header);
    return problem;
}
