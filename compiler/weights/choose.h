/* choose: which of a file's tensors are a model's, and under which names.
 *
 * Of several dicts the one is taken whose names (and shapes) fit the model's params; that more than
 * one fits, with other numbers, is an error that names them. `module.` and `_orig_mod.` before
 * every key (DataParallel, torch.compile) are taken away where the names do not fit with them; so
 * is the model's own prefix.
 */
#ifndef NNC_WEIGHTS_CHOOSE_H
#define NNC_WEIGHTS_CHOOSE_H

#include "ir/ir.h"
#include "weights/tensor.h"

/* Some of a file's tensors, under a model's names. */
typedef struct tensor_view tensor_view;
struct tensor_view {
    tensor_dict dict;
    const char *place;  /* for messages: "model.pt", "model.pt (dict \"ema\")" */
    const char *prefix; /* the model's, or NULL */
    size_t group;       /* for choose.c: which tensors these are */
    tensor_view *next;  /* and the same ones under another prefix */
};

typedef struct {
    arena *arena;
    const tensor_file *file;
    const char *key; /* --weights-key, or NULL */
    diag_list *diags;
    span where;          /* the file's place in the source; empty: it was given by an option */
    tensor_view **views; /* for choose.c; NULL at first */
} chooser;

/* NULL after reporting. Models that choose the same get the same view. */
const tensor_view *choose_view(chooser *c, const ir_model *m);
/* The dict under the names that a model would use: without module. and _orig_mod. before every key,
 * and with dots for slashes (*dotted: there were some). */
tensor_dict choose_spelled(arena *a, const tensor_dict *d, bool *dotted);
/* Has the tensor the param's shape? */
bool choose_shape_fits(const ir_param *p, const tensor *t);

#endif
