/* fold: known elements moved and computed. */
#include "import/fold.h"

#include <math.h>

/* A value like x's elements with a constant shape, and room for them; NULL when there is none. */
static value *result_of(graph *g, element e, unsigned rank, const int64_t *dims, float **floats,
                        const dim ***integers) {
    int64_t count = 1;
    for (unsigned i = 0; i < rank; i++) {
        if (dims[i] < 0 || (dims[i] && count > INT32_MAX / dims[i])) return NULL;
        count *= dims[i];
    }
    void *room = graph_room(g, (size_t)count, e == ELEMENT_FLOAT ? sizeof **floats : sizeof **integers);
    if (!room) {
        g->spent = true;
        return NULL;
    }
    *floats = e == ELEMENT_FLOAT ? room : NULL;
    *integers = e == ELEMENT_FLOAT ? NULL : room;
    value *v = e == ELEMENT_FLOAT ? value_floats(g, rank, dims, *floats) : value_integers(g, e, rank, dims, *integers);
    return v;
}

/* Steps an index of a shape on by one; false behind the last. */
static bool next_index(unsigned rank, const int64_t *dims, int64_t *index) {
    for (unsigned i = rank; i-- > 0;) {
        if (++index[i] < dims[i]) return true;
        index[i] = 0;
    }
    return false;
}

value *fold_strided(graph *g, const value *x, unsigned rank, const int64_t *dims, const int64_t *strides,
                    int64_t offset) {
    float *floats;
    const dim **integers;
    value *v = result_of(g, x->element, rank, dims, &floats, &integers);
    int64_t count, index[IMPORT_MAX_RANK] = {0};
    if (!v || !value_count(v, &count) || count == 0) return v;
    int64_t to = 0;
    do {
        int64_t from = offset;
        for (unsigned i = 0; i < rank; i++) from += index[i] * strides[i];
        if (floats) floats[to++] = (float)value_float_at(x, from);
        else integers[to++] = value_dim_at(x, from);
    } while (next_index(rank, dims, index));
    return v;
}

static void dense_strides(unsigned rank, const int64_t *dims, int64_t *strides) {
    int64_t step = 1;
    for (unsigned i = rank; i-- > 0; step *= dims[i]) strides[i] = step;
}

static value *refilled(graph *g, const value *x, unsigned rank, const dim *const *dims) {
    return value_filled(g, x->element, rank, dims, x->number, x->integer);
}

value *fold_permute(graph *g, const value *x, const unsigned *perm) {
    int64_t dims[IMPORT_MAX_RANK], strides[IMPORT_MAX_RANK], to_dims[IMPORT_MAX_RANK], to_strides[IMPORT_MAX_RANK];
    if (x->filled) {
        const dim *sizes[IMPORT_MAX_RANK];
        for (unsigned i = 0; i < x->rank; i++) sizes[i] = x->dims[perm[i]];
        return refilled(g, x, x->rank, sizes);
    }
    if (!value_constant_shape(x, dims)) return NULL;
    dense_strides(x->rank, dims, strides);
    for (unsigned i = 0; i < x->rank; i++) {
        to_dims[i] = dims[perm[i]];
        to_strides[i] = strides[perm[i]];
    }
    return fold_strided(g, x, x->rank, to_dims, to_strides, 0);
}

value *fold_slice(graph *g, const value *x, const slice_axis *axes) {
    int64_t dims[IMPORT_MAX_RANK], strides[IMPORT_MAX_RANK], to_dims[IMPORT_MAX_RANK], to_strides[IMPORT_MAX_RANK];
    int64_t offset = 0;
    unsigned rank = 0;
    if (!value_constant_shape(x, dims)) return NULL;
    dense_strides(x->rank, dims, strides);
    for (unsigned i = 0; i < x->rank; i++) {
        int64_t start = 0, stop = dims[i];
        if ((axes[i].start && !dim_is_const(axes[i].start, &start)) ||
            (axes[i].stop && !dim_is_const(axes[i].stop, &stop)))
            return NULL;
        offset += start * strides[i];
        if (axes[i].index) continue;
        to_dims[rank] = (stop - start + axes[i].step - 1) / axes[i].step;
        to_strides[rank++] = strides[i] * axes[i].step;
    }
    return fold_strided(g, x, rank, to_dims, to_strides, offset);
}

