/* expr: expressions: literals, names, tuples, calls; arithmetic.c has the operators. */
#include "lower/lowering.h"

/* --- names ------------------------------------------------------------------------------------------------------- */

static void mark_dims_used(lowering *l, const dim *d) {
    if (l->in_dim || dim_is_huge(d)) return;
    size_t count;
    const dim **symbols = dim_symbol_list(l->arena, d, &count);
    for (size_t i = 0; i < count; i++) {
        name_entry *entry = scope_find(l->symbols, dim_symbol_name(symbols[i]));
        if (entry) entry->used = true;
    }
}

static value lower_name(lowering *l, const ast_expr *e) {
    name_entry *entry = scope_find(l->values, e->name.text);
    if (!entry) {
        report_unknown_name(l, &e->name);
        return value_poison(e->where);
    }
    value v = entry->value;
    if (entry->kind != NAME_DIM) entry->used = true;
    if (!entry->read_by) entry->read_by = l->statement;
    if (v.kind == VALUE_INTEGER) mark_dims_used(l, v.integer);
    if (v.kind == VALUE_POISON) return v;
    bool constant = v.kind == VALUE_INTEGER || v.kind == VALUE_REAL;
    if (l->graph == &l->model->reset && entry->kind != NAME_PARAM && !constant) {
        diag *d = diag_error(l->diags, e->where, "a state's first value can be made of params and numbers only");
        note_value(l, d, e, &v, e->where);
        return value_poison(e->where);
    }
    if (entry->kind == NAME_PARAM) {
        v.tensor = build_param(l, entry->index, entry->where);
        v.tensor->name = e->name.text;
    }
    return v;
}

/* --- calls and the rest ------------------------------------------------------------------------------------------ */

static value lower_call(lowering *l, const ast_expr *e) {
    layer *called = scope_find(l->layers, e->name.text);
    if (called && l->graph == &l->model->reset) {
        diag_error(l->diags, e->where, "a state's first value can be made of params and numbers only, not of layers");
        called->used = true;
        return value_poison(e->where);
    }
    if (called) return layer_call(l, called, e);
    if (l->trains && strcmp(e->name.text, "grad") == 0) return lower_grad(l, e);
    const function *f = function_find(e->name.text);
    if (f) return function_call(l, f, e);
    report_unknown_callee(l, &e->name);
    for (const ast_argument *a = e->arguments; a; a = a->next) lower_expr(l, a->value);
    return value_poison(e->where);
}

static value lower_tuple(lowering *l, const ast_expr *e) {
    size_t count = 0, i = 0;
    for (const ast_expr *item = e->items; item; item = item->next) count++;
    value *items = ARENA_ARRAY(l->arena, value, count);
    for (const ast_expr *item = e->items; item; item = item->next) items[i++] = lower_expr(l, item);
    return value_tuple(l, items, count, e->where);
}

/* a + b - c + …, from the left. */
static value lower_chain(lowering *l, const ast_expr *e) {
    const ast_expr **links = ARENA_ARRAY(l->arena, const ast_expr *, e->chain);
    size_t count = 0;
    for (; e->kind == AST_BINARY; e = e->left) links[count++] = e;
    value a = lower_expr(l, e);
    while (count--) {
        const ast_expr *link = links[count];
        value b = lower_expr(l, link->right);
        a = lower_binary(l, link->op, (as_written){&a, link->left}, (as_written){&b, link->right}, link->op_where,
                         link->where);
        value_note(l, &a, link->where);
    }
    return a;
}

