/* tile: register tiles as C. */
#include "kernels/tile.h"
#include "kernels/vectors.h"

#include <string.h>

void tile_load_anew(emit_context *e, cblock *b, const char *pointer) {
    c_do(b, c_call(e->unit, "NNC_ANEW", 1, c_name(e->unit, pointer)));
}

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

/* The sums of one chain; the first chain's are the tile's. */
static void chain_names(const emit_context *e, const tile *t, const char *const *sums, unsigned chain,
                        const char **names) {
    for (unsigned i = 0; i < t->rows * t->vectors; i++)
        names[i] = chain == 0 ? sums[i] : arena_printf(e->arena, "%s_%c", sums[i], (char)('a' + chain));
}

void tile_declare(emit_context *e, cblock *b, const tile *t, cexpr *const *starts) {
    sum_declare(e, b, t->rows * t->vectors, t->sums, starts);
}

static void declare_chains(emit_context *e, cblock *b, const tile *t, const char *const *sums) {
    const char *names[TILE_MAX_SUMS];
    for (unsigned chain = 1; chain < t->chains; chain++) {
        chain_names(e, t, sums, chain, names);
        sum_declare(e, b, t->rows * t->vectors, names, NULL);
    }
}

static void join_chains(emit_context *e, cblock *b, const tile *t, const char *const *sums) {
    const char *names[TILE_MAX_SUMS], *others[TILE_MAX_SUMS];
    for (unsigned gap = 1; gap < t->chains; gap *= 2)
        for (unsigned chain = 0; chain < t->chains; chain += 2 * gap) {
            chain_names(e, t, sums, chain, names);
            chain_names(e, t, sums, chain + gap, others);
            sum_join(e, b, t->rows * t->vectors, names, others);
        }
}

/* splat(factor) of a row: a variable, or the call itself where terms are unrolled. */
static cexpr *splat_of(emit_context *e, cblock *b, const tile *t, unsigned row, cexpr *factor, const char *suffix) {
    if (t->splats && t->unrolled) return factor;
    cexpr *splat = vectors_call1(e, "splat", factor);
    if (t->unrolled) return splat;
    bool numbered = row && strcmp(t->inputs[row], t->inputs[0]) == 0; /* one pointer for all rows */
    const char *name = numbered ? arena_printf(e->arena, "%s_k%s_%u", t->inputs[row], suffix, row)
                                : arena_printf(e->arena, "%s_k%s", t->inputs[row], suffix);
    return vectors_constant(e, b, name, splat);
}

/* A row of weights: its address, and where vectors from t->left on stand; NULL: behind the others. */
typedef struct {
    cexpr *all, *right;
} weights_row;

static weights_row row_at(emit_context *e, const tile *t, cexpr *address) {
    return (weights_row){address, t->right ? c_add(e->unit, address, t->right) : NULL};
}

static cexpr *column_of(emit_context *e, cblock *b, const tile *t, unsigned v, weights_row weights,
                        const char *suffix) {
    cunit *u = e->unit;
    bool right = weights.right && v >= t->left;
    cexpr *address = c_add(u, right ? weights.right : weights.all, c_int(u, t->columns[right ? v - t->left : v]));
    bool part = t->last && v + 1 == t->vectors && e->target->lanes > 1; /* one lane is always whole */
    cexpr *column = part ? vectors_call2(e, "load_n", address, t->last) : weights_load(e, t->format, address);
    if (t->rows == 1 || t->unrolled) return column;
    if (t->amid_lines && t->rows == 2 && e->target->lanes > 1) column = vectors_call1(e, "held", column);
    const char *name = arena_printf(e->arena, "w%u%s", v, suffix);
    return vectors_constant(e, b, name, column);
}

/* Registers are few: the factors of the shorter direction are held, those of the longer one made just before they are
 * used. */
