/* torch_tar: what torch.save wrote in 0.1: a tar archive of
 *
 *     storages   a pickle of their number; for each a pickle (key, location, class), its number of
 *                elements in eight bytes and the elements; then a pickle of the views
 *                [(key, its root's key, offset, numel), …]
 *     tensors    a pickle of their number; for each a pickle (key, its storage's key, class), then
 *                as binary numbers the number of dims in eight bytes, sizes, strides and the
 *                offset, eight bytes each
 *     pickle     the value; a tensor is the persistent id of its key, a class may be
 *                (class, file, source)
 *     sys_info   not needed
 */
#include <inttypes.h>
#include <string.h>

#include "support/name_set.h"
#include "weights/readers.h"
#include "weights/torch.h"

enum {
    BLOCK = 512,
    SIZE_AT = 124,
    SIZE_DIGITS = 12,
    SUM_AT = 148,
    SUM_DIGITS = 8,
    TYPE_AT = 156
};
enum { MOST_MEMBERS = 10000 };

/* --- tar -------------------------------------------------------------------------------------- */

typedef struct {
    const unsigned char *bytes;
    size_t size, at;
} member;

/* Octal digits, after blanks, up to a blank or 0. */
static bool octal(const unsigned char *from, size_t digits, uint64_t *value) {
    size_t i = 0, begin;
    while (i < digits && from[i] == ' ') i++;
    *value = 0;
    for (begin = i; i < digits && from[i] >= '0' && from[i] <= '7'; i++)
        *value = *value << 3 | (from[i] - (unsigned)'0');
    return i > begin && (i == digits || from[i] == ' ' || from[i] == 0);
}

static bool is_header(const unsigned char *block) {
    uint64_t written, sum = 0;
    if (!octal(block + SUM_AT, SUM_DIGITS, &written)) return false;
    for (size_t i = 0; i < BLOCK; i++)
        sum += i >= SUM_AT && i < SUM_AT + SUM_DIGITS ? ' ' : block[i];
    return sum == written && block[0];
}

bool is_tar(const unsigned char *bytes, size_t size) { return size >= BLOCK && is_header(bytes); }

static const char *find_members(arena *a, const tensor_file *f, const char *const *names,
                                member *found, size_t count) {
    size_t at = 0;
    for (unsigned seen = 0; at + BLOCK <= f->size && f->bytes[at]; seen++) {
        const unsigned char *block = f->bytes + at;
        uint64_t size;
        if (!is_header(block) || !octal(block + SIZE_AT, SIZE_DIGITS, &size) || seen > MOST_MEMBERS)
            return arena_printf(a, "the tar archive is damaged at byte %zu", at);
        at += BLOCK;
        if (size > f->size - at) return "the tar archive is truncated";
        bool file = block[TYPE_AT] == '0' || block[TYPE_AT] == 0;
        for (size_t i = 0; i < count && file; i++) {
            size_t length = strlen(names[i]);
            if (memcmp(block, names[i], length + 1) != 0) continue;
            if (found[i].bytes)
                return arena_printf(a, "the tar archive has two members %s", names[i]);
            found[i] = (member){f->bytes + at, (size_t)size, 0};
        }
        uint64_t padded = (size + BLOCK - 1) / BLOCK * BLOCK;
        at = padded > f->size - at ? f->size : at + (size_t)padded;
    }
    return NULL;
}

/* --- what is in it ---------------------------------------------------------------------------- */

typedef struct {
    arena *arena;
    name_set *storages, *tensors; /* by key: torch_storage, tensor */
} container;

static void *lookup(arena *a, name_set *set, pickle_value key) {
    const char *name = torch_key(a, key);
    return name ? *name_set_value(set, name) : NULL;
}

/* NULL when this key is taken. */
static const char *keep(arena *a, name_set *set, pickle_value key, void *thing) {
    const char *name = torch_key(a, key);
    void **place = name ? name_set_value(set, name) : NULL;
    if (!place || *place) return "it has two things of one key";
    *place = thing;
    return NULL;
}

static const char *persistent(pickle_machine *m, pickle_value id, pickle_value *result) {
    container *c = m->owner->context;
    if (id.kind == PICKLE_TUPLE && id.as.list->count) {
        *result = id.as.list->items[0];
        return NULL;
    }
    tensor *t = lookup(m->arena, c->tensors, id);
    torch_storage *s = t ? NULL : lookup(m->arena, c->storages, id);
    if (t) *result = (pickle_value){.kind = PICKLE_TENSOR, .as.tensor = t};
    else if (s) *result = (pickle_value){.kind = PICKLE_STORAGE, .as.storage = s};
    return t || s ? NULL : "its persistent id is neither a tensor nor a storage of the file";
}

static const char *no_persistent(pickle_machine *m, pickle_value id, pickle_value *result) {
    (void)m, (void)id, (void)result;
    return "it has a persistent id where there is none";
}

static const char *next(container *c, member *from, const char *what, pickle_value *value) {
    static const pickle_owner plain = {NULL, torch_call, no_persistent};
    const char *problem = pickle_read(c->arena, &plain, from->bytes, from->size, &from->at, value);
    return problem ? arena_printf(c->arena, "its %s cannot be read, %s", what, problem) : NULL;
}

/* The same, a tuple of so many values. */
static const char *next_tuple(container *c, member *from, const char *what, size_t count,
                              const pickle_value **items) {
    pickle_value v;
    const char *problem = next(c, from, what, &v);
    if (problem) return problem;
    bool list = v.kind == PICKLE_TUPLE || v.kind == PICKLE_LIST;
    if (!list || v.as.list->count != count)
        return arena_printf(c->arena, "its %s are not described as PyTorch 0.1 does", what);
    *items = v.as.list->items;
    return NULL;
}

