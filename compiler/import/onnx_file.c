/* onnx_file: reading, with bounds on depth, memory and paths. */
#include "import/onnx_file.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>

enum {
    MAX_DEPTH = 160,            /* messages inside one another: an If takes three */
    BUDGET_BYTES = 64 << 20,    /* what any file may unfold to, */
    BUDGET_FACTOR = 8           /* and how many times its size more */
};

/* --- files -------------------------------------------------------------------------------------------------------- */

/* Reads `length` bytes from `offset` of a regular file (SIZE_MAX: to its end); NULL sets *problem. */
static unsigned char *read_part(arena *a, const char *path, size_t offset, size_t *length, const char **problem) {
    FILE *f = source_open(path);
    struct stat about;
    if (!f || fstat(fileno(f), &about) != 0) {
        *problem = arena_printf(a, "cannot be opened: %s", strerror(errno));
        if (f) fclose(f);
        return NULL;
    }
    size_t size = (size_t)about.st_size;
    unsigned char *bytes = NULL;
    if (!S_ISREG(about.st_mode)) *problem = "is not a regular file";
    else if (offset > size || (*length != SIZE_MAX && *length > size - offset))
        *problem = arena_printf(a, "has only %zu bytes", size);
    else {
        if (*length == SIZE_MAX) *length = size - offset;
        bytes = arena_alloc(a, *length ? *length : 1);
        if (fseeko(f, (off_t)offset, SEEK_SET) != 0 || fread(bytes, 1, *length, f) != *length) {
            *problem = arena_printf(a, "cannot be read: %s", strerror(errno ? errno : EIO));
            bytes = NULL;
        }
    }
    fclose(f);
    return bytes;
}

/* --- protobuf ----------------------------------------------------------------------------------------------------- */

static bool read_varint(const unsigned char **at, const unsigned char *end, uint64_t *value) {
    *value = 0;
    for (unsigned shift = 0; shift < 64 && *at < end; shift += 7) {
        unsigned char byte = *(*at)++;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return true;
    }
    return false;
}

/* Whether messages stand at most `depth` deep inside one another. What is malformed is protobuf's to refuse. */
static bool is_shallow(const unsigned char *at, const unsigned char *end, const ProtobufCMessageDescriptor *message,
                       unsigned depth) {
    if (depth == 0) return false;
    while (at < end) {
        uint64_t tag, skip;
        if (!read_varint(&at, end, &tag)) return true;
        switch (tag & 7) {
        case 0:
            if (!read_varint(&at, end, &skip)) return true;
            continue;
        case 1: skip = 8; break;
        case 5: skip = 4; break;
        case 2:
            if (!read_varint(&at, end, &skip)) return true;
            break;
        default: return true;
        }
        if (skip > (uint64_t)(end - at)) return true;
        const ProtobufCFieldDescriptor *field =
            tag >> 3 <= UINT32_MAX ? protobuf_c_message_descriptor_get_field(message, (unsigned)(tag >> 3)) : NULL;
        if (field && field->type == PROTOBUF_C_TYPE_MESSAGE && (tag & 7) == 2 &&
            !is_shallow(at, at + skip, field->descriptor, depth - 1))
            return false;
        at += skip;
    }
    return true;
}

typedef struct {
    arena *arena;
    size_t left;
} budget;

static void *budget_alloc(void *data, size_t size) {
    budget *b = data;
    if (size > b->left) return NULL;
    b->left -= size;
    return arena_alloc(b->arena, size ? size : 1);
}

static void budget_free(void *data, void *pointer) {
    (void)data;
    (void)pointer; /* the arena's */
}

static const char *folder_of(arena *a, const char *path) {
    const char *slash = strrchr(path, '/');
    char *real = realpath(slash ? arena_printf(a, "%.*s/", (int)(slash - path), path) : ".", NULL);
    const char *folder = real ? arena_strdup(a, real) : NULL;
    free(real);
    return folder;
}

onnx_file *onnx_file_open(arena *a, const char *path, diag_list *diags) {
    onnx_file *f = ARENA_NEW(a, onnx_file);
    f->arena = a;
    f->path = path;
    f->bytes = SIZE_MAX;
    const char *problem = NULL;
    unsigned char *bytes = read_part(a, path, 0, &f->bytes, &problem);
    f->folder = folder_of(a, path);
    if (!bytes || !f->folder) {
        diag_error_file(diags, path, "the file %s", problem ? problem : "has no folder");
        return NULL;
    }
    if (!is_shallow(bytes, bytes + f->bytes, &onnx__model_proto__descriptor, MAX_DEPTH)) {
        diag_error_file(diags, path,
                        "the file is nested too deep: more than %d messages inside one another (an If in an If …)",
                        MAX_DEPTH);
        return NULL;
    }
    budget b = {a, BUDGET_BYTES};
    if (f->bytes < (SIZE_MAX - BUDGET_BYTES) / BUDGET_FACTOR) b.left += BUDGET_FACTOR * f->bytes;
    ProtobufCAllocator allocator = {budget_alloc, budget_free, &b};
    f->model = onnx__model_proto__unpack(&allocator, f->bytes, bytes);
    if (!f->model || !f->model->graph || !f->model->has_ir_version) {
        diag *d = diag_error_file(diags, path, "%s",
                                  !f->model ? "this is no ONNX model: it is not in protobuf's format, or cut short"
                                            : "this is no ONNX model: it holds no graph");
        if (source_path_ends(path, ".nn")) diag_hint(d, "a .nn file is compiled as it is: nnc MODEL.nn -o MODEL.c");
        else if (source_path_ends(path, SOURCE_WEIGHTS_ENDINGS))
            diag_hint(d, "weights without their model become layers of a .nn file: nnc weights FILE shows them");
        else diag_hint(d, "torch.onnx.export, tf2onnx and keras2onnx write such files");
        return NULL;
    }
    return f;
}

