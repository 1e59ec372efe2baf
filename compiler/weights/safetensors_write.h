/* safetensors_write: float32 tensors as a file of the format that safetensors.h describes. */
#ifndef NNC_WEIGHTS_SAFETENSORS_WRITE_H
#define NNC_WEIGHTS_SAFETENSORS_WRITE_H

#include <stdio.h>

#include "weights/tensor.h"

typedef struct {
    const char *name; /* UTF-8; each once */
    const float *data;
    unsigned rank;
    int64_t shape[TENSOR_MAX_RANK];
} tensor_to_write;

/* In the given order, little-endian on every host. False when writing fails (errno says why). */
bool safetensors_write(FILE *to, const tensor_to_write *tensors, size_t count);

#endif
