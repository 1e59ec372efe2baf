/* index: elements at places that other tensors name (TAKE, GATHER, SCATTER_ADD), and the places of the largest
 * (TOPK). Every index is in range: that is proved, or checked before. */
#include "kernels/nest.h"

static cexpr *at(emit_context *e, const plan_operand *o, cexpr *offset) { return c_item(e->unit, o->name, offset); }

/* --- by indices --- */

/* The result's dims are x's before the axis, those of the ids, and x's behind it. Each id is read once; what lies
 * behind the axis is copied, in one call where it is dense on both sides. */
static void take(emit_context *e, const plan_kernel *k, cfunction *f) {
    cunit *u = e->unit;
    const plan_operand *x = &k->inputs[0], *ids = &k->inputs[1], *y = &k->results[0];
    unsigned axis = k->node->attrs.axis, count = ids->view.type.rank, rank = y->view.type.rank, behind = axis + count;
    const dim *x_strides[IR_MAX_RANK] = {NULL}, *id_strides[IR_MAX_RANK] = {NULL};
    for (unsigned i = 0; i < rank; i++) {
        if (i >= axis && i < behind) id_strides[i] = ids->view.strides[i - axis];
        else x_strides[i] = x->view.strides[i < axis ? i : i - count + 1];
    }
    unsigned trailing = (1u << rank) - (1u << behind);
    nest *outer = nest_new(e, &y->view.type, ~trailing), *inner = nest_new(e, &y->view.type, trailing);
    unsigned from = nest_add_strides(outer, x_strides), id = nest_add_strides(outer, id_strides);
    unsigned to = nest_add_strides(outer, y->view.strides);
    unsigned x_inner = nest_add_strides(inner, x_strides), y_inner = nest_add_strides(inner, y->view.strides);
    nest_close(inner, nest_close(outer, 0));
    cblock *b = nest_loops(outer, c_body(f), outer->rank);
    cexpr *place =
        c_mul(u, c_cast(u, "size_t", nest_element(outer, id, ids->name)), emit_dim(e, x->view.strides[axis]));
    c_declare(b, "const size_t", "from", c_add(u, nest_offset(outer, from, outer->rank), place));
    unsigned last = inner->rank ? inner->rank - 1 : 0;
    bool dense = inner->rank && dim_is(inner->strides[x_inner][last], 1) && dim_is(inner->strides[y_inner][last], 1);
    unsigned open = dense ? last : inner->rank;
    b = nest_loops(inner, b, open);
    cexpr *element = c_add(u, c_name(u, "from"), nest_offset(inner, x_inner, open));
    cexpr *result = c_add(u, nest_offset(outer, to, outer->rank), nest_offset(inner, y_inner, open));
    if (!dense) {
        c_assign(b, at(e, y, result), "=", at(e, x, element));
        return;
    }
    cexpr *bytes = emit_bytes(e, emit_dim(e, inner->dims[last]), x->view.type.dtype);
    c_do(b, c_call(u, "memcpy", 3, c_at(u, y->name, result), c_at(u, x->name, element), bytes));
}

/* Strides but for the axis, along which an id says where. */
static void others(const plan_view *v, unsigned axis, const dim **strides) {
    for (unsigned i = 0; i < v->type.rank; i++) strides[i] = i == axis ? NULL : v->strides[i];
}

/* Loops over ids: *led is where one leads in v, *own the element of `other` at the id's own place. */
static cblock *loops_over_ids(emit_context *e, const plan_kernel *k, cblock *b, const plan_view *v,
                              const plan_operand *other, cexpr **led, cexpr **own) {
    cunit *u = e->unit;
    const plan_operand *ids = &k->inputs[1];
    unsigned axis = k->node->attrs.axis;
    const dim *strides[IR_MAX_RANK];
    others(v, axis, strides);
    nest *n = nest_new(e, &ids->view.type, NEST_ALL_AXES);
    unsigned in_v = nest_add_strides(n, strides), id = nest_add(n, &ids->view), at_id = nest_add(n, &other->view);
    nest_close(n, 0);
    cexpr *place = c_mul(u, c_cast(u, "size_t", nest_element(n, id, ids->name)), emit_dim(e, v->strides[axis]));
    *led = c_add(u, nest_offset(n, in_v, n->rank), place);
    *own = nest_element(n, at_id, other->name);
    return nest_loops(n, b, n->rank);
}

static void gather(emit_context *e, const plan_kernel *k, cfunction *f) {
    const plan_operand *x = &k->inputs[0];
    cexpr *from, *to;
    cblock *b = loops_over_ids(e, k, c_body(f), &x->view, &k->results[0], &from, &to);
    c_assign(b, to, "=", at(e, x, from));
}

static void scatter_add(emit_context *e, const plan_kernel *k, cfunction *f) {
    cunit *u = e->unit;
    const plan_operand *x = &k->inputs[0], *y = &k->results[0];
    nest *copied = nest_new(e, &y->view.type, NEST_ALL_AXES);
    unsigned before = nest_add(copied, &x->view), after = nest_add(copied, &y->view);
    nest_close(copied, 0);
    c_assign(nest_loops(copied, c_body(f), copied->rank), nest_element(copied, after, y->name), "=",
             nest_element(copied, before, x->name));
    cexpr *to, *one;
    cblock *b = loops_over_ids(e, k, c_body(f), &y->view, &k->inputs[2], &to, &one);
    c_declare(b, "const size_t", "to", to);
    cexpr *sum = at(e, y, c_name(u, "to"));
    if (y->view.type.dtype == IR_F32) c_assign(b, sum, "+=", one);
    else c_assign(b, sum, "=", c_call(u, "nnc_add_i32", 2, sum, one));
}

