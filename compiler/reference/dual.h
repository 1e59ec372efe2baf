/* dual: forward mode. Beside each value, its derivative along a direction in the space of params and inputs: the
 * tangent. Each operator's tangent is by its own definition; nothing here knows a rule of passes/adjoint_*.c, nor any
 * sink. Private to reference/; reference_tangent() is its door. */
#ifndef NNC_REFERENCE_DUAL_H
#define NNC_REFERENCE_DUAL_H

#include "reference/evaluate.h"

/* array.c: the tangent of an operand; NULL for an optional one that is not there. */
const array *dual_input(const evaluation *e, const ir_node *n, unsigned i);
/* A result's, zero at first. */
array *dual_result(evaluation *e, const ir_node *n, unsigned i);

/* The tangents of a node's results, whose values are there. */
void dual_node(evaluation *e, const ir_node *n);

/* One file each. */
void dual_elementwise(evaluation *e, const ir_node *n); /* dual_elementwise.c */
void dual_reduction(evaluation *e, const ir_node *n);   /* dual_reduction.c: REDUCE, NORMALIZE */
void dual_norm(evaluation *e, const ir_node *n);        /* dual_reduction.c: LAYER_NORM, BATCH_NORM */
void dual_recurrent(evaluation *e, const ir_node *n);   /* dual_recurrent.c */

#endif
