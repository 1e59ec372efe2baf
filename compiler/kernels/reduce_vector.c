/* reduce_vector: float32 reductions in vectors.
 *
 * By rows, along the innermost axis that is summed up, however its elements lie; or by columns, a vector of results at
 * a time, where results are neighbours in memory and what is summed up is not. Both add in the same order, so that the
 * layout that a value happens to have changes no bit: the elements of a row go to the lanes of a vector in turn, and
 * the lanes are added by halves; a column has as many sums as a vector has lanes, and goes through them in turn. */
#include <math.h>

#include "kernels/reduce.h"
#include "kernels/vectors.h"

typedef struct {
    reduction *r;
    const ir_node *node;
    vectors_axis along;     /* the axis that vectors lie along */
    cexpr *at, *lanes; /* what vectors_loop gives, for columns */
    cblock *b;         /* by columns: of one group of columns */
} walk;

static const char *vector_type(const reduction *r, const char *qualifier, const char *suffix) {
    return arena_printf(r->e->arena, "%s%s%s", qualifier,
                        *suffix ? r->e->target->prefix : r->e->target->type, suffix);
}

static cexpr *zero(const reduction *r) { return vectors_call0(r->e, "zero"); }

/* How many elements are summed up. */
static cexpr *count_of(const reduction *r) { return emit_dim(r->e, r->count); }

static void declare_sums(const reduction *r, cblock *b, const char *name) {
    c_declare(b, vector_type(r, "", "_sums"), name, vectors_call0(r->e, "sums_zero"));
}

static const char *extreme_of(ir_op op) { return op == IR_MIN ? "smallest" : "largest"; }

static const char *comparison_of(ir_op op) { return op == IR_MIN ? "minimum" : "maximum"; }

/* --- by rows --- */

/* A vector of operand `o` of the inner nest, `at` along its innermost axis; base: the other loops' offset. */
static const dim *inner_stride(const reduction *r, unsigned o) {
    return r->inner->rank ? r->inner->strides[o][r->inner->rank - 1] : dim_const(r->e->plan->dims, 1);
}

static cexpr *inner_at(const reduction *r, cexpr *base, unsigned o, cexpr *at) {
    unsigned others = r->inner->rank ? r->inner->rank - 1 : 0;
    cexpr *offset = c_add(r->u, base, nest_offset(r->inner, o, others));
    return c_add(r->u, offset, c_mul(r->u, at, emit_dim(r->e, inner_stride(r, o))));
}

static cexpr *load_y(const reduction *r, cexpr *at, cexpr *lanes) {
    return vectors_load(r->e, reduction_name(r, r->y->name), inner_at(r, r->y_base, r->y_inner, at),
                        inner_stride(r, r->y_inner), lanes);
}

static void store_y(const reduction *r, cblock *b, cexpr *at, cexpr *lanes, cexpr *value) {
    vectors_store(r->e, b, reduction_name(r, r->y->name), inner_at(r, r->y_base, r->y_inner, at),
                  inner_stride(r, r->y_inner), value, lanes);
}

/* A place along a row. */
typedef struct {
    const reduction *r;
    cexpr *at;
} row_place;

static cexpr *place_in_row(const void *context, unsigned outer, unsigned inner, const dim **stride) {
    const row_place *p = context;
    const reduction *r = p->r;
    *stride = inner_stride(r, inner);
    return inner_at(r, nest_offset(r->outer, outer, r->outer->rank), inner, p->at);
}

static cexpr *load_x(const reduction *r, cblock *b, cexpr *at, cexpr *lanes) {
    row_place place = {r, at};
    if (r->stored) return load_y(r, at, lanes);
    if (r->computed) return expression_vector(r->computed, b, place_in_row, &place, lanes);
    return vectors_load(r->e, reduction_name(r, r->x->name), inner_at(r, r->x_base, r->x_inner, at),
                        inner_stride(r, r->x_inner), lanes);
}

