/* ir_check_moves: the shape rules of views and moves. */
#include "ir/ir_check_rule.h"

/* --- views ------------------------------------------------------------------------------------------------------- */

static const char *reshape_rule(rule *r) {
    const ir_type *from = &in(r, 0)->type, *to = &result(r)->type;
    if (from->dtype == to->dtype && dim_same(ir_type_elements(r->dims, from), ir_type_elements(r->dims, to)))
        return NULL;
    return arena_printf(r->arena, "%s as %s", ir_type_string(r->arena, from), ir_type_string(r->arena, to));
}

static const char *permute_rule(rule *r) {
    const ir_type *x = &in(r, 0)->type;
    ir_type want = *x;
    unsigned seen = 0;
    for (unsigned i = 0; i < x->rank; i++) {
        unsigned axis = r->node->attrs.perm[i];
        if (axis >= x->rank || (seen >> axis & 1)) return "perm is no permutation of the axes";
        seen |= 1u << axis;
        want.dims[i] = x->dims[axis];
    }
    for (unsigned i = x->rank; i < IR_MAX_RANK; i++)
        if (r->node->attrs.perm[i]) return "perm is longer than the operand's rank";
    return expect_type(r, result(r), "the result", &want);
}

/* `part` is what a slice of `whole` along the node's axis is. */
static const char *is_slice(rule *r, const ir_value *whole, const ir_value *part, const char *what) {
    const ir_attrs *a = &r->node->attrs;
    const ir_type *x = &whole->type;
    if (a->step < 1 || a->step > INT32_MAX) return wrong_integer(r, "step", a->step);
    if (!a->start || dim_is_huge(a->start)) return "start is missing or too large";
    if (part->type.rank != x->rank) return "the rank changes";
    ir_type want = *x;
    const dim *extent = want.dims[a->axis] = part->type.dims[a->axis];
    /* last element: start + (extent - 1) * step */
    const dim *steps = dim_mul(r->dims, dim_sub(r->dims, extent, constant(r, 1)), constant(r, a->step));
    const dim *end = dim_add(r->dims, dim_add(r->dims, a->start, steps), constant(r, 1));
    if (dim_min(a->start) < 0 || !dim_less_equal(r->dims, end, x->dims[a->axis]))
        return arena_printf(r->arena, "%s elements from %s, step %lld, may leave the axis of %s",
                            dim_string(r->arena, extent), dim_string(r->arena, a->start), (long long)a->step,
                            dim_string(r->arena, x->dims[a->axis]));
    return expect_type(r, part, what, &want);
}

static const char *slice_rule(rule *r) {
    TRY(expect_axis(r));
    return is_slice(r, in(r, 0), result(r), "the result");
}

static const char *place_rule(rule *r) {
    TRY(expect_axis(r));
    return is_slice(r, result(r), in(r, 0), "the operand");
}

/* From the right, dims are the same or were 1. */
static const char *expand_rule(rule *r) {
    const ir_type *from = &in(r, 0)->type, *to = &result(r)->type;
    bool fits = from->dtype == to->dtype && from->rank <= to->rank;
    for (unsigned i = 0; fits && i < from->rank; i++) {
        const dim *own = from->dims[i];
        fits = dim_is(own, 1) || dim_same(own, to->dims[to->rank - from->rank + i]);
    }
    if (fits) return NULL;
    return arena_printf(r->arena, "%s as %s", ir_type_string(r->arena, from), ir_type_string(r->arena, to));
}

/* --- moves ------------------------------------------------------------------------------------------------------- */

static const char *cat_rule(rule *r) {
    TRY(expect_axis(r));
    unsigned axis = r->node->attrs.axis;
    ir_type want = in(r, 0)->type;
    for (unsigned i = 1; i < r->node->input_count; i++) {
        const ir_type *x = &in(r, i)->type;
        ir_type like = want;
        if (x->rank == like.rank) like.dims[axis] = x->dims[axis];
        TRY(expect_type(r, in(r, i), "an operand", &like));
        want.dims[axis] = dim_add(r->dims, want.dims[axis], x->dims[axis]);
    }
    return expect_type(r, result(r), "the result", &want);
}

static const char *pad_rule(rule *r) {
    const ir_attrs *a = &r->node->attrs;
    TRY(expect_axis(r));
    ir_type want = in(r, 0)->type;
    const dim *length = want.dims[a->axis];
    int64_t wider = a->before > a->after ? a->before : a->after;
    if (a->before < 0 || a->before > INT32_MAX) return wrong_integer(r, "before", a->before);
    if (a->after < 0 || a->after > INT32_MAX) return wrong_integer(r, "after", a->after);
    if (a->pad_mode == IR_PAD_CONSTANT) {
        if (want.dtype == IR_BOOL && a->number != 0 && a->number != 1)
            return wrong_number(r, "a bool's pad", a->number);
        if (want.dtype == IR_I32 && !is_int32(a->number)) return wrong_number(r, "an int32 pad", a->number);
    } else {
        if ((unsigned)a->pad_mode > IR_PAD_CIRCULAR) return wrong_integer(r, "pad mode", (int64_t)a->pad_mode);
        int64_t least = a->pad_mode == IR_PAD_REFLECT ? wider + 1 : a->pad_mode == IR_PAD_CIRCULAR ? wider : 1;
        if (dim_min(length) < least)
            return arena_printf(r->arena, "the axis of %s may be shorter than the %lld that its padding needs",
                                dim_string(r->arena, length), (long long)least);
    }
    want.dims[a->axis] = dim_add(r->dims, length, constant(r, a->before + a->after));
    return expect_type(r, result(r), "the result", &want);
}

