/* ops_move: parts of tensors, and tensors put together. */
#include <inttypes.h>

#include "import/ops.h"

value *concat(call *c, value *const *all, unsigned all_count, unsigned axis) {
    graph *g = c->graph;
    unsigned count = 0;
    value **parts = ARENA_ARRAY(g->arena, value *, all_count), *type = value_like(g, all[0]);
    type->dims[axis] = dim_const(g->dims, 0);
    for (unsigned i = 0; i < all_count; i++) {
        value *v = all[i];
        bool fits = v && v->rank == type->rank && v->element == type->element;
        for (unsigned k = 0; fits && k < v->rank; k++) fits = k == axis || dim_same(v->dims[k], type->dims[k]);
        if (!fits) {
            refuse(c, "operand %u is %s, which does not fit %s along axis %u", i + 1,
                   v ? value_shape_string(g->arena, v) : "missing", value_shape_string(g->arena, all[0]), axis);
            return NULL;
        }
        type->dims[axis] = dim_add(g->dims, type->dims[axis], v->dims[axis]);
        if (!dim_is(v->dims[axis], 0)) parts[count++] = v;
    }
    if (count == 0) return all[0];
    if (count == 1) return parts[0];
    bool known = true, same = true;
    for (unsigned i = 0; i < count; i++) {
        known &= value_known(parts[i]);
        same &= parts[i]->filled && parts[i]->integer == parts[0]->integer && !(parts[i]->number < parts[0]->number) &&
                !(parts[i]->number > parts[0]->number);
    }
    if (same) return value_filled(g, type->element, type->rank, type->dims, parts[0]->number, parts[0]->integer);
    value *folded = known ? fold_concat(g, parts, count, axis) : NULL; /* not of a size of run time */
    if (folded) return folded;
    return make_tuple_call(g, c->path, "cat", parts, count, arena_printf(g->arena, ", dim=%u", axis), type);
}

bool op_concat(call *c) {
    unsigned axis;
    if (!axis_of(c, attribute_int(c, "axis", 1), c->in[0]->rank, &axis)) return false;
    value *v = concat(c, c->in, c->in_count, axis);
    if (v) c->out[0] = v;
    return v != NULL;
}

/* Cuts one axis from start to stop. */
value *cut(call *c, value *x, unsigned axis, const dim *start, const dim *stop) {
    slice_axis axes[IMPORT_MAX_RANK] = {0};
    for (unsigned i = 0; i < x->rank; i++) axes[i].step = 1;
    if (!dim_is(start, 0)) axes[axis].start = start;
    if (!dim_same(stop, x->dims[axis])) axes[axis].stop = stop;
    return make_slice(c->graph, c->path, x, axes);
}

bool op_split(call *c) {
    graph *g = c->graph;
    value *x = c->in[0];
    unsigned axis;
    int64_t extent = 0, sizes[CALL_MAX_RESULTS], sum = 0;
    size_t count = 0;
    const int64_t *given = NULL;
    if (!axis_of(c, attribute_int(c, "axis", 0), x->rank, &axis)) return false;
    if (!dim_is_const(x->dims[axis], &extent))
        return refuse(c, "along a size of run time, %s, is not supported", dim_string(g->arena, x->dims[axis]));
    if (c->out_count > CALL_MAX_RESULTS)
        return refuse(c, "has %u results; at most %d are supported", c->out_count, CALL_MAX_RESULTS);
    if (attribute_ints(c, "split", &given, &count)) {
        for (size_t i = 0; i < count && i < CALL_MAX_RESULTS; i++) sizes[i] = given[i];
    } else if (operand(c, 1)) {
        if (!value_ints(c->in[1], sizes, CALL_MAX_RESULTS, &count)) return refuse(c, "its sizes must be constant");
    } else if (c->out_count) {
        int64_t parts = (int64_t)c->out_count, each = (extent + parts - 1) / parts;
        for (count = 0; count < c->out_count; count++)
            sizes[count] = count + 1 < c->out_count ? each : extent - each * (parts - 1);
    }
    for (size_t i = 0; i < count && i < CALL_MAX_RESULTS; i++) {
        if (sizes[i] < 0 || sizes[i] > extent) return refuse(c, "a part of %" PRId64 " of %" PRId64, sizes[i], extent);
        sum += sizes[i];
    }
    if (count != c->out_count || sum != extent)
        return refuse(c, "its sizes do not make %" PRId64 ", the extent of axis %u", extent, axis);
    int64_t at = 0;
    for (unsigned i = 0; i < c->out_count; at += sizes[i++])
        c->out[i] = cut(c, x, axis, dim_const(g->dims, at), dim_const(g->dims, at + sizes[i]));
    return true;
}

