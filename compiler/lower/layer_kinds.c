/* layer_kinds: the modules of torch.nn, a row each, and those that are one operator: Embedding, Linear, Dropout,
 * LayerNorm, BatchNorm1d, Conv1d. Parameters stand in torch's order. */
#include <math.h>

#include "lower/lowering.h"

/* The node that a layer is known by. */
static ir_value *layer_value(lowering *l, const layer *self, ir_op op, ir_value *const *inputs, unsigned count,
                             const ir_type *type, span where) {
    ir_value *v = build_value(l, op, inputs, count, type, where);
    v->producer->source = self->source;
    return v;
}

/* --- Embedding --------------------------------------------------------------------------------------------------- */

static const parameter embedding_parameters[] = {{"num_embeddings", TAKES_INTEGER | REQUIRED},
                                                 {"embedding_dim", TAKES_INTEGER | REQUIRED},
                                                 {"padding_idx", TAKES_INTEGER | TAKES_NONE},
                                                 {"max_norm", TAKES_REAL | TAKES_NONE},
                                                 {"norm_type", TAKES_REAL},
                                                 {"scale_grad_by_freq", TAKES_BOOL},
                                                 {"sparse", TAKES_BOOL}};

static bool embedding_construct(lowering *l, layer *self, const arguments *a) {
    int64_t count = args_integer(a, 0, 0), size = args_integer(a, 1, 0);
    int64_t padding = args_integer(a, 2, 0);
    double max_norm = args_real(a, 3, 0.0), norm_type = args_real(a, 4, 2.0);
    bool fine = layer_at_least(l, a, 0, count, 1);
    fine = layer_at_least(l, a, 1, size, 1) && fine;
    if (!fine) return false;
    if (padding < -count || padding >= count) {
        diag_error(l->diags, args_where(a, 2), "padding_idx of Embedding must be within its %lld rows, found %lld",
                   (long long)count, (long long)padding);
        return false;
    }
    if (args_has(a, 3) && max_norm < 0) {
        diag_error(l->diags, args_where(a, 3), "max_norm of Embedding must not be negative, found %g", max_norm);
        return false;
    }
    if (norm_type <= 0) {
        diag_error(l->diags, args_where(a, 4), "norm_type of Embedding must be positive, found %g", norm_type);
        return false;
    }
    self->as.embedding.count = count;
    self->as.embedding.size = size;
    self->as.embedding.has_max_norm = args_has(a, 3);
    self->as.embedding.max_norm = max_norm;
    self->as.embedding.norm_type = norm_type;
    return layer_declare_weight(l, self, "weight", (const int64_t[]){count, size}, 2);
}

static value embedding_call(lowering *l, const layer *self, const arguments *a) {
    span where = a->call->where;
    ir_value *ids = args_tensor(a, 0);
    if (ids->type.dtype != IR_I32) {
        diag *e = layer_shape_error(l, self, a, 0, "int32 ids");
        diag_hint(e, "ids are whole numbers: input NAME: int32[…]");
        return value_poison(where);
    }
    if (!shape_rank_fits(l, ids->type.rank + 1, where)) return value_poison(where);
    ir_type type = ids->type;
    type.dtype = IR_F32;
    type.dims[type.rank++] = build_dim(l, self->as.embedding.size);
    ir_value *const inputs[] = {ids, layer_weight(l, self, "weight")};
    ir_value *v = layer_value(l, self, IR_EMBEDDING, inputs, 2, &type, where);
    if (self->as.embedding.has_max_norm) {
        v->producer->attrs.has_max_norm = true;
        v->producer->attrs.max_norm = self->as.embedding.max_norm;
        v->producer->attrs.norm_type = self->as.embedding.norm_type;
    }
    return value_tensor(l, v, where);
}

/* --- Linear ------------------------------------------------------------------------------------------------------ */

static const parameter linear_parameters[] = {
    {"in_features", TAKES_INTEGER | REQUIRED}, {"out_features", TAKES_INTEGER | REQUIRED}, {"bias", TAKES_BOOL}};

