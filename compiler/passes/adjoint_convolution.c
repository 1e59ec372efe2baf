/* adjoint_convolution: a convolution is a sum over its taps, each the product of a matrix with a slice of the padded
 * input; so are its gradients. */
#include "passes/adjoint.h"
#include "passes/passes.h"

typedef struct {
    differentiation *d;
    const ir_attrs *attrs;
    ir_value *x, *weight, *dy;
    const dim *batch, *groups, *from, *to, *taps, *positions; /* from, to: channels of a group */
    const dim *padded;
} convolution;

static ir_type shape(const dim *a, const dim *b, const dim *c, const dim *e) {
    ir_type type = {.dtype = IR_F32, .rank = e ? 4 : 3, .dims = {a, b, c, e}};
    return type;
}

static const dim *start_of(const convolution *c, int64_t tap) { return adj_dim(c->d, tap * c->attrs->dilation); }

static const dim *product(const convolution *c, const dim *a, const dim *b) { return dim_mul(c->d->model->dims, a, b); }

/* [groups, from, to] of one tap. */
static ir_value *matrix_of(const convolution *c, int64_t tap) {
    differentiation *d = c->d;
    ir_value *w = adj_slice(d, c->weight, 2, adj_dim(d, tap), adj_dim(d, 1), 1);
    ir_type type = shape(c->groups, c->to, c->from, NULL);
    return adj_swap(d, adj_reshape(d, w, &type), 1, 2);
}

static void of_input(const convolution *c, int64_t taps) {
    differentiation *d = c->d;
    ir_type grouped = shape(c->batch, c->groups, c->to, c->positions);
    ir_type flat = shape(c->batch, product(c, c->groups, c->from), c->positions, NULL);
    ir_value *dy = adj_reshape(d, c->dy, &grouped), *sum = NULL;
    for (int64_t k = 0; k < taps; k++) {
        ir_value *part = adj_reshape(d, adj_matmul(d, matrix_of(c, k), dy), &flat);
        part = adj_place(d, part, 2, start_of(c, k), c->padded, c->attrs->stride);
        sum = sum ? adj_both(d, IR_ADD, sum, part) : part;
    }
    adjoint_add(d, c->x, adj_slice(d, sum, 2, adj_dim(d, c->attrs->before), c->x->type.dims[2], 1));
}

static ir_value *padded(const convolution *c) {
    const ir_attrs *a = c->attrs;
    if (!a->before && !a->after) return c->x;
    ir_type type = c->x->type;
    type.dims[2] = c->padded;
    ir_value *v = adj_value(c->d, IR_PAD, &c->x, 1, &type);
    v->producer->attrs.axis = 2;
    v->producer->attrs.before = a->before;
    v->producer->attrs.after = a->after;
    return v;
}

/* By tap: [groups, to, batch * positions] times [groups, batch * positions, from]. */
static void of_weight(const convolution *c, int64_t taps) {
    differentiation *d = c->d;
    ir_value **parts = ARENA_ARRAY(d->model->arena, ir_value *, (size_t)taps), *x = padded(c);
    const dim *rows = product(c, c->batch, c->positions);
    ir_type by_group = shape(c->batch, c->groups, c->to, c->positions), flat = shape(c->groups, c->to, rows, NULL);
    ir_value *dy = adj_permute(d, adj_reshape(d, c->dy, &by_group), (const unsigned[]){1, 2, 0, 3});
    dy = adj_reshape(d, dy, &flat);
    by_group = shape(c->batch, c->groups, c->from, c->positions);
    flat = shape(c->groups, rows, c->from, NULL);
    ir_type one = shape(product(c, c->groups, c->to), c->from, adj_dim(d, 1), NULL);
    for (int64_t k = 0; k < taps; k++) {
        ir_value *seen = adj_slice(d, x, 2, start_of(c, k), c->positions, c->attrs->stride);
        seen = adj_permute(d, adj_reshape(d, seen, &by_group), (const unsigned[]){1, 0, 3, 2});
        parts[k] = adj_reshape(d, adj_matmul(d, dy, adj_reshape(d, seen, &flat)), &one);
    }
    adjoint_add(d, c->weight, adj_cat(d, parts, (unsigned)taps, 2));
}

