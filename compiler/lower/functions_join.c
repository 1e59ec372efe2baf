/* functions_join: those that put tensors together or make larger ones: cat, stack, pad, one_hot, matmul. */
#include "lower/lowering.h"

#define PARAMETERS(array) array, sizeof array / sizeof *array

/* --- cat and stack ----------------------------------------------------------------------------------------------- */

/* The tensors of argument 0 as one type. */
static ir_value **parts_of(lowering *l, const arguments *a) {
    const value *tuple = &a->values[0];
    ir_value **parts = ARENA_ARRAY(l->arena, ir_value *, tuple->count);
    ir_dtype dtype = IR_BOOL;
    for (size_t i = 0; i < tuple->count; i++) dtype = promoted(dtype, tuple->items[i].tensor->type.dtype);
    for (size_t i = 0; i < tuple->count; i++) parts[i] = build_cast(l, tuple->items[i].tensor, dtype, a->call->where);
    return parts;
}

static const ast_expr *part_written(const arguments *a, size_t i) {
    const ast_expr *e = args_written(a, 0);
    if (e->kind != AST_TUPLE) return NULL;
    for (e = e->items; e && i; i--) e = e->next;
    return e;
}

/* Could the smaller of two be joined if it had this dim, of size 1? */
static bool lacks_dim(const ir_type *a, const ir_type *b, unsigned axis) {
    const ir_type *large = a->rank > b->rank ? a : b, *small = a->rank > b->rank ? b : a;
    if (large->rank != small->rank + 1 || axis >= large->rank) return false;
    for (unsigned d = 0; d < small->rank; d++)
        if (!dim_same(small->dims[d], large->dims[d + (d >= axis)])) return false;
    return true;
}

/* All dims but `axis` must be the first part's; `axis` beyond the rank means all. */
static bool parts_fit(lowering *l, const arguments *a, ir_value *const *parts, unsigned axis) {
    const value *tuple = &a->values[0];
    const ir_type *first = &parts[0]->type;
    for (size_t i = 1; i < tuple->count; i++) {
        const ir_type *other = &parts[i]->type;
        bool fits = other->rank == first->rank;
        for (unsigned d = 0; fits && d < first->rank; d++) fits = d == axis || dim_same(first->dims[d], other->dims[d]);
        if (fits) continue;
        const ast_expr *written = part_written(a, i);
        span where = written ? written->where : args_where(a, 0);
        diag *e = other->rank != first->rank
                      ? diag_error(l->diags, where, "%s needs tensors of as many dims: %s and %s", a->what,
                                   type_show(l, first), type_show(l, other))
                  : axis < first->rank
                      ? diag_error(l->diags, where, "%s along dim %u needs the same sizes in all other dims: %s and %s",
                                   a->what, axis, type_show(l, first), type_show(l, other))
                      : diag_error(l->diags, where, "%s needs tensors of one shape: %s and %s", a->what,
                                   type_show(l, first), type_show(l, other));
        note_value(l, e, part_written(a, 0), &tuple->items[0], where);
        note_value(l, e, written, &tuple->items[i], where);
        ir_type both;
        bool broadcasts = first->rank == other->rank && shape_broadcast(first, other, &both);
        if (broadcasts && !function_find("expand"))
            diag_hint(e,
                      "only + - * / broadcast by themselves: what is expanded in torch is x + 0 * y, with a y of the "
                      "whole shape");
        else if (broadcasts) diag_hint(e, "only arithmetic broadcasts by itself: expand it");
        else if (lacks_dim(first, other, axis)) diag_hint(e, "it fits with one dim more: unsqueeze(…, %u)", axis);
        return false;
    }
    return true;
}

static value lower_cat(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    span where = a->call->where;
    ir_value **parts = parts_of(l, a);
    unsigned axis;
    if (!parts[0]->type.rank) {
        diag *e = diag_error(l->diags, args_where(a, 0), "scalars cannot be put together with cat");
        diag_hint(e, "stack does it");
        return value_poison(where);
    }
    const char *first = type_show(l, &parts[0]->type);
    if (!shape_axis(l, args_integer(a, 1, 0), parts[0]->type.rank, args_where(a, 1), first, &axis))
        return value_poison(where);
    if (!parts_fit(l, a, parts, axis)) return value_poison(where);
    return value_tensor(l, build_cat(l, parts, (unsigned)a->values[0].count, axis, where), where);
}

