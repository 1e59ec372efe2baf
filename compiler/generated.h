/* generated: the files of a compilation: the C, its header, its weights where they are no tables of it, the runtime
 * beside them, a depfile; all of them or none. */
#ifndef NNC_GENERATED_H
#define NNC_GENERATED_H

#include "emit/emit.h"
#include "options.h"
#include "place.h"

enum { GENERATED_FILES = 5 };

typedef struct {
    place places[GENERATED_FILES]; /* a path that is NULL is no file */
    bool has_runtime;              /* this very runtime is there already: it is left as it is */
    const char *const
        *inputs; /* what was read, for the depfile; NULL where there is none, and repeats, are passed over */
    size_t input_count;
} generated;

/* Finds out where the files go. False, with an error, where one cannot be, or where nnc_runtime.h is someone else's. */
bool generated_find(arena *a, const options *o, generated *g, diag_list *diags);
bool generated_write(arena *a, const options *o, const generated *g, const plan *const *plans, emit_api *const *apis,
                     size_t count, diag_list *diags);

#endif
