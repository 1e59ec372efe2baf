/* output: files that appear whole or not at all.
 *
 * A file is written under a temporary name in its folder and takes its own name only when output_commit is called, after
 * everything has succeeded. What is not committed is removed. */
#ifndef NNC_OUTPUT_H
#define NNC_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "support/arena.h"

typedef struct {
    const char *path, *temporary; /* temporary is NULL for standard output */
    FILE *file;
} output;

/* "-" is standard output. False when the file cannot be made: a message was printed. */
bool output_open(arena *a, output *o, const char *path);
/* Closes the temporary files and gives them their names; false, with a message and nothing changed as far as the file
 * system allows, when something fails. */
bool output_commit(output *const *outputs, size_t count);
void output_discard(output *const *outputs, size_t count);

#endif
