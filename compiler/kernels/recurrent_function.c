/* recurrent_function: functions that layers of one shape share, and products as such functions. */
#include "kernels/recurrent.h"

/* Large ones stand apart from their callers. */
static cfunction *function_of(const recurrent *r, bool apart, const char *comment) {
    const char *storage = emit_static(r->e);
    if (apart) storage = arena_printf(r->e->arena, "NNC_APART %s", storage);
    return c_function(r->e->unit, storage, NULL, arena_printf(r->e->arena, "%s: %s", r->title, comment));
}

weight_tables recurrent_parameter(const recurrent *r, cfunction *f, const char *name, const weight_tables *table) {
    return r->c->shared ? weights_parameters(r->e, f, table, name) : *table;
}

unsigned recurrent_argument(const recurrent *r, cexpr **arguments, unsigned count, const weight_tables *table) {
    return r->c->shared ? weights_arguments(table, arguments, count) : count;
}

cfunction *recurrent_function(const recurrent *r, const char *comment) {
    return function_of(r, r->c->apart, comment);
}

const char *recurrent_function_end(const recurrent *r, cfunction *f, const char *what) {
    return emit_function_end_shared(r->e, f, arena_printf(r->e->arena, "%s_%s", r->shape, what));
}

void recurrent_emit_product(const recurrent *r, recurrent_product *p, const char *what) {
    emit_context *e = r->e;
    cunit *u = e->unit;
    cfunction *f = function_of(r, p->choice->apart, p->comment);
    if (p->choice->pack->bias_from > 0) p->table.biases = NULL; /* those of some gates are not the product's */
    weight_tables table = recurrent_parameter(r, f, "weights", &p->table);
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
    p->name = recurrent_function_end(r, f, what);
}
