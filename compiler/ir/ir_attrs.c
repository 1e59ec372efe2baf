/* ir_attrs: the table of attributes. */
#include "ir/ir_attrs.h"

#include "ir/function.h"

#include <string.h>

#define AT(member) offsetof(ir_attrs, member)

/* Rows of one operator stand together. */
static const ir_attr rows[] = {
    {IR_INPUT, "index", IR_ATTR_SIZE, AT(index), false},
    {IR_STATE, "index", IR_ATTR_SIZE, AT(index), false},
    {IR_PARAM, "index", IR_ATTR_SIZE, AT(index), false},
    {IR_ROW, "index", IR_ATTR_SIZE, AT(index), false},
    {IR_CARRIED, "index", IR_ATTR_SIZE, AT(index), false},
    {IR_CONST, "number", IR_ATTR_NUMBER, AT(number), false},
    {IR_SIZE, "size", IR_ATTR_DIM, AT(start), false},
    {IR_TENSOR, "values", IR_ATTR_VALUES, AT(values), false},
    {IR_EMBEDDING, "has_max_norm", IR_ATTR_BOOL, AT(has_max_norm), true},
    {IR_EMBEDDING, "max_norm", IR_ATTR_NUMBER, AT(max_norm), true},
    {IR_EMBEDDING, "norm_type", IR_ATTR_NUMBER, AT(norm_type), true},
    {IR_EMBEDDING, "padding_row", IR_ATTR_INT, AT(padding_row), true},
    {IR_EMBEDDING, "scale_by_frequency", IR_ATTR_BOOL, AT(scale_by_frequency), true},
    {IR_EMBEDDING, "sparse", IR_ATTR_BOOL, AT(sparse), true},
    {IR_EMBEDDING, "weights", IR_ATTR_WEIGHTS, AT(weights), true},
    {IR_ONE_HOT, "count", IR_ATTR_INT, AT(count), false},
    {IR_RECURRENT, "cell", IR_ATTR_CELL, AT(cell), false},
    {IR_RECURRENT, "activation", IR_ATTR_ACTIVATION, AT(activation), false},
    {IR_RECURRENT, "recurrent_activation", IR_ATTR_ACTIVATION, AT(recurrent_activation), true},
    {IR_RECURRENT, "reverse", IR_ATTR_BOOL, AT(reverse), true},
    {IR_RECURRENT, "reset_after", IR_ATTR_BOOL, AT(reset_after), true},
    {IR_RECURRENT, "keeps", IR_ATTR_BOOL, AT(keeps), true},
    {IR_RECURRENT, "weights", IR_ATTR_WEIGHTS, AT(weights), true},
    {IR_LINEAR, "weights", IR_ATTR_WEIGHTS, AT(weights), true},
    {IR_CONV1D, "stride", IR_ATTR_INT, AT(stride), false},
    {IR_CONV1D, "dilation", IR_ATTR_INT, AT(dilation), false},
    {IR_CONV1D, "groups", IR_ATTR_INT, AT(groups), false},
    {IR_CONV1D, "before", IR_ATTR_INT, AT(before), true},
    {IR_CONV1D, "after", IR_ATTR_INT, AT(after), true},
    {IR_CONV1D, "weights", IR_ATTR_WEIGHTS, AT(weights), true},
    {IR_LAYER_NORM, "count", IR_ATTR_INT, AT(count), false},
    {IR_LAYER_NORM, "eps", IR_ATTR_NUMBER, AT(eps), false},
    {IR_DROPOUT, "p", IR_ATTR_NUMBER, AT(number), false},
    {IR_DROPOUT, "site", IR_ATTR_SIZE, AT(index), false},
    {IR_BATCH_NORM, "eps", IR_ATTR_NUMBER, AT(eps), false},
    {IR_BATCH_NORM, "axes", IR_ATTR_AXES, AT(axes), true},
    {IR_BATCH_NORM, "momentum", IR_ATTR_NUMBER, AT(momentum), true},
    {IR_MAXIMUM, "first", IR_ATTR_BOOL, AT(first), true},
    {IR_MINIMUM, "first", IR_ATTR_BOOL, AT(first), true},
    {IR_SUM, "axes", IR_ATTR_AXES, AT(axes), false},
    {IR_SUM, "keepdim", IR_ATTR_BOOL, AT(keepdim), true},
    {IR_MEAN, "axes", IR_ATTR_AXES, AT(axes), false},
    {IR_MEAN, "keepdim", IR_ATTR_BOOL, AT(keepdim), true},
    {IR_MAX, "axes", IR_ATTR_AXES, AT(axes), false},
    {IR_MAX, "keepdim", IR_ATTR_BOOL, AT(keepdim), true},
    {IR_MAX, "shared", IR_ATTR_BOOL, AT(shared), true},
    {IR_MIN, "axes", IR_ATTR_AXES, AT(axes), false},
    {IR_MIN, "keepdim", IR_ATTR_BOOL, AT(keepdim), true},
    {IR_MIN, "shared", IR_ATTR_BOOL, AT(shared), true},
    {IR_ARGMAX, "axes", IR_ATTR_AXES, AT(axes), false},
    {IR_ARGMAX, "keepdim", IR_ATTR_BOOL, AT(keepdim), true},
    {IR_ARGMIN, "axes", IR_ATTR_AXES, AT(axes), false},
    {IR_ARGMIN, "keepdim", IR_ATTR_BOOL, AT(keepdim), true},
    {IR_PROD, "axes", IR_ATTR_AXES, AT(axes), false},
    {IR_PROD, "keepdim", IR_ATTR_BOOL, AT(keepdim), true},
    {IR_VAR, "axes", IR_ATTR_AXES, AT(axes), false},
    {IR_VAR, "keepdim", IR_ATTR_BOOL, AT(keepdim), true},
    {IR_VAR, "correction", IR_ATTR_INT, AT(count), false},
    {IR_NORM, "axes", IR_ATTR_AXES, AT(axes), false},
    {IR_NORM, "keepdim", IR_ATTR_BOOL, AT(keepdim), true},
    {IR_CUMSUM, "axis", IR_ATTR_UNSIGNED, AT(axis), false},
    {IR_SOFTMAX, "axis", IR_ATTR_UNSIGNED, AT(axis), false},
    {IR_LOG_SOFTMAX, "axis", IR_ATTR_UNSIGNED, AT(axis), false},
    {IR_PERMUTE, "perm", IR_ATTR_PERM, AT(perm), false},
    {IR_SLICE, "axis", IR_ATTR_UNSIGNED, AT(axis), false},
    {IR_SLICE, "start", IR_ATTR_DIM, AT(start), false},
    {IR_SLICE, "step", IR_ATTR_INT, AT(step), false},
    {IR_ARANGE, "start", IR_ATTR_DIM, AT(start), false},
    {IR_ARANGE, "step", IR_ATTR_INT, AT(step), false},
    {IR_FLIP, "axes", IR_ATTR_AXES, AT(axes), false},
    {IR_ROLL, "axis", IR_ATTR_UNSIGNED, AT(axis), false},
    {IR_ROLL, "shift", IR_ATTR_INT, AT(shift), false},
    {IR_TAKE, "axis", IR_ATTR_UNSIGNED, AT(axis), false},
    {IR_TAKE, "classes", IR_ATTR_BOOL, AT(classes), true},
    {IR_GATHER, "axis", IR_ATTR_UNSIGNED, AT(axis), false},
    {IR_GATHER, "classes", IR_ATTR_BOOL, AT(classes), true},
    {IR_SCATTER_ADD, "axis", IR_ATTR_UNSIGNED, AT(axis), false},
    {IR_TOPK, "axis", IR_ATTR_UNSIGNED, AT(axis), false},
    {IR_TOPK, "k", IR_ATTR_INT, AT(count), false},
    {IR_TOPK, "smallest", IR_ATTR_BOOL, AT(smallest), true},
    {IR_CAT, "axis", IR_ATTR_UNSIGNED, AT(axis), false},
    {IR_PAD, "axis", IR_ATTR_UNSIGNED, AT(axis), false},
    {IR_PAD, "before", IR_ATTR_INT, AT(before), false},
    {IR_PAD, "after", IR_ATTR_INT, AT(after), false},
    {IR_PAD, "mode", IR_ATTR_PAD_MODE, AT(pad_mode), false},
    {IR_PAD, "number", IR_ATTR_NUMBER, AT(number), true},
    {IR_PLACE, "axis", IR_ATTR_UNSIGNED, AT(axis), false},
    {IR_PLACE, "start", IR_ATTR_DIM, AT(start), false},
    {IR_PLACE, "step", IR_ATTR_INT, AT(step), false},
    {IR_ACCUMULATE, "index", IR_ATTR_SIZE, AT(index), false},
    {IR_WEIGHT_GRAD, "index", IR_ATTR_SIZE, AT(index), false},
    {IR_WEIGHT_GRAD, "backwards", IR_ATTR_BOOL, AT(backwards), true},
    {IR_BIAS_GRAD, "index", IR_ATTR_SIZE, AT(index), false},
    {IR_BIAS_GRAD, "backwards", IR_ATTR_BOOL, AT(backwards), true},
    {IR_EMBEDDING_GRAD, "index", IR_ATTR_SIZE, AT(index), false},
    {IR_EMBEDDING_GRAD, "padding_row", IR_ATTR_INT, AT(padding_row), true},
    {IR_EMBEDDING_GRAD, "scale_by_frequency", IR_ATTR_BOOL, AT(scale_by_frequency), true},
    {IR_EMBEDDING_GRAD, "sparse", IR_ATTR_BOOL, AT(sparse), true},
    {IR_RENORM, "param", IR_ATTR_SIZE, AT(index), false},
    {IR_RENORM, "max_norm", IR_ATTR_NUMBER, AT(max_norm), false},
    {IR_RENORM, "norm_type", IR_ATTR_NUMBER, AT(norm_type), false},
    {IR_UPDATE, "param", IR_ATTR_SIZE, AT(index), false},
    {IR_STEP, "param", IR_ATTR_SIZE, AT(index), false},
    {IR_MATMUL, "pieces", IR_ATTR_BOOL, AT(pieces), true},
    {IR_REPEAT, "rounds", IR_ATTR_DIM, AT(rounds), false},
    {IR_REPEAT, "rows", IR_ATTR_UNSIGNED, AT(rows), false},
    {IR_REPEAT, "backwards", IR_ATTR_BOOL, AT(backwards), true},
    {IR_REPEAT, "pieces", IR_ATTR_BOOL, AT(pieces), true},
};

