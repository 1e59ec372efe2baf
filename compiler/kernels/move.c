/* move: what only moves values: copies, fills, PAD, FLIP, ROLL, ARANGE and ONE_HOT. Rows that lie densely on both sides
 * go through memcpy and memset. */
#include <math.h>

#include "kernels/nest.h"

/* --- copies --- */

/* A copy of elements x[x_base + …] to y[y_base + …]; x NULL: all y are `number`. */
typedef struct {
    emit_context *e;
    nest *nest;
    ir_dtype dtype;
    const char *x, *y;
    unsigned x_operand, y_operand;
    cexpr *x_base, *y_base;
    const plan_operand *number;
} copy;

static cexpr *address(const copy *c, const char *name, cexpr *base, unsigned operand, unsigned rank) {
    cunit *u = c->e->unit;
    return c_add(u, c_at(u, name, nest_offset(c->nest, operand, rank)), base);
}

static cexpr *element(const copy *c, const char *name, cexpr *base, unsigned operand) {
    cunit *u = c->e->unit;
    return c_item(u, name, c_add(u, nest_offset(c->nest, operand, c->nest->rank), base));
}

static bool is_zero(const plan_operand *o) { return !o->size && o->number == 0 && !signbit(o->number); }

/* The innermost loop is one call where both sides are dense along it. */
static void emit_copy(const copy *c, cblock *b) {
    cunit *u = c->e->unit;
    nest *n = c->nest;
    unsigned last = n->rank - 1;
    bool dense = n->rank > 0 && dim_is(n->strides[c->y_operand][last], 1) &&
                 (c->x ? dim_is(n->strides[c->x_operand][last], 1) : is_zero(c->number));
    if (dense) {
        b = nest_loops(n, b, last);
        cexpr *to = address(c, c->y, c->y_base, c->y_operand, last);
        cexpr *bytes = emit_bytes(c->e, emit_dim(c->e, n->dims[last]), c->dtype);
        if (c->x) c_do(b, c_call(u, "memcpy", 3, to, address(c, c->x, c->x_base, c->x_operand, last), bytes));
        else c_do(b, c_call(u, "memset", 3, to, c_int(u, 0), bytes));
        return;
    }
    b = nest_loops(n, b, n->rank);
    cexpr *to = element(c, c->y, c->y_base, c->y_operand);
    c_assign(b, to, "=", c->x ? element(c, c->x, c->x_base, c->x_operand) : emit_number(c->e, c->number));
}

/* Between views of y's shape: over `axes` of it. x may be smaller and broadcast. */
static copy new_copy(emit_context *e, const ir_type *shape, unsigned axes, const plan_operand *x,
                     const plan_operand *y) {
    copy c = {.e = e, .dtype = y->view.type.dtype, .y = y->name};
    c.nest = nest_new(e, shape, axes);
    c.y_operand = nest_add_strides(c.nest, y->view.strides);
    if (x && x->kind == PLAN_MEMORY) {
        c.x = x->name;
        c.x_operand = nest_add(c.nest, &x->view);
    } else if (x) {
        c.number = x;
    }
    c.x_base = c.y_base = c_int(e->unit, 0);
    nest_close(c.nest, 0);
    return c;
}

static void copy_all(emit_context *e, const plan_operand *x, const plan_operand *y, cfunction *f) {
    copy c = new_copy(e, &y->view.type, NEST_ALL_AXES, x, y);
    emit_copy(&c, c_body(f));
}

/* --- pad --- */

/* `count` positions along the axis, each a copy over the other axes: y's p-th from `to` on is x's from + p, or from - p
 * where `down`, or all x's from; constant: the number. */
typedef struct {
    const plan_kernel *kernel;
    int64_t count;
    const dim *to, *from;
    int direction; /* 1, -1, 0 */
} padding;

static void emit_padding(emit_context *e, cblock *b, const padding *p) {
    if (p->count == 0) return;
    cunit *u = e->unit;
    const ir_attrs *attrs = &p->kernel->node->attrs;
    const plan_operand *x = &p->kernel->inputs[0], *y = &p->kernel->results[0];
    plan_operand number = {.kind = PLAN_NUMBER, .number = attrs->number, .view.type = y->view.type};
    bool constant = attrs->pad_mode == IR_PAD_CONSTANT;
    copy c = new_copy(e, &x->view.type, ~(1u << attrs->axis), constant ? &number : x, y);
    cexpr *position = c_int(u, 0);
    if (p->count > 1) {
        b = c_for(b, "p", c_int(u, 0), c_int(u, p->count), 1);
        position = c_name(u, "p");
    }
    cexpr *y_stride = emit_dim(e, y->view.strides[attrs->axis]), *x_stride = emit_dim(e, x->view.strides[attrs->axis]);
    c.y_base = c_mul(u, c_add(u, emit_dim(e, p->to), position), y_stride);
    if (!constant) {
        cexpr *at = emit_dim(e, p->from);
        if (p->direction > 0) at = c_add(u, at, position);
        if (p->direction < 0) at = c_sub(u, at, position);
        c.x_base = c_mul(u, at, x_stride);
    }
    emit_copy(&c, b);
}

