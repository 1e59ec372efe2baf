/* output: files that appear whole or not at all.
 *
 * A file is written under a temporary name in its folder and takes its own name only when output_commit is called,
 * after everything has succeeded. What is not committed is removed, when INT, TERM or HUP end the program as well. A
 * device or a pipe has no name to take: it is written to at once, so let its turn come last. */
#ifndef NNC_OUTPUT_H
#define NNC_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "place.h"
#include "support/diag.h"

typedef struct {
    place place;
    const char *temporary; /* NULL for what is written through */
    FILE *file;
} output;

/* place_find, with an error among the diagnostics. */
bool output_find(arena *a, const char *path, place *p, diag_list *diags);
/* False, with an error, where an output is an input (a path, or NULL) or another output. An output whose path is NULL
 * is none. */
bool output_distinct(const place *outputs, size_t count, const char *const *inputs, size_t input_count,
                     diag_list *diags);
/* Opens what output_find found; false, with an error among the diagnostics, when it cannot be. */
bool output_open(arena *a, output *o, const place *where, diag_list *diags);
/* Says why writing failed: errno. */
void output_complain(const output *o, diag_list *diags);
/* Closes the temporary files and gives them their names; false, with an error and nothing changed as far as the file
 * system allows, when something fails, or when two of them are one file there, which ignores case. */
bool output_commit(output *const *outputs, size_t count, diag_list *diags);
void output_discard(output *const *outputs, size_t count);

/* Makes a folder where there is none; false, with an error, when it cannot be. Those that were made are removed by
 * output_end_folders(false), or when a signal ends the program, as far as nothing is in them. */
bool output_make_folder(const char *path, diag_list *diags);
void output_end_folders(bool keep);

#endif
