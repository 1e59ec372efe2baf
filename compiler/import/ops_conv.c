/* ops_conv: convolutions and pooling over one or two axes. */
#include <inttypes.h>

#include "import/ops.h"

enum { MAX_AXES = 2 };

/* What convolutions and pooling have in common, an entry for each spatial axis. */
typedef struct {
    unsigned axes;
    int64_t kernel[MAX_AXES], stride[MAX_AXES], dilation[MAX_AXES], before[MAX_AXES], after[MAX_AXES];
} window;

/* As many as axes; 1 each where there are none. */
static bool sizes_of(call *c, const char *name, unsigned axes, int64_t *to) {
    const int64_t *given = NULL;
    size_t count = 0;
    for (unsigned i = 0; i < axes; i++) to[i] = 1;
    if (!attribute_ints(c, name, &given, &count)) return true;
    if (count != axes) return refuse(c, "%s has %zu sizes for %u axes", name, count, axes);
    for (unsigned i = 0; i < axes; i++) {
        if (given[i] < 1 || given[i] > INT32_MAX) return refuse(c, "%s is %" PRId64, name, given[i]);
        to[i] = given[i];
    }
    return true;
}

/* Reads the attributes; w->kernel is set already, or given by kernel_shape. */
static bool read_window(call *c, const value *x, window *w) {
    const int64_t *pads = NULL;
    size_t count = 0;
    if (!sizes_of(c, "strides", w->axes, w->stride) || !sizes_of(c, "dilations", w->axes, w->dilation)) return false;
    for (unsigned i = 0; i < w->axes; i++) w->before[i] = w->after[i] = 0;
    if (attribute_ints(c, "pads", &pads, &count)) {
        if (count != 2 * w->axes) return refuse(c, "%zu pads for %u axes", count, w->axes);
        for (unsigned i = 0; i < w->axes; i++) {
            w->before[i] = pads[i];
            w->after[i] = pads[w->axes + i];
            if (pads[i] < 0 || pads[w->axes + i] < 0) return refuse(c, "negative pads are not supported");
        }
    }
    const char *automatic = attribute_string(c, "auto_pad", "NOTSET");
    bool upper = strcmp(automatic, "SAME_UPPER") == 0, lower = strcmp(automatic, "SAME_LOWER") == 0;
    if (!upper && !lower) return true;
    for (unsigned i = 0; i < w->axes; i++) {
        int64_t size;
        bool constant = dim_is_const(x->dims[2 + i], &size);
        if (!constant && w->stride[i] != 1)
            return refuse(c, "auto_pad with a stride along a size of run time is not supported: fix it with --dim");
        int64_t outputs = constant ? (size + w->stride[i] - 1) / w->stride[i] : 0;
        int64_t all = constant ? (outputs - 1) * w->stride[i] + (w->kernel[i] - 1) * w->dilation[i] + 1 - size
                               : (w->kernel[i] - 1) * w->dilation[i];
        if (all < 0) all = 0;
        w->before[i] = upper ? all / 2 : all - all / 2;
        w->after[i] = all - w->before[i];
    }
    return true;
}

/* Pads both sides where they differ, so that what is left is the same on both. */
static value *pad_unevenly(call *c, value *x, window *w, const char *value_text) {
    graph *g = c->graph;
    bool even = true;
    for (unsigned i = 0; i < w->axes; i++) even &= w->before[i] == w->after[i];
    if (even) return x;
    value *type = value_like(g, x);
    text t = text_new(g->arena);
    for (unsigned i = w->axes; i-- > 0;) {
        text_printf(&t, "%s%" PRId64 ", %" PRId64, t.length ? ", " : "", w->before[i], w->after[i]);
        type->dims[2 + i] = dim_add(g->dims, x->dims[2 + i], dim_const(g->dims, w->before[i] + w->after[i]));
        w->before[i] = w->after[i] = 0;
    }
    return make_call(g, c->path, "pad", &x, 1, arena_printf(g->arena, ", (%s)%s", text_string(&t), value_text), type);
}

/* The sizes behind a window; false when one would be below 1. */
static bool slide(call *c, const value *x, const window *w, bool up, value *type) {
    graph *g = c->graph;
    for (unsigned i = 0; i < w->axes; i++) {
        const dim *room =
            dim_add(g->dims, x->dims[2 + i],
                    dim_const(g->dims, w->before[i] + w->after[i] - (w->kernel[i] - 1) * w->dilation[i] - 1));
        if (up) room = dim_add(g->dims, room, dim_const(g->dims, w->stride[i] - 1));
        bool maybe = dim_min(room) < 0 && dim_max(room) >= 0;
        if (dim_min(room) < 0)
            return refuse(c, "its window %s larger than its input, %s%s", maybe ? "may be" : "is",
                          value_shape_string(g->arena, x), maybe ? ": raise the lower bound with --dim" : "");
        type->dims[2 + i] = dim_add(g->dims, dim_floordiv(g->dims, room, w->stride[i]), dim_const(g->dims, 1));
    }
    return true;
}

