/* norm: normalizations, as modules with weights and as functions of tensors. */
#include <float.h>
#include <math.h>

#include "lower/lowering.h"

/* --- nodes -------------------------------------------------------------------------------------------------------- */

static ir_value *binary(lowering *l, ir_op op, ir_value *a, ir_value *b, const ir_type *type, span where) {
    return build_value(l, op, (ir_value *const[]){a, b}, 2, type, where);
}

static bool is_param(const ir_value *v) { return !v || v->producer->op == IR_PARAM; }

/* Over the last `count` dims; weight and bias of that shape, or NULL. */
static ir_value *build_layer_norm(lowering *l, ir_value *x, unsigned count, ir_value *weight, ir_value *bias,
                                  double eps, span where) {
    bool packed = is_param(weight) && is_param(bias);
    ir_value *const inputs[] = {x, packed ? weight : NULL, packed ? bias : NULL};
    ir_value *v = build_value(l, IR_LAYER_NORM, inputs, 3, &x->type, where);
    v->producer->attrs.count = count;
    v->producer->attrs.eps = eps;
    if (!packed && weight) v = binary(l, IR_MUL, v, weight, &x->type, where);
    return !packed && bias ? binary(l, IR_ADD, v, bias, &x->type, where) : v;
}

/* A vector of one number a channel, [C], beside x[N, C, …]. */
static ir_value *by_channel(lowering *l, ir_value *v, const ir_type *x, unsigned axis, span where) {
    const dim *dims[IR_MAX_RANK] = {v->type.dims[0]};
    for (unsigned i = 1; i < x->rank - axis; i++) dims[i] = build_dim(l, 1);
    return build_reshape(l, v, dims, x->rank - axis, where);
}

static ir_value *scale_channels(lowering *l, ir_value *x, unsigned axis, ir_value *weight, ir_value *bias, span where) {
    if (weight) x = binary(l, IR_MUL, x, by_channel(l, weight, &x->type, axis, where), &x->type, where);
    return bias ? binary(l, IR_ADD, x, by_channel(l, bias, &x->type, axis, where), &x->type, where) : x;
}

/* x[N, C, …] in groups of channels, each of which is normalized by its own mean and variance. */
static ir_value *build_group_norm(lowering *l, ir_value *x, unsigned axis, const dim *groups, ir_value *weight,
                                  ir_value *bias, double eps, span where) {
    dim_table *t = l->model->dims;
    const dim *dims[3], *rest = build_dim(l, 1);
    unsigned rank = 0;
    for (unsigned i = axis; i < x->type.rank; i++) rest = dim_mul(t, rest, x->type.dims[i]);
    if (axis) dims[rank++] = x->type.dims[0];
    dims[rank++] = groups;
    dims[rank++] = dim_divide_exact(t, rest, groups);
    ir_value *v = build_layer_norm(l, build_reshape(l, x, dims, rank, where), 1, NULL, NULL, eps, where);
    return scale_channels(l, build_reshape(l, v, x->type.dims, x->type.rank, where), axis, weight, bias, where);
}

/* x[N, C, …] by given means and variances, [C]. */
static ir_value *build_batch_norm(lowering *l, ir_value *x, ir_value *mean, ir_value *variance, ir_value *weight,
                                  ir_value *bias, double eps, span where) {
    const ir_type given = x->type;
    if (is_param(mean) && is_param(variance) && is_param(weight) && is_param(bias)) {
        ir_value *const inputs[] = {x, mean, variance, weight, bias};
        ir_value *v = build_value(l, IR_BATCH_NORM, inputs, 5, &x->type, where);
        v->producer->attrs.eps = eps;
        return v;
    }
    ir_value *deviation = binary(l, IR_ADD, variance, build_const(l, IR_F32, eps, where), &variance->type, where);
    deviation = build_unary(l, IR_SQRT, deviation, where);
    x = binary(l, IR_SUB, x, by_channel(l, mean, &given, 1, where), &given, where);
    x = binary(l, IR_DIV, x, by_channel(l, deviation, &given, 1, where), &given, where);
    return scale_channels(l, x, 1, weight, bias, where);
}

/* --- LayerNorm --------------------------------------------------------------------------------------------------- */

