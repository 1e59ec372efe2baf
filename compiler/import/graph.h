/* graph: what an ONNX model means, as the nodes of a .nn file: the middle of the import.
 *
 *     model.onnx -> onnx_file -> interpret (ops_*.c, fold.c) -> graph -> write.c -> model.nn, model.safetensors
 *
 * interpret.c goes through the ONNX nodes once, in order. A value whose elements are known (weights, sizes, constants,
 * and whatever is computed from them alone) is folded on the spot; sizes may be symbolic: an integer element is a
 * `dim`. Every other operator becomes nodes of this graph, by constructors that simplify as they build (a transpose of
 * a transpose, a reshape of a reshape), so that what remains reads as a person would have written it. Nodes that
 * nothing uses in the end are not written. Everything lives in the importer's arena.
 */
#ifndef NNC_IMPORT_GRAPH_H
#define NNC_IMPORT_GRAPH_H

#include "import/onnx_file.h"
#include "ir/type.h"

enum { IMPORT_MAX_RANK = IR_MAX_RANK };

typedef enum { ELEMENT_FLOAT, ELEMENT_INT, ELEMENT_BOOL } element;

typedef struct node node;

/* A sequence of tensors, which ONNX has and a .nn file lacks: ops_sequence.c. */
typedef struct sequence sequence;

/* A tensor. Its elements are known when one of `filled`, `floats`, `integers` is there. */
typedef struct {
    const char *name;                 /* ONNX's, for messages and names; never NULL */
    element element;
    unsigned rank;
    const dim *dims[IMPORT_MAX_RANK];
    bool failed;                      /* what made it was refused: whoever uses it is silently refused, too */
    bool filled;                      /* every element is `number` (float) or `integer`; any shape, symbolic too */
    double number;
    const dim *integer;
    const float *floats;              /* of a constant shape */
    const dim *const *integers;       /* of a constant shape; bools are 0 and 1 */
    sequence *sequence;               /* NULL: a tensor; else it is none, and no field above but the name counts */
    node *producer;                   /* NULL: known, or an input */
    unsigned result;                  /* which of the producer's results */
    unsigned uses;                    /* counted by write.c: what of it is written */
    const char *text;                 /* write.c: how it stands in the .nn file, */
    int precedence;                   /* and how tightly that binds */
} value;

struct sequence {
    value **items;          /* count of them, or */
    unsigned count;
    value *rows;            /* not NULL: the rows, along dim 0, of one tensor */
    bool collects;          /* in a Loop's body: what its rounds put into it so far, which nothing can ask */
    const sequence *before; /* not NULL: that one, with the one item at its end */
};

typedef struct {
    const char *suffix; /* "weight_ih_l0" */
    const float *data;
    unsigned rank;
    int64_t dims[IMPORT_MAX_RANK];
} layer_param;

/* A layer statement. Two calls with the same arguments and the same numbers share one. */
typedef struct {
    const char *kind;      /* "LSTM" */
    const char *arguments; /* "6, 8, bidirectional=true" */
    const char *wanted;    /* the name that the ONNX file suggests; NULL: none */
    const char *comment;   /* behind the statement; NULL: none */
    layer_param params[8]; /* param_count */
    unsigned param_count;
    const char *name;      /* write.c */
} layer;

typedef enum {
    NODE_INPUT, /* no operands */
    NODE_CALL, /* function(operands…, tail); with `tuple` the operands are a tuple: cat((a, b), dim=0); one result, or
                  two */
    NODE_INFIX,   /* a + b; function is the operator */
    NODE_PREFIX,  /* -a */
    NODE_LAYER,   /* layer(operands…) */
    NODE_RESHAPE, /* the result's shape says all */
    NODE_PERMUTE, /* perm: result dim i is operand dim perm[i] */
    NODE_SLICE,   /* x[start:stop:step, index, …] */
    NODE_REPEAT, /* a block begins: operands are the rows' sources, then what is carried at first; results are a round's
                  * row of each source, then the carried values in a round */
    NODE_END /* it ends: operands are the carried values' next ones, then what is collected, then a condition when there
              * is one; results are the carried values behind the block, then what was collected, a new dim 0 */
} node_kind;

typedef struct {
    const dim *start, *stop; /* NULL: from the first, to the last */
    int64_t step;            /* at least 1 */
    bool index;              /* start alone: the axis goes */
} slice_axis;

struct node {
    node_kind kind;
    const char *function;
    const char *tail;   /* ", dim=1"; "" for none */
    unsigned axis;      /* gather, index_select: stands behind the first operand; reductions: the mask of their axes */
    bool tuple;
    layer *layer;
    value **operands;   /* operand_count; NULL only where a layer's optional operand is missing */
    unsigned operand_count;
    value **results;    /* result_count */
    unsigned result_count;
    unsigned perm[IMPORT_MAX_RANK];
    slice_axis axes[IMPORT_MAX_RANK]; /* of the operand's rank */
    double eps;         /* of a LayerNorm, whose number of dims is in axis: for what follows it */
    node *partner;      /* of NODE_REPEAT the end, of NODE_END the beginning */
    unsigned row_count, carried_count; /* of both */
    const dim *rounds;  /* of NODE_REPEAT: how many */
    bool until;         /* of NODE_END: its last operand ends the block when it holds */
    const char *path;   /* the ONNX node that it comes from, for names */
    bool used;          /* write.c */
    unsigned walk;      /* interpret.c: the last walk through the graph that came here */
    node *next;
};

