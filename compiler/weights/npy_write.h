/* npy_write: an array as a NumPy .npy file,
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
#ifndef NNC_WEIGHTS_NPY_WRITE_H
#define NNC_WEIGHTS_NPY_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Elements as float32 ('<f4') or, of integers, int32 ('<i4'), row-major. False when writing failed:
 * errno. */
bool npy_write(FILE *to, bool integers, const int64_t *sizes, unsigned rank, const double *numbers,
               size_t elements);

#endif