static bool linear_construct(lowering *l, layer *self, const arguments *a) {
    int64_t in = args_integer(a, 0, 0), out = args_integer(a, 1, 0);
    bool fine = layer_at_least(l, a, 0, in, 1);
    fine = layer_at_least(l, a, 1, out, 1) && fine;
    if (!fine) return false;
    self->as.linear.in = in;
    self->as.linear.out = out;
    self->as.linear.bias = args_bool(a, 2, true);
    fine = layer_declare_weight(l, self, "weight", (const int64_t[]){out, in}, 2);
    return (!self->as.linear.bias || layer_declare_weight(l, self, "bias", &out, 1)) && fine;
}

/* Two directions' outputs side by side, seen through what leaves the features alone. */
static bool is_of_two_directions(const ir_value *v) {
    for (int steps = 0; steps < 64 && v->producer->input_count; steps++) {
        const ir_node *n = v->producer;
        if (n->op == IR_CAT) {
            for (unsigned i = 0; i < n->input_count; i++)
                if (n->inputs[i]->producer->op != IR_RECURRENT) return false;
            return n->input_count == 2 && n->attrs.axis == 2;
        }
        ir_op_class class = ir_op_class_of(n->op);
        if (class != IR_VIEW && class != IR_UNARY) return false;
        v = n->inputs[0];
    }
    return false;
}

static value linear_call(lowering *l, const layer *self, const arguments *a) {
    span where = a->call->where;
    ir_value *x = args_tensor(a, 0);
    int64_t in = self->as.linear.in, found;
    if (!layer_wants_float(l, self, a, 0)) return value_poison(where);
    ir_type type = x->type;
    if (!type.rank || !dim_is(type.dims[type.rank - 1], in)) {
        diag *e = layer_shape_error(l, self, a, 0,
                                    arena_printf(l->arena, "%lld feature%s, float32[…, %lld]", (long long)in,
                                                 in == 1 ? "" : "s", (long long)in));
        bool constant = type.rank && dim_is_const(type.dims[type.rank - 1], &found);
        if (constant && found == 2 * in && is_of_two_directions(x))
            diag_hint(e, "with bidirectional=true the features are 2 * hidden_size = %lld: Linear(%lld, %lld)",
                      (long long)found, (long long)found, (long long)self->as.linear.out);
        else if (type.rank >= 2 && dim_is(type.dims[type.rank - 2], in))
            diag_hint(e, "it fits when the last two dims are swapped: transpose(…, -1, -2)");
        else if (constant && found == self->as.linear.out)
            diag_hint(e, "in_features come first, out_features second: Linear(%lld, %lld)", (long long)found,
                      (long long)in);
        return value_poison(where);
    }
    type.dims[type.rank - 1] = build_dim(l, self->as.linear.out);
    ir_value *bias = self->as.linear.bias ? layer_weight(l, self, "bias") : NULL;
    ir_value *const inputs[] = {x, layer_weight(l, self, "weight"), bias};
    return value_tensor(l, layer_value(l, self, IR_LINEAR, inputs, 3, &type, where), where);
}

/* --- Dropout ----------------------------------------------------------------------------------------------------- */

static const parameter dropout_parameters[] = {{"p", TAKES_REAL}, {"inplace", TAKES_BOOL}};

static bool dropout_construct(lowering *l, layer *self, const arguments *a) {
    (void)self;
    double p = args_real(a, 0, 0.5);
    if (p >= 0 && p <= 1) return true;
    diag_error(l->diags, args_where(a, 0), "p of Dropout must be between 0 and 1, found %g", p);
    return false;
}

static value dropout_call(lowering *l, const layer *self, const arguments *a) {
    (void)self;
    return value_tensor(l, args_tensor(a, 0), a->call->where);
}

/* --- LayerNorm --------------------------------------------------------------------------------------------------- */

static const parameter layer_norm_parameters[] = {{"normalized_shape", TAKES_INTEGER | TAKES_INTEGERS | REQUIRED},
                                                  {"eps", TAKES_REAL},
                                                  {"elementwise_affine", TAKES_BOOL},
                                                  {"bias", TAKES_BOOL}};