static void pad(emit_context *e, const plan_kernel *k, cfunction *f) {
    dim_table *t = e->plan->dims;
    cblock *b = c_body(f);
    const ir_attrs *a = &k->node->attrs;
    const plan_operand *x = &k->inputs[0], *y = &k->results[0];
    const dim *length = x->view.type.dims[a->axis], *zero = dim_const(t, 0), *before = dim_const(t, a->before);
    const dim *last = dim_sub(t, length, dim_const(t, 1));
    padding left = {k, a->before, zero, zero, 0}, right = {k, a->after, dim_add(t, before, length), zero, 0};
    switch (a->pad_mode) {
    case IR_PAD_CONSTANT: break;
    case IR_PAD_REFLECT:
        left.from = before;
        right.from = dim_sub(t, last, dim_const(t, 1));
        left.direction = right.direction = -1;
        break;
    case IR_PAD_REPLICATE: right.from = last; break;
    case IR_PAD_CIRCULAR:
        left.from = dim_sub(t, length, before);
        left.direction = right.direction = 1;
        break;
    }
    emit_padding(e, b, &left);
    if (!plan_pads_in_place(t, k)) {
        copy middle = new_copy(e, &x->view.type, NEST_ALL_AXES, x, y);
        middle.y_base = c_mul(e->unit, c_int(e->unit, a->before), emit_dim(e, y->view.strides[a->axis]));
        emit_copy(&middle, b);
    }
    emit_padding(e, b, &right);
}

/* --- turned round --- */

/* The copies of all other axes at one place of those of `moved`: x's element goes from x_base to y_base. */
static void copy_others(emit_context *e, cblock *b, const plan_kernel *k, unsigned moved, cexpr *x_base,
                        cexpr *y_base) {
    copy c = new_copy(e, &k->results[0].view.type, ~moved, &k->inputs[0], &k->results[0]);
    c.x_base = x_base;
    c.y_base = y_base;
    emit_copy(&c, b);
}

static void flip(emit_context *e, const plan_kernel *k, cfunction *f) {
    static const char *const names[IR_MAX_RANK] = {"p", "q", "r", "s", "t", "u", "v", "w"};
    cunit *u = e->unit;
    cblock *b = c_body(f);
    const plan_view *x = &k->inputs[0].view, *y = &k->results[0].view;
    cexpr *from = c_int(u, 0), *to = c_int(u, 0);
    for (unsigned i = 0; i < y->type.rank; i++) {
        if (!(k->node->attrs.axes >> i & 1)) continue;
        const dim *last = dim_sub(e->plan->dims, y->type.dims[i], dim_const(e->plan->dims, 1));
        b = c_for(b, names[i], c_int(u, 0), emit_dim(e, y->type.dims[i]), 1);
        cexpr *at = c_name(u, names[i]);
        from = c_add(u, from, c_mul(u, c_sub(u, emit_dim(e, last), at), emit_dim(e, x->strides[i])));
        to = c_add(u, to, c_mul(u, at, emit_dim(e, y->strides[i])));
    }
    copy_others(e, b, k, k->node->attrs.axes, from, to);
}

/* Element p goes to p + by, and on from the beginning where that is the end. */
static void roll(emit_context *e, const plan_kernel *k, cfunction *f) {
    cunit *u = e->unit;
    cblock *b = c_body(f);
    unsigned axis = k->node->attrs.axis;
    int64_t shift = k->node->attrs.shift;
    const plan_view *x = &k->inputs[0].view, *y = &k->results[0].view;
    cexpr *size = emit_dim(e, y->type.dims[axis]), *by = c_name(u, "by"), *to = c_name(u, "to"), *p = c_name(u, "p");
    cexpr *rest = c_binary(u, "%", c_int(u, shift < 0 ? -shift : shift), size);
    if (shift < 0) rest = c_binary(u, "%", c_sub(u, size, rest), size);
    c_declare(b, "const size_t", "by", rest);
    b = c_for(b, "p", c_int(u, 0), size, 1);
    cexpr *stays = c_binary(u, "<", p, c_sub(u, size, by)), *wrapped = c_sub(u, p, c_sub(u, size, by));
    c_declare(b, "const size_t", "to", c_conditional(u, stays, c_add(u, p, by), wrapped));
    copy_others(e, b, k, 1u << axis, c_mul(u, p, emit_dim(e, x->strides[axis])),
                c_mul(u, to, emit_dim(e, y->strides[axis])));
}

