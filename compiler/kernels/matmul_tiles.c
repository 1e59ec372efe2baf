/* matmul_tiles: rows of a times vectors of b's columns, so that what is loaded of b serves several rows.
 *
 * Columns of b that do not lie densely are packed side by side first, a tile's at a time. */
#include "kernels/heights.h"
#include "kernels/matmul.h"
#include "kernels/tile.h"
#include "kernels/vectors.h"

enum { PAIR = 2 };

/* Columns from n on: so many vectors, the last of them `last` wide; NULL: all of it. It is `back` columns further left
 * than the others ask, where it is whole and ends with the row: some columns are computed twice, to the same bits.
 * `places`: only the running program knows how many columns there are, and where each vector begins behind n, so that
 * none reaches beyond the row's end. `apart`: each is packed apart from the others. */
typedef struct {
    const matmul *matmul;
    cexpr *n, *last;
    unsigned vectors;
    int64_t back;
    cexpr *const *places;
    bool apart;
    cexpr *weights, *width; /* emit_group's: their address in the first row of b, and floats from one row to the next */
} group;

static int64_t column_of(const group *g, unsigned vector) {
    return vector * (int64_t)g->matmul->e->target->lanes - (vector + 1 == g->vectors ? g->back : 0);
}

/* The first column of a vector. */
static cexpr *first_of(const group *g, unsigned vector) {
    cunit *u = g->matmul->e->unit;
    return c_add(u, g->n, g->places ? g->places[vector] : c_int(u, column_of(g, vector)));
}

/* Where a vector of y is. */
static sum_place place_of(const group *g, cexpr *row, unsigned vector) {
    const matmul *p = g->matmul;
    cunit *u = p->e->unit;
    return (sum_place){c_add(u, p->y, matmul_scaled(p, row, p->of.y_m)),
                       matmul_scaled(p, first_of(g, vector), p->of.y_n), p->of.y_n,
                       vector + 1 == g->vectors ? g->last : NULL};
}

