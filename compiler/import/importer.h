/* importer: what the walk over an ONNX graph keeps, for call.c, interpret.c and interface.c alone. */
#ifndef NNC_IMPORT_IMPORTER_H
#define NNC_IMPORT_IMPORTER_H

#include "import/interpret.h"
#include "support/name_set.h"

typedef struct scope scope;
struct scope {
    const scope *outer;
    name_set *values; /* name -> value */
    const Onnx__FunctionProto *function;
    const call *caller;  /* of the function: its attributes */
};

typedef struct {
    const char *type, *path;
    const char *behind; /* the nodes before it, by which a person finds the place */
} refusal;

struct importer {
    arena *arena;
    graph *graph;
    onnx_file *file;
    diag_list *diags;
    const import_options *options;
    scope *scope;
    unsigned nodes, depth, walk;
    refusal *unknown; /* operators without a row */
    size_t unknown_count, unknown_capacity;
    size_t reports;
};

/* A report that belongs to no node. */
void fault(importer *m, const char *format, ...) __attribute__((format(printf, 2, 3)));
value *lookup(const scope *s, const char *name); /* NULL: nothing is called so */
bool is_bound(const importer *m, const char *name); /* in this graph: a name is one value's */
void bind(importer *m, const char *name, value *v);
value *failed_value(importer *m); /* who uses it is refused in silence */

void report_unknown(importer *m); /* the operators without a row */
size_t fold_budget_of(const onnx_file *f); /* grows with what was read of the file */

/* interface.c */
void read_inputs(importer *m, const Onnx__GraphProto *g);
void read_outputs(importer *m, const Onnx__GraphProto *g); /* and reports options that nothing used */

#endif
