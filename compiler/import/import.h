/* import: an ONNX model -> a .nn file as a person would have written it, and its weights.
 *
 *     nnc import model.onnx -o model.nn        writes model.nn and model.safetensors
 */
#ifndef NNC_IMPORT_IMPORT_H
#define NNC_IMPORT_IMPORT_H

#include "support/diag.h"
#include "weights/safetensors_write.h"

/* NAME=VALUE of the command line, both in the arena. */
typedef struct {
    const char *name, *value;
    bool used;
} import_setting;

typedef struct {
    import_setting *items;
    size_t count, capacity;
} import_settings;

typedef struct {
    import_settings sizes;  /* --dim NAME=a..b or NAME=n */
    import_settings shapes; /* --shape INPUT=2,T,6 */
    import_settings values; /* --set INPUT=VALUE */
    import_settings states; /* --state INPUT=OUTPUT */
    bool reset_after;       /* --gru-reset-after: a GRU's linear_before_reset=0 is an exporter's fault */
} import_options;

/* The text of the .nn file and the tensors beside it; NULL after reporting. model: the model's name; weights: the name
 * of the .safetensors file, which the .nn file names; nn: the .nn file's name, for its first comment. */
typedef struct {
    const char *text;
    const tensor_to_write *tensors;
    size_t tensor_count;       /* 0: no weights file is needed */
    const char *const *inputs; /* the files that were read, the model's first */
    size_t input_count;
} import_result;

import_result *import_onnx(arena *a, const char *path, const char *nn, const char *weights,
                           const import_options *options, diag_list *diags);

#endif
