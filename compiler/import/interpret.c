/* interpret: scopes and the walk over the nodes. */
#include "import/importer.h"
#include "import/ops.h"

#include <inttypes.h>
#include <stdarg.h>

enum {
    MAX_NODES = 100000,  /* with those of functions and branches as often as they are taken */
    MAX_NESTING = 64,    /* of functions and branches */
    MAX_REPORTS = 50,
    FOLD_BYTES = 48 << 20, FOLD_FACTOR = 3,
    OLDEST_IR = 3, NEWEST_IR = 10, OLDEST_OPSET = 1, NEWEST_OPSET = 21
};

/* --- reports ------------------------------------------------------------------------------------------------------ */

bool refuse(call *c, const char *format, ...) {
    importer *m = c->importer;
    va_list args;
    va_start(args, format);
    const char *what = arena_vprintf(m->arena, format, args);
    va_end(args);
    if (m->reports++ < MAX_REPORTS)
        diag_error_file(m->diags, m->file->path, "node %s (%s): %s", c->path, c->proto->op_type, what);
    return false;
}

void warn_of_exporter(call *c, warning_name name, const char *exporter, const char *what, const char *hint) {
    importer *m = c->importer;
    const char *producer = m->file->model->producer_name;
    if (!producer || strcmp(producer, exporter) != 0) return;
    diag_hint(diag_warning_file(m->diags, name, m->file->path, "node %s (%s): %s", c->path, c->proto->op_type, what),
              "%s", hint);
}

void fault(importer *m, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const char *what = arena_vprintf(m->arena, format, args);
    va_end(args);
    if (m->reports++ < MAX_REPORTS) diag_error_file(m->diags, m->file->path, "%s", what);
}

/* --- operands and attributes -------------------------------------------------------------------------------------- */

value *operand(const call *c, unsigned i) { return i < c->in_count ? c->in[i] : NULL; }

bool wanted(const call *c, unsigned result) {
    return result < c->out_count && c->proto->output[result] && c->proto->output[result][0];
}

bool give(call *c, value *v) {
    if (!v) return refuse(c, "its result cannot be computed at compile time");
    c->out[0] = v;
    return true;
}

static const Onnx__AttributeProto *find_attribute(Onnx__AttributeProto *const *all, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (all[i]->name && strcmp(all[i]->name, name) == 0) return all[i];
    return NULL;
}

const Onnx__AttributeProto *attribute(const call *c, const char *name) {
    const Onnx__AttributeProto *a = find_attribute(c->proto->attribute, c->proto->n_attribute, name);
    /* inside a function an attribute may be the function's own */
    for (const scope *s = c->importer->scope; a && a->ref_attr_name && a->ref_attr_name[0]; s = s->outer) {
        while (s && !s->function) s = s->outer;
        if (!s) return NULL;
        const char *outer = a->ref_attr_name;
        a = find_attribute(s->caller->proto->attribute, s->caller->proto->n_attribute, outer);
        if (!a) a = find_attribute(s->function->attribute_proto, s->function->n_attribute_proto, outer);
    }
    return a;
}

int64_t attribute_int(const call *c, const char *name, int64_t otherwise) {
    const Onnx__AttributeProto *a = attribute(c, name);
    return a && a->has_i ? a->i : otherwise;
}

double attribute_float(const call *c, const char *name, double otherwise) {
    const Onnx__AttributeProto *a = attribute(c, name);
    return a && a->has_f ? (double)a->f : otherwise;
}

const char *attribute_string(const call *c, const char *name, const char *otherwise) {
    const Onnx__AttributeProto *a = attribute(c, name);
    return a && a->has_s ? arena_strndup(c->importer->arena, (const char *)a->s.data, a->s.len) : otherwise;
}

bool attribute_ints(call *c, const char *name, const int64_t **values, size_t *count) {
    const Onnx__AttributeProto *a = attribute(c, name);
    if (!a) return false;
    *values = a->ints;
    *count = a->n_ints;
    return true;
}

bool integers_of(call *c, const char *name, unsigned i, const int64_t **values, size_t *count, bool *failed) {
    *failed = false;
    if (attribute_ints(c, name, values, count)) return true;
    const value *v = operand(c, i);
    if (!v) return false;
    int64_t *room = ARENA_ARRAY(c->graph->arena, int64_t, IMPORT_MAX_RANK * 2);
    *values = room;
    if (value_ints(v, room, IMPORT_MAX_RANK * 2, count)) return true;
    *failed = true;
    refuse(c, "its %s must be constant; \"%s\" is not", name, v->name);
    return false;
}

