/* verify_runs: see verify_runs.h. */
#include "commands/verify_runs.h"

#include <math.h>

#include "commands/count.h"
#include "support/random.h"

/* The interpreter takes some seconds for so many multiply-adds. */
static const double MOST_WORK = 2e8;
enum {
    STREAMED = 1000,
    SINGLE = 16,
    FEWEST = 4,
    SMALL_WORK = 2000 /* of a run, whatever it multiplies */
};

verify_runs verify_runs_fed(arena *a, const feed *f) {
    verify_runs r = {.model = f->model,
                     .fed = f,
                     .count = (size_t)f->steps,
                     .wanted = (size_t)f->steps,
                     .resets = f->model->state_count == 0};
    r.dims = ARENA_ARRAY(a, const int64_t *, r.count);
    for (size_t i = 0; i < r.count; i++) r.dims[i] = f->dims;
    return r;
}

/* Small sizes as often as large ones. */
static int64_t random_size(const dim *symbol, uint64_t *random) {
    double low = log((double)dim_min(symbol)), high = log((double)dim_max(symbol) + 1);
    int64_t size = (int64_t)exp(low + (high - low) * random_unit(random));
    return size < dim_min(symbol)   ? dim_min(symbol)
           : size > dim_max(symbol) ? dim_max(symbol)
                                    : size;
}

static int64_t *sizes_of_run(arena *a, const ir_model *m, const int64_t *fixed, size_t run,
                             uint64_t *random) {
    int64_t *dims = ARENA_ARRAY(a, int64_t, m->symbol_count);
    for (size_t i = 0; i < m->symbol_count; i++) {
        const dim *s = m->symbols[i];
        dims[i] = fixed[i]   ? fixed[i]
                  : run == 0 ? dim_min(s)
                  : run == 1 ? dim_max(s)
                             : random_size(s, random);
    }
    return dims;
}

/* Every element of every value costs the interpreter something too. */
static double work_at(const ir_model *layers, const int64_t *dims) {
    arena *a = arena_new();
    double work = SMALL_WORK + (double)count_model(a, layers, dims).multiply_adds;
    for (const ir_node *n = layers->run.first; n; n = n->next)
        for (unsigned i = 0; i < n->result_count; i++)
            work += (double)count_elements(layers, &n->results[i]->type, dims);
    arena_free(a);
    return work;
}

verify_runs verify_runs_random(arena *a, const ir_model *model, const ir_model *layers,
                               const int64_t *fixed, uint64_t seed, int64_t steps) {
    verify_runs r = {.model = model, .seed = seed, .resets = model->state_count == 0};
    uint64_t random = seed ^ 0x5A17E5;
    r.wanted = steps ? (size_t)steps : model->state_count ? STREAMED : SINGLE;
    r.dims = ARENA_ARRAY(a, const int64_t *, r.wanted);
    double work = 0, one = work_at(layers, sizes_of_run(a, model, fixed, 0, &random));
    for (size_t i = 0; i < r.wanted; i++) {
        const int64_t *dims = sizes_of_run(a, model, fixed, i, &random);
        if (model->symbol_count) one = work_at(layers, dims);
        if (!steps && i >= FEWEST && work + one > MOST_WORK) break;
        work += one;
        r.dims[r.count++] = dims;
    }
    return r;
}

const double *const *verify_inputs(const verify_runs *r, arena *a, size_t run) {
    const ir_model *m = r->model;
    const double **inputs = ARENA_ARRAY(a, const double *, m->input_count);
    if (r->fed) {
        feed_at(r->fed, (int64_t)run, inputs);
        return inputs;
    }
    uint64_t random = r->seed + 0x9E3779B9 * (uint64_t)run;
    random_next(&random);
    for (size_t i = 0; i < m->input_count; i++) {
        size_t elements = ir_elements_at(m, &m->inputs[i].value->type, r->dims[run]);
        double *to = ARENA_ARRAY(a, double, elements);
        feed_random(m, i, r->dims[run], &random, to, elements);
        inputs[i] = to;
    }
    return inputs;
}
