/* describe: what torch.nn layer the tensors of a weights file are those of; for hints. */
#ifndef NNC_WEIGHTS_DESCRIBE_H
#define NNC_WEIGHTS_DESCRIBE_H

#include "weights/tensor.h"

typedef struct {
    const char *layer; /* "LSTM(10, 20, num_layers=2)", in the arena; NULL: no layer has tensors like these */
    size_t tensors;    /* how many of the file's tensors make it up */
} description;

/* The layer that the file holds under a prefix ("" for none), judged by names and shapes, which all agree with what is
 * returned. `wanted_by` is a param's ("layer lstm = LSTM(6, 6)"): among layers with the same tensors the kind that it
 * names is meant; of recurrent layers any kind may be found. */
description describe_layer(arena *a, const tensor_dict *dict, const char *prefix, const char *wanted_by);

/* All layers that the tensors under the prefix may be, those with the most tensors, the likeliest first; how many (of
 * room at most). */
size_t describe_all(arena *a, const tensor_dict *dict, const char *prefix, description *found, size_t room);
/* Does a tensor of this last name ("weight_hh_l0", "running_mean") belong to a layer that describe_all found there? */
bool describe_is_of_layer(const char *last_name, const char *layer);

/* "PREFIX.NAME", or NAME when the prefix is empty. */
const char *describe_join(arena *a, const char *prefix, const char *name);

#endif