const parameter layer_norm_parameters[] = {{"normalized_shape", TAKES_INTEGER | TAKES_INTEGERS | REQUIRED},
                                                  {"eps", TAKES_REAL},
                                                  {"elementwise_affine", TAKES_BOOL},
                                                  {"bias", TAKES_BOOL}};

/* normalized_shape: the last sizes of the input. */
static bool take_normalized_shape(lowering *l, layer *self, const arguments *a, int64_t *sizes) {
    const value *shape = &a->values[0];
    const value *items = shape->kind == VALUE_TUPLE ? shape->items : shape;
    size_t count = shape->kind == VALUE_TUPLE ? shape->count : 1;
    if (!count || count > IR_MAX_RANK) {
        diag_error(l->diags, args_where(a, 0), "normalized_shape of %s has 1 to %d sizes, found %zu", a->what,
                   IR_MAX_RANK, count);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        sizes[i] = (int64_t)value_number(&items[i]);
        if (!layer_at_least(l, a, 0, sizes[i], 1)) return false;
        self->as.norm.shape[i] = items[i].integer;
    }
    self->as.norm.rank = (unsigned)count;
    return true;
}

/* The layer's input, if it ends with normalized_shape; else NULL. */
static ir_value *normalized_input(lowering *l, const layer *self, const arguments *a) {
    ir_value *x = args_tensor(a, 0);
    unsigned rank = self->as.norm.rank;
    if (!layer_wants_float(l, self, a)) return NULL;
    bool fits = x->type.rank >= rank;
    for (unsigned i = 0; fits && i < rank; i++)
        fits = dim_same(x->type.dims[x->type.rank - rank + i], self->as.norm.shape[i]);
    if (fits) return x;
    text t = text_new(l->arena);
    text_add(&t, "float32[…");
    for (unsigned i = 0; i < rank; i++) text_printf(&t, ", %s", dim_short(l->arena, self->as.norm.shape[i]));
    text_add(&t, "]");
    layer_shape_error(l, self, a, 0, text_string(&t));
    return NULL;
}

bool layer_norm_construct(lowering *l, layer *self, const arguments *a) {
    int64_t sizes[IR_MAX_RANK];
    if (!take_normalized_shape(l, self, a, sizes)) return false;
    unsigned rank = self->as.norm.rank;
    self->as.norm.eps = args_real(a, 1, 1e-5);
    self->as.norm.weight = args_bool(a, 2, true);
    self->as.norm.bias = self->as.norm.weight && args_bool(a, 3, true);
    bool fine = !self->as.norm.weight || layer_declare_weight(l, self, "weight", sizes, rank);
    return (!self->as.norm.bias || layer_declare_weight(l, self, "bias", sizes, rank)) && fine;
}

value layer_norm_call(lowering *l, const layer *self, const arguments *a) {
    span where = a->call->where;
    ir_value *x = normalized_input(l, self, a);
    if (!x) return value_poison(where);
    ir_value *weight = self->as.norm.weight ? layer_weight(l, self, "weight") : NULL;
    ir_value *bias = self->as.norm.bias ? layer_weight(l, self, "bias") : NULL;
    ir_value *v = build_layer_norm(l, x, self->as.norm.rank, weight, bias, self->as.norm.eps, where);
    v->producer->source = self->source;
    return value_tensor(l, v, where);
}

/* --- RMSNorm ------------------------------------------------------------------------------------------------------ */

const parameter rms_norm_parameters[] = {{"normalized_shape", TAKES_INTEGER | TAKES_INTEGERS | REQUIRED},
                                         {"eps", TAKES_REAL | TAKES_NONE},
                                         {"elementwise_affine", TAKES_BOOL}};

bool rms_norm_construct(lowering *l, layer *self, const arguments *a) {
    int64_t sizes[IR_MAX_RANK];
    if (!take_normalized_shape(l, self, a, sizes)) return false;
    self->as.norm.eps = args_real(a, 1, FLT_EPSILON);
    self->as.norm.weight = args_bool(a, 2, true);
    return !self->as.norm.weight || layer_declare_weight(l, self, "weight", sizes, self->as.norm.rank);
}

