/* folder: a folder of files that appears whole or not at all.
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
    output *files[FOLDER_MOST_FILES]; /* written, and not yet in their places */
    size_t count;
} folder;

folder folder_new(arena *a, const char *path, diag_list *diags);
/* Is there anything in it? Of a folder that does not exist: no. */
bool folder_is_empty(const char *path);
/* Makes the folders that a path within it needs; false, with an error, where one cannot be. */
bool folder_make_way(folder *f, const char *relative);
/* All templates of a set. */
bool folder_add_set(folder *f, const char *set, const template_variable *variables);
bool folder_commit(folder *f);
void folder_discard(folder *f);

#endif