value *fold_expand(graph *g, const value *x, unsigned rank, const dim *const *dims) {
    if (x->filled) return refilled(g, x, rank, dims);
    int64_t from[IMPORT_MAX_RANK], dense[IMPORT_MAX_RANK], to[IMPORT_MAX_RANK], strides[IMPORT_MAX_RANK] = {0};
    if (!value_constant_shape(x, from)) return NULL;
    dense_strides(x->rank, from, dense);
    for (unsigned i = 0; i < rank; i++) {
        if (!dim_is_const(dims[i], &to[i])) return NULL;
        unsigned lead = rank - x->rank;
        if (i >= lead && from[i - lead] != 1) strides[i] = dense[i - lead];
    }
    return fold_strided(g, x, rank, to, strides, 0);
}

value *fold_concat(graph *g, value *const *parts, unsigned count, unsigned axis) {
    int64_t dims[IMPORT_MAX_RANK], part[IMPORT_MAX_RANK], along = 0;
    for (unsigned i = 0; i < count; i++) {
        if (!value_known(parts[i]) || !value_constant_shape(parts[i], i ? part : dims)) return NULL;
        along += (i ? part : dims)[axis];
    }
    dims[axis] = along;
    float *floats;
    const dim **integers;
    unsigned rank = parts[0]->rank;
    value *v = result_of(g, parts[0]->element, rank, dims, &floats, &integers);
    if (!v) return NULL;
    int64_t outer = 1, inner = 1, to = 0;
    for (unsigned i = 0; i < rank; i++) *(i < axis ? &outer : &inner) *= i == axis ? 1 : dims[i];
    for (int64_t o = 0; o < outer; o++)
        for (unsigned p = 0; p < count; p++) {
            int64_t extent = 0;
            dim_is_const(parts[p]->dims[axis], &extent);
            for (int64_t i = 0; i < extent * inner; i++, to++) {
                if (floats) floats[to] = (float)value_float_at(parts[p], o * extent * inner + i);
                else integers[to] = value_dim_at(parts[p], o * extent * inner + i);
            }
        }
    return v;
}

value *fold_take(graph *g, const value *x, unsigned axis, const int64_t *indices, const value *shape_of_indices) {
    int64_t dims[IMPORT_MAX_RANK], to_dims[IMPORT_MAX_RANK], count;
    unsigned rank = 0;
    if (!value_constant_shape(x, dims) || !value_count(shape_of_indices, &count)) return NULL;
    if (x->rank - 1 + shape_of_indices->rank > IMPORT_MAX_RANK) return NULL;
    int64_t outer = 1, inner = 1;
    for (unsigned i = 0; i < axis; i++) outer *= to_dims[rank++] = dims[i];
    for (unsigned i = 0; i < shape_of_indices->rank; i++) dim_is_const(shape_of_indices->dims[i], &to_dims[rank++]);
    for (unsigned i = axis + 1; i < x->rank; i++) inner *= to_dims[rank++] = dims[i];
    float *floats;
    const dim **integers;
    value *v = result_of(g, x->element, rank, to_dims, &floats, &integers);
    int64_t to = 0;
    for (int64_t o = 0; v && o < outer; o++)
        for (int64_t k = 0; k < count; k++)
            for (int64_t i = 0; i < inner; i++, to++) {
                int64_t from = (o * dims[axis] + indices[k]) * inner + i;
                if (floats) floats[to] = (float)value_float_at(x, from);
                else integers[to] = value_dim_at(x, from);
            }
    return v;
}

/* --- arithmetic --------------------------------------------------------------------------------------------------- */

static const dim *truth(graph *g, bool b) { return dim_const(g->dims, b); }

static int64_t integer_power(int64_t base, int64_t exponent) {
    double p = pow((double)base, (double)exponent);
    return fabs(p) < 9007199254740992.0 ? (int64_t)p : INT64_MIN;
}

