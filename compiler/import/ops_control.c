/* ops_control: constants, ranges, branches, quantized constants. */
#include <inttypes.h>
#include <math.h>

#include "import/ops.h"

bool op_constant(call *c) {
    graph *g = c->graph;
    const Onnx__AttributeProto *a;
    if ((a = attribute(c, "value")) && a->t)
        return give(c, import_tensor(c->importer, a->t, c->out_count ? c->proto->output[0] : c->path));
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
    return give(c, value_filled(g, fill->element, (unsigned)rank, dims, number,
                                fill->element == ELEMENT_FLOAT ? NULL : value_dim_at(fill, 0)));
}

/* From a number up to a size of run time. */
static bool range_of_sizes(call *c, int64_t start, const dim *limit, int64_t delta) {
    graph *g = c->graph;
    if (delta < 1) return refuse(c, "down to a size of run time is not supported");
    const dim *way = dim_sub(g->dims, limit, dim_const(g->dims, start));
    const dim *count = dim_floordiv(g->dims, dim_add(g->dims, way, dim_const(g->dims, delta - 1)), delta);
    if (dim_is_huge(count) || dim_min(count) < 1)
        return refuse(c, "from %" PRId64 " to %s it may be empty", start, dim_string(g->arena, limit));
    if (start == 0 && delta == 1) return give(c, arange(c, limit));
    const char *by = delta > 1 ? arena_printf(g->arena, ", %" PRId64, delta) : "";
    const char *tail = arena_printf(g->arena, "%" PRId64 ", %s%s", start, dim_string(g->arena, limit), by);
    return give(c, make_call(g, c->path, "arange", NULL, 0, tail, value_new(g, ELEMENT_INT, 1, &count)));
}