/* The same with zeros in the lanes that are not there, which a load has by itself unless it is of one element. */
static cexpr *load_or_zero(const reduction *r, cblock *b, cexpr *at, cexpr *lanes) {
    cexpr *x = load_x(r, b, at, lanes);
    bool zeros = !r->computed && !dim_is(inner_stride(r, r->x_inner), 0);
    return zeros ? x : vectors_join(r->e, x, lanes, zero(r));
}

/* What is computed, and read again, is kept in y. */
static bool keeps_x(const walk *p) {
    ir_op op = p->node->op;
    return p->r->computed && (op == IR_SOFTMAX || op == IR_LOG_SOFTMAX || op == IR_LAYER_NORM);
}

/* The first time that a row is read. */
static cexpr *first_x(const walk *p, cblock *b, cexpr *at, cexpr *lanes) {
    const reduction *r = p->r;
    cexpr *x = load_x(r, b, at, lanes);
    if (!keeps_x(p)) return x;
    c_declare(b, vector_type(r, "const ", ""), "element", x);
    store_y(r, b, at, lanes, reduction_name(r, "element"));
    return reduction_name(r, "element");
}

static void run_rows(walk *p, vectors_body *body) {
    const reduction *r = p->r;
    unsigned others = r->inner->rank ? r->inner->rank - 1 : 0;
    vectors_loop(&p->along, nest_loops(r->inner, r->body, others), body, p);
}

static void row_sum(void *context, cblock *b, cexpr *at, cexpr *lanes) {
    const walk *p = context;
    const reduction *r = p->r;
    cexpr *sums = reduction_name(r, "sums");
    cexpr *x =
        keeps_x(p) ? vectors_join(r->e, first_x(p, b, at, lanes), lanes, zero(r)) : load_or_zero(r, b, at, lanes);
    c_assign(b, sums, "=", vectors_call2(r->e, "sums_add", sums, x));
}

static void row_extreme(void *context, cblock *b, cexpr *at, cexpr *lanes) {
    const walk *p = context;
    const reduction *r = p->r;
    cexpr *best = reduction_name(r, extreme_of(p->node->op));
    cexpr *values = vectors_join(r->e, first_x(p, b, at, lanes), lanes, best);
    c_assign(b, best, "=", vectors_call2(r->e, comparison_of(p->node->op), best, values));
}

/* Declares the sums of a row, and adds. */
static cexpr *sums_of_row(walk *p, vectors_body *body) {
    declare_sums(p->r, p->r->body, "sums");
    run_rows(p, body);
    return reduction_name(p->r, "sums");
}

/* What extremes begin with where the first element is computed. */
static cexpr *no_extreme(const walk *p) {
    return vectors_number(p->r->e, p->node->op == IR_MIN ? INFINITY : -INFINITY);
}

/* Declares a vector of the extremes, and gives the extreme of all. */
static cexpr *extreme_of_row(walk *p) {
    reduction *r = p->r;
    const char *name = extreme_of(p->node->op);
    c_declare(r->body, vector_type(r, "", ""), name,
              r->computed ? no_extreme(p) : vectors_call1(r->e, "splat", reduction_first(r)));
    run_rows(p, row_extreme);
    r->stored = keeps_x(p);
    return vectors_call1(r->e, name, reduction_name(r, name));
}

/* exp(x - largest), which is stored but for log_softmax, and summed up */
static void row_power(void *context, cblock *b, cexpr *at, cexpr *lanes) {
    const walk *p = context;
    const reduction *r = p->r;
    cexpr *power =
        vectors_call1(r->e, "exp", vectors_call2(r->e, "sub", load_x(r, b, at, lanes), reduction_name(r, "largest")));
    c_declare(b, vector_type(r, "const ", ""), "power", power);
    power = reduction_name(r, "power");
    if (p->node->op == IR_SOFTMAX) store_y(r, b, at, lanes, power);
    cexpr *sums = reduction_name(r, "sums");
    c_assign(b, sums, "=", vectors_call2(r->e, "sums_add", sums, vectors_join(r->e, power, lanes, zero(r))));
}

