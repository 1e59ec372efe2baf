/* as_file: bytes of the fuzzer's as a file that can be opened by name. */
#ifndef NNC_FUZZ_AS_FILE_H
#define NNC_FUZZ_AS_FILE_H

#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

/* The file's name, in the arena; what is behind it lasts until the caller closes *file. */
static inline const char *as_file(arena *a, const uint8_t *data, size_t size, int *file) {
    *file = memfd_create("fuzz", 0);
    fuzz_check(*file >= 0, "memfd_create");
    for (size_t done = 0; done < size;) {
        ssize_t wrote = write(*file, data + done, size - done);
        fuzz_check(wrote > 0, "write");
        done += (size_t)wrote;
    }
    return arena_printf(a, "/proc/self/fd/%d", *file);
}

#endif
