/* matmul_tiles: rows of a times vectors of b's columns, so that what is loaded of b serves several rows.
 *
 * A tile's vectors are a left part, which begins with its first column, and a right part, which lies behind that one,
 * or ends with the row where it would reach beyond: some columns are then computed twice, to the same bits. So a tile
 * takes any number of columns from those of its left part on.
 *
 * Columns of b that do not lie densely are packed side by side first, a tile's at a time. */
#include "kernels/heights.h"
#include "kernels/matmul.h"
#include "kernels/tile.h"
#include "kernels/vectors.h"

/* Columns by all rows. */
typedef struct {
    const matmul *matmul;
    const choice_heights *heights;
    bool packs;
    unsigned vectors;
    cexpr *n;     /* the first one */
    cexpr *right; /* where the right part begins behind n; NULL: behind the left one */
    cexpr *last;  /* lanes of the last vector, where it may read and write no more; NULL: all */
    bool apart;   /* what stands packed lies side by side, wherever in b it was */
    cexpr *weights, *width; /* emit_group's: the address of n in the first row of b, and floats from row to row */
} group;

static unsigned right_vectors(unsigned vectors) { return vectors / 2; }
static unsigned left_vectors(unsigned vectors) { return vectors - right_vectors(vectors); }

static int64_t lanes_of(const group *g) { return g->matmul->e->target->lanes; }

/* Where a vector begins behind n. */
static cexpr *offset_of(const group *g, unsigned vector) {
    cunit *u = g->matmul->e->unit;
    unsigned left = left_vectors(g->vectors);
    if (!g->right || vector < left) return c_int(u, vector * lanes_of(g));
    return c_add(u, g->right, c_int(u, (vector - left) * lanes_of(g)));
}

