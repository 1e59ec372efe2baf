/* output: files that appear whole or not at all.
 *
 * A file is written under a temporary name in its folder and takes its own name only when output_commit is called, after
 * everything has succeeded. What is not committed is removed. */
#ifndef NNC_OUTPUT_H
#define NNC_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "support/diag.h"

typedef struct {
    const char *path, *temporary; /* temporary is NULL for standard output */
    FILE *file;
} output;

/* "-" is standard output. False when the file cannot be made: an error about it is among the diagnostics. */
bool output_open(arena *a, output *o, const char *path, diag_list *diags);
/* Closes the temporary files and gives them their names; false, with an error and nothing changed as far as the file
 * system allows, when something fails. */
bool output_commit(output *const *outputs, size_t count, diag_list *diags);
void output_discard(output *const *outputs, size_t count);

#endif
