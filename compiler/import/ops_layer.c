/* ops_layer: products with weights and normalizations, as the layers of torch.nn that they were. */
#include <inttypes.h>
#include <math.h>

#include "import/ops.h"

/* "fc" of a tensor "fc.weight" or "fc.bias"; NULL when its name says nothing. */
static const char *layer_of_tensor(arena *a, const value *v) {
    const char *dot = v ? strrchr(v->name, '.') : NULL;
    if (!dot || dot == v->name || (strcmp(dot, ".weight") != 0 && strcmp(dot, ".bias") != 0)) return NULL;
    return arena_strndup(a, v->name, (size_t)(dot - v->name));
}

/* --- Linear ------------------------------------------------------------------------------------------------------- */

value *linear(call *c, value *x, const value *weight, const value *bias, const char *wanted) {
    graph *g = c->graph;
    int64_t dims[2];
    const float *data = value_float_array(g, weight), *add = bias ? value_float_array(g, bias) : NULL;
    if (!data || (bias && !add) || !value_constant_shape(weight, dims)) return NULL;
    layer l = {.kind = "Linear", .wanted = wanted, .param_count = bias ? 2 : 1};
    l.arguments = arena_printf(g->arena, "%" PRId64 ", %" PRId64 "%s", dims[1], dims[0], bias ? "" : ", bias=False");
    l.params[0] = (layer_param){"weight", data, 2, {dims[0], dims[1]}};
    l.params[1] = (layer_param){"bias", add, 1, {dims[0]}};
    value *type = value_like(g, x);
    type->dims[x->rank - 1] = weight->dims[0];
    return make_layer(g, c->path, &l, &x, 1, (const value *[]){type}, 1)->results[0];
}

static value *swap_last(call *c, value *x) {
    unsigned perm[IMPORT_MAX_RANK];
    for (unsigned i = 0; i < x->rank; i++) perm[i] = i;
    perm[x->rank - 1] = x->rank - 2;
    perm[x->rank - 2] = x->rank - 1;
    return make_permute(c->graph, c->path, x, perm);
}

value *linear_with_bias(call *c, value *product, const value *bias) {
    graph *g = c->graph;
    const node *n = product->producer;
    if (!n || n->kind != NODE_LAYER || strcmp(n->layer->kind, "Linear") != 0 || n->layer->param_count != 1) return NULL;
    const dim *features = product->dims[product->rank - 1];
    if (!value_known(bias) || bias->rank < 1 || bias->rank > product->rank ||
        !dim_same(bias->dims[bias->rank - 1], features))
        return NULL;
    for (unsigned i = 0; i + 1 < bias->rank; i++)
        if (!dim_is(bias->dims[i], 1)) return NULL;
    const layer_param *w = &n->layer->params[0];
    value *weight = value_floats(g, 2, w->dims, w->data);
    const char *name = layer_of_tensor(g->arena, bias);
    value *flat = make_reshape(g, c->path, (value *)(uintptr_t)bias, 1, &features);
    return linear(c, n->operands[0], weight, flat, name ? name : n->layer->wanted);
}

static value *matmul(call *c, value *a, value *b) {
    graph *g = c->graph;
    value *x = a, *y = b;
    if (a->rank == 0 || b->rank == 0) return refuse(c, "of a number"), NULL;
    const dim *k = b->dims[b->rank > 1 ? b->rank - 2 : 0];
    value lead_a = *a, lead_b = *b, type = {0};
    lead_a.rank = a->rank > 2 ? a->rank - 2 : 0;
    lead_b.rank = b->rank > 2 ? b->rank - 2 : 0;
    if (!dim_same(x->dims[x->rank - 1], k) || !broadcast_shape(g, &lead_a, &lead_b, &type)) {
        refuse(c, "\"%s\" is %s and \"%s\" is %s: they do not fit", a->name, value_shape_string(g->arena, a), b->name,
               value_shape_string(g->arena, b));
        return NULL;
    }
    type.element = a->element;
    double number; /* times zeros, as the first step of an unrolled cell: zeros */
    bool zeros = (value_scalar(a, &number) && number <= 0 && number >= 0) ||
                 (value_scalar(b, &number) && number <= 0 && number >= 0);
    if (type.rank + 2 > IMPORT_MAX_RANK) return refuse(c, "too many dims"), NULL;
    if (a->rank > 1) type.dims[type.rank++] = a->dims[a->rank - 2];
    if (b->rank > 1) type.dims[type.rank++] = b->dims[b->rank - 1];
    if (zeros) return value_filled(g, ELEMENT_FLOAT, type.rank, type.dims, 0, NULL);
    return make_call(g, c->path, "matmul", (value *[]){x, y}, 2, "", &type);
}

