/* matmul: MATMUL, the product of two run-time values, in register tiles: some rows of a times
 * some vectors of b's columns, so that what is loaded of b serves several rows.
 *
 * Every sum has its terms in ascending order, more than COST_BLOCK of them in blocks, whatever the
 * tile. Columns of b that do not lie densely (a transposed b) are packed side by side first, a tile's
 * at a time. Where b's or y's are not dense a term is a multiplication and an addition, else one madd. */
#include "kernels/tile.h"
#include "kernels/vectors.h"

typedef struct {
    emit_context *e;
    const choice_matmul *choice;
    cexpr *a, *b, *y;             /* addresses of the matrices */
    const dim *rows, *inner, *columns;
    const dim *a_m, *a_k, *b_k, *b_n, *y_m, *y_n; /* strides */
} matmul;

/* Rows [m, m + rows) times columns [n, n + vectors * lanes), the last vector `last` wide; NULL: all of it. */
typedef struct {
    cexpr *m, *n, *last;
    unsigned rows, vectors;
} part;

static cexpr *scaled(const matmul *p, cexpr *index, const dim *stride) {
    return c_mul(p->e->unit, index, emit_dim(p->e, stride));
}

static const char *sum_name(const matmul *p, const part *t, const char *prefix, unsigned row, unsigned vector) {
    return t->rows == 1 ? arena_printf(p->e->arena, "%s%u", prefix, vector)
                        : arena_printf(p->e->arena, "%s%u_%u", prefix, row, vector);
}

static void declare_sums(const matmul *p, cblock *b, const part *t, const char *prefix) {
    cexpr *zero = vectors_call0(p->e, "zero");
    for (unsigned r = 0; r < t->rows; r++)
        for (unsigned v = 0; v < t->vectors; v++)
            c_declare(b, p->e->target->type, sum_name(p, t, prefix, r, v), zero);
}

static bool is_last(const matmul *p, const part *t, unsigned vector) {
    return p->e->target->lanes > 1 && t->last && vector + 1 == t->vectors; /* one lane is always whole */
}

/* Vector number v of a row of b. */
static cexpr *load_columns(const matmul *p, const part *t, cexpr *row, unsigned v) {
    cunit *u = p->e->unit;
    int64_t lanes = p->e->target->lanes;
    cexpr *at = c_add(u, row, c_int(u, v * lanes));
    if (!is_last(p, t, v)) return tile_load(p->e, at);
    return vectors_call2(p->e, "load_n", at, t->last);
}

static cexpr *named(const matmul *p, cblock *b, const char *name, cexpr *value) {
    c_declare(b, arena_printf(p->e->arena, "const %s", p->e->target->type), name, value);
    return c_name(p->e->unit, "%s", name);
}

static cexpr *factor(const matmul *p, cblock *b, const part *t, unsigned row) {
    cunit *u = p->e->unit;
    cexpr *at = c_name(u, t->rows == 1 ? "a_row" : "a%u", row);
    cexpr *splat = vectors_call1(p->e, "splat", c_index(u, at, scaled(p, c_name(u, "k"), p->a_k)));
    return named(p, b, arena_printf(p->e->arena, "a%u_k", row), splat);
}

static void add_term(const matmul *p, cblock *b, const part *t, const char *prefix) {
    cunit *u = p->e->unit;
    cexpr *factors[COST_ROWS], *row = c_name(u, "b_k");
    for (unsigned r = 0; r < t->rows; r++) factors[r] = NULL;
    c_declare(b, "const float *", "b_k",
              c_add(u, c_add(u, p->b, scaled(p, c_name(u, "k"), p->b_k)), p->choice->packed ? c_int(u, 0) : t->n));
    bool hold_rows = t->rows < t->vectors;
    for (unsigned r = 0; hold_rows && r < t->rows; r++) factors[r] = factor(p, b, t, r);
    cexpr *columns[4];
    for (unsigned v = 0; v < t->vectors; v++)
        columns[v] = hold_rows ? NULL : named(p, b, arena_printf(p->e->arena, "b%u", v), load_columns(p, t, row, v));
    for (unsigned i = 0; i < t->rows * t->vectors; i++) {
        unsigned r = hold_rows ? i % t->rows : i / t->vectors, v = hold_rows ? i / t->rows : i % t->vectors;
        if (!columns[v]) columns[v] = named(p, b, arena_printf(p->e->arena, "b%u", v), load_columns(p, t, row, v));
        if (!factors[r]) factors[r] = factor(p, b, t, r);
        cexpr *sum = c_name(u, "%s", sum_name(p, t, prefix, r, v));
        cexpr *more = p->choice->fused
                          ? vectors_call3(p->e, "madd", columns[v], factors[r], sum)
                          : vectors_call2(p->e, "add", sum,
                                   vectors_call2(p->e, "mul", factors[r], columns[v]));
        c_assign(b, sum, "=", more);
    }
}

