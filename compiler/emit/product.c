/* product: loops over panels, blocks of terms, tiles of rows and groups of columns. */
#include "emit/product.h"

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

unsigned product_chains(const emit_context *e, int64_t columns, int64_t terms) {
    int64_t vectors = (columns + e->target->lanes - 1) / e->target->lanes;
    unsigned chains = vectors >= 4 ? 1 : vectors >= 2 ? 2 : 4;
    while (chains > 1 && terms < 4 * (int64_t)chains) chains /= 2;
    return chains;
}

cexpr *product_table(emit_context *e, const pack *p, const char *name, const char *comment) {
    ctable_style style = pack_finite(p) ? e->tables : CTABLE_BITS;
    return c_table(e->unit, name, (size_t)pack_elements(p), style, pack_fill, (void *)p, comment);
}

/* One group of columns: `vectors` vectors from column j on, the last of them with `last` lanes. */
static void emit_group(emit_context *e, cblock *b, const product_block *p, cexpr *j, unsigned vectors, int64_t last) {
    cunit *u = e->unit;
    int64_t lanes = e->target->lanes;
    tile t = {.rows = p->rows, .vectors = vectors, .chains = p->chains, .width = p->width};
    t.weights = c_add(u, p->weights, j);
    t.unrolled = p->unroll_terms;
    cexpr *starts[TILE_MAX_SUMS];
    for (unsigned r = 0; r < p->rows; r++) {
        t.inputs[r] = p->x[r];
        t.offsets[r] = p->x_offset[r];
        for (unsigned v = 0; v < vectors; v++) {
            unsigned i = r * vectors + v;
            const char *name = p->rows == 1 ? arena_printf(e->arena, "s%u", v) : arena_printf(e->arena, "s%u_%u", r, v);
            t.sums[i] = name;
            t.columns[v] = v * lanes;
            if (p->bias) starts[i] = tile_load(e, c_add(u, c_add(u, p->bias, j), c_int(u, v * lanes)));
        }
    }
    tile_declare(e, b, &t, p->bias ? starts : NULL);
    tile_add_terms(e, b, &t, p->terms);
    tile_join_chains(e, b, &t);
    for (unsigned r = 0; r < p->rows; r++)
        for (unsigned v = 0; v < vectors; v++) {
            cexpr *to = c_add(u, c_add(u, p->y[r], j), c_int(u, v * lanes));
            cexpr *sum = c_name(u, "%s", t.sums[r * vectors + v]);
            int64_t n = v + 1 == vectors ? last : lanes;
            if (p->accumulate) sum = c_call(u, emit_vector(e, "add"), 2, tile_load_n(e, to, n), sum);
            tile_store_n(e, b, to, sum, n);
        }
}

void product_emit_block(emit_context *e, cblock *b, const product_block *p) {
    cunit *u = e->unit;
    int64_t lanes = e->target->lanes, whole = p->columns / lanes, partial = p->columns % lanes;
    int64_t groups = whole / p->vectors, step = p->vectors * lanes, done = 0;
    if (groups > 1 || (groups == 1 && (whole % p->vectors || partial))) {
        cblock *inner = groups > 1 ? c_for(b, p->column, c_int(u, 0), c_int(u, groups * step), step) : c_scope(b);
        emit_group(e, inner, p, groups > 1 ? c_name(u, "%s", p->column) : c_int(u, 0), p->vectors, lanes);
        done = groups;
    } else if (groups == 1) {
        emit_group(e, b, p, c_int(u, 0), p->vectors, lanes);
        return;
    }
    unsigned rest = (unsigned)(whole - done * p->vectors) + (partial ? 1 : 0);
    if (rest) emit_group(e, b, p, c_int(u, done * step), rest, partial ? partial : lanes);
}

/* --- a whole product --- */

typedef struct {
    emit_context *e;
    const product *p;
    int64_t panel;         /* a representative: its width and units */
    cexpr *weights, *bias; /* of the panel; bias NULL: none */
    cexpr *y;              /* the first row's first column of the panel */
    tile_terms terms;
    bool accumulate;
    unsigned chains;
    const char *n, *column; /* names of the loops over rows and columns */
} panel_job;

