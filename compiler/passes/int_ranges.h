/* int_ranges: what the elements of int32 values may be, by interval analysis; for passes. */
#ifndef NNC_PASSES_INT_RANGES_H
#define NNC_PASSES_INT_RANGES_H

#include "ir/ir.h"

/* low <= every element <= high, for all values of the run-time dims. */
typedef struct {
    const dim *low, *high;
} int_range;

/* By value id; what is not int32, and what no round can make, has NULLs. Inputs, and results that may wrap, are the
 * whole of int32; states and what is carried from round to round are followed until nothing new comes. */
const int_range *int_ranges_of(const ir_model *m);
/* "0..8", "any int32" */
const char *int_range_string(arena *a, int_range r);

#endif
