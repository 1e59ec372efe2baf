/* lexical: the values of literals, and words for what is no token at all. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "syntax/hints.h"

#include "nnc.tab.h"

/* The digits of a number without its underscores. */
static char *plain_number(parser *p, span where) {
    char *plain = arena_alloc(p->arena, where.end - where.begin + 1), *to = plain;
    for (size_t i = where.begin; i < where.end; i++)
        if (p->source->text[i] != '_') *to++ = p->source->text[i];
    return plain;
}

bool lexical_integer(parser *p, span where, int64_t *value) {
    const char *digits = plain_number(p, where);
    if (digits[0] == '0' && digits[strspn(digits, "0")]) {
        diag *e = diag_error(p->diags, where, "a number must not begin with 0");
        diag_hint(e, "write %.40s", digits + strspn(digits, "0"));
        return false;
    }
    errno = 0;
    long long read = strtoll(digits, NULL, 10);
    if (errno) {
        diag_error(p->diags, where, "this number is larger than %lld, the largest integer", (long long)INT64_MAX);
        return false;
    }
    *value = read;
    return true;
}

bool lexical_real(parser *p, span where, double *value) {
    *value = strtod(plain_number(p, where), NULL);
    if (isinf(*value)) {
        diag *e = diag_error(p->diags, where, "this number is too large for a real number");
        diag_hint(e, "infinity is written inf");
        return false;
    }
    return true;
}

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* The byte that an escape stands for, or -1. *s is behind the backslash, and is moved behind the escape. */
static int unescape(const char **s, const char *end) {
    static const char letters[] = "\\'\"ntr", bytes[] = "\\'\"\n\t\r";
    char letter = *(*s)++;
    if (letter == 'x' && end - *s >= 2) {
        int high = hex_digit((*s)[0]), low = hex_digit((*s)[1]);
        /* Bytes above 7F are characters in Python, and 0 would end the string. */
        if (high < 0 || high > 7 || low < 0 || high + low == 0) return -1;
        *s += 2;
        return 16 * high + low;
    }
    const char *found = letter ? strchr(letters, letter) : NULL;
    return found ? bytes[found - letters] : -1;
}

bool lexical_string(parser *p, span where, const char **value) {
    const char *s = p->source->text + where.begin + 1, *end = p->source->text + where.end - 1;
    char *bytes = arena_alloc(p->arena, where.end - where.begin), *to = bytes;
    bool good = true;
    while (s < end) {
        if (*s != '\\') {
            *to++ = *s++;
            continue;
        }
        const char *escape = s++;
        int byte = unescape(&s, end);
        if (byte >= 0) {
            *to++ = (char)byte;
            continue;
        }
        size_t begin = (size_t)(escape - p->source->text);
        size_t length = text_utf8_length(escape + 1, (size_t)(end - escape) - 1);
        diag *e = diag_error(p->diags, (span){begin, begin + 1 + (length ? length : 1)}, "unknown escape in a string");
        diag_hint(e, "a backslash itself is written \\\\; in the path of a file, / does on every system");
        good = false;
    }
    *value = bytes;
    return good;
}

static bool begins_with(const char *s, size_t length, const char *with) {
    return length >= strlen(with) && memcmp(s, with, strlen(with)) == 0;
}

static void number_error(parser *p, span where, const char *s, int before) {
    diag *e = diag_error(p->diags, where, "this is neither a number nor a name");
    if (s[0] == '0' && s[1] && strchr("xXoObB", s[1])) diag_hint(e, "numbers are written in decimal");
    else if (before == LAYER) {
        /* a key of a root Sequential */
        int length = (int)strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789.");
        const char *last = s + length;
        while (last > s && last[-1] != '.' && (last[-1] < '0' || last[-1] > '9')) last--;
        int last_length = (int)(s + length - last);
        diag_hint(e, "a name begins with a letter, and from gives the key: layer %.*s = Kind(…) from \"%.*s\"",
                  last_length ? last_length : 4, last_length ? last : "NAME", length, s);
    } else if (strchr("jJ", p->source->text[where.end - 1])) diag_hint(e, "there are no complex numbers");
    else diag_hint(e, "a number is written as in Python: 64, 1_000, 0.5, 1e-7; a name does not begin with a digit");
}

static void quote_error(parser *p, span where, const char *s, size_t length) {
    if (begins_with(s, length, "\"\"\"") || begins_with(s, length, "'''")) {
        diag *e = diag_error(p->diags, where, "there are no strings of several lines");
        diag_hint(e, "a comment begins with #");
        return;
    }
    diag *e = diag_error(p->diags, where, "this string does not end on its line");
    diag_hint(e, "put a %c behind it", s[0]);
}