enum { ROWS = sizeof rows / sizeof rows[0] };

/* The parameters of the functions of one argument, by operator. */
#define ATTRIBUTE(NAME, n)     {(ir_op)0, NAME, IR_ATTR_NUMBER, AT(scalar[n]), false}
#define ATTRIBUTES_P0          {{(ir_op)0, NULL, IR_ATTR_NUMBER, 0, false}}
#define ATTRIBUTES_P1(a, ...)  {ATTRIBUTE(a, 0)}
#define ATTRIBUTES_P2(a, domain, value, b, ...) {ATTRIBUTE(a, 0), ATTRIBUTE(b, 1)}

static const ir_attr function_rows[IR_OP_COUNT][IR_FUNCTION_PARAMETERS] = {
#define FUNCTION(NAME, text, module, types, parameters, ...) [IR_##NAME] = ATTRIBUTES_##parameters,
#include "ir/function.def"
};

const ir_attr *ir_attrs_of(ir_op op, size_t *count) {
    if (ir_function_of(op)) {
        *count = ir_function_parameter_count(ir_function_of(op));
        return function_rows[op];
    }
    size_t first = 0;
    while (first < ROWS && rows[first].op != op) first++;
    size_t end = first;
    while (end < ROWS && rows[end].op == op) end++;
    *count = end - first;
    return &rows[first];
}