static const dim *constant_integer(graph *g, fold_operator op, int64_t a, int64_t b) {
    switch (op) {
    case FOLD_DIV: return b ? dim_const(g->dims, a / b) : NULL;
    case FOLD_MOD: return b ? dim_const(g->dims, (a % b + b) % b) : NULL; /* of ONNX without fmod: Python's */
    case FOLD_POW: {
        int64_t p = b >= 0 ? integer_power(a, b) : INT64_MIN;
        return p == INT64_MIN ? NULL : dim_const(g->dims, p);
    }
    case FOLD_AND: return truth(g, a && b);
    case FOLD_OR: return truth(g, a || b);
    case FOLD_XOR: return truth(g, !a != !b);
    default: return NULL;
    }
}

/* NULL where it is not known for all values of the symbols. */
static const dim *integer(graph *g, fold_operator op, const dim *a, const dim *b) {
    dim_table *t = g->dims;
    int64_t x, y;
    const dim *difference = dim_sub(t, b, a);
    bool below = dim_less_equal(t, a, b), above = dim_less_equal(t, b, a);
    switch (op) {
    case FOLD_ADD: return dim_add(t, a, b);
    case FOLD_SUB: return dim_sub(t, a, b);
    case FOLD_MUL: return dim_mul(t, a, b);
    case FOLD_MAX: return below ? b : above ? a : NULL;
    case FOLD_MIN: return below ? a : above ? b : NULL;
    case FOLD_EQUAL:
        if (dim_same(a, b)) return truth(g, true);
        return !dim_is_huge(difference) && (dim_min(difference) > 0 || dim_max(difference) < 0) ? truth(g, false)
                                                                                                : NULL;
    case FOLD_LESS:
        if (!dim_is_huge(difference) && dim_min(difference) > 0) return truth(g, true);
        return above ? truth(g, false) : NULL;
    case FOLD_LESS_OR_EQUAL:
        if (below) return truth(g, true);
        return !dim_is_huge(difference) && dim_max(difference) < 0 ? truth(g, false) : NULL;
    default: break;
    }
    if (dim_is_const(a, &x) && dim_is_const(b, &y)) return constant_integer(g, op, x, y);
    if (op == FOLD_DIV && dim_is_const(b, &y) && y > 0 && dim_min(a) >= 0) return dim_floordiv(t, a, y);
    if (op == FOLD_DIV) return dim_divide_exact(t, a, b);
    if (op == FOLD_MOD && dim_is_const(b, &y) && y > 0)
        return dim_sub(t, a, dim_mul(t, dim_floordiv(t, a, y), b));
    return NULL;
}

static double floating(fold_operator op, double a, double b) {
    switch (op) {
    case FOLD_ADD: return a + b;
    case FOLD_SUB: return a - b;
    case FOLD_MUL: return a * b;
    case FOLD_DIV: return a / b;
    case FOLD_MOD: return fmod(a, b);
    case FOLD_POW: return pow(a, b);
    case FOLD_MAX: return isnan(a) || a > b ? a : b;
    case FOLD_MIN: return isnan(a) || a < b ? a : b;
    case FOLD_EQUAL: return a <= b && a >= b;
    case FOLD_LESS: return a < b;
    case FOLD_LESS_OR_EQUAL: return a <= b;
    default: return 0;
    }
}

static bool is_comparison(fold_operator op) { return op == FOLD_EQUAL || op == FOLD_LESS || op == FOLD_LESS_OR_EQUAL; }

/* Where element `index` of a broadcast result lies in x. */
static int64_t source_of(const value *x, unsigned rank, const int64_t *index) {
    int64_t at = 0;
    for (unsigned i = 0; i < x->rank; i++) {
        int64_t extent = 1;
        dim_is_const(x->dims[i], &extent);
        at = at * extent + (extent == 1 ? 0 : index[rank - x->rank + i]);
    }
    return at;
}

