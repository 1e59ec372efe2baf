/* onnx_file: an ONNX model out of a file, and the elements of its tensors.
 *
 * The file is untrusted. Before protobuf sees it, how deep its messages stand inside one another is bounded; what it
 * may unfold to in memory is bounded by a budget made of its size. External data is read only from a relative path that
 * stays, links followed, in the model's folder. */
#ifndef NNC_IMPORT_ONNX_FILE_H
#define NNC_IMPORT_ONNX_FILE_H

#include "onnx.pb-c.h"
#include "support/diag.h"

enum { ONNX_MAX_RANK = 8 };

typedef struct {
    arena *arena;
    const char *path;
    const char *folder;      /* realpath of the folder that it lies in */
    Onnx__ModelProto *model; /* with a graph; lives in the arena */
    const char **others;     /* the files of the external data read so far */
    size_t other_count, other_capacity;
    size_t bytes;            /* of the file and of the external data read so far */
} onnx_file;

/* NULL after reporting what is wrong with the file. */
onnx_file *onnx_file_open(arena *a, const char *path, diag_list *diags);

/* What the elements of a tensor are to nnc: floating point of any width is float, integers of any width are int. */
typedef enum { ONNX_FLOAT, ONNX_INT, ONNX_BOOL, ONNX_UNREADABLE } onnx_elements;
onnx_elements onnx_elements_of(int data_type);
const char *onnx_type_name(int data_type); /* "float16" */

typedef struct {
    onnx_elements kind;
    unsigned rank;
    int64_t dims[ONNX_MAX_RANK];
    size_t count;
    float *floats;     /* ONNX_FLOAT: count values */
    int64_t *integers; /* ONNX_INT, ONNX_BOOL: count values */
} onnx_data;

/* Fills `to` in the arena; or gives what is wrong with the tensor, in arena text, to be read after its name. */
const char *onnx_tensor_read(onnx_file *f, const Onnx__TensorProto *t, onnx_data *to);

#endif