/* x / sqrt(mean(x * x) + eps) * weight. */
value rms_norm_call(lowering *l, const layer *self, const arguments *a) {
    span where = a->call->where;
    ir_value *x = normalized_input(l, self, a);
    if (!x) return value_poison(where);
    unsigned rank = self->as.norm.rank, axes = ((1u << rank) - 1) << (x->type.rank - rank);
    ir_value *square = binary(l, IR_MUL, x, x, &x->type, where);
    ir_value *mean = build_reduce(l, IR_MEAN, square, axes, true, where);
    mean = binary(l, IR_ADD, mean, build_const(l, IR_F32, self->as.norm.eps, where), &mean->type, where);
    ir_value *v = binary(l, IR_DIV, x, build_unary(l, IR_SQRT, mean, where), &x->type, where);
    if (self->as.norm.weight) v = binary(l, IR_MUL, v, layer_weight(l, self, "weight"), &x->type, where);
    v->producer->source = self->source;
    return value_tensor(l, v, where);
}

/* --- BatchNorm1d, BatchNorm2d ------------------------------------------------------------------------------------- */

const parameter batch_norm_parameters[] = {{"num_features", TAKES_INTEGER | REQUIRED},
                                                  {"eps", TAKES_REAL},
                                                  {"momentum", TAKES_REAL | TAKES_NONE},
                                                  {"affine", TAKES_BOOL},
                                                  {"track_running_stats", TAKES_BOOL}};

bool batch_norm_construct(lowering *l, layer *self, const arguments *a) {
    int64_t features = args_integer(a, 0, 0);
    if (!layer_at_least(l, a, 0, features, 1)) return false;
    if (!args_bool(a, 4, true)) {
        diag *e = diag_error(l->diags, args_where(a, 4), "%s needs its running statistics", a->what);
        diag_note_plain(e, "without them PyTorch normalises each batch by its own mean and variance");
        return false;
    }
    self->as.norm.shape[0] = build_dim(l, features);
    self->as.norm.rank = 1;
    self->as.norm.eps = args_real(a, 1, 1e-5);
    self->as.norm.weight = self->as.norm.bias = args_bool(a, 3, true);
    self->as.norm.momentum = a->given[2] && !args_has(a, 2) ? NAN : args_real(a, 2, 0.1);
    static const char *const names_of[] = {"running_mean", "running_var", "weight", "bias"};
    for (int i = 0; i < (self->as.norm.weight ? 4 : 2); i++)
        if (!layer_declare_weight(l, self, names_of[i], &features, 1)) return false;
    return true;
}

/* The node that a layer is known by, through the views behind it. */
static value known_as(lowering *l, const layer *self, ir_value *v, ir_op op, span where) {
    for (ir_node *n = v->producer; n->input_count && n->inputs[0]; n = n->inputs[0]->producer)
        if (n->op == op) {
            n->source = self->source;
            break;
        }
    return value_tensor(l, v, where);
}

/* x must be [N, C, …] with so many dims. */
static bool channels_fit(lowering *l, const layer *self, const arguments *a, unsigned least, unsigned most,
                         const char *expected) {
    const ir_type *t = &args_tensor(a, 0)->type;
    const dim *features = self->as.norm.shape[0];
    if (!layer_wants_float(l, self, a)) return false;
    bool ranks = t->rank >= least && t->rank <= most;
    if (ranks && dim_same(t->dims[1], features)) return true;
    diag *e = layer_shape_error(l, self, a, 0, expected);
    if (t->rank == 3 && most == 3 && dim_same(t->dims[2], features))
        diag_hint(e, "the channels come before the steps: transpose(…, 1, 2)");
    return false;
}

/* In training, mean and variance are x's own: over all dims but the channels', or but an instance's channels'. */
static void takes_statistics(const lowering *l, ir_value *v, bool of_instances, double momentum) {
    ir_node *n = v->producer;
    while (n->op != IR_BATCH_NORM && n->input_count) n = n->inputs[0]->producer;
    if (!l->trains || n->op != IR_BATCH_NORM) return;
    for (unsigned i = 0; i < n->inputs[0]->type.rank; i++)
        if (i > 1 || (i == 0 && !of_instances)) n->attrs.axes |= 1u << i;
    n->attrs.momentum = momentum;
}

