/* product: loops over panels, tiles of rows and groups of columns. */
#include "kernels/product.h"
#include "kernels/heights.h"
#include "kernels/vectors.h"

/* One group of columns: `vectors` vectors from column j on, the last of them with `last` lanes. */
static void emit_group(emit_context *e, cblock *b, const product_block *p, cexpr *j, unsigned vectors, int64_t last) {
    cunit *u = e->unit;
    int64_t lanes = e->target->lanes;
    unsigned rows = p->tile.size.rows;
    const pack *w = p->weights.pack;
    weight_tables at = weights_at_column(e, &p->weights, j);
    tile t = {.rows = rows, .vectors = vectors, .chains = p->tile.size.chains, .format = w->format};
    t.width = c_int(u, pack_row(w, p->panel));
    t.scale_width = pack_row(w, p->panel);
    t.weights = at.codes;
    t.scales = at.scales;
    t.unrolled = p->tile.unrolled;
    t.waits = choice_sums_wait(&p->tile, rows * vectors);
    cexpr *starts[TILE_MAX_SUMS];
    sum_place places[TILE_MAX_SUMS];
    const dim *dense = dim_const(e->plan->dims, 1);
    for (unsigned r = 0; r < rows; r++) {
        t.inputs[r] = p->x[r];
        t.offsets[r] = p->x_offset[r];
        for (unsigned v = 0; v < vectors; v++) {
            unsigned i = r * vectors + v;
            t.sums[i] = rows == 1 ? arena_printf(e->arena, "s%u", v) : arena_printf(e->arena, "s%u_%u", r, v);
            t.columns[v] = weights_column(w, PACK_CODES, 0, v * lanes);
            t.scale_columns[v] = v * lanes;
            bool part = v + 1 == vectors && last < lanes;
            places[i] = (sum_place){c_add(u, p->y[r], j), c_int(u, v * lanes), dense, part ? c_int(u, last) : NULL};
            if (p->start == PRODUCT_FROM_Y) starts[i] = sum_load(e, &places[i]);
            if (p->start == PRODUCT_FROM_BIAS) starts[i] = tile_load(e, c_add(u, at.biases, c_int(u, v * lanes)));
        }
    }
    tile_sum(e, b, &t, p->start == PRODUCT_FROM_ZERO ? NULL : starts, places, p->terms, p->terms, p->end);
}

void product_emit_block(emit_context *e, cblock *b, const product_block *p) {
    cunit *u = e->unit;
    int64_t lanes = e->target->lanes, whole = p->columns / lanes, partial = p->columns % lanes;
    unsigned vectors = p->tile.size.vectors;
    int64_t groups = whole / vectors, step = vectors * lanes, done = 0;
    if (groups > 1 || (groups == 1 && (whole % vectors || partial))) {
        cblock *inner = groups > 1 ? c_for(b, p->column, c_int(u, 0), c_int(u, groups * step), step) : c_scope(b);
        emit_group(e, inner, p, groups > 1 ? c_name(u, p->column) : c_int(u, 0), vectors, lanes);
        done = groups;
    } else if (groups == 1) {
        emit_group(e, b, p, c_int(u, 0), vectors, lanes);
        return;
    }
    unsigned rest = (unsigned)(whole - done * vectors) + (partial ? 1 : 0);
    if (rest) emit_group(e, b, p, c_int(u, done * step), rest, partial ? partial : lanes);
}

/* --- a whole product --- */

const char *product_panel_name(const pack *p) { return p->panel == 1 ? "unit" : "panel"; }

void product_declare_part(emit_context *e, cblock *b, const char *name, const char *turn, cexpr *last) {
    cunit *u = e->unit;
    cexpr *i = c_name(u, "i"), *odd = c_binary(u, "%", c_name(u, turn), c_int(u, 2));
    c_declare(b, "const size_t", name,
              c_conditional(u, c_binary(u, "!=", odd, c_int(u, 0)), c_sub(u, last, i), i));
}

typedef struct {
    emit_context *e;
    const product *p;
    const choice_panel *choice;
    int64_t panel;         /* a representative: its width and units */
    weight_tables weights;       /* weights_rows of the panel */
    cexpr *y;              /* the first row's first column of the panel */
} panel_job;

/* All rows, for the columns [from, from + columns) of the panel. */
typedef struct {
    const panel_job *panel;
    cexpr *from;
    int64_t columns;
} columns_job;

