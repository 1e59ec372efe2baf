/* case_driver: see case_driver.h. */
#include "case_driver.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "little_endian.h"

#ifndef CASE_GUARD
#define CASE_GUARD 64
#endif

enum { CASE_BUFFERS = 64, CASE_HEAD = 4, CASE_FILL = 0xA5 };

static struct {
    unsigned char *block; /* CASE_HEAD bytes, `size` bytes, CASE_GUARD bytes */
    unsigned char *copy;  /* of an input, or NULL */
    size_t size;
} case_buffers[CASE_BUFFERS];
static int case_count, case_weights_count;
static void *case_weights_blocks[2]; /* of each model's weights beside the code */
static FILE *case_script, *case_results;

void case_fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(2);
}

void case_open(int argc, char **argv)
{
    if (argc != 3) case_fail("usage: prog SCRIPT RESULTS");
    case_script = fopen(argv[1], "rb");
    case_results = fopen(argv[2], "wb");
    if (!case_script || !case_results) case_fail("a file does not open");
}

void case_close(void)
{
    while (case_weights_count > 0) free(case_weights_blocks[--case_weights_count]);
    fclose(case_script);
    if (fclose(case_results) != 0) case_fail("writing the results");
}

size_t case_number(void)
{
    int32_t n;
    if (fread(&n, sizeof n, 1, case_script) != 1) case_fail("the script ends early");
    little_endian(&n, sizeof n, 4);
    if (n < 0) case_fail("a number of the script is negative");
    return (size_t)n;
}

const void *case_weights(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    long end = f && fseek(f, 0, SEEK_END) == 0 ? ftell(f) : -1;
    unsigned char *block, *data;
    if (end < 0 || fseek(f, 0, SEEK_SET) != 0 || case_weights_count == 2) case_fail("a file of weights does not open");
    *size = (size_t)end;
    block = (unsigned char *)malloc(*size + 63);
    if (!block) case_fail("no room for the weights");
    case_weights_blocks[case_weights_count++] = block;
    data = block + (64 - ((uintptr_t)block & 63)) % 64;
    if (fread(data, 1, *size, f) != *size) case_fail("a file of weights cannot be read");
    fclose(f);
    return data;
}

void *case_buffer(size_t size)
{
    unsigned char *block = (unsigned char *)malloc(CASE_HEAD + size + CASE_GUARD);
    if (!block || case_count == CASE_BUFFERS) case_fail("no room for a buffer");
    memset(block, CASE_FILL, CASE_HEAD + size + CASE_GUARD);
    case_buffers[case_count].block = block;
    case_buffers[case_count].copy = NULL;
    case_buffers[case_count].size = size;
    case_count++;
    return block + CASE_HEAD;
}

const void *case_input(void)
{
    size_t size = case_number();
    unsigned char *data = (unsigned char *)case_buffer(size), *copy = (unsigned char *)malloc(size);
    if (!copy || fread(data, 1, size, case_script) != size) case_fail("the script ends early");
    little_endian(data, size, 4);
    memcpy(copy, data, size);
    case_buffers[case_count - 1].copy = copy;
    return data;
}

void *case_output(void)
{
    return case_buffer(case_number());
}

void case_finish(int kept)
{
    int i;
    for (i = kept; i < case_count; i++) {
        unsigned char *block = case_buffers[i].block, *copy = case_buffers[i].copy;
        size_t size = case_buffers[i].size, k;
        for (k = 0; k < CASE_HEAD + CASE_GUARD; k++)
            if (block[k < CASE_HEAD ? k : size + k] != CASE_FILL) case_fail("a write outside a buffer");
        if (copy && memcmp(block + CASE_HEAD, copy, size) != 0) case_fail("an input was changed");
        if (!copy && kept > 0) {
            little_endian(block + CASE_HEAD, size, 4);
            if (fwrite(block + CASE_HEAD, 1, size, case_results) != size) case_fail("writing the results");
        }
        free(copy);
        free(block);
    }
    case_count = kept;
}
