/* interpret: an ONNX graph, node by node, into the import's graph. One row an operator (ops.def), one file a family.
 *
 * An operator's handler is given a `call`: the node, its operands, its attributes. It sets the results and returns
 * true; or says why not with refuse(). A node one of whose operands was refused is passed over in silence; operators
 * without a row are collected and named together at the end. */
#ifndef NNC_IMPORT_INTERPRET_H
#define NNC_IMPORT_INTERPRET_H

#include "import/fold.h"
#include "import/graph.h"
#include "import/import.h"

enum { CALL_MAX_OPERANDS = 1024, CALL_MAX_RESULTS = 256 };

typedef struct importer importer;
typedef struct call call;

/* A row of the table of operators. `argument` and `code` are the handler's own: a function's name, an operator. In the
 * code of those that may be given sequences, or integers made of floats, are these bits, which no other code has. */
enum { TAKES_SEQUENCES = 1 << 10, TAKES_CUT_INTEGERS = 1 << 11 };

typedef struct {
    const char *type;
    unsigned fewest, most; /* operands that must be and may be there */
    bool (*handle)(call *c);
    const char *argument;
    int code;
} operator_row;

struct call {
    importer *importer;
    graph *graph;
    const Onnx__NodeProto *proto;
    const operator_row *row;
    Onnx__NodeProto *const *nodes; /* of its graph, of which it is nodes[position] */
    size_t position;
    const char *path;      /* the node's name, or what stands for it, for messages and names */
    int64_t opset;
    value **in;            /* in_count; NULL where left out */
    unsigned in_count;
    value **out;           /* out_count: to be set; one whose name is empty is wanted by nobody */
    unsigned out_count;
};

/* Interprets the file's graph; NULL when anything was refused, all of it reported. */
graph *interpret(arena *a, onnx_file *file, const import_options *options, diag_list *diags);

/* --- for handlers (call.c) --- */
bool refuse(call *c, const char *format, ...) __attribute__((format(printf, 2, 3))); /* gives false */
bool no_counterpart(call *c); /* gives false; the node is named with all others that have none */
value *operand(const call *c, unsigned i);   /* NULL when it is not there */
bool wanted(const call *c, unsigned result); /* somebody may use it */
/* Sets result 0; false, with a report, when v is NULL. */
bool give(call *c, value *v);

const Onnx__AttributeProto *attribute(const call *c, const char *name);
int64_t attribute_int(const call *c, const char *name, int64_t otherwise);
double attribute_float(const call *c, const char *name, double otherwise);
const char *attribute_string(const call *c, const char *name, const char *otherwise); /* in the arena */
/* The integers of an attribute or, where operators took to it, of operand `i`; false when neither is there. An operand
 * that is not known is refused. */
bool attribute_ints(call *c, const char *name, const int64_t **values, size_t *count);
bool integers_of(call *c, const char *name, unsigned i, const int64_t **values, size_t *count, bool *failed);
/* An axis of a rank, negative ones counted from its end; false, refused, when there is none. */
bool axis_of(call *c, int64_t axis, unsigned rank, unsigned *to);
bool axes_of(call *c, const int64_t *axes, size_t count, unsigned rank, unsigned *mask);

const operator_row *operator_find(const char *type); /* ops.c; NULL when there is none */

/* interpret.c: a subgraph (of If, Loop, Scan) with values for its inputs: the values of its outputs. */
bool interpret_graph(call *c, const Onnx__GraphProto *g, value *const *inputs, size_t input_count, value **results,
                     size_t count);
/* The inputs of the model that a value is computed from, as text: "sr, input". settable: --set could fix all of them.
 */
const char *inputs_behind(importer *m, const value *v, bool *settable);

/* What the ONNX path suggests for a name: "/encoder/lstm/LSTM" -> "encoder.lstm"; NULL for nothing useful. */
const char *name_from_path(arena *a, const char *path);

#endif
