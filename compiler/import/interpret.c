/* interpret: scopes and the walk over the nodes. */
#include "import/importer.h"
#include "import/ops.h"

#include <inttypes.h>

enum {
    MAX_NODES = 100000,  /* with those of functions and branches as often as they are taken */
    MAX_NESTING = 64,    /* of functions and branches */
    OLDEST_IR = 3, NEWEST_IR = 10, OLDEST_OPSET = 1, NEWEST_OPSET = 21
};

/* Opens a scope; the caller puts scope->outer back. */
static scope *open_scope(importer *m) {
    scope *s = ARENA_NEW(m->arena, scope);
    s->outer = m->scope;
    s->values = name_set_new(m->arena);
    m->scope = s;
    return s;
}

static void bind_initializers(importer *m, const Onnx__GraphProto *g) {
    for (size_t i = 0; i < g->n_initializer; i++) {
        const Onnx__TensorProto *t = g->initializer[i];
        if (!t->name || !t->name[0]) continue;
        if (is_bound(m, t->name)) fault(m, "two initializers are called \"%s\"", t->name);
        value *v = import_tensor(m, t, t->name);
        bind(m, t->name, v ? v : failed_value(m));
    }
}

/* --- nodes -------------------------------------------------------------------------------------------------------- */

static const Onnx__FunctionProto *find_function(const importer *m, const Onnx__NodeProto *n) {
    const char *domain = n->domain ? n->domain : "";
    for (size_t i = 0; i < m->file->model->n_functions; i++) {
        const Onnx__FunctionProto *f = m->file->model->functions[i];
        if (f->name && n->op_type && strcmp(f->name, n->op_type) == 0 &&
            strcmp(f->domain ? f->domain : "", domain) == 0)
            return f;
    }
    return NULL;
}

static int64_t opset_of(Onnx__OperatorSetIdProto *const *all, size_t count, int64_t otherwise) {
    for (size_t i = 0; i < count; i++)
        if (!all[i]->domain || !all[i]->domain[0] || strcmp(all[i]->domain, "ai.onnx") == 0) return all[i]->version;
    return otherwise;
}

static void interpret_nodes(importer *m, Onnx__NodeProto *const *nodes, size_t count, int64_t opset);

static bool interpret_function(call *c, const Onnx__FunctionProto *f) {
    importer *m = c->importer;
    for (const scope *s = m->scope; s; s = s->outer)
        if (s->function == f) return refuse(c, "the function %s calls itself again", f->name);
    if (++m->depth > MAX_NESTING) return refuse(c, "functions are nested too deep");
    scope *s = open_scope(m);
    s->function = f;
    s->caller = c;
    for (size_t i = 0; i < f->n_input; i++)
        if (operand(c, (unsigned)i)) bind(m, f->input[i], c->in[i]);
    interpret_nodes(m, f->node, f->n_node, opset_of(f->opset_import, f->n_opset_import, c->opset));
    bool good = true;
    for (size_t i = 0; i < f->n_output && i < c->out_count; i++) {
        c->out[i] = lookup(s, f->output[i]);
        if (!c->out[i]) good = refuse(c, "nothing in the function %s makes its output %s", f->name, f->output[i]);
    }
    m->scope = (scope *)(uintptr_t)s->outer;
    m->depth--;
    return good;
}

bool interpret_graph(call *c, const Onnx__GraphProto *g, value *const *inputs, size_t input_count, value **results,
                     size_t count) {
    importer *m = c->importer;
    if (++m->depth > MAX_NESTING) return refuse(c, "branches are nested too deep");
    if (g->n_input != input_count) return refuse(c, "its graph has %zu inputs, %zu are given", g->n_input, input_count);
    scope *s = open_scope(m);
    bind_initializers(m, g);
    for (size_t i = 0; i < input_count; i++) bind(m, g->input[i]->name ? g->input[i]->name : "", inputs[i]);
    interpret_nodes(m, g->node, g->n_node, c->opset);
    bool good = true;
    if (g->n_output < count) good = refuse(c, "its graph has %zu outputs, %zu are wanted", g->n_output, count);
    for (size_t i = 0; good && i < count; i++) {
        const char *name = g->output[i]->name ? g->output[i]->name : "";
        results[i] = lookup(s, name);
        if (!results[i]) good = refuse(c, "nothing makes the output \"%s\" of its graph", name);
    }
    m->scope = (scope *)(uintptr_t)s->outer;
    m->depth--;
    return good;
}

/* Whether the result's shape is one that a tensor can have. */
static bool check_result(call *c, const value *v) {
    if (v->failed || v->sequence) return true;
    const dim *elements = dim_const(c->graph->dims, 1);
    for (unsigned i = 0; i < v->rank; i++) {
        elements = dim_mul(c->graph->dims, elements, v->dims[i]);
        if (dim_is_huge(elements) || dim_min(v->dims[i]) < 0)
            return refuse(c, "its result would be %s", value_shape_string(c->graph->arena, v));
    }
    if (v->filled && v->element != ELEMENT_FLOAT && dim_is_huge(v->integer))
        return refuse(c, "its numbers are too large");
    return true;
}

