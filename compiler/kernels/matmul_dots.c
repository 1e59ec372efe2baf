/* matmul_dots: a product whose terms lie densely in both of its operands, or do so panel by panel: lanes along them,
 * rows of a by some columns of b. Four columns' sums become a vector of y. Nothing is packed, but the columns of which
 * there are few. */
#include "kernels/heights.h"
#include "kernels/matmul.h"
#include "kernels/vectors.h"

/* Columns from n on. */
typedef struct {
    const matmul *matmul;
    cexpr *n;
    unsigned columns;
} group;

/* The addresses of `count` neighbours at a distance, of which the first is declared as NAME, and the others too, if
 * only the running program knows how far they are. */
static void declare_neighbours(const matmul *p, cblock *b, const char *name, cexpr *first, const dim *distance,
                               unsigned count, cexpr **to) {
    cunit *u = p->e->unit;
    int64_t apart;
    bool known = dim_is_const(distance, &apart);
    c_declare(b, "const float *", name, first);
    to[0] = c_name(u, name);
    for (unsigned i = 1; i < count; i++) {
        const char *next = arena_printf(p->e->arena, "%s%u", name, i);
        cexpr *there = c_add(u, to[0], known ? c_int(u, i * apart) : matmul_scaled(p, c_int(u, i), distance));
        if (!known) c_declare(b, "const float *", next, there);
        to[i] = known ? there : c_name(u, next);
    }
}

/* `count` floats, of 4 or 8 lanes, to y and on. */
static void store_sums(const matmul *p, cblock *b, cexpr *y, cexpr *value, unsigned lanes, unsigned count) {
    emit_context *e = p->e;
    cunit *u = e->unit;
    if (!dim_is(p->of.y_n, 1))
        c_do(b, c_call(u, "nnc_v4_scatter", 4, y, emit_dim(e, p->of.y_n), value, c_int(u, count)));
    else if (count == lanes) c_do(b, c_call(u, arena_printf(e->arena, "nnc_v%u_store", lanes), 2, y, value));
    else c_do(b, c_call(u, arena_printf(e->arena, "nnc_v%u_store_n", lanes), 3, y, value, c_int(u, count)));
}

/* The sums of a row of d, from y on. */
static void store_row(const group *g, cblock *b, const dots *d, const char *const *sums, cexpr *y) {
    enum { FOUR = 4, EIGHT = 8 };
    const matmul *p = g->matmul;
    emit_context *e = p->e;
    cunit *u = e->unit;
    cexpr *all[EIGHT];
    if (g->columns == 1) {
        c_assign(b, c_element(u, y), "=", vectors_call1(e, "sum", c_name(u, sums[0])));
        return;
    }
    if (dots_repeats_rows(d)) {
        const char *function = arena_printf(e->arena, "column_sums_%u", g->columns);
        for (unsigned i = 0; i < g->columns; i++) all[i] = c_name(u, sums[i]);
        store_sums(p, b, y, c_call_list(u, emit_vector(e, function), g->columns, all), FOUR, g->columns);
        return;
    }
    for (unsigned c = 0, most; c < g->columns; c += most) {
        most = e->target->lanes >= EIGHT && dim_is(p->of.y_n, 1) && g->columns - c > FOUR ? EIGHT : FOUR;
        unsigned count = (unsigned)smaller(g->columns - c, most);
        for (unsigned i = 0; i < most; i++) all[i] = c_name(u, sums[c + smaller(i, count - 1)]);
        cexpr *value = c_call_list(u, emit_vector(e, most == FOUR ? "sum4" : "sum8"), most, all);
        store_sums(p, b, c_add(u, y, matmul_scaled(p, c_int(u, c), p->of.y_n)), value, most, count);
    }
}

/* Are they all of a matrix that lies densely? */
static bool are_together(const matmul *p, unsigned columns) {
    return columns > 1 && dim_is(p->of.b_n, 1) && dim_is(p->of.b_k, columns);
}

/* The tile of rows from m on. */
static void emit_tile(const void *context, cblock *b, cexpr *m, const choice_tile *shape) {
    const group *g = context;
    const matmul *p = g->matmul;
    emit_context *e = p->e;
    cunit *u = e->unit;
    dots d = {.rows = shape->size.rows,
              .columns = g->columns,
              .apart = dim_is(p->of.b_k, 1) || p->choice->packing ? NULL : p->of.b_k,
              .together = !p->choice->packing && are_together(p, g->columns),
              .repeated = p->choice->repeated,
              .terms = p->terms,
              .count = -1,
              .most = dim_max(p->of.inner),
              .unrolled = shape->unrolled};
    const char *sums[SUM_MOST];
    c_is_int(p->terms, &d.count);
    declare_neighbours(p, b, "a_m", c_add(u, p->a, matmul_scaled(p, m, p->of.a_m)), p->of.a_m, d.rows, d.row);
    if (!p->choice->packing)
        declare_neighbours(p, b, "b_n", c_add(u, p->b, matmul_scaled(p, g->n, p->of.b_n)), p->of.b_n, d.columns,
                           d.column);
    for (unsigned i = 0; i < d.rows * d.columns; i++)
        sums[i] = d.rows == 1 ? arena_printf(e->arena, "s%u", i)
                              : arena_printf(e->arena, "s%u_%u", i / d.columns, i % d.columns);
    if (p->choice->packing) matmul_add_panels(p, b, &d, g->n, sums);
    else dots_add(e, b, &d, sums);
    for (unsigned r = 0; r < d.rows; r++) {
        cexpr *row = c_add(u, p->y, matmul_scaled(p, c_add(u, m, c_int(u, r)), p->of.y_m));
        store_row(g, b, &d, sums + r * d.columns, c_add(u, row, matmul_scaled(p, g->n, p->of.y_n)));
    }
}

