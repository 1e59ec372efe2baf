/* The files that tests and their programs exchange are little-endian; this is what a big-endian machine does about it.
 * Valid C99 and C++11. */
#ifndef LITTLE_ENDIAN_H
#define LITTLE_ENDIAN_H

#include <stddef.h>

/* Turns `bytes` bytes of elements of `width` bytes each from the machine's order into little-endian, or back. */
static inline void little_endian(void *data, size_t bytes, size_t width)
{
    const unsigned one = 1;
    unsigned char *at = (unsigned char *)data;
    size_t i, k;
    if (*(const unsigned char *)&one == 1) return;
    for (i = 0; i + width <= bytes; i += width)
        for (k = 0; k < width / 2; k++) {
            unsigned char byte = at[i + k];
            at[i + k] = at[i + width - 1 - k];
            at[i + width - 1 - k] = byte;
        }
}

#endif