/* By the operator's row, if its operands are such as it may have. */
static bool handle(call *c) {
    importer *m = c->importer;
    bool good = true;
    if (c->in_count > c->row->most || c->in_count < c->row->fewest)
        good = refuse(c, "has %u operands; %u to %u are allowed", c->in_count, c->row->fewest, c->row->most);
    for (unsigned i = 0; good && i < c->row->fewest; i++)
        if (!c->in[i]) good = refuse(c, "operand %u is not there", i + 1);
    for (unsigned i = 0; good && i < c->in_count; i++)
        if (c->in[i] && is_cut_to_integer(c->in[i]) && !(c->row->code & TAKES_CUT_INTEGERS))
            good = refuse(c, "needs \"%s\", an integer made of a float, which has no counterpart in nnc",
                          c->in[i]->name);
    for (unsigned i = 0; good && i < c->in_count; i++)
        if (c->in[i] && c->in[i]->sequence && !(c->row->code & TAKES_SEQUENCES))
            good = refuse(c, "of a sequence is not supported");
    size_t reports = m->reports;
    m->graph->spent = false;
    if (good) good = c->row->handle(c);
    if (m->graph->spent && reports == m->reports)
        good = refuse(c,
                      "what it gives can't be computed at compile time: it is too large for the memory it may "
                      "take, or not constant");
    return good;
}

static void interpret_node(importer *m, Onnx__NodeProto *const *nodes, size_t position, int64_t opset) {
    const Onnx__NodeProto *proto = nodes[position];
    const char *type = proto->op_type ? proto->op_type : "";
    const char *first = proto->n_output ? proto->output[0] : "";
    call c = {.importer = m, .graph = m->graph, .proto = proto, .nodes = nodes, .position = position, .opset = opset};
    c.path = proto->name && proto->name[0] ? proto->name
             : first[0]                    ? first
                                           : arena_printf(m->arena, "%zu", position);
    c.in = ARENA_ARRAY(m->arena, value *, proto->n_input + 1);
    c.out = ARENA_ARRAY(m->arena, value *, proto->n_output + 1);
    c.in_count = (unsigned)proto->n_input;
    c.out_count = (unsigned)proto->n_output;
    bool failed = false, good = true;
    for (size_t i = 0; i < proto->n_input; i++) {
        if (!proto->input[i][0]) continue;
        c.in[i] = lookup(m->scope, proto->input[i]);
        if (!c.in[i]) good = refuse(&c, "needs \"%s\", which no node before it makes", proto->input[i]);
        else failed |= c.in[i]->failed;
    }
    while (c.in_count && !c.in[c.in_count - 1]) c.in_count--;
    bool standard = !proto->domain || !proto->domain[0] || strcmp(proto->domain, "ai.onnx") == 0;
    const Onnx__FunctionProto *f = find_function(m, proto);
    c.row = standard && !f ? operator_find(type) : NULL;
    if (!c.row && !f) {
        good = no_counterpart(&c);
    } else if (++m->nodes > MAX_NODES) {
        if (m->nodes == MAX_NODES + 1) fault(m, "the model has more than %d nodes", MAX_NODES);
        good = false;
    } else if (good && !failed && f) {
        good = interpret_function(&c, f);
    } else if (good && !failed) {
        good = handle(&c);
    }
    for (unsigned i = 0; good && !failed && i < c.out_count; i++) {
        if (c.out[i]) good = check_result(&c, c.out[i]);
        else if (!wanted(&c, i)) continue;
        else if (f) good = refuse(&c, "the function %s has no output for its \"%s\"", f->name, proto->output[i]);
        else good = refuse(&c, "its output \"%s\" is not supported", proto->output[i]);
    }
    if (!good && !m->reports && !m->unknown_count) refuse(&c, "an attribute that it needs is not there");
    for (size_t i = 0; i < proto->n_output; i++) {
        if (!proto->output[i][0]) continue;
        if (is_bound(m, proto->output[i])) refuse(&c, "gives \"%s\", which has a value already", proto->output[i]);
        value *v = good && !failed && c.out[i] ? c.out[i] : failed_value(m);
        bind(m, proto->output[i], v);
    }
}

static void interpret_nodes(importer *m, Onnx__NodeProto *const *nodes, size_t count, int64_t opset) {
    for (size_t i = 0; i < count && m->nodes <= MAX_NODES; i++) interpret_node(m, nodes, i, opset);
}

/* --- all of it ---------------------------------------------------------------------------------------------------- */

graph *interpret(arena *a, onnx_file *file, const import_options *options, diag_list *diags) {
    const Onnx__ModelProto *model = file->model;
    importer m = {.arena = a, .file = file, .diags = diags, .options = options};
    m.graph = graph_new(a, fold_budget_of(file));
    int64_t opset = opset_of(model->opset_import, model->n_opset_import, 1);
    if (model->ir_version < OLDEST_IR || model->ir_version > NEWEST_IR)
        fault(&m, "IR version %" PRId64 "; %d to %d are read", model->ir_version, OLDEST_IR, NEWEST_IR);
    if (opset < OLDEST_OPSET || opset > NEWEST_OPSET)
        fault(&m, "opset %" PRId64 "; %d to %d are read", opset, OLDEST_OPSET, NEWEST_OPSET);
    if (m.reports) return NULL;
    open_scope(&m);
    bind_initializers(&m, model->graph);
    read_inputs(&m, model->graph);
    interpret_nodes(&m, model->graph->node, model->graph->n_node, opset);
    read_outputs(&m, model->graph);
    report_unknown(&m);
    if (!m.reports && !m.graph->output_count) fault(&m, "the model has no output");
    return m.reports || m.unknown_count ? NULL : m.graph;
}
