/* depfile: a rule for make and ninja, as compilers write it with -MD -MP. */
#ifndef NNC_DEPFILE_H
#define NNC_DEPFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* "made: read", and for every file read but the first an empty rule, so that make goes on when it is there no more.
 * Paths that are NULL or stand earlier in the list are passed over. False when writing failed. */
bool depfile_write(FILE *to, const char *const *made, size_t made_count, const char *const *read, size_t read_count);

#endif
