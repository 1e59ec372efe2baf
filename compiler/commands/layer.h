/* layer: what a node of a layer is called in the .nn file, and which of its operands are parameters. */
#ifndef NNC_COMMANDS_LAYER_H
#define NNC_COMMANDS_LAYER_H

#include "ir/ir.h"

/* The PARAM that an operand is, possibly seen otherwise; NULL if it is none. */
const ir_node *layer_param(const ir_value *operand);
/* "lstm" of "layer lstm = LSTM(6, 6)", if the node is a layer's and has parameters; else NULL. */
const char *layer_name(arena *a, const ir_model *m, const ir_node *n);

#endif
