/* recurrent_function: functions that layers of one shape share, and products as such functions. */
#include "kernels/recurrent.h"

/* Large ones stand apart from their callers. */
static cfunction *function_of(const recurrent *r, bool apart, const char *comment) {
    const char *storage = emit_static(r->e);
    if (apart) storage = arena_printf(r->e->arena, "NNC_APART %s", storage);
    return c_function(r->e->unit, storage, NULL, arena_printf(r->e->arena, "%s: %s", r->title, comment));
}

static const char *end(const recurrent *r, cfunction *f, const char *what) {
    return emit_function_end_shared(r->e, f, arena_printf(r->e->arena, "%s_%s", r->shape, what));
}

/* Tables as a function of the shape knows them: as parameters, which are added, or as they are. */
static weight_tables table_parameters(const recurrent *r, cfunction *f, const char *name, const weight_tables *table) {
    return r->c->shared ? weights_parameters(r->e, f, table, name) : *table;
}

/* What a call of it passes for them: the number of arguments so far, and these if they are parameters. */
static unsigned table_arguments(const recurrent *r, cexpr **arguments, unsigned count, const weight_tables *table) {
    return r->c->shared ? weights_arguments(table, arguments, count) : count;
}

/* --- the functions of a step --- */

const char *const recurrent_table_names[RECURRENT_TABLES] = {"w_ih", "w_hh", "w_hn", "w_hr"};

enum { TABLE_MOST = 3 }; /* codes, scales, biases */

cfunction *recurrent_begin(const recurrent *r, const recurrent_callee *c, const char *comment, weight_tables *known) {
    static const char *const names[RECURRENT_PARAMETERS] = {"x",    "gates", "sums", "h",   "c", "out",
                                                            "kept", "cells", "next", "q_x", "q", "turn"};
    cfunction *f = function_of(r, r->c->apart, comment);
    for (int i = 0; i < RECURRENT_TABLES; i++)
        if (c->tables[i].pack) known[i] = table_parameters(r, f, recurrent_table_names[i], &c->tables[i]);
    for (int i = 0; i < RECURRENT_PARAMETERS; i++)
        if (c->types[i]) c_parameter(f, c->types[i], names[i]);
    return f;
}

void recurrent_end(const recurrent *r, cfunction *f, recurrent_callee *c, const char *what) {
    c->name = end(r, f, what);
}

void recurrent_emit_call(const recurrent *r, cblock *b, const recurrent_callee *c, cexpr *const *values) {
    cexpr *arguments[RECURRENT_TABLES * TABLE_MOST + RECURRENT_PARAMETERS];
    unsigned n = 0;
    for (int i = 0; i < RECURRENT_TABLES; i++)
        if (c->tables[i].pack) n = table_arguments(r, arguments, n, &c->tables[i]);
    for (int i = 0; i < RECURRENT_PARAMETERS; i++)
        if (c->types[i]) arguments[n++] = values[i];
    c_do(b, c_call_list(r->e->unit, c->name, n, arguments));
}

/* --- products --- */

void recurrent_emit_product(const recurrent *r, recurrent_product *p, const char *what) {
    emit_context *e = r->e;
    cunit *u = e->unit;
    cfunction *f = function_of(r, p->choice->apart, p->comment);
    if (p->choice->pack->bias_from > 0) p->table.biases = NULL; /* those of some gates are not the product's */
    weight_tables table = table_parameters(r, f, "weights", &p->table);
    const char *x_row = arena_printf(e->arena, "%s_row", p->x), *y_row = arena_printf(e->arena, "%s_row", p->y);
    if (!p->rows) c_parameter(f, "size_t", "rows");
    c_parameter(f, "const float *", p->x);
    if (!p->x_row) c_parameter(f, "size_t", x_row);
    c_parameter(f, "float *", p->y);
    if (!p->y_row) c_parameter(f, "size_t", y_row);
    if (p->quantised) c_parameter(f, "float *", "q");
    if (p->zigzag) c_parameter(f, "size_t", "turn");
    product w = {.choice = p->choice,
                 .table = table,
                 .x = p->x,
                 .y = p->y,
                 .x_row = p->x_row ? p->x_row : c_name(u, x_row),
                 .y_row = p->y_row ? p->y_row : c_name(u, y_row),
                 .rows = p->rows ? p->rows : c_name(u, "rows"),
                 .terms_name = p->terms_name,
                 .y_columns = p->y_columns,
                 .quantised = p->quantised ? "q" : NULL,
                 .turn = p->zigzag ? "turn" : NULL};
    product_emit(e, c_body(f), &w);
    p->name = end(r, f, what);
}

void recurrent_emit_product_call(const recurrent *r, cblock *b, const recurrent_product *p, cexpr *rows, cexpr *x,
                                 cexpr *x_row, cexpr *y, cexpr *y_row) {
    cexpr *arguments[TABLE_MOST + 7];
    unsigned n = table_arguments(r, arguments, 0, &p->table);
    if (!p->rows) arguments[n++] = rows;
    arguments[n++] = x;
    if (!p->x_row) arguments[n++] = x_row;
    arguments[n++] = y;
    if (!p->y_row) arguments[n++] = y_row;
    if (p->quantised) arguments[n++] = c_name(r->e->unit, p->quantised);
    if (p->zigzag) arguments[n++] = c_name(r->e->unit, "turn");
    c_do(b, c_call_list(r->e->unit, p->name, n, arguments));
}