/* Where a vector of y is. */
static sum_place place_of(const group *g, cexpr *row, unsigned vector) {
    const matmul *p = g->matmul;
    cunit *u = p->e->unit;
    return (sum_place){c_add(u, p->y, matmul_scaled(p, row, p->of.y_m)),
                       matmul_scaled(p, c_add(u, g->n, offset_of(g, vector)), p->of.y_n), p->of.y_n,
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
              .left = left_vectors(g->vectors),
              .right = g->apart ? NULL : g->right,
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
    for (unsigned v = 0; v < t.vectors; v++) t.columns[v] = v * lanes_of(g);
    cexpr *starts[TILE_MAX_SUMS];
    sum_place places[TILE_MAX_SUMS];
    for (unsigned i = 0; i < t.rows * t.vectors; i++) {
        places[i] = place_of(g, rows[i / t.vectors], i % t.vectors);
        if (p->adds) starts[i] = sum_load(e, &places[i]);
    }
    int64_t most = p->choice->block ? p->choice->block : p->choice->terms;
    c_is_int(p->terms, &terms);
    tile_sum(e, b, &t, p->adds ? starts : NULL, places, terms, most, p->terms);
}

/* --- packing --- */

/* Dense columns, where they lie in b. */
static void copy_columns(const group *g, cblock *b) {
    const matmul *p = g->matmul;
    emit_context *e = p->e;
    cunit *u = e->unit;
    cexpr *k = c_name(u, "k"), *to = c_add(u, p->room, c_mul(u, k, g->width));
    cexpr *from = c_add(u, p->b, c_add(u, g->n, matmul_scaled(p, k, p->of.b_k)));
    b = c_for(b, "k", c_int(u, 0), p->terms, 1);
    for (unsigned v = 0; v < g->vectors; v++)
        vectors_store_at(e, b, c_add(u, to, offset_of(g, v)),
                         vectors_load(e, from, offset_of(g, v), p->of.b_n, v + 1 == g->vectors ? g->last : NULL));
}

/* Vectors [first, end), side by side. */
static void pack_vectors(const group *g, cblock *b, unsigned first, unsigned end) {
    const matmul *p = g->matmul;
    emit_context *e = p->e;
    cunit *u = e->unit;
    if (first == end) return;
    cexpr *count = c_int(u, (end - first) * lanes_of(g)), *to = c_add(u, p->room, c_int(u, first * lanes_of(g)));
    if (g->last) count = c_add(u, c_int(u, (end - first - 1) * lanes_of(g)), g->last);
    cexpr *from = c_add(u, p->b, matmul_scaled(p, c_add(u, g->n, offset_of(g, first)), p->of.b_n));
    if (dim_is(p->of.b_k, 1)) {
        c_do(b, c_call(u, matmul_packer(p), 6, to, g->width, from, emit_dim(e, p->of.b_n), count, p->terms));
        return;
    }
    cexpr *k = c_name(u, "k"), *column = c_name(u, "column");
    b = c_for(c_for(b, "k", c_int(u, 0), p->terms, 1), "column", c_int(u, 0), count, 1);
    from = c_add(u, c_add(u, from, matmul_scaled(p, k, p->of.b_k)), matmul_scaled(p, column, p->of.b_n));
    c_assign(b, c_element(u, c_add(u, c_add(u, to, c_mul(u, k, g->width)), column)), "=", c_element(u, from));
}

/* Makes the packed columns those of the group. */
static void pack_group(group *g, cblock *b) {
    const matmul *p = g->matmul;
    unsigned left = g->right ? left_vectors(g->vectors) : g->vectors;
    g->width = c_int(p->e->unit, g->vectors * lanes_of(g));
    g->weights = p->room;
    g->apart = !dim_is(p->of.b_n, 1);
    if (!g->apart) {
        copy_columns(g, b);
        return;
    }
    pack_vectors(g, b, 0, left);
    pack_vectors(g, b, left, g->vectors);
}

static void emit_group(const group *g, cblock *b) {
    const matmul *p = g->matmul;
    emit_context *e = p->e;
    cunit *u = e->unit;
    const choice_matmul *c = p->choice;
    group of = *g;
    of.weights = c_add(u, p->b, matmul_scaled(p, g->n, p->of.b_n));
    of.width = emit_dim(e, p->of.b_k);
    if (g->packs && c->packed_from > 1 && g->heights->rows < 0) {
        c_declare(b, "const float *", "b_n", of.weights);
        c_declare(b, "size_t", "width", of.width);
        cblock *then = c_if(b, c_binary(u, ">=", emit_dim(e, p->of.rows), c_int(u, c->packed_from)));
        pack_group(&of, then);
        c_assign(then, c_name(u, "b_n"), "=", of.weights);
        c_assign(then, c_name(u, "width"), "=", of.width);
        of.weights = c_name(u, "b_n");
        of.width = c_name(u, "width");
    } else if (g->packs) {
        pack_group(&of, b);
    }
    heights rows = {e, emit_dim(e, p->of.rows), "m", emit_tile, &of};
    heights_loop(&rows, b, g->heights);
}

/* --- a known number of columns --- */

/* The tile that begins with column n and has the row's last one, if they are `columns`. Nothing is added up twice, as
 * are sums of blocks that wait in y. */
static void emit_last(group g, cblock *b, int64_t n, int64_t columns) {
    const choice_heights *h = g.heights;
    const choice_tile *shape = h->taller_count ? &h->taller : &h->tile;
    cunit *u = g.matmul->e->unit;
    int64_t lanes = lanes_of(&g), left = columns - n;
    bool twice = !g.matmul->adds && !choice_sums_wait(shape, shape->size.rows * g.vectors);
    if (left % lanes && twice && columns > lanes) {
        if (g.vectors == 1) n = columns - lanes;
        else g.right = c_int(u, left - right_vectors(g.vectors) * lanes);
    } else if (left % lanes) {
        g.last = c_int(u, left % lanes);
    }
    g.n = c_int(u, n);
    emit_group(&g, b);
}

/* In tiles of two widths, which differ by one vector, as rows are in tiles of two heights. */
static void emit_known(group g, cblock *b, int64_t columns) {
    cunit *u = g.matmul->e->unit;
    int64_t lanes = lanes_of(&g), done = 0;
    choice_even even = choice_evenly((columns + lanes - 1) / lanes, g.vectors);
    for (unsigned larger = 2; larger-- > 0;) {
        int64_t tiles = larger ? even.larger : even.count, wide = (even.size + larger) * lanes;
        bool last = !larger && columns % lanes; /* which is not whole */
        int64_t whole = tiles - last, from = done;
        g.vectors = (unsigned)(even.size + larger);
        done += whole * wide;
        g.n = whole == 1 ? c_int(u, from) : c_name(u, "n");
        if (whole == 1) emit_group(&g, c_scope(b));
        if (whole > 1) emit_group(&g, c_for(b, "n", c_int(u, from), c_int(u, done), wide));
        if (last) emit_last(g, c_scope(b), done, columns);
    }
}

/* --- a number that only the running program knows --- */

/* From n on, up to the row's end: so many columns that the left part is whole, and no more than the tile's. */
static void emit_to_end(group g, cblock *b, unsigned vectors, cexpr *n) {
    cunit *u = g.matmul->e->unit;
    cexpr *N = emit_dim(g.matmul->e, g.matmul->of.columns);
    int64_t right = right_vectors(vectors) * lanes_of(&g);
    g.n = n;
    g.vectors = vectors;
    if (right) c_declare(b, "const size_t", "right", c_sub(u, c_sub(u, N, c_int(u, right)), n));
    g.right = right ? c_name(u, "right") : NULL;
    emit_group(&g, b);
}

/* Tiles of so many vectors from the first column on up to `to`; the last one ends with the row. `is_short`: what is
 * left for it may be less than a vector. */
static void emit_tiles_to(group g, cblock *b, cexpr *to, bool is_short) {
    cunit *u = g.matmul->e->unit;
    int64_t lanes = lanes_of(&g), right = right_vectors(g.vectors) * lanes, wide = g.vectors * lanes;
    cexpr *N = emit_dim(g.matmul->e, g.matmul->of.columns), *n = c_name(u, "n"), *end = c_add(u, n, c_int(u, wide));
    b = c_for(b, is_short ? "j" : "n", c_int(u, 0), to, wide);
    if (is_short) c_declare(b, "const size_t", "n", c_smaller(u, c_name(u, "j"), c_sub(u, N, c_int(u, lanes))));
    if (right)
        c_declare(b, "const size_t", "right",
                  c_conditional(u, c_binary(u, "<=", end, N), c_int(u, wide - right),
                                c_sub(u, c_sub(u, N, c_int(u, right)), n)));
    g.n = n;
    g.right = right ? c_name(u, "right") : NULL;
    emit_group(&g, b);
}

/* A tile's vectors at a time while there are more columns than the next narrower one takes; then the narrowest that
 * takes what is left. `once`: columns are no more than a tile's. */
static void emit_narrower(group g, cblock *b, bool once) {
    cunit *u = g.matmul->e->unit;
    int64_t lanes = lanes_of(&g);
    cexpr *N = emit_dim(g.matmul->e, g.matmul->of.columns), *done = c_int(u, 0);
    unsigned vectors = g.vectors, next = choice_narrower(vectors);
    if (!once && !next) {
        emit_tiles_to(g, b, N, lanes > 1);
        return;
    }
    if (!once) {
        int64_t wide = vectors * lanes;
        cexpr *more = c_add(u, N, c_int(u, wide - next * lanes - 1));
        c_declare(b, "const size_t", "done", matmul_floor(g.matmul, more, wide));
        done = c_name(u, "done");
        emit_tiles_to(g, b, done, false);
        vectors = next;
    }
    for (; (next = choice_narrower(vectors)) > 0; vectors = next) {
        cexpr *others = c_add(u, done, c_int(u, next * lanes));
        emit_to_end(g, c_if(b, c_binary(u, ">", N, others)), vectors, done);
        b = c_else(b);
    }
    if (once) {
        emit_to_end(g, b, vectors, done);
        return;
    }
    b = c_if(b, c_binary(u, "<", done, N));
    c_declare(b, "const size_t", "n", c_smaller(u, done, c_sub(u, N, c_int(u, lanes))));
    emit_to_end(g, b, vectors, c_name(u, "n"));
}

/* Pairs of vectors of columns, three at the end if their number is odd. */
static void emit_pairs(group g, cblock *b) {
    const matmul *p = g.matmul;
    cunit *u = p->e->unit;
    int64_t lanes = lanes_of(&g), wide = g.vectors * lanes;
    cexpr *N = emit_dim(p->e, p->of.columns), *before = c_sub(u, N, c_int(u, 1)), *pairs = c_name(u, "pairs");
    cexpr *is_odd = c_binary(u, "<", c_binary(u, "%", before, c_int(u, wide)), c_int(u, lanes));
    is_odd = c_binary(u, "&&", c_binary(u, ">", N, c_int(u, wide)), is_odd);
    c_declare(b, "const size_t", "pairs",
              c_conditional(u, is_odd, c_sub(u, matmul_floor(p, before, wide), c_int(u, wide)), N));
    emit_tiles_to(g, b, pairs, false);
    g.heights = &p->choice->odd;
    emit_to_end(g, c_if(b, c_binary(u, "<", pairs, N)), g.heights->tile.size.vectors, pairs);
}

/* Too few for a vector are a part of one. `narrow`: they are no more than a tile's. */
static void emit_unknown(group g, cblock *b, bool narrow) {
    const choice_matmul *c = g.matmul->choice;
    cunit *u = g.matmul->e->unit;
    int64_t lanes = lanes_of(&g), most = dim_max(g.matmul->of.columns);
    cexpr *N = emit_dim(g.matmul->e, g.matmul->of.columns);
    if (lanes > 1 && !c->few) {
        group part = g;
        part.n = c_int(u, 0);
        part.vectors = 1;
        part.last = N;
        emit_group(&part, c_if(b, c_binary(u, "<", N, c_int(u, lanes))));
        if (most < lanes) return;
        b = c_else(b);
    }
    if (g.heights->tile.narrows) emit_narrower(g, b, lanes > 1 && (narrow || most <= g.vectors * lanes));
    else emit_pairs(g, b);
}

/* All columns by rows in these heights; `few` rows do not make packing worth it where not all do. */
static void emit_columns(const matmul *p, cblock *b, const choice_heights *h, bool few, bool narrow) {
    int64_t columns = 0;
    group g = {.matmul = p, .heights = h, .vectors = h->tile.size.vectors};
    g.packs = p->choice->packed && !(few && p->choice->packed_from > 1);
    if (c_is_int(emit_dim(p->e, p->of.columns), &columns)) emit_known(g, b, columns);
    else emit_unknown(g, b, narrow);
}

/* Few terms, or too few rows to pack b for: one element after the other, in plain floats. */
void matmul_emit_elements(const matmul *p, cblock *b) {
    cunit *u = p->e->unit;
    emit_context floats = sum_in_floats(p->e);
    matmul plain = *p;
    cexpr *n = c_name(u, "n");
    plain.e = &floats;
    group g = {.matmul = &plain, .vectors = 1, .n = n};
    g.weights = c_add(u, p->b, matmul_scaled(p, n, p->of.b_n));
    g.width = emit_dim(p->e, p->of.b_k);
    b = c_for(b, "m", c_int(u, 0), emit_dim(p->e, p->of.rows), 1);
    b = c_for(b, "n", c_int(u, 0), emit_dim(p->e, p->of.columns), 1);
    emit_tile(&g, b, c_name(u, "m"), &p->choice->heights.tile);
}

/* Of a lower tile that is as wide as all columns several rows. */
static void emit_lower(const matmul *p, cblock **b) {
    cunit *u = p->e->unit;
    const choice_tile *lower = &p->choice->lower;
    const choice_heights rows = {.rows = -1, .tile = *lower};
    int64_t wide = lower->size.vectors * (int64_t)p->e->target->lanes;
    cexpr *several = c_binary(u, ">", emit_dim(p->e, p->of.rows), c_int(u, 1));
    cexpr *narrow = c_binary(u, "<=", emit_dim(p->e, p->of.columns), c_int(u, wide));
    emit_columns(p, c_if(*b, c_binary(u, "&&", several, narrow)), &rows, true, true);
    *b = c_else(*b);
}

void matmul_emit_tiles(const matmul *p, cblock *b) {
    const choice_heights *h = &p->choice->heights, one = {.rows = -1, .tile = h->row};
    heights rows = {.e = p->e, .rows = emit_dim(p->e, p->of.rows)};
    cblock *few = p->choice->few ? NULL : heights_open_few(&rows, &b, h);
    if (few && p->choice->lower.size.rows) emit_lower(p, &few);
    if (few) emit_columns(p, few, &one, true, false);
    emit_columns(p, b, h, false, false);
}
