/* kernel_product: LINEAR, packed weights times rows of x, and MATMUL, the product of two run-time values. */
#include "emit/product.h"

/* --- LINEAR --- */

/* Loops over all but the last; *x and *y become the names of the pointers to their rows. */
static cblock *open_loops(emit_context *e, cblock *b, const choice_linear *l, const char **x, const char **y) {
    cunit *u = e->unit;
    unsigned count = l->loop_count;
    if (count <= 1) return b;
    cexpr *from = c_name(u, "%s", *x), *to = c_name(u, "%s", *y);
    for (unsigned i = 0; i + 1 < count; i++) {
        const char *name = arena_printf(e->arena, "i%u", i);
        b = c_for(b, name, c_int(u, 0), emit_dim(e, l->loops[i].extent), 1);
        from = c_add(u, from, c_mul(u, c_name(u, "%s", name), emit_dim(e, l->loops[i].x)));
        to = c_add(u, to, c_mul(u, c_name(u, "%s", name), emit_dim(e, l->loops[i].y)));
    }
    c_declare(b, "const float *", *x = "x_rows", from);
    c_declare(b, "float *", *y = "y_rows", to);
    return b;
}

/* Few outputs: each is a dot product along the terms, lane by lane, then the lanes are added. The bias comes last. */
static void emit_dots(emit_context *e, cblock *b, const product *p, const choice_linear *l, cexpr *bias) {
    cunit *u = e->unit;
    const pack *w = l->pack;
    int64_t lanes = e->target->lanes, whole = w->terms / lanes * lanes, rows;
    cexpr *x = c_name(u, "%s", p->x), *y = c_name(u, "%s", p->y);
    if (!c_is_int(p->rows, &rows) || rows > 1) {
        b = c_for(b, "n", c_int(u, 0), p->rows, 1);
        c_declare(b, "const float *", "x_n", c_add(u, x, c_mul(u, c_name(u, "n"), p->x_row)));
        x = c_name(u, "x_n");
        y = c_add(u, y, c_mul(u, c_name(u, "n"), p->y_row));
    }
    const char *vector = e->target->prefix;
    bool unroll = l->unroll_dots;
    for (int64_t o = 0; o < w->units; o++)
        c_declare(b, vector, arena_printf(e->arena, "s%lld", (long long)o), c_call(u, emit_vector(e, "zero"), 0));
    cblock *loop = b;
    cexpr *k = c_int(u, 0);
    bool blocked = !unroll && w->terms > COST_BLOCK * lanes;
    cblock *outer = b;
    cexpr *from = c_int(u, 0), *to = c_int(u, whole);
    const char *sum = "s";
    if (blocked) {
        /* long sums in blocks, as in every product */
        int64_t block = COST_BLOCK * lanes;
        outer = c_for(b, "k0", c_int(u, 0), c_int(u, whole), block);
        from = c_name(u, "k0");
        to = c_add(u, from, c_int(u, block));
        if (whole % block) to = c_conditional(u, c_binary(u, "<", to, c_int(u, whole)), to, c_int(u, whole));
        c_declare(outer, "const size_t", "k_end", to);
        to = c_name(u, "k_end");
        sum = "block";
        for (int64_t o = 0; o < w->units; o++)
            c_declare(outer, vector, arena_printf(e->arena, "block%lld", (long long)o),
                      c_call(u, emit_vector(e, "zero"), 0));
        loop = outer;
    }
    if (!unroll && whole) {
        loop = c_for(outer, "k", from, to, lanes);
        k = c_name(u, "k");
    }
    for (int64_t at = 0; at < w->terms; at += lanes) {
        bool tail = at == whole;
        if (!unroll && at > 0 && !tail) continue;
        cblock *in = tail ? b : loop;
        cexpr *index = tail || unroll ? c_int(u, at) : k;
        int64_t n = smaller(lanes, w->terms - at);
        for (int64_t o = 0; o < w->units; o++) {
            cexpr *s = c_name(u, "%s%lld", tail ? "s" : sum, (long long)o);
            cexpr *row = c_add(u, p->table, c_add(u, c_int(u, o * w->terms), index));
            c_assign(
                in, s, "=",
                c_call(u, emit_vector(e, "madd"), 3, tile_load_n(e, c_add(u, x, index), n), tile_load_n(e, row, n), s));
        }
    }
    for (int64_t o = 0; blocked && o < w->units; o++) {
        cexpr *s = c_name(u, "s%lld", (long long)o), *block = c_name(u, "block%lld", (long long)o);
        c_assign(outer, s, "=", c_call(u, emit_vector(e, "add"), 2, s, block));
    }
    for (int64_t o = 0; o < w->units; o++) {
        cexpr *value = c_call(u, emit_vector(e, "sum"), 1, c_name(u, "s%lld", (long long)o));
        if (bias) value = c_add(u, value, c_index(u, bias, c_int(u, o)));
        cexpr *to_y =
            c_is_int(p->rows, &rows) && rows == 1
                ? c_index(u, y, c_int(u, o))
                : c_index(u, c_name(u, "%s", p->y), c_add(u, c_mul(u, c_name(u, "n"), p->y_row), c_int(u, o)));
        c_assign(b, to_y, "=", value);
    }
}

