/* load: elements as float32, out of memory or out of an archive's records.
 *
 * A record is read once, from its beginning to its end, in pieces: what is contiguous is converted
 * on the way, so that no copy of the record is held; only of what is strided the bytes between its
 * first and last element are.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "weights/archive.h"
#include "weights/tensor.h"
#include "weights/weight_norm.h"
#include "support/memory.h"

enum { RELEASED = 16 << 20 };

/* One tensor's elements on their way: as float32, or, of parts of a wide weight, as float64. */
typedef struct {
    const tensor *tensor;
    float *floats; /* one of these two */
    double *doubles;
    tensor_request *request; /* whose fault it is if they cannot be had */
    uint64_t begin, end;     /* bytes of the storage from its first element to its last */
    const element_type *type;
    unsigned width;          /* bytes of an element */
    unsigned char *window;   /* these bytes, of a tensor that cannot be converted piece by piece */
} load;

/* Tensors keep the name of their type's row. */
static const element_type *type_of(const tensor *t) {
    return element_of_safetensors(t->dtype_name);
}

static bool is_contiguous(const tensor *t) {
    int64_t step = 1;
    for (unsigned i = t->rank; i-- > 0;) {
        if (t->shape[i] != 1 && t->strides[i] != step) return false;
        step *= t->shape[i];
    }
    return true;
}

const float *tensor_in_place(const tensor *t) {
    if (t->dtype != TENSOR_F32 || !t->storage || !t->storage->bytes || t->storage->problem)
        return NULL;
    if (t->storage->big_endian == host_is_little_endian() || !is_contiguous(t)) return NULL;
    const unsigned char *bytes = t->storage->bytes + t->offset;
    return (uintptr_t)bytes % _Alignof(float) == 0 ? (const float *)(const void *)bytes : NULL;
}

/* --- converting ------------------------------------------------------------------------------- */

static void convert(load *l, arena *a, const unsigned char *from, size_t first, size_t count) {
    const tensor *t = l->tensor;
    bool big = t->storage->big_endian;
    if (l->doubles) {
        elements_to_numbers(l->type, big, from, count, l->doubles + first);
        return;
    }
    size_t overflow = elements_to_float32(t->dtype, big, from, count, l->floats + first);
    if (overflow < count && !l->request->problem)
        l->request->problem = arena_printf(
            a, "has a number that is too large for float32, its element %zu", first + overflow);
}

/* from holds the bytes from begin to end. */
static void convert_strided(load *l, arena *a, const unsigned char *from) {
    const tensor *t = l->tensor;
    int64_t index[TENSOR_MAX_RANK] = {0}, place = 0;
    for (size_t i = 0; i < t->elements; i++) {
        convert(l, a, from + (uint64_t)place * l->width, i, 1);
        for (unsigned d = t->rank; d-- > 0;) {
            place += t->strides[d];
            if (++index[d] < t->shape[d]) break;
            place -= t->strides[d] * t->shape[d];
            index[d] = 0;
        }
    }
}

typedef struct {
    arena *arena;
    const tensor_file *file;
    uint64_t passed; /* bytes of the file since the last release */
} reading;

/* What was converted need not stay in memory with what it became: the mapping's pages come again
 * when they are wanted. */
static void release(reading *r, uint64_t count) {
    r->passed += count;
    if (r->passed < RELEASED) return;
    madvise((void *)(uintptr_t)r->file->bytes, r->file->size, MADV_DONTNEED);
    r->passed = 0;
}

static void convert_in_memory(reading *r, load *l) {
    const unsigned char *from = l->tensor->storage->bytes + l->begin;
    if (is_contiguous(l->tensor)) convert(l, r->arena, from, 0, l->tensor->elements);
    else convert_strided(l, r->arena, from);
    release(r, l->end - l->begin);
}

/* --- records ---------------------------------------------------------------------------------- */

/* All loads of one record, while its bytes pass. */
typedef struct {
    reading *reading;
    load *loads;
    size_t count;
    uint64_t skip, at; /* bytes before the storage that are still to come; its bytes that passed */
} passage;

/* Bytes of the storage from p->at on. */
static void take_bytes(passage *p, const unsigned char *bytes, size_t count) {
    uint64_t end = p->at + count;
    for (size_t i = 0; i < p->count; i++) {
        load *l = &p->loads[i];
        uint64_t from = l->begin > p->at ? l->begin : p->at, to = l->end < end ? l->end : end;
        if (from >= to) continue;
        const unsigned char *first = bytes + (from - p->at);
        if (l->window) memcpy(l->window + (from - l->begin), first, (size_t)(to - from));
        else
            convert(l, p->reading->arena, first, (size_t)((from - l->begin) / l->width),
                    (size_t)((to - from) / l->width));
    }
    p->at = end;
}

static void take_piece(void *to, const unsigned char *bytes, size_t count) {
    passage *p = to;
    size_t skipped = p->skip < count ? (size_t)p->skip : count;
    p->skip -= skipped;
    take_bytes(p, bytes + skipped, count - skipped);
    release(p->reading, count);
}

/* A window is as long as the part of a record that a tensor is strewn over: of a compressed one not
 * without limit. */
static const uint64_t LARGEST_WINDOW = 256 << 20;