bool axis_of(call *c, int64_t axis, unsigned rank, unsigned *to) {
    if (axis < -(int64_t)rank || axis >= (int64_t)rank)
        return refuse(c, "axis %" PRId64 " of a tensor of %u dims", axis, rank);
    *to = (unsigned)(axis < 0 ? axis + (int64_t)rank : axis);
    return true;
}

bool axes_of(call *c, const int64_t *axes, size_t count, unsigned rank, unsigned *mask) {
    *mask = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned axis = 0;
        if (!axis_of(c, axes[i], rank, &axis)) return false;
        *mask |= 1u << axis;
    }
    return true;
}

/* --- names -------------------------------------------------------------------------------------------------------- */

value *lookup(const scope *s, const char *name) {
    for (; s; s = s->outer) {
        value *v = *name_set_value(s->values, name);
        if (v) return v;
        if (s->function) return NULL; /* a function sees its own inputs alone */
    }
    return NULL;
}

void bind(importer *m, const char *name, value *v) {
    *name_set_value(m->scope->values, name) = v;
    if (!v->name[0]) v->name = name;
}

/* Opens a scope; the caller puts scope->outer back. */
static scope *open_scope(importer *m) {
    scope *s = ARENA_NEW(m->arena, scope);
    s->outer = m->scope;
    s->values = name_set_new(m->arena);
    m->scope = s;
    return s;
}

value *failed_value(importer *m) {
    value *v = value_new(m->graph, ELEMENT_FLOAT, 0, NULL);
    v->failed = true;
    return v;
}

/* --- initializers ------------------------------------------------------------------------------------------------- */

static value *value_from_data(importer *m, const onnx_data *d) {
    graph *g = m->graph;
    if (d->kind == ONNX_FLOAT) return value_floats(g, d->rank, d->dims, d->floats);
    const dim **integers = graph_room(g, d->count, sizeof *integers);
    if (!integers) return NULL;
    const int64_t most = (int64_t)1 << 51; /* as far as dims go; INT64_MAX stands for "to the end" */
    for (size_t i = 0; i < d->count; i++) {
        int64_t v = d->integers[i] > most ? most : d->integers[i] < -most ? -most : d->integers[i];
        integers[i] = dim_const(g->dims, v);
    }
    return value_integers(g, d->kind == ONNX_BOOL ? ELEMENT_BOOL : ELEMENT_INT, d->rank, d->dims, integers);
}

value *import_tensor(importer *m, const Onnx__TensorProto *t, const char *name) {
    onnx_data data;
    const char *problem = onnx_tensor_read(m->file, t, &data);
    value *v = problem ? NULL : value_from_data(m, &data);
    if (!v) fault(m, "tensor \"%s\" %s", name, problem ? problem : "is too large");
    m->graph->fold_budget = FOLD_BYTES + FOLD_FACTOR * m->file->bytes;
    return v;
}

