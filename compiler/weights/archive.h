/* archive: zip files in memory, through libzip, which checks each against its central directory
 * when it is opened and every record's checksum when it is read. Nothing is unpacked that nobody
 * asked for.
 */
#ifndef NNC_WEIGHTS_ARCHIVE_H
#define NNC_WEIGHTS_ARCHIVE_H

#include <stdint.h>

#include "support/diag.h"

typedef struct archive archive;

typedef struct {
    const char *name; /* may hold any bytes but 0; no two are the same */
    uint64_t index;
    uint64_t size;   /* bytes, unpacked */
    uint64_t packed; /* bytes in the file */
    bool compressed;
} archive_record;

/* The bytes must outlast the archive. NULL: *problem says why not, in arena text to be read after
 * "PATH: ". */
archive *archive_open(arena *a, const unsigned char *bytes, size_t size, const char **problem);
void archive_close(archive *z); /* NULL is allowed */

const archive_record *archive_records(const archive *z, size_t *count); /* sorted by name */
const archive_record *archive_find(const archive *z, const char *name); /* NULL if there is none */
/* The record of an index that archive_records gave. */
const archive_record *archive_at(const archive *z, uint64_t index);

/* The record's bytes one after the other, in pieces that are a multiple of 64 bytes but for the
 * last. NULL, or what is wrong with the record (arena text to be read after its name): then what
 * was taken is to be thrown away, for a checksum is known to be right only at the end. */
typedef void archive_take(void *to, const unsigned char *bytes, size_t count);
const char *archive_read(const archive *z, arena *a, const archive_record *r, archive_take *take,
                         void *to);
/* The whole record, in the arena. */
const char *archive_read_whole(const archive *z, arena *a, const archive_record *r,
                               unsigned char **bytes);
/* The first bytes of a record, as many as there are up to count; their checksum is not known. */
const char *archive_read_start(const archive *z, arena *a, const archive_record *r,
                               unsigned char *to, size_t *count);

#endif
