/* interpret: scopes, the walk over the nodes, inputs and outputs. */
#include "import/ops.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

#include "support/name_set.h"

enum {
    MAX_NODES = 100000,  /* with those of functions and branches as often as they are taken */
    MAX_NESTING = 64,    /* of functions and branches */
    MAX_REPORTS = 50,
    FOLD_BYTES = 48 << 20, FOLD_FACTOR = 3,
    OLDEST_IR = 3, NEWEST_IR = 10, OLDEST_OPSET = 1, NEWEST_OPSET = 21
};

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
    diag_hint(diag_warning_file(m->diags, name, m->file->path, "node %s (%s): %s", c->path, c->proto->op_type, what), "%s", hint);
}

static void fault(importer *m, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void fault(importer *m, const char *format, ...) {
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

static value *lookup(const scope *s, const char *name) {
    for (; s; s = s->outer) {
        value *v = *name_set_value(s->values, name);
        if (v) return v;
        if (s->function) return NULL; /* a function sees its own inputs alone */
    }
    return NULL;
}

static void bind(importer *m, const char *name, value *v) {
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

static value *failed_value(importer *m) {
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
        if (f->name && n->op_type && strcmp(f->name, n->op_type) == 0 && strcmp(f->domain ? f->domain : "", domain) == 0)
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

bool interpret_graph(call *c, const Onnx__GraphProto *g, value *const *inputs, size_t input_count, value **results, size_t count) {
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
    if (v->filled && v->element != ELEMENT_FLOAT && dim_is_huge(v->integer)) return refuse(c, "its numbers are too large");
    return true;
}

/* "; behind CumSum (node add_up), TopK (node pick_best)": what makes the node's first operand, and that one's; "" for none. */
static const char *nodes_behind(importer *m, Onnx__NodeProto *const *nodes, size_t position) {
    text t = text_new(m->arena);
    const Onnx__NodeProto *n = nodes[position];
    if (m->unknown_count >= MAX_REPORTS) return "";
    for (unsigned steps = 0; steps < 2 && n->n_input && n->input[0][0]; steps++) {
        const Onnx__NodeProto *maker = NULL;
        for (size_t i = 0; i < position && !maker; i++)
            for (size_t k = 0; k < nodes[i]->n_output && !maker; k++)
                if (strcmp(nodes[i]->output[k], n->input[0]) == 0) maker = nodes[i];
        if (!maker || !maker->op_type) break;
        text_printf(&t, "%s%s (node %s)", steps ? ", " : "; behind ", maker->op_type, maker->name && maker->name[0] ? maker->name : n->input[0]);
        n = maker;
    }
    return text_string(&t);
}

static void interpret_node(importer *m, Onnx__NodeProto *const *nodes, size_t position, int64_t opset) {
    const Onnx__NodeProto *proto = nodes[position];
    const char *type = proto->op_type ? proto->op_type : "";
    const char *first = proto->n_output ? proto->output[0] : "";
    call c = {.importer = m, .graph = m->graph, .proto = proto, .opset = opset};
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
        refusal r = {standard ? type : arena_printf(m->arena, "%s.%s", proto->domain, type), c.path, nodes_behind(m, nodes, position)};
        ARENA_PUSH(m->arena, m->unknown, m->unknown_count, m->unknown_capacity, r);
        good = false;
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
                good = refuse(&c, "needs \"%s\", an integer made of a float, which has no counterpart in nnc", c.in[i]->name);
        for (unsigned i = 0; good && i < c.in_count; i++)
            if (c.in[i] && c.in[i]->sequence && c.row->code != TAKES_SEQUENCES) good = refuse(&c, "of a sequence is not supported");
        size_t reports = m->reports;
        m->graph->spent = false;
        if (good) good = c.row->handle(&c);
        if (m->graph->spent && reports == m->reports)
            good = refuse(&c, "what it gives can't be computed at compile time: it is too large for the memory it may take, or not constant");
        for (unsigned i = 0; good && i < c.out_count; i++) {
            if (c.out[i]) good = check_result(&c, c.out[i]);
            else if (wanted(&c, i)) good = refuse(&c, "its output \"%s\" is not supported", proto->output[i]);
        }
    }
    for (size_t i = 0; i < proto->n_output; i++) {
        if (!proto->output[i][0]) continue;
        value *v = good && !failed && c.out[i] ? c.out[i] : failed_value(m);
        bind(m, proto->output[i], v);
    }
}

static void interpret_nodes(importer *m, Onnx__NodeProto *const *nodes, size_t count, int64_t opset) {
    for (size_t i = 0; i < count && m->nodes <= MAX_NODES; i++) interpret_node(m, nodes, i, opset);
}

/* --- the model's inputs and outputs ------------------------------------------------------------------------------- */

static const char *setting(const import_settings *all, const char *name) {
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->items[i].name, name) == 0) {
            all->items[i].used = true;
            return all->items[i].value;
        }
    return NULL;
}

static bool read_number(const char **at, int64_t *to) {
    char *end;
    if (**at < '0' || **at > '9') return false;
    *to = strtoll(*at, &end, 10);
    *at = end;
    return *to >= 0 && *to <= INT32_MAX;
}

/* A size that --dim gives a name: a number, or a symbol with bounds. NULL after a report. */
static const dim *named_size(importer *m, const char *name, const char *input) {
    graph *g = m->graph;
    const char *given = setting(&m->options->sizes, name), *at = given;
    int64_t low, high;
    for (size_t i = 0; i < g->symbol_count; i++)
        if (strcmp(dim_symbol_name(g->symbols[i]), name) == 0) return g->symbols[i];
    if (!given) {
        fault(m, "input \"%s\" has a size %s whose bounds are not known: add --dim %s=1..128 (at run time), or --dim %s=16",
              input, name, name, name);
        return NULL;
    }
    if (read_number(&at, &low) && !*at) return dim_const(g->dims, low);
    bool range = at != given && strncmp(at, "..", 2) == 0;
    if (range) at += 2;
    if (!range || !read_number(&at, &high) || *at || low < 1 || high < low) {
        fault(m, "--dim %s=%s is neither a size nor bounds such as 1..128", name, given);
        return NULL;
    }
    const dim *symbol = dim_symbol(g->dims, name, low, high);
    ARENA_PUSH(m->arena, g->symbols, g->symbol_count, g->symbol_capacity, symbol);
    return symbol;
}

static bool is_word(const char *s) {
    if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || *s == '_')) return false;
    for (; *s; s++)
        if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9') || *s == '_')) return false;
    return true;
}