bool op_range(call *c) {
    graph *g = c->graph;
    double start, limit, delta;
    if (c->in[0]->element != ELEMENT_FLOAT && value_known(c->in[0]) && value_known(c->in[1]) && value_known(c->in[2]) &&
        value_scalar(c->in[0], &start) && value_scalar(c->in[2], &delta) && !value_scalar(c->in[1], &limit)) {
        if (!(fabs(start) < 1e15 && fabs(delta) < 1e15)) return refuse(c, "from %g by %g", start, delta);
        return range_of_sizes(c, (int64_t)start, value_dim_at(c->in[1], 0), (int64_t)delta);
    }
    if (!value_scalar(c->in[0], &start) || !value_scalar(c->in[1], &limit) || !value_scalar(c->in[2], &delta))
        return refuse(c, "its bounds must be constant");
    double length = ceil((limit - start) / delta);
    if (!(length < 1e7) || !(fabs(start) < 1e15 && fabs(limit) < 1e15))
        return refuse(c, "from %g to %g by %g", start, limit, delta);
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

/* A condition of run time: both branches are computed, and one is chosen where their results agree in type. */
static bool choose(call *c) {
    graph *g = c->graph;
    const Onnx__AttributeProto *branches[2] = {attribute(c, "then_branch"), attribute(c, "else_branch")};
    value **all[2], *condition = c->in[0];
    bool settable;
    const char *inputs = inputs_behind(c->importer, condition, &settable);
    const char *mend =
        *inputs ? arena_printf(
                      g->arena,
                      "; fix what it depends on with --set INPUT=VALUE, or its sizes with --dim or --shape: %s", inputs)
                : "";
    int64_t count;
    if (settable) /* a setting, not a signal: nobody wants both branches of it in every run */
        return refuse(c, "its condition \"%s\" is not known at compile time%s", condition->name, mend);
    if (!value_count(condition, &count) || count != 1)
        return refuse(c, "its condition \"%s\" is %s", condition->name, value_shape_string(g->arena, condition));
    for (unsigned i = 0; i < 2; i++) {
        all[i] = ARENA_ARRAY(g->arena, value *, c->out_count + 1);
        if (!branches[i] || !branches[i]->g || !interpret_graph(c, branches[i]->g, NULL, 0, all[i], c->out_count))
            return refuse(c, "its condition \"%s\" is not known at compile time%s", condition->name, mend);
    }
    condition = make_reshape(g, c->path, condition, 0, NULL);
    for (unsigned i = 0; i < c->out_count; i++) {
        value *a = all[0][i], *b = all[1][i];
        if (a->failed || b->failed) return false;
        if (a->sequence || b->sequence || a->element != b->element || !value_shape_same(a, b))
            return refuse(c, "its condition \"%s\" is not known at compile time, and its branches give %s and %s%s",
                          condition->name, value_shape_string(g->arena, a), value_shape_string(g->arena, b), mend);
        c->out[i] = a == b ? a : make_call(g, c->path, "where", (value *[]){condition, a, b}, 3, "", a);
    }
    return true;
}

bool op_if(call *c) {
    double condition;
    if (!value_scalar(c->in[0], &condition)) return choose(c);
    const char *which = condition > 0 || condition < 0 ? "then_branch" : "else_branch";
    const Onnx__AttributeProto *branch = attribute(c, which);
    if (!branch || !branch->g) return refuse(c, "it has no %s", which);
    return interpret_graph(c, branch->g, NULL, 0, c->out, c->out_count);
}

/* A scale of each block along an axis, as one of each element; NULL when the shapes do not fit. */
static value *each_of_block(call *c, const value *scale, const value *x, unsigned axis, int64_t block) {
    int64_t sizes[IMPORT_MAX_RANK], blocks[IMPORT_MAX_RANK];
    if (block < 1 || scale->rank != x->rank || !value_constant_shape(x, sizes) || !value_constant_shape(scale, blocks))
        return NULL;
    for (unsigned i = 0; i < x->rank; i++)
        if (blocks[i] != (i == axis ? (sizes[i] + block - 1) / block : sizes[i])) return NULL;
    int64_t *indices = graph_room(c->graph, (size_t)sizes[axis], sizeof *indices);
    if (!indices) return NULL;
    for (int64_t i = 0; i < sizes[axis]; i++) indices[i] = i / block;
    return fold_take(c->graph, scale, axis, indices, value_new(c->graph, ELEMENT_INT, 1, &x->dims[axis]));
}

bool op_dequantize(call *c) {
    graph *g = c->graph;
    value *x = c->in[0], *scale = c->in[1], *zero = operand(c, 2);
    if (!value_known(x) || !value_known(scale) || (zero && !value_known(zero)))
        return refuse(
            c, "of values that are computed at run time is not supported: export the model without quantization");
    value *numbers = fold_cast(g, x, ELEMENT_FLOAT), *offset = zero ? fold_cast(g, zero, ELEMENT_FLOAT) : NULL;
    unsigned axis;
    if (!numbers || (zero && !offset)) return give(c, NULL);
    if (scale->rank == 1 && !dim_is(scale->dims[0], 1)) {
        if (!axis_of(c, attribute_int(c, "axis", 1), x->rank, &axis)) return false;
        unsigned others = 0;
        for (unsigned i = axis + 1; i < x->rank; i++) others |= 1u << (i - axis);
        scale = make_unsqueeze(g, c->path, scale, others);
        if (offset && offset->rank == 1) offset = make_unsqueeze(g, c->path, offset, others);
    } else if (scale->rank > 1) {
        if (!axis_of(c, attribute_int(c, "axis", 1), x->rank, &axis)) return false;
        int64_t block = attribute_int(c, "block_size", 0);
        scale = each_of_block(c, scale, x, axis, block);
        if (offset) offset = each_of_block(c, offset, x, axis, block);
        if (!scale || (zero && !offset))
            return refuse(c, "the shape of its scales does not fit blocks of %" PRId64, block);
    }
    if (offset) numbers = fold_binary(g, FOLD_SUB, numbers, offset);
    return give(c, numbers ? fold_binary(g, FOLD_MUL, numbers, scale) : NULL);
}