/* A bound of a slice, counted from the end when negative, within 0 and the extent; NULL when that depends on run time.
 */
static const dim *bound(graph *g, const dim *b, const dim *extent) {
    const dim *zero = dim_const(g->dims, 0);
    if (dim_max(b) < 0) b = dim_add(g->dims, b, extent);
    else if (dim_min(b) < 0) return NULL;
    if (dim_max(b) <= 0) return zero;
    if (dim_min(b) < 0) return NULL;
    if (dim_less_equal(g->dims, b, extent)) return b;
    return dim_less_equal(g->dims, extent, b) ? extent : NULL;
}

static value *flipped(call *c, value *x, unsigned axis) {
    graph *g = c->graph;
    int64_t dims[IMPORT_MAX_RANK], strides[IMPORT_MAX_RANK], step = 1;
    if (value_known(x) && !x->filled && value_constant_shape(x, dims)) {
        for (unsigned i = x->rank; i-- > 0; step *= dims[i]) strides[i] = step;
        int64_t last = dims[axis] ? (dims[axis] - 1) * strides[axis] : 0;
        strides[axis] = -strides[axis];
        return fold_strided(g, x, x->rank, dims, strides, last);
    }
    if (x->filled) return x;
    return make_call(g, c->path, "flip", &x, 1, arena_printf(g->arena, ", %u", axis), value_like(g, x));
}

/* What is to be cut, by attributes before opset 10, by operands since. */
typedef struct {
    int64_t count;           /* of cuts */
    const int64_t *given[2]; /* starts, ends; NULL: operands 1 and 2 are */
    const int64_t *axes;     /* NULL: the first ones */
    const int64_t *steps;    /* NULL: all 1 */
} slice_words;

static bool read_slice_bounds(call *c, slice_words *to) {
    const value *starts = operand(c, 1), *ends = operand(c, 2);
    size_t counts[2];
    int64_t others;
    if (c->opset < 10) {
        if (!attribute_ints(c, "starts", &to->given[0], &counts[0]) ||
            !attribute_ints(c, "ends", &to->given[1], &counts[1]) || counts[0] != counts[1])
            return refuse(c, "its starts and ends do not fit");
        to->count = (int64_t)counts[0];
        return true;
    }
    if (!starts || !ends) return refuse(c, "its starts and ends are not there");
    if (!value_known(starts) || !value_known(ends) || starts->element != ELEMENT_INT || ends->element != ELEMENT_INT)
        return refuse(c, "its starts and ends must be computable at compile time");
    if (!value_count(starts, &to->count) || !value_count(ends, &others) || others != to->count)
        return refuse(c, "its starts and ends do not fit");
    return true;
}