/* The shape that --shape gives an input, or that the model does. */
static bool shape_of_input(importer *m, const char *name, const Onnx__TypeProto__Tensor *t, value *v) {
    const char *given = setting(&m->options->shapes, name);
    const Onnx__TensorShapeProto *shape = t->shape;
    if (!given && !shape) {
        fault(m, "input \"%s\" has no shape: add --shape %s=1,T,6", name, name);
        return false;
    }
    size_t rank = 0;
    while (given && *given) {
        size_t length = strcspn(given, ",");
        const char *item = arena_strndup(m->arena, given, length), *at = item;
        int64_t number;
        if (rank == IMPORT_MAX_RANK) break;
        if (read_number(&at, &number) && !*at) v->dims[rank] = dim_const(m->graph->dims, number);
        else if (!is_word(item)) {
            fault(m, "--shape %s=…: \"%s\" is neither a size nor a name", name, item);
            return false;
        } else if (!(v->dims[rank] = named_size(m, item, name))) return false;
        rank++;
        given += length + (given[length] == ',');
    }
    bool by_option = setting(&m->options->shapes, name) != NULL, good = true;
    if (by_option && shape && rank != shape->n_dim) {
        fault(m, "--shape %s=%s has %zu sizes; the input has %zu dims", name, setting(&m->options->shapes, name), rank, shape->n_dim);
        return false;
    }
    if (!by_option && shape->n_dim > IMPORT_MAX_RANK) {
        fault(m, "input \"%s\" has %zu dims; at most %d are supported", name, shape->n_dim, IMPORT_MAX_RANK);
        return false;
    }
    for (; !by_option && rank < shape->n_dim; rank++) {
        const Onnx__TensorShapeProto__Dimension *d = shape->dim[rank];
        if (d->dim_value > 0) v->dims[rank] = dim_const(m->graph->dims, d->dim_value);
        else if (d->dim_param && is_word(d->dim_param)) v->dims[rank] = named_size(m, d->dim_param, name);
        else {
            fault(m, "input \"%s\": size %zu of %zu has no name; give all of them: --shape %s=…,…", name, rank + 1, shape->n_dim, name);
            return false;
        }
        good &= v->dims[rank] != NULL;
    }
    v->rank = (unsigned)rank;
    return good;
}

/* An input that --set makes a constant: one number for all its elements. */
static value *set_input(importer *m, const char *name, const char *given, const value *type) {
    char *end;
    double number = strtod(given, &end);
    if (end == given || *end) {
        fault(m, "--set %s=%s: a number is needed", name, given);
        return failed_value(m);
    }
    if (type->element != ELEMENT_FLOAT && !(fabs(number) < 1e15)) {
        fault(m, "--set %s=%s is out of range", name, given);
        return failed_value(m);
    }
    const dim *whole = dim_const(m->graph->dims, type->element == ELEMENT_FLOAT ? 0 : (int64_t)number);
    return value_filled(m->graph, type->element, type->rank, type->dims, number, whole);
}