static bool next_number(member *from, uint64_t *number) {
    if (from->size - from->at < 8) return false;
    *number = 0;
    for (unsigned i = 0; i < 8; i++) *number |= (uint64_t)from->bytes[from->at + i] << (8 * i);
    from->at += 8;
    return true;
}

/* --- storages --------------------------------------------------------------------------------- */

static const char *read_storage(container *c, member *from) {
    const pickle_value *part = NULL;
    const char *problem = next_tuple(c, from, "storages", 3, &part);
    if (problem) return problem;
    torch_storage *s = ARENA_NEW(c->arena, torch_storage);
    if (part[2].kind != PICKLE_NAME ||
        !(s->type = torch_storage_type(part[2].as.name)))
        return "a storage is of no class that nnc knows";
    uint64_t count;
    if (!next_number(from, &count) ||
        __builtin_mul_overflow(count, (uint64_t)s->type->bytes, &s->size) ||
        s->size > from->size - from->at)
        return "a storage is longer than its file";
    s->bytes = ARENA_NEW(c->arena, tensor_storage);
    *s->bytes =
        (tensor_storage){.name = "storages", .bytes = from->bytes + from->at, .size = s->size};
    from->at += (size_t)s->size;
    return keep(c->arena, c->storages, part[0], s);
}

static const char *read_view(container *c, pickle_value view) {
    bool list = view.kind == PICKLE_TUPLE || view.kind == PICKLE_LIST;
    if (!list || view.as.list->count != 4) return "a view of a storage is of no known form";
    const pickle_value *part = view.as.list->items;
    const torch_storage *root = lookup(c->arena, c->storages, part[1]);
    torch_storage *s = ARENA_NEW(c->arena, torch_storage);
    if (!root || !torch_storage_part(root, part[2], part[3], s))
        return "a view lies beyond its storage";
    return keep(c->arena, c->storages, part[0], s);
}

static const char *read_storages(container *c, member *from) {
    pickle_value value;
    int64_t count;
    const char *problem = next(c, from, "storages", &value);
    if (!problem && !pickle_integer(value, &count))
        problem = "it does not say how many storages it has";
    for (int64_t i = 0; !problem && i < count; i++) problem = read_storage(c, from);
    if (!problem) problem = next(c, from, "storages", &value);
    if (problem) return problem;
    if (value.kind != PICKLE_LIST && value.kind != PICKLE_TUPLE) return "it has no list of views";
    for (size_t i = 0; !problem && i < value.as.list->count; i++)
        problem = read_view(c, value.as.list->items[i]);
    return problem;
}

/* --- tensors ---------------------------------------------------------------------------------- */

static bool next_sizes(member *from, unsigned rank, int64_t *to) {
    for (unsigned i = 0; i < rank; i++) {
        uint64_t number;
        if (!next_number(from, &number)) return false;
        to[i] = (int64_t)number;
    }
    return true;
}

static const char *read_tensor(container *c, member *from) {
    const pickle_value *part = NULL;
    const char *problem = next_tuple(c, from, "tensors", 3, &part);
    if (problem) return problem;
    const torch_storage *s = lookup(c->arena, c->storages, part[1]);
    if (!s) return "a tensor lies in a storage that is not in the file";
    uint64_t rank, offset;
    int64_t sizes[TENSOR_MAX_RANK], strides[TENSOR_MAX_RANK];
    if (!next_number(from, &rank)) return "a tensor is cut";
    rank &= UINT32_MAX; /* the other four bytes were not set */
    if (rank > TENSOR_MAX_RANK)
        return arena_printf(
            c->arena, "a tensor has %" PRIu64 " dimensions, more than the 8 that nnc reads", rank);
    if (!next_sizes(from, (unsigned)rank, sizes) || !next_sizes(from, (unsigned)rank, strides) ||
        !next_number(from, &offset))
        return "a tensor is cut";
    return keep(
        c->arena, c->tensors, part[0],
        torch_tensor(c->arena, s, s->type, (int64_t)offset, sizes, strides, (unsigned)rank));
}

static const char *read_tensors(container *c, member *from) {
    pickle_value value;
    int64_t count;
    const char *problem = next(c, from, "tensors", &value);
    if (!problem && !pickle_integer(value, &count))
        problem = "it does not say how many tensors it has";
    for (int64_t i = 0; !problem && i < count; i++) problem = read_tensor(c, from);
    return problem;
}

const char *torch_tar_read(arena *a, tensor_file *f, const char **hint) {
    enum { STORAGES, TENSORS, PICKLE, MEMBERS };
    static const char *const names[MEMBERS] = {"storages", "tensors", "pickle"};
    member found[MEMBERS] = {{0}};
    const char *problem = find_members(a, f, names, found, MEMBERS);
    if (problem) return problem;
    for (size_t i = 0; i < MEMBERS; i++)
        if (!found[i].bytes) {
            *hint = "unpack it, and name the weights file that is in it";
            return arena_printf(
                a, "this is a tar archive, but not one of PyTorch 0.1: it has no member %s",
                names[i]);
        }
    container c = {a, name_set_new(a), name_set_new(a)};
    f->format = "a PyTorch file (torch.save of 0.1, tar)";
    problem = read_storages(&c, &found[STORAGES]);
    if (!problem) problem = read_tensors(&c, &found[TENSORS]);
    if (problem) return problem;
    const pickle_owner owner = {&c, torch_call, persistent};
    pickle_value value;
    problem =
        pickle_read(a, &owner, found[PICKLE].bytes, found[PICKLE].size, &found[PICKLE].at, &value);
    if (problem) {
        *hint = torch_plain_hint;
        return arena_printf(a, "its pickle cannot be read, %s", problem);
    }
    return torch_find_dicts(a, f, value, hint);
}
