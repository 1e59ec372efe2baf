/* ops_resize: Resize and Upsample to whole multiples, by the nearest element.
 *
 * Each element k times is what both of these give for a whole factor k: coordinates "asymmetric", rounded down, as
 * PyTorch writes it, and "half_pixel", ONNX's default, rounded to the nearest
 * (https://onnx.ai/onnx/operators/onnx__Resize.html). Every k-th element is "asymmetric", rounded down, with 1/k. */
#include <inttypes.h>
#include <math.h>

#include "import/ops.h"

enum { LARGEST_FACTOR = 1 << 16 };

/* Of one axis: times * element, or every by-th of them. */
typedef struct {
    int64_t times, by;
} resampling;

static bool factor_of_number(double scale, resampling *r) {
    double up = round(scale), down = scale > 0 ? round(1 / scale) : 0;
    *r = (resampling){1, 1};
    if (up >= 1 && up <= LARGEST_FACTOR && fabs(scale - up) < 1e-6 * up) r->times = (int64_t)up;
    else if (down >= 1 && down <= LARGEST_FACTOR && fabs(1 / scale - down) < 1e-6 * down) r->by = (int64_t)down;
    else return false;
    return true;
}

static bool factor_of_size(graph *g, const dim *from, const dim *to, resampling *r) {
    const dim *up = dim_divide_exact(g->dims, to, from);
    int64_t have, want;
    *r = (resampling){1, 1};
    if (up) return dim_is_const(up, &r->times) && r->times >= 1;
    if (!dim_is_const(from, &have) || !dim_is_const(to, &want) || want < 1 || have % want) return false;
    r->by = have / want;
    return true;
}

/* Which operand has the scales, which the sizes; those of older opsets have no regions. */
static bool read_factors(call *c, resampling *all) {
    graph *g = c->graph;
    const value *x = c->in[0], *scales = operand(c, c->opset < 11 ? 1 : 2),
                *sizes = c->opset < 11 ? NULL : operand(c, 3);
    const Onnx__AttributeProto *given = attribute(c, "scales");
    int64_t count = given ? (int64_t)given->n_floats : 0, none;
    if (scales && value_count(scales, &none) && none == 0)
        scales = NULL; /* before opset 13 an empty one stands for none */
    const value *given_as = scales ? scales : sizes;
    if (!given && (!given_as || !value_known(given_as) || !value_count(given_as, &count)))
        return refuse(c, "its scales or sizes must be computable at compile time");
    if (count != x->rank || attribute(c, "axes"))
        return refuse(c, "its scales do not fit \"%s\", %s", x->name, value_shape_string(g->arena, x));
    for (unsigned i = 0; i < x->rank; i++) {
        bool whole = given || scales
                         ? factor_of_number(given ? (double)given->floats[i] : value_float_at(scales, i), &all[i])
                         : factor_of_size(g, x->dims[i], value_dim_at(sizes, i), &all[i]);
        if (!whole) return refuse(c, "of axis %u is not by a whole number of times", i);
    }
    return true;
}

static value *each_times(call *c, value *x, const resampling *all) {
    graph *g = c->graph;
    value *type = value_like(g, x);
    text factors = text_new(g->arena);
    bool changed = false, same = true, image = x->rank >= 3 && x->rank <= 4 && all[0].times == 1 && all[1].times == 1;
    for (unsigned i = 0; i < x->rank; i++) {
        type->dims[i] = dim_mul(g->dims, x->dims[i], dim_const(g->dims, all[i].times));
        changed |= all[i].times > 1;
        if (i >= 2) text_printf(&factors, "%s%" PRId64, i > 2 ? ", " : "", all[i].times);
        if (i > 2) same &= all[i].times == all[2].times;
    }
    if (!changed) return x;
    if (image) {
        const char *tail = same ? arena_printf(g->arena, ", scale_factor=%" PRId64, all[2].times)
                                : arena_printf(g->arena, ", scale_factor=(%s)", text_string(&factors));
        return make_call(g, c->path, "interpolate", &x, 1, tail, type);
    }
    for (unsigned i = 0; i < x->rank; i++) {
        if (all[i].times == 1) continue;
        value *longer = value_like(g, x);
        longer->dims[i] = type->dims[i];
        x = make_call(g, c->path, "repeat_interleave", &x, 1,
                      arena_printf(g->arena, ", %" PRId64 ", dim=%u", all[i].times, i), longer);
    }
    return x;
}

static value *every(call *c, value *x, const resampling *all) {
    graph *g = c->graph;
    slice_axis axes[IMPORT_MAX_RANK] = {0};
    for (unsigned i = 0; i < x->rank; i++) {
        axes[i].step = all[i].by;
        if (all[i].by == 1) continue; /* a rest shorter than a step is left out: the size is rounded down */
        const dim *whole =
            dim_mul(g->dims, dim_floordiv(g->dims, x->dims[i], all[i].by), dim_const(g->dims, all[i].by));
        if (!dim_same(whole, x->dims[i])) axes[i].stop = whole;
    }
    return make_slice(g, c->path, x, axes);
}

bool op_resize(call *c) {
    value *x = c->in[0];
    resampling all[IMPORT_MAX_RANK];
    bool old = c->opset < 11, smaller = false; /* Upsample, and Resize of opset 10, know no other coordinates */
    const char *mode = attribute_string(c, "mode", "nearest");
    const char *where = attribute_string(c, "coordinate_transformation_mode", old ? "asymmetric" : "half_pixel");
    const char *rounding = attribute_string(c, "nearest_mode", old ? "floor" : "round_prefer_floor");
    bool down = strcmp(where, "asymmetric") == 0 && strcmp(rounding, "floor") == 0;
    bool half = strcmp(where, "half_pixel") == 0 && strncmp(rounding, "round_prefer_", 13) == 0;
    if (x->element != ELEMENT_FLOAT) return refuse(c, "of integers is not supported");
    if (strcmp(mode, "nearest") != 0) return refuse(c, "mode=\"%.20s\" is not supported; \"nearest\" is", mode);
    if (!down && !half) return refuse(c, "coordinates \"%.30s\" with \"%.30s\" are not supported", where, rounding);
    if (!read_factors(c, all)) return false;
    for (unsigned i = 0; i < x->rank; i++) smaller |= all[i].by > 1;
    if (smaller && !down)
        return refuse(c, "to a smaller size is supported with coordinates \"asymmetric\" and \"floor\" alone");
    return give(c, each_times(c, every(c, x, all), all));
}
