/* call: what the handlers of operators ask of the importer. */
#include <inttypes.h>
#include <stdarg.h>

#include "import/importer.h"

enum { MAX_REPORTS = 50, FOLD_BYTES = 48 << 20, FOLD_FACTOR = 3 };

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

void report_unknown(importer *m) {
    if (!m->unknown_count) return;
    diag *d = diag_error_file(m->diags, m->file->path, "%zu node%s no counterpart in nnc", m->unknown_count,
                              m->unknown_count > 1 ? "s have" : " has");
    for (size_t i = 0; i < m->unknown_count && i < MAX_REPORTS; i++)
        diag_note_plain(d, "%s: node %s%s", m->unknown[i].type, m->unknown[i].path, m->unknown[i].behind);
    if (m->unknown_count > MAX_REPORTS) diag_note_plain(d, "and %zu more", m->unknown_count - MAX_REPORTS);
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

bool is_bound(const importer *m, const char *name) { return *name_set_value(m->scope->values, name) != NULL; }

void bind(importer *m, const char *name, value *v) {
    *name_set_value(m->scope->values, name) = v;
    if (!v->name[0]) v->name = name;
}

value *failed_value(importer *m) {
    value *v = value_new(m->graph, ELEMENT_FLOAT, 0, NULL);
    v->failed = true;
    return v;
}

/* --- tensors ------------------------------------------------------------------------------------------------- */

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

size_t fold_budget_of(const onnx_file *f) { return FOLD_BYTES + FOLD_FACTOR * f->bytes; }

value *import_tensor(importer *m, const Onnx__TensorProto *t, const char *name) {
    onnx_data data;
    const char *problem = onnx_tensor_read(m->file, t, &data);
    value *v = problem ? NULL : value_from_data(m, &data);
    if (!v) fault(m, "tensor \"%s\" %s", name, problem ? problem : "is too large");
    m->graph->fold_budget = fold_budget_of(m->file);
    return v;
}

/* --- the command line --- */

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
