/* depfile: see depfile.h. */
#include "depfile.h"

#include <string.h>

/* GNU make's quoting, which ninja reads too: a blank or # has a backslash before it, and so have the backslashes before
 * those; a $ is doubled. */
static void print_path(const char *path, FILE *to) {
    size_t backslashes = 0;
    for (; *path; path++) {
        if (*path == ' ' || *path == '\t' || *path == '#')
            for (size_t i = 0; i <= backslashes; i++) fputc('\\', to);
        if (*path == '$') fputc('$', to);
        fputc(*path, to);
        backslashes = *path == '\\' ? backslashes + 1 : 0;
    }
}

static bool is_new(const char *const *paths, size_t i) {
    for (size_t k = 0; paths[i] && k < i; k++)
        if (paths[k] && strcmp(paths[k], paths[i]) == 0) return false;
    return paths[i] != NULL;
}

bool depfile_write(FILE *to, const char *const *made, size_t made_count, const char *const *read, size_t read_count) {
    for (size_t i = 0; i < made_count; i++) {
        if (i) fputc(' ', to);
        print_path(made[i], to);
    }
    fputc(':', to);
    for (size_t i = 0; i < read_count; i++) {
        if (!is_new(read, i)) continue;
        fputs(" \\\n  ", to);
        print_path(read[i], to);
    }
    fputc('\n', to);
    for (size_t i = 1; i < read_count; i++) {
        if (!is_new(read, i)) continue;
        fputc('\n', to);
        print_path(read[i], to);
        fputs(":\n", to);
    }
    return fflush(to) == 0 && !ferror(to);
}