/* --- the k largest --- */

/* Does `value` come before `kept`? A NaN is the largest of all; of equal ones the first stays first. */
static cexpr *comes_before(cunit *u, cexpr *value, cexpr *kept, bool smallest, bool floats) {
    cexpr *better = c_binary(u, smallest ? "<" : ">", value, kept);
    if (!floats) return better;
    cexpr *nan = smallest ? kept : value, *number = smallest ? value : kept;
    cexpr *is_number = c_unary(u, "!", c_call(u, "isnan", 1, number));
    return c_binary(u, "||", better, c_binary(u, "&&", c_call(u, "isnan", 1, nan), is_number));
}

typedef struct {
    cunit *u;
    cexpr *best_stride, *where_stride;
} ranking;

static cexpr *best_at(const ranking *r, cexpr *rank) { return c_item(r->u, "best", c_mul(r->u, rank, r->best_stride)); }

static cexpr *where_at(const ranking *r, cexpr *rank) {
    return c_item(r->u, "where", c_mul(r->u, rank, r->where_stride));
}

/* Puts the value of element p at its rank; those behind it move on, the last one out. */
static void put_in(const ranking *r, cblock *b, int64_t count) {
    cunit *u = r->u;
    cexpr *kept = c_name(u, "kept"), *rank = c_name(u, "rank"), *end = c_name(u, "end"), *to = c_name(u, "to");
    b = c_if(b, c_binary(u, "<", rank, c_int(u, count)));
    cexpr *full = c_binary(u, "<", kept, c_int(u, count));
    c_declare(b, "const size_t", "end", c_conditional(u, full, kept, c_int(u, count - 1)));
    cblock *shift = c_for(b, "q", c_int(u, 0), c_sub(u, end, rank), 1);
    c_declare(shift, "const size_t", "to", c_sub(u, end, c_name(u, "q")));
    c_assign(shift, best_at(r, to), "=", best_at(r, c_sub(u, to, c_int(u, 1))));
    c_assign(shift, where_at(r, to), "=", where_at(r, c_sub(u, to, c_int(u, 1))));
    c_assign(b, best_at(r, rank), "=", c_name(u, "value"));
    c_assign(b, where_at(r, rank), "=", c_cast(u, "int32_t", c_name(u, "p")));
}

/* The best so far stand in the result, in order; each element that belongs among them is put in. */
static void topk(emit_context *e, const plan_kernel *k, cfunction *f) {
    cunit *u = e->unit;
    const plan_operand *x = &k->inputs[0], *y = &k->results[0], *places = &k->results[1];
    unsigned axis = k->node->attrs.axis;
    int64_t count = k->node->attrs.count;
    const dim *x_strides[IR_MAX_RANK], *y_strides[IR_MAX_RANK], *p_strides[IR_MAX_RANK];
    others(&x->view, axis, x_strides);
    others(&y->view, axis, y_strides);
    others(&places->view, axis, p_strides);
    nest *n = nest_new(e, &x->view.type, ~(1u << axis));
    unsigned from = nest_add_strides(n, x_strides), to = nest_add_strides(n, y_strides);
    unsigned put = nest_add_strides(n, p_strides);
    nest_close(n, 0);
    cblock *b = nest_loops(n, c_body(f), n->rank);
    c_declare(b, arena_printf(e->arena, "%s *const ", emit_type(y->view.type.dtype)), "best",
              c_at(u, y->name, nest_offset(n, to, n->rank)));
    c_declare(b, "int32_t *const ", "where", c_at(u, places->name, nest_offset(n, put, n->rank)));
    ranking r = {u, emit_dim(e, y->view.strides[axis]), emit_dim(e, places->view.strides[axis])};
    cexpr *p = c_name(u, "p"), *rank = c_name(u, "rank");
    b = c_for(b, "p", c_int(u, 0), emit_dim(e, x->view.type.dims[axis]), 1);
    cexpr *offset = c_add(u, nest_offset(n, from, n->rank), c_mul(u, p, emit_dim(e, x->view.strides[axis])));
    c_declare(b, arena_printf(e->arena, "const %s", emit_type(x->view.type.dtype)), "value", at(e, x, offset));
    c_declare(b, "const size_t", "kept", c_smaller(u, p, c_int(u, count)));
    c_declare(b, "size_t", "rank", c_int(u, 0));
    cexpr *before = comes_before(u, c_name(u, "value"), best_at(&r, c_name(u, "q")), k->node->attrs.smallest,
                                 x->view.type.dtype == IR_F32);
    cblock *ranks = c_for(b, "q", c_int(u, 0), c_name(u, "kept"), 1);
    c_assign(ranks, rank, "+=", c_conditional(u, before, c_int(u, 0), c_int(u, 1)));
    put_in(&r, b, count);
}

void emit_index(emit_context *e, const plan_kernel *k, cfunction *f) {
    switch (k->node->op) {
    case IR_TAKE: take(e, k, f); return;
    case IR_GATHER: gather(e, k, f); return;
    case IR_SCATTER_ADD: scatter_add(e, k, f); return;
    case IR_TOPK: topk(e, k, f); return;
    default: ice("%s has no indices", ir_op_name(k->node->op));
    }
}
