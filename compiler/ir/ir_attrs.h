/* ir_attrs: which members of ir_attrs which operator uses, under which name: the one table from which the attributes
 * are printed, read and verified; private to ir/. */
#ifndef NNC_IR_IR_ATTRS_H
#define NNC_IR_IR_ATTRS_H

#include "ir/ir.h"

typedef enum {
    IR_ATTR_SIZE,       /* size_t */
    IR_ATTR_UNSIGNED,
    IR_ATTR_INT,        /* int64_t */
    IR_ATTR_NUMBER,     /* double */
    IR_ATTR_BOOL,
    IR_ATTR_AXES,       /* bit mask */
    IR_ATTR_PERM,       /* as many as the operand has dims */
    IR_ATTR_DIM,        /* const dim * */
    IR_ATTR_PAD_MODE,
    IR_ATTR_CELL,
    IR_ATTR_WEIGHTS,
    IR_ATTR_ACTIVATION,
    IR_ATTR_VALUES      /* ir_values */
} ir_attr_kind;

typedef struct {
    ir_op op;
    const char *name;
    ir_attr_kind kind;
    size_t offset; /* in ir_attrs */
    bool quiet;    /* not printed when it is zero */
} ir_attr;

/* The operator's attributes, in the order in which they are printed. */
const ir_attr *ir_attrs_of(ir_op op, size_t *count);

bool ir_attr_is_zero(const ir_attrs *attrs, const ir_attr *row);
/* A member that is not zero though the operator has no use for it (which would be a pass's mistake), or NULL: "an
 * attribute of softmax: axis", in arena text. */
const char *ir_attrs_stray(arena *a, const ir_attrs *attrs, ir_op op);

const char *ir_pad_mode_name(ir_pad_mode mode); /* as in torch: "constant" … */

#endif
