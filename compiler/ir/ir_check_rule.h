/* ir_check_rule: what the shape rules are written with; for ir_check_shapes.c and ir_check_moves.c only. A rule gives
 * what is wrong with a node, or NULL. */
#ifndef NNC_IR_IR_CHECK_RULE_H
#define NNC_IR_IR_CHECK_RULE_H

#include <math.h>
#include <stdarg.h>

#include "ir/ir.h"

typedef struct {
    arena *arena;
    dim_table *dims;
    const ir_node *node;
} rule;

typedef const char *rule_of_op(rule *r);

/* ir_check_moves.c: of a view or a move. */
rule_of_op *ir_check_move_rule(ir_op op);

static inline const dim *constant(rule *r, int64_t value) { return dim_const(r->dims, value); }

/* NULL when v, which may be an absent optional input, is a `dtype` of this shape; `rank` dims follow. */
static inline const char *expect(rule *r, const ir_value *v, const char *what, ir_dtype dtype, unsigned rank, ...) {
    if (!v) return NULL;
    ir_type want = {.dtype = dtype, .rank = rank};
    va_list list;
    va_start(list, rank);
    for (unsigned i = 0; i < rank; i++) want.dims[i] = va_arg(list, const dim *);
    va_end(list);
    if (ir_type_same(&v->type, &want)) return NULL;
    return arena_printf(r->arena, "%s is %s, expected %s", what, ir_type_string(r->arena, &v->type),
                        ir_type_string(r->arena, &want));
}

static inline const char *expect_type(rule *r, const ir_value *v, const char *what, const ir_type *want) {
    if (ir_type_same(&v->type, want)) return NULL;
    return arena_printf(r->arena, "%s is %s, expected %s", what, ir_type_string(r->arena, &v->type),
                        ir_type_string(r->arena, want));
}

static inline const char *expect_rank(rule *r, const ir_value *v, const char *what, ir_dtype dtype, unsigned least,
                               unsigned most) {
    if (v->type.dtype == dtype && v->type.rank >= least && v->type.rank <= most) return NULL;
    return arena_printf(r->arena, "%s is %s, expected %s of rank %u to %u", what, ir_type_string(r->arena, &v->type),
                        ir_dtype_name(dtype), least, most);
}

static inline const char *wrong_number(rule *r, const char *what, double found) {
    return arena_printf(r->arena, "%s is %g", what, found);
}

static inline const char *wrong_integer(rule *r, const char *what, int64_t found) {
    return arena_printf(r->arena, "%s is %lld", what, (long long)found);
}

#define TRY(expression)                                                                                                \
    do {                                                                                                               \
        const char *wrong_ = (expression);                                                                             \
        if (wrong_) return wrong_;                                                                                     \
    } while (0)

static inline ir_value *in(const rule *r, unsigned i) { return r->node->inputs[i]; }

static inline ir_value *result(const rule *r) { return r->node->results[0]; }

static inline bool is_int32(double number) {
    return number >= INT32_MIN && number <= INT32_MAX && number == floor(number);
}

static inline const char *expect_axis(rule *r) {
    const ir_type *x = &in(r, 0)->type;
    if (r->node->attrs.axis < x->rank) return NULL;
    return arena_printf(r->arena, "axis %u of %s", r->node->attrs.axis, ir_shape_string(r->arena, x));
}

#endif