static void row_quotient(void *context, cblock *b, cexpr *at, cexpr *lanes) {
    const reduction *r = ((walk *)context)->r;
    store_y(r, b, at, lanes, vectors_call2(r->e, "div", load_y(r, at, lanes), reduction_name(r, "sum")));
}

/* (x - largest) - log(sum): the first difference is a float that is rounded, so that no order of additions, as
 * -ffast-math allows, loses what is small beside a large x */
static void row_shift(void *context, cblock *b, cexpr *at, cexpr *lanes) {
    const reduction *r = ((walk *)context)->r;
    cexpr *difference = vectors_call2(r->e, "sub", load_x(r, b, at, lanes), reduction_name(r, "largest"));
    cexpr *sum = vectors_call2(r->e, "sums_add", reduction_name(r, "shift"), difference);
    store_y(r, b, at, lanes, vectors_call1(r->e, "sums_rounded", sum));
}

static void softmax_of_row(walk *p) {
    const reduction *r = p->r;
    cexpr *largest = reduction_name(r, "largest");
    cexpr *of_lanes = vectors_call1(r->e, "splat", extreme_of_row(p));
    if (r->e->target->lanes > 1) c_assign(r->body, largest, "=", of_lanes);
    cexpr *sums = sums_of_row(p, row_power);
    if (p->node->op == IR_SOFTMAX) {
        cexpr *sum = vectors_call1(r->e, "splat", vectors_call1(r->e, "sums_total", sums));
        c_declare(r->body, vector_type(r, "const ", ""), "sum", sum);
        run_rows(p, row_quotient);
        return;
    }
    c_declare(r->body, vector_type(r, "const ", "_sums"), "shift", vectors_call1(r->e, "sums_minus_log", sums));
    run_rows(p, row_shift);
}

/* x - mean: the mean is two floats, its nearest one and what that leaves */
static cexpr *centred(const reduction *r, cblock *b, cexpr *at, cexpr *lanes) {
    cexpr *difference = vectors_call2(r->e, "sub", load_x(r, b, at, lanes), reduction_name(r, "high"));
    return vectors_call2(r->e, "sub", difference, reduction_name(r, "low"));
}

static void row_square(void *context, cblock *b, cexpr *at, cexpr *lanes) {
    const reduction *r = ((walk *)context)->r;
    cexpr *squares = reduction_name(r, "squares");
    cexpr *difference = vectors_join(r->e, centred(r, b, at, lanes), lanes, zero(r));
    c_assign(b, squares, "=", vectors_call2(r->e, "sums_add_square", squares, difference));
}

static void row_norm(void *context, cblock *b, cexpr *at, cexpr *lanes) {
    const reduction *r = ((walk *)context)->r;
    cexpr *y = vectors_call2(r->e, "mul", centred(r, b, at, lanes), reduction_name(r, "scale"));
    cexpr *weight = NULL, *bias = NULL;
    if (r->weight)
        weight = vectors_load(r->e, r->weight, inner_at(r, c_int(r->u, 0), r->weight_inner, at),
                              inner_stride(r, r->weight_inner), lanes);
    if (r->bias)
        bias = vectors_load(r->e, r->bias, inner_at(r, c_int(r->u, 0), r->bias_inner, at),
                            inner_stride(r, r->bias_inner), lanes);
    if (weight && bias) y = vectors_call3(r->e, "madd", y, weight, bias);
    else if (weight) y = vectors_call2(r->e, "mul", y, weight);
    else if (bias) y = vectors_call2(r->e, "add", y, bias);
    store_y(r, b, at, lanes, y);
}

