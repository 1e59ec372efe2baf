/* npz: arrays of numpy.savez and numpy.savez_compressed, a zip of NAME.npy records; and of
 * numpy.save, an .npy alone.
 *
 * An .npy is "\x93NUMPY", the version's two bytes, the header's length (two bytes, from version 2
 * on four), the header, a Python dict like {'descr': '<f4', 'fortran_order': False, 'shape': (9,
 * 6), }, and the elements (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
 * The header is read as what it is, a dict of these three; nothing in it is evaluated. Arrays of
 * Python objects, which are pickles, are never opened.
 */
#include <inttypes.h>
#include <string.h>

#include "weights/readers.h"

enum { FIXED = 12, LONGEST_HEADER = 1 << 16, RECORD_START = 1 << 10 };

typedef struct {
    const char *at, *end;
} header_text;

static void skip_blanks(header_text *h) {
    while (h->at < h->end && (*h->at == ' ' || *h->at == '\t' || *h->at == '\n' || *h->at == '\r'))
        h->at++;
}

static bool accept(header_text *h, const char *word) {
    skip_blanks(h);
    size_t length = strlen(word);
    if ((size_t)(h->end - h->at) < length || memcmp(h->at, word, length) != 0) return false;
    h->at += length;
    return true;
}

/* 'descr' or "descr", without escapes. */
static const char *read_string(arena *a, header_text *h) {
    skip_blanks(h);
    if (h->at == h->end || (*h->at != '\'' && *h->at != '"')) return NULL;
    char quote = *h->at++;
    const char *begin = h->at;
    while (h->at < h->end && *h->at != quote && *h->at != '\\' && *h->at != '\n') h->at++;
    if (h->at == h->end || *h->at != quote) return NULL;
    return arena_strndup(a, begin, (size_t)(h->at++ - begin));
}

static bool read_size(header_text *h, int64_t *size) {
    skip_blanks(h);
    const char *begin = h->at;
    *size = 0;
    for (; h->at < h->end && *h->at >= '0' && *h->at <= '9'; h->at++)
        if (__builtin_mul_overflow(*size, 10, size) ||
            __builtin_add_overflow(*size, *h->at - '0', size))
            return false;
    bool good = h->at > begin;
    if (good && h->at < h->end && *h->at == 'L') h->at++; /* of Python 2 */
    return good;
}

typedef struct {
    const char *descr;
    bool fortran_order, has_order, has_shape;
    int64_t shape[TENSOR_MAX_RANK];
    unsigned rank;
} npy_header;

static const char *read_shape(header_text *h, npy_header *to) {
    if (!accept(h, "(")) return "its shape is not a tuple";
    while (!accept(h, ")")) {
        int64_t size;
        if (!read_size(h, &size)) return "its shape holds something else than integers from 0 up";
        if (to->rank == TENSOR_MAX_RANK) return "it has more than the 8 dimensions that nnc reads";
        to->shape[to->rank++] = size;
        if (accept(h, ",")) continue;
        if (!accept(h, ")")) return "its shape is not a tuple";
        break;
    }
    to->has_shape = true;
    return NULL;
}

static const char *read_item(arena *a, header_text *h, npy_header *to) {
    const char *key = read_string(a, h);
    if (!key || !accept(h, ":")) return "its header is not the dict of an .npy file";
    if (strcmp(key, "descr") == 0 && !to->descr) {
        skip_blanks(h);
        if (h->at < h->end && *h->at == '[')
            return "its elements are structured: nnc reads plain numbers";
        to->descr = read_string(a, h);
        return to->descr ? NULL : "its header is not the dict of an .npy file";
    }
    if (strcmp(key, "fortran_order") == 0 && !to->has_order) {
        to->fortran_order = accept(h, "True");
        to->has_order = to->fortran_order || accept(h, "False");
        return to->has_order ? NULL : "its fortran_order is neither True nor False";
    }
    if (strcmp(key, "shape") == 0 && !to->has_shape) return read_shape(h, to);
    return "its header is not the dict of an .npy file";
}

static const char *read_header(arena *a, const char *text, size_t length, npy_header *to) {
    header_text h = {text, text + length};
    if (!accept(&h, "{")) return "its header is not the dict of an .npy file";
    while (!accept(&h, "}")) {
        const char *problem = read_item(a, &h, to);
        if (problem) return problem;
        if (accept(&h, ",")) continue;
        if (!accept(&h, "}")) return "its header is not the dict of an .npy file";
        break;
    }
    skip_blanks(&h);
    if (h.at != h.end || !to->descr || !to->has_order || !to->has_shape)
        return "its header is not the dict of an .npy file";
    return NULL;
}

/* "<f4": byte order, kind, bytes. Gives the bytes of an element, 0 when they are not known. */
static unsigned set_type(arena *a, const char *descr, tensor *t) {
    char order = descr[0];
    if (descr[0] && strchr("OSUVMm", descr[0])) order = '|';
    const char *kind = order == '|' && descr[0] != '|' ? descr : descr + (*descr ? 1 : 0);
    if (order != '<' && order != '>' && order != '=' && order != '|') kind = "";
    const element_type *type = element_of_numpy(kind);
    t->dtype = type ? type->dtype : TENSOR_OTHER;
    t->dtype_name = type           ? type->name
                    : *kind == 'O' ? "object (a pickle, never opened)"
                                   : tensor_name_quoted(a, descr);
    t->storage->big_endian = order == '>';
    return type ? type->bytes : 0;
}

