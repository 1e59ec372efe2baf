/* recurrent_batch: the functions of one time step of a batch.
 *
 * The sums of all rows are one blocked product, sums = W_hh h, in which tiles of rows share every vector of weights
 * that they load. Then each row by itself adds the input's share, and becomes c and h: as all sums are done by then, h
 * is updated in place. A GRU that resets before the product does both twice, with r * h between them; proj_size ends
 * with a product of its own. */
#include "kernels/recurrent.h"
#include "kernels/vectors.h"

/* The function that works on one row; panel by panel, vector by vector. */
typedef struct {
    const recurrent *r;
    const pack *pack;    /* of the sums' product: its gates are `letters`, from column group `group` of gates on */
    weight_tables table; /* the product's weights, whose biases the product left out */
    const char *letters;
    unsigned group;
    bool resets;    /* gives r * h and z, not h */
    const char *to; /* where h, or r * h, goes */
    bool to_out;
} row_function;

/* Gate `g` of the vector at `lane` of a panel's column groups: the input's share, or the bias of the n of h, plus the
 * sum. */
static cexpr *complete_sum(const row_function *f, int64_t panel, cexpr *biases, cexpr *gates, cexpr *sums,
                           unsigned g) {
    emit_context *e = f->r->e;
    cunit *u = e->unit;
    int64_t width = pack_width(f->pack, panel);
    cexpr *sum = tile_load(e, c_add(u, sums, c_int(u, g * width))), *start;
    bool has_share = f->group + g < f->r->c->gates || f->r->c->columns == f->r->c->gates;
    if (has_share) start = tile_load(e, c_add(u, gates, c_int(u, (f->group + g) * width)));
    else if (g >= f->pack->bias_from)
        start = tile_load(e, c_add(u, biases, c_int(u, (g - f->pack->bias_from) * width)));
    else return sum;
    return vectors_call2(e, "add", start, sum);
}

/* The vector from unit j of the panel on, whose first unit is `first`. */
static void emit_vector_of(const row_function *f, cblock *b, int64_t panel, cexpr *biases, cexpr *first, cexpr *gates,
                           cexpr *sums, cexpr *j, int64_t lanes) {
    emit_context *e = f->r->e;
    cunit *u = e->unit;
    gates = c_add(u, gates, j);
    sums = c_add(u, sums, j);
    for (unsigned g = 0; g < f->pack->gates; g++)
        c_declare(b, e->target->type, arena_printf(e->arena, "%c", f->letters[g]),
                  complete_sum(f, panel, biases ? c_add(u, biases, j) : NULL, gates, sums, g));
    cexpr *unit = c_add(u, first, j);
    if (!c_is_int(unit, NULL) && f->pack->panel > 1) {
        c_declare(b, "const size_t", "unit", unit);
        unit = c_name(u, "unit");
    }
    recurrent_cell cell = {.recurrent = f->r,
                           .block = b,
                           .suffix = "",
                           .width = pack_width(f->pack, panel),
                           .gates = gates,
                           .h = c_at(u, "h", unit),
                           .lanes = lanes};
    if (f->r->c->columns != f->r->c->gates) cell.candidate = tile_load(e, gates);
    if (f->r->c->has_cell) cell.c = c_at(u, "c", unit);
    if (f->r->attrs->keeps) cell.kept = c_at(u, "kept", unit);
    if (f->r->attrs->keeps && f->r->c->has_cell) cell.cells = c_at(u, "cells", unit);
    cexpr *value = f->resets ? recurrent_emit_reset(&cell) : recurrent_emit_cell(&cell);
    tile_store_n(e, b, c_at(u, f->to, unit), value, lanes);
    if (f->to_out) tile_store_n(e, b, c_at(u, "out", unit), value, lanes);
}

/* Panels of the shape of `panel`, `count` of them. */
static void emit_panels(const row_function *f, cblock *b, int64_t panel, int64_t count) {
    emit_context *e = f->r->e;
    cunit *u = e->unit;
    int64_t lanes = e->target->lanes, units = pack_units(f->pack, panel), whole = units / lanes;
    cexpr *index = c_int(u, panel);
    if (count > 1) {
        const char *name = product_panel_name(f->pack);
        b = c_for(b, name, c_int(u, 0), c_int(u, count), 1);
        index = c_name(u, name);
    } else if (pack_panels(f->pack) > 1) {
        b = c_scope(b);
        if (panel) c_comment(b, "the last %lld units", (long long)units);
    }
    cexpr *first = c_mul(u, index, c_int(u, f->pack->panel));
    weight_tables at = weights_at_panel(e, b, &f->table, NULL, index), rows = weights_rows(e, &at, panel);
    cexpr *biases = rows.biases;
    cexpr *gates = c_at(u, "gates", c_mul(u, index, c_int(u, f->r->c->columns * f->pack->panel)));
    cexpr *sums = c_at(u, "sums", c_mul(u, index, c_int(u, f->pack->gates * f->pack->panel)));
    if (whole > 1) {
        cblock *loop = c_for(b, "j", c_int(u, 0), c_int(u, whole * lanes), lanes);
        emit_vector_of(f, loop, panel, biases, first, gates, sums, c_name(u, "j"), lanes);
    } else if (whole == 1) {
        emit_vector_of(f, units % lanes ? c_scope(b) : b, panel, biases, first, gates, sums, c_int(u, 0), lanes);
    }
    if (units % lanes)
        emit_vector_of(f, whole ? c_scope(b) : b, panel, biases, first, gates, sums, c_int(u, whole * lanes),
                       units % lanes);
}

