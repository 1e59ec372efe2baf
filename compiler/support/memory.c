/* memory: see memory.h. */
#include "support/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void memory_out(size_t bytes) {
    fflush(stdout);
    fputs("nnc: out of memory", stderr);
    if (bytes) fprintf(stderr, ": %.3g bytes are wanted at once", (double)bytes);
    fputs("\n", stderr);
    exit(1);
}

static size_t product(size_t count, size_t bytes_each) {
    size_t bytes;
    if (__builtin_mul_overflow(count, bytes_each, &bytes)) memory_out(SIZE_MAX);
    return bytes ? bytes : 1;
}

void *memory_new(size_t count, size_t bytes_each) {
    size_t bytes = product(count, bytes_each);
    void *p = calloc(1, bytes);
    if (!p) memory_out(bytes);
    return p;
}

void *memory_grown(void *old, size_t count, size_t bytes_each) {
    size_t bytes = product(count, bytes_each);
    void *p = realloc(old, bytes);
    if (!p) memory_out(bytes);
    return p;
}

char *memory_copy(const char *s) {
    char *p = memory_new(strlen(s) + 1, 1);
    strcpy(p, s);
    return p;
}

FILE *memory_open(char **bytes, size_t *size) {
    *bytes = NULL;
    *size = 0;
    FILE *stream = open_memstream(bytes, size);
    if (!stream) memory_out(0);
    return stream;
}

void memory_close(FILE *stream) {
    if (fclose(stream) != 0) memory_out(0);
}