static void store_part(const matmul *p, cblock *b, const part *t) {
    cunit *u = p->e->unit;
    int64_t lanes = p->e->target->lanes;
    for (unsigned r = 0; r < t->rows; r++)
        for (unsigned v = 0; v < t->vectors; v++) {
            cexpr *row = c_add(u, p->y, scaled(p, c_add(u, t->m, c_int(u, r)), p->y_m));
            cexpr *at = c_add(u, row, scaled(p, c_add(u, t->n, c_int(u, v * lanes)), p->y_n));
            cexpr *sum = c_name(u, "%s", sum_name(p, t, "sum", r, v));
            cexpr *n = is_last(p, t, v) ? t->last : c_int(u, lanes);
            if (!dim_is(p->y_n, 1) && lanes > 1)
                c_do(b, c_call(u, emit_vector(p->e, "scatter"), 4, at, emit_dim(p->e, p->y_n), sum, n));
            else if (is_last(p, t, v)) c_do(b, vectors_call3(p->e, "store_n", at, sum, n));
            else vectors_store_at(p->e, b, at, sum);
        }
}

static void emit_part(const matmul *p, cblock *b, const part *t) {
    emit_context *e = p->e;
    cunit *u = e->unit;
    bool blocked = dim_max(p->inner) > COST_BLOCK;
    cexpr *K = emit_dim(e, p->inner), *from = c_int(u, 0), *to = K;
    for (unsigned r = 0; r < t->rows; r++) {
        cexpr *row = c_add(u, p->a, scaled(p, c_add(u, t->m, c_int(u, r)), p->a_m));
        c_declare(b, "const float *", t->rows == 1 ? "a_row" : arena_printf(e->arena, "a%u", r), row);
    }
    declare_sums(p, b, t, "sum");
    cblock *outer = b;
    if (blocked) {
        outer = c_for(b, "k0", from, K, COST_BLOCK);
        from = c_name(u, "k0");
        cexpr *left = c_sub(u, K, from), *end = c_add(u, from, c_int(u, COST_BLOCK));
        c_declare(outer, "const size_t", "k_end",
                  c_conditional(u, c_binary(u, "<", left, c_int(u, COST_BLOCK)), K, end));
        to = c_name(u, "k_end");
        declare_sums(p, outer, t, "block");
    }
    add_term(p, c_for(outer, "k", from, to, 1), t, blocked ? "block" : "sum");
    for (unsigned i = 0; blocked && i < t->rows * t->vectors; i++) {
        unsigned r = i / t->vectors, v = i % t->vectors;
        cexpr *sum = c_name(u, "%s", sum_name(p, t, "sum", r, v));
        cexpr *block = c_name(u, "%s", sum_name(p, t, "block", r, v));
        c_assign(outer, sum, "=", vectors_call2(e, "add", sum, block));
    }
    store_part(p, b, t);
}

/* All rows of some columns. Rows that do not fill the last tile are in it with rows of the one before, computed twice to
 * the same bits; too few for one tile go one by one. */
