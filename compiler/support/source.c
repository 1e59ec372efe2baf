/* source: reads a file and finds its lines. */
#define _POSIX_C_SOURCE 200809L

#include "support/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/unicode.h"

span span_join(span first, span last) {
    return (span){first.begin < last.begin ? first.begin : last.begin, first.end > last.end ? first.end : last.end};
}

/* Takes over bytes, which have a 0 behind them. */
static source *source_new(arena *a, const char *path, const char *bytes, size_t size) {
    static const char byte_order_mark[] = "\xEF\xBB\xBF";
    size_t dropped = size >= 3 && memcmp(bytes, byte_order_mark, 3) == 0 ? 3 : 0;
    bytes += dropped;
    size -= dropped;
    size_t lines = 1;
    for (size_t i = 0; i < size; i++) lines += bytes[i] == '\n';
    size_t *starts = ARENA_ARRAY(a, size_t, lines);
    size_t line = 1; /* starts[0] is 0 */
    for (size_t i = 0; i < size; i++)
        if (bytes[i] == '\n') starts[line++] = i + 1;

    source *s = ARENA_NEW(a, source);
    s->path = arena_strdup(a, path);
    s->text = bytes;
    s->size = size;
    s->dropped = dropped;
    s->line_starts = starts;
    s->line_count = lines;
    return s;
}

source *source_from_text(arena *a, const char *path, const char *bytes, size_t size) {
    char *copy = arena_alloc(a, size + 1);
    if (size) memcpy(copy, bytes, size);
    return source_new(a, path, copy, size);
}

/* Reads what fstat promised, or less when the file has shrunk meanwhile. */
static source *read_open_file(arena *a, const char *path, int file, size_t max_bytes, const char **error) {
    struct stat about;
    if (fstat(file, &about) != 0) {
        *error = arena_strdup(a, strerror(errno));
        return NULL;
    }
    if (!S_ISREG(about.st_mode)) {
        *error = S_ISDIR(about.st_mode) ? "is a directory" : "is not a regular file";
        return NULL;
    }
    if (about.st_size < 0 || (unsigned long long)about.st_size > max_bytes) {
        *error = arena_printf(a, "is larger than %zu bytes", max_bytes);
        return NULL;
    }
    size_t size = (size_t)about.st_size, done = 0;
    char *bytes = arena_alloc(a, size + 1);
    while (done < size) {
        ssize_t got = read(file, bytes + done, size - done);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            *error = arena_strdup(a, strerror(errno));
            return NULL;
        }
        if (got == 0) break;
        done += (size_t)got;
    }
    return source_new(a, path, bytes, done);
}

source *source_read_stream(arena *a, const char *path, FILE *from, size_t max_bytes, const char **error) {
    char *bytes = NULL, part[4096];
    size_t count = 0, capacity = 0;
    for (size_t got; (got = fread(part, 1, sizeof part, from)) > 0;)
        for (size_t i = 0; i < got && count <= max_bytes; i++) ARENA_PUSH(a, bytes, count, capacity, part[i]);
    if (ferror(from)) *error = arena_strdup(a, strerror(errno));
    else if (count > max_bytes) *error = arena_printf(a, "is larger than %zu bytes", max_bytes);
    if (*error) return NULL;
    ARENA_PUSH(a, bytes, count, capacity, '\0');
    return source_new(a, path, bytes, count - 1);
}

FILE *source_open(const char *path) {
    int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    FILE *f = file < 0 ? NULL : fdopen(file, "rb");
    if (!f && file >= 0) close(file);
    return f;
}

source *source_read(arena *a, const char *path, size_t max_bytes, const char **error) {
    /* Without O_NONBLOCK, opening a pipe would wait for its writer. */
    int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (file < 0) {
        *error = arena_strdup(a, strerror(errno));
        return NULL;
    }
    source *s = read_open_file(a, path, file, max_bytes, error);
    close(file);
    return s;
}

static size_t line_index(const source *s, size_t offset) {
    size_t low = 0, high = s->line_count; /* line_starts[low] <= offset < line_starts[high] */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (s->line_starts[middle] <= offset) low = middle;
        else high = middle;
    }
    return low;
}

/* Line and column from 0. An offset inside a character is where that character begins. */
static source_place place_of(const source *s, size_t offset, bool utf16) {
    if (offset > s->size) offset = s->size;
    source_place place = {line_index(s, offset), 0};
    for (size_t i = s->line_starts[place.line]; i < offset;) {
        unicode_character c = unicode_character_at(s->text + i, s->size - i);
        if (c.bytes > offset - i) break;
        i += c.bytes;
        place.column += utf16 ? c.units : 1;
    }
    return place;
}

source_place source_place_of(const source *s, size_t offset) {
    source_place place = place_of(s, offset, false);
    return (source_place){place.line + 1, place.column + 1};
}

source_place source_utf16_of(const source *s, size_t offset) { return place_of(s, offset, true); }

const char *source_line(const source *s, size_t line, size_t *length) {
    size_t begin = s->line_starts[line - 1];
    size_t end = line < s->line_count ? s->line_starts[line] - 1 : s->size;
    if (line < s->line_count && end > begin && s->text[end - 1] == '\r') end--;
    *length = end - begin;
    return s->text + begin;
}

bool source_path_ends(const char *path, const char *endings) {
    size_t length = strlen(path);
    for (const char *at = endings; *at; at += strspn(at, " ")) {
        size_t n = strcspn(at, " ");
        if (length >= n && strncasecmp(path + length - n, at, n) == 0) return true;
        at += n;
    }
    return false;
}

span source_clamp(const source *s, span where) {
    if (where.begin > s->size) where.begin = s->size;
    if (where.end < where.begin) where.end = where.begin;
    if (where.end > s->size) where.end = s->size;
    return where;
}
