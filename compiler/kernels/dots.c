/* dots: see dots.h. */
#include "kernels/dots.h"
#include "kernels/tile.h"
#include "kernels/vectors.h"

static cexpr *load_terms(emit_context *e, cexpr *address, cexpr *k, cexpr *lanes) {
    cexpr *at = c_add(e->unit, address, k);
    return lanes ? vectors_call2(e, "load_n", at, lanes) : tile_load(e, at);
}

/* Declares NAME0, NAME1 … and makes them of the first `lanes` floats or rows at the address: FUNCTION_2 or _3. */
static void declare_loaded(emit_context *e, cblock *b, const char *function, const char *name, unsigned count,
                           cexpr *address, cexpr *lanes) {
    cunit *u = e->unit;
    cexpr *arguments[2 + COST_DOTS] = {address, lanes ? lanes : c_int(u, e->target->lanes)};
    for (unsigned i = 0; i < count; i++) {
        c_declare(b, e->target->type, arena_printf(e->arena, "%s%u", name, i), NULL);
        arguments[2 + i] = c_unary(u, "&", c_namef(u, "%s%u", name, i));
    }
    c_do(b, c_call_list(u, emit_vector(e, arena_printf(e->arena, "%s_%u", function, count)), 2 + count, arguments));
}

void dots_load_columns(emit_context *e, cblock *b, cexpr *matrix, unsigned columns, cexpr *k, cexpr *lanes) {
    cunit *u = e->unit;
    declare_loaded(e, b, "columns", "w", columns, c_add(u, matrix, c_mul(u, k, c_int(u, columns))), lanes);
}

static void add_repeated(const dots *d, emit_context *e, cblock *b, const char *const *sums, cexpr *k, cexpr *lanes) {
    cunit *u = e->unit;
    int64_t of = e->target->lanes;
    cexpr *from = c_add(u, d->column[0], c_mul(u, k, c_int(u, d->columns)));
    for (unsigned r = 0; r < d->rows; r++)
        declare_loaded(e, b, "repeat", arena_printf(e->arena, "x%u_", r), d->columns, c_add(u, d->row[r], k), lanes);
    for (unsigned c = 0; c < d->columns; c++) {
        cexpr *at = c_int(u, c * of);
        cexpr *column = lanes ? vectors_call3(e, "part", from, at, c_mul(u, lanes, c_int(u, d->columns)))
                              : tile_load(e, c_add(u, from, at));
        if (d->rows > 1) column = vectors_constant(e, b, arena_printf(e->arena, "w%u", c), column);
        for (unsigned r = 0; r < d->rows; r++) {
            cexpr *sum = c_name(u, sums[r * d->columns + c]);
            c_assign(b, sum, "=", vectors_call3(e, "madd", c_namef(u, "x%u_%u", r, c), column, sum));
        }
    }
}

static cexpr *row_of(const dots *d, emit_context *e, cblock *b, unsigned r, cexpr *k, cexpr *lanes) {
    cexpr *row = load_terms(e, d->row[r], k, lanes);
    return d->rows > 1 ? vectors_constant(e, b, arena_printf(e->arena, "x%u", r), row) : row;
}

static cexpr *column_of(const dots *d, emit_context *e, cblock *b, unsigned c, cexpr *k, cexpr *lanes) {
    if (d->together) return c_namef(e->unit, "w%u", c);
    cexpr *column = d->apart ? vectors_load(e, d->column[c], c_mul(e->unit, k, emit_dim(e, d->apart)), d->apart, lanes)
                             : load_terms(e, d->column[c], k, lanes);
    return d->rows > 1 ? vectors_constant(e, b, arena_printf(e->arena, "w%u", c), column) : column;
}

/* The first `lanes` terms from k on, or a whole vector of them, to every sum. What several sums need is loaded once:
 * what lies in the shorter direction first, and then is held. */
