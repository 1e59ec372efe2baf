/* feed: what a model's inputs are given, run after run, and the sizes that they are run at. */
#ifndef NNC_COMMANDS_FEED_H
#define NNC_COMMANDS_FEED_H

#include "commands/given_array.h"
#include "commands/given_dims.h"

typedef struct {
    const ir_model *model;
    int64_t steps;
    int64_t *dims;   /* by the model's symbols */
    double **inputs; /* by its inputs; of one that is stepped, all runs one after the other */
    bool *is_stepped;
} feed;

typedef struct {
    const given_arrays *arrays;
    given_dims *dims;
    int64_t steps; /* 0: one run, and no array has an axis of runs */
    bool random; /* inputs that are not given are random, dims that nothing says are the largest */
    uint64_t seed;
} feed_wishes;

/* False, and errors, when it does not fit the model, or does not say all. The model is as the
 * passes left it: their checks say what a random index may be. Lives in the arena. */
bool feed_find(arena *a, const ir_model *m, const feed_wishes *wishes, diag_list *diags, feed *to);
/* The inputs of a run, by the model's inputs. */
void feed_at(const feed *f, int64_t step, const double **inputs);
/* Fills an input of the model, of one run at these dims, with random numbers: floats as torch.randn
 * gives them, integers within what the model's checks allow. */
void feed_random(const ir_model *m, size_t input, const int64_t *dims, uint64_t *random, double *to,
                 size_t elements);
/* Says which element of the inputs makes a run end with NNC_ERR_TOKEN or NNC_ERR_LENGTH, at least
 * the function's words. */
void feed_refused(arena *a, const feed *f, int64_t step, int status, diag_list *diags);

#endif