/* --- tensors ------------------------------------------------------------------------------------------------------ */

#define TYPE(NAME) ONNX__TENSOR_PROTO__DATA_TYPE__##NAME

/* A row a type: its name, its bytes in raw_data (0: not read), what it is to nnc. */
static const struct {
    const char *name;
    unsigned bytes;
    onnx_elements kind;
} types[] = {
    [TYPE(FLOAT)] = {"float32", 4, ONNX_FLOAT},   [TYPE(UINT8)] = {"uint8", 1, ONNX_INT},
    [TYPE(INT8)] = {"int8", 1, ONNX_INT},         [TYPE(UINT16)] = {"uint16", 2, ONNX_INT},
    [TYPE(INT16)] = {"int16", 2, ONNX_INT},       [TYPE(INT32)] = {"int32", 4, ONNX_INT},
    [TYPE(INT64)] = {"int64", 8, ONNX_INT},       [TYPE(STRING)] = {"string", 0, ONNX_UNREADABLE},
    [TYPE(BOOL)] = {"bool", 1, ONNX_BOOL},        [TYPE(FLOAT16)] = {"float16", 2, ONNX_FLOAT},
    [TYPE(DOUBLE)] = {"float64", 8, ONNX_FLOAT},  [TYPE(UINT32)] = {"uint32", 4, ONNX_INT},
    [TYPE(UINT64)] = {"uint64", 8, ONNX_INT},     [TYPE(COMPLEX64)] = {"complex64", 0, ONNX_UNREADABLE},
    [TYPE(COMPLEX128)] = {"complex128", 0, ONNX_UNREADABLE}, [TYPE(BFLOAT16)] = {"bfloat16", 2, ONNX_FLOAT},
};

static bool is_type(int t) { return t > 0 && (size_t)t < sizeof types / sizeof *types && types[t].name; }

onnx_elements onnx_elements_of(int data_type) { return is_type(data_type) ? types[data_type].kind : ONNX_UNREADABLE; }

const char *onnx_type_name(int data_type) { return is_type(data_type) ? types[data_type].name : "of an unknown type"; }

static double half_to_double(uint64_t bits) {
    int exponent = (int)(bits >> 10 & 31);
    double fraction = (double)(bits & 1023);
    double value = exponent == 31 ? ((bits & 1023) ? NAN : INFINITY)
                   : exponent     ? ldexp(fraction + 1024, exponent - 25)
                                  : ldexp(fraction, -24);
    return bits >> 15 & 1 ? -value : value;
}

static double float_from(int type, uint64_t bits) {
    float f;
    double d;
    uint32_t word = (uint32_t)bits;
    switch (type) {
    case TYPE(FLOAT16): return half_to_double(bits);
    case TYPE(BFLOAT16): word <<= 16; /* fall through */
    case TYPE(FLOAT): memcpy(&f, &word, sizeof f); return (double)f;
    default: memcpy(&d, &bits, sizeof d); return d;
    }
}

static int64_t integer_from(int type, uint64_t bits) {
    switch (type) {
    case TYPE(INT8): return (int8_t)bits;
    case TYPE(INT16): return (int16_t)bits;
    case TYPE(INT32): return (int32_t)bits;
    case TYPE(UINT64): return bits > INT64_MAX ? INT64_MAX : (int64_t)bits;
    default: return (int64_t)bits;
    }
}

