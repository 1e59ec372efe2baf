/* matmul: MATMUL, the product of two run-time values, in register tiles: some rows of a times
 * some vectors of b's columns, so that what is loaded of b serves several rows.
 *
 * Columns of b that do not lie densely (a transposed b) are packed side by side first, a tile's
 * at a time. Where b's or y's are not dense a term is a multiplication and an addition, else one madd.
 *
 * One row of a by a wide b streams b: tiles would go down it in strips, each of a few neighbours in every row, which
 * caches hand out at half the speed. */
#include "kernels/heights.h"
#include "kernels/tile.h"
#include "kernels/vectors.h"

typedef struct {
    emit_context *e;
    const choice_matmul *choice;
    cexpr *a, *b, *y;             /* addresses of the matrices */
    const dim *rows, *inner, *columns;
    const dim *a_m, *a_k, *b_k, *b_n, *y_m, *y_n; /* strides */
    cexpr *terms;                 /* how many: inner, or those of a block */
    cexpr *room;                  /* for packed columns */
    bool adds; /* sums begin with what y holds: WEIGHT_GRAD, whose rows are known: none is taken twice */
} matmul;

/* Columns from n on: so many vectors, the last of them `last` wide; NULL: all of it. */
typedef struct {
    const matmul *matmul;
    cexpr *n, *last;
    unsigned vectors;
    cexpr *weights; /* their address in the first row of b; emit_group's */
} group;

/* A row of the tile that begins at m. */
static cexpr *row_at(const matmul *p, const choice_tile *shape, cexpr *m, unsigned row) {
    cunit *u = p->e->unit;
    return shape->clamped && row ? c_name(u, "m%u", row) : c_add(u, m, c_int(u, row));
}

/* The rows of a clamped tile after its first: the last one, where there are no more. */
static void declare_rows(const matmul *p, cblock *b, const choice_tile *shape, cexpr *m) {
    cunit *u = p->e->unit;
    cexpr *rows = emit_dim(p->e, p->rows);
    for (unsigned r = 1; shape->clamped && r < shape->size.rows; r++) {
        cexpr *row = c_add(u, m, c_int(u, r)), *there = c_binary(u, "<", row, rows);
        c_declare(b, "const size_t", arena_printf(p->e->arena, "m%u", r),
                  c_conditional(u, there, row, c_sub(u, rows, c_int(u, 1))));
    }
}

static cexpr *scaled(const matmul *p, cexpr *index, const dim *stride) {
    return c_mul(p->e->unit, index, emit_dim(p->e, stride));
}

/* Where a vector of y is: its row, and the offset in it; and how many of its lanes are there, NULL: all. */
typedef struct {
    cexpr *row, *offset, *lanes;
} place;

static place place_of(const group *g, const tile *t, cexpr *row, unsigned vector) {
    const matmul *p = g->matmul;
    cunit *u = p->e->unit;
    int64_t lanes = p->e->target->lanes;
    return (place){c_add(u, p->y, scaled(p, row, p->y_m)),
                   scaled(p, c_add(u, g->n, c_int(u, vector * lanes)), p->y_n),
                   vector + 1 == t->vectors ? g->last : NULL};
}

static void store_sums(const group *g, cblock *b, const tile *t, const choice_tile *shape, cexpr *m) {
    const matmul *p = g->matmul;
    cunit *u = p->e->unit;
    for (unsigned r = 0; r < t->rows; r++)
        for (unsigned v = 0; v < t->vectors; v++) {
            place y = place_of(g, t, row_at(p, shape, m, r), v);
            cexpr *sum = c_name(u, "%s", t->sums[r * t->vectors + v]);
            if (p->e->target->lanes == 1) vectors_store_at(p->e, b, c_add(u, y.row, y.offset), sum);
            else vectors_store(p->e, b, y.row, y.offset, p->y_n, sum, y.lanes);
        }
}

