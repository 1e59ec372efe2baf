/* ops_control: constants, ranges, branches. */
#include <inttypes.h>
#include <math.h>

#include "import/ops.h"

bool op_constant(call *c) {
    graph *g = c->graph;
    const Onnx__AttributeProto *a;
    if ((a = attribute(c, "value")) && a->t) return give(c, import_tensor(c->importer, a->t, c->proto->output[0]));
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

bool op_range(call *c) {
    graph *g = c->graph;
    double start, limit, delta;
    if (c->in[0]->element != ELEMENT_FLOAT && value_known(c->in[0]) && value_known(c->in[1]) && value_known(c->in[2]) &&
        value_scalar(c->in[0], &start) && value_scalar(c->in[2], &delta) && !value_scalar(c->in[1], &limit)) {
        /* up to a size of run time */
        if (start < 0 || start > 0 || delta < 1 || delta > 1) return refuse(c, "up to a size of run time it must begin at 0 and count by 1");
        const dim *end = value_dim_at(c->in[1], 0);
        value *type = value_new(g, ELEMENT_INT, 1, &end);
        return give(c, make_call(g, c->path, "arange", NULL, 0, dim_string(g->arena, end), type));
    }
    if (!value_scalar(c->in[0], &start) || !value_scalar(c->in[1], &limit) || !value_scalar(c->in[2], &delta))
        return refuse(c, "its bounds must be constant");
    double length = ceil((limit - start) / delta);
    if (!(length < 1e7)) return refuse(c, "from %g to %g by %g", start, limit, delta);
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
    return interpret_graph(c, branch->g, c->out, c->out_count);
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
