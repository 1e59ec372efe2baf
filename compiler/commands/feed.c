/* feed: see feed.h. */
#include "commands/feed.h"

#include <inttypes.h>
#include <math.h>

#include "support/random.h"

typedef struct {
    arena *arena;
    const ir_model *model;
    const feed_wishes *wishes;
    diag_list *diags;
    int64_t *dims; /* 0: not known yet */
    feed *to;
} feeding;

/* --- sizes --- */

/* The only symbol of d that has no value yet, by its index; -1 if there is none or another one. */
static int unknown_symbol(const feeding *f, const dim *d) {
    int found = -1;
    for (size_t i = 0; i < f->model->symbol_count; i++) {
        if (f->dims[i] || !dim_mentions(d, f->model->symbols[i])) continue;
        if (found >= 0) return -1;
        found = (int)i;
    }
    return found;
}

/* Gives the only unknown symbol of d the value at which d is `size`, if there is one. */
static bool solve(feeding *f, const dim *d, int64_t size) {
    int i = unknown_symbol(f, d);
    if (i < 0) return false;
    for (int64_t v = dim_min(f->model->symbols[i]); v <= dim_max(f->model->symbols[i]); v++) {
        f->dims[i] = v;
        if (ir_dim_at(f->model, d, f->dims) == size) return true;
    }
    f->dims[i] = 0;
    return false;
}

static bool is_known(const feeding *f, const dim *d) {
    for (size_t i = 0; i < f->model->symbol_count; i++)
        if (!f->dims[i] && dim_mentions(d, f->model->symbols[i])) return false;
    return true;
}

/* Behind the axis of runs, if the array has one. */
static const int64_t *own_sizes(const feeding *f, const given_array *g, const ir_type *type) {
    bool stepped = f->wishes->steps && g->rank == type->rank + 1;
    return stepped ? g->sizes + 1 : g->rank == type->rank ? g->sizes : NULL;
}

static bool solve_row(feeding *f, const given_array *g, const dim *elements) {
    int64_t count = (int64_t)g->elements, steps = f->wishes->steps;
    return (steps > 1 && count % steps == 0 && solve(f, elements, count / steps)) ||
           solve(f, elements, count);
}

/* What one input says of the dims; true when it said something new. */
static bool learn(feeding *f, const given_array *g, const ir_type *type) {
    bool learnt = false;
    if (g->in_a_row) return solve_row(f, g, ir_type_elements(f->model->dims, type));
    const int64_t *sizes = own_sizes(f, g, type);
    for (unsigned i = 0; sizes && i < type->rank; i++)
        learnt = solve(f, type->dims[i], sizes[i]) || learnt;
    return learnt;
}

static void find_dims(feeding *f) {
    const ir_model *m = f->model;
    given_dims_set(f->wishes->dims, m, f->dims, f->diags);
    for (bool learnt = true; learnt;) {
        learnt = false;
        for (size_t i = 0; i < m->input_count; i++) {
            const given_array *g = given_arrays_find(f->wishes->arrays, m->inputs[i].name);
            if (g) learnt = learn(f, g, &m->inputs[i].value->type) || learnt;
        }
    }
}

/* What nothing says: after the inputs' own faults, for these are often its reason. */
static void fill_dims(feeding *f) {
    for (size_t i = 0; i < f->model->symbol_count; i++) {
        const dim *s = f->model->symbols[i];
        if (f->dims[i]) continue;
        f->dims[i] = dim_max(s);
        if (f->wishes->random || dim_min(s) == dim_max(s)) continue;
        diag *d = diag_error(f->diags, f->model->symbol_where[i],
                             "how large is dim %s? No given input says it", dim_symbol_name(s));
        diag_hint(d, "--dim %s=N, from %" PRId64 " to %" PRId64, dim_symbol_name(s), dim_min(s),
                  dim_max(s));
    }
}

/* --- inputs --- */

/* "float32[T, 4]", and what that is here: "float32[T, 4], here [3, 4]". */
static const char *type_here(feeding *f, const ir_type *type) {
    const char *written = ir_type_string(f->arena, type);
    int64_t sizes[IR_MAX_RANK];
    bool changes = false;
    for (unsigned i = 0; i < type->rank; i++) {
        if (!is_known(f, type->dims[i])) return written;
        sizes[i] = ir_dim_at(f->model, type->dims[i], f->dims);
        changes = changes || !dim_is_const(type->dims[i], NULL);
    }
    if (!changes) return written;
    return arena_printf(f->arena, "%s, here %s", written,
                        tensor_shape_string(f->arena, sizes, type->rank));
}

static bool shape_fits(const feeding *f, const given_array *g, const ir_type *type, bool *stepped) {
    int64_t steps = f->wishes->steps;
    for (unsigned i = 0; i < type->rank; i++)
        if (!is_known(f, type->dims[i])) return false;
    if (g->in_a_row) {
        size_t one = ir_elements_at(f->model, type, f->dims);
        *stepped = steps && g->elements == one * (size_t)steps;
        return *stepped || g->elements == one;
    }
    const int64_t *sizes = own_sizes(f, g, type);
    *stepped = sizes && sizes != g->sizes;
    if (!sizes || (*stepped && g->sizes[0] != steps)) return false;
    for (unsigned i = 0; i < type->rank; i++)
        if (sizes[i] != ir_dim_at(f->model, type->dims[i], f->dims)) return false;
    return true;
}

