/* pool: maxima and means over windows, as modules and as functions. A window is the elementwise maximum, or sum, of as
 * many strided slices as it has elements, one axis after the other; windows that stand side by side are a reduction. */
#include <math.h>

#include "lower/lowering.h"

enum { MAX_AXES = LAYER_MAX_AXES };

/* --- one axis ----------------------------------------------------------------------------------------------------- */

/* Windows along one axis of x, which has its padding already; `length` of them. */
static ir_value *windows(lowering *l, ir_op op, ir_value *x, unsigned axis, const pooling *p, unsigned k,
                         const dim *length, span where) {
    ir_value *v = NULL;
    for (int64_t i = 0; i < p->kernel[k]; i++) {
        ir_value *part = build_slice(l, x, axis, build_dim(l, i * p->dilation[k]), length, p->stride[k], where);
        v = v ? build_value(l, op, (ir_value *const[]){v, part}, 2, &part->type, where) : part;
        if (op == IR_MAXIMUM && i) v->producer->attrs.first = true; /* torch's gradient goes to the first maximum */
    }
    return v;
}

/* Windows side by side along axis k and `count - 1` further ones: [.., L, ..] as [.., LO, K, ..] with K reduced. */
static ir_value *side_by_side(lowering *l, ir_op op, ir_value *x, unsigned axis, const pooling *p, unsigned k,
                              unsigned count, const dim *const *lengths, span where) {
    const dim *dims[IR_MAX_RANK];
    unsigned rank = 0, axes = 0;
    for (unsigned i = 0; i < count; i++) {
        const dim *whole = dim_mul(l->model->dims, lengths[i], build_dim(l, p->kernel[k + i]));
        x = build_slice(l, x, axis + i, build_dim(l, 0), whole, 1, where);
    }
    for (unsigned i = 0; i < x->type.rank; i++) {
        bool pooled = i >= axis && i < axis + count;
        dims[rank++] = pooled ? lengths[i - axis] : x->type.dims[i];
        if (!pooled) continue;
        axes |= 1u << rank;
        dims[rank++] = build_dim(l, p->kernel[k + i - axis]);
    }
    return build_reduce(l, op, build_reshape(l, x, dims, rank, where), axes, false, where);
}

static bool stand_apart(const pooling *p, unsigned k) {
    return p->stride[k] == p->kernel[k] && p->dilation[k] == 1 && p->kernel[k] > 1;
}

static ir_value *pool_axis(lowering *l, ir_op op, ir_value *x, unsigned axis, const pooling *p, unsigned k,
                           const dim *length, int64_t before, int64_t after, double filling, span where) {
    x = build_pad(l, x, axis, before, after, IR_PAD_CONSTANT, filling, where);
    if (stand_apart(p, k) && x->type.rank < IR_MAX_RANK)
        return side_by_side(l, op == IR_MAXIMUM ? IR_MAX : IR_SUM, x, axis, p, k, 1, &length, where);
    return windows(l, op, x, axis, p, k, length, where);
}

/* Maxima of two axes at once. */
static ir_value *pool_maxima(lowering *l, ir_value *x, const pooling *p, const dim *const *lengths,
                             const int64_t *behind, span where) {
    unsigned first = x->type.rank - p->axes;
    for (unsigned k = 0; k < p->axes; k++)
        x = build_pad(l, x, first + k, p->padding[k], p->padding[k] + behind[k], IR_PAD_CONSTANT, -(double)INFINITY,
                      where);
    return side_by_side(l, IR_MAX, x, first, p, 0, p->axes, lengths, where);
}

/* How many windows there are along an axis, and how much must stand behind the padding for the last one (ceil_mode).
 * NULL when there may be none. */
