/* fuzz: what the fuzz targets share. A target's source is linked with libFuzzer, which calls LLVMFuzzerTestOneInput with
 * bytes of its own making. A fault is whatever ends the process: a sanitizer's report, ice() (which exits), or a
 * fuzz_check that does not hold. */
#ifndef NNC_FUZZ_H
#define NNC_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/diag.h"
#include "support/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define fuzz_check(condition, ...)                                                                                     \
    do {                                                                                                               \
        if (!(condition)) fuzz_fail(__LINE__, #condition, __VA_ARGS__);                                                \
    } while (0)

static inline _Noreturn void fuzz_fail(int line, const char *condition, const char *about) {
    fprintf(stderr, "line %d: does not hold: %s\n%s\n", line, condition, about ? about : "");
    abort();
}

/* Messages are put together as a user would see them, and dropped. */
static inline void fuzz_show(const diag_list *diags) {
    static FILE *nowhere;
    if (!nowhere) nowhere = fopen("/dev/null", "w");
    fuzz_check(nowhere, "/dev/null");
    diag_print(diags, nowhere);
}

#endif
