/* activation_layers: the modules that are a function of their input and of what they are made with: nn.ELU(0.5) is
 * elu(x, 0.5). Those of function.def have their rows by it. */
#include "ir/function.h"
#include "lower/lowering.h"

const function *activation_function(const layer_kind *kind) { return function_find(kind->function); }

static bool activation_construct(lowering *l, layer *self, const arguments *a) {
    const function *f = activation_function(self->kind);
    arguments *made = ARENA_NEW(l->arena, arguments);
    *made = *a;
    self->as.activation = made;
    return ir_function_of(f->op) == NULL || function_numbers_fit(l, a, 0, f->op);
}

/* The function's arguments: x, and behind it the constructor's. */
static value call_with(lowering *l, const layer *self, const arguments *a, const arguments *made) {
    const function *f = activation_function(self->kind);
    arguments all = {.call = a->call, .what = f->name, .parameters = f->parameters, .count = f->count};
    all.given[0] = a->given[0];
    all.values[0] = a->values[0];
    for (size_t i = 0; i < made->count; i++) {
        all.given[1 + i] = made->given[i];
        all.values[1 + i] = made->values[i];
    }
    value v = function_apply(l, f, &all);
    if (v.kind == VALUE_TENSOR && v.tensor != args_tensor(a, 0)) v.tensor->producer->source = self->source;
    return v;
}

static value activation_call(lowering *l, const layer *self, const arguments *a) {
    return call_with(l, self, a, self->as.activation);
}

/* The layer leaves dim 0 alone, the function does not. */
static value flatten_call(lowering *l, const layer *self, const arguments *a) {
    arguments made = *self->as.activation;
    if (!made.given[0]) {
        made.given[0] = a->given[0];
        made.values[0] = value_integer(build_dim(l, 1), self->where);
    }
    return call_with(l, self, a, &made);
}

/* --- Identity and PReLU ------------------------------------------------------------------------------------------- */

static bool identity_construct(lowering *l, layer *self, const arguments *a) {
    (void)l, (void)self, (void)a;
    return true;
}

static value identity_call(lowering *l, const layer *self, const arguments *a) {
    (void)l, (void)self;
    return a->values[0];
}

static const parameter prelu_parameters[] = {{"num_parameters", TAKES_INTEGER}, {"init", TAKES_REAL}};

static bool prelu_construct(lowering *l, layer *self, const arguments *a) {
    int64_t count = args_integer(a, 0, 1);
    self->bound = args_real(a, 1, 0.25);
    return layer_at_least(l, a, 0, count, 1) && layer_declare_weight(l, self, "weight", &count, 1);
}

static value prelu_call(lowering *l, const layer *self, const arguments *a) {
    const function *f = function_find("prelu");
    arguments all = *a;
    all.what = self->name;
    all.parameters = f->parameters;
    all.count = f->count;
    all.given[1] = args_unwritten(l, a, arena_printf(l->arena, "%s.weight", self->name));
    all.values[1] = value_tensor(l, layer_weight(l, self, "weight"), self->where);
    value v = f->lower(l, &all, f->op);
    if (v.kind == VALUE_TENSOR) v.tensor->producer->source = self->source;
    return v;
}

/* ----------------------------------------------------------------------------------------------------------------- */

static const parameter input[] = {{"input", TAKES_TENSOR | REQUIRED}};
static const parameter anything[] = {{"input", TAKES_ANY | REQUIRED}};

#define ACTIVATION(module, text)                                                                        \
    {.name = module, .article = "a", .call_parameters = input, .call_count = 1, .function = text,       \
     .construct = activation_construct, .call = activation_call},
/* A row without a name is that of a function which has no module. */
const layer_kind activation_kinds[] = {
#define RULED(...)
#define FUNCTION(NAME, text, module, ...) ACTIVATION(module, text)
#include "ir/function.def"
    ACTIVATION("GELU", "gelu")
    ACTIVATION("Hardtanh", "hardtanh")
    ACTIVATION("GLU", "glu")
    ACTIVATION("Softmax", "softmax")
    ACTIVATION("Softmin", "softmin")
    ACTIVATION("LogSoftmax", "log_softmax")
    {.name = "Flatten", .article = "a", .call_parameters = input, .call_count = 1, .function = "flatten",
     .construct = activation_construct, .call = flatten_call},
    {.name = "PReLU", .article = "a", .parameters = prelu_parameters, .count = 2, .call_parameters = input,
     .call_count = 1, .construct = prelu_construct, .call = prelu_call},
    {.name = "Identity", .article = "an", .call_parameters = anything, .call_count = 1,
     .construct = identity_construct, .call = identity_call},
};
const size_t activation_kind_count = sizeof activation_kinds / sizeof *activation_kinds;
