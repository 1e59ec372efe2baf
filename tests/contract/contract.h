/* contract.h: for the programs of the checks: CHECK, and fillings that are the same everywhere. C99 and C++11. */
#ifndef CONTRACT_H
#define CONTRACT_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(CONDITION)                                                          \
    do {                                                                          \
        if (!(CONDITION)) {                                                       \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #CONDITION); \
            exit(1);                                                              \
        }                                                                         \
    } while (0)

/* Numbers in -1 to 1, by a linear congruence. */
static inline void fill(float *to, size_t count, uint32_t seed)
{
    size_t i;
    for (i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        to[i] = (float)(seed >> 8) / 8388608.0f - 1.0f;
    }
}

/* Numbers in 0 to limit - 1. */
static inline void fill_ids(int32_t *to, size_t count, int32_t limit, uint32_t seed)
{
    size_t i;
    for (i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        to[i] = (int32_t)((seed >> 8) % (uint32_t)limit);
    }
}

/* The bits, for comparison by the caller. */
static inline void print_bits(const float *from, size_t count)
{
    size_t i;
    for (i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, from + i, sizeof bits);
        printf("%08x%c", (unsigned)bits, i + 1 < count ? ' ' : '\n');
    }
}

#endif
