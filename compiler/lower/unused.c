/* unused: warnings about what a model declares and does not use: dims, inputs, states, layers. (Params, and layers that
 * are called in vain, are found by pass_dce.) */
#include "lower/lowering.h"

/* The state's next values, by which they would go on, as they are to be written: "out, (h, c) = lstm(…)" when a layer
 * of the first statement that reads the state takes it, else "h = …". */
static const char *how_to_bind(lowering *l, const char *name, const ast_stmt *read_by) {
    const ast_expr *call = read_by->kind == AST_BIND || read_by->kind == AST_OUTPUT ? read_by->value : NULL;
    const layer *called = call && call->kind == AST_CALL ? scope_find(l->layers, call->name.text) : NULL;
    const ast_argument *given = called && called->kind->is_recurrent ? call->arguments : NULL;
    for (size_t position = 0; given; given = given->next, position++)
        if (given->name.text ? strcmp(given->name.text, "hx") == 0 : position == 1) break;
    if (!given) return arena_printf(l->arena, "%s = …", name);
    const ast_expr *states = given->value;
    bool names = states->kind == AST_NAME || states->kind == AST_TUPLE;
    for (const ast_expr *e = states->items; e; e = e->next) names = names && e->kind == AST_NAME;
    if (!names) return arena_printf(l->arena, "%s = …", name);
    text t = text_new(l->arena);
    if (called->kind->is_cell) {
        for (const ast_expr *e = states->items; e; e = e->next)
            text_printf(&t, "%s%s", e->name.text, e->next ? ", " : "");
        if (states->kind == AST_NAME) text_add(&t, states->name.text);
    } else {
        text_add(&t, "out, ");
        ast_print_expr(states, &t);
    }
    return arena_printf(l->arena, "%s = %s(…)", text_string(&t), called->name);
}

static void warn_state(lowering *l, const name_entry *e) {
    const char *name = l->model->states[e->index].name;
    if (e->used && e->bound) return;
    if (e->used) {
        diag *d = diag_warning(l->diags, WARNING_UNBOUND_STATE, e->where,
                               "state %s is read but never bound: each run begins with its first value", name);
        diag_hint(d, "bind it: %s", how_to_bind(l, name, e->read_by));
    } else if (e->bound) {
        diag *d = diag_warning(l->diags, WARNING_UNUSED_STATE, e->where,
                               "state %s is bound but never read: no run uses what the one before it left", name);
        diag_hint(d, "read it before it is bound, or give the value another name");
    } else {
        diag_warning(l->diags, WARNING_UNUSED_STATE, e->where, "nothing reads or binds the state %s", name);
    }
}

void warn_unused(lowering *l) {
    for (size_t i = 0; i < l->declaration_count; i++) {
        const name_entry *e = l->declarations[i];
        if (e->kind == NAME_STATE) warn_state(l, e);
        if (e->kind == NAME_INPUT && !e->used)
            diag_warning(l->diags, WARNING_UNUSED_INPUT, e->where, "nothing reads the %s %s; it stays an argument",
                         l->model->inputs[e->value.tensor->producer->attrs.index].is_target ? "target" : "input",
                         e->value.tensor->name);
    }
    for (const scope_entry *e = scope_first(l->layers); e; e = scope_next(e)) {
        const layer *unused = scope_thing(e);
        if (!unused->used)
            diag_warning(l->diags, WARNING_UNUSED_LAYER, unused->where, "layer %s is never called", unused->name);
    }
    for (const scope_entry *e = scope_first(l->symbols); e; e = scope_next(e)) {
        const name_entry *dim_entry = scope_thing(e);
        if (!dim_entry->used)
            diag_warning(l->diags, WARNING_UNUSED_DIM, dim_entry->where,
                         "no shape uses the dim %s; it stays an argument", scope_name(e));
    }
}