/* Declares the mean, as the two floats of `centred`, and the squares of the differences from it, summed up. */
static void squares_of_row(walk *p) {
    reduction *r = p->r;
    cunit *u = r->u;
    cexpr *sums = sums_of_row(p, row_sum), *low = c_unary(u, "&", reduction_name(r, "low"));
    r->stored = keeps_x(p);
    c_declare(r->body, vector_type(r, "", ""), "low", NULL);
    c_declare(r->body, vector_type(r, "const ", ""), "high",
              vectors_call3(r->e, "sums_center", sums, count_of(r), low));
    declare_sums(r, r->body, "squares");
    run_rows(p, row_square);
}

static void layer_norm_of_row(walk *p) {
    const reduction *r = p->r;
    cunit *u = r->u;
    squares_of_row(p);
    double number = p->node->attrs.eps;
    bool in_floats = r->e->target->body->rolled; /* so are nnc_v1's sums everywhere */
    cexpr *eps = in_floats ? c_float(u, (float)number) : c_cast(u, "nnc_precise", c_double(u, number));
    c_declare(r->body, vector_type(r, "const ", ""), "scale",
              vectors_call3(r->e, "sums_scale", reduction_name(r, "squares"), count_of(r), eps));
    run_rows(p, row_norm);
}

/* Over the count less the correction; where that is not positive, over 0, which gives a NaN or infinity as in torch. */
static cexpr *variance_of_row(walk *p) {
    const reduction *r = p->r;
    cunit *u = r->u;
    dim_table *t = r->e->plan->dims;
    int64_t correction = p->node->attrs.count;
    const dim *taken = dim_const(t, correction);
    cexpr *freedom;
    if (dim_less_equal(t, taken, r->count)) {
        freedom = emit_dim(r->e, dim_sub(t, r->count, taken));
    } else {
        cexpr *enough = c_binary(u, ">", count_of(r), c_int(u, correction));
        freedom = c_conditional(u, enough, c_sub(u, count_of(r), c_int(u, correction)), c_int(u, 0));
    }
    squares_of_row(p);
    return vectors_call2(r->e, "sums_mean", reduction_name(r, "squares"), freedom);
}

static void row_own_square(void *context, cblock *b, cexpr *at, cexpr *lanes) {
    const reduction *r = ((walk *)context)->r;
    cexpr *sums = reduction_name(r, "sums");
    c_assign(b, sums, "=", vectors_call2(r->e, "sums_add_square", sums, load_or_zero(r, b, at, lanes)));
}

static void emit_rows(reduction *r, const ir_node *n, cblock *b) {
    unsigned last = r->inner->rank ? r->inner->rank - 1 : 0;
    const dim *extent = r->inner->rank ? r->inner->dims[last] : dim_const(r->e->plan->dims, 1);
    const char *index = r->inner->rank ? r->inner->names[last] : "v";
    walk p = {.r = r, .node = n, .along = vectors_new(r->e, b, extent, index)};
    reduction_open(r, b, r->outer->rank);
    switch (n->op) {
    case IR_SUM:
    case IR_MEAN: {
        cexpr *sums = sums_of_row(&p, row_sum);
        cexpr *value = n->op == IR_MEAN ? vectors_call2(r->e, "sums_mean", sums, count_of(r))
                                        : vectors_call1(r->e, "sums_total", sums);
        c_assign(r->body, reduction_result(r), "=", value);
        return;
    }
    case IR_MAX:
    case IR_MIN: c_assign(r->body, reduction_result(r), "=", extreme_of_row(&p)); return;
    case IR_VAR: c_assign(r->body, reduction_result(r), "=", variance_of_row(&p)); return;
    case IR_NORM: {
        cexpr *squares = vectors_call1(r->e, "sums_total", sums_of_row(&p, row_own_square));
        c_assign(r->body, reduction_result(r), "=", c_call(r->u, "sqrtf", 1, squares));
        return;
    }
    case IR_SOFTMAX:
    case IR_LOG_SOFTMAX: softmax_of_row(&p); return;
    case IR_LAYER_NORM: layer_norm_of_row(&p); return;
    default: ice("no reduction %s of vectors", ir_op_name(n->op));
    }
}