static void load_sums(const group *g, const tile *t, cexpr *m, cexpr **starts) {
    const matmul *p = g->matmul;
    for (unsigned r = 0; r < t->rows; r++)
        for (unsigned v = 0; v < t->vectors; v++) {
            place y = place_of(g, t, c_add(p->e->unit, m, c_int(p->e->unit, r)), v);
            cexpr **start = &starts[r * t->vectors + v];
            if (p->e->target->lanes == 1) *start = tile_load(p->e, c_add(p->e->unit, y.row, y.offset));
            else *start = vectors_load(p->e, y.row, y.offset, p->y_n, y.lanes);
        }
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
              .width = emit_dim(e, p->b_k),
              .step = emit_dim(e, p->a_k),
              .rounds_twice = !p->choice->fused};
    bool constant = dim_is_const(p->a_m, &distance) && !shape->clamped;
    declare_rows(p, b, shape, m);
    for (unsigned r = 0; r < t.rows; r++) {
        t.inputs[r] = constant || t.rows == 1 ? "a_m" : arena_printf(e->arena, "a%u", r);
        t.offsets[r] = constant ? r * distance : 0;
        if (r == 0 || !constant)
            c_declare(b, "const float *", t.inputs[r], c_add(u, p->a, scaled(p, row_at(p, shape, m, r), p->a_m)));
        for (unsigned v = 0; v < t.vectors; v++)
            t.sums[r * t.vectors + v] = t.rows == 1 ? arena_printf(e->arena, "s%u", v)
                                                    : arena_printf(e->arena, "s%u_%u", r, v);
    }
    for (unsigned v = 0; v < t.vectors; v++) t.columns[v] = v * (int64_t)e->target->lanes;
    cexpr *starts[TILE_MAX_SUMS];
    if (p->adds) load_sums(g, &t, m, starts);
    tile_declare(e, b, &t, p->adds ? starts : NULL);
    int64_t most = p->choice->block ? p->choice->block : dim_max(p->inner);
    c_is_int(p->terms, &terms);
    tile_add(e, b, &t, terms, most, p->terms);
    store_sums(g, b, &t, shape, m);
}

/* Columns [n, n + count) of b, side by side. */
static void pack_columns(const matmul *p, cblock *b, cexpr *n, cexpr *count) {
    cunit *u = p->e->unit;
    cexpr *k = c_name(u, "k"), *j = c_name(u, "j");
    cblock *loop = c_for(c_for(b, "k", c_int(u, 0), p->terms, 1), "j", c_int(u, 0), count, 1);
    cexpr *from = c_add(u, scaled(p, k, p->b_k), scaled(p, c_add(u, n, j), p->b_n));
    cexpr *to = c_add(u, c_mul(u, k, c_int(u, p->choice->packed)), j);
    c_assign(loop, c_index(u, p->room, to), "=", c_index(u, p->b, from));
}

/* All rows of some columns, which are packed before where that is chosen; `few`: in these tiles, else as the choice
 * says. */
static void emit_group(const group *g, cblock *b, const choice_tile *few) {
    const matmul *p = g->matmul;
    cunit *u = p->e->unit;
    const choice_matmul *c = p->choice;
    matmul packed = *p;
    group of = *g;
    of.weights = c_add(u, p->b, scaled(p, g->n, p->b_n));
    if (c->packed) {
        int64_t lanes = p->e->target->lanes, whole = (g->vectors - (g->last ? 1 : 0)) * lanes;
        pack_columns(p, b, g->n, g->last ? c_add(u, c_int(u, whole), g->last) : c_int(u, whole));
        packed.b_k = dim_const(p->e->plan->dims, c->packed);
        of = (group){&packed, g->n, g->last, g->vectors, p->room};
    }
    heights rows = {p->e, emit_dim(p->e, p->rows), "m", emit_tile, &of};
    if (few) heights_loop_unknown(&rows, b, few);
    else heights_loop(&rows, b, &c->heights);
}

static cexpr *floor_to(cunit *u, cexpr *n, int64_t by) {
    return c_mul(u, c_binary(u, "/", n, c_int(u, by)), c_int(u, by));
}

/* A tile's vectors of columns at a time; then, of a known number of columns, what is left, or else one vector, and then
 * what is left of one. */