static bool layer_norm_construct(lowering *l, layer *self, const arguments *a) {
    const value *shape = &a->values[0];
    const value *items = shape->kind == VALUE_TUPLE ? shape->items : shape;
    size_t count = shape->kind == VALUE_TUPLE ? shape->count : 1;
    int64_t sizes[IR_MAX_RANK];
    if (!count || count > IR_MAX_RANK) {
        diag_error(l->diags, args_where(a, 0), "normalized_shape of LayerNorm has 1 to %d sizes, found %zu",
                   IR_MAX_RANK, count);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        sizes[i] = (int64_t)value_number(&items[i]);
        if (!layer_at_least(l, a, 0, sizes[i], 1)) return false;
        self->as.norm.shape[i] = items[i].integer;
    }
    self->as.norm.rank = (unsigned)count;
    self->as.norm.eps = args_real(a, 1, 1e-5);
    self->as.norm.weight = args_bool(a, 2, true);
    self->as.norm.bias = self->as.norm.weight && args_bool(a, 3, true);
    bool fine = !self->as.norm.weight || layer_declare_weight(l, self, "weight", sizes, (unsigned)count);
    return (!self->as.norm.bias || layer_declare_weight(l, self, "bias", sizes, (unsigned)count)) && fine;
}

static value layer_norm_call(lowering *l, const layer *self, const arguments *a) {
    span where = a->call->where;
    ir_value *x = args_tensor(a, 0);
    unsigned rank = self->as.norm.rank;
    if (!layer_wants_float(l, self, a, 0)) return value_poison(where);
    bool fits = x->type.rank >= rank;
    for (unsigned i = 0; fits && i < rank; i++)
        fits = dim_same(x->type.dims[x->type.rank - rank + i], self->as.norm.shape[i]);
    if (!fits) {
        text t = text_new(l->arena);
        text_add(&t, "float32[…");
        for (unsigned i = 0; i < rank; i++) text_printf(&t, ", %s", dim_string(l->arena, self->as.norm.shape[i]));
        text_add(&t, "]");
        layer_shape_error(l, self, a, 0, text_string(&t));
        return value_poison(where);
    }
    ir_value *weight = self->as.norm.weight ? layer_weight(l, self, "weight") : NULL;
    ir_value *bias = self->as.norm.bias ? layer_weight(l, self, "bias") : NULL;
    ir_value *const inputs[] = {x, weight, bias};
    ir_value *v = layer_value(l, self, IR_LAYER_NORM, inputs, 3, &x->type, where);
    v->producer->attrs.count = rank;
    v->producer->attrs.eps = self->as.norm.eps;
    return value_tensor(l, v, where);
}

/* --- BatchNorm1d ------------------------------------------------------------------------------------------------- */

static const parameter batch_norm_parameters[] = {{"num_features", TAKES_INTEGER | REQUIRED},
                                                  {"eps", TAKES_REAL},
                                                  {"momentum", TAKES_REAL | TAKES_NONE},
                                                  {"affine", TAKES_BOOL},
                                                  {"track_running_stats", TAKES_BOOL}};

static bool batch_norm_construct(lowering *l, layer *self, const arguments *a) {
    int64_t features = args_integer(a, 0, 0);
    if (!layer_at_least(l, a, 0, features, 1)) return false;
    if (!args_bool(a, 4, true)) {
        diag *e = diag_error(l->diags, args_where(a, 4), "BatchNorm1d needs its running statistics");
        diag_note_plain(e, "without them PyTorch normalises each batch by its own mean and variance");
        return false;
    }
    self->as.norm.shape[0] = build_dim(l, features);
    self->as.norm.rank = 1;
    self->as.norm.eps = args_real(a, 1, 1e-5);
    self->as.norm.weight = self->as.norm.bias = args_bool(a, 3, true);
    static const char *const names_of[] = {"running_mean", "running_var", "weight", "bias"};
    for (int i = 0; i < (self->as.norm.weight ? 4 : 2); i++)
        if (!layer_declare_weight(l, self, names_of[i], &features, 1)) return false;
    return true;
}

static value batch_norm_call(lowering *l, const layer *self, const arguments *a) {
    span where = a->call->where;
    ir_value *x = args_tensor(a, 0);
    const dim *features = self->as.norm.shape[0];
    if (!layer_wants_float(l, self, a, 0)) return value_poison(where);
    bool ranks = x->type.rank == 2 || x->type.rank == 3;
    if (!ranks || !dim_same(x->type.dims[1], features)) {
        const char *n = dim_string(l->arena, features);
        diag *e = layer_shape_error(l, self, a, 0, arena_printf(l->arena, "float32[N, %s] or float32[N, %s, L]", n, n));
        if (x->type.rank == 3 && dim_same(x->type.dims[2], features))
            diag_hint(e, "the channels come before the steps: transpose(…, 1, 2)");
        return value_poison(where);
    }
    ir_value *weight = self->as.norm.weight ? layer_weight(l, self, "weight") : NULL;
    ir_value *bias = self->as.norm.bias ? layer_weight(l, self, "bias") : NULL;
    ir_value *const inputs[] = {x, layer_weight(l, self, "running_mean"), layer_weight(l, self, "running_var"), weight,
                                bias};
    ir_value *v = layer_value(l, self, IR_BATCH_NORM, inputs, 5, &x->type, where);
    v->producer->attrs.eps = self->as.norm.eps;
    return value_tensor(l, v, where);
}