/* "3" or, where the axes differ, "(3, 5)". */
static const char *sizes(arena *a, const int64_t *all, unsigned axes) {
    if (axes == 1 || all[0] == all[1]) return arena_printf(a, "%" PRId64, all[0]);
    return arena_printf(a, "(%" PRId64 ", %" PRId64 ")", all[0], all[1]);
}

static bool differs(const int64_t *all, unsigned axes, int64_t from) {
    for (unsigned i = 0; i < axes; i++)
        if (all[i] != from) return true;
    return false;
}

static void add_sizes(arena *a, text *t, const char *name, const int64_t *all, unsigned axes, int64_t otherwise) {
    if (differs(all, axes, otherwise)) text_printf(t, ", %s=%s", name, sizes(a, all, axes));
}

typedef struct {
    layer layer;
    window window;
    const value *weight;
    const float *bias; /* or NULL */
} convolution;

/* The weight's shape, the names of the layer and the window; false after a report. */
static bool read_convolution(call *c, const char *kind, convolution *to) {
    graph *g = c->graph;
    layer *l = &to->layer;
    window *w = &to->window;
    value *x = c->in[0];
    const value *weight = to->weight = c->in[1];
    w->axes = x->rank - 2;
    if (x->rank < 3 || x->rank > 4 || weight->rank != x->rank)
        return refuse(c, "of %s is not supported; [N, C, L] and [N, C, H, W] are", value_shape_string(g->arena, x));
    const float *data = value_float_array(g, weight);
    value *b = operand(c, 2);
    to->bias = b ? value_float_array(g, b) : NULL;
    int64_t dims[IMPORT_MAX_RANK];
    if (!data || (b && !to->bias) || !value_constant_shape(weight, dims))
        return refuse(c, "its weight and bias must be constant");
    for (unsigned i = 0; i < w->axes; i++) w->kernel[i] = dims[2 + i];
    l->kind = arena_printf(g->arena, "%s%ud", kind, w->axes);
    const char *dot = strrchr(weight->name, '.');
    l->wanted = dot && strcmp(dot, ".weight") == 0
                    ? arena_strndup(g->arena, weight->name, (size_t)(dot - weight->name))
                    : c->path;
    l->params[0] = (layer_param){.suffix = "weight", .data = data, .rank = weight->rank};
    for (unsigned i = 0; i < weight->rank; i++) l->params[0].dims[i] = dims[i];
    l->param_count = to->bias ? 2 : 1;
    return read_window(c, x, w);
}

bool op_conv(call *c) {
    graph *g = c->graph;
    arena *a = g->arena;
    convolution v = {.bias = NULL};
    if (!read_convolution(c, "Conv", &v)) return false;
    window *w = &v.window;
    value *x = pad_unevenly(c, c->in[0], w, "");
    const int64_t *dims = v.layer.params[0].dims;
    int64_t group = attribute_int(c, "group", 1), channels;
    if (group < 1 || dims[0] % group || !dim_is_const(x->dims[1], &channels) || channels != dims[1] * group)
        return refuse(c, "its weight is %s, which does not fit %s in %" PRId64 " groups",
                      value_shape_string(a, v.weight), value_shape_string(a, x), group);
    if (v.bias && !dim_is(c->in[2]->dims[0], dims[0]))
        return refuse(c, "its bias is %s", value_shape_string(a, c->in[2]));
    v.layer.params[1] = (layer_param){"bias", v.bias, 1, {dims[0]}};
    text t = text_new(a);
    text_printf(&t, "%" PRId64 ", %" PRId64 ", %s", channels, dims[0], sizes(a, w->kernel, w->axes));
    add_sizes(a, &t, "stride", w->stride, w->axes, 1);
    add_sizes(a, &t, "padding", w->before, w->axes, 0);
    add_sizes(a, &t, "dilation", w->dilation, w->axes, 1);
    if (group > 1) text_printf(&t, ", groups=%" PRId64, group);
    if (!v.bias) text_add(&t, ", bias=False");
    v.layer.arguments = text_string(&t);
    value *type = value_like(g, x);
    type->dims[1] = v.weight->dims[0];
    if (!slide(c, x, w, false, type)) return false;
    return give(c, make_layer(g, c->path, &v.layer, &x, 1, (const value *[]){type}, 1)->results[0]);
}