static value lower_any(lowering *l, const ast_expr *e) {
    switch (e->kind) {
    case AST_NAME: return lower_name(l, e);
    case AST_INTEGER: {
        const dim *d = build_dim(l, e->integer);
        if (!dim_is_huge(d)) return value_integer(d, e->where);
        diag_error(l->diags, e->where, "this number is too large");
        return value_poison(e->where);
    }
    case AST_REAL: return value_real(e->real, e->where);
    case AST_STRING: return (value){.kind = VALUE_STRING, .string = e->string, .where = e->where};
    case AST_BOOL: return (value){.kind = VALUE_BOOL, .boolean = e->boolean, .where = e->where};
    case AST_NONE:
        /* What the parser cut off because it is too deep is a none, too, but not as long as the word. */
        if (l->incomplete && e->where.end - e->where.begin != strlen("none")) return value_poison(e->where);
        return (value){.kind = VALUE_NONE, .where = e->where};
    case AST_TUPLE: return lower_tuple(l, e);
    case AST_CALL: return lower_call(l, e);
    case AST_INDEX: return lower_index(l, e);
    case AST_NEGATE:
    case AST_INVERT: return lower_unary(l, e);
    case AST_BINARY: return lower_chain(l, e);
    case AST_SLICE:
    case AST_ELLIPSIS: break;
    }
    ice("an expression of kind %d outside of an index", (int)e->kind);
}

value lower_expr(lowering *l, const ast_expr *e) {
    value v = lower_any(l, e);
    value_note(l, &v, e->where);
    return v;
}

static const char known_when_it_runs[] = "a size that only the run knows is a dim: dim T = 1..128, float32[T, 3]";

/* A size in a shape: an integer, provably at least 1. False after reporting. */
static bool lower_size(lowering *l, const ast_expr *e, const dim **size) {
    value v = lower_expr(l, e);
    if (value_has_poison(&v)) return false;
    if (v.kind != VALUE_INTEGER) {
        diag *d = diag_error(l->diags, e->where, "a size must be an integer or a dim, found %s", value_show(l, &v));
        note_value(l, d, e, &v, e->where);
        if (v.kind == VALUE_NONE) diag_hint(d, "%s", known_when_it_runs);
        else if (e->kind == AST_BINARY && e->op == AST_DIV) diag_hint(d, "// divides sizes");
        else if (v.kind == VALUE_REAL) diag_hint(d, "sizes have no decimal point, and // divides them");
        return false;
    }
    *size = v.integer;
    if (!dim_is_huge(v.integer) && dim_min(v.integer) >= 1) return true;
    diag *d = diag_error(l->diags, e->where, "a size must be at least 1, found %s", dim_short(l->arena, v.integer));
    const char *bounds = bounds_show(l, v.integer);
    int64_t constant;
    if (e->kind == AST_NAME) note_value(l, d, e, &v, e->where);
    else if (bounds) diag_note_plain(d, "%s", bounds);
    if (dim_is_const(v.integer, &constant) && constant == -1) diag_hint(d, "%s", known_when_it_runs);
    else if (e->kind == AST_NAME && !bounds)
        diag_hint(d, "bounds are written LOW..HIGH: dim %.60s = 1..128", e->name.text);
    return false;
}

bool lower_type(lowering *l, const ast_type *t, ir_type *type) {
    bool fine = true;
    *type = (ir_type){.dtype = IR_F32};
    if (strcmp(t->element.text, "int32") == 0) {
        type->dtype = IR_I32;
    } else if (strcmp(t->element.text, "bool") == 0) {
        type->dtype = IR_BOOL;
    } else if (strcmp(t->element.text, "float32") != 0) {
        diag *e = diag_error(l->diags, t->element.where, "the type of a tensor is float32 or int32, found %.60s",
                             t->element.text);
        bool whole =
            strstr(t->element.text, "int") || strstr(t->element.text, "long") || strstr(t->element.text, "Long");
        diag_hint(e, whole ? "write int32" : "write float32");
        fine = false;
    }
    size_t rank = 0;
    for (const ast_expr *d = t->dims; d; d = d->next, rank++) {
        const dim *size;
        if (!lower_size(l, d, &size)) fine = false;
        else if (rank < IR_MAX_RANK) type->dims[rank] = size;
    }
    if (rank > IR_MAX_RANK) {
        diag_error(l->diags, t->where, "a tensor has at most %d dims, found %zu", IR_MAX_RANK, rank);
        fine = false;
    }
    type->rank = (unsigned)rank;
    return fine;
}