/* --- Conv1d ------------------------------------------------------------------------------------------------------ */

static const parameter conv_parameters[] = {{"in_channels", TAKES_INTEGER | REQUIRED},
                                            {"out_channels", TAKES_INTEGER | REQUIRED},
                                            {"kernel_size", TAKES_INTEGER | TAKES_INTEGERS | REQUIRED},
                                            {"stride", TAKES_INTEGER | TAKES_INTEGERS},
                                            {"padding", TAKES_INTEGER | TAKES_INTEGERS | TAKES_STRING},
                                            {"dilation", TAKES_INTEGER | TAKES_INTEGERS},
                                            {"groups", TAKES_INTEGER},
                                            {"bias", TAKES_BOOL},
                                            {"padding_mode", TAKES_STRING}};

enum { CONV_IN, CONV_OUT, CONV_KERNEL, CONV_STRIDE, CONV_PADDING, CONV_DILATION, CONV_GROUPS, CONV_BIAS, CONV_MODE };

/* An integer or a tuple of one, within its bounds. */
static bool one_size(lowering *l, const arguments *a, size_t i, int64_t otherwise, int64_t least, int64_t *out) {
    *out = otherwise;
    if (!args_has(a, i)) return true;
    const value *v = &a->values[i];
    if (v->kind == VALUE_TUPLE && v->count != 1) {
        diag_error(l->diags, args_where(a, i), "%s of Conv1d is one number, found %s", a->parameters[i].name,
                   value_show(l, v));
        return false;
    }
    *out = (int64_t)value_number(v->kind == VALUE_TUPLE ? &v->items[0] : v);
    return layer_at_least(l, a, i, *out, least);
}

static bool conv_padding(lowering *l, layer *self, const arguments *a) {
    const char *word = args_string(a, CONV_PADDING, "");
    bool is_word = args_has(a, CONV_PADDING) && a->values[CONV_PADDING].kind == VALUE_STRING;
    if (!is_word) {
        if (!one_size(l, a, CONV_PADDING, 0, 0, &self->as.conv.before)) return false;
        self->as.conv.after = self->as.conv.before;
        return true;
    }
    if (strcmp(word, "valid") == 0) return true;
    if (strcmp(word, "same") != 0) {
        diag_error(l->diags, args_where(a, CONV_PADDING),
                   "padding of Conv1d is a number, \"same\" or \"valid\", found "
                   "\"%.40s\"",
                   word);
        return false;
    }
    if (self->as.conv.stride != 1) {
        diag_error(l->diags, args_where(a, CONV_PADDING), "padding=\"same\" needs stride 1, found stride %lld",
                   (long long)self->as.conv.stride);
        return false;
    }
    int64_t total = self->as.conv.dilation * (self->as.conv.kernel - 1);
    self->as.conv.before = total / 2;
    self->as.conv.after = total - total / 2;
    if (self->as.conv.after <= INT32_MAX) return true;
    diag_error(l->diags, a->call->where, "the kernel of this Conv1d is too large");
    return false;
}

