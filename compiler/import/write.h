/* write: the import's graph as the text of a .nn file, and the tensors that go beside it. */
#ifndef NNC_IMPORT_WRITE_H
#define NNC_IMPORT_WRITE_H

#include "import/graph.h"
#include "weights/safetensors_write.h"

typedef struct {
    const char *model;    /* a name in the language */
    const char *weights;  /* the file that the weights statement names */
    const char *title;    /* of the first comment: "tagger.nn: imported from tagger.onnx" */
} write_names;

typedef struct {
    text nn;
    tensor_to_write *tensors;
    size_t tensor_count, tensor_capacity;
    const char *problem; /* NULL, or what of the graph a .nn file cannot say */
} written;

written write_graph(graph *g, const write_names *names);

/* A word of the language made of what a file calls something: letters, digits and _ alone, no reserved word. */
const char *write_word(arena *a, const char *wanted, const char *otherwise);
/* The same for a layer: words with dots between them, as in a state_dict. */
const char *write_layer_name(arena *a, const char *wanted, const char *otherwise);
/* Of "encoder.0.conv_1" the last part that is no number: "conv_1". */
const char *write_last_word(const char *layer_name);
/* Text that is safe in a comment: one line, printable, not too long. */
const char *write_comment(arena *a, const char *s);

#endif
