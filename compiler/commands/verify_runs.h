/* verify_runs: the runs that verify compares: how many, at which sizes, on which inputs. */
#ifndef NNC_COMMANDS_VERIFY_RUNS_H
#define NNC_COMMANDS_VERIFY_RUNS_H

#include "commands/feed.h"

typedef struct {
    const ir_model *model;
    const feed *fed; /* given inputs; NULL: all are random */
    uint64_t seed;
    size_t count, wanted; /* fewer than wanted where all would take long */
    const int64_t **dims; /* by run */
    bool resets;          /* before every run: the model has no states */
} verify_runs;

/* Given inputs: their runs. */
verify_runs verify_runs_fed(arena *a, const feed *f);
/* Random ones: at the smallest and largest sizes, then at others; of a model with states 1000 in a
 * row, else 16. `fixed` dims are as they are, 0 is free. `steps` above 0 says how many. model is as
 * the passes left it, layers as before. */
verify_runs verify_runs_random(arena *a, const ir_model *model, const ir_model *layers,
                               const int64_t *fixed, uint64_t seed, int64_t steps);
/* The inputs of a run, in the arena. */
const double *const *verify_inputs(const verify_runs *r, arena *a, size_t run);

#endif
