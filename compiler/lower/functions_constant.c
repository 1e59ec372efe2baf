/* functions_constant: tensors made of nothing but numbers and sizes. */
#include <math.h>

#include "lower/lowering.h"

#define PARAMETERS(array) array, sizeof array / sizeof *array

static ir_dtype dtype_of(const arguments *a, size_t i, ir_dtype otherwise) {
    return args_has(a, i) ? a->values[i].dtype : otherwise;
}

/* The number in every element. */
static value filled(lowering *l, const arguments *a, const ir_type *type, double number) {
    ir_value *v = build_const(l, type->dtype, number, a->call->where);
    v->type = *type;
    return value_tensor(l, v, a->call->where);
}

static value lower_zeros(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    ir_type type = {.dtype = dtype_of(a, 1, IR_F32)};
    if (!shape_sizes(l, a, 0, type.dims, &type.rank)) return value_poison(a->call->where);
    return filled(l, a, &type, strcmp(a->what, "ones") == 0);
}

static value lower_zeros_like(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    ir_type type = args_tensor(a, 0)->type;
    type.dtype = dtype_of(a, 1, type.dtype);
    return filled(l, a, &type, strcmp(a->what, "ones_like") == 0);
}

/* A number as one of this type; a run-time size is read everywhere. */
static value full_of(lowering *l, const arguments *a, const ir_type *type) {
    const value *v = &a->values[1];
    span where = a->call->where;
    if (v->kind == VALUE_INTEGER && !dim_is_const(v->integer, NULL)) {
        ir_value *size = lower_size_value(l, v, args_where(a, 1));
        if (!size) return value_poison(where);
        size = build_cast(l, size, type->dtype, where);
        return value_tensor(l, build_expand(l, size, type->dims, type->rank, where), where);
    }
    double number = v->kind == VALUE_BOOL ? v->boolean : value_number(v);
    if (type->dtype == IR_BOOL) number = number != 0;
    bool fits = number >= INT32_MIN && number <= INT32_MAX && number == floor(number);
    if (type->dtype == IR_I32 && !fits) {
        diag_error(l->diags, args_where(a, 1), "%g does not fit int32", number);
        return value_poison(where);
    }
    return filled(l, a, type, number);
}

static value lower_full(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    const value *v = &a->values[1];
    ir_dtype own = v->kind == VALUE_REAL ? IR_F32 : v->kind == VALUE_BOOL ? IR_BOOL : IR_I32;
    ir_type type = {.dtype = dtype_of(a, 2, own)};
    if (!shape_sizes(l, a, 0, type.dims, &type.rank)) return value_poison(a->call->where);
    return full_of(l, a, &type);
}

static value lower_full_like(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    ir_type type = args_tensor(a, 0)->type;
    type.dtype = dtype_of(a, 2, type.dtype);
    return full_of(l, a, &type);
}

/* --- literals ---------------------------------------------------------------------------------------------------- */

typedef struct {
    double *numbers;
    size_t count, capacity;
    bool whole, bools; /* all of them */
    ir_type type;
} literal;

static value literal_tensor(lowering *l, const arguments *a, const literal *t) {
    ir_value *v = build_value(l, IR_TENSOR, NULL, 0, &t->type, a->call->where);
    v->producer->attrs.values = (ir_values){t->numbers, t->count};
    return value_tensor(l, v, a->call->where);
}

/* The numbers of v, whose first part at each depth sets the size there. */
static bool add_numbers(lowering *l, const value *v, unsigned depth, bool first, literal *t) {
    bool number = v->kind == VALUE_REAL || v->kind == VALUE_BOOL ||
                  (v->kind == VALUE_INTEGER && dim_is_const(v->integer, NULL));
    if (first && number) t->type.rank = depth;
    if (number && depth == t->type.rank) {
        double one = v->kind == VALUE_BOOL ? v->boolean : value_number(v);
        t->whole = t->whole && v->kind != VALUE_REAL;
        t->bools = t->bools && v->kind == VALUE_BOOL;
        ARENA_PUSH(l->arena, t->numbers, t->count, t->capacity, one);
        return true;
    }
    if (v->kind != VALUE_TUPLE) {
        diag *e = number ? diag_error(l->diags, v->where, "a number stands where the others of this depth are lists")
                         : diag_error(l->diags, v->where, "a tensor is made of numbers, found %s", value_show(l, v));
        if (v->kind == VALUE_TENSOR) diag_hint(e, "stack([…]) puts tensors together");
        else if (v->kind == VALUE_INTEGER) diag_hint(e, "full((…), n) takes a run-time size");
        return false;
    }
    if (!v->count || depth == IR_MAX_RANK || (!first && depth >= t->type.rank)) {
        if (!v->count) diag_error(l->diags, v->where, "a tensor cannot be empty");
        else if (depth == IR_MAX_RANK) diag_error(l->diags, v->where, "a tensor has at most %d dims", IR_MAX_RANK);
        else diag_error(l->diags, v->where, "a list stands where the others of this depth are numbers");
        return false;
    }
    if (first) t->type.dims[depth] = build_dim(l, (int64_t)v->count);
    if (!dim_is(t->type.dims[depth], (int64_t)v->count)) {
        diag_error(l->diags, v->where, "all lists of one depth have the same number of parts: %s, found %zu",
                   dim_short(l->arena, t->type.dims[depth]), v->count);
        return false;
    }
    for (size_t i = 0; i < v->count; i++)
        if (!add_numbers(l, &v->items[i], depth + 1, first && i == 0, t)) return false;
    return true;
}