static void add_row(emit_context *e, cblock *b, const tile *t, const char *const *sums, cexpr *const *factors,
                    weights_row weights, const char *suffix) {
    cunit *u = e->unit;
    cexpr *columns[TILE_MAX_VECTORS], *splats[COST_ROWS];
    bool hold_rows = t->rows < t->vectors;
    if (hold_rows)
        for (unsigned r = 0; r < t->rows; r++) splats[r] = splat_of(e, b, t, r, factors[r], suffix);
    else
        for (unsigned v = 0; v < t->vectors; v++) columns[v] = column_of(e, b, t, v, weights, suffix);
    for (unsigned i = 0; i < t->rows * t->vectors; i++) {
        unsigned r = hold_rows ? i % t->rows : i / t->vectors, v = hold_rows ? i / t->rows : i % t->vectors;
        if (hold_rows && r == 0) columns[v] = column_of(e, b, t, v, weights, suffix);
        if (!hold_rows && v == 0) splats[r] = splat_of(e, b, t, r, factors[r], suffix);
        cexpr *sum = c_name(u, sums[r * t->vectors + v]);
        cexpr *more = t->rounds_twice
                          ? vectors_call2(e, "add", sum, vectors_call2(e, "mul", splats[r], columns[v]))
                          : vectors_call3(e, "madd", columns[v], splats[r], sum);
        c_assign(b, sum, "=", more);
    }
}

void tile_add_term(emit_context *e, cblock *b, const tile *t, const char *const *sums, cexpr *const *factors,
                   cexpr *weights, const char *suffix) {
    add_row(e, b, t, sums, factors, row_at(e, t, weights), suffix);
}

/* Where the kth term stands. */
static cexpr *place_of(emit_context *e, const tile *t, cexpr *k) {
    return t->backwards_from ? c_sub(e->unit, t->backwards_from, k) : k;
}

/* The kth term, whose row of weights that is, to a chain of the sums. */
static void add_term(emit_context *e, cblock *b, const tile *t, const char *const *sums, cexpr *k, weights_row weights,
                     unsigned chain, const char *suffix) {
    cunit *u = e->unit;
    const char *names[TILE_MAX_SUMS];
    cexpr *factors[COST_ROWS];
    int64_t number;
    chain_names(e, t, sums, chain, names);
    for (unsigned r = 0; r < t->rows; r++) {
        cexpr *place = place_of(e, t, k);
        cexpr *index = c_add(u, t->step ? c_mul(u, place, t->step) : place, c_int(u, t->offsets[r]));
        factors[r] = t->splats && t->unrolled && c_is_int(k, &number)
                         ? c_namef(u, "%s_%lld", t->splats, (long long)number)
                         : c_item(u, t->inputs[r], index);
    }
    add_row(e, b, t, names, factors, weights, suffix);
}

/* The next row, or that many on. */
static weights_row rows_on(emit_context *e, const tile *t, weights_row from, unsigned rows) {
    cunit *u = e->unit;
    cexpr *distance = c_mul(u, c_int(u, rows), t->width);
    cexpr *(*move)(cunit *, cexpr *, cexpr *) = t->backwards_from ? c_sub : c_add;
    return (weights_row){move(u, from.all, distance), from.right ? move(u, from.right, distance) : NULL};
}

/* `terms` terms beginning at k, one to each chain in turn. */
static void add_group(emit_context *e, cblock *b, const tile *t, const char *const *sums, cexpr *k, unsigned terms) {
    cunit *u = e->unit;
    weights_row weights = row_at(e, t, c_add(u, t->weights, c_mul(u, place_of(e, t, k), t->width)));
    if (terms > 1 || (t->rows == 1 && t->vectors > 1)) {
        c_declare(b, weights_pointer(t->format), "w_k", weights.all);
        weights = row_at(e, t, c_name(u, "w_k"));
        int64_t known;
        if (t->right && !c_is_int(t->right, &known)) { /* else compilers take a register for each of its vectors */
            c_declare(b, weights_pointer(t->format), "w_right", weights.right);
            weights.right = c_name(u, "w_right");
        }
    }
    for (unsigned i = 0; i < terms; i++)
        add_term(e, b, t, sums, c_add(u, k, c_int(u, i)), rows_on(e, t, weights, i), i % t->chains,
                 i == 0 ? "" : arena_printf(e->arena, "%u", i));
}