static bool read_slice(call *c, slice_words *to) {
    bool by_attributes = c->opset < 10, failed = false;
    size_t axes = 0, steps = 0;
    if (!read_slice_bounds(c, to)) return false;
    if (!integers_of(c, "axes", by_attributes ? CALL_MAX_OPERANDS : 3, &to->axes, &axes, &failed)) to->axes = NULL;
    if (failed) return false;
    if (by_attributes || !integers_of(c, "steps", 4, &to->steps, &steps, &failed)) to->steps = NULL;
    if (failed) return false;
    if ((to->axes && (int64_t)axes != to->count) || (to->steps && (int64_t)steps != to->count) ||
        to->count > c->in[0]->rank)
        return refuse(c, "its starts, ends, axes and steps do not fit");
    return true;
}

/* The start or the end of a cut, as it is given. */
static const dim *slice_bound(const call *c, const slice_words *of, int which, int64_t i) {
    const int64_t most = (int64_t)1 << 51; /* as far as dims go; INT64_MAX stands for "to the end" */
    if (!of->given[which]) return value_dim_at(c->in[1 + which], i);
    int64_t n = of->given[which][i];
    return dim_const(c->graph->dims, n > most ? most : n < -most ? -most : n);
}

/* The same place counted from the other end. */
static const dim *from_other_end(dim_table *t, const dim *place, const dim *extent) {
    const dim *last = dim_sub(t, extent, dim_const(t, 1));
    if (dim_max(place) < 0) return dim_sub(t, dim_const(t, -1), place);
    return dim_less_equal(t, last, place) ? dim_const(t, 0) : dim_sub(t, last, place);
}

/* Cut i; *x is turned around where the step is negative. */
static bool cut_axis(call *c, const slice_words *of, int64_t i, value **x, slice_axis *cuts) {
    dim_table *t = c->graph->dims;
    unsigned axis;
    if (!axis_of(c, of->axes ? of->axes[i] : i, (*x)->rank, &axis)) return false;
    const dim *extent = (*x)->dims[axis], *start = slice_bound(c, of, 0, i), *stop = slice_bound(c, of, 1, i);
    int64_t step = of->steps ? of->steps[i] : 1;
    if (step == 0) return refuse(c, "a step of 0");
    if (step < 0) { /* x[s:e:-k] is flip(x)[n-1-s : n-1-e : k] */
        *x = flipped(c, *x, axis);
        if (!*x) return give(c, NULL);
        start = from_other_end(t, start, extent);
        stop = from_other_end(t, stop, extent);
        step = -step;
    }
    start = bound(c->graph, start, extent);
    stop = bound(c->graph, stop, extent);
    if (!start || !stop)
        return refuse(c, "where it cuts axis %u of %s depends on a size of run time: narrow it with --dim", axis,
                      dim_string(c->graph->arena, extent));
    if (!dim_less_equal(t, start, stop)) {
        if (!dim_less_equal(t, stop, start)) return refuse(c, "what it cuts from axis %u may be nothing", axis);
        stop = start;
    }
    if (!dim_is(start, 0)) cuts[axis].start = start;
    if (!dim_same(stop, extent)) cuts[axis].stop = stop;
    cuts[axis].step = step;
    return true;
}

bool op_slice(call *c) {
    value *x = c->in[0];
    slice_words words = {0};
    slice_axis cuts[IMPORT_MAX_RANK] = {0};
    for (unsigned i = 0; i < x->rank; i++) cuts[i].step = 1;
    if (!read_slice(c, &words)) return false;
    for (int64_t i = 0; i < words.count; i++)
        if (!cut_axis(c, &words, i, &x, cuts)) return false;
    return give(c, make_slice(c->graph, c->path, x, cuts));
}

/* The known indices, negative ones counted from the end; NULL, refused, when one is outside. */
static int64_t *indices_of(call *c, const value *v, const dim *extent, int64_t *count) {
    int64_t size = 0, *all;
    if (!value_count(v, count) || *count > 1 << 20) return NULL;
    all = ARENA_ARRAY(c->graph->arena, int64_t, (size_t)*count + 1);
    for (int64_t i = 0; i < *count; i++) {
        if (!dim_is_const(value_dim_at(v, i), &all[i])) return NULL;
        if (!dim_is_const(extent, &size)) {
            if (all[i] < 0) return NULL;
            size = dim_min(extent);
        }
        if (all[i] < 0) all[i] += size;
        if (all[i] < 0 || all[i] >= size) {
            refuse(c, "index %" PRId64 " into %s elements", all[i], dim_string(c->graph->arena, extent));
            return NULL;
        }
    }
    return all;
}