static value lower_literal(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    literal t = {.whole = true, .bools = true};
    value poison = value_poison(a->call->where);
    if (value_has_poison(&a->values[0]) || !add_numbers(l, &a->values[0], 0, true, &t)) return poison;
    t.type.dtype = dtype_of(a, 1, t.bools ? IR_BOOL : t.whole ? IR_I32 : IR_F32);
    for (size_t i = 0; i < t.count; i++) {
        double number = t.numbers[i];
        if (t.type.dtype == IR_BOOL) t.numbers[i] = number != 0;
        bool fits = number >= INT32_MIN && number <= INT32_MAX && number == floor(number);
        if (t.type.dtype != IR_I32 || fits) continue;
        diag_error(l->diags, args_where(a, 0), "%g does not fit int32", number);
        return poison;
    }
    if (t.type.rank) return literal_tensor(l, a, &t);
    return value_tensor(l, build_const(l, t.type.dtype, t.numbers[0], a->call->where), a->call->where);
}

/* --- arange and eye ---------------------------------------------------------------------------------------------- */

/* One with a fraction somewhere, whose numbers nnc must know. */
static value real_arange(lowering *l, const arguments *a, const value *start, const value *end, const value *step) {
    enum { MOST = 1 << 20 };
    value poison = value_poison(a->call->where);
    const value *all[] = {start, end, step};
    for (int i = 0; i < 3; i++) {
        if (all[i]->kind != VALUE_INTEGER || dim_is_const(all[i]->integer, NULL)) continue;
        diag *e = diag_error(l->diags, a->call->where, "arange with a run-time size, %s, needs whole numbers",
                             dim_short(l->arena, all[i]->integer));
        diag_hint(e, "arange(N) * step + start");
        return poison;
    }
    double from = value_number(start), by = value_number(step), count = ceil((value_number(end) - from) / by);
    if (!(count >= 1 && count <= MOST)) {
        diag_error(l->diags, a->call->where, "arange gives %g numbers; it must be 1 to %d", count, MOST);
        return poison;
    }
    literal t = {.type = {.dtype = dtype_of(a, 3, IR_F32), .rank = 1, .dims = {build_dim(l, (int64_t)count)}}};
    if (t.type.dtype != IR_F32) {
        diag_error(l->diags, args_where(a, 3), "arange of numbers with a fraction is float32");
        return poison;
    }
    for (int64_t i = 0; i < (int64_t)count; i++)
        ARENA_PUSH(l->arena, t.numbers, t.count, t.capacity, from + by * (double)i);
    return literal_tensor(l, a, &t);
}