static void add_unrolled(emit_context *e, cblock *b, const tile *t, const char *const *sums, int64_t count) {
    cunit *u = e->unit;
    int64_t chains = t->chains;
    for (int64_t k = 0; k < count; k++)
        add_term(e, b, t, sums, c_int(u, k),
                 row_at(e, t, c_add(u, t->weights, c_mul(u, place_of(e, t, c_int(u, k)), t->width))),
                 k < count / chains * chains ? (unsigned)(k % chains) : 0, "");
}

/* Terms to the sums' chains. */
static void add_to_chains(emit_context *e, cblock *b, const tile *t, const char *const *sums, const sum_range *range) {
    cunit *u = e->unit;
    int64_t first = 0, count = range->count, multiple = range->multiple;
    /* two terms a turn where they come out even and the tile is small, four where a turn is little else */
    unsigned step = t->chains;
    if (step == 1 && t->rows == 1 && multiple > 0 && multiple % 2 == 0) step = 2;
    if (step == 2 && e->target->body->rolled && multiple % 4 == 0) step = 4;
    cexpr *from = range->from, *to = range->to, *even = to;
    bool divides = multiple % step == 0;
    if (!divides) {
        if (count >= 0 && c_is_int(from, &first)) even = c_int(u, first + count / step * step);
        else even = c_mul(u, c_binary(u, "/", to, c_int(u, step)), c_int(u, step));
    }
    const char *k = "k";
    if (count < 0 || count >= step) add_group(e, c_for(b, k, from, even, step), t, sums, c_name(u, k), step);
    if (divides) return;
    bool fewer = count >= 0 && count < step;
    add_group(e, c_for(b, k, fewer ? from : even, to, 1), t, sums, c_name(u, k), 1);
}

static void add_terms(const void *context, emit_context *e, cblock *b, const char *const *sums,
                      const sum_range *range) {
    const tile *t = context;
    declare_chains(e, b, t, sums);
    if (t->unrolled) add_unrolled(e, b, t, sums, range->count);
    else add_to_chains(e, b, t, sums, range);
    join_chains(e, b, t, sums);
}

static void add_floats(emit_context *e, cblock *b, const tile *t, const sum_place *places, int64_t count, int64_t most,
                       cexpr *end) {
    sum_terms terms = {end, count, most, t->one_run ? most : COST_BLOCK, "k", places};
    sum_add(e, b, &terms, t->rows * t->vectors, t->sums, add_terms, t);
}

/* --- sums that are scaled --- */

/* The same tile with other sums, which start at zero. */
static tile begin_parts(emit_context *e, cblock *b, const tile *t, const char *what) {
    tile parts = *t;
    for (unsigned i = 0; i < t->rows * t->vectors; i++)
        parts.sums[i] = arena_printf(e->arena, "%s_%s", t->sums[i], what);
    tile_declare(e, b, &parts, NULL);
    return parts;
}

/* `start` and sum i of a tile, scaled. */
typedef cexpr *scaler(emit_context *e, const tile *t, unsigned i, cexpr *start, cexpr *sum);

/* To each sum, which so far is its start or, without starts, its variable. */
static void add_scaled(emit_context *e, cblock *b, const tile *to, const tile *parts, scaler *scaled,
                       cexpr *const *starts) {
    for (unsigned i = 0; i < to->rows * to->vectors; i++) {
        cexpr *sum = c_name(e->unit, to->sums[i]), *part = c_name(e->unit, parts->sums[i]);
        c_assign(b, sum, "=", scaled(e, to, i, starts ? starts[i] : sum, part));
    }
}

static cexpr *scales_at(emit_context *e, const tile *t, unsigned v, cexpr *row) {
    cunit *u = e->unit;
    cexpr *scales = c_add(u, t->scales, c_mul(u, row, c_int(u, t->scale_width)));
    return c_add(u, scales, c_int(u, t->scale_columns[v]));
}