/* A register tile of rows beginning at row n. */
static void emit_rows(const void *context, cblock *b, cexpr *n, const choice_tile *shape) {
    const columns_job *job = context;
    const panel_job *j = job->panel;
    emit_context *e = j->e;
    cunit *u = e->unit;
    const product *p = j->p;
    const pack *w = p->choice->pack;
    product_block block = {.tile = *shape,
                           .weights = weights_at_column(e, &j->weights, job->from),
                           .panel = j->panel,
                           .columns = job->columns,
                           .start = w->bias_from == 0 ? PRODUCT_FROM_BIAS : PRODUCT_FROM_ZERO,
                           .terms = w->terms,
                           .end = p->terms_name ? c_name(u, p->terms_name) : c_int(u, w->terms),
                           .column = "j"};
    if (shape->anew) {
        c_declare(b, weights_pointer(w->format), "w_n", block.weights.codes);
        tile_load_anew(e, b, "w_n");
        block.weights.codes = c_name(u, "w_n");
    }
    /* one pointer to x and one to y: rows at a constant distance need no registers of their own */
    const char *x = p->x;
    cexpr *y = c_add(u, j->y, job->from);
    int64_t first = 0, distance = 0;
    if (!c_is_int(n, &first) || first) {
        x = "x_n";
        c_declare(b, "const float *", x, c_at(u, p->x, c_mul(u, n, p->x_row)));
        c_declare(b, "float *", "y_n", c_add(u, y, c_mul(u, n, p->y_row)));
        y = c_name(u, "y_n");
    }
    bool constant = c_is_int(p->x_row, &distance);
    for (unsigned r = 0; r < shape->size.rows; r++) {
        block.x[r] = x;
        block.x_offset[r] = r * distance;
        block.y[r] = c_add(u, y, c_mul(u, c_int(u, r), p->y_row));
        if (constant || r == 0) continue;
        block.x[r] = arena_printf(e->arena, "x%u", r);
        c_declare(b, "const float *", block.x[r], c_at(u, x, c_mul(u, c_int(u, r), p->x_row)));
    }
    product_emit_block(e, b, &block);
}

static heights rows_of(const columns_job *job) {
    const panel_job *j = job->panel;
    return (heights){j->e, j->p->rows, "n", emit_rows, job};
}

static void emit_columns(const panel_job *j, cblock *b, cexpr *from, int64_t columns) {
    columns_job job = {j, from, columns};
    heights rows = rows_of(&job);
    heights_loop(&rows, b, &j->choice->heights);
}

static void emit_panel(const panel_job *j, cblock *b) {
    emit_context *e = j->e;
    cunit *u = e->unit;
    const choice_panel *c = j->choice;
    columns_job all = {j, c_int(u, 0), c->columns};
    heights rows = rows_of(&all);
    cblock *few = heights_open_few(&rows, &b, &c->heights);
    if (few) heights_loop_unknown(&rows, few, &c->heights.row);
    if (!c->by_columns) {
        heights_loop(&rows, b, &c->heights);
        return;
    }
    int64_t wide = c->heights.tile.size.vectors * (int64_t)e->target->lanes, even = c->columns / wide * wide;
    emit_columns(j, c_for(b, "j", c_int(u, 0), c_int(u, even), wide), c_name(u, "j"), wide);
    if (even < c->columns) emit_columns(j, b, c_int(u, even), c->columns - even);
}

/* All rows of x, quantised, instead of x. */
static product quantised(emit_context *e, cblock *b, const product *p) {
    cunit *u = e->unit;
    product q = *p;
    int64_t rows, size = pack_quantised(p->choice->pack);
    cexpr *terms = p->terms_name ? c_name(u, p->terms_name) : c_int(u, p->choice->pack->terms);
    bool one = c_is_int(p->rows, &rows) && rows == 1;
    cexpr *n = one ? c_int(u, 0) : c_name(u, "n");
    q.x = p->quantised;
    q.x_row = c_int(u, size);
    cblock *loop = one ? b : c_for(b, "n", c_int(u, 0), p->rows, 1);
    c_do(loop,
         vectors_call3(e, "quantise", c_at(u, q.x, c_mul(u, n, q.x_row)), c_at(u, p->x, c_mul(u, n, p->x_row)), terms));
    return q;
}

static void emit_product(emit_context *e, cblock *b, const product *p) {
    cunit *u = e->unit;
    const pack *w = p->choice->pack;
    const char *name = product_panel_name(w);
    int64_t panels = pack_panels(w), last = panels - 1, full = p->choice->last.columns ? last : panels;
    for (int64_t i = 0; i < 2; i++) {
        /* first the full panels, in a loop; then the narrow one */
        if (i == 0 ? full == 0 : full == panels) continue;
        panel_job job = {.e = e, .p = p, .panel = i == 0 ? 0 : last};
        job.choice = i == 0 ? &p->choice->full : &p->choice->last;
        cblock *inner = b;
        cexpr *index = c_int(u, job.panel);
        if (i == 0 && full > 1) {
            inner = c_for(b, p->turn ? "i" : name, c_int(u, 0), c_int(u, full), 1);
            index = c_name(u, name);
            if (p->turn) product_declare_part(e, inner, product_panel_name(w), p->turn, c_int(u, full - 1));
        } else if (panels > 1) {
            inner = c_scope(b);
        }
        if (i == 1 && full)
            c_comment(inner, "the last %lld of %lld", (long long)pack_units(w, job.panel), (long long)w->units);
        weight_tables table = p->table;
        job.y = c_name(u, p->y);
        if (panels > 1) {
            table = weights_at_panel(e, inner, &table, "w", index);
            const char *y = arena_printf(e->arena, "y_%s", name);
            c_declare(inner, "float *", y, c_add(u, job.y, c_mul(u, index, c_int(u, w->panel * p->y_columns))));
            job.y = c_name(u, y);
        }
        job.weights = weights_rows(e, &table, job.panel);
        emit_panel(&job, inner);
    }
}

void product_emit(emit_context *e, cblock *b, const product *p) {
    if (p->choice->pack->format != FORMAT_INT8) {
        emit_product(e, b, p);
        return;
    }
    product q = quantised(e, b, p);
    emit_product(e, b, &q);
}