bool op_conv_transpose(call *c) {
    graph *g = c->graph;
    arena *a = g->arena;
    convolution v = {.bias = NULL};
    int64_t extra[MAX_AXES] = {0}, channels;
    const int64_t *given = NULL;
    size_t count = 0;
    if (!read_convolution(c, "ConvTranspose", &v)) return false;
    const window *w = &v.window;
    value *x = c->in[0];
    if (w->axes != 1) return refuse(c, "over two axes is not supported");
    if (attribute(c, "output_shape") || w->before[0] != w->after[0])
        return refuse(c, "output_shape and pads that differ are not supported");
    if (attribute_ints(c, "output_padding", &given, &count) && count == 1) extra[0] = given[0];
    const int64_t *dims = v.layer.params[0].dims;
    int64_t group = attribute_int(c, "group", 1);
    if (group < 1 || !dim_is_const(x->dims[1], &channels) || channels != dims[0])
        return refuse(c, "its weight is %s, which does not fit %s", value_shape_string(a, v.weight),
                      value_shape_string(a, x));
    if (v.bias && !dim_is(c->in[2]->dims[0], dims[1] * group))
        return refuse(c, "its bias is %s", value_shape_string(a, c->in[2]));
    v.layer.params[1] = (layer_param){"bias", v.bias, 1, {dims[1] * group}};
    text t = text_new(a);
    text_printf(&t, "%" PRId64 ", %" PRId64 ", %" PRId64, channels, dims[1] * group, w->kernel[0]);
    add_sizes(a, &t, "stride", w->stride, 1, 1);
    add_sizes(a, &t, "padding", w->before, 1, 0);
    add_sizes(a, &t, "output_padding", extra, 1, 0);
    if (group > 1) text_printf(&t, ", groups=%" PRId64, group);
    if (!v.bias) text_add(&t, ", bias=False");
    add_sizes(a, &t, "dilation", w->dilation, 1, 1);
    v.layer.arguments = text_string(&t);
    value *type = value_like(g, x);
    type->dims[1] = dim_const(g->dims, dims[1] * group);
    const dim *steps =
        dim_mul(g->dims, dim_sub(g->dims, x->dims[2], dim_const(g->dims, 1)), dim_const(g->dims, w->stride[0]));
    type->dims[2] = dim_add(g->dims, steps,
                            dim_const(g->dims, (w->kernel[0] - 1) * w->dilation[0] + 1 + extra[0] - 2 * w->before[0]));
    return give(c, make_layer(g, c->path, &v.layer, &x, 1, (const value *[]){type}, 1)->results[0]);
}

bool op_pool(call *c) {
    graph *g = c->graph;
    arena *a = g->arena;
    value *x = c->in[0];
    window w = {.axes = x->rank - 2};
    bool max = strcmp(c->row->argument, "max") == 0, up = attribute_int(c, "ceil_mode", 0) != 0;
    bool count_pads = attribute_int(c, "count_include_pad", 0) != 0;
    if (x->rank < 3 || x->rank > 4)
        return refuse(c, "of %s is not supported; [N, C, L] and [N, C, H, W] are", value_shape_string(a, x));
    if (wanted(c, 1)) return refuse(c, "its indices are not supported");
    if (attribute_int(c, "storage_order", 0)) return refuse(c, "storage_order=1 is not supported");
    if (!attribute(c, "kernel_shape") || !sizes_of(c, "kernel_shape", w.axes, w.kernel) || !read_window(c, x, &w))
        return false;
    bool uneven = false;
    for (unsigned i = 0; i < w.axes; i++) uneven |= w.before[i] != w.after[i];
    if (uneven && !max && !count_pads)
        return refuse(c, "pads that differ, without count_include_pad, are not supported");
    if (uneven && up) return refuse(c, "pads that differ, with ceil_mode, are not supported");
    x = pad_unevenly(c, x, &w, max ? ", value=-inf" : "");
    for (unsigned i = 0; i < w.axes; i++)
        if (2 * w.before[i] > w.kernel[i]) return refuse(c, "pads of more than half its window are not supported");
    text t = text_new(a);
    text_printf(&t, ", %s", sizes(a, w.kernel, w.axes));
    text_printf(&t, ", stride=%s", sizes(a, w.stride, w.axes));
    add_sizes(a, &t, "padding", w.before, w.axes, 0);
    if (max) add_sizes(a, &t, "dilation", w.dilation, w.axes, 1);
    else if (differs(w.dilation, w.axes, 1)) return refuse(c, "dilations are not supported");
    if (up) text_add(&t, ", ceil_mode=True");
    if (!max && !count_pads && differs(w.before, w.axes, 0)) text_add(&t, ", count_include_pad=False");
    value *type = value_like(g, x);
    if (!slide(c, x, &w, up, type)) return false;
    return give(c, make_call(g, c->path, arena_printf(a, "%s_pool%ud", c->row->argument, w.axes), &x, 1,
                             text_string(&t), type));
}

bool op_global_pool(call *c) {
    graph *g = c->graph;
    value *x = c->in[0];
    bool mean = strcmp(c->row->argument, "mean") == 0;
    if (x->rank < 3) return refuse(c, "of %s is not supported", value_shape_string(g->arena, x));
    text t = text_new(g->arena);
    value *type = value_like(g, x);
    for (unsigned i = 2; i < x->rank; i++) {
        type->dims[i] = dim_const(g->dims, 1);
        text_printf(&t, "%s%u", i > 2 ? ", " : "", i);
    }
    if (mean)
        return give(
            c, make_call(g, c->path, "mean", &x, 1,
                         arena_printf(g->arena, x->rank > 3 ? ", dim=(%s), keepdim=True" : ", dim=%s, keepdim=True",
                                      text_string(&t)),
                         type));
    for (unsigned i = x->rank; i-- > 2;) {
        value *step = value_like(g, x);
        step->dims[i] = type->dims[i];
        x = make_call(g, c->path, "max", &x, 1, arena_printf(g->arena, ", dim=%u, keepdim=True", i), step);
    }
    return give(c, x);
}