static cexpr *scaled_codes(emit_context *e, const tile *t, unsigned i, cexpr *start, cexpr *sum) {
    enum { NARROW = 4 };
    cexpr *scales = scales_at(e, t, i % t->vectors, c_int(e->unit, 0));
    if (e->target->lanes > NARROW) return vectors_call3(e, "codes_scaled", start, sum, scales);
    return vectors_call3(e, "madd", sum, tile_load(e, scales), start);
}

static void add_codes(emit_context *e, cblock *b, const tile *t, cexpr *const *starts, int64_t count, int64_t most,
                      cexpr *end) {
    b = c_scope(b);
    tile parts = begin_parts(e, b, t, "codes");
    add_floats(e, b, &parts, NULL, count, most, end);
    add_scaled(e, b, t, &parts, scaled_codes, starts);
}

/* --- int8 --- */

/* The quantised row r at word `word` of block g, whose place stands in a variable. */
static cexpr *word_of(emit_context *e, const tile *t, unsigned r, cexpr *word) {
    cunit *u = e->unit;
    return c_add(u, c_add(u, c_namef(u, "%s_g", t->inputs[r]), c_int(u, t->offsets[r])), word);
}

/* Block g of the terms, `terms` of them, to sums of floats; with places to those that stand there. */
static void add_block(emit_context *e, cblock *b, const tile *t, const sum_place *places, cexpr *g, int64_t terms) {
    cunit *u = e->unit;
    const char *type = arena_printf(e->arena, "%s_dots", e->target->prefix), *names[TILE_MAX_SUMS];
    unsigned count = t->rows * t->vectors;
    if (places) sum_forget(e, b);
    c_declare(b, weights_pointer(t->format), "w_g",
              c_add(u, t->weights, c_mul(u, g, c_mul(u, t->width, c_int(u, FORMAT_BLOCK)))));
    for (unsigned r = 0; r < t->rows; r++) {
        if (r && strcmp(t->inputs[r], t->inputs[0]) == 0) continue; /* one pointer for all rows */
        cexpr *first = c_at(u, t->inputs[r], c_int(u, 1));
        c_declare(b, "const float *", arena_printf(e->arena, "%s_g", t->inputs[r]),
                  c_add(u, first, c_mul(u, g, c_int(u, FORMAT_QUANTISED))));
    }
    for (unsigned i = 0; i < count; i++) {
        names[i] = arena_printf(e->arena, "%s_n", t->sums[i]);
        c_declare(b, type, names[i], vectors_call1(e, "dots_of", word_of(e, t, i / t->vectors, c_int(u, 0))));
    }
    int64_t fours = (terms + 3) / 4;
    cblock *loop = fours > 1 ? c_for(b, "k", c_int(u, 0), c_int(u, fours), 1) : b;
    cexpr *k = fours > 1 ? c_name(u, "k") : c_int(u, 0), *weights = c_name(u, "w_g");
    if (fours > 1) {
        c_declare(loop, weights_pointer(t->format), "w_k",
                  c_add(u, weights, c_mul(u, k, c_mul(u, t->width, c_int(u, 4)))));
        weights = c_name(u, "w_k");
    }
    for (unsigned v = 0; v < t->vectors; v++)
        for (unsigned r = 0; r < t->rows; r++) {
            cexpr *sum = c_name(u, names[r * t->vectors + v]);
            cexpr *word = c_add(u, c_mul(u, k, c_int(u, 2)), c_int(u, 1));
            c_assign(loop, sum, "=", vectors_call3(e, "dot4", sum, c_add(u, weights, c_int(u, t->columns[v])),
                                                   word_of(e, t, r, word)));
        }
    for (unsigned i = 0; i < count; i++) {
        cexpr *sum = c_name(u, t->sums[i]), *so_far = places ? sum_load(e, &places[i]) : sum;
        cexpr *scales = scales_at(e, t, i % t->vectors, g);
        cexpr *more = vectors_call3(e, "dots_scaled", so_far, c_name(u, names[i]), scales);
        if (places) sum_store(e, b, &places[i], more);
        else c_assign(b, sum, "=", more);
    }
}

