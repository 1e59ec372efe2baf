/* differentiate: the gradient of a loss, as nodes of the graph that makes it.
 *
 * Reverse mode: nodes are visited from the loss back to what it is made of; the rule of a node's operator
 * (adjoint_*.c, one file a family) says what the gradient with respect to its result contributes to those of its
 * operands, in operators that the IR has for other purposes, too. So every body, the interpreter and all passes know
 * the backward part already; sinks alone are its own. */
#ifndef NNC_PASSES_DIFFERENTIATE_H
#define NNC_PASSES_DIFFERENTIATE_H

#include "ir/ir.h"

/* Of a training's model `train`, whose first output is the loss. Adds, behind the loss, the backward part and a sink
 * for each trained param that the loss depends on; every GRAD gives way to its gradient (zeros where the loss does not
 * depend on it). Nothing is added that no trained param and no GRAD asks for. Inputs, states and integers end the way.
 * An operator that has no rule, on a path from a trained param or a GRAD's value to the loss, is an error with its
 * place. */
void pass_differentiate(ir_model *m, diag_list *diags);

#endif