static void operator_error(parser *p, span where, const char *s, size_t length) {
    diag *e = diag_error(p->diags, where, "'%.*s' is not an operator of the language", (int)length, s);
    if (s[0] == '^') diag_hint(e, "a power is written x ** 2; one of two bools, but not both, is a != b");
    else if (begins_with(s, length, "&&")) diag_hint(e, "both of two bools is written a & b");
    else if (begins_with(s, length, "||")) diag_hint(e, "either of two bools is written a | b");
    else if (begins_with(s, length, "===")) diag_hint(e, "equal is written a == b");
    else if (begins_with(s, length, "<>") || s[0] == '!')
        diag_hint(e, "%s", s[0] == '!' ? "the opposite of a bool is written ~a" : "not equal is written a != b");
    else if (begins_with(s, length, ":=")) diag_hint(e, "a statement of its own binds a name: NAME = EXPR");
    else if (begins_with(s, length, "->")) diag_hint(e, "what a name is bound to stands behind =");
    else if (length >= 2 && s[length - 1] == '=' && !strchr("<>=!:", s[0]))
        diag_hint(e, "values do not change; bind the name anew: x = x %.*s …", (int)length - 1, s);
    else diag_hint(e, "the operators are + - * / // %% @ ** & | ~ == != < <= > >=");
}

/* A word with characters that are not ASCII. */
static void not_ascii_error(parser *p, span where, const char *s, size_t length) {
    static const struct {
        const char *bytes, *message, *hint;
    } known[] = {
        {"\xE2\x80\x98", "a typographic quote does not begin a string", "use \" or '"},
        {"\xE2\x80\x99", "a typographic quote does not begin a string", "use \" or '"},
        {"\xE2\x80\x9C", "a typographic quote does not begin a string", "use \" or '"},
        {"\xE2\x80\x9D", "a typographic quote does not begin a string", "use \" or '"},
        {"\xE2\x88\x92", "this is a typographic minus sign", "use -"},
        {"\xC2\xA0", "a no-break space stands here", "put a plain space there"},
        {"\xE2\x80\x8B", "a space without a width stands here", "take it out"},
    };
    for (size_t i = 0, bytes; i < length; i += bytes) {
        bytes = text_utf8_length(s + i, length - i);
        if (!bytes) return; /* not UTF-8: parse_file has said so */
    }
    size_t ascii = 0;
    while ((unsigned char)s[ascii] < 0x80) ascii++;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (!begins_with(s + ascii, length - ascii, known[i].bytes)) continue;
        span character = {where.begin + ascii, where.begin + ascii + strlen(known[i].bytes)};
        diag_hint(diag_error(p->diags, character, "%s", known[i].message), "%s", known[i].hint);
        return;
    }
    diag_error(p->diags, where, "names are made of ASCII letters, digits and _");
}

void lexical_error(parser *p, span where, int before) {
    const char *s = p->source->text + where.begin;
    size_t length = where.end - where.begin;
    if ((s[0] >= '0' && s[0] <= '9') || (s[0] == '.' && length > 1 && s[1] >= '0' && s[1] <= '9')) {
        number_error(p, where, s, before);
    } else if (s[0] == '\'' || s[0] == '"') {
        quote_error(p, where, s, length);
    } else if (s[0] == '.' && length > 1) {
        const char *known = hint_for(arena_strndup(p->arena, s, length));
        diag *e = diag_error(p->diags, where, "a value has no methods or attributes here");
        diag_hint(e, "%s",
                  known ? known : "write a method as a function, the value first: view(x, T, -1) for x.view(T, -1)");
    } else if (is_letter(s[0]) || (unsigned char)s[0] >= 0x80) {
        not_ascii_error(p, where, s, length);
    } else if (strchr("+-*/%@&|^<>=!:", s[0])) {
        operator_error(p, where, s, length);
    } else if (s[0] == ';') {
        diag_hint(diag_error(p->diags, where, "unexpected ';'"), "a statement ends at the line's end");
    } else if (s[0] == '\\') {
        diag *e = diag_error(p->diags, where, "unexpected '\\'");
        diag_hint(e, "a statement goes on over the line's end inside ( ) and [ ]");
    } else if ((unsigned char)s[0] < 0x20 || s[0] == 0x7F) {
        diag *e = diag_error(p->diags, where, "a control character (0x%02X) cannot stand here", (unsigned)s[0]);
        if (s[0] == '\r') diag_hint(e, "lines end with \\n or \\r\\n");
    } else {
        diag_error(p->diags, where, "unexpected '%.*s'", (int)length, s);
    }
}
