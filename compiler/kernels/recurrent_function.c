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

/* A table that a function of the shape has for a parameter, or knows by itself; gives it as it stands in there. */
static weight_tables pass_table(const recurrent *r, csignature *s, const weight_tables *table, const char *name) {
    return r->c->shared ? weights_pass(r->e, s, table, name) : *table;
}

/* --- the functions of a step --- */

const char *const recurrent_table_names[RECURRENT_TABLES] = {"w_ih", "w_hh", "w_hn", "w_hr"};

/* values: what a call passes; NULL where none does. `known` becomes what the tables are in the body. */
static void sign(const recurrent *r, csignature *s, const recurrent_callee *c, cexpr *const *values,
                 weight_tables *known) {
    static const char *const names[RECURRENT_PARAMETERS] = {"x",    "gates", "sums", "h",   "c", "out",
                                                            "kept", "cells", "next", "q_x", "q", "turn"};
    for (int i = 0; i < RECURRENT_TABLES; i++)
        if (c->tables[i].pack) known[i] = pass_table(r, s, &c->tables[i], recurrent_table_names[i]);
    for (int i = 0; i < RECURRENT_PARAMETERS; i++)
        if (c->types[i]) c_pass(s, c->types[i], names[i], values ? values[i] : NULL);
}

cfunction *recurrent_begin(const recurrent *r, const recurrent_callee *c, const char *comment, weight_tables *known) {
    cfunction *f = function_of(r, r->c->apart, comment);
    sign(r, &(csignature){.unit = r->e->unit, .function = f}, c, NULL, known);
    return f;
}

void recurrent_end(const recurrent *r, cfunction *f, recurrent_callee *c, const char *what) {
    c->name = end(r, f, what);
}

void recurrent_emit_call(const recurrent *r, cblock *b, const recurrent_callee *c, cexpr *const *values) {
    csignature s = {.unit = r->e->unit};
    weight_tables known[RECURRENT_TABLES];
    sign(r, &s, c, values, known);
    c_do(b, c_call_with(&s, c->name));
}

/* --- products --- */

/* What a call passes, where the function takes it. */
typedef struct {
    cexpr *rows, *x, *x_row, *y, *y_row;
} product_arguments;

/* Gives the table as the function knows it. */
static weight_tables sign_product(const recurrent *r, csignature *s, const recurrent_product *p,
                                  const product_arguments *a) {
    cunit *u = r->e->unit;
    arena *memory = r->e->arena;
    weight_tables table = pass_table(r, s, &p->table, "weights");
    if (!p->rows) c_pass(s, "size_t", "rows", a->rows);
    c_pass(s, "const float *", p->x, a->x);
    if (!p->x_row) c_pass(s, "size_t", arena_printf(memory, "%s_row", p->x), a->x_row);
    c_pass(s, "float *", p->y, a->y);
    if (!p->y_row) c_pass(s, "size_t", arena_printf(memory, "%s_row", p->y), a->y_row);
    if (p->quantised) c_pass(s, "float *", "q", c_name(u, p->quantised));
    if (p->zigzag) c_pass(s, "size_t", "turn", c_name(u, "turn"));
    return table;
}

void recurrent_emit_product(const recurrent *r, recurrent_product *p, const char *what) {
    emit_context *e = r->e;
    cunit *u = e->unit;
    cfunction *f = function_of(r, p->choice->apart, p->comment);
    if (p->choice->pack->bias_from > 0) p->table.biases = NULL; /* those of some gates are not the product's */
    product w = {.choice = p->choice,
                 .table = sign_product(r, &(csignature){.unit = u, .function = f}, p, &(product_arguments){0}),
                 .x = p->x,
                 .y = p->y,
                 .x_row = p->x_row ? p->x_row : c_namef(u, "%s_row", p->x),
                 .y_row = p->y_row ? p->y_row : c_namef(u, "%s_row", p->y),
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
    csignature s = {.unit = r->e->unit};
    sign_product(r, &s, p, &(product_arguments){rows, x, x_row, y, y_row});
    c_do(b, c_call_with(&s, p->name));
}
