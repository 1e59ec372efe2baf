/* process: another program, run to its end. No shell reads anything. */
#ifndef NNC_NATIVE_PROCESS_H
#define NNC_NATIVE_PROCESS_H

#include "support/arena.h"

/* argv[0] is looked up as execvp does, argv ends with NULL. Standard input is empty; what the
 * program prints, to both streams, goes to the file `said`. NULL when it ended with status 0, else
 * what happened, in arena text to be read after its name: "ended with status 1". */
const char *process_run(arena *a, char *const *argv, const char *said);

/* Words of a variable like CC or CFLAGS, separated by blanks; *count of them. */
char **process_words(arena *a, const char *value, size_t *count);

#endif
