/* nest: loops over the elements of several views at once, as few of them as the strides allow.
 *
 * A nest has axes, and operands with a stride for each axis. Axes of size 1 vanish; neighbours become one axis where
 * every operand's strides say so: dense views of one shape end as a single loop over the element count. */
#ifndef NNC_KERNELS_NEST_H
#define NNC_KERNELS_NEST_H

#include "kernels/kernel.h"

enum { NEST_OPERANDS = 64, NEST_ALL_AXES = 0xff };

typedef struct {
    emit_context *e;
    unsigned shape_rank, axes; /* of the shape that the nest was made for, and which of its axes are in it */
    unsigned rank;
    const dim *dims[IR_MAX_RANK];
    unsigned operand_count;
    const dim *strides[NEST_OPERANDS][IR_MAX_RANK];
    const char *names[IR_MAX_RANK];        /* of the loops' indices */
} nest;

/* The axes of `shape` whose bits are set. */
nest *nest_new(emit_context *e, const ir_type *shape, unsigned axes);
/* Adds a view that broadcasts to the nest's shape: axes align from the right, an axis of size 1 is read at 0. Gives the
 * operand's number. */
unsigned nest_add(nest *n, const plan_view *v);
/* The same with a stride given for each axis of the shape (NULL: 0). */
unsigned nest_add_strides(nest *n, const dim *const *strides);
/* Merges axes and names the indices i, j, …, beginning with letter number `first_letter`. Call when all operands are
 * there. Gives the number of the first letter that is not taken. */
unsigned nest_close(nest *n, unsigned first_letter);
/* The loops; gives the innermost body. `rank` axes from the outside: nest_loops(n, b, n->rank) for all. */
cblock *nest_loops(nest *n, cblock *b, unsigned rank);
/* Where an operand's element is: the sum of index * stride over the first `rank` axes. */
cexpr *nest_offset(nest *n, unsigned operand, unsigned rank);
/* name[nest_offset(…)] */
cexpr *nest_element(nest *n, unsigned operand, const char *name);

#endif
