/* weight_norm: weights that a file keeps as a magnitude g and a direction v, as
 * torch.nn.utils.weight_norm and torch.nn.utils.parametrizations.weight_norm do:
 *
 *     w = v * (g / norm(v)),  the norm over all dims but that in which g is not 1
 *
 * under the names NAME_g and NAME_v, or parametrizations.NAME.original0 (g) and original1 (v) in
 * the layer.
 */
#ifndef NNC_WEIGHTS_WEIGHT_NORM_H
#define NNC_WEIGHTS_WEIGHT_NORM_H

#include "weights/tensor.h"

/* Adds to a dict the weights that its pairs g and v make, where there are none of their names. */
void weight_norm_add(arena *a, tensor_dict *d);
/* The weight that a tensor of this name is a part of by its name ("conv.weight" for
 * "conv.weight_g"), or NULL. */
const char *weight_norm_whole(arena *a, const char *part);

/* Why tensors that by their names are parts of this weight, which is not in the dict, do not make it; NULL where there
 * are none. */
const char *weight_norm_half(arena *a, const tensor_dict *d, const char *whole);

/* torch computes in the type that the tensors have: is that float64? */
bool weight_norm_is_wide(const tensor *w);
/* w out of the elements of its g and v, rounded where torch rounds: of wide ones into `to`; of
 * others v becomes w. */
void weight_norm_fold_wide(const tensor *w, const double *g, const double *v, float *to);
void weight_norm_fold(const tensor *w, const float *g, float *v);

#endif