value *matrix_product(call *c, value *a, value *b, const char *wanted) {
    bool fits = a->rank && b->rank == 2 && dim_same(a->dims[a->rank - 1], b->dims[0]);
    if (fits && value_known(b) && !value_known(a) && b->element == ELEMENT_FLOAT) {
        const char *name = layer_of_tensor(c->graph->arena, b);
        value *v = linear(c, a, swap_last(c, b), NULL, name ? name : wanted);
        if (v) return v;
    }
    return matmul(c, a, b);
}

bool op_matmul(call *c) {
    value *v = matrix_product(c, c->in[0], c->in[1], c->path);
    if (v) c->out[0] = v;
    return v != NULL;
}

static value *scaled(call *c, value *x, double by) {
    return by < 1 || by > 1 ? binary(c, "*", FOLD_MUL, x, value_of_float(c->graph, by)) : x;
}

bool op_gemm(call *c) {
    graph *g = c->graph;
    value *a = c->in[0], *b = c->in[1], *add = operand(c, 2);
    double alpha = attribute_float(c, "alpha", 1), beta = attribute_float(c, "beta", 1);
    if (a->rank != 2 || b->rank != 2) return refuse(c, "its operands must be matrices");
    if (attribute_int(c, "transA", 0)) a = swap_last(c, a);
    value *weight = attribute_int(c, "transB", 0) ? b : swap_last(c, b); /* [N, K] */
    if (!dim_same(a->dims[1], weight->dims[1]))
        return refuse(c, "\"%s\" is %s and \"%s\" is %s: they do not fit", c->in[0]->name,
                      value_shape_string(g->arena, c->in[0]), b->name, value_shape_string(g->arena, b));
    double number;
    bool none = !add || (value_scalar(add, &number) && number <= 0 && number >= 0) || (beta <= 0 && beta >= 0);
    bool vector = !none && value_known(add) && add->rank <= 2 && (add->rank < 2 || dim_is(add->dims[0], 1));
    if (value_known(weight) && (none || vector)) {
        value *bias = NULL, *matrix = scaled(c, weight, alpha);
        if (vector) {
            bias = scaled(c, add, beta);
            if (bias && bias->rank == 2) bias = make_squeeze(g, c->path, bias, 1);
            if (bias && !value_shape_same(bias, &(value){.rank = 1, .dims = {weight->dims[0]}}))
                bias = broadcast_to(c, bias, 1, &weight->dims[0]);
        }
        const char *name = layer_of_tensor(g->arena, b);
        if (!name && add) name = layer_of_tensor(g->arena, add);
        value *v = matrix && (bias || none) ? linear(c, a, matrix, bias, name ? name : c->path) : NULL;
        if (v) return give(c, v);
    }
    value *v = matmul(c, a, swap_last(c, weight));
    if (v) v = scaled(c, v, alpha);
    if (v && !none) {
        add = scaled(c, add, beta);
        v = add ? binary(c, "+", FOLD_ADD, v, add) : NULL;
    }
    if (v) c->out[0] = v;
    return v != NULL;
}

/* --- LayerNorm ---------------------------------------------------------------------------------------------------- */

