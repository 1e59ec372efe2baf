/* output: see output.h. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "temporary.h"
#include "support/memory.h"

/* --- outputs --- */

bool output_find(arena *a, const char *path, place *p, diag_list *diags) {
    if (place_find(a, path, p)) return true;
    diag_error_file(diags, place_text(p), "cannot be written: %s", strerror(errno));
    return false;
}

static void complain_of_two(const place *p, const place *other, diag_list *diags) {
    diag_error_file(diags, place_text(p), "two outputs are this file; the other is %s", place_text(other));
}

bool output_distinct(const place *outputs, size_t count, const char *const *inputs, size_t input_count,
                     diag_list *diags) {
    place input;
    for (size_t i = 0; i < count; i++) {
        const place *p = &outputs[i];
        for (size_t k = 0; p->path && k < input_count; k++) {
            if (!inputs[k] || !place_of_input(inputs[k], &input) || !place_same(p, &input)) continue;
            diag_error_file(diags, place_text(p), "this output is an input, %s", inputs[k]);
            return false;
        }
        for (size_t k = 0; p->path && k < i; k++) {
            if (!outputs[k].path || !place_same(p, &outputs[k])) continue;
            complain_of_two(p, &outputs[k], diags);
            return false;
        }
    }
    return true;
}

void output_complain(const output *o, diag_list *diags) {
    const char *why = errno == ENXIO ? "nothing reads from this pipe" : strerror(errno);
    diag_error_file(diags, place_text(&o->place), "cannot be written: %s", why);
}

static bool open_through(output *o) {
    if (strcmp(o->place.path, "-") == 0) {
        o->file = stdout;
        return true;
    }
    int fd;
    /* a pipe's reader may be about to come; that none ever does must not hang a build */
    for (int i = 0; (fd = open(o->place.file, O_WRONLY | O_NOCTTY | O_NONBLOCK)) < 0 && errno == ENXIO && i < 200; i++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    return fd >= 0 && fcntl(fd, F_SETFL, 0) == 0 && (o->file = fdopen(fd, "wb"));
}

static bool open_temporary(arena *a, output *o) {
    char *temporary = arena_printf(a, "%s.XXXXXX", o->place.file);
    sigset_t before = temporary_hold();
    int fd = mkstemp(temporary);
    if (fd >= 0) {
        o->temporary = temporary;
        temporary_file(NULL, temporary);
    }
    temporary_let(&before);
    /* mkstemp's files are private; an output is as readable as the file that it replaces, or as any other file */
    struct stat old;
    mode_t mask = umask(0), mode = 0666 & ~mask;
    umask(mask);
    if (o->place.exists && stat(o->place.file, &old) == 0) mode = old.st_mode & 0777;
    return fd >= 0 && fchmod(fd, mode) == 0 && (o->file = fdopen(fd, "wb"));
}

bool output_open(arena *a, output *o, const place *where, diag_list *diags) {
    temporary_begin();
    *o = (output){.place = *where};
    if (where->through ? open_through(o) : open_temporary(a, o)) return true;
    output_complain(o, diags);
    output_discard((output *const[]){o}, 1);
    return false;
}

void output_discard(output *const *outputs, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (outputs[i]->file && outputs[i]->file != stdout) fclose(outputs[i]->file);
        outputs[i]->file = NULL;
        if (!outputs[i]->temporary) continue;
        unlink(outputs[i]->temporary);
        temporary_file(outputs[i]->temporary, NULL);
        outputs[i]->temporary = NULL;
    }
}

static bool finish(output *o) {
    FILE *f = o->file;
    bool good = fflush(f) == 0 && !ferror(f);
    o->file = NULL;
    return (f == stdout || fclose(f) == 0) && good;
}

static bool take_name(output *o) {
    if (!o->temporary) return true;
    if (rename(o->temporary, o->place.file) != 0) return false;
    temporary_file(o->temporary, NULL);
    o->temporary = NULL;
    return true;
}

static bool for_all(output *const *outputs, size_t count, bool (*f)(output *), diag_list *diags) {
    for (size_t i = 0; i < count; i++) {
        if (f(outputs[i])) continue;
        output_complain(outputs[i], diags);
        return false;
    }
    return true;
}

/* Are two new files, whose names differ, one where they are to stand? The file system knows: it is asked for the
 * temporary file of the one under the other's name. */
static bool is_one_file(const output *a, const output *b) {
    const place *p = &a->place, *q = &b->place;
    char path[PATH_MAX];
    struct stat found, temporary;
    bool alike = a->temporary && b->temporary && !p->exists && !q->exists && p->device == q->device &&
                 p->inode == q->inode && strcasecmp(p->name, q->name) == 0;
    int n = alike ? snprintf(path, sizeof path, "%s%s", q->file, a->temporary + strlen(p->file)) : 0;
    return n > 0 && n < PATH_MAX && stat(path, &found) == 0 && stat(a->temporary, &temporary) == 0 &&
           found.st_dev == temporary.st_dev && found.st_ino == temporary.st_ino;
}

/* Before any of them takes its name, which would take the place of another. */
static bool are_apart(output *const *outputs, size_t count, diag_list *diags) {
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++) {
            if (!is_one_file(outputs[i], outputs[k])) continue;
            complain_of_two(&outputs[i]->place, &outputs[k]->place, diags);
            return false;
        }
    return true;
}

bool output_commit(output *const *outputs, size_t count, diag_list *diags) {
    sigset_t before;
    bool good = are_apart(outputs, count, diags) && for_all(outputs, count, finish, diags);
    if (good) {
        before = temporary_hold();
        good = for_all(outputs, count, take_name, diags);
        temporary_let(&before);
    }
    if (!good) output_discard(outputs, count);
    return good;
}

/* --- folders --- */

enum { MOST_FOLDERS = 16 };
static const char *made[MOST_FOLDERS]; /* the outer ones first */
static size_t made_count;

bool output_make_folder(const char *path, diag_list *diags) {
    struct stat s;
    if (made_count == MOST_FOLDERS) ice("more than %d folders", MOST_FOLDERS);
    temporary_begin();
    sigset_t before = temporary_hold();
    bool good = mkdir(path, 0777) == 0;
    int why = errno;
    if (good) temporary_folder(NULL, made[made_count++] = memory_copy(path));
    temporary_let(&before);
    if (good || (why == EEXIST && stat(path, &s) == 0 && S_ISDIR(s.st_mode))) return true;
    if (why == EEXIST) diag_error_file(diags, path, "is not a folder");
    else diag_error_file(diags, path, "cannot be made: %s", strerror(why));
    return false;
}

void output_end_folders(bool keep) {
    sigset_t before = temporary_hold();
    while (made_count) {
        const char *path = made[--made_count];
        if (!keep) rmdir(path);
        temporary_folder(path, NULL);
        free((void *)(uintptr_t)path);
    }
    temporary_let(&before);
}