/* The strides of an array that is stored column by column. */
static void turn(tensor *t) {
    int64_t step = 1;
    for (unsigned i = 0; i < t->rank; i++) {
        t->strides[i] = t->elements ? step : 0;
        step *= t->shape[i];
    }
}

/* The first bytes of an .npy of `size` bytes: where its header is. */
static const char *find_header(arena *a, const unsigned char *start, size_t count, uint64_t size,
                               size_t *fixed, size_t *length) {
    static const unsigned char magic[] = "\x93NUMPY";
    *fixed = *length = 0;
    if (count < FIXED || memcmp(start, magic, sizeof magic - 1) != 0) return "is no .npy array";
    unsigned version = start[6];
    if (version < 1 || version > 3)
        return arena_printf(a, "is an .npy array of version %u; nnc reads 1 to 3", version);
    uint64_t found = start[8] | (unsigned)start[9] << 8;
    if (version > 1) found |= (uint64_t)start[10] << 16 | (uint64_t)start[11] << 24;
    *fixed = version == 1 ? 10 : 12;
    *length = (size_t)found;
    return found > LONGEST_HEADER || *fixed + found > size
               ? "is an .npy array whose header is cut or too long"
               : NULL;
}

/* t->storage is all of the .npy; what its header says is taken off. */
static const char *take_header(arena *a, const char *header, size_t fixed, size_t length,
                               tensor *t) {
    npy_header h = {0};
    const char *problem = read_header(a, header, length, &h);
    if (problem) return arena_printf(a, "is no good .npy array: %s", problem);
    t->storage->size -= fixed + length;
    if (!tensor_set_shape(t, h.shape, h.rank)) return "has more elements than can be counted";
    if (h.fortran_order) turn(t);
    unsigned width = set_type(a, h.descr, t);
    uint64_t needed;
    if (!width) return NULL;
    if (__builtin_mul_overflow((uint64_t)t->elements, (uint64_t)width, &needed) ||
        needed != t->storage->size)
        return arena_printf(a, "has %" PRIu64 " bytes, but its shape %s and type %s need %" PRIu64,
                            t->storage->size, tensor_shape_string(a, t->shape, t->rank),
                            t->dtype_name, needed);
    return NULL;
}

static const char *read_array(arena *a, const tensor_file *f, const archive_record *r, tensor *t) {
    unsigned char start[RECORD_START], *bytes = start;
    size_t count = sizeof start, fixed, length;
    const char *problem = archive_read_start(f->archive, a, r, start, &count);
    if (problem) return arena_printf(a, "cannot be read: its record %s", problem);
    problem = find_header(a, start, count, r->size, &fixed, &length);
    if (problem) return problem;
    if (fixed + length > count) {
        count = fixed + length;
        bytes = arena_alloc(a, count);
        problem = archive_read_start(f->archive, a, r, bytes, &count);
        if (problem || count != fixed + length)
            return "is an .npy array whose header is cut or too long";
    }
    t->storage = ARENA_NEW(a, tensor_storage);
    *t->storage = (tensor_storage){
        .name = r->name, .record = r->index, .size = r->size, .skip = fixed + length};
    return take_header(a, (const char *)bytes + fixed, fixed, length, t);
}

static tensor_dict *dict_of(arena *a, tensor *tensors, size_t count) {
    tensor_dict *dict = ARENA_NEW(a, tensor_dict);
    *dict = tensor_dict_new("", tensors, count);
    return dict;
}

const char *npy_read(arena *a, tensor_file *f) {
    size_t fixed, length;
    tensor *t = ARENA_NEW(a, tensor);
    f->format = "a NumPy .npy file";
    const char *problem = find_header(a, f->bytes, f->size, f->size, &fixed, &length);
    if (!problem) {
        t->name = "";
        t->storage = ARENA_NEW(a, tensor_storage);
        *t->storage = (tensor_storage){
            .name = "array", .bytes = f->bytes + fixed + length, .size = f->size};
        problem = take_header(a, (const char *)f->bytes + fixed, fixed, length, t);
    }
    if (problem) return arena_printf(a, "the array %s", problem);
    f->dicts = dict_of(a, t, 1);
    f->dict_count = 1;
    return NULL;
}

const char *npz_read(arena *a, tensor_file *f) {
    size_t records, count = 0;
    archive_records(f->archive, &records);
    tensor *tensors = ARENA_ARRAY(a, tensor, records);
    f->format = "a NumPy .npz file";
    for (size_t i = 0; i < records; i++) {
        const archive_record *r = archive_at(f->archive, i);
        size_t length = strlen(r->name);
        if (length < 4 || strcmp(r->name + length - 4, ".npy") != 0) continue;
        tensor *t = &tensors[count++];
        t->name = arena_strndup(a, r->name, length - 4);
        const char *problem = read_array(a, f, r, t);
        if (problem) return arena_printf(a, "array %s %s", tensor_name_quoted(a, t->name), problem);
    }
    f->dicts = dict_of(a, tensors, count);
    f->dict_count = 1;
    return NULL;
}
