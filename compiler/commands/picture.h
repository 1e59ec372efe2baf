/* picture: a model as a graph for Graphviz, one that is pleasant to look at.
 *
 * A call of a layer or function is a box, whatever it is made of; arrows carry the shape that is read.
 * Views (reshape, permute, slices) and constants are left out: an arrow goes past them and shows the
 * shape behind them. A layer's parameters belong to its box. What a state is at a run's end comes
 * back to it on a dashed arrow, and so does what a repeat carries from round to round.
 */
#ifndef NNC_COMMANDS_PICTURE_H
#define NNC_COMMANDS_PICTURE_H

#include <graphviz/cgraph.h>

#include "ir/ir.h"

/* Adds the model to the picture as a cluster; number makes its names its own. */
void picture_add(Agraph_t *picture, arena *a, const ir_model *m, size_t number);
/* An empty picture, to be closed with agclose. */
Agraph_t *picture_new(void);

#endif
