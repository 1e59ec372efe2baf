/* folder: a folder of files that appears whole or not at all, and takes the place of no input.
 *
 *     folder f = folder_new(a, path, diags);
 *     if (folder_add_set(&f, "package/arduino", variables) && …) good = folder_commit(&f);
 *     else folder_discard(&f);
 *
 * Files that are there and are not written stay as they are. */
#ifndef NNC_FOLDER_H
#define NNC_FOLDER_H

#include "output.h"
#include "template.h"

enum { FOLDER_MOST_FILES = 24 };

typedef struct {
    arena *arena;
    const char *path;
    diag_list *diags;
    const char *const *inputs; /* paths, or NULL: set by who has any */
    size_t input_count;
    output *files[FOLDER_MOST_FILES]; /* written, and not yet in their places */
    size_t count;
} folder;

folder folder_new(arena *a, const char *path, diag_list *diags);
/* Is there anything in it? Of a folder that does not exist: no. */
bool folder_is_empty(const char *path);
/* Makes the folders that a path within it needs; false, with an error, where one cannot be. */
bool folder_make_way(folder *f, const char *relative);
/* False, with an error, where one of the places (of a file to be written into the folder by other means) is an input,
 * or that of a file which was added, or differs by case alone from another one. */
bool folder_distinct(const folder *f, const place *places, size_t count);
/* All templates of a set. */
bool folder_add_set(folder *f, const char *set, const template_variable *variables);
bool folder_commit(folder *f);
void folder_discard(folder *f);

#endif