static void add_blocks(emit_context *e, cblock *b, const tile *t, const sum_place *places, int64_t count) {
    cunit *u = e->unit;
    int64_t blocks = count / FORMAT_BLOCK, rest = count % FORMAT_BLOCK;
    cexpr *g = blocks > 1 ? c_name(u, "g") : c_int(u, 0);
    if (blocks)
        add_block(e, blocks > 1 ? c_for(b, "g", c_int(u, 0), c_int(u, blocks), 1) : c_scope(b), t, places, g,
                  FORMAT_BLOCK);
    if (rest) add_block(e, c_scope(b), t, places, c_int(u, blocks), rest);
}

/* Times what an integer of row i's quantised input counts. */
static cexpr *scaled_dots(emit_context *e, const tile *t, unsigned i, cexpr *start, cexpr *sum) {
    unsigned r = i / t->vectors;
    cexpr *unit = c_at(e->unit, t->inputs[r], c_int(e->unit, t->offsets[r]));
    return vectors_call3(e, "dots_units", start, sum, unit);
}

static void add_dots(emit_context *e, cblock *b, const tile *t, cexpr *const *starts, int64_t count) {
    b = c_scope(b);
    tile parts = begin_parts(e, b, t, "of_x");
    add_blocks(e, b, &parts, NULL, count);
    add_scaled(e, b, t, &parts, scaled_dots, starts);
}

void tile_add(emit_context *e, cblock *b, const tile *t, int64_t count, int64_t most, cexpr *end) {
    if (t->format == FORMAT_INT8) add_dots(e, b, t, NULL, count);
    else if (t->format == FORMAT_INT16) add_codes(e, b, t, NULL, count, most, end);
    else add_floats(e, b, t, NULL, count, most, end);
}

static bool has_codes(const tile *t) { return t->format == FORMAT_INT8 || t->format == FORMAT_INT16; }

void tile_declare_and_add(emit_context *e, cblock *b, const tile *t, cexpr *const *starts, int64_t count, int64_t most,
                          cexpr *end) {
    if (!starts || !has_codes(t)) {
        tile_declare(e, b, t, starts);
        tile_add(e, b, t, count, most, end);
        return;
    }
    for (unsigned i = 0; i < t->rows * t->vectors; i++) c_declare(b, e->target->type, t->sums[i], NULL);
    if (t->format == FORMAT_INT8) add_dots(e, b, t, starts, count);
    else add_codes(e, b, t, starts, count, most, end);
}

/* --- sums at their places --- */

static void store_at_places(emit_context *e, cblock *b, const tile *t, cexpr *const *values, const sum_place *places) {
    for (unsigned i = 0; i < t->rows * t->vectors; i++)
        sum_store(e, b, &places[i], values ? values[i] : vectors_call0(e, "zero"));
}

/* The sum at each place, times a factor, plus its start. */
static void scale_places(emit_context *e, cblock *b, const tile *t, cexpr *const *starts, const sum_place *places,
                         scaler *scaled) {
    for (unsigned i = 0; i < t->rows * t->vectors; i++) {
        cexpr *start = starts ? starts[i] : vectors_call0(e, "zero");
        sum_store(e, b, &places[i], scaled(e, t, i, start, sum_load(e, &places[i])));
    }
}

void tile_sum(emit_context *e, cblock *b, const tile *t, cexpr *const *starts, const sum_place *places, int64_t count,
              int64_t most, cexpr *end) {
    if (!t->waits) {
        tile_declare_and_add(e, b, t, starts, count, most, end);
        for (unsigned i = 0; i < t->rows * t->vectors; i++)
            sum_store(e, b, &places[i], c_name(e->unit, t->sums[i]));
        return;
    }
    bool codes = has_codes(t);
    store_at_places(e, b, t, codes ? NULL : starts, places);
    if (t->format == FORMAT_INT8) add_blocks(e, b, t, places, count);
    else add_floats(e, b, t, places, count, most, end);
    if (!codes) return;
    sum_forget(e, b);
    scale_places(e, b, t, starts, places, t->format == FORMAT_INT8 ? scaled_dots : scaled_codes);
}
