/* verify: what nnc verify found; verify_report.c says it. */
#ifndef NNC_COMMANDS_VERIFY_H
#define NNC_COMMANDS_VERIFY_H

#include "commands/error_stats.h"
#include "commands/verify_runs.h"
#include "commands/watch.h"
#include "native/native.h"

/* An output: each body's code, plain float32 arithmetic (the interpreter's), and, where an array
 * was expected, the float64 interpreter itself, against what is wanted. */
typedef struct {
    const char *name;
    const ir_type *type;
    const double *expected; /* of all runs, one after the other; NULL: the float64 interpreter's */
    bool expected_is_stepped;
    error_stats bodies[NATIVE_BODIES], plain, reference;
    error_stats own; /* of the widest body against the file's own weights in float64 */
    double allowed;
} verified_output;

/* A value of the file, in code of the widest body that gives it as well. */
typedef struct {
    watched_value of;
    error_stats code, plain;
} verified_value;

typedef struct {
    const ir_model *model;
    const verify_runs *runs;
    const char *target;
    uint64_t seed;
    int bodies;
    const char *body_names[NATIVE_BODIES];
    verified_output *outputs; /* by the model's outputs */
    verified_value *values;
    size_t value_count;
    size_t refused; /* runs whose inputs were out of range, of the code and the interpreter alike */
    size_t undecided; /* runs that were not compared: float32 may decide an argmax, topk or
                         comparison otherwise */
    size_t first_undecided;
    bool is_narrow;   /* weights are kept in fewer bits than the file has */
    bool same_bits;   /* the code that also gives the values has the outputs' very bits */
    double max_error; /* --max-error; below 0: none */
} verified;

bool verified_is_good(const verified *v);
/* As text; as JSON. */
void verify_print(const verified *v, const source *s, arena *a, text *to);
void verify_print_json(const verified *v, arena *a, text *to);

#endif
