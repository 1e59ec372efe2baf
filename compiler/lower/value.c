/* value: what expressions become, and how it is shown in messages. */

#include "lower/lowering.h"

value value_poison(span where) { return (value){.kind = VALUE_POISON, .where = where}; }

value value_integer(const dim *d, span where) { return (value){.kind = VALUE_INTEGER, .integer = d, .where = where}; }

value value_real(double r, span where) { return (value){.kind = VALUE_REAL, .real = r, .where = where}; }

value value_tuple(lowering *l, const value *items, size_t count, span where) {
    const value *kept = count ? arena_copy(l->arena, items, count * sizeof *items) : NULL;
    value v = {.kind = VALUE_TUPLE, .items = kept, .count = count, .where = where};
    /* Kept here because parts may be shared: (t, t) of (t, t) of … is a tree of any size. */
    for (size_t i = 0; i < count; i++) v.poisoned = v.poisoned || value_has_poison(&items[i]);
    return v;
}

value value_with_places(lowering *l, ir_value *values, ir_value *places, span where) {
    value v = value_tensor(l, values, where), both[] = {v, value_tensor(l, places, where)};
    v.items = arena_copy(l->arena, both, sizeof both);
    v.count = 2;
    return v;
}

value value_tensor(lowering *l, ir_value *v, span where) {
    const int64_t most = INT32_MAX; /* so that an argmax fits its int32, and sizes a 32-bit target's size_t */
    const dim *elements = ir_type_elements(l->model->dims, &v->type);
    if (dim_is_intricate(l->model->dims, elements)) {
        diag *e = diag_error(l->diags, where,
                             "the number of elements of %s has more than %d terms, or divisions more than %d deep",
                             type_show(l, &v->type), DIM_MAX_TERMS, DIM_MAX_DEPTH);
        diag_hint(e, "tensors that are always of one size share one dim");
        return value_poison(where);
    }
    if (dim_is_huge(elements) || dim_max(elements) > most) {
        diag *e = diag_error(l->diags, where, "%s may have more than %lld elements, which is too large",
                             type_show(l, &v->type), (long long)most);
        const char *bounds = bounds_show(l, elements);
        if (bounds) diag_note_plain(e, "%s", bounds);
        return value_poison(where);
    }
    return (value){.kind = VALUE_TENSOR, .tensor = v, .where = where};
}

bool value_has_poison(const value *v) { return v->kind == VALUE_POISON || v->poisoned; }

bool value_is_number(const value *v) {
    return v->kind == VALUE_REAL || (v->kind == VALUE_INTEGER && dim_is_const(v->integer, NULL));
}

double value_number(const value *v) {
    int64_t i = 0;
    if (v->kind == VALUE_REAL) return v->real;
    if (v->kind != VALUE_INTEGER || !dim_is_const(v->integer, &i)) ice("the number of what is no number");
    return (double)i;
}

bool value_fits_int32(double number) {
    return number >= INT32_MIN && number <= INT32_MAX && number == (double)(int32_t)number;
}

const char *type_show(lowering *l, const ir_type *t) { return ir_type_short(l->arena, t); }

enum { LONGEST_SHOWN = 160 };

static void show_parts(lowering *l, const value *v, text *to) {
    if (v->kind != VALUE_TUPLE) {
        if (v->kind == VALUE_INTEGER) dim_print_short(v->integer, to);
        else if (v->kind == VALUE_REAL) text_printf(to, "%g", v->real);
        else text_add(to, value_show(l, v));
        return;
    }
    text_add(to, "(");
    for (size_t i = 0; i < v->count && to->length <= LONGEST_SHOWN; i++) {
        if (i) text_add(to, ", ");
        show_parts(l, &v->items[i], to);
    }
    if (to->length <= LONGEST_SHOWN) text_add(to, v->count == 1 ? ",)" : ")");
}

