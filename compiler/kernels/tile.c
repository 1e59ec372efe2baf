/* tile: register tiles as C. */
#include "kernels/tile.h"
#include "kernels/vectors.h"

#include <string.h>

cexpr *tile_load(emit_context *e, cexpr *address) { return vectors_call1(e, "load", address); }

cexpr *tile_load_n(emit_context *e, cexpr *address, int64_t n) {
    if (n == e->target->lanes) return tile_load(e, address);
    return vectors_call2(e, "load_n", address, c_int(e->unit, n));
}

void tile_store_n(emit_context *e, cblock *b, cexpr *address, cexpr *value, int64_t n) {
    cunit *u = e->unit;
    if (n == e->target->lanes) vectors_store_at(e, b, address, value);
    else c_do(b, vectors_call3(e, "store_n", address, value, c_int(u, n)));
}

static const char *sum_name(const emit_context *e, const tile *t, unsigned index, unsigned chain) {
    const char *name = t->sums[index];
    return chain == 0 ? name : arena_printf(e->arena, "%s_%c", name, (char)('a' + chain));
}

void tile_declare(emit_context *e, cblock *b, const tile *t, cexpr *const *starts) {
    cexpr *zero = vectors_call0(e, "zero");
    for (unsigned i = 0; i < t->rows * t->vectors; i++)
        c_declare(b, e->target->type, sum_name(e, t, i, 0), starts ? starts[i] : zero);
}

static void declare_chains(emit_context *e, cblock *b, const tile *t) {
    for (unsigned chain = 1; chain < t->chains; chain++)
        for (unsigned i = 0; i < t->rows * t->vectors; i++)
            c_declare(b, e->target->type, sum_name(e, t, i, chain), vectors_call0(e, "zero"));
}

static void join_chains(emit_context *e, cblock *b, const tile *t) {
    cunit *u = e->unit;
    for (unsigned gap = 1; gap < t->chains; gap *= 2)
        for (unsigned chain = 0; chain < t->chains; chain += 2 * gap)
            for (unsigned i = 0; i < t->rows * t->vectors; i++) {
                cexpr *sum = c_name(u, "%s", sum_name(e, t, i, chain));
                cexpr *other = c_name(u, "%s", sum_name(e, t, i, chain + gap));
                c_assign(b, sum, "=", vectors_call2(e, "add", sum, other));
            }
}

/* splat(input[k]) of a row: a variable, or the call itself where terms are unrolled. */
static cexpr *factor_of(emit_context *e, cblock *b, const tile *t, unsigned row, cexpr *k, const char *suffix) {
    cunit *u = e->unit;
    int64_t number;
    if (t->splats && t->unrolled && c_is_int(k, &number)) return c_name(u, "%s_%lld", t->splats, (long long)number);
    cexpr *index = c_add(u, k, c_int(u, t->offsets[row]));
    cexpr *splat = vectors_call1(e, "splat", c_index(u, c_name(u, "%s", t->inputs[row]), index));
    if (t->unrolled) return splat;
    bool numbered = t->offsets[row] || (row && strcmp(t->inputs[row], t->inputs[0]) == 0); /* expanded: one row for all */
    const char *name = numbered ? arena_printf(e->arena, "%s_k%s_%u", t->inputs[row], suffix, row)
                                : arena_printf(e->arena, "%s_k%s", t->inputs[row], suffix);
    c_declare(b, arena_printf(e->arena, "const %s", e->target->type), name, splat);
    return c_name(u, "%s", name);
}

static cexpr *column_of(emit_context *e, cblock *b, const tile *t, unsigned v, cexpr *weights, const char *suffix) {
    cunit *u = e->unit;
    cexpr *column = tile_load(e, c_add(u, weights, c_int(u, t->columns[v])));
    if (t->rows == 1 || t->unrolled) return column;
    const char *name = arena_printf(e->arena, "w%u%s", v, suffix);
    c_declare(b, arena_printf(e->arena, "const %s", e->target->type), name, column);
    return c_name(u, "%s", name);
}

/* One term: k is its number, weights the address of its row. Registers are few: the factors of the shorter direction are
 * held, those of the longer one made just before they are used. */
