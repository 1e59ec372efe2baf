/* ir_scan: characters of an IR text -> words, strings, numbers and values of attributes. Never reads past the end. */
#include "ir/ir_scan.h"

#include "ir/function.h"
#include "ir/ir_attrs.h"

#include <stdlib.h>
#include <string.h>

#include "support/text.h"

bool scan_fail(scanner *s, const char *message) {
    if (!s->error) s->error = arena_printf(s->arena, "line %zu: %s", s->line, message);
    return false;
}

void scan_blanks(scanner *s) {
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\r')) s->at++;
}

bool scan_next_is(scanner *s, char c) {
    scan_blanks(s);
    return s->at < s->end && *s->at == c;
}

bool scan_accept(scanner *s, const char *word) {
    scan_blanks(s);
    size_t length = strlen(word);
    if ((size_t)(s->end - s->at) < length || memcmp(s->at, word, length) != 0) return false;
    s->at += length;
    return true;
}

bool scan_want(scanner *s, const char *word) {
    if (scan_accept(s, word)) return true;
    return scan_fail(s, arena_printf(s->arena, "expected '%s'", word));
}

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

const char *scan_word(scanner *s, bool dots) {
    scan_blanks(s);
    const char *begin = s->at;
    if (s->at == s->end || !is_letter(*s->at)) return NULL;
    while (s->at < s->end && (is_letter(*s->at) || is_digit(*s->at) || (dots && *s->at == '.'))) s->at++;
    return arena_strndup(s->arena, begin, (size_t)(s->at - begin));
}

static int hex_digit(char c) { return is_digit(c) ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; }

/* One character of a quoted string behind a backslash; -1 when it is not one that ir_print.c writes. */
static int read_escape(scanner *s) {
    if (s->at == s->end) return -1;
    char c = *s->at++;
    if (c == '"' || c == '\\') return c;
    if (c == 'n') return '\n';
    if (c != 'x' || s->end - s->at < 2) return -1;
    int high = hex_digit(s->at[0]), low = hex_digit(s->at[1]);
    s->at += 2;
    return high < 0 || low < 0 || high * 16 + low == 0 ? -1 : high * 16 + low;
}

const char *scan_quoted(scanner *s) {
    if (!scan_want(s, "\"")) return NULL;
    text found = text_new(s->arena);
    while (s->at < s->end && *s->at != '"' && *s->at != '\n' && *s->at != 0) {
        int c = (unsigned char)*s->at++;
        if (c == '\\') c = read_escape(s);
        if (c < 0) {
            scan_fail(s, "a broken escape in a string");
            return NULL;
        }
        char byte = (char)c;
        text_add_n(&found, &byte, 1);
    }
    return scan_want(s, "\"") ? text_string(&found) : NULL;
}

const char *scan_name(scanner *s) {
    if (scan_next_is(s, '"')) return scan_quoted(s);
    const char *word = scan_word(s, true);
    if (!word) scan_fail(s, "expected a name");
    return word;
}

bool scan_integer(scanner *s, int64_t low, int64_t high, int64_t *value) {
    scan_blanks(s);
    bool negative = scan_accept(s, "-");
    if (s->at == s->end || !is_digit(*s->at)) return scan_fail(s, "expected an integer");
    uint64_t size = 0;
    while (s->at < s->end && is_digit(*s->at)) {
        uint64_t digit = (uint64_t)(*s->at++ - '0');
        if (size > ((uint64_t)INT64_MAX - digit) / 10) return scan_fail(s, "an integer out of range");
        size = size * 10 + digit;
    }
    *value = negative ? -(int64_t)size : (int64_t)size;
    if (*value < low || *value > high) return scan_fail(s, "an integer out of range");
    return true;
}

bool scan_unsigned(scanner *s, unsigned most, unsigned *value) {
    int64_t wide;
    if (!scan_integer(s, 0, most, &wide)) return false;
    *value = (unsigned)wide;
    return true;
}

bool scan_number(scanner *s, double *value) {
    char digits[64];
    size_t length = 0;
    scan_blanks(s);
    while (s->at < s->end && length + 1 < sizeof digits && strchr("0123456789+-.einfa", *s->at) && *s->at)
        digits[length++] = *s->at++;
    digits[length] = 0;
    char *rest;
    *value = strtod(digits, &rest);
    return (length && !*rest) || scan_fail(s, "expected a number");
}

bool scan_end_of_line(scanner *s) {
    scan_blanks(s);
    if (s->at < s->end && *s->at != '\n') return scan_fail(s, "something is left over at the end of the line");
    if (s->at < s->end) s->at++;
    s->line++;
    return true;
}

bool scan_weights(scanner *s, ir_weights *weights) {
    const char *name = scan_word(s, false);
    return (name && ir_weights_find(name, weights)) || scan_fail(s, "no such type of weights");
}

bool scan_axes(scanner *s, unsigned *axes) {
    if (!scan_want(s, "(")) return false;
    while (!scan_accept(s, ")")) {
        unsigned axis;
        if ((*axes && !scan_want(s, ",")) || !scan_unsigned(s, IR_MAX_RANK - 1, &axis)) return false;
        *axes |= 1u << axis;
    }
    return true;
}

bool scan_perm(scanner *s, unsigned *perm, unsigned count) {
    if (!scan_want(s, "(")) return false;
    for (unsigned i = 0; i < count; i++)
        if ((i && !scan_want(s, ",")) || !scan_unsigned(s, IR_MAX_RANK - 1, &perm[i])) return false;
    return scan_want(s, ")");
}

bool scan_values(scanner *s, ir_values *values) {
    double *numbers = NULL;
    size_t count = 0, capacity = 0;
    if (!scan_want(s, "(")) return false;
    while (!scan_accept(s, ")")) {
        double number;
        if ((count && !scan_want(s, ",")) || !scan_number(s, &number)) return false;
        ARENA_PUSH(s->arena, numbers, count, capacity, number);
    }
    *values = (ir_values){numbers, count};
    return true;
}

bool scan_activation(scanner *s, ir_activation *activation) {
    const char *name = scan_word(s, false);
    if (name && strcmp(name, "linear") == 0) return true;
    activation->function = name ? ir_function_find(name) : (ir_op)0;
    const ir_function *f = ir_function_of(activation->function);
    if (!f) return scan_fail(s, "no such activation");
    unsigned count = ir_function_parameter_count(f);
    for (unsigned i = 0; i < count; i++)
        if (!scan_want(s, i ? "," : "(") || !scan_number(s, &activation->scalar[i])) return false;
    return !count || scan_want(s, ")");
}

bool scan_cell(scanner *s, ir_cell *cell) {
    const char *name = scan_word(s, false);
    for (unsigned i = 0; name && i <= IR_GRU; i++) {
        *cell = (ir_cell)i;
        if (strcmp(name, ir_cell_name(*cell)) == 0) return true;
    }
    return scan_fail(s, "no such cell");
}

bool scan_pad_mode(scanner *s, ir_pad_mode *mode) {
    const char *name = scan_word(s, false);
    for (unsigned i = 0; name && i <= IR_PAD_CIRCULAR; i++) {
        *mode = (ir_pad_mode)i;
        if (strcmp(name, ir_pad_mode_name(*mode)) == 0) return true;
    }
    return scan_fail(s, "no such padding mode");
}
