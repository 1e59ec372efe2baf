/* torch_storage: storages as pickles name them, and tensors of them. */
#include <inttypes.h>
#include <string.h>

#include "weights/torch.h"

static bool is(const char *word, const char *other) { return strcmp(word, other) == 0; }

const element_type *torch_storage_type(const char *name) {
    static const char *const modules[] = {"torch.", "torch.cuda.", "torch.storage.", "torch.mps.",
                                          "torch.xpu."};
    const char *word = strrchr(name, '.');
    if (!word++) return NULL;
    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++) {
        size_t length = strlen(modules[i]);
        if ((size_t)(word - name) != length || memcmp(name, modules[i], length) != 0) continue;
        /* bytes: the type stands at the tensor */
        if (is(word, "UntypedStorage") || is(word, "_UntypedStorage"))
            return element_of_torch("uint8");
        return element_of_storage(word, strlen(word));
    }
    return NULL;
}

const char *torch_key(arena *a, pickle_value v) {
    int64_t integer;
    if (pickle_integer(v, &integer)) return arena_printf(a, "%" PRId64, integer);
    return pickle_string(a, v);
}

const char *torch_storage_of_id(arena *a, pickle_value id, torch_storage *s, const char **key) {
    const pickle_list *l = id.kind == PICKLE_TUPLE ? id.as.list : NULL;
    if (!l || l->count < 5 || !pickle_is_text(l->items[0], "storage"))
        return "its persistent id is not that of a storage";
    if (l->items[1].kind != PICKLE_NAME || !(s->type = torch_storage_type(l->items[1].as.name)))
        return "its storage is of no class that nnc knows";
    int64_t count;
    *key = torch_key(a, l->items[2]);
    if (!*key || !pickle_integer(l->items[4], &count) || count < 0 ||
        __builtin_mul_overflow((uint64_t)count, (uint64_t)s->type->bytes, &s->size))
        return "its storage has no key or no size";
    return NULL;
}

bool torch_storage_part(const torch_storage *whole, pickle_value offset, pickle_value count,
                        torch_storage *part) {
    int64_t first, elements;
    uint64_t begin, size, end;
    if (!pickle_integer(offset, &first) || !pickle_integer(count, &elements)) return false;
    if (first < 0 || elements < 0) return false;
    if (__builtin_mul_overflow((uint64_t)first, (uint64_t)whole->type->bytes, &begin) ||
        __builtin_mul_overflow((uint64_t)elements, (uint64_t)whole->type->bytes, &size) ||
        __builtin_add_overflow(begin, size, &end) || end > whole->size)
        return false;
    *part = *whole;
    part->begin += begin;
    part->size = size;
    return true;
}

/* --- a tensor --------------------------------------------------------------------------------- */

/* Elements from the first to the last one, both counted; false when they cannot be counted. */
static bool extent_of(const int64_t *sizes, const int64_t *strides, unsigned rank,
                      uint64_t *extent) {
    *extent = 1;
    for (unsigned i = 0; i < rank; i++) {
        uint64_t way;
        if (__builtin_mul_overflow((uint64_t)(sizes[i] - 1), (uint64_t)strides[i], &way) ||
            __builtin_add_overflow(*extent, way, extent))
            return false;
    }
    return true;
}

static const char *check_place(arena *a, const torch_storage *s, const tensor *t, unsigned width,
                               int64_t offset) {
    uint64_t extent = 0, bytes;
    if (t->elements && !extent_of(t->shape, t->strides, t->rank, &extent))
        return "has strides that lead beyond everything";
    if (__builtin_add_overflow(extent, (uint64_t)offset, &extent) ||
        __builtin_mul_overflow(extent, (uint64_t)width, &bytes) || bytes > s->size)
        return arena_printf(a, "needs element %" PRIu64 " of a storage of %" PRIu64, extent,
                            s->size / width);
    return NULL;
}

tensor *torch_tensor(arena *a, const torch_storage *s, const element_type *type, int64_t offset,
                     const int64_t *sizes, const int64_t *strides, unsigned rank) {
    tensor *t = ARENA_NEW(a, tensor);
    t->name = "";
    t->dtype = type->dtype;
    t->dtype_name = type->name;
    t->storage = s->bytes;
    for (unsigned i = 0; i < rank && !t->problem; i++)
        if (sizes[i] < 0 || strides[i] < 0)
            t->problem = sizes[i] < 0 ? "has a negative size" : "has a negative stride";
    if (!t->problem && offset < 0) t->problem = "begins before its storage";
    if (t->problem) return t;
    if (!tensor_set_shape(t, sizes, rank)) {
        t->problem = "has more elements than can be counted";
        return t;
    }
    memcpy(t->strides, strides, rank * sizeof *strides);
    t->problem = check_place(a, s, t, type->bytes, offset);
    if (!t->problem) t->offset = s->begin + (uint64_t)offset * type->bytes;
    return t;
}
