/* convolution: over one or two axes, and transposed over one; as modules with weights and as functions of tensors.
 *
 * All of them come to CONV1D. Over two axes the kernel's rows are laid beside the channels: the output's row h of
 * x[N, C, H, W] is a convolution along W of the rows h*stride + i*dilation of all channels, with the same weights seen
 * as [O, C*KH, KW]. A transposed one is a convolution of x with zeros between its steps and the weights turned round.
 */
#include "lower/lowering.h"

enum { MAX_AXES = LAYER_MAX_AXES };

/* --- arguments ---------------------------------------------------------------------------------------------------- */

bool layer_sizes(lowering *l, const arguments *a, size_t i, unsigned axes, int64_t otherwise, int64_t least,
                 int64_t *out) {
    for (unsigned k = 0; k < axes; k++) out[k] = otherwise;
    if (i >= a->count || !args_has(a, i)) return true;
    const value *v = &a->values[i];
    if (v->kind == VALUE_TUPLE && v->count != axes && v->count != 1) {
        diag_error(l->diags, args_where(a, i),
                   axes == 1 ? "%s of %s is one number, found %s" : "%s of %s is one number or two, found %s",
                   a->parameters[i].name, a->what, value_show(l, v));
        return false;
    }
    for (unsigned k = 0; k < axes; k++) {
        out[k] = (int64_t)value_number(v->kind != VALUE_TUPLE ? v : &v->items[v->count == 1 ? 0 : k]);
        if (!layer_at_least(l, a, i, out[k], least)) return false;
    }
    return true;
}

/* padding= as numbers, "same" or "valid". */
static bool read_padding(lowering *l, const arguments *a, size_t i, convolution *c) {
    const char *word = args_string(a, i, "");
    bool is_word = args_has(a, i) && a->values[i].kind == VALUE_STRING;
    if (!is_word) {
        if (!layer_sizes(l, a, i, c->axes, 0, 0, c->before)) return false;
        memcpy(c->after, c->before, sizeof c->after);
        return true;
    }
    if (strcmp(word, "valid") == 0) return true;
    if (strcmp(word, "same") != 0) {
        diag *e = diag_error(l->diags, args_where(a, i),
                             "padding of %s is a number, \"same\" or \"valid\", found \"%.40s\"", a->what, word);
        if (strcmp(word, "causal") == 0)
            diag_hint(
                e, "pad(x, (dilation * (kernel_size - 1), 0)) before it; of a stream a state keeps what came before");
        return false;
    }
    for (unsigned k = 0; k < c->axes; k++) {
        if (c->stride[k] != 1) {
            diag_error(l->diags, args_where(a, i), "padding=\"same\" needs stride 1, found stride %lld",
                       (long long)c->stride[k]);
            return false;
        }
        int64_t total = c->dilation[k] * (c->kernel[k] - 1);
        c->before[k] = total / 2;
        c->after[k] = total - total / 2;
        if (c->after[k] <= INT32_MAX) continue;
        diag_error(l->diags, a->call->where, "the kernel of this %s is too large", a->what);
        return false;
    }
    return true;
}

static bool check_groups(lowering *l, const arguments *a, size_t i, int64_t groups, int64_t in, int64_t out) {
    if (in % groups == 0 && out % groups == 0) return true;
    bool which = in % groups;
    diag_error(l->diags, args_where(a, i), "groups of %s must divide %s, %lld, found %lld", a->what,
               which ? "in_channels" : "out_channels", (long long)(which ? in : out), (long long)groups);
    return false;
}

/* --- nodes -------------------------------------------------------------------------------------------------------- */

/* x[N, C, H, W] padded along H, as rows [N*HO, C*KH, W]: of each row of the result the rows of x that it reads. */
static ir_value *rows_of(lowering *l, ir_value *x, const convolution *c, const dim *rows, span where) {
    dim_table *t = l->model->dims;
    const dim *one = build_dim(l, 1), *const *from = x->type.dims;
    ir_value *parts[LAYER_MAX_KERNEL];
    x = build_permute(l, x, (const unsigned[]){0, 2, 1, 3}, where); /* [N, H, C, W] */
    for (int64_t i = 0; i < c->kernel[0]; i++) {
        ir_value *part = build_slice(l, x, 1, build_dim(l, i * c->dilation[0]), rows, c->stride[0], where);
        const dim *const dims[] = {from[0], rows, from[1], one, from[3]};
        parts[i] = build_reshape(l, part, dims, 5, where);
    }
    x = build_cat(l, parts, (unsigned)c->kernel[0], 3, where); /* [N, HO, C, KH, W] */
    const dim *const flat[] = {dim_mul(t, from[0], rows), dim_mul(t, from[1], build_dim(l, c->kernel[0])), from[3]};
    return build_reshape(l, x, flat, 3, where);
}

