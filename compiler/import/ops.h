/* ops: the handlers of ONNX operators, a file a family; ops.def has their rows. */
#ifndef NNC_IMPORT_OPS_H
#define NNC_IMPORT_OPS_H

#include "import/interpret.h"

/* arithmetic.c */
/* a op b, with broadcasting, as a value; NULL, refused, when shapes do not fit, or when a or b is NULL for such a
 * reason. */
value *binary(call *c, const char *symbol, fold_operator op, value *a, value *b);
value *broadcast_to(call *c, value *x, unsigned rank, const dim *const *dims); /* expanded where it must be */
value *arange(call *c, const dim *end); /* 0, 1 … end - 1 */

/* ops_elementwise.c */
bool op_unary(call *c); /* argument: the function; known elements are computed where the row's code says by what */
bool op_negate(call *c);
bool op_activation(call *c);  /* functions with attributes; code: ACTIVATION_… */
bool op_clip(call *c);
bool op_prelu(call *c);
bool op_binary(call *c);      /* argument: the operator; code: fold_operator */
bool op_reversed(call *c);    /* Greater, GreaterOrEqual: the operands change places */
bool op_variadic(call *c);    /* Max, Min, Sum, Mean */
bool op_not(call *c);
bool op_is(call *c);          /* IsNaN, IsInf */
bool op_where(call *c);
bool op_cast(call *c);
bool op_identity(call *c);    /* Identity, Dropout: the first operand as it is */
enum { UNARY_PLAIN, UNARY_EXP, UNARY_LOG, UNARY_SQRT, UNARY_ABS, UNARY_FLOOR, UNARY_CEIL, UNARY_TANH, UNARY_RECIPROCAL,
       UNARY_ROUND };
enum { ACTIVATION_LEAKY_RELU, ACTIVATION_ELU, ACTIVATION_CELU, ACTIVATION_SELU, ACTIVATION_HARD_SIGMOID,
       ACTIVATION_THRESHOLD, ACTIVATION_GELU, ACTIVATION_SHRINK };

/* ops_idioms.c */
/* silu, mish, gelu or glu written out as a product of a and b; NULL when it is none. */
value *function_from_product(call *c, value *a, value *b);
/* A GroupNorm's weight, or its bias, comes to what it normalized; NULL when it is no such case. */
value *group_norm_with(call *c, value *normalized, const value *vector, bool is_weight);

/* ops_choice.c */
bool op_trilu(call *c);
bool op_non_zero(call *c);

/* ops_reduce.c */
bool op_reduce(call *c);      /* argument: the function; code: REDUCE_… */
bool op_arg(call *c);         /* ArgMax, ArgMin */
bool op_softmax(call *c);
bool op_cumsum(call *c);
bool op_topk(call *c);
/* A reduction over the axes of a mask. */
value *reduce(call *c, const char *function, value *x, unsigned axes, bool keepdims);
enum { REDUCE_PLAIN, REDUCE_ONE_BY_ONE, REDUCE_L1, REDUCE_L2, REDUCE_SUM_SQUARE, REDUCE_LOG_SUM };

/* ops_shape.c */
bool op_shape(call *c);
bool op_size(call *c);
bool op_reshape(call *c);
bool op_flatten(call *c);
bool op_squeeze(call *c);
bool op_unsqueeze(call *c);
bool op_transpose(call *c);
bool op_expand(call *c);
bool op_depth_space(call *c); /* DepthToSpace, SpaceToDepth: code 1, 0 */

/* ops_move.c */
bool op_concat(call *c);
bool op_split(call *c);
bool op_slice(call *c);
bool op_gather(call *c);
value *concat(call *c, value *const *all, unsigned count, unsigned axis); /* NULL, refused, when they do not fit */
value *cut(call *c, value *x, unsigned axis, const dim *start, const dim *stop);
bool gather(call *c, value *x, value *ids, unsigned axis); /* sets result 0 */
bool op_gather_elements(call *c);
bool op_tile(call *c);
bool op_pad(call *c);
bool op_one_hot(call *c);

/* ops_control.c */
bool op_constant(call *c);
bool op_constant_of_shape(call *c);
bool op_range(call *c);
bool op_if(call *c);
bool op_dequantize(call *c);

/* ops_lengths.c */
bool op_reverse_sequence(call *c);
value *checked_lengths(call *c, value *lengths, const dim *steps);

/* ops_loop.c */
bool op_loop(call *c);
bool op_scan(call *c);

/* ops_sequence.c */
bool op_sequence_empty(call *c);
bool op_sequence_construct(call *c);
bool op_sequence_insert(call *c);
bool op_sequence_length(call *c);
bool op_sequence_at(call *c);
bool op_concat_from_sequence(call *c);
bool op_split_to_sequence(call *c);
value *sequence_of_rows(graph *g, value *rows);

/* ops_layer.c */
bool op_matmul(call *c);
bool op_gemm(call *c);
bool op_layer_normalization(call *c);
bool op_batch_normalization(call *c);
bool op_instance_normalization(call *c);
/* x times a known matrix [N, K], as torch keeps it, plus a known vector [N] or NULL; NULL when the budget is spent. */
value *linear(call *c, value *x, const value *weight, const value *bias, const char *wanted);
/* A bias added to what a Linear without one gives is that Linear with it; NULL when it is no such case. */
value *linear_with_bias(call *c, value *product, const value *bias);
/* The last operator of a LayerNorm written out; NULL when it is none. */
value *layer_norm_from_division(call *c, value *numerator, value *denominator);
value *layer_norm_with(call *c, value *normalized, const value *vector, const char *suffix);

/* a times b as ONNX's MatMul: a Linear where b is a known matrix, called as `wanted` says; NULL, refused, when they do
 * not fit. */
value *matrix_product(call *c, value *a, value *b, const char *wanted);

/* ops_einsum.c */
bool op_einsum(call *c);

/* ops_resize.c */
bool op_resize(call *c);      /* Resize, Upsample */

/* ops_conv.c */
bool op_conv(call *c);
bool op_conv_transpose(call *c);
bool op_pool(call *c);        /* MaxPool, AveragePool; argument: "max", "avg" */
bool op_global_pool(call *c);

/* ops_recurrent.c */
bool op_recurrent(call *c);   /* argument: "LSTM", "GRU", "RNN" */

/* A tensor of the model, as a value; NULL after a report. */
value *import_tensor(importer *m, const Onnx__TensorProto *t, const char *name);
const import_options *import_options_of(const importer *m);
/* A warning at the node, when it comes from this exporter ("pytorch"). */
void warn_of_exporter(call *c, warning_name name, const char *exporter, const char *what, const char *hint);

#endif
