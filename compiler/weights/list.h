/* list: what a weights file holds, for people: its tensors, dict by dict, and the layers that would
 * have such tensors. */
#ifndef NNC_WEIGHTS_LIST_H
#define NNC_WEIGHTS_LIST_H

#include "support/text.h"
#include "weights/tensor.h"

/* As lines that can be pasted into a model of a .nn file: layers and params, and comments. key:
 * only this dict, or NULL for all. False after reporting that there is no such dict. */
bool list_weights(arena *a, const tensor_file *f, const char *key, diag_list *diags, text *to);

#endif
