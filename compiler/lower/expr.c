/* expr: expressions: literals, names, arithmetic on numbers and tensors, tuples, calls. */
#include <math.h>

#include "lower/lowering.h"

static const char *const operator_text[] = {"+", "-", "*", "/", "//", "**"};

/* --- names ------------------------------------------------------------------------------------------------------- */

static void mark_dims_used(lowering *l, const dim *d) {
    if (l->in_dim || dim_is_huge(d)) return;
    size_t count = dim_symbols(d, NULL, 0);
    const dim **symbols = ARENA_ARRAY(l->arena, const dim *, count);
    dim_symbols(d, symbols, count);
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

/* --- arithmetic on numbers --------------------------------------------------------------------------------------- */

static bool is_number(const value *v) { return v->kind == VALUE_INTEGER || v->kind == VALUE_REAL; }

static bool is_run_time(const value *v) { return v->kind == VALUE_INTEGER && !dim_is_const(v->integer, NULL); }

static const dim *integer_power(lowering *l, const dim *base, int64_t exponent) {
    const dim *power = build_dim(l, 1);
    for (; exponent; exponent >>= 1) {
        if (exponent & 1) power = dim_mul(l->model->dims, power, base);
        if (exponent > 1) base = dim_mul(l->model->dims, base, base);
    }
    return power;
}

/* NULL when the result is no integer; *wrong says why when there is none at all. */
static const dim *fold_integers(lowering *l, ast_operator op, const dim *a, const dim *b, const char **wrong) {
    dim_table *t = l->model->dims;
    int64_t by = 0, from = 0;
    switch (op) {
    case AST_ADD: return dim_add(t, a, b);
    case AST_SUB: return dim_sub(t, a, b);
    case AST_MUL: return dim_mul(t, a, b);
    case AST_DIV: return NULL;
    case AST_FLOORDIV:
        if (!dim_is_const(b, &by)) {
            const dim *exact = dim_divide_exact(t, a, b);
            if (!exact) *wrong = "// needs a constant divisor";
            return exact;
        }
        if (by == 0) return *wrong = "a division by zero", NULL;
        return by > 0 ? dim_floordiv(t, a, by) : dim_floordiv(t, dim_sub(t, build_dim(l, 0), a), -by);
    case AST_POW:
        if (!dim_is_const(b, &by)) return *wrong = "** needs a constant exponent", NULL;
        if (by >= 0) return integer_power(l, a, by);
        if (!dim_is_const(a, &from)) *wrong = "a run-time size has no negative powers";
        return NULL;
    }
    return NULL;
}

static double fold_reals(ast_operator op, double a, double b, const char **wrong) {
    double r = 0;
    if ((op == AST_DIV || op == AST_FLOORDIV) && b == 0) return *wrong = "a division by zero", 0;
    switch (op) {
    case AST_ADD: r = a + b; break;
    case AST_SUB: r = a - b; break;
    case AST_MUL: r = a * b; break;
    case AST_DIV: r = a / b; break;
    case AST_FLOORDIV: r = floor(a / b); break;
    case AST_POW: r = pow(a, b); break;
    }
    if (isnan(r) || (isinf(r) && isfinite(a) && isfinite(b))) *wrong = "the result is no number, or too large";
    return r;
}

static value fold_numbers(lowering *l, ast_operator op, const value *a, const value *b, span op_where, span where) {
    const char *wrong = NULL;
    if (a->kind == VALUE_INTEGER && b->kind == VALUE_INTEGER) {
        const dim *d = fold_integers(l, op, a->integer, b->integer, &wrong);
        if (d && !dim_is_huge(d)) return value_integer(d, where);
        if (d) wrong = "the result is too large";
    }
    if (!wrong && (is_run_time(a) || is_run_time(b))) {
        const value *size = is_run_time(a) ? a : b;
        diag *e = diag_error(l->diags, op_where, "%s of %s and %s: a run-time size is no number that nnc knows now",
                             operator_text[op], value_show(l, a), value_show(l, b));
        const char *bounds = bounds_show(l, size->integer);
        if (bounds) diag_note_plain(e, "%s", bounds);
        if (op == AST_DIV) diag_hint(e, "// divides sizes");
        return value_poison(where);
    }
    double r = wrong ? 0 : fold_reals(op, value_number(a), value_number(b), &wrong);
    if (!wrong) return value_real(r, where);
    diag_error(l->diags, op_where, "%s of %s and %s: %s", operator_text[op], value_show(l, a), value_show(l, b), wrong);
    return value_poison(where);
}

/* --- arithmetic on tensors --------------------------------------------------------------------------------------- */

static const char *elementwise_text(ir_op op) {
    switch ((unsigned)op) {
    case IR_ADD: return "+";
    case IR_SUB: return "-";
    case IR_MUL: return "*";
    case IR_DIV: return "/";
    case IR_POW: return "**";
    case IR_MAXIMUM: return "max";
    case IR_MINIMUM: return "min";
    default: return ir_op_name(op);
    }
}

static void report_broadcast(lowering *l, const char *what, const ir_type *a, const ir_type *b,
                             const ast_expr *a_written, const ast_expr *b_written, const value *a_value,
                             const value *b_value, span op_where) {
    unsigned i = 1;
    while (i <= a->rank && i <= b->rank) {
        const dim *x = a->dims[a->rank - i], *y = b->dims[b->rank - i];
        if (!dim_same(x, y) && !dim_is(x, 1) && !dim_is(y, 1)) break;
        i++;
    }
    const dim *x = a->dims[a->rank - i], *y = b->dims[b->rank - i];
    diag *e = diag_error(l->diags, op_where, "the shapes of %s do not fit: %s and %s, with %s against %s in dim -%u",
                         what, type_show(l, a), type_show(l, b), dim_string(l->arena, x), dim_string(l->arena, y), i);
    note_value(l, e, a_written, a_value, op_where);
    note_value(l, e, b_written, b_value, op_where);
    bool may_be_1 = (!dim_is_const(x, NULL) && dim_min(x) <= 1) || (!dim_is_const(y, NULL) && dim_min(y) <= 1);
    ir_type turned = *b;
    if (b->rank >= 2) {
        turned.dims[b->rank - 1] = b->dims[b->rank - 2];
        turned.dims[b->rank - 2] = b->dims[b->rank - 1];
    }
    ir_type both;
    if (b->rank >= 2 && shape_broadcast(a, &turned, &both)) diag_hint(e, "it fits when one of them is transposed");
    else if (!dim_is_const(x, NULL) && !dim_is_const(y, NULL))
        diag_hint(e, "%s and %s may differ; if they never do, write both as one dim", dim_string(l->arena, x),
                  dim_string(l->arena, y));
    else if (may_be_1) diag_hint(e, "a run-time dim never broadcasts, not even when it happens to be 1");
}

value lower_elementwise(lowering *l, ir_op op, ir_value *a, ir_value *b, const ast_expr *a_written,
                        const ast_expr *b_written, const value *a_value, const value *b_value, span op_where,
                        span where) {
    if (op == IR_DIV || a->type.dtype != b->type.dtype) {
        a = build_float(l, a, where);
        b = build_float(l, b, where);
    }
    ir_type type = {.dtype = a->type.dtype};
    if (!shape_broadcast(&a->type, &b->type, &type)) {
        report_broadcast(l, elementwise_text(op), &a->type, &b->type, a_written, b_written, a_value, b_value, op_where);
        return value_poison(where);
    }
    ir_value *const operands[] = {a, b};
    return value_tensor(l, build_value(l, op, operands, 2, &type, where), where);
}

/* A number beside a tensor of this type, as torch promotes it: an integer takes the tensor's type, a real makes float32
 * of both. NULL after reporting. */
static ir_value *number_beside(lowering *l, const value *v, ir_dtype beside, ast_operator op, span where) {
    if (is_run_time(v)) {
        diag *e = diag_error(l->diags, where, "%s of a tensor and %s: a run-time size is no number that nnc knows now",
                             operator_text[op], value_show(l, v));
        const char *bounds = bounds_show(l, v->integer);
        if (bounds) diag_note_plain(e, "%s", bounds);
        if (op == AST_DIV) diag_hint(e, "mean(x, dim=…) divides a sum by the size");
        return NULL;
    }
    double number = value_number(v);
    bool whole = v->kind == VALUE_INTEGER && beside == IR_I32 && op != AST_DIV;
    if (whole && (number < INT32_MIN || number > INT32_MAX)) {
        diag_error(l->diags, where, "%.0f does not fit int32", number);
        return NULL;
    }
    return build_const(l, whole ? IR_I32 : IR_F32, number, where);
}

static bool power_fits(lowering *l, const value *a, const value *b, span op_where) {
    bool whole_base = a->kind == VALUE_INTEGER || (a->kind == VALUE_TENSOR && a->tensor->type.dtype == IR_I32);
    bool whole_exponent = b->kind == VALUE_INTEGER || (b->kind == VALUE_TENSOR && b->tensor->type.dtype == IR_I32);
    if (!whole_base || !whole_exponent) return true;
    if (b->kind == VALUE_TENSOR) {
        diag *e =
            diag_error(l->diags, op_where, "an integer power needs a constant exponent, found %s", value_show(l, b));
        diag_hint(e, "a float32 base takes any exponent");
        return false;
    }
    int64_t exponent;
    if (dim_is_const(b->integer, &exponent) && exponent < 0) {
        diag *e = diag_error(l->diags, op_where, "integers have no negative powers, found %s ** %lld", value_show(l, a),
                             (long long)exponent);
        diag_hint(e, "with %lld.0 the result is float32", (long long)exponent);
        return false;
    }
    return true;
}

value lower_binary(lowering *l, ast_operator op, const value *a, const value *b, const ast_expr *a_written,
                   const ast_expr *b_written, span op_where, span where) {
    static const ir_op ops[] = {[AST_ADD] = IR_ADD, [AST_SUB] = IR_SUB,      [AST_MUL] = IR_MUL,
                                [AST_DIV] = IR_DIV, [AST_FLOORDIV] = IR_DIV, [AST_POW] = IR_POW};
    value poison = value_poison(where);
    if (value_has_poison(a) || value_has_poison(b)) return poison;
    if (is_number(a) && is_number(b)) return fold_numbers(l, op, a, b, op_where, where);
    const value *const sides[] = {a, b};
    const ast_expr *const written[] = {a_written, b_written};
    for (int i = 0; i < 2; i++) {
        if (sides[i]->kind == VALUE_TENSOR || is_number(sides[i])) continue;
        diag *e = diag_error(l->diags, written[i] ? written[i]->where : op_where,
                             "%s needs tensors or numbers, found %s", operator_text[op], value_show(l, sides[i]));
        if (sides[i]->gives) diag_note_plain(e, "%s", sides[i]->gives);
        note_value(l, e, written[i], sides[i], written[i] ? written[i]->where : op_where);
        if (sides[i]->gives) diag_hint(e, "%s", sides[i]->mend);
        return poison;
    }
    if (op == AST_FLOORDIV) {
        diag *e = diag_error(l->diags, op_where, "// is for sizes, not for tensors");
        note_value(l, e, a_written, a, op_where);
        note_value(l, e, b_written, b, op_where);
        return poison;
    }
    if (op == AST_POW && !power_fits(l, a, b, op_where)) return poison;
    ir_dtype beside = a->kind == VALUE_TENSOR ? a->tensor->type.dtype : b->tensor->type.dtype;
    ir_value *x =
        a->kind == VALUE_TENSOR ? a->tensor : number_beside(l, a, beside, op, a_written ? a_written->where : where);
    ir_value *y =
        b->kind == VALUE_TENSOR ? b->tensor : number_beside(l, b, beside, op, b_written ? b_written->where : where);
    if (!x || !y) return poison;
    return lower_elementwise(l, ops[op], x, y, a_written, b_written, a, b, op_where, where);
}

static value lower_negate(lowering *l, const ast_expr *e) {
    value v = lower_expr(l, e->operand);
    switch (v.kind) {
    case VALUE_POISON: return v;
    case VALUE_INTEGER: return value_integer(dim_sub(l->model->dims, build_dim(l, 0), v.integer), e->where);
    case VALUE_REAL: return value_real(-v.real, e->where);
    case VALUE_TENSOR: return value_tensor(l, build_unary(l, IR_NEG, v.tensor, e->where), e->where);
    case VALUE_BOOL:
    case VALUE_STRING:
    case VALUE_NONE:
    case VALUE_TUPLE: break;
    }
    if (value_has_poison(&v)) return value_poison(e->where);
    diag *d = diag_error(l->diags, e->operand->where, "- needs a tensor or a number, found %s", value_show(l, &v));
    if (v.gives) diag_note_plain(d, "%s", v.gives);
    note_value(l, d, e->operand, &v, e->operand->where);
    if (v.gives) diag_hint(d, "%s", v.mend);
    return value_poison(e->where);
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

value lower_expr(lowering *l, const ast_expr *e) {
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
    case AST_NEGATE: return lower_negate(l, e);
    case AST_BINARY: {
        value a = lower_expr(l, e->left), b = lower_expr(l, e->right);
        return lower_binary(l, e->op, &a, &b, e->left, e->right, e->op_where, e->where);
    }
    case AST_SLICE:
    case AST_ELLIPSIS: break;
    }
    ice("an expression of kind %d outside of an index", (int)e->kind);
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
        else if (v.kind == VALUE_REAL) diag_hint(d, "sizes have no decimal point, and // divides them");
        return false;
    }
    *size = v.integer;
    if (!dim_is_huge(v.integer) && dim_min(v.integer) >= 1) return true;
    diag *d = diag_error(l->diags, e->where, "a size must be at least 1, found %s", dim_string(l->arena, v.integer));
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
