/* torch_storage: storages as pickles name them. */
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
