/* torch_legacy: what torch.save wrote from 0.1.11 to 1.5: pickles in a row, then the storages.
 *
 *     a pickle each: the magic number, the version 1001, {"little_endian": …}, the value, [key, …]
 *     for each key: the number of elements in eight bytes, and the elements; always little-endian
 *
 * In the value's pickle a storage is the persistent id ("storage", class, key, location, numel,
 * view), the view None or (its key, offset, numel): a part of the storage; and a class may be
 * ("module", class, file, source).
 */
#include <inttypes.h>
#include <string.h>

#include "support/name_set.h"
#include "weights/readers.h"
#include "weights/torch.h"

enum { VERSION = 1001 };
static const char magic_bytes[] = "\x6C\xFC\x9C\x46\xF9\x20\x6A\xA8\x50\x19";
static const char magic_digits[] = "119547037146038801333356";

typedef struct {
    tensor_storage bytes;
    const element_type *type;
} whole_storage;

typedef struct {
    name_set *storages; /* by key: whole_storage */
} container;

static const char *persistent(pickle_machine *m, pickle_value id, pickle_value *result) {
    container *c = m->owner->context;
    arena *a = m->arena;
    const pickle_list *l = id.kind == PICKLE_TUPLE ? id.as.list : NULL;
    if (l && l->count >= 2 && pickle_is_text(l->items[0], "module")) {
        *result = l->items[1];
        return NULL;
    }
    torch_storage *s = ARENA_NEW(a, torch_storage);
    const char *key, *problem = torch_storage_of_id(a, id, s, &key);
    if (problem) return problem;
    void **known = name_set_value(c->storages, key);
    whole_storage *whole = *known;
    if (!whole) {
        whole = *known = ARENA_NEW(a, whole_storage);
        *whole = (whole_storage){{.name = key, .size = s->size}, s->type};
        whole->bytes.problem = "lies in a storage that is not in the file";
    }
    if (whole->bytes.size != s->size || whole->type->bytes != s->type->bytes)
        return arena_printf(a, "its storage %s has two sizes", tensor_name_quoted(a, key));
    s->bytes = &whole->bytes;
    *result = (pickle_value){.kind = PICKLE_STORAGE, .as.storage = s};
    if (l->count < 6 || l->items[5].kind == PICKLE_NONE) return NULL;
    const pickle_list *view = l->items[5].kind == PICKLE_TUPLE ? l->items[5].as.list : NULL;
    bool good =
        view && view->count == 3 && torch_storage_part(s, view->items[1], view->items[2], s);
    return good ? NULL : "its storage is a view beyond what it views";
}

static const char *no_persistent(pickle_machine *m, pickle_value id, pickle_value *result) {
    (void)m, (void)id, (void)result;
    return "it has a persistent id where there are no storages yet";
}

/* The next pickle; what it is, for messages. */
static const char *next(arena *a, const pickle_owner *owner, const tensor_file *f, size_t *at,
                        const char *what, pickle_value *value) {
    const char *problem = pickle_read(a, owner, f->bytes, f->size, at, value);
    return problem ? arena_printf(a, "%s cannot be read, %s", what, problem) : NULL;
}

static bool is_magic(pickle_value v) {
    if (v.kind != PICKLE_LONG) return false;
    const char *form = v.as.text->length == sizeof magic_bytes - 1 ? magic_bytes : magic_digits;
    return v.as.text->length == strlen(form) && memcmp(v.as.text->bytes, form, strlen(form)) == 0;
}

static const char *read_head(arena *a, const pickle_owner *plain, const tensor_file *f, size_t *at,
                             const char **hint) {
    pickle_value value;
    int64_t version;
    const char *problem =
        next(a, plain, f, at, "a Python pickle (as torch.save writes): its first value", &value);
    if (problem) return problem;
    if (!is_magic(value)) {
        *hint = "save it with torch.save(model.state_dict(), \"model.pt\")";
        return "this is a Python pickle, but not one of torch.save: it does not begin with "
               "PyTorch's magic number";
    }
    problem = next(a, plain, f, at, "the file is damaged or cut: the version", &value);
    if (problem) return problem;
    if (!pickle_integer(value, &version) || version != VERSION)
        return "this is a PyTorch file of an unknown version of the old format";
    return next(a, plain, f, at, "the file is damaged or cut: the description of the system",
                &value);
}

static const char *read_storage(arena *a, const container *c, const tensor_file *f, size_t *at,
                                pickle_value key) {
    const char *name = torch_key(a, key);
    whole_storage *s = name ? *name_set_value(c->storages, name) : NULL;
    if (!s) return "the list of storages names one that no tensor uses";
    if (!s->bytes.problem)
        return arena_printf(a, "it lists the storage %s twice", tensor_name_quoted(a, name));
    if (f->size - *at < 8) return "the file is truncated: a storage is missing";
    uint64_t count = 0, bytes;
    for (unsigned i = 0; i < 8; i++) count |= (uint64_t)f->bytes[*at + i] << (8 * i);
    *at += 8;
    if (__builtin_mul_overflow(count, (uint64_t)s->type->bytes, &bytes) || bytes != s->bytes.size)
        return arena_printf(a,
                            "its storage %s has %" PRIu64 " elements, but the pickle says %" PRIu64,
                            tensor_name_quoted(a, name), count, s->bytes.size / s->type->bytes);
    if (bytes > f->size - *at)
        return arena_printf(
            a, "the file is truncated: its storage %s needs %" PRIu64 " bytes, but only %zu follow",
            tensor_name_quoted(a, name), bytes, f->size - *at);
    s->bytes.bytes = f->bytes + *at;
    s->bytes.problem = NULL;
    *at += (size_t)bytes;
    return NULL;
}

const char *torch_legacy_read(arena *a, tensor_file *f, const char **hint) {
    container c = {.storages = name_set_new(a)};
    const pickle_owner plain = {&c, torch_call, no_persistent},
                       owner = {&c, torch_call, persistent};
    size_t at = 0;
    pickle_value value, keys;
    f->format = "a PyTorch file (torch.save before 1.6)";
    const char *problem = read_head(a, &plain, f, &at, hint);
    if (problem) return problem;
    problem = next(a, &owner, f, &at, "what was saved", &value);
    if (problem) *hint = torch_plain_hint;
    else problem = next(a, &plain, f, &at, "the list of storages", &keys);
    if (problem) return problem;
    if (keys.kind != PICKLE_LIST) return "it has no list of its storages";
    for (size_t i = 0; i < keys.as.list->count && !problem; i++)
        problem = read_storage(a, &c, f, &at, keys.as.list->items[i]);
    return problem ? problem : torch_find_dicts(a, f, value, hint);
}