static const dim *window_count(lowering *l, const dim *length, const pooling *p, unsigned k, int64_t *behind) {
    dim_table *t = l->model->dims;
    int64_t stride = p->stride[k], padding = p->padding[k], reach = p->dilation[k] * (p->kernel[k] - 1) + 1;
    *behind = 0;
    if (!p->ceil_mode || stride == 1) return shape_window(l, length, 2 * padding, p->kernel[k], stride, p->dilation[k]);
    /* one for what is left over; but a window that would begin behind the input and its left padding is left out */
    int64_t starts = stride + padding <= reach ? 2 * padding - reach + stride - 1 : padding - 1;
    const dim *room = dim_add(t, length, build_dim(l, starts));
    if (dim_is_huge(room) || dim_min(room) < 0 ||
        dim_min(dim_add(t, length, build_dim(l, 2 * padding - reach + stride - 1))) < 0)
        return NULL;
    *behind = stride - 1;
    return dim_add(t, dim_floordiv(t, room, stride), build_dim(l, 1));
}

/* 1 over the number of elements of each window along an axis, [LO]: the padding counts or not, what is behind it never.
 */
static ir_value *shares(lowering *l, const dim *length, const pooling *p, unsigned k, const dim *count, int64_t behind,
                        span where) {
    ir_value *one = build_expand(l, build_const(l, IR_F32, 1, where), &length, 1, where);
    one = build_pad(l, one, 0, p->padding[k], p->padding[k], IR_PAD_CONSTANT, p->count_include_pad ? 1 : 0, where);
    one = pool_axis(l, IR_ADD, one, 0, p, k, count, 0, behind, 0, where);
    return build_value(l, IR_DIV, (ir_value *const[]){build_const(l, IR_F32, 1, where), one}, 2, &one->type, where);
}

static ir_value *multiply(lowering *l, ir_value *x, ir_value *by, span where) {
    return build_value(l, IR_MUL, (ir_value *const[]){x, by}, 2, &x->type, where);
}

/* The mean of windows: their sums times 1 / K where all have K elements, else times what each has. */
static ir_value *weigh(lowering *l, ir_value *v, const ir_value *x, const pooling *p, const dim *const *counts,
                       const int64_t *behind, span where) {
    double all = 1;
    unsigned first = x->type.rank - p->axes;
    for (unsigned k = 0; k < p->axes; k++) {
        bool uneven = behind[k] || (p->padding[k] && !p->count_include_pad);
        if (!uneven || p->divisor) {
            all *= (double)p->kernel[k];
            continue;
        }
        const dim *dims[] = {counts[k], build_dim(l, 1)};
        ir_value *share = shares(l, x->type.dims[first + k], p, k, counts[k], behind[k], where);
        v = multiply(l, v, k + 1 == p->axes ? share : build_reshape(l, share, dims, 2, where), where);
    }
    if (p->divisor) all = (double)p->divisor;
    return all > 1 || all < 1
               ? build_value(l, IR_DIV, (ir_value *const[]){v, build_const(l, IR_F32, all, where)}, 2, &v->type, where)
               : v;
}

/* --- calls -------------------------------------------------------------------------------------------------------- */

/* The arguments from the i-th on, in torch's order: kernel_size, stride, padding, then of max dilation, return_indices
 * (or ceil_mode), of avg ceil_mode, count_include_pad, divisor_override. */
