/* over: a weights file some of whose tensors are those of another, as a model has them that was trained on and saved.
 */
#ifndef NNC_WEIGHTS_OVER_H
#define NNC_WEIGHTS_OVER_H

#include "weights/tensor.h"

/* base with the tensors of `over`, a .safetensors file, beside its own and in their place. Both must stay open. NULL
 * after reporting at `where`. */
tensor_file *tensor_file_over(arena *a, const tensor_file *base, const tensor_file *over, diag_list *diags, span where);

#endif