value *fold_binary(graph *g, fold_operator op, const value *a, const value *b) {
    value shape = {0};
    if (!value_known(a) || !value_known(b) || a->element != b->element || !broadcast_shape(g, a, b, &shape))
        return NULL;
    bool whole = a->element != ELEMENT_FLOAT;
    element e = is_comparison(op) ? ELEMENT_BOOL : a->element;
    if (a->filled && b->filled) {
        double number = whole ? 0 : floating(op, a->number, b->number);
        const dim *d = whole ? integer(g, op, a->integer, b->integer) : e == ELEMENT_BOOL ? truth(g, number > 0) : NULL;
        if (e != ELEMENT_FLOAT && !d) return NULL;
        return value_filled(g, e, shape.rank, shape.dims, (double)(float)number, d);
    }
    int64_t dims[IMPORT_MAX_RANK], index[IMPORT_MAX_RANK] = {0}, count;
    float *floats;
    const dim **integers;
    if (!value_constant_shape(&shape, dims)) return NULL;
    value *v = result_of(g, e, shape.rank, dims, &floats, &integers);
    if (!v || !value_count(v, &count) || count == 0) return v;
    int64_t to = 0;
    do {
        int64_t i = source_of(a, shape.rank, index), k = source_of(b, shape.rank, index);
        if (whole) {
            integers[to] = integer(g, op, value_dim_at(a, i), value_dim_at(b, k));
            if (!integers[to]) return NULL;
        } else {
            double r = floating(op, value_float_at(a, i), value_float_at(b, k));
            if (floats) floats[to] = (float)r;
            else integers[to] = truth(g, r > 0);
        }
        to++;
    } while (next_index(shape.rank, dims, index));
    return v;
}

value *fold_where(graph *g, const value *condition, const value *a, const value *b) {
    value half = {0}, shape = {0};
    int64_t dims[IMPORT_MAX_RANK], index[IMPORT_MAX_RANK] = {0}, count;
    if (!value_known(condition) || !value_known(a) || !value_known(b) || a->element != b->element) return NULL;
    if (!broadcast_shape(g, condition, a, &half) || !broadcast_shape(g, &half, b, &shape)) return NULL;
    if (!value_constant_shape(&shape, dims)) return NULL;
    float *floats;
    const dim **integers;
    value *v = result_of(g, a->element, shape.rank, dims, &floats, &integers);
    if (!v || !value_count(v, &count) || count == 0) return v;
    int64_t to = 0;
    do {
        int64_t which;
        if (!dim_is_const(value_dim_at(condition, source_of(condition, shape.rank, index)), &which)) return NULL;
        const value *from = which ? a : b;
        int64_t i = source_of(from, shape.rank, index);
        if (floats) floats[to++] = (float)value_float_at(from, i);
        else integers[to++] = value_dim_at(from, i);
    } while (next_index(shape.rank, dims, index));
    return v;
}

value *fold_band(graph *g, const value *x, int64_t from, int64_t to) {
    int64_t dims[IMPORT_MAX_RANK], count;
    float *floats;
    const dim **integers;
    if (!value_known(x) || !value_constant_shape(x, dims)) return NULL;
    value *v = result_of(g, x->element, x->rank, dims, &floats, &integers);
    if (!v || !value_count(v, &count)) return NULL;
    int64_t width = dims[x->rank - 1], height = dims[x->rank - 2];
    for (int64_t i = 0; i < count; i++) {
        int64_t beside = i % width - i / width % height;
        bool kept = beside >= from && beside <= to;
        if (floats) floats[i] = kept ? (float)value_float_at(x, i) : 0;
        else integers[i] = kept ? value_dim_at(x, i) : dim_const(g->dims, 0);
    }
    return v;
}

/* One element after another by `each`, which gives NULL for what is not known. */
typedef const dim *each_integer(graph *g, const value *x, int64_t i);