static bool is_param(const ir_value *v) {
    while (v && (v->producer->op == IR_RESHAPE || v->producer->op == IR_PERMUTE || v->producer->op == IR_FLIP))
        v = v->producer->inputs[0];
    return !v || v->producer->op == IR_PARAM;
}

static ir_value *add_bias(lowering *l, ir_value *x, ir_value *bias, span where) {
    if (!bias) return x;
    const dim *const column[] = {bias->type.dims[0], build_dim(l, 1)};
    ir_value *const inputs[] = {x, build_reshape(l, bias, column, 2, where)};
    return build_value(l, IR_ADD, inputs, 2, &x->type, where);
}

/* With weights that are computed: a product of them, [G, O/G, C/G*K], and the windows, [N, G, C/G*K, LO]. */
static ir_value *product_of_windows(lowering *l, ir_value *x, ir_value *weight, const convolution *c, unsigned axis,
                                    const dim *length, span where) {
    const dim *groups = build_dim(l, c->groups), *one = build_dim(l, 1), *batch = x->type.dims[0];
    int64_t in = 0, out = 0;
    dim_is_const(weight->type.dims[1], &in);
    dim_is_const(weight->type.dims[0], &out);
    x = build_pad(l, x, 2, c->before[axis], c->after[axis], IR_PAD_CONSTANT, 0, where);
    ir_value *parts[LAYER_MAX_KERNEL];
    for (int64_t i = 0; i < c->kernel[axis]; i++) {
        ir_value *part = build_slice(l, x, 2, build_dim(l, i * c->dilation[axis]), length, c->stride[axis], where);
        const dim *const dims[] = {batch, x->type.dims[1], one, length};
        parts[i] = build_reshape(l, part, dims, 4, where);
    }
    x = build_cat(l, parts, (unsigned)c->kernel[axis], 2, where); /* [N, C, K, LO] */
    const dim *terms = build_dim(l, in * c->kernel[axis]);
    x = build_reshape(l, x, (const dim *const[]){batch, groups, terms, length}, 4, where);
    weight = build_reshape(l, weight, (const dim *const[]){groups, build_dim(l, out / c->groups), terms}, 3, where);
    ir_type type = {.rank = 4, .dims = {batch, groups, build_dim(l, out / c->groups), length}};
    x = build_value(l, IR_MATMUL, (ir_value *const[]){weight, x}, 2, &type, where);
    return build_reshape(l, x, (const dim *const[]){batch, build_dim(l, out), length}, 3, where);
}

/* Along the last axis: x[N, C, L], weight[O, C/groups, K]. */
static ir_value *along_one_axis(lowering *l, ir_value *x, ir_value *weight, ir_value *bias, const convolution *c,
                                unsigned axis, const dim *length, span where) {
    if (!is_param(weight)) return add_bias(l, product_of_windows(l, x, weight, c, axis, length, where), bias, where);
    ir_type type = {.rank = 3, .dims = {x->type.dims[0], weight->type.dims[0], length}};
    bool packed = is_param(bias);
    ir_value *const inputs[] = {x, weight, packed ? bias : NULL};
    ir_value *v = build_value(l, IR_CONV1D, inputs, 3, &type, where);
    ir_attrs *at = &v->producer->attrs;
    at->stride = c->stride[axis];
    at->dilation = c->dilation[axis];
    at->groups = c->groups;
    at->before = c->before[axis];
    at->after = c->after[axis];
    return packed ? v : add_bias(l, v, bias, where);
}

