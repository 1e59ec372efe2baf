/* matmul_tiles: rows of a times vectors of b's columns, so that what is loaded of b serves several rows.
 *
 * Columns of b that do not lie densely are packed side by side first, a tile's at a time. */
#include "kernels/heights.h"
#include "kernels/matmul.h"
#include "kernels/tile.h"
#include "kernels/vectors.h"

/* Columns from n on: so many vectors, the last of them `last` wide; NULL: all of it. */
typedef struct {
    const matmul *matmul;
    cexpr *n, *last;
    unsigned vectors;
    cexpr *weights, *width; /* emit_group's: their address in the first row of b, and floats from one row to the next */
} group;

/* Where a vector of y is. */
static sum_place place_of(const group *g, const tile *t, cexpr *row, unsigned vector) {
    const matmul *p = g->matmul;
    cunit *u = p->e->unit;
    int64_t lanes = p->e->target->lanes;
    return (sum_place){c_add(u, p->y, matmul_scaled(p, row, p->of.y_m)),
                       matmul_scaled(p, c_add(u, g->n, c_int(u, vector * lanes)), p->of.y_n), p->of.y_n,
                       vector + 1 == t->vectors ? g->last : NULL};
}

/* The tile of rows from m on. */
static void emit_tile(const void *context, cblock *b, cexpr *m, const choice_tile *shape) {
    const group *g = context;
    const matmul *p = g->matmul;
    emit_context *e = p->e;
    cunit *u = e->unit;
    int64_t distance = 0, terms = -1;
    tile t = {.rows = shape->size.rows,
              .vectors = g->vectors,
              .chains = shape->size.chains,
              .last = g->last,
              .weights = g->weights,
              .width = g->width,
              .step = emit_dim(e, p->of.a_k),
              .rounds_twice = !p->choice->fused};
    bool constant = dim_is_const(p->of.a_m, &distance);
    for (unsigned r = 0; r < t.rows; r++) {
        t.inputs[r] = constant || t.rows == 1 ? "a_m" : arena_printf(e->arena, "a%u", r);
        t.offsets[r] = constant ? r * distance : 0;
        cexpr *row = matmul_scaled(p, c_add(u, m, c_int(u, r)), p->of.a_m);
        if (r == 0 || !constant) c_declare(b, "const float *", t.inputs[r], c_add(u, p->a, row));
        for (unsigned v = 0; v < t.vectors; v++)
            t.sums[r * t.vectors + v] = t.rows == 1 ? arena_printf(e->arena, "s%u", v)
                                                    : arena_printf(e->arena, "s%u_%u", r, v);
    }
    for (unsigned v = 0; v < t.vectors; v++) t.columns[v] = v * (int64_t)e->target->lanes;
    cexpr *starts[TILE_MAX_SUMS];
    sum_place places[TILE_MAX_SUMS];
    for (unsigned i = 0; i < t.rows * t.vectors; i++) {
        places[i] = place_of(g, &t, c_add(u, m, c_int(u, i / t.vectors)), i % t.vectors);
        if (p->adds) starts[i] = sum_load(e, &places[i]);
    }
    int64_t most = p->choice->block ? p->choice->block : dim_max(p->of.inner);
    c_is_int(p->terms, &terms);
    tile_sum(e, b, &t, p->adds ? starts : NULL, places, terms, most, p->terms);
}

/* `count` columns of b from n on, side by side. */
static void pack_columns(const group *g, cblock *b, cexpr *count) {
    const matmul *p = g->matmul;
    emit_context *e = p->e;
    cunit *u = e->unit;
    cexpr *k = c_name(u, "k"), *j = c_name(u, "j"), *packed = c_int(u, p->choice->packed);
    cexpr *first = c_add(u, p->b, matmul_scaled(p, g->n, p->of.b_n));
    if (dim_is(p->of.b_k, 1)) {
        c_do(b, c_call(u, "nnc_v4_pack", 6, p->room, packed, first, emit_dim(e, p->of.b_n), count, p->terms));
        return;
    }
    b = c_for(b, "k", c_int(u, 0), p->terms, 1);
    cexpr *from = c_add(u, first, matmul_scaled(p, k, p->of.b_k)), *to = c_add(u, p->room, c_mul(u, k, packed));
    for (unsigned v = 0; dim_is(p->of.b_n, 1) && v < g->vectors; v++) {
        cexpr *offset = c_int(u, v * (int64_t)e->target->lanes);
        vectors_store_at(e, b, c_add(u, to, offset),
                         vectors_load(e, from, offset, p->of.b_n, v + 1 == g->vectors ? g->last : NULL));
    }
    if (dim_is(p->of.b_n, 1)) return;
    b = c_for(b, "j", c_int(u, 0), count, 1);
    c_assign(b, c_element(u, c_add(u, to, j)), "=", c_element(u, c_add(u, from, matmul_scaled(p, j, p->of.b_n))));
}