static void add_input(importer *m, const Onnx__ValueInfoProto *p, argument *to, bool *is_argument) {
    const Onnx__TypeProto__Tensor *t = p->type ? p->type->tensor_type : NULL;
    onnx_elements kind = t ? onnx_elements_of(t->elem_type) : ONNX_UNREADABLE;
    value *v = value_new(m->graph, kind == ONNX_FLOAT ? ELEMENT_FLOAT : kind == ONNX_INT ? ELEMENT_INT : ELEMENT_BOOL, 0, NULL);
    const char *constant = setting(&m->options->values, p->name);
    bool good = true;
    if (kind == ONNX_UNREADABLE) {
        fault(m, "input \"%s\" is no tensor of numbers%s%s", p->name, t ? ": its elements are " : "", t ? onnx_type_name(t->elem_type) : "");
        good = false;
    } else good = shape_of_input(m, p->name, t, v);
    v->failed = !good;
    *is_argument = !constant;
    if (constant && good) v = set_input(m, p->name, constant, v);
    const char *name = p->name;
    const char *state = setting(&m->options->states, name);
    if (!constant) {
        node *n = ARENA_NEW(m->arena, node);
        n->kind = NODE_INPUT;
        n->path = n->tail = "";
        v->producer = n;
    }
    *to = (argument){.name = name, .value = v, .state = state};
    bind(m, name, v);
}

static bool has_initializer(const Onnx__GraphProto *g, const char *name) {
    for (size_t i = 0; i < g->n_initializer; i++)
        if (g->initializer[i]->name && strcmp(g->initializer[i]->name, name) == 0) return true;
    return false;
}

static void read_interface(importer *m, const Onnx__GraphProto *g) {
    m->graph->inputs = ARENA_ARRAY(m->arena, argument, g->n_input + 1);
    m->graph->outputs = ARENA_ARRAY(m->arena, argument, g->n_output + 1);
    for (size_t i = 0; i < g->n_input; i++) {
        bool is_argument;
        const Onnx__ValueInfoProto *p = g->input[i];
        if (!p->name || !p->name[0] || has_initializer(g, p->name)) continue;
        add_input(m, p, &m->graph->inputs[m->graph->input_count], &is_argument);
        m->graph->input_count += is_argument;
    }
}

static void check_unused(importer *m, const import_settings *all, const char *option, const char *what) {
    for (size_t i = 0; i < all->count; i++)
        if (!all->items[i].used) fault(m, "%s %s=%s: the model has no %s \"%s\"", option, all->items[i].name, all->items[i].value, what, all->items[i].name);
}

static void read_outputs(importer *m, const Onnx__GraphProto *g) {
    for (size_t i = 0; i < g->n_output; i++) {
        const char *name = g->output[i]->name ? g->output[i]->name : "";
        value *v = lookup(m->scope, name);
        if (!v) {
            fault(m, "nothing makes the output \"%s\"", name);
            continue;
        }
        if (v->sequence || is_cut_to_integer(v)) {
            fault(m, "the output \"%s\" is %s, which has no counterpart in nnc", name, v->sequence ? "a sequence" : "an integer made of a float");
            continue;
        }
        m->graph->outputs[m->graph->output_count++] = (argument){.name = name, .value = v};
    }
    for (size_t i = 0; i < m->graph->input_count; i++) {
        argument *in = &m->graph->inputs[i], *out = NULL;
        if (!in->state) continue;
        for (size_t k = 0; k < m->graph->output_count; k++)
            if (strcmp(m->graph->outputs[k].name, in->state) == 0) out = &m->graph->outputs[k];
        if (!out) fault(m, "--state %s=%s: the model has no output \"%s\"", in->name, in->state, in->state);
        else if (!out->value->failed && !in->value->failed && !value_shape_same(in->value, out->value))
            fault(m, "--state %s=%s: the input is %s, the output %s", in->name, in->state,
                  value_shape_string(m->arena, in->value), value_shape_string(m->arena, out->value));
        else out->state = in->name;
    }
}

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
            if (n->operands[i] && n->operands[i]->producer) ARENA_PUSH(m->arena, stack, count, capacity, n->operands[i]->producer);
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
    read_interface(&m, model->graph);
    interpret_nodes(&m, model->graph->node, model->graph->n_node, opset);
    read_outputs(&m, model->graph);
    check_unused(&m, &options->sizes, "--dim", "size");
    check_unused(&m, &options->shapes, "--shape", "input");
    check_unused(&m, &options->values, "--set", "input");
    check_unused(&m, &options->states, "--state", "input");
    report_unknown(&m);
    if (!m.reports && !m.graph->output_count) fault(&m, "the model has no output");
    return m.reports || m.unknown_count ? NULL : m.graph;
}
