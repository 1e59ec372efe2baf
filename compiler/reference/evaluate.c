/* evaluate: the choice of an operator's file. */
#include "reference/evaluate.h"

void evaluate_operator(evaluation *e, const ir_node *n) {
    switch (ir_op_class_of(n->op)) {
    case IR_LAYER:
        if (n->op == IR_RECURRENT) evaluate_recurrent(e, n);
        else evaluate_layer(e, n);
        break;
    case IR_UNARY:
    case IR_BINARY:
    case IR_TERNARY: evaluate_elementwise(e, n); break;
    case IR_REDUCE:
    case IR_NORMALIZE: evaluate_reduction(e, n); break;
    case IR_VIEW:
    case IR_MOVE: evaluate_move(e, n); break;
    case IR_SINK: evaluate_sink(e, n); break;
    case IR_SOURCE:
    case IR_LOOP: ice("%s is no operator", ir_op_name(n->op));
    }
}
