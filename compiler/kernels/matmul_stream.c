/* matmul_stream: one row of a by a wide b, some rows of b at a time, as they lie.
 *
 * Tiles would go down b in strips, each of a few neighbours in every row, which caches hand out at half the speed. */
#include "kernels/matmul.h"
#include "kernels/product.h"
#include "kernels/tile.h"
#include "kernels/vectors.h"

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
    const dim *one = s->matmul->of.y_n;
    cexpr *sum = vectors_call0(e, "zero");
    if (s->weights) {
        tile t = {.rows = 1, .vectors = 1, .chains = 1, .sums = {"s"}, .last = lanes, .splats = "a", .unrolled = true,
                  .inputs = {"a_k"}, .weights = c_add(u, s->weights, at), .width = emit_dim(e, s->matmul->of.b_k)};
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
    vectors_axis columns = vectors_new(s->matmul->e, b, s->matmul->of.columns, "n");
    vectors_loop(&columns, b, stream_columns, &all);
}

/* Rows of b from k on. */
static void stream_rows(const matmul *p, cblock *b, cexpr *sums, unsigned terms) {
    emit_context *e = p->e;
    cunit *u = e->unit;
    cexpr *k = c_name(u, "k");
    for (unsigned i = 0; i < terms; i++) {
        cexpr *factor = c_index(u, p->a, matmul_scaled(p, c_add(u, k, c_int(u, i)), p->of.a_k));
        vectors_constant(e, b, arena_printf(e->arena, "a_%u", i), vectors_call1(e, "splat", factor));
    }
    c_declare(b, "const float *", "b_k", c_add(u, p->b, matmul_scaled(p, k, p->of.b_k)));
    stream rows = {.matmul = p, .sums = sums, .weights = c_name(u, "b_k"), .terms = terms};
    stream_all(&rows, b);
}

/* Terms [from, to), as many at a time as there are registers for their factors; then what is left, one by one. */
static void stream_terms(const matmul *p, cblock *b, cexpr *sums, cexpr *from, cexpr *to) {
    cunit *u = p->e->unit;
    int64_t terms, step = p->choice->streamed;
    bool even = dim_is_const(p->of.inner, &terms) && terms % step == 0;
    cexpr *end = even ? to : c_add(u, from, matmul_floor(p, c_sub(u, to, from), step));
    stream_rows(p, c_for(b, "k", from, end, step), sums, (unsigned)step);
    if (!even) stream_rows(p, c_for(b, "k", end, to, 1), sums, 1);
}

/* Terms [k0, k_end) to sums that begin with zero. */
static void stream_block(const matmul *p, cblock *b, cexpr *sums) {
    cunit *u = p->e->unit;
    stream block = {.matmul = p, .sums = sums};
    cexpr *to = c_add(u, c_name(u, "k0"), c_int(u, COST_BLOCK));
    c_declare(b, "const size_t ", "k_end", c_conditional(u, c_binary(u, "<", to, p->terms), to, p->terms));
    stream_all(&block, c_scope(b));
    stream_terms(p, b, sums, c_name(u, "k0"), c_name(u, "k_end"));
}

static void stream_part(const matmul *p, cblock *b, cexpr *block, cexpr *sums) {
    c_declare(b, "const size_t ", "k0", c_mul(p->e->unit, block, c_int(p->e->unit, COST_BLOCK)));
    stream_block(p, b, sums);
}

static void clear_y(const matmul *p, cblock *b) {
    stream y = {.matmul = p, .sums = p->y};
    stream_all(&y, c_scope(b));
}

void matmul_emit_zigzag(const matmul *p, cblock *b, int64_t blocks, matmul_part *part) {
    cunit *u = p->e->unit;
    cexpr *block = c_name(u, "block"), *columns = emit_dim(p->e, p->of.columns), *work = c_name(u, "work");
    cblock *loop = c_for(b, "i", c_int(u, 0), c_int(u, blocks), 1);
    product_declare_part(p->e, loop, "block", "turn", c_int(u, blocks - 1));
    c_declare(loop, "float *", "sums", c_add(u, work, c_mul(u, block, columns)));
    part(p, loop, block, c_name(u, "sums"));
    clear_y(p, b);
    stream y = {.matmul = p, .sums = p->y, .others = c_add(u, work, c_mul(u, c_name(u, "i"), columns))};
    stream_all(&y, c_for(b, "i", c_int(u, 0), c_int(u, blocks), 1));
}

void matmul_emit_stream(const matmul *p, cblock *b) {
    cunit *u = p->e->unit;
    if (p->choice->zigzag) {
        matmul_emit_zigzag(p, b, p->choice->blocks, stream_part);
        return;
    }
    clear_y(p, b);
    if (p->choice->blocks == 1) {
        stream_terms(p, b, p->y, c_int(u, 0), p->terms);
        return;
    }
    stream y = {.matmul = p, .sums = p->y};
    b = c_for(b, "k0", c_int(u, 0), p->terms, COST_BLOCK);
    y.others = c_name(u, "work");
    stream_block(p, b, y.others);
    stream_all(&y, c_scope(b));
}