/* The lengths behind the windows; false when one is not provably at least 1: *wrong is the axis. */
static bool lengths_of(lowering *l, const ir_value *x, const convolution *c, const dim **lengths, unsigned *wrong) {
    for (unsigned k = 0; k < c->axes; k++) {
        const dim *length = x->type.dims[x->type.rank - c->axes + k];
        lengths[k] = shape_window(l, length, c->before[k] + c->after[k], c->kernel[k], c->stride[k], c->dilation[k]);
        *wrong = k;
        if (!lengths[k]) return false;
    }
    return true;
}

/* x has a batch; its shape was checked. */
static ir_value *build_convolution(lowering *l, ir_value *x, ir_value *weight, ir_value *bias, convolution c,
                                   const dim *const *lengths, span where) {
    dim_table *t = l->model->dims;
    unsigned last = c.axes - 1;
    for (unsigned k = 0; k < c.axes; k++) {
        /* Along the last axis the kernel can pad; but rows of an image are copied anyway, and without edges it is
         * faster. */
        if (c.mode == IR_PAD_CONSTANT && k == last && (c.axes == 1 || c.stride[k] > 1)) continue;
        x = build_pad(l, x, 2 + k, c.before[k], c.after[k], c.mode, 0, where);
        c.before[k] = c.after[k] = 0;
    }
    if (c.axes == 1) return along_one_axis(l, x, weight, bias, &c, 0, lengths[0], where);
    const dim *batch = x->type.dims[0], *out = weight->type.dims[0];
    const dim *terms = dim_mul(t, weight->type.dims[1], weight->type.dims[2]);
    ir_value *rows = rows_of(l, x, &c, lengths[0], where);
    weight = build_reshape(l, weight, (const dim *const[]){out, terms, weight->type.dims[3]}, 3, where);
    ir_value *v = along_one_axis(l, rows, weight, bias, &c, 1, lengths[1], where);
    v = build_reshape(l, v, (const dim *const[]){batch, lengths[0], out, lengths[1]}, 4, where);
    return build_permute(l, v, (const unsigned[]){0, 2, 1, 3}, where);
}

/* The weight[C, O/G, K] of a transposed convolution as that of a convolution, [O, C/G, K]. */
static ir_value *turned_weight(lowering *l, ir_value *w, int64_t groups, span where) {
    int64_t in = 0, out = 0;
    dim_is_const(w->type.dims[0], &in);
    dim_is_const(w->type.dims[1], &out);
    const dim *kernel = w->type.dims[2];
    const dim *const apart[] = {build_dim(l, groups), build_dim(l, in / groups), build_dim(l, out), kernel};
    w = build_reshape(l, w, apart, 4, where);
    w = build_permute(l, w, (const unsigned[]){0, 2, 1, 3}, where);
    const dim *const together[] = {build_dim(l, groups * out), build_dim(l, in / groups), kernel};
    w = build_reshape(l, w, together, 3, where);
    w = build_value(l, IR_FLIP, &w, 1, &w->type, where);
    w->producer->attrs.axes = 1u << 2;
    return w;
}

/* Adds steps of zeros at an end, or takes steps away. */
static ir_value *grow(lowering *l, ir_value *x, int64_t before, int64_t after, span where) {
    dim_table *t = l->model->dims;
    int64_t cut_before = before < 0 ? -before : 0, cut_after = after < 0 ? -after : 0;
    const dim *extent = dim_sub(t, x->type.dims[2], build_dim(l, cut_before + cut_after));
    if (cut_before || cut_after) x = build_slice(l, x, 2, build_dim(l, cut_before), extent, 1, where);
    return build_pad(l, x, 2, before > 0 ? before : 0, after > 0 ? after : 0, IR_PAD_CONSTANT, 0, where);
}