/* The bytes of a tensor whose data lies in another file. */
static const char *read_external(onnx_file *f, const Onnx__TensorProto *t, size_t need, const unsigned char **bytes) {
    arena *a = f->arena;
    const char *location = NULL;
    size_t offset = 0, length = SIZE_MAX;
    for (size_t i = 0; i < t->n_external_data; i++) {
        const char *key = t->external_data[i]->key, *value = t->external_data[i]->value;
        if (!key || !value) continue;
        char *end = NULL;
        errno = 0;
        if (strcmp(key, "location") == 0) location = value;
        else if (strcmp(key, "offset") == 0) offset = strtoull(value, &end, 10);
        else if (strcmp(key, "length") == 0) length = strtoull(value, &end, 10);
        if (end && (errno || *end || *value == '-' || end == value))
            return arena_printf(a, "has external data with a bad %s", key);
    }
    if (!location || !*location) return "has external data without a location";
    if (length != SIZE_MAX && length != need)
        return arena_printf(a, "has %zu bytes of external data; its shape and type need %zu", length, need);
    char *real = location[0] == '/' ? NULL : realpath(arena_printf(a, "%s/%s", f->folder, location), NULL);
    int missing = location[0] == '/' || real ? 0 : errno;
    size_t folder = strlen(f->folder);
    bool inside = real && strncmp(real, f->folder, folder) == 0 && (folder == 1 || real[folder] == '/');
    const char *path = real ? arena_strdup(a, real) : NULL;
    free(real);
    bool climbs = location[0] == '/' || strncmp(location, "../", 3) == 0 || strstr(location, "/../");
    if (climbs || (path && !inside))
        return arena_printf(a, "has its data in \"%s\", which is outside of the model's folder; nothing else is read",
                            location);
    if (!path) return arena_printf(a, "has its data in \"%s\": %s", location, strerror(missing));
    const char *problem = NULL;
    length = need;
    *bytes = read_part(a, path, offset, &length, &problem);
    bool again = f->other_count && strcmp(f->others[f->other_count - 1], path) == 0;
    if (!again) ARENA_PUSH(a, f->others, f->other_count, f->other_capacity, path);
    if (!*bytes)
        return arena_printf(a, "needs %zu bytes from %zu on of \"%s\", which %s", need, offset, location, problem);
    f->bytes += need;
    return NULL;
}

static const char *read_dims(arena *a, const Onnx__TensorProto *t, onnx_data *to) {
    if (t->n_dims > ONNX_MAX_RANK)
        return arena_printf(a, "has %zu dims; at most %d are supported", t->n_dims, ONNX_MAX_RANK);
    to->rank = (unsigned)t->n_dims;
    to->count = 1;
    for (unsigned i = 0; i < to->rank; i++) {
        if (t->dims[i] < 0) return arena_printf(a, "has a dim of %" PRId64, t->dims[i]);
        to->dims[i] = t->dims[i];
        if (t->dims[i] && to->count > (size_t)INT_MAX / (size_t)t->dims[i])
            return arena_printf(a, "is too large: a dim of %" PRId64, t->dims[i]);
        to->count *= (size_t)t->dims[i];
    }
    return NULL;
}

const char *onnx_tensor_read(onnx_file *f, const Onnx__TensorProto *t, onnx_data *to) {
    arena *a = f->arena;
    int type = t->data_type;
    *to = (onnx_data){.kind = onnx_elements_of(type)};
    if (to->kind == ONNX_UNREADABLE) return arena_printf(a, "has elements that are %s", onnx_type_name(type));
    const char *problem = read_dims(a, t, to);
    if (problem) return problem;
    size_t size = types[type].bytes, have = SIZE_MAX;
    const unsigned char *raw = NULL;
    if (t->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL) {
        problem = read_external(f, t, to->count * size, &raw);
        if (problem) return problem;
        have = to->count;
    } else if (t->has_raw_data) {
        raw = t->raw_data.data;
        have = t->raw_data.len / size;
        if (t->raw_data.len % size) have = SIZE_MAX;
    } else {
        have = type == TYPE(FLOAT)                          ? t->n_float_data
               : type == TYPE(DOUBLE)                       ? t->n_double_data
               : type == TYPE(INT64)                        ? t->n_int64_data
               : type == TYPE(UINT64) || type == TYPE(UINT32) ? t->n_uint64_data
                                                            : t->n_int32_data;
    }
    if (have != to->count) return arena_printf(a, "has a shape of %zu elements, but not as many in it", to->count);

    if (to->kind == ONNX_FLOAT) to->floats = ARENA_ARRAY(a, float, to->count ? to->count : 1);
    else to->integers = ARENA_ARRAY(a, int64_t, to->count ? to->count : 1);
    for (size_t i = 0; i < to->count; i++) {
        uint64_t bits = 0;
        if (raw)
            for (size_t b = 0; b < size; b++) bits |= (uint64_t)raw[i * size + b] << (8 * b);
        if (to->kind == ONNX_FLOAT) {
            double value = raw                    ? float_from(type, bits)
                           : type == TYPE(FLOAT)  ? (double)t->float_data[i]
                           : type == TYPE(DOUBLE) ? t->double_data[i]
                                                  : float_from(type, (uint64_t)(uint16_t)t->int32_data[i]);
            if (isfinite(value) && fabs(value) > 3.4028235677973366e38)
                return arena_printf(a, "holds %g, which is too large for float32", value);
            to->floats[i] = (float)value;
        } else {
            to->integers[i] = raw                    ? integer_from(type, bits)
                              : type == TYPE(INT64)  ? t->int64_data[i]
                              : type == TYPE(UINT64) ? integer_from(type, t->uint64_data[i])
                              : type == TYPE(UINT32) ? (int64_t)t->uint64_data[i]
                                                     : t->int32_data[i];
            if (to->kind == ONNX_BOOL) to->integers[i] = to->integers[i] != 0;
        }
    }
    return NULL;
}