value batch_norm_call(lowering *l, const layer *self, const arguments *a) {
    span where = a->call->where;
    bool two = strcmp(self->kind->name, "BatchNorm2d") == 0;
    const char *n = dim_short(l->arena, self->as.norm.shape[0]);
    const char *expected = two ? arena_printf(l->arena, "float32[N, %s, H, W]", n)
                               : arena_printf(l->arena, "float32[N, %s] or float32[N, %s, L]", n, n);
    if (!channels_fit(l, self, a, two ? 4 : 2, two ? 4 : 3, expected)) return value_poison(where);
    ir_value *weight = self->as.norm.weight ? layer_weight(l, self, "weight") : NULL;
    ir_value *bias = self->as.norm.bias ? layer_weight(l, self, "bias") : NULL;
    ir_value *mean = layer_weight(l, self, "running_mean"), *variance = layer_weight(l, self, "running_var");
    ir_value *v = build_batch_norm(l, args_tensor(a, 0), mean, variance, weight, bias, self->as.norm.eps, where);
    takes_statistics(l, v, false, self->as.norm.momentum);
    return known_as(l, self, v, IR_BATCH_NORM, where);
}

/* --- GroupNorm ---------------------------------------------------------------------------------------------------- */

const parameter group_norm_parameters[] = {{"num_groups", TAKES_INTEGER | REQUIRED},
                                           {"num_channels", TAKES_INTEGER | REQUIRED},
                                           {"eps", TAKES_REAL},
                                           {"affine", TAKES_BOOL}};

static bool groups_divide(lowering *l, const arguments *a, size_t i, int64_t groups, int64_t channels) {
    if (channels % groups == 0) return true;
    diag_error(l->diags, args_where(a, i), "num_groups of %s must divide the %lld channels, found %lld", a->what,
               (long long)channels, (long long)groups);
    return false;
}

bool group_norm_construct(lowering *l, layer *self, const arguments *a) {
    int64_t groups = args_integer(a, 0, 0), channels = args_integer(a, 1, 0);
    bool fine = layer_at_least(l, a, 0, groups, 1);
    fine = layer_at_least(l, a, 1, channels, 1) && fine;
    if (!fine || !groups_divide(l, a, 0, groups, channels)) return false;
    self->as.norm.shape[0] = build_dim(l, channels);
    self->as.norm.groups = build_dim(l, groups);
    self->as.norm.eps = args_real(a, 2, 1e-5);
    self->as.norm.weight = self->as.norm.bias = args_bool(a, 3, true);
    if (!self->as.norm.weight) return true;
    fine = layer_declare_weight(l, self, "weight", &channels, 1);
    return layer_declare_weight(l, self, "bias", &channels, 1) && fine;
}

value group_norm_call(lowering *l, const layer *self, const arguments *a) {
    span where = a->call->where;
    const char *n = dim_short(l->arena, self->as.norm.shape[0]);
    if (!channels_fit(l, self, a, 2, IR_MAX_RANK, arena_printf(l->arena, "float32[N, %s, …]", n)))
        return value_poison(where);
    ir_value *weight = self->as.norm.weight ? layer_weight(l, self, "weight") : NULL;
    ir_value *bias = self->as.norm.bias ? layer_weight(l, self, "bias") : NULL;
    ir_value *v =
        build_group_norm(l, args_tensor(a, 0), 1, self->as.norm.groups, weight, bias, self->as.norm.eps, where);
    return known_as(l, self, v, IR_LAYER_NORM, where);
}

/* --- InstanceNorm1d ----------------------------------------------------------------------------------------------- */

bool instance_norm_construct(lowering *l, layer *self, const arguments *a) {
    static const char *const names_of[] = {"weight", "bias", "running_mean", "running_var"};
    int64_t features = args_integer(a, 0, 0);
    if (!layer_at_least(l, a, 0, features, 1)) return false;
    self->as.norm.shape[0] = build_dim(l, features);
    self->as.norm.eps = args_real(a, 1, 1e-5);
    self->as.norm.weight = self->as.norm.bias = args_bool(a, 3, false);
    self->as.norm.running = args_bool(a, 4, false);
    self->as.norm.momentum = args_real(a, 2, a->given[2] && !args_has(a, 2) ? 0 : 0.1); /* None is 0, as in torch */
    for (int i = self->as.norm.weight ? 0 : 2; i < (self->as.norm.running ? 4 : 2); i++)
        if (!layer_declare_weight(l, self, names_of[i], &features, 1)) return false;
    return true;
}