/* x[N, C, L]; c->extra is output_padding, c->before torch's padding. NULL when no step may be left. */
static ir_value *build_transposed(lowering *l, ir_value *x, ir_value *weight, ir_value *bias, convolution c,
                                  span where) {
    dim_table *t = l->model->dims;
    const dim *one = build_dim(l, 1), *steps = x->type.dims[2], *stride = build_dim(l, c.stride[0]);
    int64_t reach = c.dilation[0] * (c.kernel[0] - 1), padding = c.before[0];
    const dim *spread = dim_add(t, dim_mul(t, dim_sub(t, steps, one), stride), one);
    const dim *length = dim_add(t, spread, build_dim(l, reach - 2 * padding + c.extra[0]));
    if (dim_is_huge(length) || dim_min(length) < 1) return NULL;
    if (c.stride[0] > 1) {
        const dim *const *d = x->type.dims, *const single[] = {d[0], d[1], steps, one};
        x = build_pad(l, build_reshape(l, x, single, 4, where), 3, 0, c.stride[0] - 1, IR_PAD_CONSTANT, 0, where);
        const dim *const flat[] = {x->type.dims[0], x->type.dims[1], dim_mul(t, steps, stride)};
        x = build_slice(l, build_reshape(l, x, flat, 3, where), 2, build_dim(l, 0), spread, 1, where);
    }
    x = grow(l, x, reach - padding, reach - padding + c.extra[0], where);
    c.stride[0] = 1;
    c.before[0] = c.after[0] = 0;
    return along_one_axis(l, x, turned_weight(l, weight, c.groups, where), bias, &c, 0, length, where);
}

/* --- modules ------------------------------------------------------------------------------------------------------ */

enum { CONV_IN, CONV_OUT, CONV_KERNEL, CONV_STRIDE, CONV_PADDING, CONV_DILATION, CONV_GROUPS, CONV_BIAS, CONV_MODE };

const parameter conv_parameters[] = {{"in_channels", TAKES_INTEGER | REQUIRED},
                                     {"out_channels", TAKES_INTEGER | REQUIRED},
                                     {"kernel_size", TAKES_INTEGER | TAKES_INTEGERS | REQUIRED},
                                     {"stride", TAKES_INTEGER | TAKES_INTEGERS},
                                     {"padding", TAKES_INTEGER | TAKES_INTEGERS | TAKES_STRING},
                                     {"dilation", TAKES_INTEGER | TAKES_INTEGERS},
                                     {"groups", TAKES_INTEGER},
                                     {"bias", TAKES_BOOL},
                                     {"padding_mode", TAKES_STRING}};

static bool kernel_fits(lowering *l, const arguments *a, size_t i, const convolution *c) {
    for (unsigned k = 0; k + 1 < c->axes; k++)
        if (c->kernel[k] > LAYER_MAX_KERNEL) {
            diag_error(l->diags, args_where(a, i), "kernel_size of %s may be at most %d rows, found %lld", a->what,
                       LAYER_MAX_KERNEL, (long long)c->kernel[k]);
            return false;
        }
    return true;
}

static bool declare(lowering *l, layer *self, const int64_t *weight, unsigned rank, int64_t out) {
    bool fine = layer_declare_weight(l, self, "weight", weight, rank);
    return (!self->as.conv.bias || layer_declare_weight(l, self, "bias", &out, 1)) && fine;
}

static bool conv_construct(lowering *l, layer *self, const arguments *a, unsigned axes) {
    static const char *const modes[] = {"zeros", "reflect", "replicate", "circular"};
    convolution *c = &self->as.conv.c;
    int64_t in = args_integer(a, CONV_IN, 0), out = args_integer(a, CONV_OUT, 0);
    c->axes = axes;
    c->groups = args_integer(a, CONV_GROUPS, 1);
    bool fine = layer_at_least(l, a, CONV_IN, in, 1);
    fine = layer_at_least(l, a, CONV_OUT, out, 1) && fine;
    fine = layer_at_least(l, a, CONV_GROUPS, c->groups, 1) && fine;
    fine = layer_sizes(l, a, CONV_KERNEL, axes, 1, 1, c->kernel) && fine;
    fine = layer_sizes(l, a, CONV_STRIDE, axes, 1, 1, c->stride) && fine;
    fine = layer_sizes(l, a, CONV_DILATION, axes, 1, 1, c->dilation) && fine;
    if (!fine || !read_padding(l, a, CONV_PADDING, c) || !kernel_fits(l, a, CONV_KERNEL, c)) return false;
    if (!check_groups(l, a, CONV_GROUPS, c->groups, in, out)) return false;
    const char *mode = args_string(a, CONV_MODE, "zeros");
    int m = 0;
    while (m < 4 && strcmp(mode, modes[m]) != 0) m++;
    if (m == 4) {
        diag_error(l->diags, args_where(a, CONV_MODE),
                   "padding_mode of %s is zeros, reflect, replicate or circular, found \"%.40s\"", a->what, mode);
        return false;
    }
    c->mode = (ir_pad_mode)m;
    self->as.conv.in = in;
    self->as.conv.out = out;
    self->as.conv.bias = args_bool(a, CONV_BIAS, true);
    return declare(l, self, (const int64_t[]){out, in / c->groups, c->kernel[0], c->kernel[1]}, 2 + axes, out);
}