static bool takes_weights(const row_function *f) { return f->pack->bias_from < f->pack->gates; }

/* b_hn lies in W_hh's table of floats, or in one of its own. */
static weight_tables biases_alone(const weight_tables *w) {
    weight_tables r = *w;
    r.scales = NULL;
    if (r.biases) r.codes = NULL;
    return r;
}

static void emit_row_function(row_function *f, recurrent_callee *callee, const char *what, const char *comment) {
    const recurrent *r = f->r;
    const char **types = callee->types;
    weight_tables known[RECURRENT_TABLES] = {0};
    f->table = biases_alone(&r->tables[RECURRENT_W_HH]);
    if (takes_weights(f)) callee->tables[RECURRENT_W_HH] = f->table;
    types[RECURRENT_GATES] = f->resets ? "float *" : "const float *";
    types[RECURRENT_SUMS] = "const float *";
    if (!r->c->projects) types[RECURRENT_H] = f->resets ? "const float *" : "float *";
    if (r->c->has_cell) types[RECURRENT_C] = "float *";
    if (f->to_out) types[RECURRENT_OUT] = "float *";
    if (r->attrs->keeps) types[RECURRENT_KEPT] = "float *";
    if (r->attrs->keeps && r->c->has_cell) types[RECURRENT_CELLS] = "float *";
    if (f->resets || r->c->projects) types[RECURRENT_NEXT] = "float *";
    cfunction *function = recurrent_begin(r, callee, comment, known);
    if (takes_weights(f)) f->table = known[RECURRENT_W_HH];
    cblock *b = c_body(function);
    int64_t full = f->pack->units / f->pack->panel;
    if (full) emit_panels(f, b, 0, full);
    if (full < pack_panels(f->pack)) emit_panels(f, b, full, 1);
    recurrent_end(r, function, callee, what);
}

static const char *product_comment(const recurrent *r, const char *equation, const char *x, int64_t terms) {
    return arena_printf(r->e->arena, "%s, for rows of %s [%lld].", equation, x, (long long)terms);
}

/* The product of all rows of h. */
static void emit_hidden_product(recurrent *r, cexpr *h_row) {
    cunit *u = r->e->unit;
    const choice_product *choice = &r->c->hidden_product;
    r->hidden_product = (recurrent_product){.comment = product_comment(r, "sums = W_hh h", "h", r->c->projected),
                                            .choice = choice,
                                            .table = r->tables[RECURRENT_W_HH],
                                            .x = "h",
                                            .y = "sums",
                                            .rows = choice->rows >= 0 ? c_int(u, choice->rows) : NULL,
                                            .x_row = h_row,
                                            .y_row = c_name(u, r->sums_constant),
                                            .y_columns = r->c->hidden_pack->gates,
                                            .terms_name = r->projected_constant,
                                            .quantised = recurrent_quantised(choice->pack, "q"),
                                            .zigzag = r->c->zigzag};
    recurrent_emit_product(r, &r->hidden_product, "recurrent");
}

/* One like it, of the rows of next. */
static recurrent_product product_of_next(const recurrent *r, const char *equation, const choice_product *choice,
                                         const weight_tables *table) {
    recurrent_product p = r->hidden_product;
    p.comment = product_comment(r, equation, "next", r->c->hidden);
    p.choice = choice;
    p.table = *table;
    p.x = "next";
    p.x_row = c_int(r->e->unit, r->c->next_row);
    p.y_columns = 1;
    return p;
}

/* Before the cells of a GRU that resets before the product: next = r * h, and the product with it. */
static void emit_candidate(recurrent *r, const row_function *cells) {
    row_function reset = *cells;
    reset.resets = true;
    reset.to = "next";
    emit_row_function(&reset, &r->reset, "reset",
                      "r, z = gates + sums of one row; next = r * h, z in its place in gates.");
    r->candidate_product =
        product_of_next(r, "sums = W_hn (r * h)", &r->c->candidate_product, &r->tables[RECURRENT_W_HN]);
    recurrent_emit_product(r, &r->candidate_product, "candidate");
}

static void emit_cells(recurrent *r, row_function *cells) {
    arena *a = r->e->arena;
    const char *activation = ir_activation_name(r->attrs->activation);
    const char *what = r->c->projects   ? arena_printf(a, "c, and in next o * %s(c),", activation)
                       : r->c->has_cell ? "c and h"
                                        : "h";
    cells->to = r->c->projects ? "next" : "h";
    cells->to_out = r->c->has_out && !r->c->projects;
    emit_row_function(cells, &r->cells, "cells",
                      arena_printf(a, "%s of one row, from gates (the input's share) and sums.", what));
}

/* After the cells, from which next has o * tanh(c). */
static void emit_projection(recurrent *r) {
    r->output_product = product_of_next(r, "h = W_hr next", &r->c->output_product, &r->tables[RECURRENT_W_HR]);
    r->output_product.quantised = recurrent_quantised(r->c->output, "q");
    r->output_product.terms_name = r->hidden_constant;
    r->output_product.zigzag = false;
    recurrent_emit_product(r, &r->output_product, "project");
}

void recurrent_emit_batch(recurrent *r, cexpr *h_row) {
    emit_hidden_product(r, h_row);
    row_function cells = {.r = r,
                          .pack = r->c->hidden_pack,
                          .letters = recurrent_gate_letters(r),
                          .group = r->c->columns - r->c->gates};
    if (r->c->resets_before) {
        emit_candidate(r, &cells);
        cells.pack = r->c->candidate;
        cells.letters = "n";
        cells.group = 2;
    }
    emit_cells(r, &cells);
    if (r->c->projects) emit_projection(r);
}
