/* layer_kinds: the modules of torch.nn, a row each, and those that are one operator: Embedding, Linear, Dropout.
 * Parameters stand in torch's order. */
#include "lower/lowering.h"

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
    self->as.embedding.padding_row = args_has(a, 2) ? 1 + (padding < 0 ? padding + count : padding) : 0;
    self->as.embedding.scale_by_frequency = args_bool(a, 5, false);
    self->as.embedding.sparse = args_bool(a, 6, false);
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
    if (l->trains) {
        v->producer->attrs.padding_row = self->as.embedding.padding_row;
        v->producer->attrs.scale_by_frequency = self->as.embedding.scale_by_frequency;
        v->producer->attrs.sparse = self->as.embedding.sparse;
    }
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
    if (!layer_wants_float(l, self, a)) return value_poison(where);
    ir_type type = x->type;
    if (!type.rank || !dim_is(type.dims[type.rank - 1], in)) {
        diag *e = layer_shape_error(l, self, a, 0,
                                    arena_printf(l->arena, "%lld feature%s, float32[…, %lld]", (long long)in,
                                                 in == 1 ? "" : "s", (long long)in));
        bool constant = type.rank && dim_is_const(type.dims[type.rank - 1], &found);
        if (constant && found == 2 * in && is_of_two_directions(x))
            diag_hint(e, "with bidirectional=True the features are 2 * hidden_size = %lld: Linear(%lld, %lld)",
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
    double p = args_real(a, 0, 0.5);
    self->as.dropout = p;
    if (p >= 0 && p <= 1) return true;
    diag_error(l->diags, args_where(a, 0), "p of Dropout must be between 0 and 1, found %g", p);
    return false;
}

static value dropout_call(lowering *l, const layer *self, const arguments *a) {
    ir_value *x = build_dropout(l, args_tensor(a, 0), self->as.dropout, a->call->where);
    return value_tensor(l, x, a->call->where);
}

/* --- the table --------------------------------------------------------------------------------------------------- */

#define RNN_PARAMETERS                                                                                                 \
    {"bias", TAKES_BOOL}, {"batch_first", TAKES_BOOL}, {"dropout", TAKES_REAL}, { "bidirectional", TAKES_BOOL }
/* Beyond torch's: Keras's activations, and one direction that goes backwards. */
#define KERAS_PARAMETERS                                                                                               \
    {"activation", TAKES_STRING}, {"recurrent_activation", TAKES_STRING}, { "reverse", TAKES_BOOL }

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

#define ROW(module, a_or_an, takes, calls, constructor, caller)                                     \
    .name = module, .article = a_or_an, takes, calls, .construct = constructor, .call = caller
#define TAKES(array)           .parameters = array, .count = sizeof array / sizeof *array
#define TAKES_SOME(array, n)   .parameters = array, .count = n
#define CALLED(array)          .call_parameters = array, .call_count = sizeof array / sizeof *array
#define CALLED_SOME(array, n)  .call_parameters = array, .call_count = n

#define SIMPLE(name, article, kind)                                                                                    \
    { ROW(name, article, TAKES(kind##_parameters), CALLED(one_tensor), kind##_construct, kind##_call) }
#define OTHER(name, article, takes, how_many, constructor, caller) \
    {ROW(name, article, TAKES_SOME(takes, how_many), CALLED(one_tensor), constructor, caller)}
#define MATRIX(name, article, takes, constructor, caller) \
    {ROW(name, article, TAKES(takes), CALLED(one_tensor), constructor, caller), .has_matrices = true}
#define RECURRENT(name, article, takes, which, hint)                                                          \
    {ROW(name, article, TAKES(takes), CALLED(recurrent_arguments), recurrent_construct, recurrent_call),      \
     .too_many = hint, .cell = which, .is_recurrent = true, .has_matrices = true}
#define CELL(name, article, how_many, which, hint)                                                            \
    {ROW(name, article, TAKES_SOME(rnn_cell_parameters, how_many), CALLED_SOME(recurrent_arguments, 2),       \
         cell_construct, cell_call),                                                                          \
     .too_many = hint, .cell = which, .is_recurrent = true, .is_cell = true, .has_matrices = true}

const layer_kind layer_kinds[] = {
    MATRIX("Embedding", "an", embedding_parameters, embedding_construct, embedding_call),
    RECURRENT("RNN", "an", rnn_parameters, IR_RNN, NULL),
    RECURRENT("LSTM", "an", lstm_parameters, IR_LSTM, "the two states are one argument: (h0, c0)"),
    RECURRENT("GRU", "a", gru_parameters, IR_GRU, NULL),
    CELL("RNNCell", "an", 4, IR_RNN, NULL),
    CELL("LSTMCell", "an", 3, IR_LSTM, "the two states are one argument: (h, c)"),
    CELL("GRUCell", "a", 3, IR_GRU, NULL),
    MATRIX("Linear", "a", linear_parameters, linear_construct, linear_call),
    SIMPLE("Dropout", "a", dropout),
    SIMPLE("LayerNorm", "a", layer_norm),
    SIMPLE("RMSNorm", "an", rms_norm),
    SIMPLE("BatchNorm1d", "a", batch_norm),
    SIMPLE("BatchNorm2d", "a", batch_norm),
    SIMPLE("GroupNorm", "a", group_norm),
    OTHER("InstanceNorm1d", "an", batch_norm_parameters, 5, instance_norm_construct, instance_norm_call),
    MATRIX("Conv1d", "a", conv_parameters, conv1d_construct, conv_call),
    MATRIX("Conv2d", "a", conv_parameters, conv2d_construct, conv_call),
    MATRIX("ConvTranspose1d", "a", conv_transpose_parameters, conv_transpose1d_construct, conv_transpose1d_call),
    OTHER("MaxPool1d", "a", max_pool_parameters, 6, pool_construct, pool_call),
    OTHER("MaxPool2d", "a", max_pool_parameters, 6, pool_construct, pool_call),
    OTHER("AvgPool1d", "an", avg_pool_parameters, 5, pool_construct, pool_call),
    OTHER("AvgPool2d", "an", avg_pool_parameters, 6, pool_construct, pool_call),
    OTHER("AdaptiveAvgPool1d", "an", adaptive_pool_parameters, 1, adaptive_pool_construct, adaptive_pool_call),
    OTHER("AdaptiveMaxPool1d", "an", adaptive_pool_parameters, 2, adaptive_pool_construct, adaptive_pool_call),
    OTHER("AdaptiveAvgPool2d", "an", adaptive_pool_parameters, 1, adaptive_pool_construct, adaptive_pool_call),
    SIMPLE("Upsample", "an", upsample),
    OTHER("Sequential", "a", NULL, 0, NULL, sequential_call), /* its arguments are modules: sequential_declare */
    {.name = NULL},
};
