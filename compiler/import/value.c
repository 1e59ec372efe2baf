/* value: tensors of the import, and what is known of them. */
#include "import/graph.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

graph *graph_new(arena *a, size_t fold_budget) {
    graph *g = ARENA_NEW(a, graph);
    g->arena = a;
    g->dims = dim_table_new(a);
    g->fold_budget = fold_budget;
    return g;
}

void graph_note(graph *g, const char *note) {
    for (size_t i = 0; i < g->note_count; i++)
        if (strcmp(g->notes[i], note) == 0) return;
    ARENA_PUSH(g->arena, g->notes, g->note_count, g->note_capacity, note);
}

void *graph_room(graph *g, size_t n, size_t bytes) {
    if (n > (g->fold_budget - g->folded_bytes) / bytes) return NULL;
    g->folded_bytes += n * bytes;
    return arena_array(g->arena, n ? n : 1, bytes);
}

value *value_new(graph *g, element e, unsigned rank, const dim *const *dims) {
    value *v = ARENA_NEW(g->arena, value);
    v->name = "";
    v->element = e;
    v->rank = rank;
    for (unsigned i = 0; i < rank; i++) v->dims[i] = dims[i];
    return v;
}

value *value_like(graph *g, const value *v) { return value_new(g, v->element, v->rank, v->dims); }

value *value_filled(graph *g, element e, unsigned rank, const dim *const *dims, double number, const dim *integer) {
    value *v = value_new(g, e, rank, dims);
    v->filled = true;
    v->number = number;
    v->integer = integer;
    return v;
}

static value *constant_shape(graph *g, element e, unsigned rank, const int64_t *dims) {
    const dim *sizes[IMPORT_MAX_RANK];
    for (unsigned i = 0; i < rank; i++) sizes[i] = dim_const(g->dims, dims[i]);
    return value_new(g, e, rank, sizes);
}

value *value_floats(graph *g, unsigned rank, const int64_t *dims, const float *floats) {
    value *v = constant_shape(g, ELEMENT_FLOAT, rank, dims);
    v->floats = floats;
    return v;
}

value *value_integers(graph *g, element e, unsigned rank, const int64_t *dims, const dim *const *integers) {
    value *v = constant_shape(g, e, rank, dims);
    v->integers = integers;
    return v;
}

value *value_of_float(graph *g, double number) { return value_filled(g, ELEMENT_FLOAT, 0, NULL, number, NULL); }

value *value_of_integer(graph *g, const dim *d) { return value_filled(g, ELEMENT_INT, 0, NULL, 0, d); }

bool value_known(const value *v) { return v->filled || v->floats || v->integers; }

bool value_constant_shape(const value *v, int64_t *dims) {
    for (unsigned i = 0; i < v->rank; i++)
        if (!dim_is_const(v->dims[i], &dims[i])) return false;
    return true;
}

bool value_count(const value *v, int64_t *count) {
    int64_t dims[IMPORT_MAX_RANK];
    if (!value_constant_shape(v, dims)) return false;
    *count = 1;
    for (unsigned i = 0; i < v->rank; i++) {
        if (dims[i] < 0 || (dims[i] && *count > INT32_MAX / dims[i])) return false;
        *count *= dims[i];
    }
    return true;
}

bool value_shape_same(const value *a, const value *b) {
    if (a->rank != b->rank) return false;
    for (unsigned i = 0; i < a->rank; i++)
        if (!dim_same(a->dims[i], b->dims[i])) return false;
    return true;
}

const dim *value_dim_at(const value *v, int64_t i) {
    if (v->element == ELEMENT_FLOAT) return NULL;
    return v->filled ? v->integer : v->integers ? v->integers[i] : NULL;
}

double value_float_at(const value *v, int64_t i) {
    if (v->element == ELEMENT_FLOAT) return v->filled ? v->number : (double)v->floats[i];
    int64_t whole = 0;
    return dim_is_const(value_dim_at(v, i), &whole) ? (double)whole : (double)NAN;
}

bool value_scalar(const value *v, double *number) {
    int64_t count, whole;
    if (!value_known(v)) return false;
    if (!v->filled && (!value_count(v, &count) || count < 1)) return false;
    if (v->element != ELEMENT_FLOAT) {
        const dim *first = value_dim_at(v, 0);
        if (!dim_is_const(first, &whole)) return false;
        for (int64_t i = 1; !v->filled && i < count; i++)
            if (!dim_same(v->integers[i], first)) return false;
        *number = (double)whole;
        return true;
    }
    *number = value_float_at(v, 0);
    for (int64_t i = 1; !v->filled && i < count; i++)
        if ((double)v->floats[i] < *number || (double)v->floats[i] > *number || isnan(v->floats[i])) return false;
    return !isnan(*number);
}

bool value_ints(const value *v, int64_t *to, size_t room, size_t *count) {
    int64_t n;
    if (!v || v->element == ELEMENT_FLOAT || !value_known(v) || !value_count(v, &n) || (size_t)n > room) return false;
    for (int64_t i = 0; i < n; i++)
        if (!dim_is_const(value_dim_at(v, i), &to[i])) return false;
    *count = (size_t)n;
    return true;
}

const float *value_float_array(graph *g, const value *v) {
    int64_t count;
    if (v->element != ELEMENT_FLOAT || !value_known(v)) return NULL;
    if (v->floats) return v->floats;
    float *all = value_count(v, &count) ? graph_room(g, (size_t)count, sizeof *all) : NULL;
    for (int64_t i = 0; all && i < count; i++) all[i] = (float)v->number;
    return all;
}

const char *value_shape_string(arena *a, const value *v) {
    text t = text_new(a);
    text_add(&t, "[");
    for (unsigned i = 0; i < v->rank; i++) {
        text_add(&t, i ? ", " : "");
        dim_print(v->dims[i], &t);
    }
    text_add(&t, "]");
    return text_string(&t);
}

bool broadcast_shape(graph *g, const value *a, const value *b, value *to) {
    const dim *one = dim_const(g->dims, 1);
    to->rank = a->rank > b->rank ? a->rank : b->rank;
    for (unsigned i = 0; i < to->rank; i++) {
        unsigned back = to->rank - i;
        const dim *x = back <= a->rank ? a->dims[a->rank - back] : one,
                  *y = back <= b->rank ? b->dims[b->rank - back] : one;
        if (!dim_same(x, y) && !dim_same(x, one) && !dim_same(y, one)) return false;
        to->dims[i] = dim_same(x, one) ? y : x;
    }
    return true;
}

const char *number_text(arena *a, double number) {
    char shortest[40];
    if (isinf(number)) return number > 0 ? "inf" : "-inf";
    for (int digits = 1; digits <= 9; digits++) {
        snprintf(shortest, sizeof shortest, "%.*g", digits, number);
        float back = strtof(shortest, NULL), wanted = (float)number;
        if (memcmp(&back, &wanted, sizeof back) == 0) break;
    }
    if (!strpbrk(shortest, ".en")) return arena_printf(a, "%s.0", shortest);
    return arena_strdup(a, shortest);
}

bool is_cut_to_integer(const value *v) {
    const node *n = v->producer;
    return v->element == ELEMENT_INT && n && n->kind == NODE_CALL && strcmp(n->function, "trunc") == 0;
}