static cexpr *panels_table(emit_context *e, const pack *w, const char *label) {
    return product_table(e, w, arena_printf(e->arena, "%s_weights", label),
                         arena_printf(e->arena, "%s: %s [%lld, %lld], in panels of %lld outputs", label,
                                      w->bias ? "bias and weight" : "weight", (long long)w->units,
                                      (long long)w->terms, (long long)smaller(w->panel, w->units)));
}

void emit_linear(emit_context *e, const plan_kernel *k, cfunction *f) {
    cunit *u = e->unit;
    const choice_linear *l = &emit_choice(e, k)->linear;
    const choice_loop *rows = l->loop_count ? &l->loops[l->loop_count - 1] : NULL;
    product p = {.choice = &l->product, .x = k->inputs[0].name, .y = k->results[0].name, .y_columns = 1};
    p.rows = rows ? emit_dim(e, rows->extent) : c_int(u, 1);
    p.x_row = rows ? emit_dim(e, rows->x) : c_int(u, 0);
    p.y_row = rows ? emit_dim(e, rows->y) : c_int(u, 0);
    if (l->dots) p.table = emit_param(e, k->inputs[1].param);
    else p.table = panels_table(e, l->pack, k->node->label);
    cexpr *bias = l->dots && l->pack->bias ? emit_param(e, k->inputs[2].param) : NULL;
    cblock *b = open_loops(e, c_body(f), l, &p.x, &p.y);
    if (l->dots) emit_dots(e, b, &p, l, bias);
    else product_emit(e, b, &p);
}

/* --- MATMUL --- */

typedef struct {
    emit_context *e;
    cexpr *a, *b, *y;             /* addresses: row m of a, b, row m of y */
    const dim *inner;             /* K */
    cexpr *a_k, *b_k, *b_n, *y_n; /* strides */
} matmul;

/* Columns [n, n + vectors * lanes), the last vector `last` wide. */
static void emit_columns(const matmul *m, cblock *b, cexpr *n, unsigned vectors, cexpr *last) {
    emit_context *e = m->e;
    cunit *u = e->unit;
    int64_t lanes = e->target->lanes;
    bool blocked = dim_max(m->inner) > COST_BLOCK;
    cexpr *K = emit_dim(e, m->inner), *zero = c_call(u, emit_vector(e, "zero"), 0);
    const char *part = blocked ? "block" : "sum";
    for (unsigned v = 0; v < vectors; v++) c_declare(b, e->target->prefix, arena_printf(e->arena, "sum%u", v), zero);
    cblock *outer = b;
    cexpr *from = c_int(u, 0), *to = K;
    if (blocked) {
        outer = c_for(b, "k0", from, K, COST_BLOCK);
        from = c_name(u, "k0");
        cexpr *left = c_sub(u, K, from), *end = c_add(u, from, c_int(u, COST_BLOCK));
        c_declare(outer, "const size_t", "k_end",
                  c_conditional(u, c_binary(u, "<", left, c_int(u, COST_BLOCK)), K, end));
        to = c_name(u, "k_end");
        for (unsigned v = 0; v < vectors; v++)
            c_declare(outer, e->target->prefix, arena_printf(e->arena, "block%u", v), zero);
    }
    cblock *loop = c_for(outer, "k", from, to, 1);
    cexpr *k = c_name(u, "k");
    c_declare(loop, arena_printf(e->arena, "const %s", e->target->prefix), "a_k",
              c_call(u, emit_vector(e, "splat"), 1, c_index(u, m->a, c_mul(u, k, m->a_k))));
    for (unsigned v = 0; v < vectors; v++) {
        cexpr *sum = c_name(u, "%s%u", part, v);
        cexpr *at = c_add(u, c_add(u, c_add(u, m->b, c_mul(u, k, m->b_k)), n), c_int(u, v * lanes));
        cexpr *row = last ? c_call(u, emit_vector(e, "load_n"), 2, at, last) : tile_load(e, at);
        c_assign(loop, sum, "=", c_call(u, emit_vector(e, "madd"), 3, row, c_name(u, "a_k"), sum));
    }
    for (unsigned v = 0; v < vectors; v++) {
        cexpr *sum = c_name(u, "sum%u", v), *at = c_add(u, c_add(u, m->y, n), c_int(u, v * lanes));
        if (blocked) c_assign(outer, sum, "=", c_call(u, emit_vector(e, "add"), 2, sum, c_name(u, "block%u", v)));
        if (last) c_do(b, c_call(u, emit_vector(e, "store_n"), 3, at, sum, last));
        else c_do(b, c_call(u, emit_vector(e, "store"), 2, at, sum));
    }
}

static cexpr *floor_to(cunit *u, cexpr *n, int64_t by) {
    return c_mul(u, c_binary(u, "/", n, c_int(u, by)), c_int(u, by));
}

