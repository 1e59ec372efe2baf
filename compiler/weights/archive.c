/* archive: libzip behind it. */
#include "weights/archive.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "weights/tensor.h"
#include "support/memory.h"

enum {
    CHUNK = 1 << 16,     /* bytes read at a time */
    LOCAL_HEADER = 30,   /* bytes in the file for each record, beside its name and its data … */
    CENTRAL_HEADER = 46, /* … and in the directory at the end */
    END_RECORD = 22
};
/* A record that unpacks to more than this, and to more than this many times its packed size, was
 * made to fill memory: weights do not get 64 times smaller by deflating. */
static const uint64_t SMALL_RECORD = 64 << 20;
static const uint64_t LARGEST_RATIO = 64;

struct archive {
    zip_t *zip;
    archive_record *records; /* sorted by name */
    archive_record *by_index;
    size_t count;
};

static int by_name(const void *a, const void *b) {
    const archive_record *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static const char *read_record(archive *z, arena *a, uint64_t index) {
    zip_stat_t s;
    zip_stat_init(&s);
    const char *name = zip_get_name(z->zip, index, ZIP_FL_ENC_RAW);
    const uint64_t needed =
        ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    if (!name || zip_stat_index(z->zip, index, 0, &s) != 0 || (s.valid & needed) != needed)
        return arena_printf(a, "the zip archive is damaged: %s", zip_strerror(z->zip));
    const char *quoted = tensor_name_quoted(a, name);
    if (s.encryption_method != ZIP_EM_NONE)
        return arena_printf(a, "its record %s is encrypted", quoted);
    if (s.comp_method != ZIP_CM_STORE && s.comp_method != ZIP_CM_DEFLATE)
        return arena_printf(
            a, "its record %s is compressed by method %u; nnc reads stored and deflated ones",
            quoted, s.comp_method);
    archive_record *r = &z->by_index[index];
    *r = (archive_record){.name = arena_strdup(a, name),
                          .index = index,
                          .size = s.size,
                          .packed = s.comp_size,
                          .compressed = s.comp_method != ZIP_CM_STORE};
    if (!r->compressed && r->size != r->packed)
        return arena_printf(a, "its record %s is stored, but has two sizes", quoted);
    return NULL;
}

/* Names are unique, and the records do not share bytes: their sizes fit into the file side by side.
 */
static const char *read_records(archive *z, arena *a, size_t size) {
    uint64_t needed = END_RECORD;
    for (uint64_t i = 0; i < z->count; i++) {
        const char *problem = read_record(z, a, i);
        if (problem) return problem;
        const archive_record *r = &z->by_index[i];
        uint64_t own = LOCAL_HEADER + CENTRAL_HEADER + 2 * (uint64_t)strlen(r->name);
        if (r->packed > size || (needed += own + r->packed) > size)
            return "the zip archive is damaged: its records need more bytes than the file has";
    }
    memcpy(z->records, z->by_index, z->count * sizeof *z->records);
    if (z->count) qsort(z->records, z->count, sizeof *z->records, by_name);
    return NULL;
}

archive *archive_open(arena *a, const unsigned char *bytes, size_t size, const char **problem) {
    archive *z = ARENA_NEW(a, archive);
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *from = zip_source_buffer_create(bytes, size, 0, &error);
    z->zip = from ? zip_open_from_source(from, ZIP_RDONLY | ZIP_CHECKCONS, &error) : NULL;
    if (!z->zip) {
        *problem = zip_error_code_zip(&error) == ZIP_ER_EXISTS
                       ? "the zip archive has two records of one name"
                       : arena_printf(a, "the zip archive is damaged or cut: %s", zip_error_strerror(&error));
        if (from) zip_source_free(from);
        zip_error_fini(&error);
        return NULL;
    }
    zip_error_fini(&error);
    z->count = (size_t)zip_get_num_entries(z->zip, 0);
    z->records = ARENA_ARRAY(a, archive_record, z->count);
    z->by_index = ARENA_ARRAY(a, archive_record, z->count);
    *problem = read_records(z, a, size);
    if (!*problem) return z;
    archive_close(z);
    return NULL;
}

void archive_close(archive *z) {
    if (z && z->zip) zip_discard(z->zip);
    if (z) z->zip = NULL;
}

const archive_record *archive_records(const archive *z, size_t *count) {
    *count = z->count;
    return z->records;
}

const archive_record *archive_find(const archive *z, const char *name) {
    archive_record wanted = {.name = name};
    return z->count ? bsearch(&wanted, z->records, z->count, sizeof wanted, by_name) : NULL;
}

const archive_record *archive_at(const archive *z, uint64_t index) { return &z->by_index[index]; }

/* --- reading ---------------------------------------------------------------------------------- */

/* As many bytes as there are, up to count; negative after an error. */
static int64_t read_bytes(zip_file_t *f, unsigned char *to, size_t count) {
    size_t done = 0;
    while (done < count) {
        zip_int64_t n = zip_fread(f, to + done, count - done);
        if (n < 0) return -1;
        if (n == 0) break;
        done += (size_t)n;
    }
    return (int64_t)done;
}

static const char *file_problem(arena *a, zip_file_t *f) {
    const zip_error_t *error = zip_file_get_error(f);
    if (zip_error_code_zip(error) == ZIP_ER_CRC)
        return "has another checksum (CRC) than the archive says";
    return arena_printf(a, "cannot be unpacked: %s", zip_error_strerror(zip_file_get_error(f)));
}

static zip_file_t *open_record(const archive *z, arena *a, const archive_record *r,
                               const char **problem) {
    *problem = NULL;
    if (r->compressed && r->size > SMALL_RECORD && r->size / LARGEST_RATIO > r->packed) {
        *problem =
            arena_printf(a, "would unpack from %" PRIu64 " bytes to %" PRIu64, r->packed, r->size);
        return NULL;
    }
    zip_file_t *f = zip_fopen_index(z->zip, r->index, 0);
    if (!f) *problem = arena_printf(a, "cannot be read: %s", zip_strerror(z->zip));
    return f;
}

const char *archive_read(const archive *z, arena *a, const archive_record *r, archive_take *take,
                         void *to) {
    const char *problem;
    zip_file_t *f = open_record(z, a, r, &problem);
    if (!f) return problem;
    unsigned char *chunk = memory_new(CHUNK, 1);
    uint64_t done = 0;
    for (int64_t n; !problem && (n = read_bytes(f, chunk, CHUNK)) != 0;) {
        if (n < 0) problem = file_problem(a, f);
        else if ((uint64_t)n > r->size - done)
            problem = "unpacks to more bytes than the archive says";
        else take(to, chunk, (size_t)n);
        if (n > 0) done += (uint64_t)n;
    }
    if (!problem && done < r->size) problem = "unpacks to fewer bytes than the archive says";
    free(chunk);
    zip_fclose(f);
    return problem;
}

typedef struct {
    unsigned char *at;
} writer;

static void write_on(void *to, const unsigned char *bytes, size_t count) {
    writer *w = to;
    memcpy(w->at, bytes, count);
    w->at += count;
}

const char *archive_read_whole(const archive *z, arena *a, const archive_record *r,
                               unsigned char **bytes) {
    *bytes = arena_alloc(a, (size_t)r->size + 1);
    writer w = {*bytes};
    return archive_read(z, a, r, write_on, &w);
}

const char *archive_read_start(const archive *z, arena *a, const archive_record *r,
                               unsigned char *to, size_t *count) {
    const char *problem;
    zip_file_t *f = open_record(z, a, r, &problem);
    if (!f) return problem;
    int64_t n = read_bytes(f, to, *count);
    if (n < 0) problem = file_problem(a, f);
    *count = n < 0 ? 0 : (size_t)n;
    zip_fclose(f);
    return problem;
}
