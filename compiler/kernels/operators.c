/* operators: the rows. */
#include "kernels/operators.h"

/* Of these classes all operators have the same row; the others stand below, one by one. */
#define ROW_UNARY(NAME)     [IR_##NAME] = emit_elementwise,
#define ROW_BINARY(NAME)    ROW_UNARY(NAME)
#define ROW_TERNARY(NAME)   ROW_UNARY(NAME)
#define ROW_REDUCE(NAME)    [IR_##NAME] = emit_reduce,
#define ROW_NORMALIZE(NAME) ROW_REDUCE(NAME)
#define ROW_SOURCE(NAME)
#define ROW_LAYER(NAME)
#define ROW_VIEW(NAME)
#define ROW_MOVE(NAME)
#define ROW_LOOP(NAME)
#define ROW_SINK(NAME)      [IR_##NAME] = emit_sink,

static emit_kernel *const rows[IR_OP_COUNT] = {
#define OP(NAME, text, class, ...) ROW_##class(NAME)
#include "ir/op.def"

    [IR_RECURRENT] = emit_recurrent,
    [IR_LINEAR] = emit_linear,
    [IR_MATMUL] = emit_matmul,
    [IR_CONV1D] = emit_conv1d,
    [IR_LAYER_NORM] = emit_reduce,
    [IR_BATCH_NORM] = emit_elementwise,
    [IR_DROPOUT] = emit_dropout,
    [IR_EMBEDDING] = emit_embedding,
    [IR_ONE_HOT] = emit_move,
    [IR_PAD] = emit_move,
    [IR_ARANGE] = emit_move,
    [IR_FLIP] = emit_move,
    [IR_ROLL] = emit_move,
    [IR_TAKE] = emit_index,
    [IR_GATHER] = emit_index,
    [IR_SCATTER_ADD] = emit_index,
    [IR_TOPK] = emit_index,
    [IR_PLACE] = emit_move,
    [IR_COPY] = emit_move,
};

emit_kernel *emit_operator_of(ir_op op) {
    if ((unsigned)op >= IR_OP_COUNT || !rows[op]) ice("no emitter has a row for %s", ir_op_name(op));
    return rows[op];
}