static size_t size_of(const ir_attr *row) {
    static const size_t sizes[] = {
        [IR_ATTR_SIZE] = sizeof(size_t),
        [IR_ATTR_VALUES] = sizeof(ir_values),
        [IR_ATTR_UNSIGNED] = sizeof(unsigned),
        [IR_ATTR_INT] = sizeof(int64_t),
        [IR_ATTR_NUMBER] = sizeof(double),
        [IR_ATTR_BOOL] = sizeof(bool),
        [IR_ATTR_AXES] = sizeof(unsigned),
        [IR_ATTR_PERM] = sizeof(unsigned) * IR_MAX_RANK,
        [IR_ATTR_DIM] = sizeof(const dim *),
        [IR_ATTR_PAD_MODE] = sizeof(ir_pad_mode),
        [IR_ATTR_CELL] = sizeof(ir_cell),
        [IR_ATTR_WEIGHTS] = sizeof(ir_weights),
        [IR_ATTR_ACTIVATION] = sizeof(ir_activation),
    };
    return sizes[row->kind];
}

bool ir_attr_is_zero(const ir_attrs *attrs, const ir_attr *row) {
    static const ir_attrs zero;
    const unsigned char *bytes = (const unsigned char *)attrs + row->offset;
    if (row->kind == IR_ATTR_ACTIVATION) /* whatever its padding holds */
        return ((const ir_activation *)(const void *)bytes)->function == IR_LINEAR_ACTIVATION;
    return memcmp(bytes, (const unsigned char *)&zero + row->offset, size_of(row)) == 0;
}

static const char *stray_text(arena *a, ir_op op, const ir_attr *row) {
    return arena_printf(a, "an attribute of %s: %s", ir_op_name(op), row->name);
}

const char *ir_attrs_stray(arena *a, const ir_attrs *attrs, ir_op op) {
    ir_attrs rest = *attrs;
    size_t count;
    const ir_attr *used = ir_attrs_of(op, &count);
    for (size_t i = 0; i < count; i++) memset((unsigned char *)&rest + used[i].offset, 0, size_of(&used[i]));
    for (size_t i = 0; i < ROWS; i++) /* each row once: this is asked of every node after every pass */
        if (!ir_attr_is_zero(&rest, &rows[i])) return stray_text(a, rows[i].op, &rows[i]);
    for (unsigned f = 0; f < IR_OP_COUNT; f++)
        for (size_t i = 0; i < IR_FUNCTION_PARAMETERS && function_rows[f][i].name; i++)
            if (!ir_attr_is_zero(&rest, &function_rows[f][i])) return stray_text(a, (ir_op)f, &function_rows[f][i]);
    return NULL;
}

const char *ir_pad_mode_name(ir_pad_mode mode) {
    static const char *const names[] = {"constant", "reflect", "replicate", "circular"};
    if ((unsigned)mode > IR_PAD_CIRCULAR) ice("pad mode number %u", (unsigned)mode);
    return names[mode];
}