/* Known indices with negative ones counted from the end; others are checked at run time to be from 0 on. */
static value *positive_indices(call *c, value *ids, const dim *extent) {
    graph *g = c->graph;
    int64_t count, *all = value_known(ids) ? indices_of(c, ids, extent, &count) : NULL;
    if (!value_known(ids)) return ids;
    const dim **integers = all ? ARENA_ARRAY(g->arena, const dim *, (size_t)count + 1) : NULL;
    if (!all) return NULL;
    for (int64_t i = 0; i < count; i++) integers[i] = dim_const(g->dims, all[i]);
    return value_integers(g, ELEMENT_INT, 1, &count, integers);
}

static value *embedding(call *c, value *table, value *ids, const value *type) {
    graph *g = c->graph;
    int64_t dims[2];
    const float *data = value_float_array(g, table);
    if (!data || table->rank != 2 || !value_constant_shape(table, dims)) return NULL;
    layer l = {.kind = "Embedding", .wanted = table->name[0] ? table->name : c->path, .param_count = 1};
    l.arguments = arena_printf(g->arena, "%" PRId64 ", %" PRId64, dims[0], dims[1]);
    l.params[0] = (layer_param){"weight", data, 2, {dims[0], dims[1]}};
    return make_layer(g, c->path, &l, &ids, 1, &type, 1)->results[0];
}

bool op_gather(call *c) {
    unsigned axis;
    return axis_of(c, attribute_int(c, "axis", 0), c->in[0]->rank, &axis) && gather(c, c->in[0], c->in[1], axis);
}