static value lower_stack(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    span where = a->call->where;
    ir_value **parts = parts_of(l, a);
    unsigned axis, rank = parts[0]->type.rank + 1;
    const char *result = arena_printf(l->arena, "a stack of %s", type_show(l, &parts[0]->type));
    if (!shape_rank_fits(l, rank, where)) return value_poison(where);
    if (!shape_axis(l, args_integer(a, 1, 0), rank, args_where(a, 1), result, &axis)) return value_poison(where);
    if (!parts_fit(l, a, parts, IR_MAX_RANK)) return value_poison(where);
    const dim *dims[IR_MAX_RANK];
    for (unsigned i = 0; i < rank; i++) dims[i] = i == axis ? build_dim(l, 1) : parts[0]->type.dims[i - (i > axis)];
    for (size_t i = 0; i < a->values[0].count; i++) parts[i] = build_reshape(l, parts[i], dims, rank, where);
    return value_tensor(l, build_cat(l, parts, (unsigned)a->values[0].count, axis, where), where);
}

/* --- pad --------------------------------------------------------------------------------------------------------- */

static bool pad_mode_of(lowering *l, const arguments *a, ir_pad_mode *mode) {
    static const char *const modes[] = {"constant", "reflect", "replicate", "circular"};
    const char *name = args_string(a, 2, "constant");
    for (int i = 0; i < 4; i++) {
        *mode = (ir_pad_mode)i;
        if (strcmp(name, modes[i]) == 0) return true;
    }
    const char *nearest = diag_nearest(name, modes, 4);
    diag *e = diag_error(l->diags, args_where(a, 2),
                         "mode of pad is constant, reflect, replicate or circular, found "
                         "\"%.40s\"",
                         name);
    if (nearest) diag_hint(e, "did you mean \"%s\"?", nearest);
    return false;
}

/* The pairs of amounts go with the last dim, the one before it, and so on. */
static bool pad_amounts_fit(lowering *l, const arguments *a, ir_pad_mode mode) {
    const value *amounts = &a->values[1];
    const ir_type *x = &args_tensor(a, 0)->type;
    size_t pairs = amounts->count / 2;
    diag *e = NULL;
    if (!pairs || amounts->count % 2)
        e = diag_error(l->diags, args_where(a, 1), "pad needs amounts in pairs, (left, right, …), found %zu",
                       amounts->count);
    else if (pairs > x->rank)
        e = diag_error(l->diags, args_where(a, 1), "pad has %zu pairs of amounts for the %u dims of %s", pairs, x->rank,
                       type_show(l, x));
    else if (mode != IR_PAD_CONSTANT && (pairs > 3 || x->rank < pairs + 1 || x->rank > pairs + 2)) {
        e = diag_error(l->diags, args_where(a, 1),
                       "pad with mode \"%s\" and %zu pair%s of amounts needs a tensor of %zu "
                       "or %zu dims, found %s",
                       args_string(a, 2, ""), pairs, pairs == 1 ? "" : "s", pairs + 1, pairs + 2, type_show(l, x));
        note_argument(l, e, a, 0, args_where(a, 1));
        if (x->rank == pairs) diag_hint(e, "unsqueeze it first");
        return false;
    } else if (mode != IR_PAD_CONSTANT && args_has(a, 3))
        e = diag_error(l->diags, args_where(a, 3), "pad takes value with mode \"constant\" only");
    for (size_t i = 0; !e && i < amounts->count; i++) {
        int64_t n = (int64_t)value_number(&amounts->items[i]);
        bool pair_mixed = mode == IR_PAD_CIRCULAR && n < 0 && value_number(&amounts->items[i ^ 1]) > 0;
        if (n > INT32_MAX || n < -INT32_MAX)
            e = diag_error(l->diags, amounts->items[i].where, "pad by %lld is too much", (long long)n);
        else if (pair_mixed)
            e = diag_error(l->diags, amounts->items[i].where,
                           "circular padding on one side and cutting on the other do not "
                           "go together");
    }
    return !e;
}

/* First what is added, then what negative amounts cut off. NULL after reporting. */
static ir_value *pad_axis(lowering *l, const arguments *a, ir_value *x, unsigned axis, const value *amounts,
                          ir_pad_mode mode, double number) {
    span where = a->call->where;
    int64_t left = (int64_t)value_number(&amounts[0]), right = (int64_t)value_number(&amounts[1]);
    int64_t before = left > 0 ? left : 0, after = right > 0 ? right : 0;
    const char *shown = type_show(l, &args_tensor(a, 0)->type);
    if (!shape_pad_fits(l, x->type.dims[axis], before, after, mode, args_where(a, 1), shown)) return NULL;
    const dim *extent = dim_add(l->model->dims, x->type.dims[axis], build_dim(l, left + right));
    if (dim_min(extent) < 1) {
        diag *e = diag_error(l->diags, args_where(a, 1), "pad by (%lld, %lld) leaves nothing of dim %u of %s",
                             (long long)left, (long long)right, axis, shown);
        const char *bounds = bounds_show(l, extent);
        if (bounds) diag_note_plain(e, "%s", bounds);
        return NULL;
    }
    x = build_pad(l, x, axis, before, after, mode, number, where);
    return build_slice(l, x, axis, build_dim(l, left < 0 ? -left : 0), extent, 1, where);
}

