/* bind: the params of the models matched with the tensors of a weights file.
 *
 * Requires: params with constant types. Chooses for each model the tensors of the file that are its own (choose.h), and
 * sets every param's `data` (pointing into the file where it can, loaded into the arena otherwise). Reports each
 * missing tensor (with the nearest names), each wrong shape (expected and found), each unreadable element type, and, as
 * warnings, each tensor that no model uses (but num_batches_tracked). Models of one .nn file that name the same weights
 * file are bound together, so that a tensor that one of them uses is not reported as unused by the other.
 */
#ifndef NNC_WEIGHTS_BIND_H
#define NNC_WEIGHTS_BIND_H

#include "ir/ir.h"
#include "weights/tensor.h"

/* key: the dict of the file to take (--weights-key), or NULL; where: the file's place in the source, or empty. */
void bind_weights(ir_model *const *models, size_t count, const tensor_file *file, const char *key, diag_list *diags,
                  span where);
/* Reproducible uniform values, about as torch initialises: in ±1/sqrt(last dim) (variances positive). No file needed.
 * A param's values depend on the seed and its key only. */
void bind_random_weights(ir_model *const *models, size_t count, uint64_t seed);

#endif
