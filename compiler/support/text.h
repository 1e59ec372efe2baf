/* text: text that grows, for dumps and messages. Lives in an arena; always 0-terminated. */
#ifndef NNC_SUPPORT_TEXT_H
#define NNC_SUPPORT_TEXT_H

#include "support/arena.h"

typedef struct {
    arena *arena;
    char *bytes; /* NULL until something is added */
    size_t length, capacity;
} text;

text text_new(arena *a);
void text_add(text *t, const char *s);
void text_add_n(text *t, const char *s, size_t length);
void text_printf(text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *text_string(const text *t); /* never NULL; valid until the next addition */

/* How many bytes (1 to 4) the UTF-8 character at the start of s takes, or 0 when there is none or it is not valid. */
size_t text_utf8_length(const char *s, size_t available);

#endif
