/* ir_check: the two halves of the verifier; for ir_check.c and ir_check_shapes.c only. */
#ifndef NNC_IR_IR_CHECK_H
#define NNC_IR_IR_CHECK_H

#include "ir/ir.h"

/* What is wrong with a node's operands, types and attributes, or NULL. Requires: the operator exists, its numbers of
 * operands and results are right, all pointers are there and the types have dims that are not huge. */
const char *ir_check_node(arena *a, const ir_model *m, const ir_node *n);

/* May input i of the operator be missing? */
bool ir_input_is_optional(ir_op op, unsigned i);

#endif