/* Register tiles of `rows` rows beginning at row n. */
static void emit_rows(const panel_job *j, cblock *b, cexpr *n, unsigned rows, unsigned vectors) {
    emit_context *e = j->e;
    cunit *u = e->unit;
    const product *p = j->p;
    product_block block = {.rows = rows,
                           .vectors = vectors,
                           .chains = j->chains,
                           .weights = j->weights,
                           .bias = j->bias,
                           .accumulate = j->accumulate,
                           .terms = j->terms,
                           .column = j->column};
    block.width = pack_row(p->pack, j->panel);
    block.columns = p->padded ? block.width : pack_units(p->pack, j->panel);
    /* one pointer to x and one to y: rows at a constant distance need no registers of their own */
    const char *x = p->x;
    cexpr *y = j->y;
    if (!c_is_int(n, NULL)) {
        x = "x_n";
        c_declare(b, "const float *", x, c_add(u, c_name(u, "%s", p->x), c_mul(u, n, p->x_row)));
        c_declare(b, "float *", "y_n", c_add(u, y, c_mul(u, n, p->y_row)));
        y = c_name(u, "y_n");
    }
    int64_t distance = 0;
    bool constant = c_is_int(p->x_row, &distance);
    for (unsigned r = 0; r < rows; r++) {
        block.x[r] = x;
        block.x_offset[r] = r * distance;
        block.y[r] = c_add(u, y, c_mul(u, c_int(u, r), p->y_row));
        if (constant || r == 0) continue;
        block.x[r] = arena_printf(e->arena, "x%u", r);
        c_declare(b, "const float *", block.x[r], c_add(u, c_name(u, "%s", x), c_mul(u, c_int(u, r), p->x_row)));
    }
    int64_t groups = (block.columns / e->target->lanes + vectors - 1) / vectors;
    block.unroll_terms = j->terms.count > 0 && j->terms.count <= COST_BLOCK && !j->accumulate &&
                         j->terms.count * rows * vectors * (groups > 1 ? 2 : 1) <= e->unroll;
    product_emit_block(e, b, &block);
}

/* All rows: tiles of several, then what is left one by one. */
static void emit_all_rows(const panel_job *j, cblock *b) {
    emit_context *e = j->e;
    cunit *u = e->unit;
    const product *p = j->p;
    int64_t columns = p->padded ? pack_row(p->pack, j->panel) : pack_units(p->pack, j->panel);
    int64_t vectors = (columns + e->target->lanes - 1) / e->target->lanes, rows;
    unsigned single = (unsigned)smaller(vectors, 8 / j->chains);
    unsigned wide = (unsigned)smaller(vectors, e->target->registers >= 32 ? 4 : 2);
    unsigned height = tile_rows(e, wide, j->chains);
    bool constant = c_is_int(p->rows, &rows);
    if (constant || p->full_rows) height = (unsigned)smaller(height, constant ? rows : p->full_rows);
    if (constant && rows == 1) {
        emit_rows(j, b, c_int(u, 0), 1, single);
        return;
    }
    if (height == 1) {
        emit_rows(j, c_for(b, j->n, c_int(u, 0), p->rows, 1), c_name(u, "%s", j->n), 1, single);
        return;
    }
    if (constant && rows == height) {
        emit_rows(j, b, c_int(u, 0), height, wide);
        return;
    }
    cexpr *even = c_mul(u, c_binary(u, "/", p->rows, c_int(u, height)), c_int(u, height));
    cblock *loop = c_for(b, j->n, c_int(u, 0), even, height);
    emit_rows(j, loop, c_name(u, "%s", j->n), height, wide);
    if (constant && rows % height == 0) return;
    emit_rows(j, c_for(b, j->n, even, p->rows, 1), c_name(u, "%s", j->n), 1, single);
}