static value *layer_norm(call *c, value *x, unsigned dims, double eps, const float *weight, const float *bias,
                         const char *wanted) {
    graph *g = c->graph;
    text shape = text_new(g->arena);
    layer_param p = {.suffix = "weight", .data = weight, .rank = dims};
    for (unsigned i = 0; i < dims; i++) {
        if (!dim_is_const(x->dims[x->rank - dims + i], &p.dims[i])) return NULL;
        text_printf(&shape, "%s%" PRId64, i ? ", " : "", p.dims[i]);
    }
    layer l = {.kind = "LayerNorm", .wanted = wanted};
    const char *format = dims == 1 ? "%s%s%s" : "(%s)%s%s";
    const char *precision =
        fabs(eps - 1e-5) < 1e-11 ? "" : arena_printf(g->arena, ", eps=%s", number_text(g->arena, eps));
    l.arguments = arena_printf(g->arena, format, text_string(&shape), precision,
                               !weight ? ", elementwise_affine=False"
                               : !bias ? ", bias=False"
                                       : "");
    if (weight) l.params[l.param_count++] = p;
    p.suffix = "bias";
    p.data = bias;
    if (bias) l.params[l.param_count++] = p;
    value *v = make_layer(g, c->path, &l, &x, 1, (const value *[]){value_like(g, x)}, 1)->results[0];
    v->producer->eps = eps;
    v->producer->axis = dims;
    return v;
}

bool op_layer_normalization(call *c) {
    graph *g = c->graph;
    value *x = c->in[0];
    unsigned axis;
    double eps = attribute_float(c, "epsilon", 1e-5);
    if (!axis_of(c, attribute_int(c, "axis", -1), x->rank, &axis)) return false;
    unsigned dims = x->rank - axis;
    value *weight = broadcast_to(c, c->in[1], dims, x->dims + axis), *bias = operand(c, 2);
    if (bias) bias = broadcast_to(c, bias, dims, x->dims + axis);
    const float *w = weight ? value_float_array(g, weight) : NULL, *b = bias ? value_float_array(g, bias) : NULL;
    if (!w || (operand(c, 2) && !b)) return refuse(c, "its weight and bias must be constant");
    const char *name = layer_of_tensor(g->arena, c->in[1]);
    value *v = layer_norm(c, x, dims, eps, w, b, name ? name : c->path);
    if (!v) return refuse(c, "over sizes of run time is not supported: fix them with --dim");
    c->out[0] = v;
    if (!wanted(c, 1) && !wanted(c, 2)) return true;
    unsigned mask = ((1u << x->rank) - 1) & ~((1u << axis) - 1);
    text t = text_new(g->arena);
    for (unsigned i = axis; i < x->rank; i++) text_printf(&t, "%s%u", i > axis ? ", " : "", i);
    const char *tail = arena_printf(g->arena, ", dim=(%s), keepdim=True", text_string(&t));
    value *type = value_like(g, x);
    for (unsigned i = 0; i < x->rank; i++)
        if (mask >> i & 1) type->dims[i] = dim_const(g->dims, 1);
    value *mean = make_call(g, c->path, "mean", &x, 1, tail, type), *centred = binary(c, "-", FOLD_SUB, x, mean);
    value *square = binary(c, "*", FOLD_MUL, centred, centred),
          *variance = make_call(g, c->path, "mean", &square, 1, tail, type);
    value *deviation = binary(c, "+", FOLD_ADD, variance, value_of_float(g, eps));
    if (!deviation) return false;
    deviation = make_call(g, c->path, "sqrt", &deviation, 1, "", type);
    if (c->out_count > 1) c->out[1] = mean;
    if (c->out_count > 2) c->out[2] = binary(c, "/", FOLD_DIV, value_of_float(g, 1), deviation);
    return true;
}

static const node *called(const value *v, const char *function) {
    const node *n = v->producer;
    return n && (n->kind == NODE_CALL || n->kind == NODE_INFIX) && strcmp(n->function, function) == 0 ? n : NULL;
}

