/* beside: see beside.h. */
#include "commands/beside.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "emit/weights_file.h"
#include "support/memory.h"

typedef struct {
    const char *path;
    unsigned char *bytes;
    size_t size;
    bool big_endian;
} weights_image;

bool beside_is(const char *path) {
    char first[8];
    FILE *f = source_open(path);
    bool is =
        f && fread(first, 1, sizeof first, f) == sizeof first && memcmp(first, WEIGHTS_FILE_MAGIC, sizeof first) == 0;
    if (f) fclose(f);
    return is;
}

/* --- reading --- */

static bool read_all(FILE *from, weights_image *f) {
    size_t room = 1 << 16;
    for (;;) {
        f->bytes = memory_grown(f->bytes, room, 1);
        f->size += fread(f->bytes + f->size, 1, room - f->size, from);
        if (f->size < room) return !ferror(from);
        room *= 2;
    }
}

static bool read_image(const char *path, weights_image *f, diag_list *diags) {
    *f = (weights_image){.path = path};
    errno = 0;
    FILE *from = source_open(path);
    bool good = from && read_all(from, f);
    if (!good) diag_error_file(diags, path, "%s", errno ? strerror(errno) : "it cannot be read");
    if (from) fclose(from);
    return good;
}

static uint64_t number(const weights_image *f, size_t at, size_t width) {
    uint64_t value = 0;
    for (size_t i = 0; i < width; i++) value |= (uint64_t)f->bytes[at + i] << 8 * (f->big_endian ? width - 1 - i : i);
    return value;
}

/* The checks of runtime/weights.h, in words. */
static bool check_image(weights_image *f, diag_list *diags) {
    if (f->size < WEIGHTS_FILE_HEAD + WEIGHTS_FILE_CHECKSUM || memcmp(f->bytes, WEIGHTS_FILE_MAGIC, 8) != 0) {
        diag_error_file(diags, f->path, "this is no file of weights, or the beginning of one");
        return false;
    }
    f->big_endian = number(f, WEIGHTS_FILE_ORDER, 4) != WEIGHTS_FILE_THIS_ORDER;
    if (number(f, WEIGHTS_FILE_ORDER, 4) != WEIGHTS_FILE_THIS_ORDER) {
        diag_error_file(diags, f->path, "it says of no byte order that it is in it: it is damaged");
        return false;
    }
    uint64_t version = number(f, WEIGHTS_FILE_VERSION, 4), size = number(f, WEIGHTS_FILE_SIZE, 8);
    if (version != WEIGHTS_FILE_THIS_VERSION) {
        diag_error_file(diags, f->path, "it is in version %" PRIu64 " of the format, and this nnc knows version %d",
                        version, WEIGHTS_FILE_THIS_VERSION);
        return false;
    }
    if (size != f->size) {
        diag_error_file(diags, f->path, "it should have %" PRIu64 " bytes, and has %zu", size, f->size);
        return false;
    }
    uint64_t sum = number(f, f->size - WEIGHTS_FILE_CHECKSUM, 8);
    if (sum == weights_file_checksum(f->bytes, f->size - WEIGHTS_FILE_CHECKSUM)) return true;
    diag_error_file(diags, f->path, "it is damaged: its checksum is that of other bytes");
    return false;
}

/* Where its text stands, within the file. */
static bool text_of(arena *a, const weights_image *f, const char **lines, diag_list *diags) {
    uint64_t at = number(f, WEIGHTS_FILE_TEXT, 8), length = number(f, WEIGHTS_FILE_TEXT_LENGTH, 8);
    if (at > f->size || length > f->size - at) {
        diag_error_file(diags, f->path, "its text lies outside of it");
        return false;
    }
    *lines = arena_strndup(a, (const char *)f->bytes + at, length);
    return true;
}

/* --- showing --- */

static void show_image(const weights_image *f, const char *lines, text *to) {
    text_printf(to, "# weights for a %s-endian machine, %zu bytes, of the model %016" PRIx64 "\n",
                f->big_endian ? "big" : "little", f->size, number(f, WEIGHTS_FILE_SIGNATURE, 8));
    text_add(to, lines);
}

static bool has_line(const char *lines, const char *line, size_t length) {
    for (const char *at = lines; *at; at += strcspn(at, "\n") + 1)
        if (strncmp(at, line, length) == 0 && at[length] == '\n') return true;
    return false;
}

/* Lines of one text that the other has not. */
static void show_missing(const char *lines, const char *others, char sign, text *to) {
    for (const char *line = lines; *line; line += strcspn(line, "\n") + 1) {
        size_t length = strcspn(line, "\n");
        if (!has_line(others, line, length)) text_printf(to, "%c %.*s\n", sign, (int)length, line);
        if (!line[length]) return;
    }
}

static void show_difference(const weights_image *f, const char *lines, const weights_image *g, const char *others,
                            text *to) {
    if (f->big_endian != g->big_endian) text_printf(to, "\n# %s is for the other byte order\n", g->path);
    if (number(f, WEIGHTS_FILE_SIGNATURE, 8) == number(g, WEIGHTS_FILE_SIGNATURE, 8)) {
        text_printf(to, "\n# the same code takes %s\n", g->path);
        return;
    }
    text_printf(to, "\n# other code takes %s: there, without - and with +\n", g->path);
    show_missing(lines, others, '-', to);
    show_missing(others, lines, '+', to);
}

bool beside_show(arena *a, const char *path, const char *other, diag_list *diags, text *to) {
    weights_image f = {0}, g = {0};
    const char *lines = NULL, *others = NULL;
    bool good = read_image(path, &f, diags) && check_image(&f, diags) && text_of(a, &f, &lines, diags);
    if (good) show_image(&f, lines, to);
    if (good && other) {
        good = read_image(other, &g, diags) && check_image(&g, diags) && text_of(a, &g, &others, diags);
        if (good) show_difference(&f, lines, &g, others, to);
    }
    free(f.bytes);
    free(g.bytes);
    return good;
}
