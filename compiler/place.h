/* place: where a path leads, and whether two paths lead to one file, however they are spelled. Nothing is touched. */
#ifndef NNC_PLACE_H
#define NNC_PLACE_H

#include <stdbool.h>
#include <sys/types.h>

#include "support/arena.h"

typedef struct {
    const char *path;  /* as given; "-" is standard output */
    const char *file;  /* behind all symbolic links */
    bool through;      /* a device, a pipe, standard output: what is written cannot be taken back */
    bool character;    /* a character device: nothing there can be lost */
    bool exists;
    dev_t device;      /* the file's; of one that does not exist yet, its folder's */
    ino_t inode;
    const char *name;  /* of a file that does not exist yet, in that folder */
} place;

/* A place that can be written to. False, and errno says why, where none is: a folder, a file that may not be written, a
 * name in a folder that does not exist. */
bool place_find(arena *a, const char *path, place *p);
/* A file to be read; false if there is none. */
bool place_of_input(const char *path, place *p);
bool place_same(const place *a, const place *b);
const char *place_text(const place *p); /* for messages */

const char *path_base(const char *path);
/* `name`, which may be absolute, as seen from the folder of `path`. */
const char *path_beside(arena *a, const char *path, const char *name);

#endif