static bool read_pooling(lowering *l, const arguments *a, size_t first, unsigned axes, bool max, bool is_function,
                         pooling *p) {
    *p = (pooling){.axes = axes, .max = max};
    bool fine = layer_sizes(l, a, first, axes, 1, 1, p->kernel);
    fine = fine && layer_sizes(l, a, first + 1, axes, 0, 1, p->stride) &&
           layer_sizes(l, a, first + 2, axes, 0, 0, p->padding);
    fine = fine && layer_sizes(l, a, max ? first + 3 : a->count, axes, 1, 1, p->dilation);
    if (!fine) return false;
    /* max_pool1d has ceil_mode before return_indices, MaxPool1d the other way round */
    size_t ceil = !max ? first + 3 : is_function ? first + 4 : first + 5, indices = is_function ? first + 5 : first + 4;
    p->ceil_mode = args_bool(a, ceil, false);
    if (max && args_bool(a, indices, false)) {
        diag_error(l->diags, args_where(a, indices),
                   "return_indices of %s is not supported: nnc gives the maxima alone", a->what);
        return false;
    }
    p->count_include_pad = max || args_bool(a, first + 4, true);
    if (!max && axes == 2 && args_has(a, first + 5)) {
        p->divisor = args_integer(a, first + 5, 1);
        if (p->divisor == 0) {
            diag_error(l->diags, args_where(a, first + 5), "divisor_override of %s must not be 0", a->what);
            return false;
        }
    }
    for (unsigned k = 0; k < axes; k++) {
        if (!p->stride[k]) p->stride[k] = p->kernel[k];
        if (2 * p->padding[k] > p->kernel[k]) {
            diag_error(l->diags, args_where(a, first + 2),
                       "padding of %s may be at most half of kernel_size, %lld, found %lld", a->what,
                       (long long)p->kernel[k], (long long)p->padding[k]);
            return false;
        }
        if (p->kernel[k] > LAYER_MAX_WINDOW) {
            diag_error(l->diags, args_where(a, first), "kernel_size of %s may be at most %d, found %lld", a->what,
                       LAYER_MAX_WINDOW, (long long)p->kernel[k]);
            return false;
        }
    }
    return true;
}

/* Whether x is float32 [.., C, L] (or [.., H, W]) of one of torch's ranks. */
static bool input_fits(lowering *l, const arguments *a, unsigned axes) {
    const ir_type *t = &args_tensor(a, 0)->type;
    if (t->dtype == IR_F32 && (t->rank == axes + 1 || t->rank == axes + 2)) return true;
    diag *e = diag_error(l->diags, args_where(a, 0), "%s of %s needs %s, found %s", a->parameters[0].name, a->what,
                         axes == 1 ? "float32[C, L] or float32[N, C, L]" : "float32[C, H, W] or float32[N, C, H, W]",
                         value_show(l, &a->values[0]));
    note_argument(l, e, a, 0, args_where(a, 0));
    return false;
}

static value pool(lowering *l, const arguments *a, const pooling *p) {
    span where = a->call->where;
    ir_value *x = args_tensor(a, 0), *v = x;
    if (!input_fits(l, a, p->axes)) return value_poison(where);
    const dim *counts[MAX_AXES];
    int64_t behind[MAX_AXES];
    for (unsigned k = 0; k < p->axes; k++) {
        unsigned axis = x->type.rank - p->axes + k;
        counts[k] = window_count(l, x->type.dims[axis], p, k, &behind[k]);
        if (counts[k]) continue;
        diag *e = diag_error(l->diags, args_where(a, 0), "a window of %s may be larger than its input, %s", a->what,
                             type_show(l, &x->type));
        const char *bounds = bounds_show(l, x->type.dims[axis]);
        if (bounds) diag_note_plain(e, "%s", bounds);
        note_argument(l, e, a, 0, args_where(a, 0));
        return value_poison(where);
    }
    /* Columns first: whole rows lie side by side. But the first maximum of a window, which has torch's gradient, is
     * that of the first row that has it. */
    bool last_first = l->trains && p->max;
    if (p->axes == 2 && p->max && !l->trains && stand_apart(p, 0) && stand_apart(p, 1))
        return value_tensor(l, pool_maxima(l, x, p, counts, behind, where), where);
    for (unsigned i = 0; i < p->axes; i++) {
        unsigned k = last_first ? p->axes - 1 - i : i;
        v = pool_axis(l, p->max ? IR_MAXIMUM : IR_ADD, v, x->type.rank - p->axes + k, p, k, counts[k], p->padding[k],
                      p->padding[k] + behind[k], p->max ? -(double)INFINITY : 0, where);
    }
    return value_tensor(l, p->max ? v : weigh(l, v, x, p, counts, behind, where), where);
}