/* --- by columns --- */

static const dim *last_outer(const reduction *r, unsigned operand) {
    return r->outer->strides[operand][r->outer->rank - 1];
}

/* Which elements of the columns: those in the inner loops, or of a known number of them the ones with this number. */
typedef struct {
    const walk *walk;
    int64_t number; /* -1: in the loops */
} column_place;

static cexpr *behind_first(const nest *n, unsigned operand, int64_t number) {
    cunit *u = n->e->unit;
    cexpr *behind = c_int(u, 0);
    for (unsigned i = n->rank; i-- > 0;) {
        int64_t extent = dim_max(n->dims[i]);
        behind = c_add(u, c_mul(u, c_int(u, number % extent), emit_dim(n->e, n->strides[operand][i])), behind);
        number /= extent;
    }
    return behind;
}

static cexpr *place_in_columns(const void *context, unsigned outer, unsigned inner, const dim **stride) {
    const column_place *c = context;
    const walk *p = c->walk;
    const reduction *r = p->r;
    *stride = last_outer(r, outer);
    cexpr *base = nest_offset(r->outer, outer, r->outer->rank - 1);
    cexpr *behind = c->number < 0 ? nest_offset(r->inner, inner, r->inner->rank)
                                  : behind_first(r->inner, inner, c->number);
    return c_add(r->u, c_add(r->u, base, behind), c_mul(r->u, p->at, emit_dim(r->e, *stride)));
}

static cexpr *load_columns(const walk *p, cblock *b, int64_t number) {
    const reduction *r = p->r;
    column_place place = {p, number};
    const dim *stride;
    if (r->computed) return expression_vector(r->computed, b, place_in_columns, &place, p->lanes);
    cexpr *offset = place_in_columns(&place, r->x_outer, r->x_inner, &stride);
    return vectors_load(r->e, reduction_name(r, r->x->name), offset, stride, p->lanes);
}

static cexpr *y_offset(const walk *p, unsigned inner_rank) {
    const reduction *r = p->r;
    cexpr *offset = c_add(r->u, r->y_base, nest_offset(r->inner, r->y_inner, inner_rank));
    return c_add(r->u, offset, c_mul(r->u, p->at, emit_dim(r->e, last_outer(r, r->y_outer))));
}

static void store_columns(const walk *p, cblock *b, unsigned inner_rank, cexpr *value) {
    const reduction *r = p->r;
    vectors_store(r->e, b, reduction_name(r, r->y->name), y_offset(p, inner_rank), last_outer(r, r->y_outer), value,
                  p->lanes);
}

static cexpr *load_kept_columns(const walk *p) {
    const reduction *r = p->r;
    return vectors_load(r->e, reduction_name(r, r->y->name), y_offset(p, r->inner->rank), last_outer(r, r->y_outer),
                        p->lanes);
}

static cblock *column_loops(const walk *p) { return nest_loops(p->r->inner, p->b, p->r->inner->rank); }

/* Sums that are made in one turn, of every fourth row; the tree joins them. */
enum { TURN = 4 };

static void declare_zeros(const reduction *r, cblock *b, const char *name, int64_t count) {
    c_declare_array(b, vector_type(r, "", "_sums"), name, count);
    cblock *loop = c_for(b, "s", c_int(r->u, 0), c_int(r->u, count), 1);
    c_assign(loop, c_index(r->u, reduction_name(r, name), reduction_name(r, "s")), "=",
             vectors_call0(r->e, "sums_zero"));
}

static cexpr *sums_plus(const reduction *r, const char *name, unsigned i, unsigned j) {
    cexpr *sums = reduction_name(r, name);
    return vectors_call2(r->e, "sums_plus", c_index(r->u, sums, c_int(r->u, i)), c_index(r->u, sums, c_int(r->u, j)));
}