static void emit_columns(const matmul *p, cblock *b, const choice_tile *few) {
    cunit *u = p->e->unit;
    const choice_heights *h = &p->choice->heights;
    int64_t lanes = p->e->target->lanes, count = 0, most = dim_max(p->columns);
    unsigned vectors = few ? few->size.vectors : h->tile.size.vectors;
    int64_t wide = vectors * lanes, even;
    cexpr *N = emit_dim(p->e, p->columns), *by_tile = floor_to(u, N, wide), *by_one = floor_to(u, N, lanes);
    bool constant = c_is_int(N, &count);
    group g = {p, c_name(u, "n"), NULL, vectors, NULL};
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
static void emit_elements(const matmul *p, cblock *b) {
    cunit *u = p->e->unit;
    emit_context floats = sum_in_floats(p->e);
    matmul plain = *p;
    cexpr *n = c_name(u, "n");
    plain.e = &floats;
    group g = {&plain, n, NULL, 1, c_add(u, p->b, scaled(p, n, p->b_n))};
    choice_tile one = {.size = {1, 1, 1}};
    b = c_for(b, "m", c_int(u, 0), emit_dim(p->e, p->rows), 1);
    emit_tile(&g, c_for(b, "n", c_int(u, 0), emit_dim(p->e, p->columns), 1), c_name(u, "m"), &one);
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

/* --- one row of a: b as it lies, some of its rows at a time ----------------------------------------------------------
 */

/* What happens to the sums of neighbouring columns, which wait in memory. */
typedef struct {
    const matmul *matmul;
    cexpr *sums;     /* y, or what a block of terms adds to it */
    cexpr *weights;  /* the rows of b to be added; NULL: */
    cexpr *others;   /* sums to be added; NULL: they become zero */
    unsigned terms;  /* so many rows */
} stream;

static void stream_columns(void *context, cblock *b, cexpr *at, cexpr *lanes) {
    const stream *s = context;
    emit_context *e = s->matmul->e;
    cunit *u = e->unit;
    const dim *one = s->matmul->y_n;
    cexpr *sum = vectors_call0(e, "zero");
    if (s->weights) {
        tile t = {.rows = 1, .vectors = 1, .chains = 1, .sums = {"s"}, .last = lanes, .splats = "a", .unrolled = true,
                  .inputs = {"a_k"}, .weights = c_add(u, s->weights, at), .width = emit_dim(e, s->matmul->b_k)};
        cexpr *start = vectors_load(e, s->sums, at, one, lanes);
        tile_declare(e, b, &t, &start);
        tile_add(e, b, &t, s->terms, s->terms, c_int(u, s->terms));
        sum = c_name(u, "s");
    } else if (s->others) {
        sum = vectors_call2(e, "add", vectors_load(e, s->sums, at, one, lanes),
                            vectors_load(e, s->others, at, one, lanes));
    }
    vectors_store(e, b, s->sums, at, one, sum, lanes);
}

/* All columns' sums. */
static void stream_all(const stream *s, cblock *b) {
    stream all = *s;
    vectors_axis columns = vectors_new(s->matmul->e, b, s->matmul->columns, "n");
    vectors_loop(&columns, b, stream_columns, &all);
}

/* Rows of b from k on. */
static void stream_rows(const matmul *p, cblock *b, cexpr *sums, unsigned terms) {
    emit_context *e = p->e;
    cunit *u = e->unit;
    cexpr *k = c_name(u, "k");
    for (unsigned i = 0; i < terms; i++) {
        cexpr *factor = c_index(u, p->a, scaled(p, c_add(u, k, c_int(u, i)), p->a_k));
        c_declare(b, arena_printf(e->arena, "const %s", e->target->type), arena_printf(e->arena, "a_%u", i),
                  vectors_call1(e, "splat", factor));
    }
    c_declare(b, "const float *", "b_k", c_add(u, p->b, scaled(p, k, p->b_k)));
    stream rows = {.matmul = p, .sums = sums, .weights = c_name(u, "b_k"), .terms = terms};
    stream_all(&rows, b);
}

/* Terms [from, to), as many at a time as there are registers for their factors; then what is left, one by one. */
static void stream_terms(const matmul *p, cblock *b, cexpr *sums, cexpr *from, cexpr *to) {
    cunit *u = p->e->unit;
    int64_t terms, step = p->choice->streamed;
    bool even = dim_is_const(p->inner, &terms) && terms % step == 0;
    cexpr *end = even ? to : c_add(u, from, floor_to(u, c_sub(u, to, from), step));
    stream_rows(p, c_for(b, "k", from, end, step), sums, (unsigned)step);
    if (!even) stream_rows(p, c_for(b, "k", end, to, 1), sums, 1);
}

static void emit_stream(const matmul *p, cblock *b) {
    cunit *u = p->e->unit;
    stream y = {.matmul = p, .sums = p->y}, block = {.matmul = p, .sums = c_name(u, "work")};
    int64_t most = dim_max(p->inner);
    stream_all(&y, c_scope(b));
    if (most <= COST_BLOCK) {
        stream_terms(p, b, p->y, c_int(u, 0), p->terms);
        return;
    }
    b = c_for(b, "k0", c_int(u, 0), p->terms, COST_BLOCK);
    cexpr *from = c_name(u, "k0"), *to = c_add(u, from, c_int(u, COST_BLOCK));
    c_declare(b, "const size_t ", "k_end", c_conditional(u, c_binary(u, "<", to, p->terms), to, p->terms));
    stream_all(&block, c_scope(b));
    stream_terms(p, b, block.sums, from, c_name(u, "k_end"));
    y.others = block.sums;
    stream_all(&y, c_scope(b));
}

/* The product of two matrices, whose addresses and strides are set. */
static void emit_product(const matmul *p, cblock *b) {
    if (p->choice->elements) {
        emit_elements(p, b);
        return;
    }
    if (p->choice->streamed) {
        emit_stream(p, b);
        return;
    }
    const choice_heights *h = &p->choice->heights;
    heights rows = {.e = p->e, .rows = emit_dim(p->e, p->rows)};
    cblock *few = heights_open_few(&rows, &b, h);
    if (few && h->lower.size.rows) {
        cblock *one = c_if(few, c_binary(p->e->unit, "==", rows.rows, c_int(p->e->unit, 1)));
        emit_columns(p, one, &h->row);
        emit_columns(p, c_else(few), &h->lower);
    } else if (few) {
        emit_columns(p, few, &h->row);
    }
    emit_columns(p, b, NULL);
}

/* Some rows of dy at a time: copied to the work space, and then the product of these. */
static void emit_blocks(matmul *p, cblock *b) {
    cunit *u = p->e->unit;
    const choice_matmul *c = p->choice;
    dim_table *t = p->e->plan->dims;
    int64_t known;
    cexpr *done = c_int(u, 0), *all = emit_dim(p->e, p->inner), *n = c_name(u, "n"), *m = c_name(u, "m");
    p->terms = all;
    if (dim_max(p->inner) > c->block) {
        b = c_for(b, "done", c_int(u, 0), all, c->block);
        done = c_name(u, "done");
        p->terms = c_int(u, c->block);
        if (!dim_is_const(p->inner, &known) || known % c->block) {
            cexpr *left = c_sub(u, all, done), *fits = c_binary(u, "<", left, p->terms);
            c_declare(b, "const size_t ", "terms", c_conditional(u, fits, left, p->terms));
            p->terms = c_name(u, "terms");
        }
    }
    cexpr *from = c_add(u, p->a, scaled(p, c_add(u, done, n), p->a_k)), *to = c_mul(u, n, c_int(u, c->distance));
    cblock *copy = c_for(b, "n", c_int(u, 0), p->terms, 1);
    copy = c_for(copy, "m", c_int(u, 0), emit_dim(p->e, p->rows), 1);
    c_assign(copy, c_index(u, c_name(u, "work"), c_add(u, to, m)), "=", c_index(u, from, scaled(p, m, p->a_m)));
    matmul block = *p;
    block.a = c_name(u, "work");
    block.a_m = dim_const(t, 1);
    block.a_k = dim_const(t, c->distance);
    block.b = c_add(u, p->b, scaled(p, done, p->b_k));
    block.room = c_add(u, c_name(u, "work"), c_int(u, c->block * c->distance));
    emit_product(&block, b);
}

/* dy' x, added to a gradient. */
void emit_weight_grad(emit_context *e, const plan_kernel *k, cfunction *f) {
    cunit *u = e->unit;
    const plan_view *dy = &k->inputs[0].view, *x = &k->inputs[1].view, *y = &k->results[0].view;
    matmul p = {.e = e,
                .choice = &emit_choice(e, k)->matmul,
                .a = c_name(u, "%s", k->inputs[0].name),
                .b = c_name(u, "%s", k->inputs[1].name),
                .y = c_name(u, "%s", k->results[0].name),
                .rows = y->type.dims[0],
                .inner = dy->type.dims[0],
                .columns = y->type.dims[1],
                .a_m = dy->strides[1],
                .a_k = dy->strides[0],
                .b_k = x->strides[0],
                .b_n = x->strides[1],
                .y_m = y->strides[0],
                .y_n = y->strides[1],
                .terms = emit_dim(e, dy->type.dims[0]),
                .room = c_name(u, "work"),
                .adds = true};
    if (p.choice->block) emit_blocks(&p, c_body(f));
    else emit_product(&p, c_body(f));
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
                .y_n = y->strides[last],
                .terms = emit_dim(e, a->type.dims[a_last]),
                .room = c_name(u, "work")};
    emit_product(&p, open_batches(&p, c_body(f), a, b, y));
}