static const char *copy_rule(rule *r) { return expect_type(r, result(r), "the result", &in(r, 0)->type); }

/* As the operand, whatever its order. */
static const char *flip_rule(rule *r) {
    unsigned axes = r->node->attrs.axes;
    if (!axes || axes >> in(r, 0)->type.rank) return wrong_integer(r, "axes", axes);
    return copy_rule(r);
}

static const char *roll_rule(rule *r) {
    int64_t shift = r->node->attrs.shift;
    TRY(expect_axis(r));
    if (shift < -INT32_MAX || shift > INT32_MAX) return wrong_integer(r, "shift", shift);
    return copy_rule(r);
}

static const char *arange_rule(rule *r) {
    const ir_attrs *a = &r->node->attrs;
    const ir_type *type = &result(r)->type;
    if (type->dtype != IR_I32 || type->rank != 1)
        return arena_printf(r->arena, "the result is %s", ir_type_string(r->arena, type));
    if (!a->step || a->step < INT32_MIN || a->step > INT32_MAX) return wrong_integer(r, "step", a->step);
    if (!a->start || dim_is_huge(a->start)) return "start is missing or too large";
    const dim *way = dim_mul(r->dims, dim_sub(r->dims, type->dims[0], constant(r, 1)), constant(r, a->step));
    const dim *last = dim_add(r->dims, a->start, way);
    if (dim_is_huge(last) || dim_min(a->start) < INT32_MIN || dim_max(a->start) > INT32_MAX ||
        dim_min(last) < INT32_MIN || dim_max(last) > INT32_MAX)
        return arena_printf(r->arena, "%s..%s may not fit int32", dim_string(r->arena, a->start),
                            dim_string(r->arena, last));
    return NULL;
}

/* x with the dims of the ids in place of the axis. */
static const char *take_rule(rule *r) {
    const ir_type *x = &in(r, 0)->type, *ids = &in(r, 1)->type;
    TRY(expect_axis(r));
    TRY(expect_rank(r, in(r, 1), "ids", IR_I32, 0, IR_MAX_RANK + 1 - x->rank));
    ir_type want = {.dtype = x->dtype};
    for (unsigned i = 0; i < x->rank; i++) {
        if (i != r->node->attrs.axis) want.dims[want.rank++] = x->dims[i];
        for (unsigned k = 0; i == r->node->attrs.axis && k < ids->rank; k++) want.dims[want.rank++] = ids->dims[k];
    }
    return expect_type(r, result(r), "the result", &want);
}

/* ids has x's rank and is no larger but along the axis. */
static const char *ids_fit(rule *r) {
    const ir_type *x = &in(r, 0)->type, *ids = &in(r, 1)->type;
    TRY(expect_axis(r));
    TRY(expect_rank(r, in(r, 1), "ids", IR_I32, x->rank, x->rank));
    for (unsigned i = 0; i < x->rank; i++)
        if (i != r->node->attrs.axis && !dim_less_equal(r->dims, ids->dims[i], x->dims[i]))
            return arena_printf(r->arena, "ids %s of %s", ir_shape_string(r->arena, ids), ir_shape_string(r->arena, x));
    return NULL;
}

static const char *gather_rule(rule *r) {
    TRY(ids_fit(r));
    ir_type want = in(r, 1)->type;
    want.dtype = in(r, 0)->type.dtype;
    return expect_type(r, result(r), "the result", &want);
}

static const char *scatter_add_rule(rule *r) {
    TRY(ids_fit(r));
    ir_type want = in(r, 1)->type;
    want.dtype = in(r, 0)->type.dtype;
    if (want.dtype == IR_BOOL) return "a sum of bools";
    TRY(expect_type(r, in(r, 2), "src", &want));
    return copy_rule(r);
}

static const char *topk_rule(rule *r) {
    const ir_attrs *a = &r->node->attrs;
    TRY(expect_axis(r));
    ir_type want = in(r, 0)->type;
    if (want.dtype == IR_BOOL) return "an order of bools";
    if (a->count < 1 || a->count > dim_min(want.dims[a->axis])) return wrong_integer(r, "k", a->count);
    want.dims[a->axis] = constant(r, a->count);
    TRY(expect_type(r, result(r), "the values", &want));
    want.dtype = IR_I32;
    return expect_type(r, r->node->results[1], "the places", &want);
}

rule_of_op *ir_check_move_rule(ir_op op) {
    switch ((unsigned)op) {
    case IR_RESHAPE: return reshape_rule;
    case IR_PERMUTE: return permute_rule;
    case IR_SLICE: return slice_rule;
    case IR_EXPAND: return expand_rule;
    case IR_CAT: return cat_rule;
    case IR_PAD: return pad_rule;
    case IR_PLACE: return place_rule;
    case IR_COPY: return copy_rule;
    case IR_ARANGE: return arange_rule;
    case IR_FLIP: return flip_rule;
    case IR_ROLL: return roll_rule;
    case IR_TAKE: return take_rule;
    case IR_GATHER: return gather_rule;
    case IR_SCATTER_ADD: return scatter_add_rule;
    case IR_TOPK: return topk_rule;
    }
    ice("operator %s has no shape rule", ir_op_name(op));
}
