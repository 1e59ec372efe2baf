/* ice: see ice.h. */
#include "support/ice.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void ice_at(const char *file, int line, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fflush(stdout);
    fputs("nnc: internal error: ", stderr);
    vfprintf(stderr, format, args);
    fprintf(stderr, " (%s:%d)\n", file, line);
    va_end(args);
    exit(3);
}
