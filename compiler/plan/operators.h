/* operators: what the planner knows of each operator, a row each; an operator that has none is an ice(). Sources and
 * views make no tasks, and have none. */
#ifndef NNC_PLAN_OPERATORS_H
#define NNC_PLAN_OPERATORS_H

#include "plan/choose.h"
#include "plan/planner.h"

/* Can the operator be worked off piece by piece along this axis of its first result? Then input_axis, all -1 before,
 * gets the axis of each input along which it needs the same piece; -1: it needs the whole of it. */
typedef bool split_of_operator(const task *u, int axis, int *input_axis);

enum { PLAN_NAMED_OPERANDS = 4 };

typedef struct {
    split_of_operator *split; /* NULL: there is no such row */
    choose_for_operator *choose;
    unsigned parameters_from; /* inputs from here on are params, which the kernel packs or tabulates; 0: none are */
    bool elementwise;         /* may be computed inside of another elementwise kernel of its shape */
    bool dense_rows;          /* input 0 is read, and the result written, in rows without gaps */
    bool computes_x;          /* input 0 may be an expression, computed as it is read (computed.c) */
    unsigned in_panels;       /* inputs, a bit each, that may be a trained matrix in panels (params.h) */
    bool writes_panels;       /* of a sink: the array of its param may be such a matrix */
    const char *operands[PLAN_NAMED_OPERANDS]; /* what C calls the inputs in memory; without: x, or x1, x2 … */
} plan_operator;

/* What the results of a RECURRENT are called. */
const char *plan_recurrent_result(const ir_node *n, unsigned result);
const plan_operator *plan_operator_of(ir_op op);
bool plan_is_parameter(const ir_node *n, unsigned input);
/* May it be computed inside of another elementwise kernel? A view may not, nor what has no task. */
bool plan_is_elementwise(const ir_node *n);
static inline bool task_is_elementwise(const task *u) { return u->kind == TASK_NODE && plan_is_elementwise(u->node); }

#endif