/* y = bias, or 0: what the blocks of terms are added to. */
static void emit_start(const panel_job *j, cblock *b) {
    emit_context *e = j->e;
    cunit *u = e->unit;
    const product *p = j->p;
    int64_t lanes = e->target->lanes, rows;
    int64_t columns = p->padded ? pack_row(p->pack, j->panel) : pack_units(p->pack, j->panel);
    cexpr *y = j->y;
    if (!c_is_int(p->rows, &rows) || rows != 1) {
        b = c_for(b, j->n, c_int(u, 0), p->rows, 1);
        y = c_add(u, y, c_mul(u, c_name(u, "%s", j->n), p->y_row));
    }
    int64_t whole = columns / lanes * lanes;
    cexpr *zero = c_call(u, emit_vector(e, "zero"), 0);
    if (whole > lanes) {
        cexpr *column = c_name(u, "%s", j->column);
        cblock *loop = c_for(b, j->column, c_int(u, 0), c_int(u, whole), lanes);
        tile_store_n(e, loop, c_add(u, y, column), j->bias ? tile_load(e, c_add(u, j->bias, column)) : zero, lanes);
    } else if (whole) {
        tile_store_n(e, b, y, j->bias ? tile_load(e, j->bias) : zero, lanes);
    }
    if (whole == columns) return;
    cexpr *start = j->bias ? tile_load(e, c_add(u, j->bias, c_int(u, whole))) : zero;
    tile_store_n(e, b, c_add(u, y, c_int(u, whole)), start, columns - whole);
}

static void emit_panel(panel_job *j, cblock *b) {
    emit_context *e = j->e;
    cunit *u = e->unit;
    int64_t terms = j->p->pack->terms;
    cexpr *last = j->p->terms_name ? c_name(u, "%s", j->p->terms_name) : c_int(u, terms);
    if (terms <= COST_BLOCK) {
        j->terms = (tile_terms){c_int(u, 0), last, terms};
        emit_all_rows(j, b);
        return;
    }
    emit_start(j, b);
    j->bias = NULL;
    j->accumulate = true;
    c_comment(b, "in blocks of %d terms", COST_BLOCK);
    cblock *loop = c_for(b, "k0", c_int(u, 0), last, COST_BLOCK);
    cexpr *from = c_name(u, "k0"), *to = c_add(u, from, c_int(u, COST_BLOCK));
    if (terms % COST_BLOCK) {
        /* not `to < last ? to : last`: an enum constant and a size_t in one ?: make C++ compilers warn */
        to = c_conditional(u, c_binary(u, "<", to, c_int(u, terms)), to, c_int(u, terms));
    }
    c_declare(loop, "const size_t", "k_end", to);
    j->terms = (tile_terms){from, c_name(u, "k_end"), terms % COST_BLOCK ? -1 : COST_BLOCK};
    emit_all_rows(j, loop);
}

void product_emit(emit_context *e, cblock *b, const product *p) {
    cunit *u = e->unit;
    const pack *w = p->pack;
    int64_t panels = pack_panels(w),
            full = pack_width(w, panels - 1) == w->panel && pack_units(w, panels - 1) == w->panel ? panels : panels - 1;
    panel_job job = {.e = e, .p = p};
    job.chains = product_chains(e, w->gates * w->units, w->terms);
    job.n = "n";
    job.column = "j";
    const char *panel = "panel", *weights = "w", *y = "y_panel";
    for (int64_t i = 0; i < 2; i++) {
        /* first the full panels, in a loop; then the narrow one */
        if (i == 0 ? full == 0 : full == panels) continue;
        job.panel = i == 0 ? 0 : panels - 1;
        job.accumulate = false;
        cblock *inner = b;
        cexpr *index = c_int(u, job.panel);
        if (i == 0 && full > 1) {
            inner = c_for(b, panel, c_int(u, 0), c_int(u, full), 1);
            index = c_name(u, "%s", panel);
        } else if (panels > 1) {
            inner = c_scope(b);
        }
        if (i == 1 && full)
            c_comment(inner, "the last %lld of %lld", (long long)pack_units(w, job.panel), (long long)w->units);
        cexpr *table = p->table;
        job.y = c_name(u, "%s", p->y);
        if (panels > 1) {
            c_declare(inner, "const float *", weights, c_add(u, table, c_mul(u, index, c_int(u, pack_offset(w, 1)))));
            c_declare(inner, "float *", y, c_add(u, job.y, c_mul(u, index, c_int(u, w->panel * p->y_columns))));
            table = c_name(u, "%s", weights);
            job.y = c_name(u, "%s", y);
        }
        int64_t bias = pack_bias_floats(w, job.panel);
        job.bias = bias ? table : NULL;
        job.weights = c_add(u, table, c_int(u, bias));
        emit_panel(&job, inner);
    }
}