value instance_norm_call(lowering *l, const layer *self, const arguments *a) {
    span where = a->call->where;
    ir_value *x = args_tensor(a, 0);
    const ir_type given = x->type;
    const dim *features = self->as.norm.shape[0];
    const char *n = dim_short(l->arena, features);
    if (!layer_wants_float(l, self, a)) return value_poison(where);
    if ((given.rank != 2 && given.rank != 3) || !dim_same(given.dims[given.rank - 2], features)) {
        layer_shape_error(l, self, a, 0, arena_printf(l->arena, "float32[%s, L] or float32[N, %s, L]", n, n));
        return value_poison(where);
    }
    ir_value *weight = self->as.norm.weight ? layer_weight(l, self, "weight") : NULL;
    ir_value *bias = self->as.norm.bias ? layer_weight(l, self, "bias") : NULL;
    if (!self->as.norm.running)
        return known_as(l, self,
                        build_group_norm(l, x, given.rank - 2, features, weight, bias, self->as.norm.eps, where),
                        IR_LAYER_NORM, where);
    const dim *const batch[] = {build_dim(l, 1), given.dims[0], given.dims[1]};
    if (given.rank == 2) x = build_reshape(l, x, batch, 3, where);
    ir_value *mean = layer_weight(l, self, "running_mean"), *variance = layer_weight(l, self, "running_var");
    ir_value *v = build_batch_norm(l, x, mean, variance, weight, bias, self->as.norm.eps, where);
    takes_statistics(l, v, true, self->as.norm.momentum);
    return known_as(l, self, build_reshape(l, v, given.dims, given.rank, where), IR_BATCH_NORM, where);
}

/* --- functions ---------------------------------------------------------------------------------------------------- */

/* A tensor argument that must be float32[channels]; false after reporting. */
static bool vector_fits(lowering *l, const arguments *a, size_t i, const dim *channels) {
    if (!args_has(a, i)) return true;
    const ir_type *t = &args_tensor(a, i)->type;
    if (t->dtype == IR_F32 && t->rank == 1 && dim_same(t->dims[0], channels)) return true;
    diag *e = diag_error(l->diags, args_where(a, i), "%s of %s needs float32[%s], found %s", a->parameters[i].name,
                         a->what, dim_short(l->arena, channels), value_show(l, &a->values[i]));
    note_argument(l, e, a, i, args_where(a, i));
    return false;
}

static ir_value *optional(const arguments *a, size_t i) { return args_has(a, i) ? args_tensor(a, i) : NULL; }

/* input must be float32[N, C, …]. */
static bool input_fits(lowering *l, const arguments *a, unsigned least) {
    const ir_type *t = &args_tensor(a, 0)->type;
    if (t->dtype == IR_F32 && t->rank >= least) return true;
    diag *e = diag_error(l->diags, args_where(a, 0), "input of %s needs float32[N, C%s], found %s", a->what,
                         least > 2 ? ", L]" : ", …]", value_show(l, &a->values[0]));
    note_argument(l, e, a, 0, args_where(a, 0));
    return false;
}

static value lower_layer_norm(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    span where = a->call->where;
    ir_value *x = args_tensor(a, 0);
    const value *shape = &a->values[1], *items = shape->kind == VALUE_TUPLE ? shape->items : shape;
    size_t count = shape->kind == VALUE_TUPLE ? shape->count : 1;
    bool fits = x->type.dtype == IR_F32 && count >= 1 && count <= x->type.rank;
    for (size_t i = 0; fits && i < count; i++)
        fits = dim_same(x->type.dims[x->type.rank - count + i], items[i].integer);
    if (!fits) {
        diag *e = diag_error(l->diags, args_where(a, 1),
                             "normalized_shape of layer_norm must be the last sizes of the input, %s, found %s",
                             type_show(l, &x->type), value_show(l, shape));
        note_argument(l, e, a, 0, args_where(a, 0));
        return value_poison(where);
    }
    ir_type own = {.dtype = IR_F32, .rank = (unsigned)count};
    for (size_t i = 0; i < count; i++) own.dims[i] = items[i].integer;
    for (size_t i = 2; i < 4; i++) {
        if (!args_has(a, i) || ir_type_same(&args_tensor(a, i)->type, &own)) continue;
        diag_error(l->diags, args_where(a, i), "%s of layer_norm needs %s, found %s", a->parameters[i].name,
                   type_show(l, &own), value_show(l, &a->values[i]));
        return value_poison(where);
    }
    return value_tensor(
        l, build_layer_norm(l, x, (unsigned)count, optional(a, 2), optional(a, 3), args_real(a, 4, 1e-5), where),
        where);
}

