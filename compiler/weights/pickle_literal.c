/* pickle_literal: numbers and texts as the opcodes of all protocols write them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "weights/pickle_machine.h"

enum { LONGEST_NUMBER = 400 };

bool machine_push_text(machine *m, pickle_kind kind, const char *bytes, size_t length) {
    if (!machine_spend(m, sizeof(pickle_text))) return false;
    pickle_text *t = ARENA_NEW(m->base.arena, pickle_text);
    *t = (pickle_text){bytes, length};
    return machine_push(m, (pickle_value){.kind = kind, .as.text = t});
}

bool machine_push_counted(machine *m, pickle_kind kind, unsigned bytes_of_length) {
    uint64_t length;
    const unsigned char *bytes;
    if (!machine_take_number(m, bytes_of_length, &length) || !machine_take(m, length, &bytes))
        return false;
    return machine_push_text(m, kind, (const char *)bytes, (size_t)length);
}

bool machine_push_integer(machine *m, int64_t integer) {
    return machine_push(m, (pickle_value){.kind = PICKLE_INTEGER, .as.integer = integer});
}

bool machine_push_bool(machine *m, bool boolean) {
    return machine_push(m, (pickle_value){.kind = PICKLE_BOOL, .as.boolean = boolean});
}

/* INT and LONG of protocol 0, LONG1 and LONG4. */
bool machine_push_decimal(machine *m, pickle_text line, bool is_long) {
    if (is_long && line.length && line.bytes[line.length - 1] == 'L') line.length--;
    if (!is_long && line.length == 2 && line.bytes[0] == '0' &&
        (line.bytes[1] == '0' || line.bytes[1] == '1'))
        return machine_push_bool(m, line.bytes[1] == '1');
    size_t sign = line.length && (line.bytes[0] == '-' || line.bytes[0] == '+');
    bool good = line.length > sign && line.length < LONGEST_NUMBER;
    for (size_t i = sign; i < line.length; i++)
        good = good && line.bytes[i] >= '0' && line.bytes[i] <= '9';
    if (!good) return fail(m, "this is no whole number");
    errno = 0;
    long long value = strtoll(arena_strndup(m->base.arena, line.bytes, line.length), NULL, 10);
    return errno ? machine_push_text(m, PICKLE_LONG, line.bytes, line.length)
                 : machine_push_integer(m, value);
}

bool machine_push_long(machine *m, unsigned bytes_of_length) {
    uint64_t length;
    const unsigned char *bytes;
    if (!machine_take_number(m, bytes_of_length, &length) || !machine_take(m, length, &bytes))
        return false;
    if (length > 8) return machine_push_text(m, PICKLE_LONG, (const char *)bytes, (size_t)length);
    uint64_t value = length && bytes[length - 1] >> 7 ? UINT64_MAX : 0;
    for (uint64_t i = length; i-- > 0;) value = value << 8 | bytes[i];
    return machine_push_integer(m, (int64_t)value);
}

bool machine_push_real(machine *m) {
    uint64_t bits = 0;
    const unsigned char *bytes;
    if (!machine_take(m, 8, &bytes)) return false;
    for (unsigned i = 0; i < 8; i++) bits = bits << 8 | bytes[i];
    pickle_value v = {.kind = PICKLE_REAL};
    memcpy(&v.as.real, &bits, sizeof bits);
    return machine_push(m, v);
}

bool machine_push_real_line(machine *m) {
    pickle_text line;
    if (!machine_take_line(m, &line)) return false;
    if (line.length >= LONGEST_NUMBER) return fail(m, "this is no number");
    char *end, *text = arena_strndup(m->base.arena, line.bytes, line.length);
    pickle_value v = {.kind = PICKLE_REAL, .as.real = strtod(text, &end)};
    return line.length && !*end ? machine_push(m, v) : fail(m, "this is no number");
}

/* --- texts of protocol 0 ---------------------------------------------------------------------- */

static unsigned digit_of(char c) {
    return c >= '0' && c <= '9'   ? (unsigned)(c - '0')
           : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
           : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                                  : 16;
}

/* That many hexadecimal digits from s on. */
static bool hex(const char *s, const char *end, unsigned digits, uint32_t *value) {
    *value = 0;
    if (end - s < (ptrdiff_t)digits) return false;
    for (unsigned i = 0; i < digits; i++) {
        unsigned digit = digit_of(s[i]);
        if (digit > 15) return false;
        *value = *value << 4 | digit;
    }
    return true;
}

static char *put_utf8(char *to, uint32_t c) {
    if (c < 0x80) {
        *to++ = (char)c;
    } else if (c < 0x800) {
        *to++ = (char)(0xC0 | c >> 6);
        *to++ = (char)(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        *to++ = (char)(0xE0 | c >> 12);
        *to++ = (char)(0x80 | (c >> 6 & 0x3F));
        *to++ = (char)(0x80 | (c & 0x3F));
    } else {
        *to++ = (char)(0xF0 | c >> 18);
        *to++ = (char)(0x80 | (c >> 12 & 0x3F));
        *to++ = (char)(0x80 | (c >> 6 & 0x3F));
        *to++ = (char)(0x80 | (c & 0x3F));
    }
    return to;
}

/* UNICODE: Latin-1 with \uXXXX and \UXXXXXXXX, as UTF-8. */
bool machine_push_unicode_line(machine *m) {
    pickle_text line;
    if (!machine_take_line(m, &line) || !machine_spend(m, 2 * line.length + 1)) return false;
    char *text = arena_alloc(m->base.arena, 2 * line.length + 1), *to = text;
    for (const char *s = line.bytes, *end = s + line.length; s < end;) {
        unsigned digits = end - s > 1 && *s == '\\' ? (s[1] == 'u'   ? 4u
                                                       : s[1] == 'U' ? 8u
                                                                     : 0u)
                                                    : 0u;
        uint32_t c;
        if (!digits) to = put_utf8(to, (unsigned char)*s++);
        else if (!hex(s + 2, end, digits, &c) || c > 0x10FFFF)
            return fail(m, "this escape is cut or wrong");
        else to = put_utf8(to, c), s += 2 + digits;
    }
    return machine_push_text(m, PICKLE_TEXT, text, (size_t)(to - text));
}

/* STRING: a string as Python 2 would show it, in quotes and with escapes. */
bool machine_push_string_line(machine *m) {
    pickle_text line;
    if (!machine_take_line(m, &line) || !machine_spend(m, line.length + 1)) return false;
    const char *s = line.bytes, *end = s + line.length;
    if (line.length < 2 || (*s != '\'' && *s != '"') || end[-1] != *s)
        return fail(m, "this string has no quotes");
    char *text = arena_alloc(m->base.arena, line.length + 1), *to = text;
    for (s++, end--; s < end; s++) {
        static const char letters[] = "ntr0\\'\"abfv", meanings[] = "\n\t\r\0\\'\"\a\b\f\v";
        uint32_t c;
        const char *letter = *s == '\\' && end - s > 1 ? strchr(letters, s[1]) : NULL;
        if (letter && s[1]) {
            *to++ = meanings[letter - letters];
            s++;
        } else if (*s == '\\' && end - s > 1 && s[1] == 'x' && hex(s + 2, end, 2, &c)) {
            *to++ = (char)c;
            s += 3;
        } else {
            *to++ = *s;
        }
    }
    return machine_push_text(m, PICKLE_TEXT, text, (size_t)(to - text));
}