/* Vectors along the columns: four at a time, then one, then what is left of one. */
static void emit_vector_columns(const matmul *m, cblock *b, const dim *columns) {
    cunit *u = m->e->unit;
    int64_t lanes = m->e->target->lanes, fixed = -1;
    cexpr *N = emit_dim(m->e, columns), *n = c_name(u, "n");
    bool constant = c_is_int(N, &fixed);
    cexpr *by_four = floor_to(u, N, 4 * lanes), *by_one = floor_to(u, N, lanes);
    if (dim_max(columns) >= 4 * lanes) emit_columns(m, c_for(b, "n", c_int(u, 0), by_four, 4 * lanes), n, 4, NULL);
    if (dim_max(columns) >= lanes && !(constant && fixed % (4 * lanes) < lanes))
        emit_columns(m, c_for(b, "n", by_four, by_one, lanes), n, 1, NULL);
    if (constant && fixed % lanes == 0) return;
    if (constant) {
        emit_columns(m, c_scope(b), by_one, 1, c_int(u, fixed % lanes));
    } else {
        cblock *rest = c_if(b, c_binary(u, "!=", c_binary(u, "%", N, c_int(u, lanes)), c_int(u, 0)));
        emit_columns(m, rest, by_one, 1, c_binary(u, "%", N, c_int(u, lanes)));
    }
}

/* Any strides: one element after the other. */
static void emit_scalar_columns(const matmul *m, cblock *b, const dim *columns) {
    emit_context *e = m->e;
    cunit *u = e->unit;
    cexpr *K = emit_dim(e, m->inner), *k = c_name(u, "k"), *n = c_name(u, "n");
    bool blocked = dim_max(m->inner) > COST_BLOCK;
    b = c_for(b, "n", c_int(u, 0), emit_dim(e, columns), 1);
    c_declare(b, "float", "sum", c_float(u, 0.0f));
    cblock *outer = b;
    cexpr *from = c_int(u, 0), *to = K, *part = c_name(u, blocked ? "block" : "sum");
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
    cexpr *left = c_index(u, m->a, c_mul(u, k, m->a_k));
    cexpr *right = c_index(u, m->b, c_add(u, c_mul(u, k, m->b_k), c_mul(u, n, m->b_n)));
    c_assign(loop, part, "+=", c_mul(u, left, right));
    if (blocked) c_assign(outer, c_name(u, "sum"), "+=", part);
    c_assign(b, c_index(u, m->y, c_mul(u, n, m->y_n)), "=", c_name(u, "sum"));
}

void emit_matmul(emit_context *e, const plan_kernel *k, cfunction *f) {
    cunit *u = e->unit;
    const plan_view *a = &k->inputs[0].view, *b = &k->inputs[1].view, *y = &k->results[0].view;
    unsigned rank = y->type.rank;
    matmul m = {.e = e, .inner = a->type.dims[a->type.rank - 1]};
    m.a = c_name(u, "%s", k->inputs[0].name);
    m.b = c_name(u, "%s", k->inputs[1].name);
    m.y = c_name(u, "%s", k->results[0].name);
    cblock *body = c_body(f);
    for (unsigned i = 0; i + 1 < rank; i++) {
        /* the dims before the last two broadcast; the one before the last is y's and a's alone */
        bool row = i + 2 == rank;
        if (dim_is(y->type.dims[i], 1)) continue;
        const char *name = row ? "m" : arena_printf(e->arena, "i%u", i);
        cexpr *index = c_name(u, "%s", name);
        body = c_for(body, name, c_int(u, 0), emit_dim(e, y->type.dims[i]), 1);
        m.y = c_add(u, m.y, c_mul(u, index, emit_dim(e, y->strides[i])));
        const plan_view *operands[] = {a, b};
        cexpr **addresses[] = {&m.a, &m.b};
        for (unsigned o = 0; o < (row ? 1u : 2u); o++) {
            int axis = (int)i - (int)(rank - operands[o]->type.rank);
            if (axis < 0 || dim_is(operands[o]->type.dims[axis], 1)) continue;
            *addresses[o] = c_add(u, *addresses[o], c_mul(u, index, emit_dim(e, operands[o]->strides[axis])));
        }
    }
    if (rank > 1) {
        c_declare(body, "const float *", "a_m", m.a);
        c_declare(body, "const float *", "b_m", m.b);
        c_declare(body, "float *", "y_m", m.y);
        m.a = c_name(u, "a_m");
        m.b = c_name(u, "b_m");
        m.y = c_name(u, "y_m");
    }
    const dim *columns = y->type.dims[rank - 1];
    m.a_k = emit_dim(e, a->strides[a->type.rank - 1]);
    m.b_k = emit_dim(e, b->strides[b->type.rank - 2]);
    m.b_n = emit_dim(e, b->strides[b->type.rank - 1]);
    m.y_n = emit_dim(e, y->strides[rank - 1]);
    if (emit_choice(e, k)->matmul.vectors) emit_vector_columns(&m, body, columns);
    else emit_scalar_columns(&m, body, columns);
}