bool pool_construct(lowering *l, layer *self, const arguments *a) {
    const char *name = self->kind->name; /* MaxPool1d … AvgPool2d */
    return read_pooling(l, a, 0, name[7] == '1' ? 1 : 2, name[0] == 'M', false, &self->as.pool);
}

value pool_call(lowering *l, const layer *self, const arguments *a) { return pool(l, a, &self->as.pool); }

static value lower_pool(lowering *l, const arguments *a, ir_op op) {
    pooling p;
    (void)op;
    return read_pooling(l, a, 1, a->what[8] == '1' ? 1 : 2, a->what[0] == 'm', true, &p) ? pool(l, a, &p)
                                                                                         : value_poison(a->call->where);
}

/* --- adaptive ----------------------------------------------------------------------------------------------------- */

/* output_size: a number, or a number or none for each axis; 0 stands for none. */
static bool read_output_sizes(lowering *l, const arguments *a, size_t i, unsigned axes, int64_t *sizes) {
    const value *v = &a->values[i];
    for (unsigned k = 0; k < axes; k++) {
        const value *own = v->kind == VALUE_TUPLE && v->count == axes ? &v->items[k] : v;
        if (own->kind == VALUE_NONE && axes > 1) {
            sizes[k] = 0;
            continue;
        }
        if (own->kind != VALUE_INTEGER || !dim_is_const(own->integer, &sizes[k]) || sizes[k] < 1) {
            diag_error(l->diags, args_where(a, i), "output_size of %s is %s, found %s", a->what,
                       axes == 1 ? "a number from 1 on" : "a number, or a number or none for each axis",
                       value_show(l, v));
            return false;
        }
    }
    return true;
}

/* torch's windows of an output of n from a size: i*size/n, rounded down, to (i+1)*size/n, rounded up. */
static ir_value *adaptive_axis(lowering *l, ir_op op, ir_value *x, unsigned axis, int64_t n, span where) {
    dim_table *t = l->model->dims;
    const dim *length = x->type.dims[axis], *each = dim_divide_exact(t, length, build_dim(l, n));
    if (n == 1) return build_reduce(l, op, x, 1u << axis, true, where);
    if (each && dim_min(each) >= 1 && x->type.rank < IR_MAX_RANK) {
        const dim *dims[IR_MAX_RANK];
        unsigned rank = 0;
        for (unsigned i = 0; i < x->type.rank; i++) {
            if (i != axis) dims[rank++] = x->type.dims[i];
            else dims[rank++] = build_dim(l, n), dims[rank++] = each;
        }
        return build_reduce(l, op, build_reshape(l, x, dims, rank, where), 1u << (axis + 1), false, where);
    }
    if (n > LAYER_MAX_WINDOW) return NULL;
    ir_value *parts[LAYER_MAX_WINDOW];
    for (int64_t i = 0; i < n; i++) {
        const dim *begin = dim_floordiv(t, dim_mul(t, length, build_dim(l, i)), n);
        const dim *end = dim_floordiv(t, dim_add(t, dim_mul(t, length, build_dim(l, i + 1)), build_dim(l, n - 1)), n);
        if (!dim_less_equal(t, end, length)) return NULL;
        parts[i] = build_reduce(l, op, build_slice(l, x, axis, begin, dim_sub(t, end, begin), 1, where), 1u << axis,
                                true, where);
    }
    return build_cat(l, parts, (unsigned)n, axis, where);
}

static value adaptive(lowering *l, const arguments *a, unsigned axes, bool max, const int64_t *sizes) {
    span where = a->call->where;
    ir_value *x = args_tensor(a, 0);
    if (!input_fits(l, a, axes)) return value_poison(where);
    for (unsigned k = axes; k-- > 0;) {
        unsigned axis = x->type.rank - axes + k;
        ir_value *v = sizes[k] ? adaptive_axis(l, max ? IR_MAX : IR_MEAN, x, axis, sizes[k], where) : x;
        if (!v) {
            const char *size = dim_short(l->arena, x->type.dims[axis]);
            diag *e =
                diag_error(l->diags, args_where(a, 0), "%s makes %lld of %s elements: the windows depend on the size",
                           a->what, (long long)sizes[k], size);
            diag_hint(e, "output_size=1, a divisor of the size, or a constant size of at most %d results",
                      LAYER_MAX_WINDOW);
            note_argument(l, e, a, 0, args_where(a, 0));
            return value_poison(where);
        }
        x = v;
    }
    return value_tensor(l, x, where);
}

