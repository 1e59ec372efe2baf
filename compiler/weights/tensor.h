/* tensor: named tensors out of a weights file, whatever its format.
 *
 * A tensor_file maps or owns the file; tensors point into it. Elements are converted to float32 only when
 * tensor_to_float32 asks for them, so a large file is not held twice. Sizes and offsets were checked against the file
 * when it was opened: reading any tensor stays inside.
 */
#ifndef NNC_WEIGHTS_TENSOR_H
#define NNC_WEIGHTS_TENSOR_H

#include <stdint.h>

#include "support/diag.h"

enum { TENSOR_MAX_RANK = 8 };

typedef enum {
    TENSOR_F32, TENSOR_F64, TENSOR_F16, TENSOR_BF16, TENSOR_OTHER /* known size, but not a type that nnc reads */
} tensor_dtype;

typedef struct {
    const char *name;
    tensor_dtype dtype;
    const char *dtype_name; /* as the file says: "F32", "I64" */
    unsigned rank;
    int64_t shape[TENSOR_MAX_RANK];
    const unsigned char *bytes; /* little-endian, possibly unaligned */
    size_t elements;
} tensor;

typedef struct {
    const char *path;
    const tensor *tensors; /* sorted by name */
    size_t count;
    const void *mapping; /* private to the reader */
    size_t mapping_size;
} tensor_file;

/* Opens a weights file by its contents and its ending: .safetensors now; .pt, .pth and .npz get an error that says how
 * to save a safetensors file. NULL after reporting to diags at `where` (the weights statement) or, when where is empty
 * (begin == end), at the file. The result lives in the arena; tensor_file_close gives the mapping back. */
tensor_file *tensor_file_open(arena *a, const char *path, diag_list *diags, span where);
void tensor_file_close(tensor_file *f); /* NULL is allowed */

const tensor *tensor_find(const tensor_file *f, const char *name); /* NULL if there is none */
void tensor_to_float32(const tensor *t, float *to);                /* t->elements values */
/* The elements themselves when the tensor is F32 and aligned on a little-endian host, else NULL. */
const float *tensor_as_float32(const tensor *t);
/* How many of these values are denormal: not 0, and nearer to it than 1.2e-38, FLT_MIN. */
size_t tensor_denormals(const float *values, size_t count);
/* The index of the first finite element that is too large for float32 (only F64 has such), or t->elements. */
size_t tensor_float32_overflow(const tensor *t);

/* For messages, in the arena: a name in quotes, with control characters escaped and cut when it is very long; and a
 * shape as PyTorch shows it, "[24, 6]". */
const char *tensor_name_quoted(arena *a, const char *name);
const char *tensor_shape_string(arena *a, const int64_t *shape, unsigned rank);

#endif
