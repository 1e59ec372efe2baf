/* arena: bump allocation by lifetime.
 *
 * An arena hands out zeroed memory, aligned for any type, that lives until the arena is freed; nothing is freed
 * singly. One arena serves one lifetime (the whole compilation, one model, one printed file) and is passed as an
 * argument; there are no global arenas. Where there is no more memory, the program ends (memory.h). Not thread-safe.
 *
 *     arena *a = arena_new();
 *     char *s = arena_printf(a, "%s_%d", name, 3);
 *     arena_free(a);                                   // s is gone too
 */
#ifndef NNC_SUPPORT_ARENA_H
#define NNC_SUPPORT_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include <string.h>

typedef struct arena arena;

arena *arena_new(void);
void arena_free(arena *a); /* NULL is allowed */

void *arena_alloc(arena *a, size_t bytes);                    /* zeroed; never NULL */
void *arena_array(arena *a, size_t count, size_t bytes_each); /* zeroed; an overflow of the product is an ice() */
void *arena_copy(arena *a, const void *from, size_t bytes);
char *arena_strdup(arena *a, const char *s);
char *arena_strndup(arena *a, const char *s, size_t length);
char *arena_printf(arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(arena *a, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, count) ((type *)arena_array((a), (count), sizeof(type)))

/* A growing array inside an arena: `type *items; size_t count, capacity;` are three members of some struct.
 * ARENA_PUSH appends one value; old storage stays valid until the arena is freed. */
#define ARENA_PUSH(a, items, count, capacity, value)                                                                  \
    do {                                                                                                              \
        if ((count) == (capacity)) {                                                                                  \
            size_t grown_ = (capacity) ? 2 * (size_t)(capacity) : 8;                                                  \
            void *moved_ = arena_array((a), grown_, sizeof *(items));                                                 \
            if (count) memcpy(moved_, (items), (size_t)(count) * sizeof *(items));                                    \
            (items) = moved_;                                                                                         \
            (capacity) = grown_;                                                                                      \
        }                                                                                                             \
        (items)[(count)++] = (value);                                                                                 \
    } while (0)

#endif
