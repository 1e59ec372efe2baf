/* familiar: see familiar.h. */
#include "lower/familiar.h"

#include <stddef.h>
#include <string.h>

typedef struct {
    const char *name, *hint;
} familiar;

static const char at_inference[] = "leave it out: at inference it changes nothing";
static const char where_tensors_are[] = "leave it out: tensors have no device and no gradient here";
static const char one_by_one[] =
    "declare each layer by its key in the weights (layer net.0 = Linear(…)), and call one after the other";
static const char constants[] =
    "numbers broadcast by themselves; a layer without a state begins with zeros; other constants are a param";
static const char product[] = "write matmul(a, b)";
static const char axes[] = "write transpose(x, dim0, dim1), or permute(x, …)";
static const char join[] = "write cat([a, b], dim=…)";
static const char parts[] = "write slices: x[:, 0:n], x[:, n:]";
static const char broadcasting[] = "leave it out: + - * / broadcast by themselves";
static const char sizes[] = "sizes are written as numbers and dims";
static const char packed[] = "give the layer the lengths: out, h = gru(x, lengths=n), with input n: int32[B]";
static const char attention[] = "attention is written with matmul and softmax";
static const char only_1d[] = "nnc is for sequences: there are Conv1d and BatchNorm1d";

static const familiar layers[] = {
    {"ReLU", "it is a function: write relu(x) where it is called"},
    {"ReLU6", "it is a function: write hardtanh(x, 0, 6) where it is called"},
    {"LeakyReLU", "it is a function: write leaky_relu(x) where it is called"},
    {"ELU", "it is a function: write elu(x) where it is called"},
    {"GELU", "it is a function: write gelu(x) where it is called"},
    {"SiLU", "write x * sigmoid(x) where it is called"},
    {"Sigmoid", "it is a function: write sigmoid(x) where it is called"},
    {"Tanh", "it is a function: write tanh(x) where it is called"},
    {"Hardtanh", "it is a function: write hardtanh(x) where it is called"},
    {"Softplus", "it is a function: write softplus(x) where it is called"},
    {"Softmax", "it is a function: write softmax(x, dim=…) where it is called"},
    {"LogSoftmax", "it is a function: write log_softmax(x, dim=…) where it is called"},
    {"Flatten", "it is a function: write flatten(x, 1) where it is called"},
    {"ReflectionPad1d", "it is a function: write pad(x, (left, right), mode=\"reflect\") where it is called"},
    {"ConstantPad1d", "it is a function: write pad(x, (left, right), value=…) where it is called"},
    {"ZeroPad1d", "it is a function: write pad(x, (left, right)) where it is called"},
    {"Identity", "leave it out: it gives what it is given"},
    {"Dropout1d", at_inference},
    {"Dropout2d", at_inference},
    {"AlphaDropout", at_inference},
    {"Sequential", one_by_one},
    {"ModuleList", one_by_one},
    {"ModuleDict", one_by_one},
    {"Parameter", "write param NAME: float32[d, …]"},
    {"EmbeddingBag", "write an Embedding, and sum or mean(…, dim=…) of what it gives"},
    {"MultiheadAttention", attention},
    {"TransformerEncoder", attention},
    {"TransformerEncoderLayer", attention},
    {"TransformerDecoderLayer", attention},
    {"Transformer", attention},
    {"Conv2d", only_1d},
    {"Conv3d", only_1d},
    {"BatchNorm2d", only_1d},
    {"BatchNorm3d", only_1d},
    {"Dense", "Keras's Dense is Linear(in_features, out_features)"},
    {"Conv1D", "Keras's Conv1D is Conv1d(in_channels, out_channels, kernel_size), on [N, C, L]"},
    {"BatchNormalization", "Keras's BatchNormalization is BatchNorm1d(num_features)"},
    {"LayerNormalization", "Keras's LayerNormalization is LayerNorm(normalized_shape)"},
    {"Bidirectional", "write LSTM(…, bidirectional=True), or GRU"},
    {"TimeDistributed", "leave it out: a Linear works on the last dim, for all steps"},
};