bool adaptive_pool_construct(lowering *l, layer *self, const arguments *a) {
    const char *name = self->kind->name; /* AdaptiveAvgPool1d … */
    self->as.pool = (pooling){.axes = name[15] == '1' ? 1 : 2, .max = name[8] == 'M'};
    if (args_bool(a, 1, false)) {
        diag_error(l->diags, args_where(a, 1), "return_indices of %s is not supported: nnc gives the maxima alone",
                   a->what);
        return false;
    }
    return read_output_sizes(l, a, 0, self->as.pool.axes, self->as.pool.kernel);
}

value adaptive_pool_call(lowering *l, const layer *self, const arguments *a) {
    return adaptive(l, a, self->as.pool.axes, self->as.pool.max, self->as.pool.kernel);
}

static value lower_adaptive(lowering *l, const arguments *a, ir_op op) {
    int64_t sizes[MAX_AXES];
    unsigned axes = strchr(a->what, '2') ? 2 : 1;
    if (!read_output_sizes(l, a, 1, axes, sizes)) return value_poison(a->call->where);
    return adaptive(l, a, axes, op == IR_MAX, sizes);
}

/* --- tables ------------------------------------------------------------------------------------------------------- */

#define SIZES(name) {name, TAKES_INTEGER | TAKES_INTEGERS}
#define KERNEL                                                                                                         \
    {"kernel_size", TAKES_INTEGER | TAKES_INTEGERS | REQUIRED},                                                        \
        {"stride", TAKES_INTEGER | TAKES_INTEGERS | TAKES_NONE}, SIZES("padding")
#define INPUT       {"input", TAKES_TENSOR | REQUIRED}
#define AVERAGE     {"ceil_mode", TAKES_BOOL}, {"count_include_pad", TAKES_BOOL}
#define DIVISOR     {"divisor_override", TAKES_INTEGER | TAKES_NONE}

const parameter max_pool_parameters[] = {
    KERNEL, SIZES("dilation"), {"return_indices", TAKES_BOOL}, {"ceil_mode", TAKES_BOOL}};
const parameter avg_pool_parameters[] = {KERNEL, AVERAGE, DIVISOR};
const parameter adaptive_pool_parameters[] = {{"output_size", TAKES_ANY | REQUIRED}, {"return_indices", TAKES_BOOL}};

static const parameter max_pool[] = {
    INPUT, KERNEL, SIZES("dilation"), {"ceil_mode", TAKES_BOOL}, {"return_indices", TAKES_BOOL}};
static const parameter avg_pool[] = {INPUT, KERNEL, AVERAGE, DIVISOR};
static const parameter adaptive_pool[] = {INPUT, {"output_size", TAKES_ANY | REQUIRED}};

const function functions_pool[] = {
    {"max_pool1d", max_pool, 7, lower_pool, IR_OP_COUNT},
    {"max_pool2d", max_pool, 7, lower_pool, IR_OP_COUNT},
    {"avg_pool1d", avg_pool, 6, lower_pool, IR_OP_COUNT},
    {"avg_pool2d", avg_pool, 7, lower_pool, IR_OP_COUNT},
    {"adaptive_avg_pool1d", adaptive_pool, 2, lower_adaptive, IR_MEAN},
    {"adaptive_max_pool1d", adaptive_pool, 2, lower_adaptive, IR_MAX},
    {"adaptive_avg_pool2d", adaptive_pool, 2, lower_adaptive, IR_MEAN},
    {NULL, NULL, 0, NULL, 0},
};