bool conv1d_construct(lowering *l, layer *self, const arguments *a) { return conv_construct(l, self, a, 1); }
bool conv2d_construct(lowering *l, layer *self, const arguments *a) { return conv_construct(l, self, a, 2); }

static const char *const shapes[] = {"L", "H, W"};

/* Whether the input is [C, …] or [N, C, …]. */
static bool input_fits(lowering *l, const layer *self, const arguments *a, unsigned axes) {
    const ir_type *t = &args_tensor(a, 0)->type;
    long long in = self->as.conv.in;
    if (!layer_wants_float(l, self, a)) return false;
    bool ranks = t->rank == axes + 1 || t->rank == axes + 2;
    if (ranks && dim_is(t->dims[t->rank - axes - 1], self->as.conv.in)) return true;
    diag *e = layer_shape_error(l, self, a, 0,
                                arena_printf(l->arena, "float32[%lld, %s] or float32[N, %lld, %s]", in,
                                             shapes[axes - 1], in, shapes[axes - 1]));
    if (ranks && axes == 1 && dim_is(t->dims[t->rank - 1], self->as.conv.in))
        diag_hint(e, "the channels come before the steps: transpose(…, -1, -2)");
    else if (axes == 2 && t->rank == 3 && self->as.conv.in == 1)
        diag_hint(e, "an axis of channels is missing: unsqueeze(…, 1)");
    return false;
}

/* [C, …] with a batch of one. */
static ir_value *with_batch(lowering *l, ir_value *x, unsigned axes, span where) {
    if (x->type.rank == axes + 2) return x;
    const dim *dims[4] = {build_dim(l, 1)};
    for (unsigned i = 0; i < x->type.rank; i++) dims[i + 1] = x->type.dims[i];
    return build_reshape(l, x, dims, axes + 2, where);
}

static value without_batch(lowering *l, ir_value *v, bool wanted, span where) {
    return value_tensor(l, wanted ? build_reshape(l, v, v->type.dims + 1, v->type.rank - 1, where) : v, where);
}

/* The error of a length that may be too short for the kernel. */
static void report_short(lowering *l, diag *e, const dim *length) {
    const char *bounds = bounds_show(l, length);
    if (bounds) diag_note_plain(e, "%s", bounds);
}

static const dim *least_of(lowering *l, const convolution *c, unsigned axis) {
    return build_dim(l, c->dilation[axis] * (c->kernel[axis] - 1) + 1 - c->before[axis] - c->after[axis]);
}

value conv_call(lowering *l, const layer *self, const arguments *a) {
    static const char *const units[][2] = {{"steps"}, {"rows", "columns"}};
    span where = a->call->where;
    ir_value *x = args_tensor(a, 0);
    const ir_type given = x->type;
    const convolution *c = &self->as.conv.c;
    const dim *lengths[MAX_AXES];
    unsigned wrong = 0;
    if (!input_fits(l, self, a, c->axes)) return value_poison(where);
    if (!lengths_of(l, x, c, lengths, &wrong)) {
        const char *least = dim_short(l->arena, least_of(l, c, wrong));
        diag *e = layer_shape_error(l, self, a, 0,
                                    arena_printf(l->arena, "at least %s %s", least, units[c->axes - 1][wrong]));
        report_short(l, e, given.dims[given.rank - c->axes + wrong]);
        return value_poison(where);
    }
    for (unsigned k = 0; k < c->axes; k++)
        if (!shape_pad_fits(l, given.dims[given.rank - c->axes + k], c->before[k], c->after[k], c->mode,
                            args_where(a, 0), type_show(l, &given)))
            return value_poison(where);
    ir_value *bias = self->as.conv.bias ? layer_weight(l, self, "bias") : NULL;
    ir_value *weight = layer_weight(l, self, "weight");
    ir_value *v = build_convolution(l, with_batch(l, x, c->axes, where), weight, bias, *c, lengths, where);
    ir_node *kernel = v->producer;
    while (kernel->op != IR_CONV1D) kernel = kernel->inputs[0]->producer;
    kernel->source = self->source;
    return without_batch(l, v, given.rank == c->axes + 1, where);
}