static void bind_initializers(importer *m, const Onnx__GraphProto *g) {
    for (size_t i = 0; i < g->n_initializer; i++) {
        const Onnx__TensorProto *t = g->initializer[i];
        if (!t->name || !t->name[0]) continue;
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

/* "; behind CumSum (node add_up), TopK (node pick_best)": what makes the node's first operand, and that one's; "" for
 * none. */
static const char *nodes_behind(const call *c) {
    text t = text_new(c->importer->arena);
    const Onnx__NodeProto *n = c->proto;
    if (c->importer->unknown_count >= MAX_REPORTS) return "";
    for (unsigned steps = 0; steps < 2 && n->n_input && n->input[0][0]; steps++) {
        const Onnx__NodeProto *maker = NULL;
        for (size_t i = 0; i < c->position && !maker; i++)
            for (size_t k = 0; k < c->nodes[i]->n_output && !maker; k++)
                if (strcmp(c->nodes[i]->output[k], n->input[0]) == 0) maker = c->nodes[i];
        if (!maker || !maker->op_type) break;
        text_printf(&t, "%s%s (node %s)", steps ? ", " : "; behind ", maker->op_type,
                    maker->name && maker->name[0] ? maker->name : n->input[0]);
        n = maker;
    }
    return text_string(&t);
}

bool no_counterpart(call *c) {
    importer *m = c->importer;
    const char *domain = c->proto->domain, *type = c->proto->op_type ? c->proto->op_type : "";
    bool standard = !domain || !domain[0] || strcmp(domain, "ai.onnx") == 0;
    refusal r = {standard ? type : arena_printf(m->arena, "%s.%s", domain, type), c->path, nodes_behind(c)};
    ARENA_PUSH(m->arena, m->unknown, m->unknown_count, m->unknown_capacity, r);
    return false;
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
        if (c.in_count > c.row->most || c.in_count < c.row->fewest)
            good = refuse(&c, "has %u operands; %u to %u are allowed", c.in_count, c.row->fewest, c.row->most);
        for (unsigned i = 0; good && i < c.row->fewest; i++)
            if (!c.in[i]) good = refuse(&c, "operand %u is not there", i + 1);
        for (unsigned i = 0; good && i < c.in_count; i++)
            if (c.in[i] && is_cut_to_integer(c.in[i]) && c.row->handle != op_cast && c.row->handle != op_identity)
                good = refuse(&c, "needs \"%s\", an integer made of a float, which has no counterpart in nnc",
                              c.in[i]->name);
        for (unsigned i = 0; good && i < c.in_count; i++)
            if (c.in[i] && c.in[i]->sequence && c.row->code != TAKES_SEQUENCES)
                good = refuse(&c, "of a sequence is not supported");
        size_t reports = m->reports;
        m->graph->spent = false;
        if (good) good = c.row->handle(&c);
        if (m->graph->spent && reports == m->reports)
            good = refuse(&c,
                          "what it gives can't be computed at compile time: it is too large for the memory it may "
                          "take, or not constant");
        for (unsigned i = 0; good && i < c.out_count; i++) {
            if (c.out[i]) good = check_result(&c, c.out[i]);
            else if (wanted(&c, i)) good = refuse(&c, "its output \"%s\" is not supported", proto->output[i]);
        }
    }
    if (!good && !m->reports && !m->unknown_count) refuse(&c, "an attribute that it needs is not there");
    for (size_t i = 0; i < proto->n_output; i++) {
        if (!proto->output[i][0]) continue;
        value *v = good && !failed && c.out[i] ? c.out[i] : failed_value(m);
        bind(m, proto->output[i], v);
    }
}

static void interpret_nodes(importer *m, Onnx__NodeProto *const *nodes, size_t count, int64_t opset) {
    for (size_t i = 0; i < count && m->nodes <= MAX_NODES; i++) interpret_node(m, nodes, i, opset);
}

/* --- all of it ---------------------------------------------------------------------------------------------------- */

static void report_unknown(importer *m) {
    if (!m->unknown_count) return;
    diag *d = diag_error_file(m->diags, m->file->path, "%zu node%s no counterpart in nnc", m->unknown_count,
                              m->unknown_count > 1 ? "s have" : " has");
    for (size_t i = 0; i < m->unknown_count && i < MAX_REPORTS; i++)
        diag_note_plain(d, "%s: node %s%s", m->unknown[i].type, m->unknown[i].path, m->unknown[i].behind);
    if (m->unknown_count > MAX_REPORTS) diag_note_plain(d, "and %zu more", m->unknown_count - MAX_REPORTS);
}

const import_options *import_options_of(const importer *m) { return m->options; }

/* Marks the nodes that v is made by. */
static void mark_behind(importer *m, const value *v) {
    node **stack = NULL;
    size_t count = 0, capacity = 0;
    m->walk++;
    if (v->producer) ARENA_PUSH(m->arena, stack, count, capacity, v->producer);
    while (count) {
        node *n = stack[--count];
        if (n->walk == m->walk) continue;
        n->walk = m->walk;
        if (n->partner) ARENA_PUSH(m->arena, stack, count, capacity, n->partner);
        for (unsigned i = 0; i < n->operand_count; i++)
            if (n->operands[i] && n->operands[i]->producer)
                ARENA_PUSH(m->arena, stack, count, capacity, n->operands[i]->producer);
    }
}

const char *inputs_behind(importer *m, const value *v, bool *settable) {
    text t = text_new(m->arena);
    *settable = true;
    mark_behind(m, v);
    for (size_t i = 0; i < m->graph->input_count; i++) {
        const value *in = m->graph->inputs[i].value;
        if (in->producer->walk != m->walk) continue;
        *settable &= in->element != ELEMENT_FLOAT || !in->rank;
        text_printf(&t, "%s%s", t.length ? ", " : "", m->graph->inputs[i].name);
    }
    return text_string(&t);
}

graph *interpret(arena *a, onnx_file *file, const import_options *options, diag_list *diags) {
    const Onnx__ModelProto *model = file->model;
    importer m = {.arena = a, .file = file, .diags = diags, .options = options};
    m.graph = graph_new(a, FOLD_BYTES + FOLD_FACTOR * file->bytes);
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
