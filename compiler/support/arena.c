/* arena: chunks of memory, each bigger than the last, handed out from the front.
 *
 * Chunks come from calloc, so that fresh memory is zero without being touched: a big array that is never filled costs
 * no pages. A request too big for the usual chunk gets one of its own, behind the current one, whose room stays usable.
 */
#include "support/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/ice.h"
#include "support/memory.h"

enum { FIRST_CHUNK = 4 * 1024, BIGGEST_CHUNK = 1024 * 1024 };

typedef struct chunk chunk;
struct chunk {
    chunk *older;
    size_t used, size; /* of bytes */
    _Alignas(max_align_t) unsigned char bytes[];
};

struct arena {
    chunk *current; /* never NULL */
};

static chunk *chunk_new(size_t size, chunk *older) {
    if (size > SIZE_MAX - sizeof(chunk)) memory_out(size);
    chunk *c = memory_new(1, sizeof(chunk) + size);
    c->older = older;
    c->size = size;
    return c;
}

arena *arena_new(void) {
    arena *a = memory_new(1, sizeof *a);
    a->current = chunk_new(FIRST_CHUNK, NULL);
    return a;
}

void arena_free(arena *a) {
    if (!a) return;
    for (chunk *c = a->current, *older; c; c = older) {
        older = c->older;
        free(c);
    }
    free(a);
}

void *arena_alloc(arena *a, size_t bytes) {
    const size_t align = _Alignof(max_align_t);
    if (bytes > SIZE_MAX - align) memory_out(bytes);
    size_t rounded = (bytes + align - 1) / align * align;
    chunk *c = a->current;
    if (rounded > c->size - c->used) {
        size_t usual = c->size < BIGGEST_CHUNK ? 2 * c->size : BIGGEST_CHUNK;
        if (rounded > usual / 4) {
            c->older = chunk_new(rounded, c->older);
            c->older->used = rounded;
            return c->older->bytes;
        }
        c = a->current = chunk_new(usual, c);
    }
    void *found = c->bytes + c->used;
    c->used += rounded;
    return found;
}

void *arena_array(arena *a, size_t count, size_t bytes_each) {
    if (bytes_each && count > SIZE_MAX / bytes_each) ice("an array of %zu * %zu bytes", count, bytes_each);
    return arena_alloc(a, count * bytes_each);
}

void *arena_copy(arena *a, const void *from, size_t bytes) {
    void *to = arena_alloc(a, bytes);
    if (bytes) memcpy(to, from, bytes);
    return to;
}

char *arena_strdup(arena *a, const char *s) { return arena_copy(a, s, strlen(s) + 1); }

char *arena_strndup(arena *a, const char *s, size_t length) {
    size_t shorter = 0;
    while (shorter < length && s[shorter]) shorter++;
    char *to = arena_alloc(a, shorter + 1);
    if (shorter) memcpy(to, s, shorter);
    return to;
}

char *arena_printf(arena *a, const char *format, ...) {
    va_list args;
    va_start(args, format);
    char *s = arena_vprintf(a, format, args);
    va_end(args);
    return s;
}

char *arena_vprintf(arena *a, const char *format, va_list args) {
    if (!format) ice("a message without a format");
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0) ice("a format that vsnprintf refuses: %s", format);
    char *s = arena_alloc(a, (size_t)length + 1);
    vsnprintf(s, (size_t)length + 1, format, args);
    return s;
}
