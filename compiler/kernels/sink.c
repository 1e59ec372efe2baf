/* sink: what changes arrays of the struct: gradients and parameters. */

#include "kernels/nest.h"
#include "kernels/vectors.h"

/* --- rows of a table that are too long --- */

static void renorm(emit_context *e, const plan_kernel *k, cfunction *f) {
    cunit *u = e->unit;
    const plan_operand *ids = &k->inputs[0], *table = &k->results[0];
    cexpr *width = emit_dim(e, table->view.type.dims[1]), *row = c_name(u, "row"), *scale = c_name(u, "scale");
    nest *n = nest_new(e, &ids->view.type, NEST_ALL_AXES);
    unsigned from = nest_add(n, &ids->view);
    nest_close(n, 0);
    cblock *b = nest_loops(n, c_body(f), n->rank);
    cexpr *id = c_cast(u, "size_t", nest_element(n, from, ids->name));
    c_declare(b, "float *", "row", c_at(u, table->name, c_mul(u, id, width)));
    c_declare(b, "const float", "scale", emit_row_scale(e, row, width, &k->node->attrs));
    b = c_if(b, c_binary(u, "<", scale, c_float(u, 1)));
    c_assign(c_for(b, "d", c_int(u, 0), width, 1), c_index(u, row, c_name(u, "d")), "*=", scale);
}

/* --- rows of dy into rows of a table's gradient, or, where it is sparse, times the rate out of the table --- */

/* How often the id of this place is there, as `count`. */
static void count_id(emit_context *e, cblock *b, const plan_operand *ids, unsigned letter) {
    cunit *u = e->unit;
    nest *n = nest_new(e, &ids->view.type, NEST_ALL_AXES);
    unsigned other = nest_add(n, &ids->view);
    nest_close(n, letter);
    c_declare(b, "size_t", "count", c_int(u, 0));
    cblock *inner = nest_loops(n, b, n->rank);
    c_assign(c_if(inner, c_binary(u, "==", nest_element(n, other, ids->name), c_name(u, "id"))), c_name(u, "count"),
             "+=", c_int(u, 1));
}

static void embedding_grad(emit_context *e, const plan_kernel *k, cfunction *f) {
    cunit *u = e->unit;
    const ir_attrs *attrs = &k->node->attrs;
    const plan_operand *dy = &k->inputs[0], *ids = &k->inputs[1], *y = &k->results[0];
    unsigned rank = ids->view.type.rank;
    const dim *width = dy->view.type.dims[rank];
    nest *n = nest_new(e, &ids->view.type, NEST_ALL_AXES);
    unsigned id = nest_add(n, &ids->view), from = nest_add_strides(n, dy->view.strides);
    unsigned letter = nest_close(n, 0);
    cblock *b = nest_loops(n, c_body(f), n->rank);
    c_declare(b, "const int32_t", "id", nest_element(n, id, ids->name));
    if (attrs->padding_row)
        b = c_if(b, c_binary(u, "!=", c_name(u, "id"), c_int(u, attrs->padding_row - 1)));
    if (attrs->scale_by_frequency) count_id(e, b, ids, letter);
    cexpr *row = c_mul(u, c_cast(u, "size_t", c_name(u, "id")), emit_dim(e, width));
    c_declare(b, "float *", "row", c_at(u, y->name, row));
    c_declare(b, "const float *", "dy_row", c_at(u, dy->name, nest_offset(n, from, n->rank)));
    b = c_for(b, "d", c_int(u, 0), emit_dim(e, width), 1);
    cexpr *d = c_name(u, "d"), *g = c_item(u, "dy_row", c_mul(u, d, emit_dim(e, dy->view.strides[rank])));
    if (attrs->scale_by_frequency) g = c_binary(u, "/", g, c_cast(u, "float", c_name(u, "count")));
    if (attrs->sparse) g = c_mul(u, c_name(u, "rate"), g);
    c_assign(b, c_item(u, "row", d), attrs->sparse ? "-=" : "+=", g);
}

/* --- rows of dy into a bias's gradient, step by step as WEIGHT_GRAD takes them: a sum of each, for small errors --- */

typedef struct {
    emit_context *e;
    const char *db;
    cexpr *step;         /* of dy[T, B, O] */
    const plan_view *dy;
} bias_step;

static cexpr *load_dy(const bias_step *s, cexpr *row, cexpr *at, cexpr *lanes) {
    emit_context *e = s->e;
    cunit *u = e->unit;
    cexpr *from = c_add(u, s->step, c_mul(u, row, emit_dim(e, s->dy->strides[1])));
    return vectors_load(e, from, c_mul(u, at, emit_dim(e, s->dy->strides[2])), s->dy->strides[2], lanes);
}

static void add_vector(void *context, cblock *b, cexpr *at, cexpr *lanes) {
    const bias_step *s = context;
    emit_context *e = s->e;
    cunit *u = e->unit;
    const dim *dense = dim_const(e->plan->dims, 1), *rows = s->dy->type.dims[1];
    cexpr *db = c_name(u, s->db), *sum = load_dy(s, c_int(u, 0), at, lanes);
    if (!dim_is(rows, 1)) {
        b = c_scope(b);
        c_declare(b, e->target->type, "sum", sum);
        sum = c_name(u, "sum");
        c_assign(c_for(b, "row", c_int(u, 1), emit_dim(e, rows), 1), sum, "=",
                 vectors_call2(e, "add", sum, load_dy(s, c_name(u, "row"), at, lanes)));
    }
    vectors_store(e, b, db, at, dense, vectors_call2(e, "add", vectors_load(e, db, at, dense, lanes), sum), lanes);
}

static void bias_grad(emit_context *e, const plan_kernel *k, cfunction *f) {
    cunit *u = e->unit;
    const plan_view *dy = &k->inputs[0].view;
    cblock *b = c_body(f);
    vectors_axis columns = vectors_new(e, b, dy->type.dims[2], "j");
    cexpr *steps = emit_dim(e, dy->type.dims[0]), *t = c_name(u, "t");
    b = k->node->attrs.backwards ? c_for_down(b, "t", steps) : c_for(b, "t", c_int(u, 0), steps, 1);
    bias_step s = {e, k->results[0].name, c_at(u, k->inputs[0].name, c_mul(u, t, emit_dim(e, dy->strides[0]))), dy};
    vectors_loop(&columns, b, add_vector, &s);
}

void emit_sink(emit_context *e, const plan_kernel *k, cfunction *f) {
    switch ((unsigned)k->node->op) {
    case IR_ACCUMULATE:
    case IR_UPDATE: emit_elementwise(e, k, f); return;
    case IR_WEIGHT_GRAD: emit_weight_grad(e, k, f); return;
    case IR_BIAS_GRAD: bias_grad(e, k, f); return;
    case IR_EMBEDDING_GRAD: embedding_grad(e, k, f); return;
    case IR_RENORM: renorm(e, k, f); return;
    }
    ice("%s is no sink", ir_op_name(k->node->op));
}