static void of_conv1d(differentiation *d, const ir_node *n, ir_value *const *dy) {
    dim_table *t = d->model->dims;
    convolution c = {.d = d, .attrs = &n->attrs, .x = n->inputs[0], .weight = n->inputs[1], .dy = dy[0]};
    int64_t taps = dim_max(c.weight->type.dims[2]);
    c.batch = c.x->type.dims[0];
    c.groups = adj_dim(d, n->attrs.groups);
    c.from = c.weight->type.dims[1];
    c.to = dim_divide_exact(t, c.weight->type.dims[0], c.groups);
    c.positions = dy[0]->type.dims[2];
    c.padded = dim_add(t, c.x->type.dims[2], adj_dim(d, n->attrs.before + n->attrs.after));
    if (adjoint_wanted(d, c.x)) of_input(&c, taps);
    if (adjoint_wanted(d, c.weight)) of_weight(&c, taps);
    if (adjoint_wanted(d, n->inputs[2])) adjoint_add(d, n->inputs[2], adj_reduce(d, IR_SUM, dy[0], 5, false));
}

/* --- weights that a kernel cannot read ---------------------------------------------------------------------------- */

/* Is it made of a param that lives in the struct, and not in the order that it has there? */
static bool is_turned(const ir_model *m, const ir_value *weight) {
    bool turned = false;
    for (; weight->producer->op != IR_PARAM; weight = weight->producer->inputs[0])
        turned = turned || weight->producer->op != IR_RESHAPE;
    return turned && ir_param_lives(&m->params[weight->producer->attrs.index]);
}

/* The weight, [G, O/G, C/G * K], times the windows, [N, G, C/G * K, L]. */
static ir_value *product_of_windows(differentiation *d, const ir_node *n) {
    const ir_attrs *a = &n->attrs;
    dim_table *t = d->model->dims;
    const ir_type *w = &n->inputs[1]->type, *y = &n->results[0]->type;
    convolution c = {.d = d, .attrs = a, .x = n->inputs[0]};
    c.padded = dim_add(t, c.x->type.dims[2], adj_dim(d, a->before + a->after));
    int64_t taps = dim_max(w->dims[2]);
    ir_value **parts = ARENA_ARRAY(d->model->arena, ir_value *, (size_t)taps), *x = padded(&c);
    const dim *batch = y->dims[0], *length = y->dims[2], *groups = adj_dim(d, a->groups);
    const dim *out = dim_divide_exact(t, w->dims[0], groups), *terms = dim_mul(t, w->dims[1], w->dims[2]);
    ir_type one = shape(batch, x->type.dims[1], adj_dim(d, 1), length), all = shape(batch, groups, terms, length);
    ir_type matrix = shape(groups, out, terms, NULL);
    for (int64_t k = 0; k < taps; k++)
        parts[k] = adj_reshape(d, adj_slice(d, x, 2, start_of(&c, k), length, a->stride), &one);
    ir_value *windows = adj_reshape(d, adj_cat(d, parts, (unsigned)taps, 2), &all);
    return adj_reshape(d, adj_matmul(d, adj_reshape(d, n->inputs[1], &matrix), windows), y);
}

static void replace_turned(differentiation *d, ir_replacements *later, ir_graph *g) {
    ir_graph *around = d->graph;
    d->graph = g;
    for (ir_node *n = g->first; n; n = n->next) {
        if (n->op == IR_REPEAT) replace_turned(d, later, &n->block->body);
        if (n->op != IR_CONV1D || !is_turned(d->model, n->inputs[1])) continue;
        d->node = d->at = n;
        ir_value *y = product_of_windows(d, n), *bias = n->inputs[2];
        ir_type column = {.dtype = IR_F32, .rank = 2, .dims = {n->results[0]->type.dims[1], adj_dim(d, 1)}};
        if (bias) y = adj_both(d, IR_ADD, y, adj_reshape(d, bias, &column));
        y->name = n->results[0]->name;
        y->producer->label = n->label;
        ir_replace_later(d->model, later, n->results[0], y);
    }
    d->graph = around;
}

void pass_multiply_turned(ir_model *m) {
    differentiation d = {.model = m};
    ir_replacements later = {0};
    replace_turned(&d, &later, &m->run);
    ir_replace_all(m, &later);
}

adjoint_rule *adjoint_rule_convolution(ir_op op) { return op == IR_CONV1D ? of_conv1d : NULL; }