enum { TRANSPOSE_EXTRA = CONV_DILATION, TRANSPOSE_GROUPS, TRANSPOSE_BIAS, TRANSPOSE_DILATION, TRANSPOSE_MODE };

const parameter conv_transpose_parameters[] = {{"in_channels", TAKES_INTEGER | REQUIRED},
                                               {"out_channels", TAKES_INTEGER | REQUIRED},
                                               {"kernel_size", TAKES_INTEGER | TAKES_INTEGERS | REQUIRED},
                                               {"stride", TAKES_INTEGER | TAKES_INTEGERS},
                                               {"padding", TAKES_INTEGER | TAKES_INTEGERS},
                                               {"output_padding", TAKES_INTEGER | TAKES_INTEGERS},
                                               {"groups", TAKES_INTEGER},
                                               {"bias", TAKES_BOOL},
                                               {"dilation", TAKES_INTEGER | TAKES_INTEGERS},
                                               {"padding_mode", TAKES_STRING}};

/* torch's rule for output_padding. */
static bool extra_fits(lowering *l, const arguments *a, size_t i, const convolution *c) {
    if (c->extra[0] < c->stride[0] || c->extra[0] < c->dilation[0]) return true;
    diag_error(l->diags, args_where(a, i), "output_padding of %s must be smaller than stride or dilation, found %lld",
               a->what, (long long)c->extra[0]);
    return false;
}

bool conv_transpose1d_construct(lowering *l, layer *self, const arguments *a) {
    convolution *c = &self->as.conv.c;
    int64_t in = args_integer(a, CONV_IN, 0), out = args_integer(a, CONV_OUT, 0);
    c->axes = 1;
    c->groups = args_integer(a, TRANSPOSE_GROUPS, 1);
    bool fine = layer_at_least(l, a, CONV_IN, in, 1);
    fine = layer_at_least(l, a, CONV_OUT, out, 1) && fine;
    fine = layer_at_least(l, a, TRANSPOSE_GROUPS, c->groups, 1) && fine;
    fine = layer_sizes(l, a, CONV_KERNEL, 1, 1, 1, c->kernel) && fine;
    fine = layer_sizes(l, a, CONV_STRIDE, 1, 1, 1, c->stride) && fine;
    fine = layer_sizes(l, a, CONV_PADDING, 1, 0, 0, c->before) && fine;
    fine = layer_sizes(l, a, TRANSPOSE_EXTRA, 1, 0, 0, c->extra) && fine;
    fine = layer_sizes(l, a, TRANSPOSE_DILATION, 1, 1, 1, c->dilation) && fine;
    if (!fine || !check_groups(l, a, TRANSPOSE_GROUPS, c->groups, in, out) || !extra_fits(l, a, TRANSPOSE_EXTRA, c))
        return false;
    if (strcmp(args_string(a, TRANSPOSE_MODE, "zeros"), "zeros") != 0) {
        diag_error(l->diags, args_where(a, TRANSPOSE_MODE), "padding_mode of %s is zeros, as in torch", a->what);
        return false;
    }
    self->as.conv.in = in;
    self->as.conv.out = out;
    self->as.conv.bias = args_bool(a, TRANSPOSE_BIAS, true);
    return declare(l, self, (const int64_t[]){in, out / c->groups, c->kernel[0]}, 3, out);
}

value conv_transpose1d_call(lowering *l, const layer *self, const arguments *a) {
    span where = a->call->where;
    ir_value *x = args_tensor(a, 0);
    const ir_type given = x->type;
    if (!input_fits(l, self, a, 1)) return value_poison(where);
    ir_value *bias = self->as.conv.bias ? layer_weight(l, self, "bias") : NULL;
    ir_value *weight = layer_weight(l, self, "weight");
    ir_value *v = build_transposed(l, with_batch(l, x, 1, where), weight, bias, self->as.conv.c, where);
    if (!v) {
        diag *e = layer_shape_error(l, self, a, 0, "more steps: its padding takes all of the result away");
        report_short(l, e, given.dims[given.rank - 1]);
        return value_poison(where);
    }
    v->producer->source = self->source;
    return without_batch(l, v, given.rank == 2, where);
}