static void emit_rows(const matmul *p, cblock *b, part t) {
    emit_context *e = p->e;
    cunit *u = e->unit;
    unsigned height = p->choice->tile.rows;
    cexpr *rows = emit_dim(e, p->rows), *m = c_name(u, "m");
    int64_t count = -1;
    if (!dim_is_const(p->rows, &count) && height > 1) {
        part one = t;
        one.rows = 1;
        one.m = m;
        cblock *few = c_if(b, c_binary(u, "<", rows, c_int(u, height)));
        emit_part(p, c_for(few, "m", c_int(u, 0), rows, 1), &one);
        b = c_else(b);
    }
    t.rows = height;
    if (count == height) {
        t.m = c_int(u, 0);
        emit_part(p, c_scope(b), &t);
        return;
    }
    cblock *loop = c_for(b, "m", c_int(u, 0), rows, height);
    t.m = m;
    if (height > 1 && (count < 0 || count % height)) {
        cexpr *fits = c_binary(u, "<=", c_add(u, m, c_int(u, height)), rows);
        c_declare(loop, "const size_t", "first", c_conditional(u, fits, m, c_sub(u, rows, c_int(u, height))));
        t.m = c_name(u, "first");
    }
    emit_part(p, loop, &t);
}

/* Columns [n, n + count) of b, side by side. */
static void pack_columns(const matmul *p, cblock *b, cexpr *n, cexpr *count) {
    cunit *u = p->e->unit;
    cexpr *k = c_name(u, "k"), *j = c_name(u, "j");
    cblock *loop = c_for(c_for(b, "k", c_int(u, 0), emit_dim(p->e, p->inner), 1), "j", c_int(u, 0), count, 1);
    cexpr *from = c_add(u, scaled(p, k, p->b_k), scaled(p, c_add(u, n, j), p->b_n));
    cexpr *to = c_add(u, c_mul(u, k, c_int(u, p->choice->packed)), j);
    c_assign(loop, c_index(u, c_name(u, "work"), to), "=", c_index(u, p->b, from));
}

/* All rows of some columns, which are packed before where that is chosen. */
static void emit_group(const matmul *p, cblock *b, const part *t) {
    if (!p->choice->packed) {
        emit_rows(p, b, *t);
        return;
    }
    cunit *u = p->e->unit;
    int64_t lanes = p->e->target->lanes;
    pack_columns(p, b, t->n, t->last ? t->last : c_int(u, t->vectors * lanes));
    matmul packed = *p;
    packed.b = c_name(u, "work");
    packed.b_k = dim_const(p->e->plan->dims, p->choice->packed);
    packed.b_n = dim_const(p->e->plan->dims, 1);
    emit_rows(&packed, b, *t);
}

static cexpr *floor_to(cunit *u, cexpr *n, int64_t by) {
    return c_mul(u, c_binary(u, "/", n, c_int(u, by)), c_int(u, by));
}

/* A tile's vectors of columns at a time, then one vector, then what is left of one. */
static void emit_columns(const matmul *p, cblock *b) {
    cunit *u = p->e->unit;
    int64_t lanes = p->e->target->lanes, fixed = -1, wide = p->choice->tile.vectors * lanes;
    cexpr *N = emit_dim(p->e, p->columns), *n = c_name(u, "n");
    bool constant = c_is_int(N, &fixed);
    cexpr *by_tile = floor_to(u, N, wide), *by_one = floor_to(u, N, lanes);
    part t = {.n = n, .vectors = p->choice->tile.vectors};
    if (dim_max(p->columns) >= wide) emit_group(p, c_for(b, "n", c_int(u, 0), by_tile, wide), &t);
    t.vectors = 1;
    if (wide > lanes && dim_max(p->columns) >= lanes && !(constant && fixed % wide < lanes))
        emit_group(p, c_for(b, "n", by_tile, by_one, lanes), &t);
    if (constant && fixed % lanes == 0) return;
    t.n = by_one;
    t.last = constant ? c_int(u, fixed % lanes) : c_binary(u, "%", N, c_int(u, lanes));
    emit_group(p, constant ? c_scope(b) : c_if(b, c_binary(u, "!=", t.last, c_int(u, 0))), &t);
}