value *layer_norm_from_division(call *c, value *numerator, value *denominator) {
    const node *minus = called(numerator, "-"), *root = called(denominator, "sqrt"), *plus, *variance, *mean, *square;
    double eps = 0, two = 0;
    if (!minus || !root || !(mean = called(minus->operands[1], "mean")) || mean->operands[0] != minus->operands[0])
        return NULL;
    if (!(plus = called(root->operands[0], "+")) || !value_scalar(plus->operands[1], &eps)) return NULL;
    if (!(variance = called(plus->operands[0], "mean")) || variance->axis != mean->axis) return NULL;
    const value *squared = variance->operands[0];
    bool power = (square = called(squared, "**")) && value_scalar(square->operands[1], &two) && two >= 2 && two <= 2;
    bool product = !power && (square = called(squared, "*")) && square->operands[1] == numerator;
    if ((!power && !product) || square->operands[0] != numerator) return NULL;
    /* over the last dims only */
    const value *x = minus->operands[0];
    unsigned dims = 0;
    while (dims < x->rank && (mean->axis >> (x->rank - 1 - dims) & 1)) dims++;
    if (dims == 0 || mean->axis != (((1u << dims) - 1) << (x->rank - dims))) return NULL;
    return layer_norm(c, minus->operands[0], dims, eps, NULL, NULL, c->path);
}

value *layer_norm_with(call *c, value *normalized, const value *vector, const char *suffix) {
    graph *g = c->graph;
    const node *n = normalized->producer;
    if (!n || n->kind != NODE_LAYER || strcmp(n->layer->kind, "LayerNorm") != 0 || !value_known(vector)) return NULL;
    bool is_weight = strcmp(suffix, "weight") == 0;
    if (n->layer->param_count != (is_weight ? 0 : 1)) return NULL;
    if (vector->rank != n->axis) return NULL;
    for (unsigned i = 0; i < vector->rank; i++)
        if (!dim_same(vector->dims[i], normalized->dims[normalized->rank - n->axis + i])) return NULL;
    const float *data = value_float_array(g, vector);
    const char *name = layer_of_tensor(g->arena, vector);
    if (!data) return NULL;
    return layer_norm(c, n->operands[0], n->axis, n->eps, is_weight ? data : n->layer->params[0].data,
                      is_weight ? NULL : data, name ? name : n->layer->wanted);
}

/* --- BatchNorm, InstanceNorm -------------------------------------------------------------------------------------- */

/* A convolution right before takes the scale and shift into its own weights. */
static value *folded_batch_norm(call *c, value *x, const float *scale, const float *shift, int64_t channels) {
    graph *g = c->graph;
    const node *n = x->producer;
    if (!n || n->kind != NODE_LAYER || strncmp(n->layer->kind, "Conv", 4) != 0 ||
        strncmp(n->layer->kind, "ConvT", 5) == 0)
        return NULL;
    layer l = *n->layer;
    const layer_param *w = &n->layer->params[0];
    int64_t each = 1;
    for (unsigned i = 1; i < w->rank; i++) each *= w->dims[i];
    float *weight = graph_room(g, (size_t)(channels * each), sizeof *weight),
          *bias = graph_room(g, (size_t)channels, sizeof *bias);
    if (!weight || !bias || w->dims[0] != channels) return NULL;
    for (int64_t i = 0; i < channels; i++) {
        for (int64_t k = 0; k < each; k++)
            weight[i * each + k] = (float)((double)w->data[i * each + k] * (double)scale[i]);
        double b = l.param_count > 1 ? (double)n->layer->params[1].data[i] : 0;
        bias[i] = (float)(b * (double)scale[i] + (double)shift[i]);
    }
    if (l.param_count == 1) { /* the last argument is bias=False */
        const char *without = strstr(l.arguments, ", bias=False");
        l.arguments = arena_printf(g->arena, "%.*s%s", (int)(without - l.arguments), l.arguments,
                                   without + strlen(", bias=False"));
    }
    l.params[0].data = weight;
    l.params[1] = (layer_param){"bias", bias, 1, {channels}};
    l.param_count = 2;
    l.comment = "with the BatchNorm behind it";
    return make_layer(g, n->path, &l, n->operands, n->operand_count, (const value *[]){value_like(g, x)}, 1)
        ->results[0];
}