/* --- functions ---------------------------------------------------------------------------------------------------- */

enum { F_INPUT, F_WEIGHT, F_BIAS, F_STRIDE, F_PADDING, F_DILATION, F_GROUPS };
enum { FT_EXTRA = F_DILATION, FT_GROUPS, FT_DILATION };

static bool wants_float(lowering *l, const arguments *a, size_t i) {
    if (!args_has(a, i) || args_tensor(a, i)->type.dtype == IR_F32) return true;
    diag *e = diag_error(l->diags, args_where(a, i), "%s of %s needs float32, found %s", a->parameters[i].name, a->what,
                         value_show(l, &a->values[i]));
    note_argument(l, e, a, i, args_where(a, i));
    return false;
}

/* The shapes of input, weight and bias; axis 0 or 1 of the weight holds the input's channels of a group. */
static bool operands_fit(lowering *l, const arguments *a, convolution *c, bool transposed) {
    const ir_type *x = &args_tensor(a, F_INPUT)->type, *w = &args_tensor(a, F_WEIGHT)->type;
    int64_t sizes[2 + MAX_AXES], in = 0;
    const char *shape = shapes[c->axes - 1];
    if (!wants_float(l, a, F_INPUT) || !wants_float(l, a, F_WEIGHT) || !wants_float(l, a, F_BIAS)) return false;
    bool constant = w->rank == 2 + c->axes;
    for (unsigned i = 0; constant && i < w->rank; i++) constant = dim_is_const(w->dims[i], &sizes[i]);
    if (!constant) {
        diag_error(l->diags, args_where(a, F_WEIGHT), "weight of %s needs a constant shape [%s, %s], found %s", a->what,
                   transposed ? "in, out / groups" : "out, in / groups", c->axes == 1 ? "K" : "KH, KW",
                   type_show(l, w));
        return false;
    }
    bool ranks = x->rank == c->axes + 1 || x->rank == c->axes + 2;
    int64_t wanted = transposed ? sizes[0] : sizes[1] * c->groups, out = transposed ? sizes[1] * c->groups : sizes[0];
    if (!ranks || !dim_is_const(x->dims[x->rank - c->axes - 1], &in) || in != wanted) {
        diag *e =
            diag_error(l->diags, args_where(a, F_INPUT),
                       "input of %s needs float32[%lld, %s] or float32[N, %lld, %s] with this weight, %s, found %s",
                       a->what, (long long)wanted, shape, (long long)wanted, shape, type_show(l, w), type_show(l, x));
        note_argument(l, e, a, F_INPUT, args_where(a, F_INPUT));
        return false;
    }
    if (!check_groups(l, a, transposed ? FT_GROUPS : F_GROUPS, c->groups, in, out)) return false;
    if (args_has(a, F_BIAS)) {
        const ir_type *b = &args_tensor(a, F_BIAS)->type;
        if (b->rank != 1 || !dim_is(b->dims[0], out)) {
            diag_error(l->diags, args_where(a, F_BIAS), "bias of %s needs float32[%lld], found %s", a->what,
                       (long long)out, type_show(l, b));
            return false;
        }
    }
    for (unsigned k = 0; k < c->axes; k++) {
        c->kernel[k] = sizes[2 + k];
        if (c->kernel[k] <= LAYER_MAX_KERNEL) continue;
        diag_error(l->diags, args_where(a, F_WEIGHT), "the kernel of %s may be at most %d wide, found %lld", a->what,
                   LAYER_MAX_KERNEL, (long long)c->kernel[k]);
        return false;
    }
    return true;
}

