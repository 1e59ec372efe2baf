/* random: numbers from a seed, the same on every machine. splitmix64: neighbouring seeds give
 * unrelated numbers. */
#ifndef NNC_SUPPORT_RANDOM_H
#define NNC_SUPPORT_RANDOM_H

#include <stdint.h>

static inline uint64_t random_next(uint64_t *state) {
    uint64_t z = *state += 0x9E3779B97F4A7C15;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
}

/* In [0, 1), a multiple of 2^-24: exact as a float. */
static inline double random_unit(uint64_t *state) {
    return (double)(random_next(state) >> 40) * 0x1p-24;
}

#endif
