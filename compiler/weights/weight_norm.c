/* weight_norm: pairs found, and folded. */
#include "weights/weight_norm.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- names ------------------------------------------------------------------------------------ */

static const char infix[] = "parametrizations.";

/* "conv.weight" for "conv.parametrizations.weight.original1" and "1"; NULL when the name is none of
 * these. */
static const char *whole_of_ending(arena *a, const char *name, const char *old_ending,
                                   const char *new_ending) {
    size_t length = strlen(name), old_tail = strlen(old_ending), new_tail = strlen(new_ending);
    if (length > old_tail && strcmp(name + length - old_tail, old_ending) == 0)
        return arena_strndup(a, name, length - old_tail);
    if (length <= new_tail || strcmp(name + length - new_tail, new_ending) != 0) return NULL;
    size_t end = length - new_tail, begin = end;
    while (begin > 0 && name[begin - 1] != '.') begin--;
    size_t word = sizeof infix - 1;
    if (begin < word || memcmp(name + begin - word, infix, word) != 0) return NULL;
    if (begin > word && name[begin - word - 1] != '.') return NULL;
    return arena_printf(a, "%.*s%.*s", (int)(begin - word), name, (int)(end - begin), name + begin);
}

static const char *whole_of_g(arena *a, const char *name) {
    return whole_of_ending(a, name, "_g", ".original0");
}
static const char *whole_of_v(arena *a, const char *name) {
    return whole_of_ending(a, name, "_v", ".original1");
}

const char *weight_norm_whole(arena *a, const char *part) {
    const char *whole = whole_of_g(a, part);
    return whole ? whole : whole_of_v(a, part);
}

/* --- pairs ------------------------------------------------------------------------------------ */

/* g scales slices of v: it has v's size or 1 in every dim, or no dims at all. */
static bool is_pair(const tensor *g, const tensor *v) {
    if (g->rank == 0) return v->rank > 0;
    if (g->rank != v->rank) return false;
    for (unsigned i = 0; i < g->rank; i++)
        if (g->shape[i] != 1 && g->shape[i] != v->shape[i]) return false;
    return true;
}

/* v of the pair that g is half of, and the name of what they make. */
static const tensor *partner_of(arena *a, const tensor_dict *d, const tensor *g,
                                const char **whole) {
    *whole = whole_of_g(a, g->name);
    if (!*whole) return NULL;
    size_t length = strlen(g->name);
    char *name = arena_strdup(a, g->name);
    name[length - 1] = name[length - 1] == 'g' ? 'v' : '1';
    const tensor *v = tensor_find(d, name);
    return v && is_pair(g, v) && !tensor_find(d, *whole) ? v : NULL;
}

void weight_norm_add(arena *a, tensor_dict *d) {
    tensor *made = NULL;
    size_t count = 0, capacity = 0;
    for (size_t i = 0; i < d->count; i++) {
        const tensor *g = &d->tensors[i];
        const char *whole;
        const tensor *v = partner_of(a, d, g, &whole);
        if (!v) continue;
        tensor w = *v;
        w.name = whole;
        w.storage = NULL;
        w.g = g;
        w.v = v;
        if (g->dtype == TENSOR_OTHER) {
            w.dtype = TENSOR_OTHER;
            w.dtype_name = g->dtype_name;
        }
        tensor_set_shape(&w, v->shape, v->rank);
        ARENA_PUSH(a, made, count, capacity, w);
    }
    if (!count) return;
    tensor *all = ARENA_ARRAY(a, tensor, d->count + count);
    memcpy(all, d->tensors, d->count * sizeof *all);
    memcpy(all + d->count, made, count * sizeof *all);
    d->tensors = all;
    d->count += count;
    tensor_dict_sort(all, &d->count);
}

/* g or v of a weight, under either name. */
static const tensor *half_of(arena *a, const tensor_dict *d, const char *whole, const char *old_ending,
                             const char *new_ending) {
    const char *dot = strrchr(whole, '.'), *word = dot ? dot + 1 : whole;
    const tensor *t = tensor_find(d, arena_printf(a, "%s%s", whole, old_ending));
    return t ? t
             : tensor_find(d, arena_printf(a, "%.*s%s%s%s", (int)(word - whole), whole, infix, word, new_ending));
}

const char *weight_norm_half(arena *a, const tensor_dict *d, const char *whole) {
    const tensor *g = half_of(a, d, whole, "_g", ".original0"), *v = half_of(a, d, whole, "_v", ".original1");
    if (!g && !v) return NULL;
    const char *first = tensor_name_quoted(a, g ? g->name : v->name);
    if (!g || !v)
        return arena_printf(a, "%s is half of a weight_norm, and its %s is missing", first,
                            g ? "direction" : "magnitude");
    const char *second = tensor_name_quoted(a, v->name);
    if (is_pair(g, v)) return arena_printf(a, "%s and %s are not named by one weight_norm", first, second);
    return arena_printf(a, "%s %s and %s %s are no weight_norm: the first has the second's sizes, but for 1s", first,
                        tensor_shape_string(a, g->shape, g->rank), second,
                        tensor_shape_string(a, v->shape, v->rank));
}

/* --- folding ---------------------------------------------------------------------------------- */

/* Which element of g belongs to element i of v. */
static size_t slice_of(const tensor *g, const tensor *v, size_t i) {
    size_t place = 0, step = 1;
    for (unsigned d = g->rank; d-- > 0;) {
        size_t index = i % (size_t)v->shape[d];
        i /= (size_t)v->shape[d];
        if (g->shape[d] == 1) continue;
        place += index * step;
        step *= (size_t)g->shape[d];
    }
    return place;
}

/* The sums of squares of v's slices. */
static double *new_sums(const tensor *w) { return memory_new(w->g->elements, sizeof(double)); }

bool weight_norm_is_wide(const tensor *w) {
    return w->g->dtype == TENSOR_F64 || w->v->dtype == TENSOR_F64;
}

void weight_norm_fold_wide(const tensor *w, const double *g, const double *v, float *to) {
    double *sums = new_sums(w);
    for (size_t i = 0; i < w->elements; i++) sums[slice_of(w->g, w->v, i)] += v[i] * v[i];
    for (size_t i = 0; i < w->elements; i++) {
        size_t slice = slice_of(w->g, w->v, i);
        to[i] = float32_of_double(v[i] * (g[slice] / sqrt(sums[slice])));
    }
    free(sums);
}

void weight_norm_fold(const tensor *w, const float *g, float *v) {
    double *sums = new_sums(w);
    for (size_t i = 0; i < w->elements; i++)
        sums[slice_of(w->g, w->v, i)] += (double)v[i] * (double)v[i];
    for (size_t i = 0; i < w->elements; i++) {
        size_t slice = slice_of(w->g, w->v, i);
        v[i] *= g[slice] / float32_of_double(sqrt(sums[slice]));
    }
    free(sums);
}