/* Adds what `value` gives for each row; it may do more with the row. Gives the sums of the columns. */
static cexpr *sum_columns(const walk *p, cexpr *(*value)(const walk *p, cblock *loop)) {
    const reduction *r = p->r;
    cunit *u = r->u;
    unsigned rank = r->inner->rank;
    cexpr *row = rank ? c_name(u, r->inner->names[rank - 1]) : c_int(u, 0), *sums = reduction_name(r, "sums");
    if (!r->choice->in_turns) {
        int64_t lanes = r->e->target->lanes;
        declare_zeros(r, p->b, "sums", lanes);
        cblock *loop = column_loops(p);
        cexpr *sum = c_index(u, sums, rank ? c_binary(u, "%", row, c_int(u, lanes)) : row), *x = value(p, loop);
        c_assign(loop, sum, "=", vectors_call2(r->e, "sums_add", sum, x));
        return vectors_call1(r->e, "sums_tree", sums);
    }
    cexpr *turn = c_name(u, "turn"), *pair = c_index(u, reduction_name(r, "pair"), c_binary(u, "%", turn, c_int(u, 2)));
    declare_zeros(r, p->b, "pair", 2);
    cblock *turns = rank ? c_for(p->b, "turn", c_int(u, 0), c_int(u, TURN), 1) : c_scope(p->b), *loop = turns;
    declare_zeros(r, turns, "sums", TURN);
    if (rank) {
        loop = nest_loops(r->inner, turns, rank - 1);
        loop = c_for(loop, r->inner->names[rank - 1], turn, emit_dim(r->e, r->inner->dims[rank - 1]), TURN);
        row = c_binary(u, "%", c_binary(u, "/", row, c_int(u, TURN)), c_int(u, TURN));
    } else {
        pair = c_index(u, reduction_name(r, "pair"), c_int(u, 0));
    }
    cexpr *sum = c_index(u, sums, row), *x = value(p, loop);
    c_assign(loop, sum, "=", vectors_call2(r->e, "sums_add", sum, x));
    cexpr *four = vectors_call2(r->e, "sums_plus", sums_plus(r, "sums", 0, 2), sums_plus(r, "sums", 1, 3));
    c_assign(turns, pair, "=", vectors_call2(r->e, "sums_plus", pair, four));
    return sums_plus(r, "pair", 0, 1);
}

/* The sum of sum_i, sum_i_plus_step and so on, in the order of sums_tree; NULL where there is none of them. */
static cexpr *few_sums(const reduction *r, int64_t i, int64_t step, int64_t sums) {
    if (i >= sums) return NULL;
    if (step >= r->e->target->lanes) return c_namef(r->u, "sum_%d", (int)i);
    cexpr *a = few_sums(r, i, 2 * step, sums), *b = few_sums(r, i + step, 2 * step, sums);
    return b ? vectors_call2(r->e, "sums_plus", a, b) : a;
}

/* As sum_columns, to the same bits: sums that stay empty are left out. */
static cexpr *sum_few_columns(const walk *p) {
    const reduction *r = p->r;
    int64_t rows = reduction_unrolled(r);
    cunit *u = r->u;
    dim_table *t = r->e->plan->dims;
    int64_t lanes = r->e->target->lanes, sums = rows < lanes ? rows : lanes;
    for (int64_t i = 0; i < sums; i++) declare_sums(r, p->b, arena_printf(r->e->arena, "sum_%d", (int)i));
    for (int64_t i = 0; i < rows; i++) {
        cblock *b = p->b;
        if (!dim_less_equal(t, dim_const(t, i + 1), r->count))
            b = c_if(b, c_binary(u, "<", c_int(u, i), count_of(r)));
        else if (r->computed) b = c_scope(b);
        cexpr *sum = c_namef(u, "sum_%d", (int)(i % lanes)), *x = load_columns(p, b, i);
        c_assign(b, sum, "=", vectors_call2(r->e, "sums_add", sum, x));
    }
    return few_sums(r, 0, 1, sums);
}