static bool conv_construct(lowering *l, layer *self, const arguments *a) {
    static const char *const modes[] = {"zeros", "reflect", "replicate", "circular"};
    int64_t in = args_integer(a, CONV_IN, 0), out = args_integer(a, CONV_OUT, 0);
    int64_t groups = args_integer(a, CONV_GROUPS, 1);
    bool fine = layer_at_least(l, a, CONV_IN, in, 1);
    fine = layer_at_least(l, a, CONV_OUT, out, 1) && fine;
    fine = layer_at_least(l, a, CONV_GROUPS, groups, 1) && fine;
    fine = one_size(l, a, CONV_KERNEL, 1, 1, &self->as.conv.kernel) && fine;
    fine = one_size(l, a, CONV_STRIDE, 1, 1, &self->as.conv.stride) && fine;
    fine = one_size(l, a, CONV_DILATION, 1, 1, &self->as.conv.dilation) && fine;
    if (!fine || !conv_padding(l, self, a)) return false;
    if (in % groups || out % groups) {
        bool which = in % groups;
        diag_error(l->diags, args_where(a, CONV_GROUPS), "groups of Conv1d must divide %s, %lld, found %lld",
                   which ? "in_channels" : "out_channels", (long long)(which ? in : out), (long long)groups);
        return false;
    }
    const char *mode = args_string(a, CONV_MODE, "zeros");
    int m = 0;
    while (m < 4 && strcmp(mode, modes[m]) != 0) m++;
    if (m == 4) {
        diag_error(l->diags, args_where(a, CONV_MODE),
                   "padding_mode of Conv1d is zeros, reflect, replicate or circular, found \"%.40s\"", mode);
        return false;
    }
    self->as.conv.in = in;
    self->as.conv.out = out;
    self->as.conv.groups = groups;
    self->as.conv.bias = args_bool(a, CONV_BIAS, true);
    self->as.conv.mode = (ir_pad_mode)m;
    fine = layer_declare_weight(l, self, "weight", (const int64_t[]){out, in / groups, self->as.conv.kernel}, 3);
    return (!self->as.conv.bias || layer_declare_weight(l, self, "bias", &out, 1)) && fine;
}

static value conv_call(lowering *l, const layer *self, const arguments *a) {
    span where = a->call->where;
    ir_value *x = args_tensor(a, 0);
    const ir_type given = x->type;
    int64_t in = self->as.conv.in, before = self->as.conv.before, after = self->as.conv.after;
    if (!layer_wants_float(l, self, a, 0)) return value_poison(where);
    bool ranks = given.rank == 2 || given.rank == 3;
    if (!ranks || !dim_is(given.dims[given.rank - 2], in)) {
        diag *e = layer_shape_error(
            l, self, a, 0,
            arena_printf(l->arena, "float32[%lld, L] or float32[N, %lld, L]", (long long)in, (long long)in));
        if (ranks && dim_is(given.dims[given.rank - 1], in))
            diag_hint(e, "the channels come before the steps: transpose(…, -1, -2)");
        return value_poison(where);
    }
    const dim *length = given.dims[given.rank - 1];
    const dim *result =
        shape_window(l, length, before + after, self->as.conv.kernel, self->as.conv.stride, self->as.conv.dilation);
    if (!result) {
        const dim *least = build_dim(l, self->as.conv.dilation * (self->as.conv.kernel - 1) + 1 - before - after);
        diag *e =
            layer_shape_error(l, self, a, 0, arena_printf(l->arena, "at least %s steps", dim_string(l->arena, least)));
        const char *bounds = bounds_show(l, length);
        if (bounds) diag_note_plain(e, "%s", bounds);
        return value_poison(where);
    }
    if (!shape_pad_fits(l, length, before, after, self->as.conv.mode, args_where(a, 0), type_show(l, &given)))
        return value_poison(where);
    const dim *one = build_dim(l, 1);
    if (given.rank == 2) x = build_reshape(l, x, (const dim *const[]){one, given.dims[0], length}, 3, where);
    if (self->as.conv.mode != IR_PAD_CONSTANT) {
        x = build_pad(l, x, 2, before, after, self->as.conv.mode, 0, where);
        before = after = 0;
    }
    ir_type type = {.rank = 3, .dims = {x->type.dims[0], build_dim(l, self->as.conv.out), result}};
    ir_value *bias = self->as.conv.bias ? layer_weight(l, self, "bias") : NULL;
    ir_value *const inputs[] = {x, layer_weight(l, self, "weight"), bias};
    ir_value *v = layer_value(l, self, IR_CONV1D, inputs, 3, &type, where);
    ir_attrs *at = &v->producer->attrs;
    at->stride = self->as.conv.stride;
    at->dilation = self->as.conv.dilation;
    at->groups = self->as.conv.groups;
    at->before = before;
    at->after = after;
    if (given.rank == 2) v = build_reshape(l, v, &type.dims[1], 2, where);
    return value_tensor(l, v, where);
}

