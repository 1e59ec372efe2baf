/* given_dims: run-time dims as a command line gives them, --dim T=32. */
#ifndef NNC_COMMANDS_GIVEN_DIMS_H
#define NNC_COMMANDS_GIVEN_DIMS_H

#include "ir/ir.h"

typedef struct {
    const char *name;
    int64_t value;
    bool used;
} given_dim;

typedef struct {
    given_dim *items;
    size_t count, capacity;
} given_dims;

/* False for what is not NAME=N. */
bool given_dims_add(arena *a, given_dims *to, const char *given);
/* Sets those of the model's symbols that are given; others stay. One out of its bounds is an error.
 */
void given_dims_set(given_dims *given, const ir_model *m, int64_t *values, diag_list *diags);
/* An error for each that no model of the file has taken. */
void given_dims_unused(const given_dims *given, const char *path, diag_list *diags);

#endif
