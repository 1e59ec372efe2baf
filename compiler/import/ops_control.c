/* ops_control: constants, ranges, branches. */
#include <inttypes.h>
#include <math.h>

#include "import/ops.h"

bool op_constant(call *c) {
    graph *g = c->graph;
    const Onnx__AttributeProto *a;
    if ((a = attribute(c, "value")) && a->t) return give(c, import_tensor(c->importer, a->t, c->out_count ? c->proto->output[0] : c->path));
    if ((a = attribute(c, "value_float"))) return give(c, value_of_float(g, (double)a->f));
    if ((a = attribute(c, "value_int"))) return give(c, value_of_integer(g, dim_const(g->dims, a->i)));
    if ((a = attribute(c, "value_floats"))) {
        int64_t count = (int64_t)a->n_floats;
        return give(c, value_floats(g, 1, &count, a->floats));
    }
    if ((a = attribute(c, "value_ints"))) {
        int64_t count = (int64_t)a->n_ints;
        const dim **integers = graph_room(g, a->n_ints, sizeof *integers);
        if (!integers) return refuse(c, "it is too large");
        for (size_t i = 0; i < a->n_ints; i++) integers[i] = dim_const(g->dims, a->ints[i]);
        return give(c, value_integers(g, ELEMENT_INT, 1, &count, integers));
    }
    return refuse(c, "its value is of a kind that nnc does not read");
}

bool op_constant_of_shape(call *c) {
    graph *g = c->graph;
    const value *shape = c->in[0];
    const Onnx__AttributeProto *a = attribute(c, "value");
    int64_t rank;
    if (shape->element != ELEMENT_INT || !value_known(shape) || !value_count(shape, &rank) || rank > IMPORT_MAX_RANK)
        return refuse(c, "its shape must be computable at compile time, of at most %d dims", IMPORT_MAX_RANK);
    const dim *dims[IMPORT_MAX_RANK];
    for (int64_t i = 0; i < rank; i++) dims[i] = value_dim_at(shape, i);
    value *fill = a && a->t ? import_tensor(c->importer, a->t, "value") : value_of_float(g, 0);
    if (!fill) return false;
    double number;
    if (!value_scalar(fill, &number)) return refuse(c, "its value must be one number");
    return give(c, value_filled(g, fill->element, (unsigned)rank, dims, number, fill->element == ELEMENT_FLOAT ? NULL : value_dim_at(fill, 0)));
}

value *arange(call *c, const dim *end) {
    graph *g = c->graph;
    return make_call(g, c->path, "arange", NULL, 0, dim_string(g->arena, end), value_new(g, ELEMENT_INT, 1, &end));
}

bool op_range(call *c) {
    graph *g = c->graph;
    double start, limit, delta;
    if (c->in[0]->element != ELEMENT_FLOAT && value_known(c->in[0]) && value_known(c->in[1]) && value_known(c->in[2]) &&
        value_scalar(c->in[0], &start) && value_scalar(c->in[2], &delta) && !value_scalar(c->in[1], &limit)) {
        /* up to a size of run time */
        if (start < 0 || start > 0 || delta < 1 || delta > 1) return refuse(c, "up to a size of run time it must begin at 0 and count by 1");
        return give(c, arange(c, value_dim_at(c->in[1], 0)));
    }
    if (!value_scalar(c->in[0], &start) || !value_scalar(c->in[1], &limit) || !value_scalar(c->in[2], &delta))
        return refuse(c, "its bounds must be constant");
    double length = ceil((limit - start) / delta);
    if (!(length < 1e7) || !(fabs(start) < 1e15 && fabs(limit) < 1e15)) return refuse(c, "from %g to %g by %g", start, limit, delta);
    int64_t count = length > 0 ? (int64_t)length : 0;
    bool whole = c->in[0]->element != ELEMENT_FLOAT;
    float *floats = whole ? NULL : graph_room(g, (size_t)count, sizeof *floats);
    const dim **integers = whole ? graph_room(g, (size_t)count, sizeof *integers) : NULL;
    if (!floats && !integers) return refuse(c, "it is too large");
    for (int64_t i = 0; i < count; i++) {
        double v = start + (double)i * delta;
        if (whole) integers[i] = dim_const(g->dims, (int64_t)v);
        else floats[i] = (float)v;
    }
    return give(c, whole ? value_integers(g, ELEMENT_INT, 1, &count, integers) : value_floats(g, 1, &count, floats));
}