bool op_batch_normalization(call *c) {
    graph *g = c->graph;
    value *x = c->in[0];
    int64_t channels;
    const float *all[4];
    double eps = attribute_float(c, "epsilon", 1e-5);
    if (attribute_int(c, "training_mode", 0)) return refuse(c, "training_mode=1 is not supported");
    if (x->rank < 2 || x->rank > 4 || !dim_is_const(x->dims[1], &channels))
        return refuse(c, "of %s is not supported", value_shape_string(g->arena, x));
    for (unsigned i = 0; i < 4; i++) {
        int64_t count;
        all[i] = value_count(c->in[i + 1], &count) && count == channels ? value_float_array(g, c->in[i + 1]) : NULL;
        if (!all[i])
            return refuse(c, "its parameters must be constant, one for each of %" PRId64 " channels", channels);
    }
    float *scale = graph_room(g, (size_t)channels, sizeof *scale),
          *shift = graph_room(g, (size_t)channels, sizeof *shift);
    if (!scale || !shift) return refuse(c, "it is too large");
    for (int64_t i = 0; i < channels; i++) {
        double s = (double)all[0][i] / sqrt((double)all[3][i] + eps);
        scale[i] = (float)s;
        shift[i] = (float)((double)all[1][i] - (double)all[2][i] * s);
    }
    value *folded = folded_batch_norm(c, x, scale, shift, channels);
    if (folded) return give(c, folded);
    const char *name = layer_of_tensor(g->arena, c->in[1]);
    layer l = {.kind = x->rank == 4 ? "BatchNorm2d" : "BatchNorm1d", .wanted = name ? name : c->path, .param_count = 4};
    l.arguments =
        arena_printf(g->arena, "%" PRId64 "%s", channels,
                     fabs(eps - 1e-5) < 1e-11 ? "" : arena_printf(g->arena, ", eps=%s", number_text(g->arena, eps)));
    static const char *const suffixes[] = {"weight", "bias", "running_mean", "running_var"};
    for (unsigned i = 0; i < 4; i++) l.params[i] = (layer_param){suffixes[i], all[i], 1, {channels}};
    return give(c, make_layer(g, c->path, &l, &x, 1, (const value *[]){value_like(g, x)}, 1)->results[0]);
}

bool op_instance_normalization(call *c) {
    graph *g = c->graph;
    value *x = c->in[0];
    int64_t channels;
    const float *weight = value_float_array(g, c->in[1]), *bias = value_float_array(g, c->in[2]);
    double eps = attribute_float(c, "epsilon", 1e-5);
    if (x->rank < 3 || !dim_is_const(x->dims[1], &channels))
        return refuse(c, "of %s is not supported; [N, C, L] is", value_shape_string(g->arena, x));
    if (!weight || !bias || !dim_is(c->in[1]->dims[0], channels) || !dim_is(c->in[2]->dims[0], channels))
        return refuse(c, "its weight and bias must be constant");
    layer l = {.kind = "InstanceNorm1d", .wanted = c->path, .param_count = 2};
    const char *precision =
        fabs(eps - 1e-5) < 1e-11 ? "" : arena_printf(g->arena, ", eps=%s", number_text(g->arena, eps));
    l.arguments = arena_printf(g->arena, "%" PRId64 "%s, affine=True", channels, precision);
    if (x->rank > 3) { /* a group for each channel is the same */
        l.kind = "GroupNorm";
        l.arguments = arena_printf(g->arena, "%" PRId64 ", %" PRId64 "%s", channels, channels, precision);
    }
    l.params[0] = (layer_param){"weight", weight, 1, {channels}};
    l.params[1] = (layer_param){"bias", bias, 1, {channels}};
    return give(c, make_layer(g, c->path, &l, &x, 1, (const value *[]){value_like(g, x)}, 1)->results[0]);
}
