/* output: see output.h. */
#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool complain(diag_list *diags, const char *path) {
    diag_error_file(diags, strcmp(path, "-") == 0 ? "standard output" : path, "%s", strerror(errno));
    return false;
}

bool output_open(arena *a, output *o, const char *path, diag_list *diags) {
    o->path = path;
    o->temporary = NULL;
    o->file = stdout;
    if (strcmp(path, "-") == 0) return true;
    struct stat s;
    if (stat(path, &s) == 0 && S_ISDIR(s.st_mode)) {
        errno = EISDIR;
        return complain(diags, path);
    }
    char *temporary = arena_printf(a, "%s.XXXXXX", path);
    int fd = mkstemp(temporary);
    if (fd < 0) return complain(diags, path);
    o->temporary = temporary;
    /* mkstemp's files are private; an output is as readable as any other file */
    mode_t mask = umask(0);
    umask(mask);
    if (fchmod(fd, 0666 & ~mask) != 0 || !(o->file = fdopen(fd, "wb"))) {
        complain(diags, path);
        close(fd);
        unlink(temporary);
        o->temporary = NULL;
        return false;
    }
    return true;
}

void output_discard(output *const *outputs, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!outputs[i]->temporary) continue;
        if (outputs[i]->file) fclose(outputs[i]->file);
        unlink(outputs[i]->temporary);
        outputs[i]->temporary = NULL;
        outputs[i]->file = NULL;
    }
}

bool output_commit(output *const *outputs, size_t count, diag_list *diags) {
    bool good = true;
    for (size_t i = 0; i < count && good; i++) {
        FILE *f = outputs[i]->file;
        if (!f) continue;
        good = fflush(f) == 0 && !ferror(f);
        if (outputs[i]->temporary) {
            good = fclose(f) == 0 && good;
            outputs[i]->file = NULL;
        }
        if (!good) complain(diags, outputs[i]->path);
    }
    for (size_t i = 0; i < count && good; i++) {
        if (!outputs[i]->temporary) continue;
        good = rename(outputs[i]->temporary, outputs[i]->path) == 0;
        if (good) outputs[i]->temporary = NULL;
        else complain(diags, outputs[i]->path);
    }
    if (!good) output_discard(outputs, count);
    return good;
}