/* All rows of some columns, which are packed before where that is chosen; `few`: in these tiles, else as the choice
 * says. */
static void emit_group(const group *g, cblock *b, const choice_tile *few) {
    const matmul *p = g->matmul;
    emit_context *e = p->e;
    cunit *u = e->unit;
    const choice_matmul *c = p->choice;
    group of = *g;
    of.weights = c_add(u, p->b, matmul_scaled(p, g->n, p->of.b_n));
    of.width = emit_dim(e, p->of.b_k);
    cexpr *packed_from = c_int(u, c->packed_from), *rows = emit_dim(e, p->of.rows);
    if (c->packed && !(few && few->size.rows < c->packed_from)) {
        int64_t lanes = e->target->lanes, whole = (g->vectors - (g->last ? 1 : 0)) * lanes;
        bool depends = c->packed_from > 1 && c->heights.rows < 0;
        cblock *then = b;
        if (depends) {
            c_declare(b, "const float *", "b_n", of.weights);
            c_declare(b, "size_t", "width", of.width);
            then = c_if(b, c_binary(u, ">=", rows, packed_from));
        }
        pack_columns(g, then, g->last ? c_add(u, c_int(u, whole), g->last) : c_int(u, whole));
        of.weights = p->room;
        of.width = c_int(u, c->packed);
        if (depends) {
            c_assign(then, c_name(u, "b_n"), "=", of.weights);
            c_assign(then, c_name(u, "width"), "=", of.width);
            of.weights = c_name(u, "b_n");
            of.width = c_name(u, "width");
        }
    }
    heights all = {e, rows, "m", emit_tile, &of};
    if (few) heights_loop_unknown(&all, b, few);
    else heights_loop(&all, b, &c->heights);
}

/* A tile's vectors of columns at a time; then, of a known number of columns, what is left, or else one vector, and then
 * what is left of one. */
static void emit_columns(const matmul *p, cblock *b, const choice_tile *few) {
    cunit *u = p->e->unit;
    const choice_heights *h = &p->choice->heights;
    int64_t lanes = p->e->target->lanes, count = 0, most = dim_max(p->of.columns);
    unsigned vectors = few ? few->size.vectors : h->tile.size.vectors;
    int64_t wide = vectors * lanes, even;
    cexpr *N = emit_dim(p->e, p->of.columns), *by_tile = matmul_floor(p, N, wide), *by_one = matmul_floor(p, N, lanes);
    bool constant = c_is_int(N, &count);
    group g = {p, c_name(u, "n"), NULL, vectors, NULL, NULL};
    if (most >= wide) {
        bool once = constant && count / wide == 1;
        if (once) g.n = c_int(u, 0);
        emit_group(&g, once ? c_scope(b) : c_for(b, "n", c_int(u, 0), by_tile, wide), few);
    }
    if (constant) {
        even = count / wide * wide;
        g.n = c_int(u, even);
        g.vectors = (unsigned)((count - even + lanes - 1) / lanes);
        if (count % lanes) g.last = c_int(u, count % lanes);
        if (g.vectors) emit_group(&g, c_scope(b), few);
        return;
    }
    g.vectors = 1;
    if (wide > lanes && most >= lanes) emit_group(&g, c_for(b, "n", by_tile, by_one, lanes), few);
    g.n = by_one;
    g.last = c_binary(u, "%", N, c_int(u, lanes));
    emit_group(&g, c_if(b, c_binary(u, "!=", g.last, c_int(u, 0))), few);
}

/* One column, or too few rows to pack b for: one element after the other, in plain floats. */
void matmul_emit_elements(const matmul *p, cblock *b) {
    cunit *u = p->e->unit;
    emit_context floats = sum_in_floats(p->e);
    matmul plain = *p;
    cexpr *n = c_name(u, "n");
    plain.e = &floats;
    group g = {&plain, n, NULL, 1, c_add(u, p->b, matmul_scaled(p, n, p->of.b_n)), emit_dim(p->e, p->of.b_k)};
    choice_tile one = {.size = {1, 1, 1}};
    b = c_for(b, "m", c_int(u, 0), emit_dim(p->e, p->of.rows), 1);
    emit_tile(&g, c_for(b, "n", c_int(u, 0), emit_dim(p->e, p->of.columns), 1), c_name(u, "m"), &one);
}

void matmul_emit_tiles(const matmul *p, cblock *b) {
    const choice_heights *h = &p->choice->heights;
    heights rows = {.e = p->e, .rows = emit_dim(p->e, p->of.rows)};
    cblock *few = heights_open_few(&rows, &b, h);
    if (few) emit_columns(p, few, &h->row);
    emit_columns(p, b, NULL);
}