/* All rows of the columns; `few`: in these tiles, else as the choice says. */
static void emit_group(const group *g, cblock *b, const choice_tile *few) {
    const matmul *p = g->matmul;
    heights rows = {p->e, emit_dim(p->e, p->of.rows), "m", emit_tile, g};
    if (few) heights_loop_unknown(&rows, b, few);
    else heights_loop(&rows, b, &p->choice->heights);
}

/* As many columns as only the running program knows, no fewer than the group has. */
static void emit_groups(const group *g, cblock *b, const choice_tile *few) {
    cunit *u = g->matmul->e->unit;
    cexpr *N = emit_dim(g->matmul->e, g->matmul->of.columns), *wide = c_int(u, g->columns), *j = c_name(u, "j");
    b = c_for(b, "j", c_int(u, 0), N, g->columns);
    cexpr *fits = c_binary(u, "<=", c_add(u, j, wide), N);
    c_declare(b, "const size_t", "n", c_conditional(u, fits, j, c_sub(u, N, wide)));
    emit_group(g, b, few);
}

/* Of a known number of columns, a tile's at a time and then what is left; of an unknown one, the last tile takes some
 * of the one before again, to the same bits, and too few are taken one by one. */
static void emit_columns(const matmul *p, cblock *b, const choice_tile *few) {
    cunit *u = p->e->unit;
    int64_t wide = few ? few->size.vectors : p->choice->heights.tile.size.vectors, count;
    cexpr *N = emit_dim(p->e, p->of.columns), *n = c_name(u, "n");
    group g = {p, n, (unsigned)wide}, one = {p, n, 1};
    enum { FOUR = 4 };
    if (c_is_int(N, &count)) {
        int64_t even = count / wide * wide;
        if (even == wide) g.n = c_int(u, 0);
        if (even) emit_group(&g, even == wide ? c_scope(b) : c_for(b, "n", c_int(u, 0), c_int(u, even), wide), few);
        one.n = c_int(u, even);
        one.columns = (unsigned)(count - even);
        if (one.columns) emit_group(&one, c_scope(b), few);
        return;
    }
    cblock *narrow = wide > 1 ? c_if(b, c_binary(u, "<", N, c_int(u, wide))) : b;
    if (wide > FOUR) {
        group four = {p, n, FOUR};
        emit_groups(&four, c_if(narrow, c_binary(u, ">=", N, c_int(u, FOUR))), few);
        narrow = c_else(narrow);
    }
    emit_group(&one, c_for(narrow, "n", c_int(u, 0), N, 1), few);
    if (wide > 1) emit_groups(&g, c_else(b), few);
}

static void pack_vectors(void *context, cblock *b, cexpr *k, cexpr *lanes) {
    const matmul *p = context;
    cunit *u = p->e->unit;
    unsigned columns = (unsigned)dim_max(p->of.columns);
    dots_load_columns(p->e, b, p->b, columns, k, lanes);
    for (unsigned c = 0; c < columns; c++)
        vectors_store(p->e, b, p->room, c_add(u, c_int(u, c * p->choice->packed), k), dim_const(p->e->plan->dims, 1),
                      c_namef(u, "w%u", c), lanes);
}

/* Few columns, one behind the other. */
static matmul pack_columns(const matmul *p, cblock *b) {
    cunit *u = p->e->unit;
    matmul packed = *p;
    packed.b = p->room;
    packed.of.b_k = dim_const(p->e->plan->dims, 1);
    packed.of.b_n = dim_const(p->e->plan->dims, p->choice->packed);
    if (are_together(p, (unsigned)dim_max(p->of.columns))) {
        cblock *scope = c_scope(b);
        vectors_axis terms = vectors_new(p->e, scope, p->of.inner, "k");
        vectors_loop(&terms, scope, pack_vectors, (void *)(uintptr_t)p);
        return packed;
    }
    cexpr *n = c_name(u, "n"), *k = c_name(u, "k"), *distance = c_int(u, p->choice->packed);
    b = c_for(c_for(b, "n", c_int(u, 0), emit_dim(p->e, p->of.columns), 1), "k", c_int(u, 0), p->terms, 1);
    cexpr *from = c_add(u, matmul_scaled(p, k, p->of.b_k), matmul_scaled(p, n, p->of.b_n));
    c_assign(b, c_index(u, p->room, c_add(u, c_mul(u, n, distance), k)), "=", c_index(u, p->b, from));
    return packed;
}

static void emit_block(const matmul *p, cblock *b, cexpr *block, cexpr *sums) {
    matmul part = *p;
    part.block = block;
    part.y = sums;
    emit_columns(&part, b, NULL);
}

void matmul_emit_dots(const matmul *p, cblock *b) {
    const choice_matmul *c = p->choice;
    if (c->zigzag) {
        matmul_emit_zigzag(p, b, matmul_panel_blocks(p), emit_block);
        return;
    }
    heights rows = {.e = p->e, .rows = emit_dim(p->e, p->of.rows)};
    cblock *few = heights_open_few(&rows, &b, &c->heights);
    matmul packed = *p;
    if (few) emit_columns(&packed, few, &c->heights.row);
    if (c->packed) packed = pack_columns(p, b);
    emit_columns(&packed, b, NULL);
}