static void add_term(emit_context *e, cblock *b, const tile *t, cexpr *k, cexpr *weights, unsigned chain,
                     const char *suffix) {
    cunit *u = e->unit;
    cexpr *columns[TILE_MAX_VECTORS], *factors[COST_ROWS];
    bool hold_rows = t->rows < t->vectors;
    if (hold_rows)
        for (unsigned r = 0; r < t->rows; r++) factors[r] = factor_of(e, b, t, r, k, suffix);
    else
        for (unsigned v = 0; v < t->vectors; v++) columns[v] = column_of(e, b, t, v, weights, suffix);
    for (unsigned i = 0; i < t->rows * t->vectors; i++) {
        unsigned r = hold_rows ? i % t->rows : i / t->vectors, v = hold_rows ? i / t->rows : i % t->vectors;
        if (hold_rows && r == 0) columns[v] = column_of(e, b, t, v, weights, suffix);
        if (!hold_rows && v == 0) factors[r] = factor_of(e, b, t, r, k, suffix);
        cexpr *sum = c_name(u, "%s", sum_name(e, t, r * t->vectors + v, chain));
        c_assign(b, sum, "=", vectors_call3(e, "madd", columns[v], factors[r], sum));
    }
}

/* `terms` terms beginning at k, one to each chain in turn. */
static void add_group(emit_context *e, cblock *b, const tile *t, cexpr *k, unsigned terms) {
    cunit *u = e->unit;
    cexpr *weights = c_add(u, t->weights, c_mul(u, k, c_int(u, t->width)));
    if (terms > 1 || (t->rows == 1 && t->vectors > 1)) {
        const char *name = "w_k";
        c_declare(b, "const float *", name, weights);
        weights = c_name(u, "%s", name);
    }
    for (unsigned i = 0; i < terms; i++)
        add_term(e, b, t, c_add(u, k, c_int(u, i)), c_add(u, weights, c_int(u, i * t->width)), i % t->chains,
                 i == 0 ? "" : arena_printf(e->arena, "%u", i));
}

/* Terms [from, to) to the sums' chains. count < 0: known only at run time, and from is then a multiple of the chains. */
static void add_terms(emit_context *e, cblock *b, const tile *t, cexpr *from, cexpr *to, int64_t count) {
    cunit *u = e->unit;
    int64_t first = 0, chains = t->chains;
    if (t->unrolled) {
        for (int64_t k = 0; k < count; k++)
            add_term(e, b, t, c_int(u, k), c_add(u, t->weights, c_int(u, k * t->width)),
                     k < count / chains * chains ? (unsigned)(k % chains) : 0, "");
        return;
    }
    /* two terms a turn where they come out even and the tile is small, four where a turn is little else */
    unsigned step = t->chains;
    if (step == 1 && t->rows == 1 && count > 0 && count % 2 == 0) step = 2;
    if (step == 2 && e->target->body->rolled && count % 4 == 0) step = 4;
    cexpr *even = to;
    bool divides = step == 1 || (count >= 0 && count % step == 0);
    if (!divides) {
        if (count >= 0 && c_is_int(from, &first)) even = c_int(u, first + count / step * step);
        else even = c_mul(u, c_binary(u, "/", to, c_int(u, step)), c_int(u, step));
    }
    const char *k = "k";
    if (count < 0 || count >= step) add_group(e, c_for(b, k, from, even, step), t, c_name(u, "%s", k), step);
    if (divides) return;
    bool fewer = count >= 0 && count < step;
    add_group(e, c_for(b, k, fewer ? from : even, to, 1), t, c_name(u, "%s", k), 1);
}

void tile_add(emit_context *e, cblock *b, const tile *t, int64_t count, cexpr *end) {
    cunit *u = e->unit;
    if (count <= COST_BLOCK) {
        declare_chains(e, b, t);
        add_terms(e, b, t, c_int(u, 0), end, count);
        join_chains(e, b, t);
        return;
    }
    cblock *loop = c_for(b, "k0", c_int(u, 0), end, COST_BLOCK);
    cexpr *from = c_name(u, "k0"), *to = c_add(u, from, c_int(u, COST_BLOCK));
    bool even = count % COST_BLOCK == 0;
    if (!even) {
        /* not `to < end ? to : end`: an enum constant and a size_t in one ?: make C++ compilers warn */
        c_declare(loop, "const size_t", "k_end",
                  c_conditional(u, c_binary(u, "<", to, c_int(u, count)), to, c_int(u, count)));
        to = c_name(u, "k_end");
    }
    tile block = *t;
    for (unsigned i = 0; i < t->rows * t->vectors; i++) block.sums[i] = arena_printf(e->arena, "%s_block", t->sums[i]);
    block.unrolled = false;
    tile_declare(e, loop, &block, NULL);
    declare_chains(e, loop, &block);
    add_terms(e, loop, &block, from, to, even ? COST_BLOCK : -1);
    join_chains(e, loop, &block);
    for (unsigned i = 0; i < t->rows * t->vectors; i++) {
        cexpr *sum = c_name(u, "%s", t->sums[i]), *part = c_name(u, "%s", block.sums[i]);
        c_assign(loop, sum, "=", vectors_call2(e, "add", sum, part));
    }
}