typedef struct {
    const char *name; /* of the ONNX input or output */
    value *value;
    const char *state; /* an output: the input, a state, that takes it; an input: it is a state when not NULL */
    const char *text;  /* write.c: an output's name in the .nn file */
} argument;

typedef struct {
    arena *arena;
    dim_table *dims;
    node *first, *last;
    layer **layers;
    size_t layer_count, layer_capacity;
    argument *inputs, *outputs;
    size_t input_count, output_count;
    const dim **symbols; /* run-time sizes in order of appearance */
    size_t symbol_count, symbol_capacity;
    const char **notes; /* choices that were made, for comments at the file's head; each once */
    size_t note_count, note_capacity;
    size_t folded_bytes, fold_budget; /* what known elements take, and may take */
    bool spent;                       /* something did not fit: the node at hand is refused */
} graph;

graph *graph_new(arena *a, size_t fold_budget);
void graph_note(graph *g, const char *note);

/* --- values --- */
value *value_new(graph *g, element e, unsigned rank, const dim *const *dims);
value *value_like(graph *g, const value *v); /* the same type, nothing known */
value *value_filled(graph *g, element e, unsigned rank, const dim *const *dims, double number, const dim *integer);
value *value_floats(graph *g, unsigned rank, const int64_t *dims, const float *floats);
value *value_integers(graph *g, element e, unsigned rank, const int64_t *dims, const dim *const *integers);
value *value_of_float(graph *g, double number);    /* a float of rank 0 */
value *value_of_integer(graph *g, const dim *d);    /* an int of rank 0 */
bool value_known(const value *v);
/* The elements' number when the shape is constant (at most INT32_MAX). */
bool value_count(const value *v, int64_t *count);
bool value_shape_same(const value *a, const value *b);
bool value_constant_shape(const value *v, int64_t *dims);
/* Element i, of known integers; NULL otherwise. */
const dim *value_dim_at(const value *v, int64_t i);
double value_float_at(const value *v, int64_t i); /* of known floats, or constant integers */
/* A known single number, of any element type: a float's value, or a constant integer. */
bool value_scalar(const value *v, double *number);
/* Known integers as constants; false when they are not known, not constant or more than room. */
bool value_ints(const value *v, int64_t *to, size_t room, size_t *count);
/* Known floats as an array in row-major order, filled ones too; NULL when they are not known or too many. */
const float *value_float_array(graph *g, const value *v);
const char *value_shape_string(arena *a, const value *v); /* "[T, 1, 6]" */
/* Whether v is an integer made of a float: nnc has none, and whoever takes it but a cast back is refused. */
bool is_cut_to_integer(const value *v);
/* A number as a .nn file has it: the shortest that is this float. */
const char *number_text(arena *a, double number);
/* Room for n elements of `bytes` each, within the budget; NULL when it is spent. */
void *graph_room(graph *g, size_t n, size_t bytes);

/* --- constructors: each gives the result's value, simplified where that can be --- */
value *make_call(graph *g, const char *path, const char *function, value *const *operands, unsigned count,
                 const char *tail, const value *type);
value *make_tuple_call(graph *g, const char *path, const char *function, value *const *operands, unsigned count,
                       const char *tail, const value *type);
/* function(x, tail) with two results: values, indices = topk(x, 3). */
node *make_pair(graph *g, const char *path, const char *function, value *x, const char *tail, const value *first,
                const value *second);
value *make_infix(graph *g, const char *path, const char *symbol, value *a, value *b, const value *type);
value *make_prefix(graph *g, const char *path, const char *symbol, value *a);
value *make_reshape(graph *g, const char *path, value *x, unsigned rank, const dim *const *dims);
value *make_permute(graph *g, const char *path, value *x, const unsigned *perm);
value *make_slice(graph *g, const char *path, value *x, const slice_axis *axes); /* at least one axis is cut */
value *make_squeeze(graph *g, const char *path, value *x, unsigned axes);   /* bit mask of axes of extent 1 */
value *make_unsqueeze(graph *g, const char *path, value *x, unsigned axes); /* bit mask of axes of the result */
/* A call of a layer; its results, whose types the caller gives. */
node *make_layer(graph *g, const char *path, const layer *l, value *const *operands, unsigned count,
                 const value *const *types, unsigned result_count);

/* A block of rounds: what is made between begin and end stands in it. rounds: NULL when there are rows. */
node *begin_repeat(graph *g, const char *path, const dim *rounds, value *const *rows, unsigned row_count,
                   value *const *first, unsigned carried_count);
node *end_repeat(graph *g, node *begin, value *const *next, unsigned carried_count, value *const *collected,
                 unsigned collected_count, value *until); /* until: NULL, or a bool asked after each round */

/* The shape of a broadcast result; false when a and b do not fit. */
bool broadcast_shape(graph *g, const value *a, const value *b, value *to);

#endif
