/* interface: the model's inputs and outputs, with the sizes, constants and states that the command
 * line gives. */
#include <math.h>
#include <stdlib.h>

#include "import/importer.h"

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
        fault(
            m,
            "input \"%s\" has a size %s whose bounds are not known: add --dim %s=1..128 (at run time), or --dim %s=16",
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
        if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9') || *s == '_'))
            return false;
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
        fault(m, "--shape %s=%s has %zu sizes; the input has %zu dims", name, setting(&m->options->shapes, name), rank,
              shape->n_dim);
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
            fault(m, "input \"%s\": size %zu of %zu has no name; give all of them: --shape %s=…,…", name, rank + 1,
                  shape->n_dim, name);
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
    value *v = value_new(m->graph,
                         kind == ONNX_FLOAT ? ELEMENT_FLOAT
                         : kind == ONNX_INT ? ELEMENT_INT
                                            : ELEMENT_BOOL,
                         0, NULL);
    const char *constant = setting(&m->options->values, p->name);
    bool good = true;
    if (kind == ONNX_UNREADABLE) {
        fault(m, "input \"%s\" is no tensor of numbers%s%s", p->name, t ? ": its elements are " : "",
              t ? onnx_type_name(t->elem_type) : "");
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
    if (!constant && good && kind == ONNX_BOOL) { /* an argument is int32, and true where it is not 0 */
        v->element = ELEMENT_INT;
        v->name = name;
        value *zero = value_of_integer(m->graph, dim_const(m->graph->dims, 0));
        v = make_infix(m->graph, name, "!=", v, zero, value_new(m->graph, ELEMENT_BOOL, v->rank, v->dims));
    }
    bind(m, name, v);
}

static bool has_initializer(const Onnx__GraphProto *g, const char *name) {
    for (size_t i = 0; i < g->n_initializer; i++)
        if (g->initializer[i]->name && strcmp(g->initializer[i]->name, name) == 0) return true;
    return false;
}

void read_inputs(importer *m, const Onnx__GraphProto *g) {
    m->graph->inputs = ARENA_ARRAY(m->arena, argument, g->n_input + 1);
    m->graph->outputs = ARENA_ARRAY(m->arena, argument, g->n_output + 1);
    for (size_t i = 0; i < g->n_input; i++) {
        bool is_argument;
        const Onnx__ValueInfoProto *p = g->input[i];
        if (!p->name || !p->name[0] || has_initializer(g, p->name)) continue;
        if (is_bound(m, p->name)) fault(m, "two inputs are called \"%s\"", p->name);
        add_input(m, p, &m->graph->inputs[m->graph->input_count], &is_argument);
        m->graph->input_count += is_argument;
    }
}

static void check_unused(importer *m, const import_settings *all, const char *option, const char *what) {
    for (size_t i = 0; i < all->count; i++)
        if (!all->items[i].used)
            fault(m, "%s %s=%s: the model has no %s \"%s\"", option, all->items[i].name, all->items[i].value, what,
                  all->items[i].name);
}

void read_outputs(importer *m, const Onnx__GraphProto *g) {
    for (size_t i = 0; i < g->n_output; i++) {
        const char *name = g->output[i]->name ? g->output[i]->name : "";
        value *v = lookup(m->scope, name);
        if (!v) {
            fault(m, "nothing makes the output \"%s\"", name);
            continue;
        }
        if (v->sequence || is_cut_to_integer(v)) {
            fault(m, "the output \"%s\" is %s, which has no counterpart in nnc", name,
                  v->sequence ? "a sequence" : "an integer made of a float");
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
        else if (!out->value->failed && !in->value->failed && in->value->element != out->value->element)
            fault(m, "--state %s=%s: the input and the output have different types", in->name, in->state);
        else if (!out->value->failed && !in->value->failed && !value_shape_same(in->value, out->value))
            fault(m, "--state %s=%s: the input is %s, the output %s", in->name, in->state,
                  value_shape_string(m->arena, in->value), value_shape_string(m->arena, out->value));
        else out->state = in->name;
    }
    check_unused(m, &m->options->sizes, "--dim", "size");
    check_unused(m, &m->options->shapes, "--shape", "input");
    check_unused(m, &m->options->values, "--set", "input");
    check_unused(m, &m->options->states, "--state", "input");
}
