/* place: see place.h. */
#include "place.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_LINKS = 40 };

const char *path_base(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

const char *path_beside(arena *a, const char *path, const char *name) {
    const char *slash = strrchr(path, '/');
    if (name[0] == '/' || !slash) return name;
    return arena_printf(a, "%.*s/%s", (int)(slash - path), path, name);
}

const char *place_text(const place *p) { return strcmp(p->path, "-") == 0 ? "standard output" : p->path; }

/* Where the links lead that end in a file that does not exist; NULL if they go round. */
static const char *follow(arena *a, const char *path) {
    char link[PATH_MAX];
    for (int i = 0; i < MOST_LINKS; i++) {
        ssize_t n = readlink(path, link, sizeof link - 1);
        if (n < 0) return path;
        link[n] = '\0';
        path = path_beside(a, path, arena_printf(a, "%s", link));
    }
    errno = ELOOP;
    return NULL;
}

static bool find_new(arena *a, place *p) {
    struct stat s;
    p->file = follow(a, p->path);
    if (!p->file || stat(path_beside(a, p->file, strchr(p->file, '/') ? "" : "."), &s) != 0) return false;
    p->device = s.st_dev;
    p->inode = s.st_ino;
    p->name = path_base(p->file);
    if (*p->name) return true;
    errno = ENOENT;
    return false;
}

static void set_found(place *p, const struct stat *s) {
    p->exists = true;
    p->through = !S_ISREG(s->st_mode);
    p->character = S_ISCHR(s->st_mode);
    p->device = s->st_dev;
    p->inode = s->st_ino;
}

bool place_find(arena *a, const char *path, place *p) {
    struct stat s;
    *p = (place){.path = path, .file = path};
    if (strcmp(path, "-") == 0) {
        if (fstat(STDOUT_FILENO, &s) != 0) return false;
        set_found(p, &s);
        p->through = true;
        return true;
    }
    if (stat(path, &s) != 0) return errno == ENOENT && find_new(a, p);
    if (S_ISDIR(s.st_mode)) {
        errno = EISDIR;
        return false;
    }
    set_found(p, &s);
    if (access(path, W_OK) != 0) return false;
    if (p->through) return true;
    char *real = realpath(path, NULL);
    if (!real) return false;
    p->file = arena_printf(a, "%s", real);
    free(real);
    return true;
}

bool place_of_input(const char *path, place *p) {
    struct stat s;
    *p = (place){.path = path, .file = path};
    if (stat(path, &s) != 0) return false;
    set_found(p, &s);
    return true;
}

bool place_same(const place *a, const place *b) {
    if (a->exists != b->exists || a->device != b->device || a->inode != b->inode) return false;
    if (a->exists) return !(a->character && b->character);
    return strcmp(a->name, b->name) == 0;
}