static void complain_of_shape(feeding *f, const ir_input *in, const given_array *g) {
    const ir_type *type = &in->value->type;
    int64_t steps = f->wishes->steps;
    diag *d = diag_error(f->diags, in->where, "input %s is %s; %s", in->name, type_here(f, type),
                         given_array_string(f->arena, g));
    if (steps && g->rank == type->rank + 1 && !g->in_a_row && g->sizes[0] != steps)
        diag_hint(d, "its first axis is that of the runs: --steps %" PRId64, g->sizes[0]);
    else if (steps)
        diag_hint(d, "an axis in front has the %" PRId64 " runs; without it all runs have the same",
                  steps);
    else if (!g->in_a_row && g->rank == type->rank + 1)
        diag_hint(d, "an axis in front of as many runs: --steps %" PRId64, g->sizes[0]);
    if (!g->in_a_row && !own_sizes(f, g, type)) return;
    for (size_t i = 0; i < f->model->symbol_count; i++)
        if (!f->dims[i] &&
            dim_mentions(ir_type_elements(f->model->dims, type), f->model->symbols[i]))
            diag_note(d, f->model->symbol_where[i], "%s is from %" PRId64 " to %" PRId64,
                      dim_symbol_name(f->model->symbols[i]), dim_min(f->model->symbols[i]),
                      dim_max(f->model->symbols[i]));
}

/* Every number is one of the input's type. */
static bool numbers_fit(feeding *f, const ir_input *in, const given_array *g) {
    bool floats = in->value->type.dtype == IR_F32;
    for (size_t i = 0; i < g->elements; i++) {
        double x = g->numbers[i];
        const char *why =
            floats ? isfinite(x) && isinf(float32_of_double(x)) ? "too large for float32" : NULL
            : !(fabs(x) < 0x1p62) || x != floor(x) ? "no integer"
            : x < INT32_MIN || x > INT32_MAX       ? "too large for int32"
                                                   : NULL;
        if (!why) continue;
        diag_error(f->diags, in->where, "input %s is %s; element %zu%s%s is %s: %.9g", in->name,
                   ir_type_string(f->arena, &in->value->type), i, g->from ? " of " : "",
                   g->from ? g->from : "", why, x);
        return false;
    }
    return true;
}

static void convert(const ir_input *in, const given_array *g, double *to) {
    bool floats = in->value->type.dtype == IR_F32;
    for (size_t i = 0; i < g->elements; i++)
        to[i] = floats ? (double)float32_of_double(g->numbers[i]) : g->numbers[i];
}

static void take_input(feeding *f, size_t i) {
    const ir_input *in = &f->model->inputs[i];
    const given_array *g = given_arrays_find(f->wishes->arrays, in->name);
    if (!g) return;
    if (!shape_fits(f, g, &in->value->type, &f->to->is_stepped[i])) {
        complain_of_shape(f, in, g);
        return;
    }
    if (!numbers_fit(f, in, g)) return;
    f->to->inputs[i] = ARENA_ARRAY(f->arena, double, g->elements);
    convert(in, g, f->to->inputs[i]);
}

static void check_names(feeding *f) {
    const ir_model *m = f->model;
    const char **names = ARENA_ARRAY(f->arena, const char *, m->input_count);
    for (size_t i = 0; i < m->input_count; i++) names[i] = m->inputs[i].name;
    for (size_t k = 0; k < f->wishes->arrays->count; k++) {
        const char *name = f->wishes->arrays->items[k].name;
        bool found = false;
        for (size_t i = 0; i < m->input_count; i++) found = found || strcmp(names[i], name) == 0;
        if (found) continue;
        const char *nearest = diag_nearest(name, names, m->input_count);
        diag *d = diag_error(f->diags, m->where, "model %s has no input %s", m->name, name);
        if (nearest) diag_hint(d, "did you mean %s?", nearest);
    }
}

static void need_input(feeding *f, const ir_input *in) {
    diag *d = diag_error(f->diags, in->where, "input %s, %s, is not given", in->name,
                         type_here(f, &in->value->type));
    diag_hint(d, "-i %s=FILE.npy, or numbers, -i %s=1,2,3; --random 1 makes some", in->name,
              in->name);
}

/* --- random inputs --- */

static double random_normal(uint64_t *random) {
    double u = 1 - random_unit(random), v = random_unit(random);
    return (double)(float)(sqrt(-2 * log(u)) * cos(2 * acos(-1.0) * v));
}

/* What a check's value sees of an input, or NULL. */
static const ir_node *input_of(const ir_value *v) {
    while (v->producer->input_count &&
           (ir_op_class_of(v->producer->op) == IR_VIEW || v->producer->op == IR_CAST))
        v = v->producer->inputs[0];
    return v->producer->op == IR_INPUT ? v->producer : NULL;
}

