/* tensor: named tensors out of a weights file, whatever its format.
 *
 * A tensor is a view of a storage, by an offset and strides, as in torch. Storages lie in the
 * mapped file, or are records of an archive that are read, and their checksums checked, when
 * tensors of them are loaded. Everything that the file says about a tensor was checked when it was
 * opened: loading it stays inside its storage.
 */
#ifndef NNC_WEIGHTS_TENSOR_H
#define NNC_WEIGHTS_TENSOR_H

#include "support/diag.h"
#include "weights/element.h"

enum { TENSOR_MAX_RANK = 8 };

typedef struct {
    const char *name;           /* of the record, for messages: "archive/data/0" */
    const unsigned char *bytes; /* where it lies in memory; NULL: a record of the file's archive */
    uint64_t size;              /* bytes */
    uint64_t record;            /* its number there … */
    uint64_t skip;              /* … and its bytes before the data: the header of an .npy file */
    bool big_endian;
    const char *problem; /* why it cannot be read ("its record … is not in the file"), or NULL */
} tensor_storage;

typedef struct tensor tensor;
struct tensor {
    const char *name;
    tensor_dtype dtype;
    const char *dtype_name; /* "F32", "I64"; of what is no dense tensor, what it is */
    const char *mend;       /* what to do in Python before saving, where float() does not do; or NULL */
    unsigned rank;
    int64_t shape[TENSOR_MAX_RANK];
    int64_t strides[TENSOR_MAX_RANK]; /* elements */
    size_t elements;
    tensor_storage *storage; /* NULL for what is no dense tensor, and for the next: */
    uint64_t offset;         /* bytes */
    size_t place;            /* in the order of the file */
    const tensor *g, *v; /* of a weight that weight_norm keeps as two: weight_norm.h; else NULL */
    const char *problem; /* what is wrong with it, to be read after its name, or NULL */
};

/* What a file holds under one key. */
typedef struct {
    const char *key;       /* "state_dict", "model.ema"; "" at the top of the file */
    const tensor *tensors; /* sorted by name; no name twice */
    size_t count;
} tensor_dict;

typedef struct {
    const char *path;
    const char *format;       /* "a safetensors file" */
    const tensor_dict *dicts; /* at least one, in the file's order; each holds a tensor, but in a
                                 .safetensors or .npz */
    size_t dict_count;
    const unsigned char *bytes; /* the file, mapped */
    size_t size;
    struct archive *archive; /* of a zip */
} tensor_file;

/* A hint's end: how all tensors of a state_dict are saved anew, each by one of its methods. */
#define TENSOR_SAVED_BY(method) \
    "torch.save({key: value." method "() for key, value in model.state_dict().items()}, \"model.pt\")"

/* Opens a weights file by its contents. NULL after reporting to diags at `where` (the weights
 * statement) or, when where is empty (begin == end), at the file. The result lives in the arena;
 * tensor_file_close gives back what does not. */
tensor_file *tensor_file_open(arena *a, const char *path, diag_list *diags, span where);
void tensor_file_close(tensor_file *f); /* NULL is allowed */
/* The same for arrays that are no weights: a NumPy .npy file is one, whose name is empty. */
tensor_file *tensor_array_file_open(arena *a, const char *path, diag_list *diags);

/* --- for readers --- */

/* Sets the shape (and contiguous strides) of a tensor of rank at most TENSOR_MAX_RANK; false: it
 * has more elements than can be counted. */
bool tensor_set_shape(tensor *t, const int64_t *shape, unsigned rank);
/* A dict of tensors that the reader found, in any order; of two with one name the later counts. */
tensor_dict tensor_dict_new(const char *key, tensor *tensors, size_t count);
/* The same tensors under other names. */
void tensor_dict_sort(tensor *tensors, size_t *count);

/* --- for those who use them --- */

const tensor *tensor_find(const tensor_dict *d, const char *name); /* NULL if there is none */
/* The elements themselves when the tensor is F32, contiguous, aligned and in memory as the host has
 * it, else NULL. */
const float *tensor_in_place(const tensor *t);

typedef struct {
    const tensor *tensor; /* of any type but TENSOR_OTHER */
    float *to;            /* tensor->elements values; set by tensors_load, in the arena */
    const char
        *problem; /* arena text to be read after the tensor's name, or NULL; set by tensors_load */
} tensor_request;

/* Elements as float32, in row-major order. Each record of an archive is read once, however many
 * tensors lie in it. */
void tensors_load(arena *a, const tensor_file *f, tensor_request *requests, size_t count);

/* The elements as they are, of integers and bools too. NULL, or what is wrong, in arena text to be
 * read after the tensor's name. */
const char *tensor_numbers(arena *a, const tensor_file *f, const tensor *t, double **to);

/* For messages, in the arena: a name in quotes, with control characters escaped and cut when it is
 * very long; and a shape as PyTorch shows it, "[24, 6]". */
const char *tensor_name_quoted(arena *a, const char *name);
const char *tensor_shape_string(arena *a, const int64_t *shape, unsigned rank);

#endif