static value lower_pad(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    span where = a->call->where;
    ir_value *x = args_tensor(a, 0);
    const value *amounts = &a->values[1];
    ir_pad_mode mode;
    if (!pad_mode_of(l, a, &mode) || !pad_amounts_fit(l, a, mode)) return value_poison(where);
    double number = args_real(a, 3, 0.0);
    if (x->type.dtype == IR_BOOL) number = number != 0;
    if (x->type.dtype == IR_I32 && !value_fits_int32(number)) {
        diag_error(l->diags, args_where(a, 3), "the value %g does not fit %s", number, type_show(l, &x->type));
        return value_poison(where);
    }
    for (size_t i = 0; x && i < amounts->count / 2; i++)
        x = pad_axis(l, a, x, x->type.rank - 1 - (unsigned)i, &amounts->items[2 * i], mode, number);
    return x ? value_tensor(l, x, where) : value_poison(where);
}

/* --- one_hot and matmul ------------------------------------------------------------------------------------------ */

static value lower_one_hot(lowering *l, const arguments *a, ir_op op) {
    span where = a->call->where;
    const value *given = &a->values[0];
    ir_value *ids = given->kind == VALUE_TENSOR ? given->tensor : lower_size_value(l, given, args_where(a, 0));
    if (!ids) return value_poison(where);
    int64_t classes = args_integer(a, 1, -1);
    if (ids->type.dtype != IR_I32) {
        diag *e = diag_error(l->diags, args_where(a, 0), "one_hot needs int32, found %s", type_show(l, &ids->type));
        note_argument(l, e, a, 0, args_where(a, 0));
        return value_poison(where);
    }
    if (classes < 1 || classes > INT32_MAX) {
        if (!args_has(a, 1)) diag_error(l->diags, where, "one_hot needs num_classes: shapes are known at compile time");
        else
            diag_error(l->diags, args_where(a, 1),
                       "num_classes of one_hot must be at least 1 and fit int32, found %lld", (long long)classes);
        return value_poison(where);
    }
    if (!shape_rank_fits(l, ids->type.rank + 1, where)) return value_poison(where);
    ir_type type = ids->type;
    type.dtype = IR_F32;
    type.dims[type.rank++] = build_dim(l, classes);
    ir_value *v = build_value(l, op, &ids, 1, &type, where);
    v->producer->attrs.count = classes;
    return value_tensor(l, v, where);
}

/* Integers have no matmul operator of their own: the products are summed along the dim that they share. */
static value integer_matmul(lowering *l, ir_value *x, ir_value *y, span where) {
    const dim *dims[IR_MAX_RANK];
    unsigned rank = x->type.rank;
    if (!shape_rank_fits(l, (rank > y->type.rank ? rank : y->type.rank) + 1u, where)) return value_poison(where);
    for (unsigned i = 0; i < rank; i++) dims[i] = x->type.dims[i];
    dims[rank] = build_dim(l, 1); /* [..., M, K, 1] */
    x = build_reshape(l, x, dims, rank + 1, where);
    rank = y->type.rank;
    for (unsigned i = 0; i + 2 < rank; i++) dims[i] = y->type.dims[i];
    dims[rank - 2] = build_dim(l, 1); /* [..., 1, K, N] */
    dims[rank - 1] = y->type.dims[rank - 2];
    dims[rank] = y->type.dims[rank - 1];
    y = build_reshape(l, y, dims, rank + 1, where);
    ir_type type = {.dtype = IR_I32};
    shape_broadcast(&x->type, &y->type, &type);
    ir_value *const operands[] = {x, y};
    value product = value_tensor(l, build_value(l, IR_MUL, operands, 2, &type, where), where);
    if (product.kind == VALUE_POISON) return product;
    return value_tensor(l, build_reduce(l, IR_SUM, product.tensor, 1u << (type.rank - 2), false, where), where);
}

static diag *matmul_error(lowering *l, const arguments *a, const char *format, const char *x, const char *y,
                          const char *why) {
    diag *e = diag_error(l->diags, a->call->where, "%s of %s and %s: %s%s", a->what, x, y, format, why);
    note_argument(l, e, a, 0, a->call->where);
    note_argument(l, e, a, 1, a->call->where);
    return e;
}