static value lower_group_norm(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    span where = a->call->where;
    int64_t groups = args_integer(a, 1, 1), channels = 0;
    if (!input_fits(l, a, 2) || !layer_at_least(l, a, 1, groups, 1)) return value_poison(where);
    ir_value *x = args_tensor(a, 0);
    if (!dim_is_const(x->type.dims[1], &channels)) {
        diag_error(l->diags, args_where(a, 0), "group_norm needs a constant number of channels, found %s",
                   type_show(l, &x->type));
        return value_poison(where);
    }
    if (!groups_divide(l, a, 1, groups, channels) || !vector_fits(l, a, 2, x->type.dims[1]) ||
        !vector_fits(l, a, 3, x->type.dims[1]))
        return value_poison(where);
    return value_tensor(
        l,
        build_group_norm(l, x, 1, build_dim(l, groups), optional(a, 2), optional(a, 3), args_real(a, 4, 1e-5), where),
        where);
}

/* batch_norm and instance_norm: input, running_mean, running_var, weight, bias, training (use_input_stats), momentum,
 * eps. */
static value lower_running_norm(lowering *l, const arguments *a, ir_op op) {
    span where = a->call->where;
    bool instance = op == IR_LAYER_NORM;
    if (!input_fits(l, a, instance ? 3 : 2)) return value_poison(where);
    ir_value *x = args_tensor(a, 0);
    for (size_t i = 1; i < 5; i++)
        if (!vector_fits(l, a, i, x->type.dims[1])) return value_poison(where);
    bool own = args_bool(a, 5, instance);
    double eps = args_real(a, 7, 1e-5);
    if (own && !instance) {
        diag_error(
            l->diags, args_where(a, 5),
            "training=True of batch_norm normalizes by the batch's own statistics; nnc runs models as after eval()");
        return value_poison(where);
    }
    if (own)
        return value_tensor(l, build_group_norm(l, x, 1, x->type.dims[1], optional(a, 3), optional(a, 4), eps, where),
                            where);
    if (!args_has(a, 1) || !args_has(a, 2)) {
        diag_error(l->diags, where, "%s needs running_mean and running_var", a->what);
        return value_poison(where);
    }
    return value_tensor(
        l, build_batch_norm(l, x, optional(a, 1), optional(a, 2), optional(a, 3), optional(a, 4), eps, where), where);
}

#define INPUT            {"input", TAKES_TENSOR | REQUIRED}
#define OPTIONAL(name)   {name, TAKES_TENSOR | TAKES_NONE}
#define AFFINE           OPTIONAL("weight"), OPTIONAL("bias")
#define RUNNING(flag)                                                                                                  \
    INPUT, OPTIONAL("running_mean"), OPTIONAL("running_var"), AFFINE, {flag, TAKES_BOOL}, {"momentum", TAKES_REAL}, {  \
        "eps", TAKES_REAL                                                                                              \
    }

static const parameter layer_norm[] = {
    INPUT, {"normalized_shape", TAKES_INTEGER | TAKES_INTEGERS | REQUIRED}, AFFINE, {"eps", TAKES_REAL}};
static const parameter group_norm[] = {INPUT, {"num_groups", TAKES_INTEGER | REQUIRED}, AFFINE, {"eps", TAKES_REAL}};
static const parameter batch_norm[] = {RUNNING("training")};
static const parameter instance_norm[] = {RUNNING("use_input_stats")};

#define PARAMETERS(array) array, sizeof array / sizeof *array

const function functions_norm[] = {
    {"layer_norm", PARAMETERS(layer_norm), lower_layer_norm, IR_OP_COUNT},
    {"group_norm", PARAMETERS(group_norm), lower_group_norm, IR_OP_COUNT},
    {"batch_norm", PARAMETERS(batch_norm), lower_running_norm, IR_BATCH_NORM},
    {"instance_norm", PARAMETERS(instance_norm), lower_running_norm, IR_LAYER_NORM},
    {NULL, NULL, 0, NULL, 0},
};
