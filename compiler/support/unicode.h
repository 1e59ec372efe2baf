/* unicode: characters of UTF-8 text as a terminal and an editor count them. */
#ifndef NNC_SUPPORT_UNICODE_H
#define NNC_SUPPORT_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/text.h"

typedef struct {
    size_t bytes;   /* at least 1: a byte that is not valid UTF-8 is a character of its own */
    uint32_t code;  /* U+FFFD for such a byte */
    unsigned width; /* columns of a terminal: 0 (combining), 1, or 2 (East Asian wide, emoji); a tab counts as 1 */
    unsigned units; /* of UTF-16, which editors count: 2 beyond U+FFFF */
} unicode_character;

/* The character at the start of s, of which `available` bytes, at least 1, may be read. */
unicode_character unicode_character_at(const char *s, size_t available);

/* Characters that must not reach a terminal as they are: controls other than the tab, and those that turn the direction
 * of text, by which a line can be made to look like another one. */
bool unicode_is_control(uint32_t code);

/* Text as it may be shown: what is no UTF-8, and such characters, replaced by U+FFFD. */
void unicode_add_safe(text *to, const char *s, size_t length);

#endif
