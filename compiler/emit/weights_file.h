/* weights_file: the file of weights that stands beside the code; runtime/weights.h says what is in it. */
#ifndef NNC_EMIT_WEIGHTS_FILE_H
#define NNC_EMIT_WEIGHTS_FILE_H

#include "emit/emit.h"
#include "kernels/kernel.h"

#define WEIGHTS_FILE_MAGIC "NNCWGTS\n"

/* The head, by the offset of each number. */
enum {
    WEIGHTS_FILE_ORDER = 8,       /* 4 bytes: 0x01020304 */
    WEIGHTS_FILE_VERSION = 12,    /* 4 bytes */
    WEIGHTS_FILE_SIGNATURE = 16,  /* 8 bytes, as all that follow */
    WEIGHTS_FILE_SIZE = 24,
    WEIGHTS_FILE_TEXT = 32,
    WEIGHTS_FILE_TEXT_LENGTH = 40,
    WEIGHTS_FILE_HEAD = CWEIGHTS_HEAD,
    WEIGHTS_FILE_CHECKSUM = 8,    /* bytes at the end */
    WEIGHTS_FILE_THIS_VERSION = 1,
    WEIGHTS_FILE_THIS_ORDER = 0x01020304
};

/* XXH64 with seed 0. */
uint64_t weights_file_checksum(const void *bytes, size_t n);
/* For a complete unit whose weights are beside it. */
uint64_t weights_file_signature(const cunit *u);
uint64_t weights_file_size(const cunit *u);
/* False when writing failed. */
bool weights_file_write(const cunit *u, bool big_endian, FILE *to);

#endif