static void add_vector(const dots *d, emit_context *e, cblock *b, const char *const *sums, cexpr *k, cexpr *lanes) {
    if (dots_repeats_rows(d)) {
        add_repeated(d, e, b, sums, k, lanes);
        return;
    }
    cexpr *rows[COST_ROWS], *columns[DOTS_MOST_COLUMNS];
    bool hold_columns = d->together || d->columns < d->rows;
    if (d->together) dots_load_columns(e, b, d->column[0], d->columns, k, lanes);
    if (hold_columns)
        for (unsigned c = 0; c < d->columns; c++) columns[c] = column_of(d, e, b, c, k, lanes);
    else
        for (unsigned r = 0; r < d->rows; r++) rows[r] = row_of(d, e, b, r, k, lanes);
    for (unsigned i = 0; i < d->rows * d->columns; i++) {
        unsigned r = hold_columns ? i / d->columns : i % d->rows, c = hold_columns ? i % d->columns : i / d->rows;
        if (hold_columns && c == 0) rows[r] = row_of(d, e, b, r, k, lanes);
        if (!hold_columns && r == 0) columns[c] = column_of(d, e, b, c, k, lanes);
        cexpr *sum = c_name(e->unit, sums[r * d->columns + c]);
        c_assign(b, sum, "=", vectors_call3(e, "madd", rows[r], columns[c], sum));
    }
}

static bool declares(const dots *d) { return d->rows > 1 || d->apart; }

static void add_vectors(const void *context, emit_context *e, cblock *b, const char *const *sums,
                        const sum_range *range) {
    const dots *d = context;
    int64_t lanes = e->target->lanes;
    if (!d->unrolled && range->count != lanes) {
        add_vector(d, e, c_for(b, "k", range->from, range->to, lanes), sums, c_name(e->unit, "k"), NULL);
        return;
    }
    for (int64_t k = 0; k < range->count; k += lanes)
        add_vector(d, e, declares(d) ? c_scope(b) : b, sums, c_add(e->unit, range->from, c_int(e->unit, k)), NULL);
}

void dots_add_more(emit_context *e, cblock *b, const dots *d, const char *const *sums) {
    cunit *u = e->unit;
    int64_t whole = d->count / e->target->lanes * e->target->lanes;
    sum_range all = {c_int(u, 0), c_int(u, whole), whole, whole};
    if (whole) add_vectors(d, e, b, sums, &all);
    if (whole == d->count) return;
    add_vector(d, e, d->rows > 1 ? c_scope(b) : b, sums, c_int(u, whole), c_int(u, d->count - whole));
}

static void add_all(emit_context *e, cblock *b, const dots *d, const char *const *sums) {
    cunit *u = e->unit;
    unsigned count = d->rows * d->columns;
    int64_t lanes = e->target->lanes, whole = d->count / lanes * lanes;
    if (d->count >= 0) {
        sum_terms terms = {c_int(u, whole), whole, whole, COST_BLOCK * lanes, "k", NULL};
        if (whole) sum_add(e, b, &terms, count, sums, add_vectors, d);
        if (whole == d->count) return;
        add_vector(d, e, declares(d) ? c_scope(b) : b, sums, c_int(u, whole), c_int(u, d->count - whole));
        return;
    }
    c_declare(b, "const size_t", "whole", c_mul(u, c_binary(u, "/", d->terms, c_int(u, lanes)), c_int(u, lanes)));
    sum_terms terms = {c_name(u, "whole"), -1, d->most, COST_BLOCK * lanes, "k", NULL};
    sum_add(e, b, &terms, count, sums, add_vectors, d);
    b = c_if(b, c_binary(u, "<", c_name(u, "whole"), d->terms));
    add_vector(d, e, b, sums, c_name(u, "whole"), c_sub(u, d->terms, c_name(u, "whole")));
}

void dots_add(emit_context *e, cblock *b, const dots *d, const char *const *sums) {
    sum_declare(e, b, d->rows * d->columns, sums, NULL);
    add_all(e, b, d, sums);
}