static value lower_conv(lowering *l, const arguments *a, ir_op op) {
    span where = a->call->where;
    convolution c = {.axes = op == IR_CONV1D ? 1 : 2, .groups = args_integer(a, F_GROUPS, 1)};
    bool fine = layer_at_least(l, a, F_GROUPS, c.groups, 1) && operands_fit(l, a, &c, false);
    fine = fine && layer_sizes(l, a, F_STRIDE, c.axes, 1, 1, c.stride) &&
           layer_sizes(l, a, F_DILATION, c.axes, 1, 1, c.dilation);
    if (!fine || !read_padding(l, a, F_PADDING, &c)) return value_poison(where);
    ir_value *x = args_tensor(a, F_INPUT);
    const dim *lengths[MAX_AXES];
    unsigned wrong = 0;
    if (!lengths_of(l, x, &c, lengths, &wrong)) {
        const dim *length = x->type.dims[x->type.rank - c.axes + wrong];
        diag *e =
            diag_error(l->diags, args_where(a, F_INPUT), "input of %s needs a size of at least %s there, found %s",
                       a->what, dim_short(l->arena, least_of(l, &c, wrong)), dim_short(l->arena, length));
        report_short(l, e, length);
        return value_poison(where);
    }
    ir_value *bias = args_has(a, F_BIAS) ? args_tensor(a, F_BIAS) : NULL;
    ir_value *v =
        build_convolution(l, with_batch(l, x, c.axes, where), args_tensor(a, F_WEIGHT), bias, c, lengths, where);
    return without_batch(l, v, x->type.rank == c.axes + 1, where);
}

static value lower_conv_transpose1d(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    span where = a->call->where;
    convolution c = {.axes = 1, .groups = args_integer(a, FT_GROUPS, 1)};
    bool fine = layer_at_least(l, a, FT_GROUPS, c.groups, 1) && operands_fit(l, a, &c, true);
    fine =
        fine && layer_sizes(l, a, F_STRIDE, 1, 1, 1, c.stride) && layer_sizes(l, a, FT_DILATION, 1, 1, 1, c.dilation);
    fine = fine && layer_sizes(l, a, F_PADDING, 1, 0, 0, c.before) && layer_sizes(l, a, FT_EXTRA, 1, 0, 0, c.extra);
    if (!fine || !extra_fits(l, a, FT_EXTRA, &c)) return value_poison(where);
    ir_value *x = args_tensor(a, F_INPUT), *bias = args_has(a, F_BIAS) ? args_tensor(a, F_BIAS) : NULL;
    ir_value *v = build_transposed(l, with_batch(l, x, 1, where), args_tensor(a, F_WEIGHT), bias, c, where);
    if (!v) {
        diag *e = diag_error(l->diags, where, "the padding takes all of the result away");
        report_short(l, e, x->type.dims[x->type.rank - 1]);
        return value_poison(where);
    }
    return without_batch(l, v, x->type.rank == 2, where);
}

#define TENSORS                                                                                                        \
    {"input", TAKES_TENSOR | REQUIRED}, {"weight", TAKES_TENSOR | REQUIRED}, {"bias", TAKES_TENSOR | TAKES_NONE}

static const parameter conv[] = {TENSORS,
                                 {"stride", TAKES_INTEGER | TAKES_INTEGERS},
                                 {"padding", TAKES_INTEGER | TAKES_INTEGERS | TAKES_STRING},
                                 {"dilation", TAKES_INTEGER | TAKES_INTEGERS},
                                 {"groups", TAKES_INTEGER}};
static const parameter conv_transpose[] = {TENSORS,
                                           {"stride", TAKES_INTEGER | TAKES_INTEGERS},
                                           {"padding", TAKES_INTEGER | TAKES_INTEGERS},
                                           {"output_padding", TAKES_INTEGER | TAKES_INTEGERS},
                                           {"groups", TAKES_INTEGER},
                                           {"dilation", TAKES_INTEGER | TAKES_INTEGERS}};

#define PARAMETERS(array) array, sizeof array / sizeof *array

const function functions_convolution[] = {
    {"conv1d", PARAMETERS(conv), lower_conv, IR_CONV1D},
    {"conv2d", PARAMETERS(conv), lower_conv, IR_OP_COUNT},
    {"conv_transpose1d", PARAMETERS(conv_transpose), lower_conv_transpose1d, IR_OP_COUNT},
    {NULL, NULL, 0, NULL, 0},
};
