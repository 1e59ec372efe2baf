/* verify_compare: see verify_compare.h. */
#include "commands/verify_compare.h"

#include <math.h>

#include "commands/progress.h"
#include "reference/reference.h"

/* Interpreters: of what the code does, in float64 and in float32, and of the file's own weights. */
enum { EXACT, PLAIN, OWN, INTERPRETERS };
enum { WATCHED = NATIVE_BODIES, SIDES };

/* Where a comparison of floats was decided by less, float32 may decide it otherwise; what differs
 * by more then is not an error of arithmetic. */
static const double UNDECIDED = 1e-5, OTHERWISE = 1e-4;

typedef struct {
    const verify_sides *sides;
    const verify_runs *runs;
    verified *to;
    diag_list *diags;
    arena *states_of[INTERPRETERS]; /* holds the states */
    double **states[INTERPRETERS];
    bool doubtful; /* up to the next reset: the states may have parted */
} comparison;

/* What a run gave. */
typedef struct {
    size_t number;
    arena *arena;
    reference_result reference[INTERPRETERS];
    reference_status status[INTERPRETERS];
    double **code[SIDES];
    int code_status[SIDES];
} one_run;

/* --- running --- */

static const ir_model *model_of(const comparison *c, int interpreter) {
    return interpreter == OWN ? c->sides->own : c->sides->reference;
}

static reference_precision precision_of(int interpreter) {
    return interpreter == PLAIN ? REFERENCE_FLOAT32 : REFERENCE_FLOAT64;
}

static void reset(comparison *c) {
    for (int k = 0; k < INTERPRETERS && model_of(c, k); k++) {
        arena_free(c->states_of[k]);
        c->states_of[k] = arena_new();
        c->states[k] = reference_reset(c->states_of[k], model_of(c, k), precision_of(k));
    }
    c->doubtful = false;
}

static void interpret(comparison *c, one_run *r) {
    const double *const *inputs = verify_inputs(c->runs, r->arena, r->number);
    for (int k = 0; k < INTERPRETERS && model_of(c, k); k++)
        r->status[k] = reference_run(r->arena, model_of(c, k), precision_of(k),
                                     c->runs->dims[r->number], inputs,
                                     (const double *const *)c->states[k], &r->reference[k]);
}

/* The states outlive the run. */
static void keep_states(comparison *c, const one_run *r) {
    const ir_model *m = c->sides->reference;
    for (int k = 0; k < INTERPRETERS && model_of(c, k); k++) {
        arena *next = arena_new();
        double **states = ARENA_ARRAY(next, double *, m->state_count);
        for (size_t i = 0; i < m->state_count; i++)
            states[i] = arena_copy(next, r->reference[k].states[i],
                                   ir_elements_at(m, &m->states[i].type, NULL) * sizeof(double));
        arena_free(c->states_of[k]);
        c->states_of[k] = next;
        c->states[k] = states;
    }
}

static bool read_code(comparison *c, one_run *r) {
    const int64_t *dims = c->runs->dims[r->number];
    size_t room = c->sides->reference->output_count;
    for (int b = 0; b < c->to->bodies; b++) {
        r->code[b] = ARENA_ARRAY(r->arena, double *, room);
        if (!native_next(c->sides->code, b, r->arena, dims, r->code[b], &r->code_status[b]))
            return false;
    }
    r->code[WATCHED] = ARENA_ARRAY(r->arena, double *, room);
    return !c->sides->watched || native_next(c->sides->watched, c->sides->body, r->arena, dims,
                                             r->code[WATCHED], &r->code_status[WATCHED]);
}

/* --- comparing --- */

static size_t elements_of(const comparison *c, const one_run *r, size_t output) {
    const ir_model *m = c->sides->reference;
    return ir_elements_at(m, &m->outputs[output].value->type, c->runs->dims[r->number]);
}

/* What the interpreter takes the code takes. (The other way round there are indices that no output
 * depends on: the code does not look at them.) */