/* Zeros, and x where a slice would look. */
static void place(emit_context *e, const plan_kernel *k, cfunction *f) {
    const ir_attrs *a = &k->node->attrs;
    const plan_operand *x = &k->inputs[0], *y = &k->results[0];
    const dim *stride = y->view.strides[a->axis];
    plan_operand zero = {.kind = PLAN_NUMBER, .view.type = y->view.type}, part = *y;
    copy_all(e, &zero, y, f);
    part.view.type = x->view.type;
    part.view.strides[a->axis] = dim_mul(e->plan->dims, stride, dim_const(e->plan->dims, a->step));
    copy c = new_copy(e, &x->view.type, NEST_ALL_AXES, x, &part);
    c.y_base = emit_dim(e, dim_mul(e->plan->dims, a->start, stride));
    emit_copy(&c, c_body(f));
}

static void arange(emit_context *e, const plan_kernel *k, cfunction *f) {
    cunit *u = e->unit;
    const plan_operand *y = &k->results[0];
    const ir_attrs *a = &k->node->attrs;
    cblock *b = c_for(c_body(f), "i", c_int(u, 0), emit_dim(e, y->view.type.dims[0]), 1);
    plan_operand start = {.kind = PLAN_NUMBER, .view.type = ir_type_scalar(IR_I32)};
    int64_t constant;
    if (dim_is_const(a->start, &constant)) start.number = (double)constant;
    else start.size = a->start;
    cexpr *way = c_mul(u, c_cast(u, "int32_t", c_name(u, "i")), c_int(u, a->step < 0 ? -a->step : a->step));
    cexpr *first = emit_number(e, &start), *number = a->step < 0 ? c_sub(u, first, way) : c_add(u, first, way);
    cexpr *offset = c_mul(u, c_name(u, "i"), emit_dim(e, y->view.strides[0]));
    c_assign(b, c_item(u, y->name, offset), "=", number);
}

static void one_hot(emit_context *e, const plan_kernel *k, cfunction *f) {
    cunit *u = e->unit;
    const plan_operand *ids = &k->inputs[0], *y = &k->results[0];
    const dim *stride = y->view.strides[ids->view.type.rank];
    plan_operand zero = {.kind = PLAN_NUMBER, .view.type = y->view.type};
    copy_all(e, &zero, y, f);
    nest *n = nest_new(e, &ids->view.type, NEST_ALL_AXES);
    unsigned from = nest_add(n, &ids->view), to = nest_add_strides(n, y->view.strides);
    nest_close(n, 0);
    cblock *b = nest_loops(n, c_body(f), n->rank);
    cexpr *id = c_cast(u, "size_t", nest_element(n, from, ids->name));
    cexpr *at = c_add(u, nest_offset(n, to, n->rank), c_mul(u, id, emit_dim(e, stride)));
    c_assign(b, c_item(u, y->name, at), "=", c_float(u, 1));
}

void emit_move(emit_context *e, const plan_kernel *k, cfunction *f) {
    plan_operand zero = {.kind = PLAN_NUMBER, .view.type = k->results[0].view.type};
    switch (k->kind) {
    case PLAN_ZERO: copy_all(e, &zero, &k->results[0], f); return;
    case PLAN_COPY: copy_all(e, &k->inputs[0], &k->results[0], f); return;
    case PLAN_CHECK: ice("a check is no move");
    case PLAN_NODE: break;
    }
    switch (k->node->op) {
    case IR_ONE_HOT: one_hot(e, k, f); return;
    case IR_PAD: pad(e, k, f); return;
    case IR_FLIP: flip(e, k, f); return;
    case IR_ROLL: roll(e, k, f); return;
    case IR_ARANGE: arange(e, k, f); return;
    case IR_PLACE: place(e, k, f); return;
    case IR_COPY: copy_all(e, &k->inputs[0], &k->results[0], f); return;
    default: ice("%s is not a move", ir_op_name(k->node->op));
    }
}
