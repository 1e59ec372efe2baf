/* text: text that grows by doubling. */
#include "support/text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "support/ice.h"

text text_new(arena *a) { return (text){.arena = a}; }

/* Makes room for `more` bytes and the 0 behind them. */
static void reserve(text *t, size_t more) {
    if (t->capacity && more < t->capacity - t->length) return;
    if (more > SIZE_MAX / 2 - t->length - 1) ice("a text of more than half the address space");
    size_t capacity = t->capacity ? t->capacity : 64;
    while (capacity - t->length <= more) capacity *= 2;
    char *moved = arena_alloc(t->arena, capacity);
    if (t->length) memcpy(moved, t->bytes, t->length);
    t->bytes = moved;
    t->capacity = capacity;
}

void text_add_n(text *t, const char *s, size_t length) {
    reserve(t, length);
    if (length) memcpy(t->bytes + t->length, s, length);
    t->length += length;
    t->bytes[t->length] = 0;
}

void text_add(text *t, const char *s) { text_add_n(t, s, strlen(s)); }

void text_printf(text *t, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0) ice("a format that vsnprintf refuses: %s", format);
    reserve(t, (size_t)length);
    va_start(args, format);
    vsnprintf(t->bytes + t->length, (size_t)length + 1, format, args);
    va_end(args);
    t->length += (size_t)length;
}

const char *text_string(const text *t) { return t->bytes ? t->bytes : ""; }

size_t text_utf8_length(const char *s, size_t available) {
    if (!available) return 0;
    const unsigned char *b = (const unsigned char *)s;
    if (b[0] < 0x80) return 1;
    size_t length = b[0] >= 0xF0 ? 4 : b[0] >= 0xE0 ? 3 : 2;
    if (b[0] < 0xC2 || b[0] > 0xF4 || length > available) return 0;
    for (size_t i = 1; i < length; i++)
        if ((b[i] & 0xC0) != 0x80) return 0;
    /* Too long a form of a smaller number, a surrogate, or beyond U+10FFFF. */
    if ((b[0] == 0xE0 && b[1] < 0xA0) || (b[0] == 0xED && b[1] > 0x9F)) return 0;
    if ((b[0] == 0xF0 && b[1] < 0x90) || (b[0] == 0xF4 && b[1] > 0x8F)) return 0;
    return length;
}