/* Row r of the tile of rows from m on. */
static cexpr *row_of(const matmul *p, cblock *b, cexpr *m, const choice_tile *shape, unsigned r) {
    cunit *u = p->e->unit;
    cexpr *row = c_add(u, m, c_int(u, r)), *rows = emit_dim(p->e, p->of.rows);
    if (!shape->clamped || r == 0) return row;
    const char *name = arena_printf(p->e->arena, "m%u", r);
    cexpr *last = c_sub(u, rows, c_int(u, 1));
    c_declare(b, "const size_t", name, c_conditional(u, c_binary(u, "<", row, rows), row, last));
    return c_name(u, name);
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
              .places = g->apart ? NULL : g->places,
              .step = emit_dim(e, p->of.a_k),
              .unrolled = shape->unrolled,
              .rounds_twice = !p->choice->fused,
              .one_run = p->adds,
              .waits = choice_sums_wait(shape, shape->size.rows * g->vectors)};
    int64_t width;
    t.amid_lines = !c_is_int(g->width, &width) || width % e->target->lanes != 0;
    if (p->backwards) t.backwards_from = c_sub(u, p->terms, c_int(u, 1));
    bool constant = dim_is_const(p->of.a_m, &distance) && !shape->clamped;
    cexpr *rows[COST_ROWS];
    for (unsigned r = 0; r < t.rows; r++) {
        rows[r] = row_of(p, b, m, shape, r);
        t.inputs[r] = constant || t.rows == 1 ? "a_m" : arena_printf(e->arena, "a%u", r);
        t.offsets[r] = constant ? r * distance : 0;
        cexpr *row = matmul_scaled(p, rows[r], p->of.a_m);
        if (r == 0 || !constant) c_declare(b, "const float *", t.inputs[r], c_add(u, p->a, row));
        for (unsigned v = 0; v < t.vectors; v++)
            t.sums[r * t.vectors + v] = t.rows == 1 ? arena_printf(e->arena, "s%u", v)
                                                    : arena_printf(e->arena, "s%u_%u", r, v);
    }
    for (unsigned v = 0; v < t.vectors; v++) t.columns[v] = column_of(g, v);
    cexpr *starts[TILE_MAX_SUMS];
    sum_place places[TILE_MAX_SUMS];
    for (unsigned i = 0; i < t.rows * t.vectors; i++) {
        places[i] = place_of(g, rows[i / t.vectors], i % t.vectors);
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
    cexpr *k = c_name(u, "k"), *column = c_name(u, "column"), *packed = c_int(u, p->choice->packed);
    cexpr *first = c_add(u, p->b, matmul_scaled(p, g->n, p->of.b_n));
    if (dim_is(p->of.b_k, 1)) {
        c_do(b, c_call(u, matmul_packer(p), 6, p->room, packed, first, emit_dim(e, p->of.b_n), count, p->terms));
        return;
    }
    b = c_for(b, "k", c_int(u, 0), p->terms, 1);
    cexpr *from = c_add(u, first, matmul_scaled(p, k, p->of.b_k)), *to = c_add(u, p->room, c_mul(u, k, packed));
    for (unsigned v = 0; dim_is(p->of.b_n, 1) && v < g->vectors; v++) {
        cexpr *offset = g->places ? g->places[v] : c_int(u, column_of(g, v));
        vectors_store_at(e, b, c_add(u, to, offset),
                         vectors_load(e, from, offset, p->of.b_n, v + 1 == g->vectors ? g->last : NULL));
    }
    if (dim_is(p->of.b_n, 1)) return;
    b = c_for(b, "column", c_int(u, 0), count, 1);
    cexpr *element = c_element(u, c_add(u, from, matmul_scaled(p, column, p->of.b_n)));
    c_assign(b, c_element(u, c_add(u, to, column)), "=", element);
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
        int64_t lanes = e->target->lanes, whole = (g->vectors - (g->last ? 1 : 0)) * lanes - g->back;
        bool depends = c->packed_from > 1 && c->heights.rows < 0;
        cblock *then = b;
        if (depends) {
            c_declare(b, "const float *", "b_n", of.weights);
            c_declare(b, "size_t", "width", of.width);
            then = c_if(b, c_binary(u, ">=", rows, packed_from));
        }
        cexpr *count = g->last ? c_add(u, c_int(u, whole), g->last) : c_int(u, whole);
        if (g->places) count = c_add(u, g->places[g->vectors - 1], c_int(u, lanes));
        pack_columns(g, then, count);
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

/* What is left of a known number of columns behind the first `done`. The last vector ends with the row where there are
 * enough for it, and nothing is added up twice, as are sums of blocks that wait in y. */
static void emit_rest(group *g, cblock *b, int64_t done, int64_t count, const choice_tile *few) {
    cunit *u = g->matmul->e->unit;
    int64_t lanes = g->matmul->e->target->lanes, last = (count - done) % lanes;
    const choice_heights *h = &g->matmul->choice->heights;
    const choice_tile *shape = few ? few : h->taller_count ? &h->taller : &h->tile;
    g->vectors = (unsigned)((count - done + lanes - 1) / lanes);
    bool once = !g->matmul->adds && !choice_sums_wait(shape, shape->size.rows * g->vectors);
    if (last && count > lanes && once) {
        bool alone = g->vectors == 1;
        g->back = alone ? 0 : lanes - last;
        done -= alone ? lanes - last : 0;
    } else if (last) {
        g->last = c_int(u, last);
    }
    g->n = c_int(u, done);
    if (g->vectors) emit_group(g, c_scope(b), few);
}

/* `vectors` vectors of columns at a time from `from` up to `to`, of which those that would reach beyond the row's end,
 * `after` the last whole vector's beginning, begin there instead. */
static void emit_up_to(const group *g, cblock *b, cexpr *from, cexpr *to, const choice_tile *few) {
    const matmul *p = g->matmul;
    cunit *u = p->e->unit;
    int64_t lanes = p->e->target->lanes;
    cexpr *places[TILE_MAX_VECTORS] = {c_int(u, 0)}, *j = c_name(u, "j"), *n = c_name(u, "n"),
          *most = c_name(u, "most"), *after = c_sub(u, emit_dim(p->e, p->of.columns), c_int(u, lanes));
    group end = {.matmul = p, .n = n, .vectors = g->vectors, .places = places};
    b = c_for(b, "j", from, to, end.vectors * lanes);
    c_declare(b, "const size_t", "n", c_conditional(u, c_binary(u, "<", j, after), j, after));
    if (end.vectors > 1) c_declare(b, "const size_t", "most", c_sub(u, after, n));
    for (unsigned v = 1; v < end.vectors; v++) {
        const char *name = arena_printf(p->e->arena, "n%u", v);
        cexpr *whole = c_int(u, v * lanes);
        c_declare(b, "const size_t", name, c_conditional(u, c_binary(u, "<", whole, most), whole, most));
        places[v] = c_name(u, name);
    }
    emit_group(&end, b, few);
}

/* Whole vectors of b's columns by all rows; where they are packed, side by side. */
static void emit_whole(const group *g, cblock *b, const choice_heights *shapes) {
    const matmul *p = g->matmul;
    cunit *u = p->e->unit;
    int64_t lanes = p->e->target->lanes;
    group of = *g;
    of.apart = p->choice->packed > 0;
    of.weights = of.apart ? p->room : c_add(u, p->b, matmul_scaled(p, g->n, p->of.b_n));
    of.width = of.apart ? c_int(u, g->vectors * lanes) : emit_dim(p->e, p->of.b_k);
    for (unsigned v = 0; of.apart && v < g->vectors; v++) {
        cexpr *from = c_add(u, p->b, matmul_scaled(p, first_of(g, v), p->of.b_n));
        c_do(b, c_call(u, matmul_packer(p), 6, c_add(u, p->room, c_int(u, v * lanes)), of.width, from,
                       emit_dim(p->e, p->of.b_n), c_int(u, lanes), p->terms));
    }
    heights all = {p->e, emit_dim(p->e, p->of.rows), "m", emit_tile, &of};
    heights_loop(&all, b, shapes);
}

/* Two vectors of columns at a time, three at the end if their number is odd. The last one ends with the row. */
static void emit_pairs(const matmul *p, cblock *b) {
    cunit *u = p->e->unit;
    int64_t lanes = p->e->target->lanes, wide = PAIR * lanes;
    cexpr *N = emit_dim(p->e, p->of.columns), *before = c_sub(u, N, c_int(u, 1)), *n = c_name(u, "n");
    cexpr *is_odd = c_binary(u, "<", c_binary(u, "%", before, c_int(u, wide)), c_int(u, lanes));
    cexpr *places[PAIR + 1] = {c_int(u, 0), c_name(u, "n1")}, *last = c_sub(u, c_sub(u, N, c_int(u, lanes)), n);
    group g = {.matmul = p, .n = n, .vectors = PAIR, .places = places};
    is_odd = c_binary(u, "&&", c_binary(u, ">", N, c_int(u, wide)), is_odd);
    c_declare(b, "const size_t", "pairs",
              c_conditional(u, is_odd, c_sub(u, matmul_floor(p, before, wide), c_int(u, wide)), N));
    cblock *loop = c_for(b, "n", c_int(u, 0), c_name(u, "pairs"), wide);
    c_declare(loop, "const size_t", "n1",
              c_conditional(u, c_binary(u, "<=", c_add(u, n, c_int(u, wide)), N), c_int(u, lanes), last));
    emit_whole(&g, loop, &p->choice->heights);
    b = c_if(b, c_binary(u, "<", c_name(u, "pairs"), N));
    c_declare(b, "const size_t", "n", c_name(u, "pairs"));
    c_declare(b, "const size_t", "n2", last);
    g.vectors = PAIR + 1;
    places[1] = c_int(u, lanes);
    places[PAIR] = c_name(u, "n2");
    emit_whole(&g, b, &p->choice->odd);
}

/* Of a number of columns that only the running program knows: too few for a vector are a part of one; else a tile's
 * vectors at a time, or two if no more are left. The places of very many are not worth their registers but at the end,
 * where they are fewer. */
static void emit_unknown(group *g, cblock *b, const choice_tile *few) {
    enum { PLACES = 4 };
    const matmul *p = g->matmul;
    cunit *u = p->e->unit;
    int64_t lanes = p->e->target->lanes, wide = g->vectors * lanes;
    cexpr *N = emit_dim(p->e, p->of.columns), *done = c_int(u, 0);
    if (lanes > 1 && !p->choice->few) {
        group narrow = {.matmul = p, .n = done, .vectors = 1, .last = N};
        emit_group(&narrow, c_if(b, c_binary(u, "<", N, c_int(u, lanes))), few);
        if (dim_max(p->of.columns) < lanes) return;
        b = c_else(b);
    }
    if (p->choice->odd.tile.size.rows && !few) {
        emit_pairs(p, b);
        return;
    }
    if (lanes == 1 || g->vectors > PLACES) {
        cexpr *end = matmul_floor(p, N, wide);
        emit_group(g, c_for(b, "n", done, end, wide), few);
        done = end;
        g->vectors = PLACES;
    }
    if (lanes == 1) return;
    if (g->vectors <= PAIR) {
        emit_up_to(g, b, done, N, few);
        return;
    }
    wide = g->vectors * lanes;
    cexpr *before = c_sub(u, c_sub(u, N, c_int(u, 1)), done);
    cexpr *two_left = c_binary(u, "<", c_binary(u, "%", before, c_int(u, wide)), c_int(u, PAIR * lanes));
    cexpr *all = c_add(u, done, matmul_floor(p, before, wide)), *wide_end = c_name(u, "end");
    c_declare(b, "const size_t", "end", c_conditional(u, two_left, all, N));
    emit_up_to(g, b, done, wide_end, few);
    g->vectors = PAIR;
    emit_up_to(g, b, wide_end, N, few);
}

/* A tile's vectors of columns at a time, and then what is left. */
static void emit_columns(const matmul *p, cblock *b, const choice_tile *few) {
    cunit *u = p->e->unit;
    int64_t count = 0;
    group g = {.matmul = p, .n = c_name(u, "n"), .vectors = p->choice->heights.tile.size.vectors};
    if (few) g.vectors = few->size.vectors;
    if (!c_is_int(emit_dim(p->e, p->of.columns), &count)) {
        emit_unknown(&g, b, few);
        return;
    }
    int64_t wide = g.vectors * (int64_t)p->e->target->lanes, whole = count / wide * wide;
    if (whole) {
        bool once = whole == wide;
        if (once) g.n = c_int(u, 0);
        emit_group(&g, once ? c_scope(b) : c_for(b, "n", c_int(u, 0), c_int(u, whole), wide), few);
    }
    if (whole < count) emit_rest(&g, b, whole, count, few);
}

/* Few terms, or too few rows to pack b for: one element after the other, in plain floats. */
void matmul_emit_elements(const matmul *p, cblock *b) {
    cunit *u = p->e->unit;
    emit_context floats = sum_in_floats(p->e);
    matmul plain = *p;
    cexpr *n = c_name(u, "n");
    plain.e = &floats;
    group g = {.matmul = &plain, .n = n, .vectors = 1};
    g.weights = c_add(u, p->b, matmul_scaled(p, n, p->of.b_n));
    g.width = emit_dim(p->e, p->of.b_k);
    b = c_for(b, "m", c_int(u, 0), emit_dim(p->e, p->of.rows), 1);
    b = c_for(b, "n", c_int(u, 0), emit_dim(p->e, p->of.columns), 1);
    emit_tile(&g, b, c_name(u, "m"), &p->choice->heights.tile);
}

void matmul_emit_tiles(const matmul *p, cblock *b) {
    const choice_heights *h = &p->choice->heights;
    heights rows = {.e = p->e, .rows = emit_dim(p->e, p->of.rows)};
    cblock *few = p->choice->few ? NULL : heights_open_few(&rows, &b, h);
    const choice_tile *lower = &p->choice->lower;
    if (few && lower->size.rows) {
        cunit *u = p->e->unit;
        int64_t wide = lower->size.vectors * (int64_t)p->e->target->lanes;
        cexpr *several = c_binary(u, ">", rows.rows, c_int(u, 1));
        cexpr *narrow = c_binary(u, "<=", emit_dim(p->e, p->of.columns), c_int(u, wide));
        emit_columns(p, c_if(few, c_binary(u, "&&", several, narrow)), lower);
        few = c_else(few);
    }
    if (few) emit_columns(p, few, &h->row);
    emit_columns(p, b, NULL);
}