/* The first time that columns are read; what is computed, and read again, is kept in y. */
static cexpr *first_columns(const walk *p, cblock *b) {
    const reduction *r = p->r;
    cexpr *x = load_columns(p, b, -1);
    if (!keeps_x(p)) return x;
    c_declare(b, vector_type(r, "const ", ""), "element", x);
    store_columns(p, b, r->inner->rank, reduction_name(r, "element"));
    return reduction_name(r, "element");
}

static void extreme_of_columns(const walk *p) {
    const reduction *r = p->r;
    const char *name = extreme_of(p->node->op);
    cexpr *best = reduction_name(r, name);
    const char *comparison = comparison_of(p->node->op);
    c_declare(p->b, vector_type(r, "", ""), name, r->computed ? no_extreme(p) : load_columns(p, p->b, 0));
    if (r->choice->unrolled) {
        for (int64_t i = r->computed ? 0 : 1; i < r->choice->unrolled; i++) {
            cblock *b = r->computed ? c_scope(p->b) : p->b;
            c_assign(b, best, "=", vectors_call2(r->e, comparison, best, load_columns(p, b, i)));
        }
        return;
    }
    cblock *loop = column_loops(p);
    c_assign(loop, best, "=", vectors_call2(r->e, comparison, best, first_columns(p, loop)));
}

static cexpr *power_of_columns(const walk *p, cblock *loop) {
    const reduction *r = p->r;
    cexpr *x = keeps_x(p) ? load_kept_columns(p) : load_columns(p, loop, -1);
    cexpr *difference = vectors_call2(r->e, "sub", x, reduction_name(r, "largest"));
    c_declare(loop, vector_type(r, "const ", ""), "power", vectors_call1(r->e, "exp", difference));
    store_columns(p, loop, r->inner->rank, reduction_name(r, "power"));
    return reduction_name(r, "power");
}

static void softmax_of_columns(const walk *p) {
    const reduction *r = p->r;
    unsigned rank = r->inner->rank;
    extreme_of_columns(p);
    cexpr *sums = sum_columns(p, power_of_columns);
    c_declare(p->b, vector_type(r, "const ", ""), "sum", vectors_call1(r->e, "sums_rounded", sums));
    cblock *loop = column_loops(p);
    store_columns(p, loop, rank, vectors_call2(r->e, "div", load_kept_columns(p), reduction_name(r, "sum")));
}

static cexpr *element_of_columns(const walk *p, cblock *loop) { return load_columns(p, loop, -1); }

static void column_group(void *context, cblock *b, cexpr *at, cexpr *lanes) {
    walk *p = context;
    p->b = b;
    p->at = at;
    p->lanes = lanes;
    switch (p->node->op) {
    case IR_SUM:
    case IR_MEAN: {
        cexpr *sums = p->r->choice->unrolled ? sum_few_columns(p) : sum_columns(p, element_of_columns);
        store_columns(p, b, 0,
                      p->node->op == IR_MEAN ? vectors_call2(p->r->e, "sums_divided", sums, count_of(p->r))
                                             : vectors_call1(p->r->e, "sums_rounded", sums));
        return;
    }
    case IR_MAX:
    case IR_MIN:
        extreme_of_columns(p);
        store_columns(p, b, 0, reduction_name(p->r, extreme_of(p->node->op)));
        return;
    case IR_SOFTMAX: softmax_of_columns(p); return;
    default: ice("no reduction %s of columns", ir_op_name(p->node->op));
    }
}

void reduction_in_vectors(reduction *r, const plan_kernel *k, cblock *b) {
    const ir_node *n = k->node;
    if (r->choice->way == CHOICE_REDUCE_ROWS) {
        emit_rows(r, n, b);
        return;
    }
    unsigned last = r->outer->rank - 1;
    walk p = {.r = r, .node = n, .along = vectors_new(r->e, b, r->outer->dims[last], r->outer->names[last])};
    reduction_open(r, b, last);
    vectors_loop(&p.along, r->body, column_group, &p);
}