/* One column, or too few rows to pack b for: one element after the other. */
static void emit_elements(const matmul *p, cblock *b) {
    emit_context *e = p->e;
    cunit *u = e->unit;
    cexpr *K = emit_dim(e, p->inner), *k = c_name(u, "k"), *m = c_name(u, "m"), *n = c_name(u, "n");
    bool blocked = dim_max(p->inner) > COST_BLOCK;
    b = c_for(b, "m", c_int(u, 0), emit_dim(e, p->rows), 1);
    b = c_for(b, "n", c_int(u, 0), emit_dim(e, p->columns), 1);
    c_declare(b, "float", "sum", c_float(u, 0.0f));
    cblock *outer = b;
    cexpr *from = c_int(u, 0), *to = K, *sum = c_name(u, blocked ? "block" : "sum");
    if (blocked) {
        outer = c_for(b, "k0", from, K, COST_BLOCK);
        from = c_name(u, "k0");
        c_declare(outer, "const size_t", "k_end",
                  c_conditional(u, c_binary(u, "<", c_sub(u, K, from), c_int(u, COST_BLOCK)), K,
                                c_add(u, from, c_int(u, COST_BLOCK))));
        to = c_name(u, "k_end");
        c_declare(outer, "float", "block", c_float(u, 0.0f));
    }
    cblock *loop = c_for(outer, "k", from, to, 1);
    cexpr *left = c_index(u, c_add(u, p->a, scaled(p, m, p->a_m)), scaled(p, k, p->a_k));
    cexpr *right = c_index(u, p->b, c_add(u, scaled(p, k, p->b_k), scaled(p, n, p->b_n)));
    c_assign(loop, sum, "+=", c_mul(u, left, right));
    if (blocked) c_assign(outer, c_name(u, "sum"), "+=", sum);
    cexpr *to_y = c_add(u, scaled(p, m, p->y_m), scaled(p, n, p->y_n));
    c_assign(b, c_index(u, p->y, to_y), "=", c_name(u, "sum"));
}

/* Loops over the dims before the last two, which broadcast. */
static cblock *open_batches(matmul *p, cblock *body, const plan_view *a, const plan_view *b, const plan_view *y) {
    emit_context *e = p->e;
    cunit *u = e->unit;
    unsigned rank = y->type.rank;
    bool loops = false;
    for (unsigned i = 0; i + 2 < rank; i++) {
        if (dim_is(y->type.dims[i], 1)) continue;
        cexpr *index = c_name(u, "i%u", i);
        body = c_for(body, arena_printf(e->arena, "i%u", i), c_int(u, 0), emit_dim(e, y->type.dims[i]), 1);
        p->y = c_add(u, p->y, scaled(p, index, y->strides[i]));
        const plan_view *operands[] = {a, b};
        cexpr **addresses[] = {&p->a, &p->b};
        for (unsigned o = 0; o < 2; o++) {
            int axis = (int)i - (int)(rank - operands[o]->type.rank);
            if (axis < 0 || dim_is(operands[o]->type.dims[axis], 1)) continue;
            *addresses[o] = c_add(u, *addresses[o], scaled(p, index, operands[o]->strides[axis]));
        }
        loops = true;
    }
    if (!loops) return body;
    c_declare(body, "const float *", "a_i", p->a);
    c_declare(body, "const float *", "b_i", p->b);
    c_declare(body, "float *", "y_i", p->y);
    p->a = c_name(u, "a_i");
    p->b = c_name(u, "b_i");
    p->y = c_name(u, "y_i");
    return body;
}

void emit_matmul(emit_context *e, const plan_kernel *k, cfunction *f) {
    cunit *u = e->unit;
    const plan_view *a = &k->inputs[0].view, *b = &k->inputs[1].view, *y = &k->results[0].view;
    unsigned a_last = a->type.rank - 1, b_last = b->type.rank - 1, last = y->type.rank - 1;
    matmul p = {.e = e,
                .choice = &emit_choice(e, k)->matmul,
                .a = c_name(u, "%s", k->inputs[0].name),
                .b = c_name(u, "%s", k->inputs[1].name),
                .y = c_name(u, "%s", k->results[0].name),
                .rows = y->type.dims[last - 1],
                .inner = a->type.dims[a_last],
                .columns = y->type.dims[last],
                .a_m = a->strides[a_last - 1],
                .a_k = a->strides[a_last],
                .b_k = b->strides[b_last - 1],
                .b_n = b->strides[b_last],
                .y_m = y->strides[last - 1],
                .y_n = y->strides[last]};
    cblock *body = open_batches(&p, c_body(f), a, b, y);
    if (p.choice->tile.rows) emit_columns(&p, body);
    else emit_elements(&p, body);
}