static value *each(graph *g, const value *x, element e, each_integer *whole, double (*function)(double)) {
    if (x->filled) {
        const dim *d = whole ? whole(g, x, 0) : NULL;
        if (whole && !d) return NULL;
        double number = whole ? 0 : value_float_at(x, 0);
        if (!whole && isnan(number) && x->element != ELEMENT_FLOAT) return NULL;
        return value_filled(g, e, x->rank, x->dims, function ? (double)(float)function(number) : number, d);
    }
    int64_t dims[IMPORT_MAX_RANK], count;
    float *floats;
    const dim **integers;
    if (!value_known(x) || !value_constant_shape(x, dims)) return NULL;
    value *v = result_of(g, e, x->rank, dims, &floats, &integers);
    if (!v || !value_count(v, &count)) return NULL;
    for (int64_t i = 0; i < count; i++) {
        if (whole) {
            if (!(integers[i] = whole(g, x, i))) return NULL;
            continue;
        }
        double number = value_float_at(x, i);
        if (isnan(number) && x->element != ELEMENT_FLOAT) return NULL;
        floats[i] = (float)(function ? function(number) : number);
    }
    return v;
}

static const dim *each_not(graph *g, const value *x, int64_t i) {
    int64_t b;
    return dim_is_const(value_dim_at(x, i), &b) ? truth(g, !b) : NULL;
}

static const dim *each_truth(graph *g, const value *x, int64_t i) {
    int64_t b;
    if (x->element == ELEMENT_FLOAT) return truth(g, value_float_at(x, i) > 0 || value_float_at(x, i) < 0);
    const dim *d = value_dim_at(x, i);
    if (dim_is_const(d, &b)) return truth(g, b != 0);
    return dim_min(d) > 0 ? truth(g, true) : NULL;
}

static const dim *each_whole(graph *g, const value *x, int64_t i) {
    if (x->element != ELEMENT_FLOAT) return value_dim_at(x, i);
    double number = trunc(value_float_at(x, i));
    return fabs(number) < 4503599627370496.0 ? dim_const(g->dims, (int64_t)number) : NULL;
}

value *fold_not(graph *g, const value *x) { return each(g, x, ELEMENT_BOOL, each_not, NULL); }

value *fold_cast(graph *g, const value *x, element to) {
    return each(g, x, to, to == ELEMENT_BOOL ? each_truth : to == ELEMENT_INT ? each_whole : NULL, NULL);
}

value *fold_unary(graph *g, double (*function)(double), const value *x) {
    return x->element == ELEMENT_FLOAT ? each(g, x, ELEMENT_FLOAT, NULL, function) : NULL;
}

value *fold_reduce(graph *g, const value *x, unsigned axes, bool keepdims, bool product) {
    int64_t dims[IMPORT_MAX_RANK], to_dims[IMPORT_MAX_RANK], index[IMPORT_MAX_RANK] = {0}, count;
    unsigned rank = 0;
    if (!value_known(x) || !value_constant_shape(x, dims) || !value_count(x, &count)) return NULL;
    for (unsigned i = 0; i < x->rank; i++)
        if (!(axes >> i & 1) || keepdims) to_dims[rank++] = axes >> i & 1 ? 1 : dims[i];
    float *floats;
    const dim **integers;
    value *v = result_of(g, x->element, rank, to_dims, &floats, &integers);
    int64_t results;
    if (!v || !value_count(v, &results)) return NULL;
    double *sums = graph_room(g, (size_t)results, sizeof *sums);
    if (!sums) return NULL;
    for (int64_t i = 0; i < results; i++) {
        sums[i] = product;
        if (integers) integers[i] = dim_const(g->dims, product);
    }
    int64_t from = 0;
    if (count)
        do {
            int64_t to = 0;
            for (unsigned i = 0; i < x->rank; i++)
                if (!(axes >> i & 1)) to = to * dims[i] + index[i];
            if (integers) {
                const dim *d = value_dim_at(x, from);
                integers[to] = product ? dim_mul(g->dims, integers[to], d) : dim_add(g->dims, integers[to], d);
            } else {
                sums[to] = product ? sums[to] * value_float_at(x, from) : sums[to] + value_float_at(x, from);
            }
            from++;
        } while (next_index(x->rank, dims, index));
    for (int64_t i = 0; floats && i < results; i++) floats[i] = (float)sums[i];
    return v;
}