/* arange(end), arange(start, end), arange(start, end, step). */
static value lower_arange(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    span where = a->call->where;
    dim_table *t = l->model->dims;
    value zero = value_integer(build_dim(l, 0), where), one = value_integer(build_dim(l, 1), where);
    bool alone = !args_has(a, 1);
    const value *start = alone ? &zero : &a->values[0], *end = &a->values[alone ? 0 : 1];
    const value *step = args_has(a, 2) ? &a->values[2] : &one;
    double by = step->kind == VALUE_INTEGER && !dim_is_const(step->integer, NULL) ? 0 : value_number(step);
    if (by == 0) {
        diag_error(l->diags, args_where(a, 2), "step of arange must be a constant other than 0, found %s",
                   value_show(l, step));
        return value_poison(where);
    }
    if (start->kind == VALUE_REAL || end->kind == VALUE_REAL || step->kind == VALUE_REAL)
        return real_arange(l, a, start, end, step);
    const dim *way = by > 0 ? dim_sub(t, end->integer, start->integer) : dim_sub(t, start->integer, end->integer);
    int64_t magnitude = (int64_t)fabs(by);
    const dim *count = dim_floordiv(t, dim_add(t, way, build_dim(l, magnitude - 1)), magnitude);
    const dim *last =
        dim_add(t, start->integer, dim_mul(t, dim_sub(t, count, build_dim(l, 1)), build_dim(l, (int64_t)by)));
    if (dim_is_huge(count) || dim_min(count) < 1) {
        diag *e = diag_error(l->diags, where, "arange from %s to %s, step %g, %s empty",
                             dim_short(l->arena, start->integer), dim_short(l->arena, end->integer), by,
                             dim_is_huge(count) || dim_max(count) < 1 ? "is" : "may be");
        const char *bounds = bounds_show(l, count);
        if (bounds) diag_note_plain(e, "%s", bounds);
        return value_poison(where);
    }
    value ends[] = {value_integer(start->integer, where), value_integer(last, where)};
    for (int i = 0; i < 2; i++)
        if (dim_min(ends[i].integer) < INT32_MIN || dim_max(ends[i].integer) > INT32_MAX) {
            lower_size_value(l, &ends[i], where); /* reports it */
            return value_poison(where);
        }
    ir_value *v = build_arange(l, start->integer, count, (int64_t)by, where);
    if (l->graph == &l->model->reset && !(dim_is_const(start->integer, NULL) && dim_is_const(count, NULL))) {
        diag_error(l->diags, where, "a state's first value cannot depend on a run-time size");
        return value_poison(where);
    }
    return value_tensor(l, build_cast(l, v, dtype_of(a, 3, IR_I32), where), where);
}

/* 1 where the row is the column. */
static value lower_eye(lowering *l, const arguments *a, ir_op op) {
    span where = a->call->where;
    const dim *dims[2], *zero = build_dim(l, 0), *one = build_dim(l, 1);
    unsigned rank;
    if (!shape_sizes(l, a, 0, dims, &rank)) return value_poison(where);
    if (args_has(a, 1) && !shape_sizes(l, a, 1, dims + 1, &rank)) return value_poison(where);
    if (!args_has(a, 1)) dims[1] = dims[0];
    ir_value *rows = build_arange(l, zero, dims[0], 1, where), *columns = rows;
    if (!dim_same(dims[0], dims[1])) columns = build_arange(l, zero, dims[1], 1, where);
    rows = build_reshape(l, rows, (const dim *const[]){dims[0], one}, 2, where);
    ir_value *const both[] = {rows, columns};
    ir_type type = {.dtype = IR_BOOL, .rank = 2, .dims = {dims[0], dims[1]}};
    ir_value *v = build_value(l, op, both, 2, &type, where);
    return value_tensor(l, build_cast(l, v, dtype_of(a, 2, IR_F32), where), where);
}

/* ----------------------------------------------------------------------------------------------------------------- */

#define DTYPE {"dtype", TAKES_DTYPE | TAKES_NONE}

static const parameter zeros[] = {{"size", TAKES_SIZE | TAKES_SIZES | VARIADIC | REQUIRED}, DTYPE};
static const parameter like[] = {{"input", TAKES_TENSOR | REQUIRED}, DTYPE};
static const parameter full[] = {
    {"size", TAKES_SIZES | REQUIRED}, {"fill_value", TAKES_REAL | TAKES_SIZE | TAKES_BOOL | REQUIRED}, DTYPE};
static const parameter full_like[] = {
    {"input", TAKES_TENSOR | REQUIRED}, {"fill_value", TAKES_REAL | TAKES_SIZE | TAKES_BOOL | REQUIRED}, DTYPE};
static const parameter arange[] = {{"start", TAKES_SIZE | TAKES_REAL | REQUIRED},
                                   {"end", TAKES_SIZE | TAKES_REAL | TAKES_NONE},
                                   {"step", TAKES_SIZE | TAKES_REAL},
                                   DTYPE};
static const parameter eye[] = {{"n", TAKES_SIZE | REQUIRED}, {"m", TAKES_SIZE | TAKES_NONE}, DTYPE};
static const parameter literals[] = {{"data", TAKES_ANY | REQUIRED}, DTYPE};

const function functions_constant[] = {
    {"zeros", PARAMETERS(zeros), lower_zeros, 0},
    {"ones", PARAMETERS(zeros), lower_zeros, 0},
    {"full", PARAMETERS(full), lower_full, 0},
    {"zeros_like", PARAMETERS(like), lower_zeros_like, 0},
    {"ones_like", PARAMETERS(like), lower_zeros_like, 0},
    {"full_like", PARAMETERS(full_like), lower_full_like, 0},
    {"arange", PARAMETERS(arange), lower_arange, 0},
    {"eye", PARAMETERS(eye), lower_eye, IR_EQUAL},
    {"tensor", PARAMETERS(literals), lower_literal, 0},
    {NULL, NULL, 0, NULL, 0},
};