const char *value_show(lowering *l, const value *v) {
    switch (v->kind) {
    case VALUE_TENSOR: return type_show(l, &v->tensor->type);
    case VALUE_INTEGER:
        if (dim_is_const(v->integer, NULL))
            return arena_printf(l->arena, "the number %s", dim_short(l->arena, v->integer));
        return arena_printf(l->arena, "the size %s", dim_short(l->arena, v->integer));
    case VALUE_REAL: return arena_printf(l->arena, "the number %g", v->real);
    case VALUE_BOOL: return v->boolean ? "true" : "false";
    case VALUE_STRING: {
        enum { ENOUGH = 40 };
        size_t length = strlen(v->string), shown = 0;
        while (shown < length && shown < ENOUGH) {
            size_t bytes = text_utf8_length(v->string + shown, length - shown);
            shown += bytes ? bytes : 1;
        }
        return arena_printf(l->arena, "the string \"%.*s%s\"", (int)shown, v->string, shown < length ? "…" : "");
    }
    case VALUE_NONE: return "none";
    case VALUE_DTYPE: return arena_printf(l->arena, "the type %s", ir_dtype_name(v->dtype));
    case VALUE_POISON: return "an error";
    case VALUE_TUPLE: break;
    }
    text t = text_new(l->arena);
    text_add(&t, v->count ? "the tuple " : "the empty tuple ");
    show_parts(l, v, &t);
    if (t.length > LONGEST_SHOWN) text_add(&t, "…");
    return text_string(&t);
}

const char *bounds_show(lowering *l, const dim *d) {
    enum { ENOUGH = 4 };
    const dim *symbols[ENOUGH];
    if (dim_is_huge(d)) return NULL;
    size_t count = dim_symbols(d, symbols, ENOUGH);
    if (count > ENOUGH) count = ENOUGH;
    text t = text_new(l->arena);
    for (size_t i = 0; i < count; i++)
        text_printf(&t, "%s%s is %lld..%lld", i ? ", " : "", dim_symbol_name(symbols[i]),
                    (long long)dim_min(symbols[i]), (long long)dim_max(symbols[i]));
    return count ? text_string(&t) : NULL;
}

/* The name in e that is most likely to have brought a shape along: that of what is called with, indexed, or first. */
static const ast_expr *name_inside(const ast_expr *e) {
    while (e && e->kind != AST_NAME) {
        switch (e->kind) {
        case AST_CALL: e = e->arguments ? e->arguments->value : NULL; break;
        case AST_INDEX:
        case AST_NEGATE: e = e->operand; break;
        case AST_TUPLE: e = e->items; break;
        case AST_BINARY: {
            const ast_expr *found = NULL;
            for (; e->kind == AST_BINARY; e = e->left) {
                const ast_expr *right = name_inside(e->right);
                if (right) found = right;
            }
            const ast_expr *first = name_inside(e);
            return first ? first : found;
        }
        default: return NULL;
        }
    }
    return e;
}

void note_value(lowering *l, diag *e, const ast_expr *written, const value *v, span error_where) {
    if (!written || v->kind == VALUE_POISON) return;
    if (written->kind == AST_NAME) {
        diag_note(e, v->where, "%.60s is %s, from here", written->name.text, value_show(l, v));
        return;
    }
    if (v->kind != VALUE_TENSOR && v->kind != VALUE_TUPLE) return; /* a literal speaks for itself */
    if (written->where.begin != error_where.begin || written->where.end != error_where.end)
        diag_note(e, written->where, "this is %s", value_show(l, v));
    const layer *called = written->kind == AST_CALL ? scope_find(l->layers, written->name.text) : NULL;
    if (called) diag_note(e, called->where, "%s is %s", called->name, called->source);
    const ast_expr *name = name_inside(written);
    const name_entry *entry = name ? scope_find(l->values, name->name.text) : NULL;
    if (entry && (entry->value.kind == VALUE_TENSOR || entry->value.kind == VALUE_TUPLE))
        diag_note(e, entry->value.where, "%.60s is %s, from here", name->name.text, value_show(l, &entry->value));
}

void value_note(lowering *l, const value *v, span where) {
    if (!l->notes || v->kind == VALUE_POISON) return;
    lower_note note = {where, value_show(l, v)};
    ARENA_PUSH(l->arena, l->notes->items, l->notes->count, l->notes->capacity, note);
}