bool gather(call *c, value *x, value *ids, unsigned axis) {
    graph *g = c->graph;
    if (ids->element != ELEMENT_INT) return refuse(c, "its indices must be integers");
    if (x->rank - 1 + ids->rank > IMPORT_MAX_RANK)
        return refuse(c, "too many dims; at most %d are supported", IMPORT_MAX_RANK);
    value *type = value_new(g, x->element, 0, NULL);
    for (unsigned i = 0; i < axis; i++) type->dims[type->rank++] = x->dims[i];
    for (unsigned i = 0; i < ids->rank; i++) type->dims[type->rank++] = ids->dims[i];
    for (unsigned i = axis + 1; i < x->rank; i++) type->dims[type->rank++] = x->dims[i];

    /* from the end of a size of run time: x[-1] */
    if (value_known(ids) && ids->rank == 0 && !dim_is_const(x->dims[axis], NULL) && dim_max(value_dim_at(ids, 0)) < 0)
        ids = value_of_integer(g, dim_add(g->dims, value_dim_at(ids, 0), x->dims[axis]));
    bool symbolic = value_known(ids) && ids->rank == 0 && !dim_is_const(value_dim_at(ids, 0), NULL);
    if (symbolic &&
        !dim_less_equal(g->dims, dim_add(g->dims, value_dim_at(ids, 0), dim_const(g->dims, 1)), x->dims[axis]))
        return refuse(c, "index %s into %s elements", dim_string(g->arena, value_dim_at(ids, 0)),
                      dim_string(g->arena, x->dims[axis]));
    if (value_known(ids)) {
        int64_t count = 1, *all = symbolic ? NULL : indices_of(c, ids, x->dims[axis], &count);
        if (!all && !symbolic) return refuse(c, "its indices must be constant and in range");
        if (value_known(x) && !symbolic)
            return give(c, x->filled ? value_filled(g, x->element, type->rank, type->dims, x->number, x->integer)
                                     : fold_take(g, x, axis, all, ids));
        bool row = true; /* of neighbours: a slice */
        for (int64_t i = 1; i < count; i++) row &= all[i] == all[0] + i;
        slice_axis cuts[IMPORT_MAX_RANK] = {0};
        for (unsigned i = 0; i < x->rank; i++) cuts[i].step = 1;
        cuts[axis].start = symbolic ? value_dim_at(ids, 0) : count ? dim_const(g->dims, all[0]) : NULL;
        cuts[axis].index = ids->rank == 0;
        if (ids->rank == 1 && row && count) cuts[axis].stop = dim_const(g->dims, all[0] + count);
        if (ids->rank == 0 || (ids->rank == 1 && row && count)) {
            if (!cuts[axis].index && dim_is(cuts[axis].start, 0)) cuts[axis].start = NULL;
            if (!cuts[axis].index && dim_same(cuts[axis].stop, x->dims[axis])) cuts[axis].stop = NULL;
            return give(c, make_slice(g, c->path, x, cuts));
        }
    }
    if (axis == 0 && value_known(x)) {
        value *v = embedding(c, x, ids, type);
        if (v) return give(c, v);
    }
    /* any other axis, and known indices: by all of them in a row */
    if (axis == 0 && !value_known(ids) && ids->rank != 1)
        return give(c, make_call(g, c->path, "[]", (value *[]){x, ids}, 2, "", type));
    const dim *count = dim_const(g->dims, 1);
    for (unsigned i = 0; i < ids->rank; i++) count = dim_mul(g->dims, count, ids->dims[i]);
    value *row = positive_indices(c, make_reshape(g, c->path, ids, 1, &count), x->dims[axis]),
          *picked = value_like(g, x);
    if (!row) return false;
    picked->dims[axis] = count;
    value *v = make_call(g, c->path, "index_select", (value *[]){x, row}, 2, "", picked);
    v->producer->axis = axis;
    return give(c, make_reshape(g, c->path, v, type->rank, type->dims));
}

bool op_gather_elements(call *c) {
    graph *g = c->graph;
    unsigned axis;
    if (!axis_of(c, attribute_int(c, "axis", 0), c->in[0]->rank, &axis)) return false;
    value *type = value_new(g, c->in[0]->element, c->in[1]->rank, c->in[1]->dims);
    value *v = make_call(g, c->path, "gather", c->in, 2, "", type);
    v->producer->axis = axis;
    return give(c, v);
}

bool op_tile(call *c) {
    graph *g = c->graph;
    value *x = c->in[0];
    const value *repeats = c->in[1];
    int64_t count;
    if (!value_known(repeats) || repeats->element != ELEMENT_INT || !value_count(repeats, &count) || count != x->rank)
        return refuse(c, "its repeats must be numbers or sizes, one a dim");
    value *type = value_like(g, x);
    text tail = text_new(g->arena);
    bool ones = true, only_ones = true; /* what is repeated has one element there: expand */
    for (unsigned i = 0; i < x->rank; i++) {
        const dim *times = value_dim_at(repeats, i);
        if (dim_min(times) < 0) return refuse(c, "%s repeats", dim_string(g->arena, times));
        type->dims[i] = dim_mul(g->dims, x->dims[i], times);
        text_printf(&tail, ", %s", dim_string(g->arena, times));
        ones &= dim_is(times, 1);
        only_ones &= dim_is(times, 1) || dim_is(x->dims[i], 1);
    }
    if (ones) return give(c, x);
    if (x->filled) return give(c, value_filled(g, x->element, type->rank, type->dims, x->number, x->integer));
    if (only_ones) return give(c, broadcast_to(c, x, type->rank, type->dims));
    return give(c, make_call(g, c->path, "tile", &x, 1, text_string(&tail), type));
}