static const familiar functions[] = {
    {"dropout", at_inference},
    {"eval", at_inference},
    {"train", at_inference},
    {"flatten_parameters", at_inference},
    {"detach", where_tensors_are},
    {"cpu", where_tensors_are},
    {"cuda", where_tensors_are},
    {"to", where_tensors_are},
    {"clone", where_tensors_are},
    {"data", where_tensors_are},
    {"device", where_tensors_are},
    {"numpy", where_tensors_are},
    {"item", "leave it out: float32[] is a single number"},
    {"float", "leave it out: / gives float32, and x * 1.0 makes float32 of int32"},
    {"double", "leave it out: all is float32"},
    {"half", "leave it out: all is float32"},
    {"long", "leave it out: whole numbers are int32"},
    {"int", "leave it out: whole numbers are int32"},
    {"zeros", constants},
    {"ones", constants},
    {"full", constants},
    {"zeros_like", constants},
    {"ones_like", constants},
    {"tensor", constants},
    {"arange", constants},
    {"randn", constants},
    {"Parameter", "write param NAME: float32[d, …] before it is used"},
    {"ReLU", "write relu(x)"},
    {"Tanh", "write tanh(x)"},
    {"Sigmoid", "write sigmoid(x)"},
    {"Softmax", "write softmax(x, dim=…)"},
    {"swish", "write silu(x)"},
    {"mish", "write x * tanh(softplus(x))"},
    {"logsigmoid", "write -softplus(-x)"},
    {"square", "write x ** 2"},
    {"rsqrt", "write 1 / sqrt(x)"},
    {"reciprocal", "write 1 / x"},
    {"neg", "write -x"},
    {"add", "write a + b"},
    {"sub", "write a - b"},
    {"mul", "write a * b"},
    {"div", "write a / b"},
    {"mm", product},
    {"bmm", product},
    {"mv", product},
    {"dot", product},
    {"einsum", "write matmul, permute and sum"},
    {"t", axes},
    {"swapaxes", axes},
    {"movedim", axes},
    {"concat", join},
    {"concatenate", join},
    {"hstack", join},
    {"vstack", join},
    {"chunk", parts},
    {"split", parts},
    {"narrow", parts},
    {"select", "write x[:, i]"},
    {"unbind", "write x[0], x[1], …"},
    {"flip", "a bidirectional layer reads both ways; there is no other way to turn a sequence round"},
    {"gather", "a tensor cannot be an index; an Embedding or a one_hot may do what is meant"},
    {"index_select", "a tensor cannot be an index; an Embedding or a one_hot may do what is meant"},
    {"expand", broadcasting},
    {"expand_as", broadcasting},
    {"repeat", broadcasting},
    {"amax", "write max(x, dim=…)"},
    {"amin", "write min(x, dim=…)"},
    {"norm", "write sqrt(sum(x * x, dim=…))"},
    {"var", "write mean((x - mean(x, dim=d, keepdim=True)) ** 2, dim=d)"},
    {"std", "write sqrt of mean((x - mean(x, dim=d, keepdim=True)) ** 2, dim=d)"},
    {"topk", "only argmax gives places"},
    {"sort", "only argmax gives places"},
    {"size", sizes},
    {"shape", sizes},
    {"len", sizes},
    {"dim", sizes},
    {"numel", sizes},
    {"range", sizes},
    {"pack_padded_sequence", packed},
    {"pad_packed_sequence", "leave it out: with lengths=n the output is padded already"},
};

static const familiar parameters[] = {
    {"axis", "it is called dim"},
    {"axes", "it is called dim, or dims"},
    {"units", "Keras's units are hidden_size, or out_features of a Linear"},
    {"return_sequences", "out holds all steps; the last one of [T, B, H] is out[-1]"},
    {"return_state", "a layer always gives its states: out, (h, c) = …, or out, h = … of a GRU"},
    {"stateful", "what is kept from one run to the next is a state NAME: float32[…]"},
    {"use_bias", "it is called bias"},
    {"inplace", "leave it out: values do not change in place"},
    {"training", at_inference},
    {"n_layers", "it is called num_layers"},
    {"nlayers", "it is called num_layers"},
};

static const char *find(const familiar *from, size_t count, const char *name) {
    const char *dot = strrchr(name, '.'), *last = dot ? dot + 1 : name;
    for (size_t i = 0; i < count; i++)
        if (strcmp(from[i].name, last) == 0) return from[i].hint;
    return NULL;
}

const char *familiar_layer(const char *name) { return find(layers, sizeof layers / sizeof *layers, name); }

const char *familiar_function(const char *name) { return find(functions, sizeof functions / sizeof *functions, name); }

const char *familiar_argument(const char *name) {
    return find(parameters, sizeof parameters / sizeof *parameters, name);
}
