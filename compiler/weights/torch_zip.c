/* torch_zip: what torch.save writes since 1.6, and torch.jit.save.
 *
 *     archive/data.pkl     the pickle; a storage is the persistent id
 *                          ("storage", class, key, location, numel)
 *     archive/data/KEY     the bytes of a storage, as many as numel says
 *     archive/byteorder    "little" or "big", since 2.0; without it little
 *     archive/version, .format_version, .storage_alignment, .data/…, code/…: not needed
 *
 * The folder has any name. Records lie at multiples of 64 bytes, or anyhow and deflated when others
 * packed them anew.
 */
#include <inttypes.h>
#include <string.h>

#include "support/name_set.h"
#include "weights/readers.h"
#include "weights/torch.h"

/* data.pkl is small beside the storages; deflated it is not much larger than the whole file. */
enum { PICKLE_TIMES_FILE = 4, SMALL_PICKLE = 1 << 20, LONGEST_BYTEORDER = 16 };

typedef struct {
    const tensor_file *file;
    const char *folder;
    bool big_endian;
    name_set *storages; /* by key: tensor_storage */
} container;

/* A storage's record, found once; what is wrong with it is told with the name of a tensor. */
static tensor_storage *storage_of(container *c, arena *a, const char *key, uint64_t bytes) {
    void **known = name_set_value(c->storages, key);
    if (*known) return *known;
    tensor_storage *s = *known = ARENA_NEW(a, tensor_storage);
    s->name = arena_printf(a, "%sdata/%s", c->folder, key);
    s->size = bytes;
    s->big_endian = c->big_endian;
    const archive_record *r = archive_find(c->file->archive, s->name);
    const char *quoted = tensor_name_quoted(a, s->name);
    if (!r) s->problem = arena_printf(a, "lies in the record %s, which is not in the file", quoted);
    else s->record = r->index;
    if (r && r->size != bytes)
        s->problem = arena_printf(
            a, "lies in the record %s, which has %" PRIu64 " bytes instead of %" PRIu64, quoted,
            r->size, bytes);
    return s;
}

static const char *persistent(pickle_machine *m, pickle_value id, pickle_value *result) {
    container *c = m->owner->context;
    arena *a = m->arena;
    torch_storage *s = ARENA_NEW(a, torch_storage);
    const char *key, *problem = torch_storage_of_id(a, id, s, &key);
    if (problem) return problem;
    s->bytes = storage_of(c, a, key, s->size);
    if (s->bytes->size != s->size && !s->bytes->problem)
        s->bytes->problem = arena_printf(a, "lies in the storage %s, which has two sizes",
                                         tensor_name_quoted(a, s->bytes->name));
    *result = (pickle_value){.kind = PICKLE_STORAGE, .as.storage = s};
    return NULL;
}

static const char *read_record(arena *a, const tensor_file *f, const char *name, uint64_t most,
                               const archive_record **r, unsigned char **bytes) {
    *r = archive_find(f->archive, name);
    if (!*r) return NULL;
    if ((*r)->size > most)
        return arena_printf(a, "its record %s is too large: %" PRIu64 " bytes",
                            tensor_name_quoted(a, name), (*r)->size);
    const char *problem = archive_read_whole(f->archive, a, *r, bytes);
    return problem ? arena_printf(a, "its record %s %s", tensor_name_quoted(a, name), problem)
                   : NULL;
}

static const char *read_byteorder(arena *a, container *c) {
    unsigned char *bytes;
    const archive_record *r;
    const char *name = arena_printf(a, "%sbyteorder", c->folder);
    const char *problem = read_record(a, c->file, name, LONGEST_BYTEORDER, &r, &bytes);
    if (problem || !r) return problem;
    c->big_endian = strcmp((const char *)bytes, "big") == 0;
    bool little = strcmp((const char *)bytes, "little") == 0;
    return c->big_endian || little ? NULL : "its byteorder is neither little nor big";
}

const char *torch_zip_read(arena *a, tensor_file *f, const char *folder, const char **hint) {
    container c = {.file = f, .folder = folder, .storages = name_set_new(a)};
    const char *name = arena_printf(a, "%sdata.pkl", folder), *problem = read_byteorder(a, &c);
    if (problem) return problem;
    bool script = archive_find(f->archive, arena_printf(a, "%sconstants.pkl", folder)) != NULL;
    f->format =
        script ? "a TorchScript archive (torch.jit.save)" : "a PyTorch file (torch.save, zip)";
    unsigned char *bytes;
    const archive_record *r;
    problem =
        read_record(a, f, name, (uint64_t)f->size * PICKLE_TIMES_FILE + SMALL_PICKLE, &r, &bytes);
    if (problem) return problem;
    const pickle_owner owner = {&c, torch_call, persistent};
    pickle_value value;
    size_t at = 0;
    problem = pickle_read(a, &owner, bytes, (size_t)r->size, &at, &value);
    if (problem) {
        *hint = torch_plain_hint;
        return arena_printf(a, "%s cannot be read, %s", name, problem);
    }
    return torch_find_dicts(a, f, value, hint);
}