/* --- the table --------------------------------------------------------------------------------------------------- */

#define RNN_PARAMETERS                                                                                                 \
    {"bias", TAKES_BOOL}, {"batch_first", TAKES_BOOL}, {"dropout", TAKES_REAL}, { "bidirectional", TAKES_BOOL }
#define KERAS_PARAMETERS                                                                                               \
    {"activation", TAKES_STRING}, { "recurrent_activation", TAKES_STRING }

static const parameter rnn_parameters[] = {{"input_size", TAKES_INTEGER | REQUIRED},
                                           {"hidden_size", TAKES_INTEGER | REQUIRED},
                                           {"num_layers", TAKES_INTEGER},
                                           {"nonlinearity", TAKES_STRING},
                                           RNN_PARAMETERS,
                                           KERAS_PARAMETERS};
static const parameter lstm_parameters[] = {{"input_size", TAKES_INTEGER | REQUIRED},
                                            {"hidden_size", TAKES_INTEGER | REQUIRED},
                                            {"num_layers", TAKES_INTEGER},
                                            RNN_PARAMETERS,
                                            {"proj_size", TAKES_INTEGER},
                                            KERAS_PARAMETERS};
static const parameter gru_parameters[] = {{"input_size", TAKES_INTEGER | REQUIRED},
                                           {"hidden_size", TAKES_INTEGER | REQUIRED},
                                           {"num_layers", TAKES_INTEGER},
                                           RNN_PARAMETERS,
                                           {"proj_size", TAKES_INTEGER | UNLISTED},
                                           KERAS_PARAMETERS,
                                           {"reset_after", TAKES_BOOL}};
static const parameter rnn_cell_parameters[] = {{"input_size", TAKES_INTEGER | REQUIRED},
                                                {"hidden_size", TAKES_INTEGER | REQUIRED},
                                                {"bias", TAKES_BOOL},
                                                {"nonlinearity", TAKES_STRING}};

static const parameter one_tensor[] = {{"input", TAKES_TENSOR | REQUIRED}};
static const parameter recurrent_arguments[] = {
    {"input", TAKES_TENSOR | REQUIRED}, {"hx", TAKES_ANY}, {"lengths", TAKES_TENSOR | TAKES_NONE}};

#define PARAMETERS(array, count) array, count
#define ALL(array)               array, sizeof array / sizeof *array

#define SIMPLE(name, article, kind)                                                                                    \
    {                                                                                                                  \
        name, article, ALL(kind##_parameters), ALL(one_tensor), kind##_construct, kind##_call, NULL, IR_RNN, false,    \
            false, NULL                                                                                                \
    }
#define RECURRENT(name, article, parameters, cell, hint)                                                               \
    {                                                                                                                  \
        name, article, ALL(parameters), ALL(recurrent_arguments), recurrent_construct, recurrent_call, hint, cell,     \
            true, false, NULL                                                                                          \
    }
#define CELL(name, article, count, cell, hint)                                                                         \
    {                                                                                                                  \
        name, article, PARAMETERS(rnn_cell_parameters, count), PARAMETERS(recurrent_arguments, 2), cell_construct,     \
            cell_call, hint, cell, true, true, NULL                                                                    \
    }

const layer_kind layer_kinds[] = {
    SIMPLE("Embedding", "an", embedding),
    RECURRENT("RNN", "an", rnn_parameters, IR_RNN, NULL),
    RECURRENT("LSTM", "an", lstm_parameters, IR_LSTM, "the two states are one argument: (h0, c0)"),
    RECURRENT("GRU", "a", gru_parameters, IR_GRU, NULL),
    CELL("RNNCell", "an", 4, IR_RNN, NULL),
    CELL("LSTMCell", "an", 3, IR_LSTM, "the two states are one argument: (h, c)"),
    CELL("GRUCell", "a", 3, IR_GRU, NULL),
    SIMPLE("Linear", "a", linear),
    SIMPLE("Dropout", "a", dropout),
    SIMPLE("LayerNorm", "a", layer_norm),
    SIMPLE("BatchNorm1d", "a", batch_norm),
    SIMPLE("Conv1d", "a", conv),
    {NULL, NULL, NULL, 0, NULL, 0, NULL, NULL, NULL, IR_RNN, false, false, NULL},
};