static void open_windows(load *loads, size_t count, bool compressed) {
    for (size_t i = 0; i < count; i++) {
        load *l = &loads[i];
        bool in_pieces = is_contiguous(l->tensor) && l->tensor->storage->skip % 8 == 0;
        if (in_pieces || l->request->problem) continue;
        if (compressed && l->end - l->begin > LARGEST_WINDOW) {
            l->request->problem =
                "is strewn over too many compressed bytes: save a contiguous copy, "
                "tensor.contiguous()";
            l->end = l->begin;
            continue;
        }
        l->window = memory_new(l->end > l->begin ? l->end - l->begin : 0, 1);
    }
}

static void close_windows(load *loads, size_t count, arena *a) {
    for (size_t i = 0; i < count; i++) {
        load *l = &loads[i];
        if (!l->window) continue;
        if (!l->request->problem) convert_strided(l, a, l->window);
        free(l->window);
    }
}

/* All loads out of one record. */
static void read_record(reading *from, load *loads, size_t count) {
    const tensor_storage *s = loads[0].tensor->storage;
    const archive *z = from->file->archive;
    const archive_record *r = archive_at(z, s->record);
    arena *a = from->arena;
    open_windows(loads, count, r->compressed);
    passage p = {.reading = from, .loads = loads, .count = count, .skip = s->skip};
    const char *problem = archive_read(z, a, r, take_piece, &p);
    for (size_t i = 0; i < count && problem; i++)
        loads[i].request->problem = arena_printf(a, "cannot be read: its record %s %s",
                                                 tensor_name_quoted(a, r->name), problem);
    close_windows(loads, count, a);
}

/* --- all of them ------------------------------------------------------------------------------ */

static load load_of(const tensor *t, tensor_request *r) {
    const element_type *type = type_of(t);
    load l = {.tensor = t, .request = r, .type = type, .width = type->bytes};
    l.begin = l.end = t->offset;
    for (unsigned d = 0; d < t->rank && t->elements; d++)
        l.end += (uint64_t)(t->shape[d] - 1) * (uint64_t)t->strides[d] * l.width;
    if (t->elements) l.end += l.width;
    return l;
}

static int by_record(const void *a, const void *b) {
    const load *x = a, *y = b;
    const tensor_storage *s = x->tensor->storage, *t = y->tensor->storage;
    if (!s->bytes != !t->bytes) return s->bytes ? -1 : 1;
    if (!s->bytes && s->record != t->record) return s->record < t->record ? -1 : 1;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

/* What the two parts of a weight are loaded into, but for v, which becomes the weight where it
 * lies. */
typedef struct {
    float *g;
    double *wide_g, *wide_v;
} parts;

/* The loads of one request: itself, or the two parts of its weight. */
static size_t add_loads(arena *a, tensor_request *r, load *to, parts *p) {
    const tensor *t = r->tensor;
    r->to = ARENA_ARRAY(a, float, t->elements);
    to[0] = load_of(t->g ? t->v : t, r);
    to[0].floats = r->to;
    if (!t->g) return 1;
    to[1] = load_of(t->g, r);
    if (weight_norm_is_wide(t)) {
        to[0].doubles = p->wide_v = memory_new(t->v->elements, sizeof *p->wide_v);
        to[1].doubles = p->wide_g = memory_new(t->g->elements, sizeof *p->wide_g);
    } else {
        to[1].floats = p->g = memory_new(t->g->elements, sizeof *p->g);
    }
    return 2;
}

static void finish(tensor_request *r, parts *p) {
    if (p->g && !r->problem) weight_norm_fold(r->tensor, p->g, r->to);
    if (p->wide_g && !r->problem) weight_norm_fold_wide(r->tensor, p->wide_g, p->wide_v, r->to);
    free(p->g);
    free(p->wide_g);
    free(p->wide_v);
}

static void run_loads(arena *a, const tensor_file *f, load *loads, size_t all) {
    reading r = {a, f, 0};
    qsort(loads, all, sizeof *loads, by_record);
    for (size_t i = 0, end; i < all; i = end) {
        const tensor_storage *s = loads[i].tensor->storage;
        end = i + 1;
        if (s->bytes) {
            convert_in_memory(&r, &loads[i]);
            continue;
        }
        while (end < all && !loads[end].tensor->storage->bytes &&
               loads[end].tensor->storage->record == s->record)
            end++;
        read_record(&r, &loads[i], end - i);
    }
}

const char *tensor_numbers(arena *a, const tensor_file *f, const tensor *t, double **to) {
    const element_type *type = t->storage ? type_of(t) : NULL;
    if (!type || !element_is_number(type))
        return arena_printf(a, "is of type %s: no plain numbers", t->dtype_name);
    tensor_request request = {.tensor = t};
    load l = load_of(t, &request);
    l.doubles = *to = ARENA_ARRAY(a, double, t->elements);
    run_loads(a, f, &l, 1);
    return request.problem;
}

void tensors_load(arena *a, const tensor_file *f, tensor_request *requests, size_t count) {
    load *loads = memory_new(2 * count, sizeof *loads);
    parts *all_parts = memory_new(count, sizeof *all_parts);
    size_t all = 0;
    for (size_t i = 0; i < count; i++)
        all += add_loads(a, &requests[i], &loads[all], &all_parts[i]);
    run_loads(a, f, loads, all);
    for (size_t i = 0; i < count; i++) finish(&requests[i], &all_parts[i]);
    free(loads);
    free(all_parts);
}
