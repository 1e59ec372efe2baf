/* catalogue: the layers, functions and rules of training that a .nn file can name, with their
 * arguments; for editors. */
#ifndef NNC_LOWER_CATALOGUE_H
#define NNC_LOWER_CATALOGUE_H

#include <stdbool.h>

#include "support/arena.h"

typedef struct {
    const char *name;
    bool required, variadic;
    const char *takes; /* "an integer", "a tensor" */
} catalogue_argument;

typedef enum {
    CATALOGUE_LAYER,
    CATALOGUE_FUNCTION,
    CATALOGUE_RULE
} catalogue_kind; /* a rule: SGD, of a train statement */

typedef struct {
    const char *name;
    catalogue_kind kind;
    const catalogue_argument *arguments; /* of a layer, those that it is made with */
    size_t count;
    const catalogue_argument *call_arguments; /* of a layer, those that it is called with */
    size_t call_count;
} catalogue_entry;

typedef struct {
    catalogue_entry *items; /* by kind */
    size_t count, capacity;
} catalogue;

catalogue catalogue_new(arena *a);
const catalogue_entry *catalogue_find(const catalogue *c, const char *name); /* or NULL */

#endif