static value lower_matmul(lowering *l, const arguments *a, ir_op op) {
    span where = a->call->where;
    ir_value *x = args_tensor(a, 0), *y = args_tensor(a, 1);
    const char *x_shown = type_show(l, &x->type), *y_shown = type_show(l, &y->type);
    bool scalar = !x->type.rank || !y->type.rank, bools = x->type.dtype == IR_BOOL;
    if (scalar || bools || x->type.dtype != y->type.dtype) {
        const char *why = scalar ? "both need a dim" : bools ? "bools have no products" : "both must be of one type";
        diag *e = matmul_error(l, a, why, x_shown, y_shown, "");
        if (scalar) diag_hint(e, "* multiplies by a scalar");
        return value_poison(where);
    }
    /* A vector is a matrix of one row on the left, of one column on the right; that dim is dropped from the result. */
    bool row = x->type.rank == 1, column = y->type.rank == 1;
    const dim *one = build_dim(l, 1);
    if (row) x = build_reshape(l, x, (const dim *const[]){one, x->type.dims[0]}, 2, where);
    if (column) y = build_reshape(l, y, (const dim *const[]){y->type.dims[0], one}, 2, where);
    const dim *rows = x->type.dims[x->type.rank - 2], *columns = y->type.dims[y->type.rank - 1];
    const dim *left = x->type.dims[x->type.rank - 1], *right = y->type.dims[y->type.rank - 2];
    if (!dim_same(left, right)) {
        const char *why =
            arena_printf(l->arena, "the last dim of the first, %s, must be the %s of the second, %s",
                         dim_short(l->arena, left), column ? "dim" : "last but one", dim_short(l->arena, right));
        diag *e = matmul_error(l, a, "", x_shown, y_shown, why);
        if (!column && dim_same(left, columns))
            diag_hint(e, "it fits when the second is transposed: transpose(…, -1, -2)");
        return value_poison(where);
    }
    ir_type lead = {.dtype = x->type.dtype}, x_lead = x->type, y_lead = y->type;
    x_lead.rank -= 2;
    y_lead.rank -= 2;
    if (!shape_broadcast(&x_lead, &y_lead, &lead)) {
        matmul_error(l, a, "the leading dims do not fit", x_shown, y_shown, "");
        return value_poison(where);
    }
    value product;
    if (x->type.dtype == IR_I32) {
        product = integer_matmul(l, x, y, where);
    } else {
        ir_type type = lead;
        type.dims[type.rank++] = rows;
        type.dims[type.rank++] = columns;
        ir_value *const operands[] = {x, y};
        product = value_tensor(l, build_value(l, op, operands, 2, &type, where), where);
    }
    if (product.kind == VALUE_POISON || (!row && !column)) return product;
    unsigned rank = lead.rank;
    if (!row) lead.dims[rank++] = rows;
    if (!column) lead.dims[rank++] = columns;
    return value_tensor(l, build_reshape(l, product.tensor, lead.dims, rank, where), where);
}

value lower_product(lowering *l, as_written a, as_written b, span where) {
    ast_expr *call = ARENA_NEW(l->arena, ast_expr);
    ast_argument *written = ARENA_ARRAY(l->arena, ast_argument, 2);
    *call = (ast_expr){.kind = AST_BINARY, .op = AST_MATMUL, .where = where};
    written[0].value = (ast_expr *)(uintptr_t)a.written;
    written[1].value = (ast_expr *)(uintptr_t)b.written;
    arguments both = {.call = call, .what = "@", .given = {&written[0], &written[1]}, .values = {*a.value, *b.value}};
    return lower_matmul(l, &both, IR_MATMUL);
}

static const parameter joined[] = {{"tensors", TAKES_TENSORS | REQUIRED}, {"dim", TAKES_INTEGER}};
static const parameter pad[] = {{"input", TAKES_TENSOR | REQUIRED},
                                {"pad", TAKES_INTEGERS | REQUIRED},
                                {"mode", TAKES_STRING},
                                {"value", TAKES_REAL | TAKES_NONE}};
static const parameter one_hot[] = {{"input", TAKES_TENSOR | TAKES_SIZE | REQUIRED}, {"num_classes", TAKES_INTEGER}};
static const parameter matmul[] = {{"input", TAKES_TENSOR | REQUIRED}, {"other", TAKES_TENSOR | REQUIRED}};

const function functions_join[] = {
    {"cat", PARAMETERS(joined), lower_cat, 0},
    {"stack", PARAMETERS(joined), lower_stack, 0},
    {"pad", PARAMETERS(pad), lower_pad, 0},
    {"one_hot", PARAMETERS(one_hot), lower_one_hot, IR_ONE_HOT},
    {"matmul", PARAMETERS(matmul), lower_matmul, IR_MATMUL},
    {NULL, NULL, 0, NULL, 0},
};
