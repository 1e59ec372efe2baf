/* type: element type and shape of an IR value. Row-major, dense; a scalar has rank 0. A bool is a value only: no input,
 * output, state or param is one; in memory it is an int32 of 0 or 1. */
#ifndef NNC_IR_TYPE_H
#define NNC_IR_TYPE_H

#include "ir/dim.h"

enum { IR_MAX_RANK = 8 };

typedef enum { IR_F32, IR_I32, IR_BOOL } ir_dtype;

typedef struct {
    ir_dtype dtype;
    unsigned rank;
    const dim *dims[IR_MAX_RANK];
} ir_type;

const char *ir_dtype_name(ir_dtype t); /* "float32", "int32", "bool" */
ir_type ir_type_scalar(ir_dtype t);
ir_type ir_type_stacked(const dim *count, const ir_type *each); /* so many of them, along a new dim 0 */
bool ir_type_same(const ir_type *a, const ir_type *b);
bool ir_shape_same(const ir_type *a, const ir_type *b);
const dim *ir_type_elements(dim_table *t, const ir_type *type); /* product of the dims; 1 for a scalar */
/* "float32[T, 1, 6]", in the arena. */
const char *ir_type_string(arena *a, const ir_type *type);
const char *ir_type_short(arena *a, const ir_type *type);   /* for messages: its sizes are dim_short */
const char *ir_shape_string(arena *a, const ir_type *type); /* "[T, 1, 6]" */

#endif