static void range_of(const ir_model *m, size_t input, const int64_t *dims, int64_t *low,
                     int64_t *high) {
    *low = 0;
    *high = 9; /* of an input that nothing bounds */
    bool bounded = false;
    for (size_t i = 0; i < m->check_count; i++) {
        const ir_bound_check *c = &m->checks[i];
        const ir_node *n = input_of(c->value);
        if (!n || n->attrs.index != input) continue;
        int64_t l = ir_dim_at(m, c->low, dims), h = ir_dim_at(m, c->high, dims);
        *low = bounded && *low > l ? *low : l;
        *high = bounded && *high < h ? *high : h;
        bounded = true;
    }
}

void feed_random(const ir_model *m, size_t input, const int64_t *dims, uint64_t *random, double *to,
                 size_t elements) {
    int64_t low, high;
    bool floats = m->inputs[input].value->type.dtype == IR_F32;
    range_of(m, input, dims, &low, &high);
    uint64_t count = high >= low ? (uint64_t)(high - low) + 1 : 1;
    for (size_t i = 0; i < elements; i++)
        to[i] =
            floats ? random_normal(random) : (double)(low + (int64_t)(random_next(random) % count));
}

static void make_input(feeding *f, size_t i, uint64_t *random) {
    size_t elements =
        ir_elements_at(f->model, &f->model->inputs[i].value->type, f->dims) * (size_t)f->to->steps;
    f->to->is_stepped[i] = true;
    f->to->inputs[i] = ARENA_ARRAY(f->arena, double, elements);
    feed_random(f->model, i, f->dims, random, f->to->inputs[i], elements);
}

/* --- all of it --- */

bool feed_find(arena *a, const ir_model *m, const feed_wishes *wishes, diag_list *diags, feed *to) {
    size_t errors = diag_error_count(diags);
    *to = (feed){m, wishes->steps ? wishes->steps : 1, ARENA_ARRAY(a, int64_t, m->symbol_count),
                 ARENA_ARRAY(a, double *, m->input_count), ARENA_ARRAY(a, bool, m->input_count)};
    feeding f = {a, m, wishes, diags, to->dims, to};
    uint64_t random = wishes->seed;
    check_names(&f);
    find_dims(&f);
    for (size_t i = 0; i < m->input_count; i++) take_input(&f, i);
    if (diag_error_count(diags) != errors) return false;
    for (size_t i = 0; i < m->input_count && !wishes->random; i++)
        if (!to->inputs[i]) need_input(&f, &m->inputs[i]);
    fill_dims(&f);
    if (diag_error_count(diags) != errors) return false;
    for (size_t i = 0; i < m->input_count; i++)
        if (!to->inputs[i]) make_input(&f, i, &random);
    return true;
}

void feed_at(const feed *f, int64_t step, const double **inputs) {
    for (size_t i = 0; i < f->model->input_count; i++) {
        size_t one = ir_elements_at(f->model, &f->model->inputs[i].value->type, f->dims);
        inputs[i] = f->inputs[i] + (f->is_stepped[i] ? (size_t)step * one : 0);
    }
}

/* --- what a run refuses --- */

static const char *in_run(arena *a, const feed *f, int64_t step) {
    return f->steps == 1 ? "" : arena_printf(a, " in run %" PRId64, step);
}

/* The first element of an input that a check on all of it refuses. */
static bool refused_by(arena *a, const feed *f, int64_t step, const ir_bound_check *c,
                       diag_list *diags) {
    const ir_value *v = c->value;
    if (v->producer->op != IR_INPUT) return false;
    size_t i = v->producer->attrs.index, one = ir_elements_at(f->model, &v->type, f->dims);
    const double *numbers = f->inputs[i] + (f->is_stepped[i] ? (size_t)step * one : 0);
    int64_t low = ir_dim_at(f->model, c->low, f->dims),
            high = ir_dim_at(f->model, c->high, f->dims);
    for (size_t k = 0; k < one; k++) {
        if (numbers[k] >= (double)low && numbers[k] <= (double)high) continue;
        diag_error(diags, c->where,
                   "element %zu of input %s is %.0f%s; this needs %" PRId64 " to %" PRId64, k,
                   f->model->inputs[i].name, numbers[k], in_run(a, f, step), low, high);
        return true;
    }
    return false;
}

void feed_refused(arena *a, const feed *f, int64_t step, int status, diag_list *diags) {
    static const char *const names[] = {"NNC_OK", "NNC_ERR_NULL", "NNC_ERR_DIM", "NNC_ERR_TOKEN",
                                        "NNC_ERR_LENGTH"};
    for (size_t i = 0; i < f->model->check_count; i++)
        if (refused_by(a, f, step, &f->model->checks[i], diags)) return;
    bool known = status > 0 && status < (int)(sizeof names / sizeof *names);
    diag_error(diags, f->model->where, "%s_run gives %s%s: these inputs are not in range",
               f->model->name, known ? names[status] : "an unknown status", in_run(a, f, step));
}