bool op_pad(call *c) {
    graph *g = c->graph;
    value *x = c->in[0];
    const int64_t *pads = NULL, *axes = NULL;
    size_t count = 0, axis_count = 0;
    bool failed;
    double fill = attribute_float(c, "value", 0);
    if (!integers_of(c, "pads", 1, &pads, &count, &failed)) return failed ? false : refuse(c, "its pads are not there");
    bool have_axes = integers_of(c, "axes", 3, &axes, &axis_count, &failed);
    if (failed) return false;
    if (operand(c, 2) && !value_scalar(c->in[2], &fill)) return refuse(c, "its value must be constant");
    size_t n = have_axes ? axis_count : x->rank;
    if (count != 2 * n) return refuse(c, "%zu pads for %zu axes", count, n);
    int64_t before[IMPORT_MAX_RANK] = {0}, after[IMPORT_MAX_RANK] = {0};
    for (size_t i = 0; i < n; i++) {
        unsigned axis;
        if (!axis_of(c, have_axes ? axes[i] : (int64_t)i, x->rank, &axis)) return false;
        before[axis] = pads[i];
        after[axis] = pads[n + i];
    }
    const char *mode = attribute_string(c, "mode", "constant");
    const char *ours = strcmp(mode, "edge") == 0 ? "replicate" : strcmp(mode, "wrap") == 0 ? "circular" : mode;
    value *type = value_like(g, x);
    unsigned first = x->rank;
    text t = text_new(g->arena);
    for (unsigned i = 0; i < x->rank; i++) {
        type->dims[i] = dim_add(g->dims, x->dims[i], dim_const(g->dims, before[i] + after[i]));
        if ((before[i] || after[i]) && first == x->rank) first = i;
    }
    for (unsigned i = x->rank; i-- > first;)
        text_printf(&t, "%s%" PRId64 ", %" PRId64, t.length ? ", " : "", before[i], after[i]);
    if (first == x->rank) return give(c, x);
    const char *tail = arena_printf(g->arena, ", (%s)", text_string(&t));
    if (strcmp(ours, "constant") != 0) tail = arena_printf(g->arena, "%s, mode=\"%s\"", tail, ours);
    else if (fill < 0 || fill > 0)
        tail = arena_printf(
            g->arena, "%s, value=%s", tail,
            x->element == ELEMENT_FLOAT ? number_text(g->arena, fill) : arena_printf(g->arena, "%.0f", fill));
    return give(c, make_call(g, c->path, "pad", &x, 1, tail, type));
}

bool op_one_hot(call *c) {
    graph *g = c->graph;
    value *ids = c->in[0];
    double depth, off, on;
    unsigned axis;
    if (ids->element != ELEMENT_INT) return refuse(c, "its indices must be integers");
    if (!value_scalar(c->in[1], &depth) || !value_known(c->in[2]) || !dim_is(c->in[2]->dims[0], 2))
        return refuse(c, "its depth and values must be constant");
    off = value_float_at(c->in[2], 0);
    on = value_float_at(c->in[2], 1);
    if (!axis_of(c, attribute_int(c, "axis", -1), ids->rank + 1, &axis)) return false;
    value *type = value_new(g, ELEMENT_FLOAT, ids->rank, ids->dims);
    type->dims[type->rank++] = dim_const(g->dims, (int64_t)depth);
    value *v = make_call(g, c->path, "one_hot", &ids, 1, arena_printf(g->arena, ", %.0f", depth), type);
    if (on < 1 || on > 1 || off < 0 || off > 0) {
        v = binary(c, "*", FOLD_MUL, v, value_of_float(g, on - off));
        v = binary(c, "+", FOLD_ADD, v, value_of_float(g, off));
    }
    unsigned perm[IMPORT_MAX_RANK];
    for (unsigned i = 0; i <= ids->rank; i++) perm[i] = i < axis ? i : i == axis ? ids->rank : i - 1;
    return give(c, make_permute(g, c->path, v, perm));
}