bool op_if(call *c) {
    double condition;
    if (!value_scalar(c->in[0], &condition)) {
        const char *inputs = inputs_behind(c->importer, c->in[0]);
        return refuse(c, "its condition \"%s\" is not known at compile time%s%s%s", c->in[0]->name,
                      *inputs ? "; fix what it depends on with --set INPUT=VALUE, or its sizes with --dim or --shape: " : "", inputs,
                      *inputs ? "" : "; conditions of run time have no counterpart in nnc");
    }
    const char *which = condition > 0 || condition < 0 ? "then_branch" : "else_branch";
    const Onnx__AttributeProto *branch = attribute(c, which);
    if (!branch || !branch->g) return refuse(c, "it has no %s", which);
    return interpret_graph(c, branch->g, NULL, 0, c->out, c->out_count);
}

/* --- loops -------------------------------------------------------------------------------------------------------- */

/* The end of a block: carried values keep their types, and the results are set. */
static bool end_block(call *c, node *begin, value **next, unsigned carried, value **collected, unsigned collected_count, value *until) {
    for (unsigned i = 0; i < carried; i++) {
        const value *old = begin->results[begin->row_count + i];
        if (next[i]->failed) return false;
        if (!value_shape_same(old, next[i]) || old->element != next[i]->element)
            return refuse(c, "what it carries changes its shape from %s to %s", value_shape_string(c->graph->arena, old), value_shape_string(c->graph->arena, next[i]));
    }
    for (unsigned i = 0; i < collected_count; i++)
        if (collected[i]->failed) return false;
    node *end = end_repeat(c->graph, begin, next, carried, collected, collected_count, until);
    for (unsigned i = 0; i < c->out_count; i++) c->out[i] = end->results[i];
    return true;
}

/* Loop(M, cond, v…): body(i, cond, v…) -> cond, v…, collected…. */
bool op_loop(call *c) {
    graph *g = c->graph;
    const Onnx__AttributeProto *body = attribute(c, "body");
    unsigned carried = c->in_count > 2 ? c->in_count - 2 : 0;
    double first = 1;
    if (!body || !body->g || body->g->n_output < 1 + carried || body->g->n_output - 1 < c->out_count) return refuse(c, "its body does not fit");
    if (!operand(c, 0) || !value_known(c->in[0]) || c->in[0]->element != ELEMENT_INT) return refuse(c, "how often it runs at most must be known at compile time, or a size");
    if (operand(c, 1) && !value_scalar(c->in[1], &first)) return refuse(c, "whether its first round runs must be known at compile time");
    const dim *rounds = value_dim_at(c->in[0], 0);
    if (!(first > 0) || dim_min(rounds) < 1) return refuse(c, "it may not run at all");
    unsigned collected = (unsigned)body->g->n_output - 1 - carried, results = (unsigned)body->g->n_output;
    value *row = arange(c, rounds);
    for (unsigned i = 0; i < carried; i++)
        if (!c->in[2 + i]) return refuse(c, "operand %u is not there", 3 + i);
    node *begin = begin_repeat(g, c->path, NULL, &row, 1, c->in + 2, carried);
    value **inside = ARENA_ARRAY(g->arena, value *, carried + 2), **out = ARENA_ARRAY(g->arena, value *, results);
    inside[0] = begin->results[0];
    inside[1] = value_filled(g, ELEMENT_BOOL, 0, NULL, 0, dim_const(g->dims, 1));
    for (unsigned i = 0; i < carried; i++) inside[2 + i] = begin->results[1 + i];
    if (!interpret_graph(c, body->g, inside, carried + 2, out, results)) return false;
    double goes_on;
    value *until = value_scalar(out[0], &goes_on) && goes_on > 0 ? NULL : out[0];
    if (until && until->failed) return false;
    if (until && collected) return refuse(c, "a condition that is computed, together with collected results, is not supported");
    if (until) until = make_prefix(g, c->path, "~", until);
    return end_block(c, begin, out + 1, carried, out + 1 + carried, collected, until);
}