static bool check_status(comparison *c, const one_run *r, bool *refused) {
    *refused = r->status[EXACT] != REFERENCE_OK;
    for (int s = 0; s < SIDES; s++) {
        if ((s == WATCHED ? !c->sides->watched : s >= c->to->bodies) ||
            (*refused && r->code_status[s]))
            continue;
        c->doubtful = c->doubtful || *refused;
        if (*refused || !r->code_status[s]) continue;
        diag_error(c->diags, c->sides->reference->where,
                   "run %zu: %s_run gives status %d for inputs that are in range", r->number,
                   c->sides->reference->name, r->code_status[s]);
        return false;
    }
    return true;
}

static const double *wanted(const comparison *c, const one_run *r, size_t output) {
    const verified_output *o = &c->to->outputs[output];
    if (!o->expected) return r->reference[EXACT].outputs[output];
    return o->expected + (o->expected_is_stepped ? r->number * elements_of(c, r, output) : 0);
}

/* Something differs by more than rounding, after a decision that rounding may turn round, in this
 * run or before. */
static bool is_undecided(const comparison *c, const one_run *r) {
    double largest = 0;
    if (!c->doubtful && !(r->reference[EXACT].argmax_margin <= UNDECIDED)) return false;
    for (size_t i = 0; i < c->sides->reference->output_count; i++) {
        size_t elements = elements_of(c, r, i);
        const double *want = r->reference[EXACT].outputs[i];
        largest = fmax(largest,
                       error_largest(r->reference[PLAIN].outputs[i], want, elements));
        for (int b = 0; b < c->to->bodies && i < c->to->model->output_count; b++)
            largest = fmax(largest, error_largest(r->code[b][i], want, elements));
    }
    return largest > OTHERWISE;
}

static void compare_output(comparison *c, const one_run *r, size_t i) {
    verified_output *o = &c->to->outputs[i];
    size_t elements = elements_of(c, r, i), runs = c->runs->count;
    const double *exact = r->reference[EXACT].outputs[i], *want = wanted(c, r, i);
    for (int b = 0; b < c->to->bodies; b++)
        error_add(&o->bodies[b], r->code[b][i], want, elements, r->number, runs);
    error_add(&o->plain, r->reference[PLAIN].outputs[i], exact, elements, r->number,
              runs);
    if (c->sides->own)
        error_add(&o->own, r->code[c->sides->body][i], r->reference[OWN].outputs[i], elements,
                  r->number, runs);
    if (o->expected) error_add(&o->reference, exact, want, elements, r->number, runs);
    if (c->sides->watched &&
        memcmp(r->code[WATCHED][i], r->code[c->sides->body][i], elements * sizeof(double)) != 0)
        c->to->same_bits = false;
}

static void compare_value(comparison *c, const one_run *r, size_t i) {
    verified_value *v = &c->to->values[i];
    size_t output = c->to->model->output_count + i, elements = elements_of(c, r, output),
           runs = c->runs->count;
    const double *want = r->reference[EXACT].outputs[output];
    error_add(&v->code, r->code[WATCHED][output], want, elements, r->number, runs);
    error_add(&v->plain, r->reference[PLAIN].outputs[output], want, elements, r->number,
              runs);
}

static void compare_run(comparison *c, const one_run *r) {
    if (is_undecided(c, r)) {
        c->doubtful = true;
        if (!c->to->undecided++) c->to->first_undecided = r->number;
        return;
    }
    for (size_t i = 0; i < c->to->model->output_count; i++) compare_output(c, r, i);
    for (size_t i = 0; i < c->to->value_count; i++) compare_value(c, r, i);
}

static bool carry_out(comparison *c, one_run *r) {
    bool refused;
    if (r->number == 0 || c->runs->resets) reset(c);
    interpret(c, r);
    if (!read_code(c, r) || !check_status(c, r, &refused)) return false;
    if (refused) {
        c->to->refused++;
        return true;
    }
    compare_run(c, r);
    keep_states(c, r);
    return true;
}

bool verify_compare(const verify_sides *sides, const verify_runs *runs, verified *to,
                    diag_list *diags) {
    comparison c = {.sides = sides, .runs = runs, .to = to, .diags = diags};
    bool good = true;
    for (size_t i = 0; good && i < runs->count; i++) {
        one_run r = {.number = i, .arena = arena_new()};
        progress_count(i, runs->count);
        good = carry_out(&c, &r);
        arena_free(r.arena);
    }
    for (int k = 0; k < INTERPRETERS; k++) arena_free(c.states_of[k]);
    return good;
}
