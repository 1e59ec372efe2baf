/* round: float32 weights -> codes and scales, and back.
 *
 *     int16   scale = m / 32767, m the largest magnitude of the row          |w' - w| <= m / 65000
 *     int8    scale = m / 127 of its 32 terms, rounded up to a bfloat16      |w' - w| <= m / 250
 *
 * A code is the integer nearest to w / scale. A scale is no denormal: below 4e-34 (int16) or 1.5e-36 (int8) the error
 * is within 1.2e-38 instead. float16 and bfloat16 are for weights that are such numbers already, and exact.
 *
 * What a code stands for, as a double, is exact: code times scale has at most 39 bits.
 */
#ifndef NNC_FORMAT_ROUND_H
#define NNC_FORMAT_ROUND_H

#include "format/format.h"

/* One row of `terms` finite weights: codes[terms], scales[format_scales()]. Not of float32. */
void round_row(weight_format f, const float *row, int64_t terms, int32_t *codes, float *scales);
/* The weight that is code k of a row. */
double round_back(weight_format f, const int32_t *codes, const float *scales, int64_t k);
/* A row as it is after rounding; of float32 as it was. */
void round_row_back(arena *a, weight_format f, const float *row, int64_t terms, double *to);

/* How well a matrix is kept. */
typedef struct {
    double decibels;    /* rms of the weights over rms of what rounding changed; infinity where that is nothing */
    int64_t worst_row;  /* the row that is kept worst, and of it: */
    double worst_decibels, largest, rms;
} round_quality;

round_quality round_measure(arena *a, weight_format f, const ir_param *p);

#endif