/* An axis brought to the front, or back from there. */
static value *axis_first(call *c, value *x, unsigned axis, bool back) {
    unsigned perm[IMPORT_MAX_RANK];
    for (unsigned i = 0; i < x->rank; i++) perm[i] = back ? (i < axis ? i + 1 : i == axis ? 0 : i) : (i == 0 ? axis : i <= axis ? i - 1 : i);
    return make_permute(c->graph, c->path, x, perm);
}

/* The i-th number of an attribute, or 0. */
static int64_t entry(call *c, const char *name, unsigned i) {
    const int64_t *all = NULL;
    size_t count = 0;
    return attribute_ints(c, name, &all, &count) && i < count ? all[i] : 0;
}

static value *turned(call *c, value *x, bool wanted_so) {
    return wanted_so ? make_call(c->graph, c->path, "flip", &x, 1, ", 0", value_like(c->graph, x)) : x;
}

/* Scan(states…, sequences…): body(states…, rows…) -> states…, collected…. */
bool op_scan(call *c) {
    graph *g = c->graph;
    const Onnx__AttributeProto *body = attribute(c, "body");
    int64_t sequences = attribute_int(c, "num_scan_inputs", 0);
    if (c->opset < 9) return refuse(c, "before opset 9 is not supported");
    if (!body || !body->g || sequences < 1 || sequences > c->in_count) return refuse(c, "its body does not fit");
    unsigned rows = (unsigned)sequences, carried = c->in_count - rows, results = (unsigned)body->g->n_output;
    if (results < carried || results < c->out_count) return refuse(c, "its body has %u outputs", results);
    value **sources = ARENA_ARRAY(g->arena, value *, rows), **inside = ARENA_ARRAY(g->arena, value *, c->in_count + 1), **out = ARENA_ARRAY(g->arena, value *, results + 1);
    for (unsigned i = 0; i < rows; i++) {
        value *x = operand(c, carried + i);
        unsigned axis = 0;
        if (!x || !axis_of(c, entry(c, "scan_input_axes", i), x->rank, &axis)) return false;
        sources[i] = turned(c, axis_first(c, x, axis, false), entry(c, "scan_input_directions", i) != 0);
        if (!dim_same(sources[i]->dims[0], sources[0]->dims[0])) return refuse(c, "its sequences have different lengths");
    }
    node *begin = begin_repeat(g, c->path, NULL, sources, rows, c->in, carried);
    for (unsigned i = 0; i < carried; i++) inside[i] = begin->results[rows + i];
    for (unsigned i = 0; i < rows; i++) inside[carried + i] = begin->results[i];
    if (!interpret_graph(c, body->g, inside, c->in_count, out, results) || !end_block(c, begin, out, carried, out + carried, results - carried, NULL)) return false;
    for (unsigned i = carried; i < c->out_count; i++) {
        unsigned axis = 0;
        if (!axis_of(c, entry(c, "scan_output_axes", i - carried), c->out[i]->rank, &axis)) return false;
        c->out[i] = axis_first(c, turned(c, c->out[i], entry(c, "scan_output_directions", i - carried) != 0), axis, true);
    }
    return true;
}

bool op_dequantize(call *c) {
    graph *g = c->graph;
    value *x = c->in[0], *scale = c->in[1], *zero = operand(c, 2);
    if (!value_known(x) || !value_known(scale) || (zero && !value_known(zero)))
        return refuse(c, "of values that are computed at run time is not supported: export the model without quantization");
    value *numbers = fold_cast(g, x, ELEMENT_FLOAT), *offset = zero ? fold_cast(g, zero, ELEMENT_FLOAT) : NULL;
    unsigned axis;
    if (!numbers || (zero && !offset)) return give(c, NULL);
    if (scale->rank == 1 && !dim_is(scale->dims[0], 1)) {
        if (!axis_of(c, attribute_int(c, "axis", 1), x->rank, &axis)) return false;
        unsigned others = 0;
        for (unsigned i = axis + 1; i < x->rank; i++) others |= 1u << (i - axis);
        scale = make_unsqueeze(g, c->path, scale, others);
        if (offset && offset->rank == 1) offset = make_unsqueeze(g, c->path, offset, others);
    } else if (scale->rank > 1) return refuse(c, "scales of blocks are not supported");
    if (offset) numbers = fold_binary(g, FOLD_SUB, numbers, offset);
    return give(c, numbers ? fold_binary(g, FOLD_MUL, numbers, scale) : NULL);
}
